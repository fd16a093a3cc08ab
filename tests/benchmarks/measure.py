"""Measure asl against the floor, and write RESULTS.md beside this file.

    python tests/benchmarks/measure.py [--rounds N] [W1 W2 …]

In: the workloads (all, or those named). Out: tables, printed and written.
Never: fails because something is slow; the verdict stands in the table.

Machines have fast and slow phases, so only ratios are quoted: in every round asl and
the floor take turns, the median of each is found, and the ratio is taken within the
round. The machine is built beforehand, as its users do; everything else that `asl.run`
does is in the time, the whole history included. Garbage collection stays on for both.
"""

import argparse
import gc
import json
import os
import platform
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(Path(__file__).parent)]

import floor  # noqa: E402 - found by the line above
import workloads  # noqa: E402
from workloads import WORKLOADS, Workload  # noqa: E402

import asl  # noqa: E402

RESULTS = Path(__file__).with_name("RESULTS.md")

GOALS = {
    "W1": 6,
    "W2": 6,
    "W3": 6,
    "W3_10k": 6,
    "W4": 6,
    "W5": 12,
    "W6": 3,
    "W8": 6,
}
"""How many times the floor a workload may cost; W7's goal is in milliseconds."""
W7_MS = 20
MEMORY_MB = 60
IMPORT_MS = 60
COMMAND_MS = 200
ROUND_SECONDS = 0.5
"""About how long one round of one workload takes, but for 3 turns at least."""

Run = Callable[[], object]


def prepare(workload: Workload) -> Run:
    """Build the machine and bind the tasks; gives what has to be timed."""
    machine = asl.load_text(json.dumps(workload.definition), name="benchmark")
    tasks = asl.Tasks()
    for name, function in workload.functions.items():
        tasks.bind(name)(function)
    run, given, kind = asl.run, workload.input, workload.type

    def once() -> object:
        return run(machine, given, tasks=tasks, type=kind)

    return once


def prepare_floor(name: str, workload: Workload) -> Run:
    """The same work by hand, to be timed."""
    by_hand = floor.FLOORS[name]
    return lambda: by_hand(workload)


def timed(run: Run, runs: int) -> float:
    """Seconds for so many runs, each one's history and output thrown away at once."""
    gc.collect()  # what the other side left behind is not this side's to clear
    start = perf_counter()
    for _ in range(runs):
        run()
    return perf_counter() - start


def interleave(
    one: Run, other: Run, runs: int, rounds: int
) -> list[tuple[float, float]]:
    """Median seconds of (one, other) in each round; within it they take turns."""
    pairs = []
    for _ in range(rounds):
        spent = timed(one, runs) + timed(other, runs)  # warms up
        turns = min(15, max(3, round(ROUND_SECONDS / spent)))
        both = [(timed(one, runs), timed(other, runs)) for _ in range(turns)]
        pairs.append((median(a for a, _ in both), median(b for _, b in both)))
    return pairs


def compare(name: str, rounds: int) -> list[str]:
    """One row: a workload's ratio and its goal."""
    workload = workloads.full(name)
    pairs = interleave(
        prepare(workload), prepare_floor(name, workload), workload.runs, rounds
    )
    ratios = sorted(mine / hand for mine, hand in pairs)
    cost = median(mine for mine, _ in pairs) / workload.units * 1e6
    hand_cost = median(hand for _, hand in pairs) / workload.units * 1e6
    row = [name, workload.title, f"{cost:.2f} µs", f"{hand_cost:.2f} µs"]
    if name == "W7":
        spent = median(mine for mine, _ in pairs) * 1e3
        return [*row, "–", f"< {W7_MS} ms", verdict(spent < W7_MS, f"{spent:.2f} ms")]
    middle = median(ratios)
    spread = f"{ratios[0]:.2f} / **{middle:.2f}** / {ratios[-1]:.2f}"
    goal = GOALS[name]
    return [*row, spread, f"≤ {goal}", verdict(middle <= goal, "")]


def verdict(reached: bool, figure: str) -> str:
    """A cell that says whether a goal was reached."""
    return f"{figure} {'reached' if reached else 'missed'}".strip()


# Linearity


