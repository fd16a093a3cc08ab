"""Mocks: answers by state name, instead of callables.

In: for each state a list of answers; StartTask effects.
Out: the next fitting answer for each call; each is used once.
Never: turns a missing answer into a failure that a Catch could swallow.

    {"Pay": [{"Throw": {"Error": "Busy"}}, {"Return": {"paid": true}}]}
"""

from collections.abc import Mapping, Sequence
from pathlib import Path

from asl.engine.messages import (
    Instant,
    Reply,
    StartTask,
    TaskFailed,
    TaskStarted,
    TaskSubmitted,
    TaskSucceeded,
)
from asl.errors import DefinitionError, UsageError
from asl.model.resource import find_resource
from asl.source.reading import read_file
from asl.tasks.answer import Answer, Ready
from asl.tasks.registry import unregistered_activity
from asl.tasks.tokens import Tokens, microseconds
from asl.values import Json, NotJson, to_json

_OUTCOMES = ("Return", "Throw", "Never")
_KEYS = (*_OUTCOMES, "AfterSeconds", "Submitted", "MapIndex", "StateInput")


class Mocks:
    """Answers by state name; a call without one ends the run with UsageError."""

    def __init__(self, answers: Mapping[str, Sequence[Mapping[str, Json]]]) -> None:
        if not isinstance(answers, Mapping):
            raise UsageError(
                f"mocks are a table from state name to answers, not {answers!r}"
            )
        self.tokens = Tokens()
        self._answers = {
            _state_name(state): _read_answers(state, given)
            for state, given in answers.items()
        }
        self._left = {state: list(given) for state, given in self._answers.items()}

    @classmethod
    def load(cls, path: str | Path) -> "Mocks":
        """Read mocks from a JSON or YAML file."""
        return cls(_read_file(Path(path)))

    def fresh(self) -> "Mocks":
        """The same answers, none of them used yet; every run begins with these."""
        other = Mocks({})
        other._answers = self._answers
        other._left = {state: list(given) for state, given in self._answers.items()}
        # Whoever holds these mocks answers tokens through them, so they stay shared.
        other.tokens = self.tokens
        return other

    def binds(self, resource: str) -> bool:
        """False: mocks go by the name of the state."""
        return False

    def knows_activity(self, state: str, arn: str) -> bool:
        """Whether there are answers for a state, so that its activity exists."""
        return state in self._answers

    def missing_for(self, resources: object) -> list[str]:
        """None: which answers a run needs shows only when it gets there."""
        return []

    def find_plain(self, resource: str) -> None:
        """None: a mock's answer needs no call."""

    def prepare(self, effect: StartTask, now: Instant) -> Ready:
        """The next answer for this call, ready."""
        if effect.call.state not in self._answers and _pattern(effect) == "activity":
            return unregistered_activity(effect)
        return Ready(_answer(effect, self._take(effect)))

    def note(self, effect: StartTask) -> None:
        """Use up the answer to a call that was answered in an earlier run."""
        if effect.call.state in self._answers:
            self._take(effect)

    def succeed(self, token: str, output: Json, *, after_seconds: float = 0) -> None:
        """Answer the task that waits for `token` with its output."""
        self.tokens.succeed(token, output, after_seconds=after_seconds)

    def fail(
        self,
        token: str,
        error: str | None = None,
        cause: str | None = None,
        *,
        after_seconds: float = 0,
    ) -> None:
        """Let the task that waits for `token` fail."""
        self.tokens.fail(token, error, cause, after_seconds=after_seconds)

    def heartbeat(self, token: str, *, after_seconds: float = 0) -> None:
        """Say that the task that waits for `token` is still at work."""
        self.tokens.heartbeat(token, after_seconds=after_seconds)

    def _take(self, effect: StartTask) -> dict[str, Json]:
        left = self._left.get(effect.call.state, [])
        for place, answer in enumerate(left):
            if _fits(answer, effect):
                return left.pop(place)
        raise UsageError(self._why_nothing(effect))

    def _why_nothing(self, effect: StartTask) -> str:
        call = effect.call
        where = f"visit {call.visit + 1}, attempt {call.attempt + 1}"
        if call.map_index is not None:
            where += f", Map index {call.map_index}"
        head = f"no mock answers state {call.state!r} ({where})"
        given = self._answers.get(call.state)
        if given is None:
            hint = _did_you_mean(call.state, self._answers)
            return f"{head}: the mocks do not name the state{hint}"
        count = f"{len(given)} answer{'' if len(given) == 1 else 's'}"
        left = len(self._left[call.state])
        if left:
            return (
                f"{head}: of its {count}, {left} are left, and none fits this call's "
                "MapIndex and StateInput"
            )
        return f"{head}: it has {count}, all used; add one"


def _fits(answer: Mapping[str, Json], effect: StartTask) -> bool:
    call = effect.call
    if "MapIndex" in answer and answer["MapIndex"] != call.map_index:
        return False
    return "StateInput" not in answer or _same(answer["StateInput"], call.state_input)


