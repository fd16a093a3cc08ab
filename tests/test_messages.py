"""Nobody changes an effect or a reply after it has crossed the wall."""

from pathlib import Path
from typing import Any

import pytest
from case_files import Case, all_cases, lay_out

from asl.engine.execution import Execution
from asl.engine.messages import Effect, Reply, StartExecution


def look(message: Effect | Reply) -> str:
    if isinstance(message, StartExecution):
        return repr((message.id, message.input, message.name, message.call))
    return repr(message)


def remember(runner: Any) -> list[tuple[Effect | Reply, str]]:
    """Let a Runner note what every message looked like when it crossed."""
    seen: list[tuple[Effect | Reply, str]] = []
    perform, tell = runner.perform, runner.tell

    def note(messages: list[Any]) -> None:
        seen.extend((message, look(message)) for message in messages)

    def noting_perform(index: int, effects: list[Effect]) -> None:
        note(effects)
        perform(index, effects)

    def noting_tell(index: int, execution: Execution, reply: Reply) -> list[Effect]:
        note([reply])
        effects: list[Effect] = tell(index, execution, reply)
        note(effects)
        return effects

    runner.perform, runner.tell = noting_perform, noting_tell
    return seen


@pytest.mark.parametrize("case", all_cases(), ids=str)
def test_nobody_changes_a_message(case: Case, tmp_path: Path) -> None:
    runner = case.runner(lay_out(case, tmp_path))
    given = repr(runner.root.input)
    seen = remember(runner)
    runner.run()
    assert seen
    assert repr(runner.root.input) == given
    for message, then in seen:
        assert look(message) == then
