"""Progress: a bar for each Map Run, while it goes on.

In: the list in which a run notes its Map Runs. Out: on standard error, where that is a
terminal: how many items have ended, of how many, how fast, and how long it will take.
Never: decides anything, or costs a child more than a glance now and then.
"""

import sys
import time
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from asl.engine.distributed import MapRun
    from asl.engine.execution import Execution
    from asl.engine.messages import Reply

SECONDS = 0.2
"""Between two looks."""


class Progress:
    """Shows the newest Map Run of an execution."""

    def __init__(self, runs: "list[MapRun]") -> None:
        self._runs = runs
        self._shown: MapRun | None = None
        self._bar: Any = None
        self._began = self._looked = 0.0

    def look(self, execution: "Execution", reply: "Reply") -> None:
        """Something has happened: show how far it is, if that was not just done."""
        now = time.monotonic()
        if self._runs and now - self._looked >= SECONDS:
            self._looked = now
            self.show(self._runs[-1], now)

    def show(self, run: "MapRun", now: float) -> None:
        """Show how far a Map Run is."""
        if run is not self._shown:
            self.end()
            self._shown, self._began = run, now
            self._bar = click.progressbar(
                length=0,
                label=run.state.name,
                show_eta=True,
                show_pos=True,
                item_show_func=lambda rate: rate,
                file=sys.stderr,
            )
            self._bar.__enter__()
        done = sum(run.tally.items.values())
        bar = self._bar
        bar.length = run.total if run.items.is_whole else None
        bar.is_hidden = not sys.stderr.isatty()
        rate = f"{done / max(now - self._began, 0.001):,.0f} items/s"
        bar.update(done - bar.pos, rate)
        bar.render_progress()

    def end(self) -> None:
        """Take the bar away."""
        if self._bar is not None:
            self._bar.__exit__(None, None, None)
            self._bar = None