def linearity(rounds: int) -> list[list[str]]:
    """Rows: what a unit costs in a small and in a large run, for asl and the floor."""
    shapes: list[tuple[str, str, Callable[[int], Workload]]] = [
        ("states (W1)", "W1", workloads.pass_chain),
        ("items (W3, Express)", "W3", workloads.inline_map_express),
        ("history (W2, Express)", "W2", _express_loop),
    ]
    rows = []
    for title, name, shape in shapes:
        few, many = shape(1_000), shape(10_000)
        cells = [title, f"{few.units:,} → {many.units:,}"]
        for make in (prepare, partial(prepare_floor, name)):
            pairs = interleave(make(few), make(many), 1, rounds)
            small = median(pair[0] for pair in pairs) / few.units * 1e6
            large = median(pair[1] for pair in pairs) / many.units * 1e6
            growth = median(b / many.units / (a / few.units) for a, b in pairs)
            cells.append(f"{small:.2f} → {large:.2f} µs (× {growth:.2f})")
        rows.append(cells)
    rows.append(_loading(rounds))
    return rows


def _loading(rounds: int) -> list[str]:
    texts = [
        json.dumps(workloads.pass_chain(count).definition) for count in (1_000, 10_000)
    ]
    few, many = (
        lambda: asl.load_text(texts[0], name="few"),
        lambda: asl.load_text(texts[1], name="many"),
    )
    pairs = interleave(few, many, 1, min(rounds, 3))
    small = median(pair[0] for pair in pairs) / 1_000 * 1e6
    large = median(pair[1] for pair in pairs) / 10_000 * 1e6
    growth = large / small
    cost = f"{small:.1f} → {large:.1f} µs (× {growth:.2f})"
    return ["loading and checking states", "1,000 → 10,000", cost, "–"]


def _express_loop(size: int) -> Workload:
    return replace(workloads.task_loop(size), type="EXPRESS")


# Fresh processes

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
_MAP = (
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
        loaded, peak = map(float, processes.run("-c", _MAP, str(count)).split())
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
        base, above = processes.over(rounds, imports, command)
        rows.append(
            _start_row(
                "`asl run` of examples/order",
                "importing click, jsonschema, networkx",
                base,
                above,
                COMMAND_MS,
                goal=True,
            )
        )
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


# The report


def table(heads: list[str], rows: list[list[str]]) -> str:
    """A Markdown table."""
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def report(names: list[str], rounds: int) -> str:
    """Everything, as Markdown; memory, start-up and linearity where all is measured."""
    say("workloads")
    parts = [
        "# Speed and memory\n",
        f"Written by `measure.py`: Python {platform.python_version()} on "
        f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores, "
        f"{rounds} interleaved rounds. Ratios hold between machines, times do not.\n",
        "## Cost, as a multiple of the same work by hand (floor.py)\n",
        "Per unit: a state; W3: an item; W7, W8: an execution. W6's floor is the bare "
        "JSONata engine's own loop. The ratio is min / **median** / max of rounds.\n",
    ]
    rows = []
    for name in names:
        rows.append(compare(name, rounds))
        say(" ".join(rows[-1]))
    heads = ["", "workload", "asl", "by hand", "ratio", "goal", ""]
    parts.append(table(heads, rows) + "\n")
    if len(names) == len(WORKLOADS):
        parts += everything_else(rounds)
    return "\n".join(parts)


def everything_else(rounds: int) -> list[str]:
    """Linearity, memory and start-up."""
    say("linearity")
    growth = linearity(rounds)
    with tempfile.TemporaryDirectory() as cache:
        processes = Processes(cache)
        processes.run("-c", _MAP, "10")  # fills the cache
        say("memory")
        sizes = memory(processes)
        say("start-up")
        starts = start_up(processes, max(rounds, 9))
    return [
        "## Linearity\n",
        "Cost of one unit in a small and in a ten times larger run; by hand, the "
        "growth is the machine's own (cache, garbage collection).\n",
        table(["of", "units", "asl", "by hand"], growth) + "\n",
        "## Memory\n",
        "Peak resident size of a fresh process (VmHWM) over that of a bare "
        "interpreter: imports, definition, input, whole history and output included.\n",
        table(["", "bare", "loaded", "peak", "goal", ""], sizes) + "\n",
        "## Start-up\n",
        "Medians of interleaved fresh processes with byte code cached; the figure is "
        "what comes on top.\n",
        table(["", "over", "on top", "goal", ""], starts) + "\n",
    ]


def say(text: str) -> None:
    """Tell the one who waits how far it is."""
    sys.stderr.write(f"{text}\n")


def main(arguments: list[str]) -> None:
    """The command."""
    parser = argparse.ArgumentParser(description="Measure asl against the floor.")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("names", nargs="*", metavar="W", help=", ".join(WORKLOADS))
    options: Any = parser.parse_args(arguments)
    unknown = set(options.names).difference(WORKLOADS)
    if unknown or options.rounds < 1:
        parser.error(f"workloads are {', '.join(WORKLOADS)}; rounds at least 1")
    text = report(options.names or list(WORKLOADS), options.rounds)
    sys.stdout.write(text)
    if not options.names:
        RESULTS.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
