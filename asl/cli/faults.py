"""asl faults: every error that every task can meet, and where each ends.

In: the arguments. Out: a table or JSON; an exit code by policy.
Never: decides anything about a machine; asl.testing.faults does.
"""

from typing import Any

import click

from asl.cli.main import FAILED, OPEN, SUCCEEDED
from asl.cli.options import (
    buckets_option,
    mock_case_option,
    mocks_option,
    seed_option,
    substitute_option,
    tasks_option,
    type_option,
    workflow_type,
)
from asl.cli.say import arrow, say, warn


@click.command("faults", short_help="Let every task fail, and see where it ends.")
@click.argument("file")
@click.option(
    "--input",
    "inputs",
    metavar="JSON|@FILE|-",
    multiple=True,
    help="The execution's input; further ones for states that it does not lead to.",
)
@tasks_option
@mocks_option
@mock_case_option
@type_option
@seed_option
@substitute_option
@buckets_option
@click.option("--kind", "kinds", multiple=True, help="Only faults of this kind.")
@click.option("--state", "states", multiple=True, help="Only this state's task.")
@click.option(
    "--format", type=click.Choice(["text", "json"]), default="text", show_default=True
)
@click.option(
    "--require-handled", is_flag=True, help="Fail where a fault is not handled."
)
@click.pass_context
def command(context: click.Context, /, file: str, **options: Any) -> None:
    """Inject every fault into every task of the machine in FILE.

    Kinds: declared, unhandled, timeout, heartbeat, hang, throttling, service, job,
    permission, oversized, malformed; of a distributed Map's files reader and writer.
    Each happens once, and at every attempt. Without --tasks and --mocks, results are
    placeholders, as in a dry run. A machine that startExecution starts is not gone
    into: look at it by itself.

    Exit code 0, unless --require-handled is given: 1 if a fault is neither retried
    into success nor caught, 3 if a task was not reached; 2: the call was wrong.
    """
    if options["mock_case"] and not options["mocks"]:
        raise click.UsageError("--mock-case is for --mocks")
    from asl.checks.load import load
    from asl.cli.given import read_input, read_pairs, read_tasks
    from asl.cli.outcome import echo_json
    from asl.testing.fault_report import write_text
    from asl.testing.faults import matrix

    filled = dict(read_pairs("--substitute", options["substitute"]))
    machine = load(file, substitutions=filled or None)
    for problem in machine.problems:
        warn(str(problem))
    first, *more = [read_input(text) for text in options["inputs"]] or [None]
    found = matrix(
        machine,
        first,
        tasks=read_tasks(
            machine, options["tasks"], options["mocks"], options["mock_case"]
        ),
        more_inputs=more,
        kinds=options["kinds"],
        states=options["states"],
        type=workflow_type(options["type"]),
        seed=options["seed"],
        buckets=options["buckets"],
    )
    if options["format"] == "json":
        echo_json(found.to_json())
    else:
        say(write_text(found, _paint).replace("→", arrow()))
    if options["require_handled"]:
        open_ = OPEN if found.not_reached else SUCCEEDED
        context.exit(FAILED if found.unhandled else open_)


def _paint(text: str, handled: bool) -> str:
    return text if handled else click.style(text, fg="red")
