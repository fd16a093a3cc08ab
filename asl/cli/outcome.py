"""The outcome of a run, for people and for programs.

In: an ended Execution. Out: lines on standard output.
Never: decides; everything shown is read from what it is given.
"""

import json
import sys
from typing import TYPE_CHECKING

import click

from asl.cli.say import arrow, say
from asl.cli.story import duration_text
from asl.model.failure import TOLERATED_FAILURE
from asl.values import Json, json_text

if TYPE_CHECKING:
    from asl.engine.execution import Execution
    from asl.history import Event


def show_json(execution: "Execution", history: str) -> None:
    """One object on standard output; events as text go to standard error."""
    value: dict[str, Json] = {"status": execution.status}
    if execution.status == "SUCCEEDED":
        value["output"] = execution.output
    else:
        value["error"], value["cause"] = execution.error, execution.cause
    value["duration_seconds"] = execution.duration_seconds
    if history == "json":
        value["history"] = [event.to_aws() for event in execution.history]
    echo_json(value)
    if history == "text":
        show_events(execution, err=True)


def echo_json(value: Json) -> None:
    """Write JSON in characters where the stream has them, else with \\u escapes."""
    text = json.dumps(value, ensure_ascii=False, indent=2)
    try:
        text.encode(getattr(sys.stdout, "encoding", None) or "ascii")
    except UnicodeEncodeError:
        text = json.dumps(value, indent=2)
    say(text)


def show_text(
    execution: "Execution",
    history: str,
    *,
    real_time: bool,
    failed_child: "tuple[str, Execution] | None" = None,
) -> None:
    """How it ended, at the end of the story; also the first child that failed."""
    succeeded = execution.status == "SUCCEEDED"
    status = click.style(
        execution.status, fg="green" if succeeded else "red", bold=True
    )
    count = len(execution.history)
    kind = "" if real_time else " of virtual time"
    took = duration_text(execution.duration_seconds)
    say(f"\n{status} after {took}{kind}, {count:,} event{'' if count == 1 else 's'}")
    _show_path(execution.path)
    if succeeded:
        say(f"output  {json_text(execution.output)}")
    else:
        _show_failure(execution)
        if execution.error == TOLERATED_FAILURE:
            if failed_child is not None:
                _show_child(execution, *failed_child)
            else:
                _show_children(execution)
    if history == "text":
        say()
        show_events(execution)
    elif history == "json":
        say()
        echo_json([event.to_aws() for event in execution.history])


_SHOWN = 40
"""A path of more states is shown by its beginning and its end."""


def _show_path(path: list[str]) -> None:
    sign = f" {arrow()} "
    if len(path) > _SHOWN:
        half = _SHOWN // 2
        left_out = f"({len(path) - _SHOWN:,} more)"
        path = [*path[:half], left_out, *path[-half:]]
    say(f"path    {sign.join(path)}")


def _show_failure(execution: "Execution") -> None:
    """The error, its cause, and where the state stands and the exception was raised."""
    if execution.error is not None:
        say("error   " + click.style(execution.error, fg="red"))
    if execution.cause:
        say(f"cause   {execution.cause}")
    if execution.status == "FAILED":
        from asl.runtime.last import last_state

        name = last_state(execution)
        say(f"state   {name}{_place(execution, name)}")
        _show_raised(execution, name)


def _show_children(execution: "Execution") -> None:
    """The errors of children of which no story was told: they ran elsewhere."""
    for failure in execution.failures[-1:]:
        for one in failure.children:
            texts = (f"[{one.place}] {one.status}", one.error, one.cause)
            say(f"child   {': '.join(text for text in texts if text)}")


def _show_child(execution: "Execution", title: str, child: "Execution") -> None:
    """The error of a distributed Map's child: its own says only that it was one."""
    from asl.runtime.last import last_state

    name = last_state(child)
    texts = (f"{title} {child.status} in {name}", child.error, child.cause)
    say(f"child   {': '.join(text for text in texts if text)}")
    _show_raised(execution, name)


def _show_raised(execution: "Execution", name: str) -> None:
    """Where the function of a state has raised its last exception, if it did."""
    from asl.cli.given import find_place

    raised = [e.exception for e in execution.exceptions if e.state == name]
    place = find_place(raised[-1]) if raised else None
    if place is not None:
        say(f"raised  {place}")


def _place(execution: "Execution", name: str) -> str:
    """` (file:line:column)` of a state, as far as the file can still be read."""
    from asl.errors import AslError
    from asl.model.machine import StateMachine
    from asl.source.reading import read_file

    machine = execution.machine
    if not isinstance(machine, StateMachine) or machine.file is None:
        return ""
    for state in machine.all_states():
        if state.name == name:
            try:
                span = read_file(machine.file).key_place(state.pointer)
            except AslError:
                return ""
            if span is not None:
                return f"  ({machine.file}:{span.line}:{span.column})"
    return ""


def show_events(execution: "Execution", *, err: bool = False) -> None:
    """The events, one a line."""
    for event in execution.history:
        say(_event_line(event), err=err)


def _event_line(event: "Event") -> str:
    at = event.timestamp.strftime("%Y-%m-%d %H:%M:%S.%f")[:-3]
    name = "" if event.state is None else f"  {event.state}"
    return f"{event.id:>6}  {event.previous_id:>6}  {at}  {event.type}{name}"
