"""The outcome of a run, for people and for programs.

In: an ended Execution, or a DryRun. Out: lines on standard output.
Never: decides; everything shown is read from what it is given.
"""

import json
import sys
from typing import TYPE_CHECKING

import click

from asl.cli.text import arrow, duration_text
from asl.values import Json, json_text

if TYPE_CHECKING:
    from asl.engine.execution import Execution
    from asl.history import Event
    from asl.runtime.dry_run import DryRun


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
    _echo_json(value)
    if history == "text":
        show_events(execution, err=True)


def _echo_json(value: Json, indent: int | None = 2) -> None:
    """JSON in characters where the stream has them, else with \\u escapes."""
    text = json.dumps(value, ensure_ascii=False, indent=indent)
    try:
        text.encode(getattr(sys.stdout, "encoding", None) or "ascii")
    except UnicodeEncodeError:
        text = json.dumps(value, indent=indent)
    click.echo(text)


def show_text(execution: "Execution", history: str, *, real_time: bool) -> None:
    """How it ended, at the end of the story."""
    succeeded = execution.status == "SUCCEEDED"
    status = click.style(
        execution.status, fg="green" if succeeded else "red", bold=True
    )
    count = len(execution.history)
    kind = "" if real_time else " of virtual time"
    took = duration_text(execution.duration_seconds)
    click.echo(
        f"\n{status} after {took}{kind}, {count:,} event{'' if count == 1 else 's'}"
    )
    _show_path(execution.path)
    if succeeded:
        click.echo(f"output  {json_text(execution.output)}")
    else:
        _show_failure(execution)
    if history == "text":
        click.echo()
        show_events(execution)
    elif history == "json":
        click.echo()
        _echo_json([event.to_aws() for event in execution.history])


_SHOWN = 40
"""A path of more states is shown by its beginning and its end."""


def _show_path(path: list[str]) -> None:
    sign = f" {arrow()} "
    if len(path) > _SHOWN:
        half = _SHOWN // 2
        left_out = f"({len(path) - _SHOWN:,} more)"
        path = [*path[:half], left_out, *path[-half:]]
    click.echo(f"path    {sign.join(path)}")


def _show_failure(execution: "Execution") -> None:
    """The error, its cause, and where the state stands and the exception was raised."""
    if execution.error is not None:
        click.echo("error   " + click.style(execution.error, fg="red"))
    if execution.cause:
        click.echo(f"cause   {execution.cause}")
    if execution.status == "FAILED":
        from asl.cli.given import find_place
        from asl.runtime.last import last_state

        name, _ = last_state(execution)
        click.echo(f"state   {name}{_place(execution, name)}")
        raised = [e.exception for e in execution.exceptions if e.state == name]
        place = find_place(raised[-1]) if raised else None
        if place is not None:
            click.echo(f"raised  {place}")


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
        click.echo(_event_line(event), err=err)


def _event_line(event: "Event") -> str:
    at = event.timestamp.strftime("%Y-%m-%d %H:%M:%S.%f")[:-3]
    name = "" if event.state is None else f"  {event.state}"
    return f"{event.id:>6}  {event.previous_id:>6}  {at}  {event.type}{name}"


def show_dry_run(result: "DryRun", *, as_json: bool) -> None:
    """The answer on standard output, what led to it on standard error."""
    if as_json:
        _echo_json(_dry_run_json(result))
        return
    for guess in result.guesses:
        click.echo(
            f"{guess.state}: lacks {guess.lack.path} of {_owner(guess.lack.state)}"
            f"{_documented(guess.lack.one_of)}; {guess.why}: {guess.target}",
            err=True,
        )
    if result.entered:
        click.echo(f"path: {f' {arrow()} '.join(result.entered)}", err=True)
    if result.error is not None:
        click.echo(f"it failed: {result.error}: {result.cause or ''}", err=True)
    if result.from_input:
        click.echo("the execution's input is not known: give it with --input", err=True)
    elif result.reader not in (None, result.state):
        click.echo(f"{result.reader} needs it", err=True)
    click.echo(str(result))


def _owner(state: str | None) -> str:
    return "the execution's input" if state is None else state


def _documented(one_of: tuple[str, ...]) -> str:
    return f" (one of {', '.join(one_of)})" if one_of else ""


def _dry_run_json(result: "DryRun") -> Json:
    value: dict[str, Json] = {
        "answer": str(result),
        "outcome": result.outcome,
        "state": result.state,
    }
    if result.path is not None:
        value |= {"path": result.path, "reader": result.reader}
        value["in"] = "input" if result.from_input else "result"
    if result.error is not None:
        value |= {"error": result.error, "cause": result.cause}
    value["entered"] = list(result.entered)
    value["guesses"] = [
        {
            "state": guess.state,
            "lacks": guess.lack.path,
            "of": guess.lack.state,
            "took": guess.target,
            "why": guess.why,
        }
        for guess in result.guesses
    ]
    return value
