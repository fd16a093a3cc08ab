"""Collecting: from its start to its stop, everything that runs in this process counts.

In: nothing but the wish. Out: a Coverage; data files and reports of it.
Never: changes a run: what is watched takes longer, and goes the same way.
"""

from collections.abc import Sequence
from functools import lru_cache
from os import PathLike
from types import TracebackType
from typing import TYPE_CHECKING, ClassVar

from asl.coverage.measure import Coverage
from asl.coverage.places import WAYS, Conditional, conditionals_of
from asl.engine.strand import Strand
from asl.expressions import jsonata
from asl.runtime.family import observers

if TYPE_CHECKING:
    from asl.expressions.scope import Scope
    from asl.model.states import State


class Collector:
    """Watches every run of this process while it is started; a context manager too."""

    _started: ClassVar[int] = 0

    def __init__(self, root: str | PathLike[str] = ".") -> None:
        self.coverage = Coverage(root)

    def start(self) -> None:
        """Watch from now on."""
        observers.append(self.coverage.add)
        if not Collector._started:  # two would note everything twice
            jsonata.watchers.append(_note)
        Collector._started += 1

    def stop(self) -> None:
        """Watch no longer."""
        observers.remove(self.coverage.add)
        Collector._started -= 1
        if not Collector._started:
            jsonata.watchers.remove(_note)

    def __enter__(self) -> Coverage:
        self.start()
        return self.coverage

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()


def _note(scope: "Scope", location: str, text: str, ways: Sequence[int]) -> None:
    """Note which ways an expression's conditions went, in the execution itself."""
    if not isinstance(scope, Strand) or scope.state is None:
        return
    found = _find(scope.state, location, text)
    if found is None:
        return
    for way in ways:
        scope.execution.note(found.pointer, f"?{way // 2} {WAYS[way % 2]}")


def _find(state: "State", location: str, text: str) -> Conditional | None:
    """A state's text that is evaluated: by itself, or by AWS's name of the spot."""
    same = [one for one in _conditionals(state) if one.text == text]
    if len(same) > 1:
        same = [one for one in same if one.location.endswith(location)]
    return same[0] if same else None


@lru_cache(maxsize=1024)
def _conditionals(state: "State") -> tuple[Conditional, ...]:
    return tuple(conditionals_of(state))