def _same(one: Json, other: Json) -> bool:
    """Equality of JSON values: Python's, but true is not 1."""
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(
            _same(value, other[key]) for key, value in one.items()
        )
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(_same, one, other))
    return bool(one == other)


def _pattern(effect: StartTask) -> str:
    resource = find_resource(effect.resource)
    if resource is None:
        return "request"
    return "activity" if resource.family == "activity" else resource.pattern


def _answer(effect: StartTask, mock: Mapping[str, Json]) -> Answer:
    """What one mock says for one call."""
    id, pattern = effect.id, _pattern(effect)
    after = microseconds(mock.get("AfterSeconds", 0))
    is_submitted = pattern in ("sync", "sync:2", "token")
    if "Submitted" in mock and not is_submitted:
        raise UsageError(
            f"the mock of state {effect.call.state!r} has Submitted, but its Resource "
            f"ends neither in .sync nor in .waitForTaskToken: {effect.resource}"
        )
    says: list[tuple[int, Reply]] = []
    if pattern == "activity":
        says.append((0, TaskStarted(id, 0)))
    # A service that refuses the job never submits it; else something was submitted.
    if is_submitted and ("Submitted" in mock or "Throw" not in mock):
        output = mock.get("Submitted", mock.get("Return", {}))
        says.append((0, TaskSubmitted(id, 0, output)))
    if "Never" in mock:
        return Answer(says, waits="never")
    if "Return" in mock:
        says.append((after, TaskSucceeded(id, 0, mock["Return"])))
        return Answer(says)
    thrown = mock["Throw"]
    error, cause = thrown.get("Error"), thrown.get("Cause")
    phase = "run"
    if error == "States.Timeout":
        phase = "timeout"
    elif is_submitted and "Submitted" not in mock:
        phase = "submit"
    says.append((after, TaskFailed(id, 0, error, cause, phase)))
    return Answer(says)


def _state_name(state: object) -> str:
    if not isinstance(state, str) or not state:
        raise UsageError(f"mocks name states by text, not by {state!r}")
    return state


def _read_answers(state: str, given: object) -> list[dict[str, Json]]:
    if isinstance(given, (str, bytes)) or not isinstance(given, Sequence):
        raise UsageError(
            f"the mocks of state {state!r} are no list of answers: {_short(given)}"
        )
    return [
        _read_answer(f"answer {n} of state {state!r}", a) for n, a in enumerate(given)
    ]


def _read_answer(where: str, given: object) -> dict[str, Json]:
    if not isinstance(given, Mapping):
        raise UsageError(f"{where} is no table: {_short(given)}")
    for key in given:
        if key not in _KEYS:
            hint = _did_you_mean(str(key), _KEYS)
            raise UsageError(f"{where} has an unknown key {key!r}{hint}")
    try:
        answer: dict[str, Json] = to_json(dict(given))
    except NotJson as error:
        raise UsageError(f"{where} is no JSON: {error}") from None
    if sum(key in answer for key in _OUTCOMES) != 1:
        raise UsageError(f"{where} needs exactly one of Return, Throw and Never")
    if "Throw" in answer:
        _check_throw(where, answer["Throw"])
    if answer.get("Never", True) is not True:
        raise UsageError(f"{where}: Never must be true, not {answer['Never']!r}")
    microseconds(answer.get("AfterSeconds", 0), f"{where}: AfterSeconds")
    index = answer.get("MapIndex", 0)
    if not isinstance(index, int) or isinstance(index, bool) or index < 0:
        raise UsageError(
            f"{where}: MapIndex must be a whole number of at least 0, not {index!r}"
        )
    return answer


def _check_throw(where: str, thrown: Json) -> None:
    if not isinstance(thrown, dict):
        raise UsageError(
            f"{where}: Throw must have Error and Cause, not {_short(thrown)}"
        )
    for key, text in thrown.items():
        if key not in ("Error", "Cause"):
            hint = _did_you_mean(key, ("Error", "Cause"))
            raise UsageError(f"{where}: Throw has an unknown key {key!r}{hint}")
        if text is not None and not isinstance(text, str):
            raise UsageError(f"{where}: {key} must be a text, not {_short(text)}")


def _did_you_mean(word: str, known: Sequence[str] | Mapping[str, object]) -> str:
    from difflib import get_close_matches

    near = get_close_matches(word, list(known), n=1)
    if near:
        return f"; did you mean {near[0]!r}?"
    names = ", ".join(list(known)[:8])
    return f"; there are: {names}" if names else ""


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."


def _read_file(path: Path) -> dict[str, Json]:
    try:
        table: dict[str, Json] = read_file(path).value
    except DefinitionError as error:
        raise UsageError(str(error)) from None
    if "MockedResponses" in table:
        raise UsageError(
            f"{path}: this is a mock configuration of Step Functions Local, which is "
            "not read yet; give answers by state name: "
            '{"Pay": [{"Return": {"paid": true}}]}'
        )
    return table
