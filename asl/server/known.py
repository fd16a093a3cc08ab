"""The machines that a machine may start: those of the service, as a table by ARN.

In: an ARN as a state machine names it, with version or alias. Out: the machine, built;
its type; what was found under the ARN. Never: lists them.
"""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from asl.errors import ApiError, DefinitionError
from asl.model.machine import StateMachine
from asl.server.machines import Machines

if TYPE_CHECKING:
    from asl.server.records import Target


class KnownMachines(Mapping[str, StateMachine]):
    """Machines by ARN, looked up when one is asked for."""

    def __init__(self, machines: Machines) -> None:
        self._machines = machines
        self.types = _Types(self)
        self.last: dict[str, Target] = {}
        """What was last found under an ARN, for whoever notes what was started."""

    def __getitem__(self, arn: str) -> StateMachine:
        try:
            target = self._machines.target(arn)
            machine = self._machines.build(target)
        except (ApiError, DefinitionError):
            raise KeyError(arn) from None
        self.last[arn] = target
        return machine

    def __iter__(self) -> Iterator[str]:
        return iter(())

    def __len__(self) -> int:
        return 0

    def __bool__(self) -> bool:
        return True  # or it would be taken for a table without machines


class _Types(Mapping[str, str]):
    """STANDARD or EXPRESS by ARN, of machines that were asked for."""

    def __init__(self, known: KnownMachines) -> None:
        self._known = known

    def __getitem__(self, arn: str) -> str:
        return self._known.last[arn].type

    def __iter__(self) -> Iterator[str]:
        return iter(())

    def __len__(self) -> int:
        return 0

    def __bool__(self) -> bool:
        return True
