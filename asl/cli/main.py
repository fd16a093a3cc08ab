"""asl: the command line's group of verbs, and what all of them share.

In: the arguments. Out: an exit code; messages for people.
Never: imports more than click before a verb is known, or shows a traceback of ours.
"""

import importlib
import os
import sys
from typing import Any

import click

import asl
from asl.cli.say import say

VERBS = {
    "check": "asl.cli.check",
    "coverage": "asl.cli.coverage",
    "diff": "asl.cli.diff",
    "draw": "asl.cli.draw",
    "faults": "asl.cli.faults",
    "mocks": "asl.cli.mocks",
    "run": "asl.cli.run",
    "serve": "asl.cli.serve",
    "state": "asl.cli.state",
    "test": "asl.cli.test",
}
"""Each verb's module, which is imported when the verb is asked for."""

SUCCEEDED, FAILED, WRONG, OPEN, BUG, INTERRUPTED = 0, 1, 2, 3, 70, 130
_BROKEN_PIPE = 141  # what a shell reports for SIGPIPE

EPILOG = """\b
Exit codes:
  0    the execution succeeded (dry run: it ended); check: no errors
  1    the execution failed, timed out or was aborted; check: errors;
       diff: they differ; draw --check: a picture is out of date
  2    the definition or the call was wrong
  3    dry run: a sample is needed, or the machine goes round
  70   a bug in asl
  130  interrupted (Ctrl-C)
"""


class Verbs(click.Group):
    """Loads a verb when it is needed, and turns exceptions into exit codes."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The verbs, in the order of help."""
        return sorted(VERBS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The verb of this name."""
        if cmd_name not in VERBS:
            return None
        command: click.Command = importlib.import_module(VERBS[cmd_name]).command
        return command

    def invoke(self, ctx: click.Context) -> Any:
        """Run the verb; whatever goes wrong becomes a message and an exit code."""
        _replace_what_cannot_be_shown()
        try:
            return super().invoke(ctx)
        except (click.ClickException, click.exceptions.Exit, click.Abort):
            raise
        except KeyboardInterrupt:
            say("interrupted", err=True)
            _leave_threads()
            ctx.exit(INTERRUPTED)
        except BrokenPipeError:
            _leave_the_pipe()
            ctx.exit(_BROKEN_PIPE)
        except Exception as error:
            ctx.exit(_explain(error))


@click.group(
    cls=Verbs,
    epilog=EPILOG,
    context_settings={"help_option_names": ["-h", "--help"]},
)
@click.version_option(asl.__version__, prog_name="asl")
def main() -> None:
    """Run and check AWS Step Functions state machines without AWS."""


def _explain(error: Exception) -> int:
    """Say what went wrong; gives the exit code."""
    from asl.errors import AslError, InternalError

    if isinstance(error, AslError) and not isinstance(error, InternalError):
        head = click.style("error: ", fg="red", bold=True)
        say(head + str(error), err=True)
        return WRONG
    if not isinstance(error, InternalError):
        error = InternalError(f"{type(error).__name__}: {error} at {_place(error)}")
    say(f"internal error: {error}", err=True)
    return BUG


def _place(error: Exception) -> str:
    """Where in our code an exception was raised."""
    trace = error.__traceback__
    place = "an unknown place"
    while trace is not None:
        code = trace.tb_frame.f_code
        place = f"{os.path.basename(code.co_filename)}:{trace.tb_lineno}"  # noqa: PTH119 - pathlib would be imported for this alone
        trace = trace.tb_next
    return place


def _replace_what_cannot_be_shown() -> None:
    """An ASCII terminal gets `?` for what it cannot show, instead of an exception."""
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors="replace")


def _leave_threads() -> None:
    """Leave at once where children are at work on threads, which nobody can stop.

    Python would wait for them at its own end.
    """
    if "concurrent.futures.thread" not in sys.modules:
        return
    import threading

    from asl.runtime.pools import THREADS

    if any(thread.name.startswith(THREADS) for thread in threading.enumerate()):
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(INTERRUPTED)


def _leave_the_pipe() -> None:
    """Nobody reads on: what is still buffered must not raise once more at exit."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
