"""The family: an execution, and all that it starts.

In: StartExecution effects. Out: child Executions, and what their parents hear of them.
Never: drives one; the runner does.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from asl.engine.arns import arn_of
from asl.engine.execution import Execution
from asl.engine.messages import Reply, StartExecution
from asl.engine.nested import ended, waits_for_child
from asl.errors import UsageError
from asl.model.machine import StateMachine

if TYPE_CHECKING:
    from asl.tasks.mocks import Mocks
    from asl.tasks.registry import Tasks

MAX_NESTED = 64
"""Machines inside machines; AWS has no such number, but an endless descent must end."""

Observer: TypeAlias = Callable[[StateMachine, Execution], None]

observers: list[Observer] = []
"""Told of every execution that has ended in this process, with its machine.

Nested machines and children of distributed Maps are executions too; a child's machine
is the whole one that its Map belongs to. Dry runs are no executions.
"""

BirthObserver: TypeAlias = Callable[[Execution, Execution, StartExecution], None]

birth_observers: list[BirthObserver] = []
"""Told of every execution that another one starts: parent, child, what was asked."""


WRITER = "arn:aws:states:::s3:putObject"
"""The resource of a ResultWriter, which a callable may be bound to."""


def told_singly(source: "Tasks | Mocks") -> bool:
    """Whether somebody sees each child of a Map Run by itself, or writes its result."""
    watched = observers or birth_observers or source.last_run.watched
    return bool(watched) or source.binds(WRITER)


@dataclass(slots=True)
class _Parent:
    """Who started an execution, and what it asked for."""

    index: int
    effect: StartExecution
    depth: int
    machine: StateMachine | None
    """The whole machine that the child belongs to, where the run is observed."""


class Family:
    """Executions by number, in order of birth; 0 is the run's own."""

    __slots__ = ("_born", "_children", "_parents", "machine", "running")

    def __init__(self, root: Execution, machine: StateMachine | None) -> None:
        self.running: dict[int, Execution] = {0: root}
        self.machine = machine
        """The whole machine that observers are told of; None: they are not told."""
        self._parents: dict[int, _Parent] = {}
        self._children: dict[tuple[int, int], int] = {}
        """(parent, effect id) → child."""
        self._born = 1

    @property
    def is_watched(self) -> bool:
        """Whether somebody wants to be told of births and ends."""
        return bool(observers or birth_observers)

    def make_unborn(self, index: int, effect: StartExecution) -> Execution:
        """The execution that one asks for, of which nobody knows yet."""
        return _make(self.running[index], effect)

    def pass_over(self) -> None:
        """An execution has ended before anybody had to know of it."""
        self._born += 1

    def bear(
        self, index: int, effect: StartExecution, unborn: Execution | None = None
    ) -> tuple[int, Execution]:
        """Make the execution that one asks for; gives its number and itself."""
        depth = self._parents[index].depth + 1 if index in self._parents else 1
        if depth > MAX_NESTED:
            raise UsageError(
                f"state {effect.call.state!r} starts machines inside machines, more "
                f"than {MAX_NESTED} deep: does a machine start itself?"
            )
        machine = self.find_machine(index)
        if machine is not None and isinstance(effect.machine, StateMachine):
            machine = effect.machine
        child = unborn or _make(self.running[index], effect)
        number, self._born = self._born, self._born + 1
        self.running[number] = child
        self._parents[number] = _Parent(index, effect, depth, machine)
        self._children[index, effect.id] = number
        if birth_observers and machine is not None:
            for observe in tuple(birth_observers):
                observe(self.running[index], child, effect)
        return number, child

    def find_child(self, index: int, effect_id: int) -> tuple[int, Execution] | None:
        """The running child behind an effect, no longer to be waited for."""
        number = self._children.pop((index, effect_id), None)
        child = None if number is None else self.running.get(number)
        if number is None or child is None or not child.running:
            return None
        return number, child

    def bury(self, index: int, execution: Execution) -> tuple[int, Reply] | None:
        """An execution has ended: forget it; what its parent is to be told, if any."""
        if observers and (machine := self.find_machine(index)) is not None:
            for observe in tuple(observers):
                observe(machine, execution)
        parent = self._parents.pop(index, None)
        if parent is None:
            return None
        del self.running[index]
        self._children.pop((parent.index, parent.effect.id), None)
        waiting = self.running.get(parent.index)
        (waiting or self.running[0]).bill(execution)
        if waiting is None or not waits_for_child(parent.effect):
            return None
        return parent.index, ended(parent.effect, execution)

    def find_machine(self, index: int) -> StateMachine | None:
        """The whole machine that an execution belongs to."""
        parent = self._parents.get(index)
        return self.machine if parent is None else parent.machine


def _make(parent: Execution, effect: StartExecution) -> Execution:
    """The Execution that a StartExecution effect asks for."""
    if effect.child is not None and effect.child.again is not None:
        from asl.engine.redrive import RedrivenExecution  # only a redrive needs it

        again = RedrivenExecution.after(effect.child.again)
        again.knows_activity = parent.knows_activity
        return again
    arn = effect.machine_arn
    if effect.child is not None:
        own = effect.child.execution_arn
    elif effect.type == "EXPRESS":
        own = arn_of("express", arn, effect.name, str(effect.id))
    else:
        own = arn_of("execution", arn, effect.name)
    child = Execution(
        effect.machine,
        effect.input,
        name=effect.name,
        arn=own,
        machine_arn=arn,
        type=effect.type,
        role_arn=parent.role_arn,
        seed=f"{parent.seed}#{own}",
        machines=parent.machines,
        machine_types=parent.machine_types,
        knows_activity=parent.knows_activity,
        child=effect.child,
    )
    child.loads = parent.loads
    return child
