"""Every folder of examples/ runs, through Python and by the command its tasks.py names.

In: examples/. Out: what each run must end with. Never: asserts elapsed time, only
virtual time.
"""

import ast
import importlib.util
import inspect
import json
import os
import shlex
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

import pytest

import asl
from asl.values import Json

ROOT = Path(__file__).resolve().parents[1]
EXAMPLES = ROOT / "examples"

ORDER_STOCKED = ["Check inventory", "In stock?", "Process payment"]
ORDER_WAITED = [
    "Check inventory",
    "In stock?",
    "Backorder item",
    "Notify customer",
    "Wait for stock",
]
REGISTRATION = ["Validate form", "Find account", "Existing account?"]
PAGE = ["List orders", "Last page?"]
HAND_OVER = ["Work", "Anything left?"]
DAY = 24 * 60 * 60


@dataclass(frozen=True)
class Case:
    """One run of one example: what is changed in its input, and how it must end."""

    title: str
    file: str
    path: list[str]
    seconds: float
    output: Json = None
    error: str | None = None
    cause: str | None = None
    changes: Json = None

    def __str__(self) -> str:
        return self.title

    @property
    def status(self) -> str:
        return "SUCCEEDED" if self.error is None else "FAILED"


CASES = [
    Case(
        "an order waits a day for its desk",
        "order/workflow.asl.json",
        path=[*ORDER_WAITED, *ORDER_STOCKED, "Ship order"],
        seconds=DAY,
        output={
            "inventory": {"inStock": True, "missing": []},
            "backorder": {"skus": ["desk"], "expectedInSeconds": DAY},
            "payment": {"charged": 230, "card": "1234"},
            "shipment": {"tracking": "T-A-1001", "parcels": 2},
        },
    ),
    Case(
        "an order of what is in stock goes straight through",
        "order/workflow.asl.json",
        path=[*ORDER_STOCKED, "Ship order"],
        seconds=0,
        changes={"items": [{"sku": "lamp", "quantity": 1, "price": 24}]},
        output={
            "inventory": {"inStock": True, "missing": []},
            "payment": {"charged": 24, "card": "1234"},
            "shipment": {"tracking": "T-A-1001", "parcels": 1},
        },
    ),
    Case(
        "an order that the card does not pay for fails",
        "order/workflow.asl.json",
        path=[*ORDER_STOCKED, "Payment refused"],
        seconds=0,
        changes={"items": [{"sku": "lamp", "quantity": 9, "price": 120}]},
        error="PaymentRefused",
        cause="1080 is more than the card allows",
    ),
    Case(
        "a pupil gets an account",
        "registration/workflow.asl.yaml",
        path=[*REGISTRATION, "Create account", "Send welcome"],
        seconds=0,
        output={"userName": "grace.hopper", "year": 7},
    ),
    Case(
        "a pupil who has an account is told so",
        "registration/workflow.asl.yaml",
        path=[*REGISTRATION, "Send reminder"],
        seconds=0,
        changes={"email": " Ada@school.example"},
        output={"existing": True, "messageId": "message-for-pupils"},
    ),
    Case(
        "a form without an address is refused",
        "registration/workflow.asl.yaml",
        path=[
            "Validate form",
            "Explain refusal",
            "Send refusal",
            "Registration refused",
        ],
        seconds=0,
        changes={"email": "grace"},
        error="RegistrationRefused",
        cause="'grace' is no e-mail address",
    ),
    Case(
        "a directory that stays busy is tried four times",
        "registration/workflow.asl.yaml",
        path=[
            *REGISTRATION,
            "Create account",
            "Tell the office",
            "Registration failed",
        ],
        seconds=5 + 10 + 20,
        changes={"year": 14},
        error="RegistrationFailed",
        cause="DirectoryBusy",
    ),
    Case(
        "a thousand records go through in batches of fifty",
        "chunked_job/workflow.asl.json",
        path=["Check every entry", "Add up"],
        seconds=20 / 5 * 30,
        output={"batches": 20, "records": 1000, "total": 499_500, "large": 99},
    ),
    Case(
        "a chain of functions outlives fifteen minutes",
        "long_lambdas/chain.asl.json",
        path=["Extract", "Transform", "Load"],
        seconds=30 * 60,
        output={"stored": 2400},
    ),
    Case(
        "one function does not outlive fifteen minutes",
        "long_lambdas/too_long.asl.json",
        path=["Do everything"],
        seconds=15 * 60,
        error="Sandbox.Timedout",
        cause="Task timed out after 900.00 seconds",
    ),
    Case(
        "a function that watches its time hands the rest over",
        "long_lambdas/hand_over.asl.json",
        path=["Begin", *HAND_OVER * 4, "All done"],
        seconds=100 * 30,
        output={"done": 100, "runs": 4},
    ),
    Case(
        "a trip without a car is cancelled, last booking first",
        "saga/workflow.asl.json",
        path=[
            "Book hotel",
            "Book flight",
            "Book car",
            "Cancel flight",
            "Cancel hotel",
            "Trip not booked",
        ],
        seconds=2 + 4,
        error="TripNotBooked",
        cause="NoCarLeft; everything that was booked is cancelled",
    ),
    Case(
        "a trip with a car is booked",
        "saga/workflow.asl.json",
        path=["Book hotel", "Book flight", "Book car", "Trip booked"],
        seconds=2 + 4,
        changes={"trip": {"city": "Porto"}},
        output={
            "hotel": {"booking": "hotel-Porto"},
            "flight": {"booking": "flight-Porto"},
            "car": {"booking": "car-Porto"},
        },
    ),
    Case(
        "an expense is paid when the token comes back",
        "callback/workflow.asl.json",
        path=["Ask for approval", "Pay"],
        seconds=3 * 60 * 60,
        output={"paid": 240, "to": "Ada", "by": "Grace"},
    ),
    Case(
        "a rejected expense is not paid",
        "callback/workflow.asl.json",
        path=["Ask for approval", "Not approved"],
        seconds=3 * 60 * 60,
        changes={"amount": 4_000},
        error="NotApproved",
        cause="Too expensive",
    ),
    Case(
        "an expense that nobody answers for times out",
        "callback/workflow.asl.json",
        path=["Ask for approval", "Nobody answered"],
        seconds=2 * DAY,
        changes={"amount": 40_000},
        error="NobodyAnswered",
        cause="No answer within two days",
    ),
    Case(
        "orders are gathered page by page in a variable",
        "variables/workflow.asl.json",
        path=[
            "Prepare",
            *[*PAGE, "Be polite"] * 2,
            *PAGE,
            "Group by customer",
            "Each customer",
            "Find discount",
            "Find discount",
        ],
        seconds=4 + 6,
        output={
            "pages": 3,
            "orders": 5,
            "discounts": [
                {"customer": "Ada", "discount": 6.25},
                {"customer": "Grace", "discount": 25.05},
            ],
        },
    ),
]

