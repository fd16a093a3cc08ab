"""Tables that set asl beside its peers: engines (W1 to W8), starts (W9), checks (W10).

In: the workloads' names, a number of rounds. Out: rows of cells.
Never: fails because a peer is absent; its cell says why.

In every round asl, the floor and each peer take the same work in turns, and the ratio
is taken within the round. moto is so slow that it has one round of fewer runs.
"""

import gc
import json
import os
import subprocess
import sys
from pathlib import Path
from statistics import median
from time import perf_counter

import floor
import peers
import workloads
from peers import ENGINES, Cannot
from workloads import Workload

import asl

DEFINITIONS = Path(__file__).resolve().parents[3] / "shared" / "definitions"
"""Real definitions, where they stand beside the project."""

FASTER = {"aws-local-stepfunctions": 4, "moto": 250, "state-machine-amz-py": 1}
"""How many times faster than a peer asl has to be; amz for W1 alone."""

_SLOW = "moto"
_MOTO_RUNS = {"W8": 20}
_UNFAIR = {
    "W7": "waits 17 real seconds",
    "W6": "no JSONata",
}
_TOO_LARGE = ("W3_10k",)
"""Ends at moto with States.DataLimitExceeded, after half a minute."""


def engine_rows(names: list[str], rounds: int) -> list[list[str]]:
    """A row for each workload: each peer as a multiple of the floor, and of asl."""
    return [_engine_row(name, min(rounds, 3)) for name in names if name != "W7"]


def _engine_row(name: str, rounds: int) -> list[str]:
    workload = workloads.full(name)
    cells = [name, workload.title]
    for peer in ENGINES:
        try:
            cells.append(_against(peer, name, workload, rounds))
        except Cannot as cannot:
            cells.append(f"– ({cannot})")
    return cells


def _against(peer: str, name: str, workload: Workload, rounds: int) -> str:
    """`× floor min / median / max; × asl`, with the verdict where there is a goal."""
    if name in _UNFAIR:
        raise Cannot(_UNFAIR[name])
    if peer == _SLOW and name in _TOO_LARGE:
        raise Cannot("too large for it")
    if why := peers.missing(peer):
        raise Cannot(why)
    runs = _MOTO_RUNS.get(name, 1) if peer == _SLOW else workload.runs
    by_hand, mine = [], []
    for _ in range(1 if peer == _SLOW else rounds):
        theirs = peers.run_seconds(peer, workload, runs, 1 if peer == _SLOW else 3)
        hand = _seconds(lambda: floor.FLOORS[name](workload), workload.runs)
        own = _seconds(_own(workload), workload.runs)
        by_hand.append(theirs / runs / hand)
        mine.append(theirs / runs / own)
    goal = FASTER[peer]
    told = f"× {min(by_hand):,.0f} / **{median(by_hand):,.0f}** / {max(by_hand):,.0f}"
    if goal == 1 and name != "W1":
        return f"{told}; asl {median(mine):,.1f} × faster"
    verdict = "reached" if median(mine) >= goal else "missed"
    return f"{told}; asl {median(mine):,.1f} × faster (≥ {goal}: {verdict})"


def _own(workload: Workload) -> peers.Once:
    machine = asl.load_text(json.dumps(workload.definition), name="benchmark")
    tasks = asl.Tasks()
    for name, function in workload.functions.items():
        tasks.bind(name)(function)
    return lambda: asl.run(machine, workload.input, tasks=tasks, type=workload.type)


def _seconds(once: peers.Once, runs: int) -> float:
    """Seconds of one run: the median of five turns, after one that warms up."""
    gc.collect()  # what was before us leaves its garbage to nobody
    turns = []
    for _ in range(6):
        start = perf_counter()
        for _ in range(runs):
            once()
        turns.append((perf_counter() - start) / runs)
    return median(turns[1:])


def start_rows(rounds: int) -> list[list[str]]:
    """W9: the first execution of W1 in a fresh process, as a command."""
    here = Path(__file__).parent
    own = "import sys; sys.path[:0] = sys.argv[1:3]; import json, asl, workloads; "
    own += "w = workloads.full('W1'); "
    own += "asl.run(asl.load_text(json.dumps(w.definition), name='w'), w.input)"
    commands = {"asl": [sys.executable, "-c", own, str(here.parents[1]), str(here)]}
    rows = []
    for peer in ENGINES:
        if why := peers.missing(peer):
            rows.append([peer, f"– ({why})"])
        else:
            commands[peer] = [sys.executable, str(here / "peers.py"), peer, "W1"]
    spent: dict[str, list[float]] = {name: [] for name in commands}
    for _ in range(rounds + 1):  # the first fills the caches
        for name, command in commands.items():
            start = perf_counter()
            subprocess.run(command, check=True, capture_output=True, env=_environment())
            spent[name].append((perf_counter() - start) * 1e3)
    known = [
        [name, f"{min(ms[1:]):.0f} / **{median(ms[1:]):.0f}** / {max(ms[1:]):.0f} ms"]
        for name, ms in spent.items()
    ]
    return known + rows


def _environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}


def check_rows(rounds: int) -> list[list[str]]:
    """W10: JSON definitions a second; none where no definitions stand beside us."""
    texts = [
        text
        for path in sorted(DEFINITIONS.glob("**/*.json"))
        if "StartAt" in (text := path.read_text(encoding="utf-8"))
    ]
    if not texts:
        return []
    rows = []
    for name, check in (("asl", _check), ("asl-validator", peers.check_seconds)):
        try:
            turns = [len(texts) / check(texts) for _ in range(rounds)]
        except Cannot as cannot:
            rows.append([name, f"{len(texts)}", f"– ({cannot})"])
        else:
            rate = f"{min(turns):,.0f} / **{median(turns):,.0f}** / {max(turns):,.0f}"
            rows.append([name, f"{len(texts)}", rate])
    return rows


def _check(texts: list[str]) -> float:
    start = perf_counter()
    for text in texts:
        asl.check_text(text, name="definition.asl.json")
    return perf_counter() - start
