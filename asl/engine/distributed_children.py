"""The children of a Map Run: started one by one or many at a time, and counted.

In: the Map Run's items; how its children have ended. Out: effects that start children;
how many have ended how, and their outputs in item order or records for a writer.
Never: reads or writes, or decides that too many have failed; distributed.py does.

Developer guide: "Distributed mode", "Redriving Map Runs".
"""

from collections import deque
from random import Random  # noqa: TID251 - seeded with the Map Run's ARN
from typing import TYPE_CHECKING, Any

from asl.engine.arns import uuid_text
from asl.engine.distributed_items import Items
from asl.engine.distributed_results import Child, Outputs, Records, Tally
from asl.engine.load import (
    NAME_BYTES,
    Load,
    Underway,
    asks_for_nothing,
    child_arn,
    takes_tokens,
)
from asl.engine.messages import (
    Block,
    ChildrenEnded,
    MapChild,
    StartChildren,
    StartExecution,
    TaskFailed,
    TaskSucceeded,
    Written,
)
from asl.engine.strand import Strand
from asl.model.states import Map
from asl.values import Json

if TYPE_CHECKING:
    from asl.engine.execution import Execution


class Children:
    """The child executions of one Map Run, and what they have come to."""

    def __init__(
        self, strand: Strand, state: Map, raw: Json, machine_arn: str, arn: str
    ) -> None:
        self.strand = strand
        self.state = state
        self.raw = raw
        self.machine_arn = machine_arn
        self.map_run_arn = arn
        self.tally = Tally()
        writer = state.writer
        self.records: Records | None = None
        self._written: Written | None = None
        if writer is not None and writer.resource is not None:
            self.records = Records(machine_arn)
            self._written = Written(
                writer.config.get("Transformation") or "NONE",
                writer.config.get("OutputType") == "JSONL",
            )
        self.outputs = Outputs(state)
        self.begun = 0
        """How many were started."""
        self.begun_items = 0
        self.running: dict[int, Child] = {}
        """By the id of their effect."""
        self.loads: dict[int, Underway] = {}
        """Those that were started many at a time, by the id of their effect."""
        self.in_loads = 0
        """How many of these have not ended."""
        self.failed: list[Child] = []
        """Those that ended badly, while the Map Run may still fail with them."""
        self.again: deque[Child] = deque()
        """Those that are to be redriven, where the Map Run is."""
        # A child's name depends on nothing but its place in the Map Run: not on what
        # other children did meanwhile, here or on other machines.
        self._random = Random(arn)
        self._call = strand.call(state, raw)
        self._by_loads: bool | None = None
        """Whether they are started many at a time; asked before the first."""

    # ------------------------------------------------------------------------ beginning

    def start(self, items: Items, most: int) -> bool:
        """Start children until so many are at work; False: there are too few items."""
        while (places := most - len(self.running) - self.in_loads) > 0:
            if self.again:
                self._start_again(self.again.popleft())
            elif not self._start_next(items, places):
                return False
        return True

    def _start_next(self, items: Items, most: int) -> bool:
        """Start one child, or at most so many; False: there are no items for any."""
        if self._by_loads is None:
            self._by_loads = self._loads_go()
        if self._by_loads:
            load = items.next_load(most)
            if load is not None:
                self._start_load(load)
            return load is not None
        following = items.next()
        if following is not None:
            self._start_one(*following)
        return following is not None

    def _loads_go(self) -> bool:
        """Whether the world takes this Map's children many at a time."""
        taken = self.strand.execution.loads
        if taken == "at once":
            return asks_for_nothing(self.state.processor)
        return taken == "all" and not takes_tokens(self.state.processor)

    def _start_one(self, value: Json, count: int) -> None:
        """Ask for one child execution."""
        name = uuid_text(self._random.getrandbits(8 * NAME_BYTES))
        now = self.strand.execution.recorder.now
        self._ask_for(Child(self.begun, name, self._arn(name), value, count, now))
        self.begun += 1
        self.begun_items += count

    def _start_load(self, load: Load) -> None:
        """Ask for many child executions at once."""
        strand, processor, count = self.strand, self.state.processor, load.children
        # The same chance as that of `_start_one`, child by child.
        chance = self._random.getrandbits(8 * NAME_BYTES * count)
        names = chance.to_bytes(NAME_BYTES * count, "little")
        load.begin(self.begun, names, strand.execution.recorder.now)
        number = strand.new_id()
        strand.ask(
            StartChildren(
                number,
                processor,
                self.state.pointer,
                processor.execution_type,
                load,
                self.machine_arn,
                self.map_run_arn,
                strand.iterations,
                self.state.name,
                self._written,
            )
        )
        self.loads[number] = Underway(load)
        self.in_loads += count
        self.begun += count
        self.begun_items += load.count_items(0, count)

    def _start_again(self, child: Child) -> None:
        """Ask for a child that has not succeeded, under its name.

        A Standard one goes on where it failed; an Express one starts anew.
        """
        left = self.strand.execution.left_children or {}
        self._ask_for(child, left.pop(child.arn, None))

    def _ask_for(self, child: Child, again: "Execution | None" = None) -> None:
        """Ask for a child execution."""
        strand, processor = self.strand, self.state.processor
        number = strand.new_id()
        iterations = (*strand.iterations, (self.state.name, child.place))
        as_text = self.records is not None
        strand.ask(
            StartExecution(
                number,
                processor,
                child.input,
                child.name,
                processor.execution_type,
                self._call,
                None,
                self.machine_arn,
                MapChild(child.arn, None, iterations, self.map_run_arn, as_text, again),
            )
        )
        self.running[number] = child

    def _arn(self, name: str) -> str:
        """The ARN of the child with this name."""
        type = self.state.processor.execution_type
        return child_arn(type, self.machine_arn, name, self.map_run_arn)

    # --------------------------------------------------------------------------- ending

    def ended(self, reply: Any) -> bool:
        """Children have ended: note how; gives whether one has failed."""
        if reply.id in self.loads:
            return self._load_ended(reply)
        child = self.running.pop(reply.id)
        self.strand.answered(reply.id)
        return self._note_end(child, reply)

    def _note_end(self, child: Child, reply: TaskSucceeded | TaskFailed) -> bool:
        """Count a child that has ended, and what it has come to."""
        status = self.tally.add(child, reply)
        (self.records or self.outputs).add(child, reply, status)
        if status == "SUCCEEDED":
            return False
        self.failed.append(child)
        return True

    def _load_ended(self, reply: ChildrenEnded) -> bool:
        """Some children of a load have ended: all well, or one that has failed."""
        underway = self.loads[reply.id]
        load = underway.load
        first = reply.place - load.place
        underway.ended(first, reply.count)
        self.in_loads -= reply.count
        if not underway.left:
            del self.loads[reply.id]
            self.strand.answered(reply.id)
        if reply.failure is not None:
            reply.failure.at = reply.at
            return self._note_end(self._child_of(load, first), reply.failure)
        self.tally.add_successes(reply.count, load.count_items(first, reply.count))
        outputs = reply.outputs
        if isinstance(outputs, Block):
            assert self.records is not None, "blocks are for a writer"
            self.records.add_block(reply.place, outputs)
            return False
        for place, output in enumerate(outputs or (), reply.place):
            self.outputs.add_output(place, output)
        return False

    def _child_of(self, load: Load, number: int) -> Child:
        """A child of a load by itself."""
        one = load.part(number, 1)
        (name,), (given,) = one.name_texts(), one.inputs()
        items = one.count_items(0, 1)
        return Child(one.place, name, self._arn(name), given, items, load.begun_at)

    # ------------------------------------------------------ after the Map Run has ended

    def let_go(self) -> None:
        """The Map Run has succeeded: none that failed is ever redriven."""
        left = self.strand.execution.left_children or {}
        for child in self.failed:
            left.pop(child.arn, None)
        self.failed.clear()

    def go_on(self, strand: Strand) -> None:
        """Those that have not succeeded are to be started again, in a redrive."""
        self.strand = strand
        self._call = strand.call(self.state, self.raw)
        self._by_loads = None  # the world may be another one now
        left = [*self.failed, *self.running.values(), *self.again]
        for one in self.loads.values():
            left += [self._child_of(one.load, number) for number in one.unfinished()]
        self.loads, self.in_loads = {}, 0
        self.again = deque(sorted(left, key=lambda child: child.place))
        self.failed, self.running = [], {}
        self.tally.forgive()
        if self.records is not None:
            self.records.forgive(child.place for child in self.again)