FOLDERS = sorted(path.parent.name for path in EXAMPLES.glob("*/tasks.py"))


@pytest.mark.parametrize("case", CASES, ids=str)
def test_an_example_ends_as_it_says(case: Case) -> None:
    file = EXAMPLES / case.file
    folder = file.parent
    value = json.loads((folder / "input.json").read_text(encoding="utf-8"))
    execution = asl.run(
        asl.load(file),
        value | (case.changes or {}),
        tasks=tasks_of(folder),
        buckets=folder / "buckets",
    )
    assert (execution.status, execution.error) == (case.status, case.error)
    assert execution.path == case.path
    assert execution.duration_seconds == case.seconds
    if case.error is None:
        # Some examples pass their input on; what they add must be there.
        assert selected(execution.output, case.output) == case.output
    else:
        assert case.cause is not None
        assert case.cause in (execution.cause or "")


def test_every_definition_is_in_the_table() -> None:
    found = {
        path.relative_to(EXAMPLES).as_posix() for path in EXAMPLES.glob("*/*.asl.*")
    }
    assert found == {case.file for case in CASES}


@pytest.mark.parametrize("folder", FOLDERS)
def test_the_commands_of_an_example_run(folder: str) -> None:
    commands = commands_of(EXAMPLES / folder / "tasks.py")
    assert commands, "tasks.py says how to run the example"
    for words in commands:
        file = (ROOT / words[2]).relative_to(EXAMPLES).as_posix()
        case = given_input(file)
        done = run_command([*words, "--output", "json"])
        assert done.returncode == (0 if case.error is None else 1), done.stderr
        result = json.loads(done.stdout)
        assert result["status"] == case.status
        assert result["duration_seconds"] == case.seconds
        if case.error is None:
            assert selected(result["output"], case.output) == case.output
        else:
            assert result["error"] == case.error


