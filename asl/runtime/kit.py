"""The Kit: what the children of one Map Run share, and how it crosses to a worker.

In: a Map Run's effect and its parent's run. Out: bytes, and on the other side the same
Kit with its machine built; parts of loads as bytes and back.
Never: runs a child; worker.py does.

A Kit crosses to another process as bytes, once a Map Run; the machine is built there
from its definition, and kept by those bytes.
"""

import importlib
import importlib.util
import marshal
import pickle
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from asl.engine.distributed_results import NAME, SuccessTexts
from asl.engine.execution import Execution
from asl.engine.load import Load, child_arn
from asl.engine.messages import Instant, StartChildren, Written
from asl.engine.page import Page
from asl.model.build import build_machine
from asl.model.machine import Branch, StateMachine
from asl.model.states import Map
from asl.source.document import Document
from asl.tasks.mocks import Mocks
from asl.tasks.registry import Tasks
from asl.tasks.storage import Where
from asl.values import Json

MARSHAL = 4
"""The format in which inputs travel: the same in every Python that we run on."""


@dataclass(frozen=True, slots=True)
class Kit:
    """What the children of one Map Run share."""

    machine: StateMachine
    pointer: str
    """Where in the machine the Map's processor stands."""
    source: Tasks | Mocks
    machines: Mapping[str, StateMachine]
    machine_types: Mapping[str, str]
    type: str
    role_arn: str
    machine_arn: str
    map_run_arn: str
    iterations: tuple[tuple[str, int], ...]
    """Where the Map Run stands."""
    map_name: str
    written: Written | None
    """How their results are written; None: their outputs are wanted."""
    seed: int | str
    is_virtual: bool
    buckets: Where
    real_limit_seconds: float

    @classmethod
    def of(
        cls,
        effect: StartChildren,
        parent: Execution,
        machine: StateMachine,
        source: Tasks | Mocks,
        *,
        is_virtual: bool,
        buckets: Where,
        real_limit_seconds: float,
    ) -> "Kit":
        """What the children that an effect asks for share."""
        return cls(
            machine=machine,
            pointer=effect.pointer,
            source=source,
            machines=parent.machines,
            machine_types=parent.machine_types,
            type=effect.type,
            role_arn=parent.role_arn,
            machine_arn=effect.machine_arn,
            map_run_arn=effect.map_run_arn,
            iterations=effect.iterations,
            map_name=effect.map_name,
            written=effect.written,
            seed=parent.seed,
            is_virtual=is_virtual,
            buckets=buckets,
            real_limit_seconds=real_limit_seconds,
        )

    @property
    def arn(self) -> str:
        """The ARN of a child with NAME for a name."""
        return child_arn(self.type, self.machine_arn, NAME, self.map_run_arn)

    def records(self, started: Instant, ended: Instant) -> SuccessTexts:
        """The records of children that began and ended at the same moments."""
        return SuccessTexts(self.arn, self.machine_arn, started, ended)

    def pack(self) -> bytes:
        """The Kit as bytes; raises what pickle raises for what it refuses."""
        fields = {name: getattr(self, name) for name in self.__slots__}
        fields["machine"] = _Definition.of(self.machine)
        fields["machines"] = {
            arn: _Definition.of(machine) for arn, machine in self.machines.items()
        }
        fields["machine_types"] = dict(self.machine_types)
        return pickle.dumps((_sources(self.source), pickle.dumps(fields)))


@dataclass(frozen=True, slots=True)
class _Definition:
    """A machine on its way."""

    name: str
    definition: Json

    @classmethod
    def of(cls, machine: StateMachine) -> "_Definition":
        return cls(machine.name, machine.definition)

    def built(self) -> StateMachine:
        """The machine again: it was checked before it left."""
        document = Document(self.definition, text="", file=None, format="value")
        machine, _ = build_machine(document, self.name)
        assert machine is not None, "it was one before"
        return machine


def find_processor(machine: StateMachine, pointer: str) -> Branch | None:
    """The processor of the distributed Map that stands at a place in the machine."""
    for state in machine.all_states():
        if isinstance(state, Map) and state.pointer == pointer:
            return state.processor
    return None


def _sources(source: Tasks | Mocks) -> dict[str, str]:
    """The files of the modules that the callables are imported from, by name."""
    found = {}
    for _, function in source.callables():
        name = getattr(function, "__module__", None) or ""
        file = getattr(sys.modules.get(name), "__file__", None)
        if file is not None and name != "__main__":
            found[name] = str(Path(file).resolve())
    return found


def _make_importable(name: str, file: str) -> None:
    """Let a module be found as the parent has found it: beside it are others."""
    folder = str(Path(file).parents[name.count(".")])
    if folder not in sys.path and Path(folder).is_dir():
        sys.path.append(folder)
    try:
        importlib.import_module(name)
    except ModuleNotFoundError as error:
        spec = importlib.util.spec_from_file_location(name, file)
        if error.name != name or spec is None or spec.loader is None:
            raise
        module = importlib.util.module_from_spec(spec)
        sys.modules[name] = module
        spec.loader.exec_module(module)


@lru_cache(maxsize=16)
def unpack_kit(packed: bytes) -> Kit:
    """The Kit that was packed; its callables' modules are imported."""
    sources, inner = pickle.loads(packed)
    for name, file in sources.items():
        _make_importable(name, file)
    fields = pickle.loads(inner)
    fields["machine"] = fields["machine"].built()
    fields["machines"] = {arn: one.built() for arn, one in fields["machines"].items()}
    return Kit(**fields)


@dataclass(slots=True)
class Part:
    """Children of one load, or all of them, on their way."""

    id: int
    """The effect that asked for them."""
    load: Load
    now: Instant
    """When they begin."""


def pack_parts(parts: Sequence[Part]) -> bytes:
    """Parts as bytes; marshal takes a quarter of the time that pickle does."""
    packed = []
    for part in parts:
        load = part.load
        page = [load.page.items, load.page.columns, load.page.delimiter]
        rest = [load.batch, load.frame, load.counts, load.bound, load.place, load.names]
        packed.append([part.id, part.now, page, rest])
    return marshal.dumps(packed, MARSHAL)


def unpack_parts(packed: bytes) -> list[Part]:
    """The parts that were packed."""
    return [
        Part(number, Load(Page(*page), *rest), now)
        for number, now, page, rest in marshal.loads(packed)
    ]
