"""The eight states as frozen records with compiled fields.

In: what model/build.py read and compiled. Out: one class a state type.
Never: behaviour; the engine acts on them. A field of the other query language is None.

Compiled fields are closures `(subject, scope) -> value`. In JSONPath mode the subject
is the data that `$` means there; in JSONata mode it is `$states` without its context.

States Language specification: "State Types".
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar, TypeAlias

from asl.expressions.jsonpath import Path
from asl.expressions.reference import ReferencePath
from asl.expressions.scope import Scope
from asl.expressions.template import Evaluate
from asl.model.failure import Catcher, Retrier
from asl.model.resource import Resource
from asl.values import Json

if TYPE_CHECKING:
    from asl.model.machine import Branch, ItemProcessor

Number: TypeAlias = Callable[[Json, Scope], "int | float"]
"""A number that may be a literal, a path or an expression."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class Common:
    """What every state has; the engine never holds a bare Common."""

    type: ClassVar[str] = ""
    name: str
    pointer: str
    """JSON Pointer of the state in its definition."""
    definition: dict[str, Json]
    """The state as it was written."""
    jsonata: bool = False
    next: str | None = None
    """None: the state ends its machine or branch."""
    input_path: Path | None = None
    """None: `$`."""
    discards_input: bool = False
    """InputPath null: the effective input is {}."""
    output_path: Path | None = None
    discards_output: bool = False
    """OutputPath null: the output is {}."""
    output: Evaluate | None = None
    """JSONata's Output; None: the default of the state type."""
    assign: Evaluate | None = None
    entering: tuple[str, str] = field(init=False)
    """Type and name in the event of its beginning."""
    leaving: tuple[str, str] = field(init=False)
    """The same of its end."""
    takes_raw: bool = field(init=False)
    """JSONPath, and InputPath is `$`: the effective input is the raw input."""
    gives_raw: bool = field(init=False)
    """OutputPath is `$`."""

    def __post_init__(self) -> None:
        plain = not self.jsonata and self.input_path is None
        object.__setattr__(self, "takes_raw", plain and not self.discards_input)
        keeps = self.output_path is None and not self.discards_output
        object.__setattr__(self, "gives_raw", keeps)
        object.__setattr__(self, "entering", (f"{self.type}StateEntered", self.name))
        object.__setattr__(self, "leaving", (f"{self.type}StateExited", self.name))

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.name!r})"  # not all that is in it


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class Pass(Common):
    """Passes its input on, or a fixed result, or a payload made from its input."""

    type: ClassVar[str] = "Pass"
    result: Json = None
    has_result: bool = False
    parameters: Evaluate | None = None
    result_path: ReferencePath | None = None
    discards_result: bool = False
    """ResultPath null: the raw input passes on."""
    result_bound: int = 0
    """An upper bound of what Result adds to the size of what it is placed in."""
    straight: bool = False
    """Nothing but (Result) and (ResultPath `$` or none): the quick way is right."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class Succeed(Common):
    """Ends its machine or branch well."""

    type: ClassVar[str] = "Succeed"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class Fail(Common):
    """Ends its machine or branch with an error."""

    type: ClassVar[str] = "Fail"
    error: Evaluate | None = None
    cause: Evaluate | None = None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class Wait(Common):
    """Waits for a number of seconds or until a moment."""

    type: ClassVar[str] = "Wait"
    seconds: Number | None = None
    until_ns: Number | None = None
    """Nanoseconds since 1970."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ChoiceRule:
    """One rule: a compiled condition and where it leads."""

    test: Callable[[Json, Scope], bool]
    next: str
    index: int = 0
    """Its place in Choices."""
    assign: Evaluate | None = None
    output: Evaluate | None = None
    keeps: bool = field(init=False)
    """It shapes no output and assigns nothing."""

    def __post_init__(self) -> None:
        plain = self.output is None and self.assign is None
        object.__setattr__(self, "keeps", plain)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class Choice(Common):
    """Goes where the first rule that holds leads, else to Default."""

    type: ClassVar[str] = "Choice"
    choices: tuple[ChoiceRule, ...] = ()
    default: str | None = None
    keeps: bool = field(init=False)
    """Its input is its output, unless the rule that holds shapes one."""

    def __post_init__(self) -> None:
        super(Choice, self).__post_init__()  # see Task
        plain = self.takes_raw and self.gives_raw
        object.__setattr__(self, "keeps", self.jsonata or plain)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class Retriable(Common):
    """What Task, Parallel and Map share: a result to shape, failures to handle."""

    parameters: Evaluate | None = None
    """Parameters or Arguments."""
    result_selector: Evaluate | None = None
    result_path: ReferencePath | None = None
    discards_result: bool = False
    retry: tuple[Retrier, ...] = ()
    catch: tuple[Catcher, ...] = ()
    gives_result: bool = field(init=False)
    """The output is the result as it is, and nothing is assigned."""

    def __post_init__(self) -> None:
        super(Retriable, self).__post_init__()  # see Task
        shapes = (self.result_selector, self.result_path, self.output, self.assign)
        plain = shapes == (None,) * 4 and not self.discards_result
        object.__setattr__(self, "gives_result", plain and self.gives_raw)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class Task(Retriable):
    """Has work done by a resource."""

    type: ClassVar[str] = "Task"
    resource: Resource
    timeout_seconds: Number | None = None
    heartbeat_seconds: Number | None = None
    credentials: Evaluate | None = None
    takes_token: bool = False
    """The state waits for a task token: .waitForTaskToken, or an activity."""
    is_plain: bool = field(init=False)
    """A Lambda function, called without token, limits or credentials."""
    is_limited: bool = field(init=False)
    """It has a TimeoutSeconds or a HeartbeatSeconds of its own."""

    def __post_init__(self) -> None:
        super(Task, self).__post_init__()  # a slotted class is not the one written here
        limits = (self.timeout_seconds, self.heartbeat_seconds)
        is_limited = limits != (None, None)
        object.__setattr__(self, "is_limited", is_limited)
        special = is_limited or self.takes_token or self.credentials is not None
        is_plain = self.resource.family == "lambda" and not special
        object.__setattr__(self, "is_plain", is_plain)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class Parallel(Retriable):
    """Runs its branches side by side."""

    type: ClassVar[str] = "Parallel"
    branches: tuple["Branch", ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class Map(Retriable):
    """Runs its processor once for each item."""

    type: ClassVar[str] = "Map"
    processor: "ItemProcessor"
    items: Evaluate | None = None
    """ItemsPath or Items; None: the effective input."""
    items_text: str = "$"
    item_selector: Evaluate | None = None
    max_concurrency: Number | None = None
    tolerated_count: Number | None = None
    tolerated_percentage: Number | None = None
    label: str | None = None
    reader: "ItemReader | None" = None
    batcher: "ItemBatcher | None" = None
    writer: "ResultWriter | None" = None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ItemReader:
    """Where a distributed Map's items come from."""

    resource: str
    parameters: Evaluate | None
    config: dict[str, Json]
    """ReaderConfig as written, less MaxItems."""
    max_items: Number | None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ItemBatcher:
    """How items are put together for one child execution."""

    max_items: Number | None
    max_bytes: Number | None
    input: Evaluate | None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ResultWriter:
    """Where a distributed Map's results go."""

    resource: str | None
    """None: only WriterConfig is given; nothing is exported."""
    parameters: Evaluate | None
    config: dict[str, Json]


State: TypeAlias = Pass | Succeed | Fail | Wait | Choice | Task | Parallel | Map