def test_every_definition_has_a_command_that_runs_it() -> None:
    named = {
        words[2]
        for folder in FOLDERS
        for words in commands_of(EXAMPLES / folder / "tasks.py")
    }
    assert named == {f"examples/{case.file}" for case in CASES}


def test_the_order_on_the_command_line_tells_its_story() -> None:
    (words,) = commands_of(EXAMPLES / "order" / "tasks.py")
    done = run_command(words)
    assert done.returncode == 0, done.stderr
    assert "SUCCEEDED" in done.stdout
    for state in (*ORDER_WAITED, *ORDER_STOCKED, "Ship order"):
        assert state in done.stdout
    assert "Traceback" not in done.stderr


def tasks_of(folder: Path) -> asl.Tasks:
    """The module's own table, or its functions by the names of Lambda functions."""
    module = import_file(folder / "tasks.py")
    table = getattr(module, "TASKS", None)
    if isinstance(table, asl.Tasks):
        return table
    tasks = asl.Tasks()
    for name, function in inspect.getmembers(module, inspect.isfunction):
        tasks.bind(name.replace("_", "-"))(function)
    return tasks


def import_file(path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(f"example_{path.parent.name}", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def commands_of(path: Path) -> list[list[str]]:
    """The `asl run …` commands in a module's docstring, as words."""
    docstring = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
    return [
        shlex.split(line)
        for line in docstring.splitlines()
        if line.strip().startswith("asl run ")
    ]


def given_input(file: str) -> Case:
    """The case that runs an example with its own input."""
    (case,) = (case for case in CASES if case.file == file and case.changes is None)
    return case


def run_command(words: list[str]) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", *words],
        cwd=ROOT,
        capture_output=True,
        text=True,
        encoding="utf-8",
        env={**os.environ, "PYTHONIOENCODING": "utf-8"},
        timeout=60,
        check=False,
    )


def selected(value: Json, like: Json) -> Json:
    """The members of an object that another one names."""
    return {key: value[key] for key in like if key in value}


@pytest.mark.full
def test_the_pictures_beside_the_examples_are_those_of_today(tmp_path: Path) -> None:
    pytest.importorskip("pygraphviz")
    run = [sys.executable, "-m", "asl"]
    drawn = subprocess.run(
        [*run, "draw", "examples", "--check"],
        cwd=ROOT,
        capture_output=True,
        check=False,
    )
    assert drawn.returncode == 0, drawn.stdout.decode() + drawn.stderr.decode()

    order = "examples/order/workflow.asl.json"
    history = subprocess.run(
        [
            *run, "run", order, "--input", "@examples/order/input.json", "--tasks",
            "examples/order/tasks.py", "--output", "json", "--history", "json",
        ],
        cwd=ROOT, capture_output=True, check=True,
    ).stdout  # fmt: skip
    (tmp_path / "run.json").write_bytes(history)
    taken = ["--execution", str(tmp_path / "run.json"), "-o", "examples/order/run.svg"]
    again = subprocess.run([*run, "draw", order, *taken, "--check"], cwd=ROOT)
    assert again.returncode == 0
