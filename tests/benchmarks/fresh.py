"""Memory and start-up: what fresh processes take.

In: how many rounds. Out: rows of cells.
Never: fails because something is large or slow; the verdict stands in the row.
"""

import os
import subprocess
import sys
from pathlib import Path
from statistics import median
from time import perf_counter

ROOT = Path(__file__).resolve().parents[2]

MEMORY_MB = 60
LONG_MB = 15
"""What a 25,000-event execution may take above what is there once it is loaded."""
IMPORT_MS = 50
HELP_MS = 60
COMMAND_MS = 120


def verdict(reached: bool, figure: str) -> str:
    """A cell that says whether a goal was reached."""
    return f"{figure} {'reached' if reached else 'missed'}".strip()


_PEAK = """
import resource, sys
def peak_mb():
    try:
        with open("/proc/self/status") as status:  # its own peak, not its parent's
            line = next(line for line in status if line.startswith("VmHWM"))
        return int(line.split()[1]) / 1024
    except OSError:
        size = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return size / (1024 * 1024 if sys.platform == "darwin" else 1024)
"""
_BARE = _PEAK + "print(peak_mb())"
MAP = (
    _PEAK
    + """
import json, measure, workloads
workload = workloads.inline_map_express(int(sys.argv[1]))
run = measure.prepare(workload)
loaded = peak_mb()
execution = run()
assert execution.output == workload.expected and execution.history[-1].type
print(loaded, peak_mb())
"""
)


_LONG = (
    _PEAK
    + """
import json, measure, workloads
import tracemalloc
workload = workloads.pass_chain(12_400)
run = measure.prepare(workload)
run()
loaded = peak_mb()
tracemalloc.start()
execution = run()
assert execution.output == workload.expected
grown = tracemalloc.get_traced_memory()[1] / 2**20
print(loaded, grown, len(execution.history))
"""
)


class Processes:
    """Starts fresh interpreters, all with one warm cache of byte code."""

    def __init__(self, cache: str) -> None:
        self.environment = {
            **os.environ,
            "PYTHONPATH": os.pathsep.join((str(ROOT), str(Path(__file__).parent))),
            "PYTHONPYCACHEPREFIX": cache,
        }
        self.environment.pop("PYTHONDONTWRITEBYTECODE", None)

    def run(self, *arguments: str) -> str:
        """Run Python with these arguments; gives what it printed."""
        done = subprocess.run(
            [sys.executable, *arguments],
            env=self.environment,
            cwd=ROOT,
            check=True,
            capture_output=True,
            text=True,
        )
        return done.stdout

    def seconds(self, *arguments: str) -> float:
        """How long one fresh process takes, from start to end."""
        start = perf_counter()
        self.run(*arguments)
        return perf_counter() - start

    def over(
        self, rounds: int, less: list[str], more: list[str]
    ) -> tuple[float, float]:
        """Median ms of `less`, and the median of what `more` takes above it."""
        self.run(*less)
        self.run(*more)
        pairs = [(self.seconds(*less), self.seconds(*more)) for _ in range(rounds)]
        above = median(b - a for a, b in pairs)
        return median(a for a, _ in pairs) * 1e3, above * 1e3


def memory(processes: Processes) -> list[list[str]]:
    """Rows: the peak resident size of W3 over that of a bare interpreter."""
    bare = float(processes.run("-c", _BARE))
    rows = []
    for count in (1_000, 10_000):
        loaded, peak = map(float, processes.run("-c", MAP, str(count)).split())
        goal = f"< {MEMORY_MB} MB" if count == 10_000 else "–"
        reached = verdict(peak - bare < MEMORY_MB, "") if count == 10_000 else "–"
        rows.append(
            [
                f"inline Map of {count:,} items, Express",
                f"{bare:.1f} MB",
                f"{loaded - bare:.1f} MB",
                f"{peak - bare:.1f} MB",
                goal,
                reached,
            ]
        )
    loaded, grown, events = map(float, processes.run("-c", _LONG).split())
    rows.append(
        [
            f"chain of Pass, {events:,.0f} events: the run alone, by tracemalloc",
            f"{bare:.1f} MB",
            f"{loaded - bare:.1f} MB",
            f"{grown:.1f} MB; {grown * 2**20 / events:,.0f} bytes an event",
            f"≤ {LONG_MB} MB",
            verdict(grown <= LONG_MB, ""),
        ]
    )
    return rows


def start_up(processes: Processes, rounds: int) -> list[list[str]]:
    """Rows: what starting costs, over the process that the goal names."""
    rows = []
    bare = ["-c", "pass"]
    base, above = processes.over(rounds, bare, ["-c", "import asl"])
    rows.append(
        _start_row("`import asl`", "bare Python", base, above, IMPORT_MS, goal=True)
    )
    used = ["-c", "import asl; asl.load_text; asl.run; asl.Tasks"]
    base, above = processes.over(rounds, bare, used)
    rows.append(
        _start_row("the same with load_text, run, Tasks", "bare Python", base, above)
    )
    if (ROOT / "asl" / "__main__.py").exists():
        click = ["-c", "import click"]
        base, above = processes.over(rounds, click, ["-m", "asl", "--help"])
        rows.append(
            _start_row(
                "`asl --help`", "importing click", base, above, HELP_MS, goal=True
            )
        )
    imports = ["-c", "import click, jsonschema, networkx"]
    order = ROOT / "examples" / "order"
    if (ROOT / "asl" / "__main__.py").exists() and order.exists():
        command = [
            *("-m", "asl", "run", str(order / "workflow.asl.json")),
            *(
                "--input",
                f"@{order / 'input.json'}",
                "--tasks",
                str(order / "tasks.py"),
            ),
        ]
        check = ["-m", "asl", "check", str(order / "workflow.asl.json")]
        for what, arguments in (("run", command), ("check", check)):
            base, above = processes.over(rounds, imports, arguments)
            rows.append(
                _start_row(
                    f"`asl {what}` of examples/order",
                    "importing click, jsonschema, networkx",
                    base,
                    above,
                    COMMAND_MS,
                    goal=True,
                )
            )
            # what is right needs neither jsonschema nor networkx
            base, above = processes.over(rounds, ["-c", "import click"], arguments)
            rows.append(_start_row("the same", "importing click", base, above))
    return rows


def _start_row(
    what: str,
    over: str,
    base: float,
    above: float,
    limit: float = 0,
    *,
    goal: bool = False,
) -> list[str]:
    cells = [what, f"{over}: {base:.0f} ms", f"{above:.0f} ms"]
    if not goal:
        return [*cells, "–", "–"]
    return [*cells, f"< {limit:g} ms", verdict(above < limit, "")]
