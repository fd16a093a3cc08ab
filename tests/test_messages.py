"""Nobody changes an effect or a reply after it has crossed the wall."""

from pathlib import Path
from typing import Any

import pytest
from case_files import Case, all_cases, lay_out

from asl.engine.execution import Execution
from asl.engine.messages import Effect, Reply, StartExecution
from asl.engine.redrive import RedrivenExecution


def look(message: Effect | Reply) -> str:
    if isinstance(message, StartExecution):
        return repr((message.id, message.input, message.name, message.call))
    return repr(message)


@pytest.fixture
def seen(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Effect | Reply, str]]:
    """What every message looked like when it crossed, of whatever execution."""
    found: list[tuple[Effect | Reply, str]] = []

    def note(messages: list[Any]) -> None:
        found.extend((message, look(message)) for message in messages)

    for kind in (Execution, RedrivenExecution):
        start, receive = kind.start, kind.receive

        def noting_start(
            execution: Execution, at: int, start: Any = start
        ) -> list[Effect]:
            effects: list[Effect] = start(execution, at)
            note(effects)
            return effects

        def noting_receive(
            execution: Execution, reply: Reply, receive: Any = receive
        ) -> list[Effect]:
            note([reply])
            effects: list[Effect] = receive(execution, reply)
            note(effects)
            return effects

        monkeypatch.setattr(kind, "start", noting_start)
        monkeypatch.setattr(kind, "receive", noting_receive)
    return found


@pytest.mark.parametrize("case", all_cases(), ids=str)
def test_nobody_changes_a_message(
    case: Case, tmp_path: Path, seen: list[tuple[Effect | Reply, str]]
) -> None:
    runner = case.runner(lay_out(case, tmp_path))
    given = repr(runner.root.input)
    execution = runner.run()
    tells = {event.type for event in execution.history}
    assert seen or not tells & {"TaskScheduled", "LambdaFunctionScheduled"}
    assert repr(runner.root.input) == given
    for message, then in seen:
        assert look(message) == then
