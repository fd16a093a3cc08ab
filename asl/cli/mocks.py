"""asl mocks: make mocks from a real history, and hold mocks against AWS's models.

In: the arguments. Out: a mock file and a scenario that replays it; lines about what is
wrong; an exit code.
Never: reads a history itself (asl.tasks.mock_history does), or overwrites a file
unasked.
"""

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from asl.cli.main import FAILED, SUCCEEDED
from asl.cli.options import substitute_option, type_option, workflow_type
from asl.cli.say import say, warn

if TYPE_CHECKING:
    from asl.engine.execution import Execution
    from asl.model.machine import StateMachine
    from asl.values import Json


@click.group("mocks", short_help="Make mocks from a history; check them.")
def command() -> None:
    """Make mocks from a real history, and check mocks against AWS's API models."""


@command.command("from-history", short_help="Mocks and a scenario of one execution.")
@click.argument("history", metavar="HISTORY.json")
@click.option("--machine", metavar="FILE", required=True, help="Its definition.")
@click.option(
    "-o",
    "--output",
    metavar="FILE",
    help="The mock file; the scenario stands beside it.  [default: NAME.mocks.json]",
)
@type_option
@substitute_option
@click.option("--force", is_flag=True, help="Overwrite files that are there.")
@click.pass_context
def from_history(context: click.Context, /, history: str, **options: Any) -> None:
    """Turn what GetExecutionHistory or the console's export gave into a test.

    Writes the answers of all tasks as a mock file, and a scenario that replays the
    execution; then replays it. Exit code 0: the replay ends as the execution did; 1: it
    does not, and the differences are told; 2: a file or the call was wrong.
    """
    from asl.checks.load import load
    from asl.cli.given import read_pairs
    from asl.tasks.mock_history import read_history, record

    filled = dict(read_pairs("--substitute", options["substitute"]))
    machine = load(options["machine"], substitutions=filled or None)
    recording = record(read_history(_read(history)))
    mocks, scenario = _targets(history, options["output"])
    if not options["force"]:
        for file in (mocks, scenario):
            if file.exists():
                raise click.UsageError(
                    f"{file} is there already; --force overwrites it"
                )
    data = recording.scenario(_from(scenario, options["machine"]), mocks.name)
    kind = workflow_type(options["type"])
    data |= {"type": kind} if kind == "EXPRESS" else {}
    data |= {"substitutions": filled} if filled else {}
    _write(mocks, recording.mocks)
    _write(scenario, data)
    for note in recording.notes:
        warn(note)
    count = len(recording.mocks)
    say(f"{mocks}: the answers of {count} state{'' if count == 1 else 's'}")
    say(f"{scenario}: a scenario that replays the execution")
    context.exit(_replay(machine, recording.mocks, data))


@command.command("check", short_help="Hold mocks against AWS's API models.")
@click.argument("file")
@click.argument("mocks", metavar="MOCKS[#CASE]")
@click.option("--mock-case", metavar="[MACHINE#]CASE", help="The test case.")
@click.option(
    "--mode",
    type=click.Choice(["strict", "present", "none"], case_sensitive=False),
    default="strict",
    show_default=True,
    help="present: only fields that are there; none: only the states' names.",
)
@substitute_option
@click.pass_context
def check(context: click.Context, /, file: str, mocks: str, **options: Any) -> None:
    """Check MOCKS for the machine in FILE: its states, and what their APIs could give.

    Exit code 0: nothing is wrong; 1: something is; 2: a file or the call was wrong.
    """
    from asl.checks.load import load
    from asl.cli.given import read_pairs
    from asl.tasks.mocks import Mocks, read_validation

    filled = dict(read_pairs("--substitute", options["substitute"]))
    machine = load(file, substitutions=filled or None)
    given = Mocks.load(mocks, machine=machine.name, test_case=options["mock_case"])
    found = given.problems(machine, read_validation(options["mode"].upper()))
    for text in found:
        say(f"{mocks}: {text}")
    context.exit(FAILED if found else SUCCEEDED)


def _read(file: str) -> str:
    from asl.errors import UsageError

    try:
        return Path(file).read_text(encoding="utf-8-sig")
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise UsageError(f"{file}: cannot be read: {reason}") from None


def _targets(history: str, output: str | None) -> tuple[Path, Path]:
    """The mock file and the scenario file."""
    mocks = Path(output) if output else Path(history).with_suffix(".mocks.json")
    stem = mocks.name.removesuffix(".json").removesuffix(".mocks")
    return mocks, mocks.with_name(f"{stem}.scenario.json")


def _from(scenario: Path, definition: str) -> str:
    """The definition's path as the scenario has to name it: from its own folder."""
    try:
        path = os.path.relpath(definition, scenario.parent)
    except ValueError:  # another drive
        path = str(Path(definition).resolve())
    return Path(path).as_posix()


def _write(file: Path, value: "Json") -> None:
    from asl.errors import UsageError

    text = json.dumps(value, indent=2, ensure_ascii=False) + "\n"
    try:
        file.write_text(text, encoding="utf-8")
    except OSError as error:
        raise UsageError(f"{file}: cannot be written: {error.strerror}") from None


def _replay(
    machine: "StateMachine", mocks: "dict[str, Any]", scenario: "dict[str, Json]"
) -> int:
    """Run it and tell what differs from the execution; gives the exit code."""
    from asl.errors import UsageError
    from asl.runtime.run import run
    from asl.tasks.mocks import Mocks

    try:
        kind = scenario.get("type", "STANDARD")
        done = run(machine, scenario["input"], tasks=Mocks(mocks), type=kind)
    except UsageError as error:
        warn(f"the replay takes another way: {error}")
        return FAILED
    expect = scenario["expect"]
    differing = [name for name in expect if not _agrees(done, name, expect[name])]
    for name in differing:
        warn(
            f"the replay's {name} is {json.dumps(getattr(done, name))}, the "
            f"execution's was {json.dumps(expect[name])}"
        )
    if not differing:
        say(f"the replay ends as the execution did: {done.status}")
    return FAILED if differing else SUCCEEDED


def _agrees(done: "Execution", name: str, expected: "Json") -> bool:
    found = getattr(done, name)
    return bool((list(found) if name == "path" else found) == expected)
