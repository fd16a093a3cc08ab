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
import fresh  # noqa: E402
import peers  # noqa: E402
import side_by_side  # noqa: E402
import workloads  # noqa: E402
from fresh import verdict  # noqa: E402
from workloads import WORKLOADS, Workload  # noqa: E402

import asl  # noqa: E402

RESULTS = Path(__file__).with_name("RESULTS.md")

GOALS = {
    "W1": 3,
    "W2": 4,
    "W3": 3,
    "W3_10k": 3,
    "W4": 4,
    "W5": 6,
    "W6": 1.8,
    "W8": 3,
}
"""How many times the floor a workload may cost; W7's goal is in milliseconds."""
W7_MS = 20
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


# Linearity


def linearity(rounds: int) -> list[list[str]]:
    """Rows: what a unit costs in a small and in a large run, for asl and the floor.

    12,000 Pass states are 24,002 events, close to the most that Standard allows.
    """
    shapes: list[tuple[str, str, Callable[[int], Workload]]] = [
        ("states (W1)", "W1", workloads.pass_chain),
        ("items (W3, Express)", "W3", workloads.inline_map_express),
        ("history (W2, Express)", "W2", _express_loop),
    ]
    rows = []
    for title, name, shape in shapes:
        few, many = shape(1_000), shape(12_000 if name == "W1" else 10_000)
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
    parts += beside_peers(names, rounds)
    if len(names) == len(WORKLOADS):
        parts += everything_else(rounds)
    return "\n".join(parts)


def beside_peers(names: list[str], rounds: int) -> list[str]:
    """The peers' tables; W9 and W10 where all is measured."""
    say("peers")
    parts = [
        "## Peers on the same work\n",
        "As a multiple of the floor, min / **median** / max of rounds, and how many "
        "times faster asl is in the same rounds (in brackets the goal). moto is called "
        "through boto3 with the Lambda call replaced by the Python function, its best "
        "case; neither it nor state-machine-amz-py is asked for more than it can.\n",
        table(
            ["", "workload", *peers.ENGINES],
            side_by_side.engine_rows(names, rounds),
        )
        + "\n",
    ]
    if len(names) < len(WORKLOADS):
        return parts
    say("starts and checks")
    starts = side_by_side.start_rows(max(rounds, 5))
    checks = side_by_side.check_rows(rounds)
    parts += [
        "## Start as a command (W9)\n",
        "A fresh process that loads W1 and runs it once.\n",
        table(["", "whole process"], starts) + "\n",
    ]
    if checks:
        parts += [
            "## Checking (W10)\n",
            "Real definitions in JSON, all rules; asl reads the text itself and tells "
            "line and column, asl-validator gets it parsed.\n",
            table(["", "files", "files a second"], checks) + "\n",
        ]
    return parts


def everything_else(rounds: int) -> list[str]:
    """Linearity, memory and start-up."""
    say("linearity")
    growth = linearity(rounds)
    with tempfile.TemporaryDirectory() as cache:
        processes = fresh.Processes(cache)
        processes.run("-c", fresh.MAP, "10")  # fills the cache
        say("memory")
        sizes = fresh.memory(processes)
        say("start-up")
        starts = fresh.start_up(processes, max(rounds, 9))
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
