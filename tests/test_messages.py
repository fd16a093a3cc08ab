"""Nobody changes an effect or a reply after it has crossed the wall."""

from pathlib import Path
from typing import Any

import pytest
from case_files import Case, all_cases, lay_out

from asl.engine.execution import Execution
from asl.engine.messages import Effect, Reply, StartExecution
from asl.runtime.runner import Runner


class Witness(Runner):
    """A Runner that remembers what every message looked like when it crossed."""

    def perform(self, index: int, effects: list[Effect]) -> None:
        self.remember(effects)
        super().perform(index, effects)

    def tell(self, index: int, execution: Execution, reply: Reply) -> list[Effect]:
        self.remember([reply])
        effects = super().tell(index, execution, reply)
        self.remember(effects)
        return effects

    def remember(self, messages: Any) -> None:
        seen = self.__dict__.setdefault("seen", [])
        seen += [(message, look(message)) for message in messages]


def look(message: Effect | Reply) -> str:
    if isinstance(message, StartExecution):
        return repr((message.id, message.input, message.name, message.call))
    return repr(message)


@pytest.mark.parametrize("case", all_cases(), ids=str)
def test_nobody_changes_a_message(case: Case, tmp_path: Path) -> None:
    made = case.runner(lay_out(case, tmp_path))
    witness = Witness(made.root, made.source, clock=made.clock, buckets=made.buckets)
    given = repr(made.root.input)
    witness.run()
    assert repr(made.root.input) == given
    for message, then in witness.__dict__["seen"]:
        assert look(message) == then
