"""The examples, as the tests run them: their data, their tasks, what they come to.

In: examples/. Out: one case for each run; tasks and buckets of a folder.
Never: runs anything.
"""

import importlib.util
import inspect
import json
import sys
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

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
    Case(
        "a job of a million records comes to the same with a thousand",
        "million/workflow.asl.json",
        path=["Check every payment"],
        seconds=0,
        output={"bucket": "payments"},
    ),
]


RECORDS = 1_000
"""How many of them are made for an example that makes its own."""


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
    """A file as a module that other processes can import by its name, too."""
    name = f"example_{path.parent.name}_{path.stem}"
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


def import_all_tasks() -> None:
    """What another process does first that is to call the examples' functions."""
    for file in sorted(EXAMPLES.glob("*/tasks.py")):
        import_file(file)


def buckets_of(folder: Path, place: Path, records: int = RECORDS) -> Path:
    """An example's buckets; where it has to make its records, they are made."""
    maker = folder / "make_records.py"
    if not maker.is_file():
        return folder / "buckets"
    made = place / "made"
    import_file(maker).make(made, records)
    return made


def input_of(case: Case) -> Json:
    """What a case gives to its machine."""
    file = EXAMPLES / case.file
    value = json.loads((file.parent / "input.json").read_text(encoding="utf-8"))
    return value | (case.changes or {})
