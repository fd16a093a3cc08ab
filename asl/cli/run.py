"""asl run: one execution of a machine, or a dry run of it.

In: the arguments. Out: the story of the run, its outcome, an exit code.
Never: decides anything about a machine; asl.run and dry_run do. Nothing heavy is
imported before the arguments are known to be right.
"""

import sys
from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING, Any

import click

from asl.cli.main import FAILED, OPEN, SUCCEEDED
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
from asl.cli.say import warn

if TYPE_CHECKING:
    from concurrent.futures import Executor

    from asl.engine.distributed import MapRun
    from asl.engine.execution import Execution
    from asl.engine.messages import Reply
    from asl.model.machine import StateMachine


@click.command("run", short_help="Run a machine, in virtual time.")
@click.argument("file")
@input_option
@tasks_option
@mocks_option
@mock_case_option
@click.option(
    "--mock-validation",
    type=click.Choice(["strict", "present", "none"], case_sensitive=False),
    default="none",
    show_default=True,
    help="Hold what mocks return against the API models of AWS, as TestState does.",
)
@type_option
@seed_option
@click.option(
    "--real-time", is_flag=True, help="Really wait; by default time is virtual."
)
@click.option("--name", help="The execution's name.")
@click.option(
    "--history",
    type=click.Choice(["text", "json", "none"]),
    default="none",
    show_default=True,
    help="Show the events as well.",
)
@click.option(
    "--output",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
    help="json: one object on standard output, everything else on standard error.",
)
@substitute_option
@buckets_option
@click.option(
    "--pool",
    metavar="KIND[=N]",
    help="Where the children of distributed Maps run, and tasks: processes, threads, "
    "or dask=tcp://HOST:PORT.",
)
@click.option(
    "--dry-run",
    is_flag=True,
    help="Walk through the machine without calling any task.",
)
@click.option(
    "--samples", metavar="FILE", help="Dry run: results by state name, JSON or YAML."
)
@click.option(
    "--choose",
    metavar="STATE=TARGET",
    multiple=True,
    help="Dry run: where a Choice goes that cannot know.",
)
@click.option(
    "--visits",
    type=click.IntRange(min=1),
    help="Dry run: how often a state may be entered.  [default: 3]",
)
@click.pass_context
def command(context: click.Context, /, file: str, **options: Any) -> None:
    """Run the machine in FILE (JSON or YAML) and show what happens.

    Time is virtual: waits and retries take no real time. Exit code 0: the execution
    succeeded; 1: it failed; 2: the definition or the call was wrong; dry run: 0 it
    ended, 3 it needs a sample or goes round.
    """
    _refuse_conflicts(options)
    from asl.checks.load import load
    from asl.cli.given import read_pairs

    filled = dict(read_pairs("--substitute", options["substitute"]))
    machine = load(file, substitutions=filled or None)
    for problem in machine.problems:
        warn(str(problem))
    context.exit(
        _walk(machine, options) if options["dry_run"] else _run(machine, options)
    )


def _refuse_conflicts(options: dict[str, Any]) -> None:
    """Options that make no sense together are the call's fault."""
    if options["mock_case"] and not options["mocks"]:
        raise click.UsageError("--mock-case is for --mocks")
    if options["dry_run"]:
        for name in ("tasks", "mocks", "real_time", "pool"):
            if options[name]:
                option = name.replace("_", "-")
                raise click.UsageError(f"--dry-run calls no task: leave out --{option}")
        return
    for name in ("samples", "choose", "visits"):
        if options[name]:
            raise click.UsageError(f"--{name} is for --dry-run")


def _run(machine: "StateMachine", options: dict[str, Any]) -> int:
    """Run it; gives the exit code."""
    from asl.cli.given import read_input, read_tasks
    from asl.cli.outcome import show_json, show_text
    from asl.cli.progress import Progress
    from asl.cli.story import Story
    from asl.runtime.clock import SystemClock
    from asl.runtime.run import make_runner

    story = Story() if options["output"] == "text" else None
    runs: list[MapRun] = []
    progress = Progress(runs)

    def heard(execution: "Execution", reply: "Reply") -> None:
        if story is not None:
            story.tell(execution, reply)
        progress.look(execution, reply)

    pool: AbstractContextManager[Executor | None] = nullcontext()
    if options["pool"]:
        from asl.runtime.pools import opened

        pool = opened(options["pool"])
    with pool as executor:
        runner = make_runner(
            machine,
            read_input(options["input"]),
            tasks=read_tasks(
                machine,
                options["tasks"],
                options["mocks"],
                options["mock_case"],
                options["mock_validation"],
            ),
            type=workflow_type(options["type"]),
            name=options["name"],
            seed=options["seed"],
            clock=SystemClock() if options["real_time"] else None,
            pool=executor,
            buckets=options["buckets"],
            on_reply=heard if story is not None or sys.stderr.isatty() else None,
        )
        if story is not None:
            story.root = runner.root
        runner.root.map_runs = runs
        try:
            execution = runner.run()
        finally:
            progress.end()
    for warning in execution.warnings:
        warn(warning)
    if story is None:
        show_json(execution, options["history"])
    else:
        story.end(execution)
        show_text(
            execution,
            options["history"],
            real_time=options["real_time"],
            failed_child=story.failed_child,
        )
    return SUCCEEDED if execution.status == "SUCCEEDED" else FAILED


def _walk(machine: "StateMachine", options: dict[str, Any]) -> int:
    """Dry-run it; gives the exit code."""
    from asl.cli.answer import show_dry_run
    from asl.cli.given import read_input, read_pairs, read_samples
    from asl.runtime.dry_run import VISITS, dry_run

    choose: dict[str, list[str]] = {}
    for state, target in read_pairs("--choose", options["choose"]):
        choose.setdefault(state, []).append(target)
    result = dry_run(
        machine,
        read_input(options["input"]),
        samples=read_samples(options["samples"]),
        choose=choose,
        visits=options["visits"] or VISITS,
        type=workflow_type(options["type"]),
    )
    show_dry_run(result, as_json=options["output"] == "json")
    return SUCCEEDED if result.outcome == "ended" else OPEN
