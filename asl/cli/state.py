"""asl state: one state of a machine, run alone.

In: the arguments. Out: how the state ended, where it leads, its intermediate data, an
exit code.
Never: decides anything about a state; asl.run_state does.
"""

from typing import TYPE_CHECKING, Any

import click

from asl.cli.main import FAILED, SUCCEEDED
from asl.cli.options import (
    buckets_option,
    input_option,
    mock_case_option,
    mocks_option,
    seed_option,
    substitute_option,
    tasks_option,
    type_option,
    workflow_type,
)
from asl.cli.say import say, warn

if TYPE_CHECKING:
    from asl.runtime.single import StateResult


@click.command("state", short_help="Run one state alone, as TestState does.")
@click.argument("file")
@click.argument("name")
@input_option
@tasks_option
@mocks_option
@mock_case_option
@click.option(
    "--result",
    metavar="JSON|@FILE",
    help="What the Task, or the whole Map or Parallel, comes to.",
)
@click.option("--error", help="The error with which it fails instead.")
@click.option("--cause", help="That error's cause.")
@click.option("--context", metavar="JSON|@FILE", help="Stands for the context object.")
@click.option(
    "--variables", metavar="JSON|@FILE", help="The variables that have a value."
)
@click.option(
    "--retry-count",
    type=click.IntRange(min=0),
    default=0,
    show_default=True,
    help="How often the Retrier has been used before.",
)
@click.option(
    "--map-index",
    type=click.IntRange(min=0),
    help="The index of the Map iteration that the state belongs to.",
)
@type_option
@seed_option
@buckets_option
@click.option(
    "--inspection",
    type=click.Choice(["INFO", "DEBUG", "TRACE"], case_sensitive=False),
    default="INFO",
    show_default=True,
    help="DEBUG shows the intermediate data as well.",
)
@click.option(
    "--output",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
    help="json: TestState's answer, with values in place of JSON texts.",
)
@substitute_option
@click.pass_context
def command(context: click.Context, /, file: str, name: str, **options: Any) -> None:
    """Run the state NAME of the machine in FILE, once.

    It is neither retried nor followed by another. Exit code 0: it succeeded, or a
    Catcher took its error; 1: it failed, or a Retrier would try it again; 2: the
    definition or the call was wrong.
    """
    if options["mock_case"] and not options["mocks"]:
        raise click.UsageError("--mock-case is for --mocks")
    result = _run(file, name, options)
    for warning in result.execution.warnings:
        warn(warning)
    level = options["inspection"].upper()
    if options["output"] == "json":
        from asl.cli.outcome import echo_json

        echo_json(result.to_aws(level, as_text=False))
    else:
        _show(result, with_data=level != "INFO")
    well = result.status in ("SUCCEEDED", "CAUGHT_ERROR")
    context.exit(SUCCEEDED if well else FAILED)


def _run(file: str, name: str, options: dict[str, Any]) -> "StateResult":
    from asl.checks.load import load
    from asl.cli.given import read_input, read_pairs, read_tasks
    from asl.runtime.single import ABSENT, run_state

    filled = dict(read_pairs("--substitute", options["substitute"]))
    machine = load(file, substitutions=filled or None)
    for problem in machine.problems:
        warn(str(problem))
    has_result = options["result"] is not None
    return run_state(
        machine,
        name,
        read_input(options["input"]),
        tasks=read_tasks(
            machine, options["tasks"], options["mocks"], options["mock_case"]
        ),
        result=read_input(options["result"], "--result") if has_result else ABSENT,
        error=options["error"],
        cause=options["cause"],
        context=read_input(options["context"], "--context"),
        variables=read_input(options["variables"], "--variables"),
        retry_count=options["retry_count"],
        map_iteration=options["map_index"],
        type=workflow_type(options["type"]),
        seed=options["seed"],
        buckets=options["buckets"],
    )


def _show(result: "StateResult", *, with_data: bool) -> None:
    """The result for people, one thing a line."""
    from asl.cli.given import find_place
    from asl.values import json_text

    told = result.to_aws("DEBUG" if with_data else "INFO", as_text=False)
    data = told.pop("inspectionData", {})
    lines = {"status": told["status"], "next": told.get("nextState")}
    lines |= {key: told.get(key) for key in ("error", "cause")}
    if result.retry_delay_seconds is not None:
        lines["retry"] = f"after {result.retry_delay_seconds:g} s"
    raised = [one.exception for one in result.execution.exceptions]
    lines["raised"] = find_place(raised[-1]) if raised else None
    if "output" in told:
        lines["output"] = json_text(told["output"])
    lines |= {key: json_text(value) for key, value in data.items()}
    width = max(map(len, lines))
    for key, text in lines.items():
        if text is not None:
            say(f"{key:<{width}}  {text}")
