"""Random machines with distributed Maps come to the same on processes and on Dask.

In: seeds, one a machine. Out: the outcome of a run whose children travel, against that
of a run here. Never: starts a pool for each machine; one of a kind serves all.
"""

import json
import random
from collections.abc import Iterator, Sequence
from concurrent.futures import Executor, ProcessPoolExecutor, ThreadPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from typing import TYPE_CHECKING, TypeVar

import pytest
from moody import moody

import asl
from asl.runtime.run import make_runner
from asl.testing.random_machine import random_machine
from asl.values import Json

if TYPE_CHECKING:
    from asl.engine.distributed import MapRun

T = TypeVar("T")

FEW, MANY = 20, 200
TASKS = asl.Tasks()
TASKS.bind("*")(moody)
SEED = 20_260
"""Of the first machine; the others follow."""


@dataclass
class Dice:
    """Chance that is repeatable without Hypothesis, and likes distributed Maps."""

    random: random.Random

    def pick(self, options: Sequence[T]) -> T:
        if "Distributed" in options and self.random.random() < 0.4:
            return options[options.index("Distributed")]
        return self.random.choice(options)

    def count(self, least: int, most: int) -> int:
        return self.random.randint(least, most)

    def flag(self) -> bool:
        return self.random.random() < 0.5

    def value(self, depth: int = 0) -> Json:
        kind = self.random.randrange(6 if depth < 2 else 4)
        if kind == 4:
            return [self.value(depth + 1) for _ in range(self.random.randrange(4))]
        if kind == 5:
            keys = self.random.sample("abc", self.random.randrange(4))
            return {key: self.value(depth + 1) for key in keys}
        return (None, self.flag(), self.random.randint(-5, 5), "abé"[: kind + 1])[kind]


@dataclass(frozen=True)
class Made:
    """A random machine, with an input for it."""

    seed: int
    machine: asl.StateMachine
    input: Json


def made(count: int) -> Iterator[Made]:
    """Machines whose distributed Maps have children that may travel."""
    seed = SEED
    while count:
        seed += 1
        dice = Dice(random.Random(seed))
        definition, _ = random_machine(dice)
        if '"DISTRIBUTED"' not in json.dumps(definition):
            continue
        items = [dice.value() for _ in range(dice.count(1, 12))]
        given = items if dice.flag() else {"list": items, "a": dice.value()}
        machine = asl.load_text(json.dumps(definition), name=f"Random{seed}")
        with ThreadPoolExecutor(1) as pool:
            if outcome(machine, given, pool)[1]:
                count -= 1
                yield Made(seed, machine, given)


def outcome(
    machine: asl.StateMachine, value: Json, pool: Executor | None = None
) -> tuple[Json, int]:
    """All that a run comes to, with its Map Runs; how many children travelled."""
    runs: list[MapRun] = []
    runner = make_runner(machine, value, tasks=TASKS, pool=pool)
    runner.root.map_runs = runs
    try:
        done = runner.run()
    except asl.UsageError as error:
        return str(error), 0  # a token that nobody answers
    # What else had begun when a Map Run failed is not the same everywhere.
    ended = [run.tally for run in runs if run.status == "SUCCEEDED"]
    counts = [(it.executions, it.items, tuple(it.failures)) for it in ended]
    told = {
        "status": done.status,
        "output": done.output,
        "error": done.error,
        "cause": done.cause,
        "history": [event.to_aws() for event in done.history],
        "seconds": done.duration_seconds,
        "map runs": [run.status for run in runs],
        "counts": counts,
    }
    return told, 0 if runner.crew is None else runner.crew.figures.children


def compare(count: int, pool: Executor) -> None:
    travelled = 0
    for one in made(count):
        here, _ = outcome(one.machine, one.input)
        there, moved = outcome(one.machine, one.input, pool)
        assert there == here, f"seed {one.seed}"
        assert moved, f"seed {one.seed}"
        travelled += moved
    print(  # noqa: T201 # a long run's figures
        f"{count} machines from seed {SEED}: {travelled} children travelled"
    )


@pytest.fixture(scope="module")
def processes() -> Iterator[Executor]:
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool:
        yield pool


@pytest.mark.parametrize("count", [FEW, pytest.param(MANY, marks=pytest.mark.full)])
def test_random_machines_come_to_the_same_on_processes(
    processes: Executor, count: int
) -> None:
    compare(count, processes)


@pytest.mark.full
@pytest.mark.filterwarnings("ignore")  # Dask's own, when a cluster is taken down
def test_random_machines_come_to_the_same_on_dask(dask: Executor) -> None:
    compare(MANY, dask)
