"""One answer of a mock: how it is written, to which calls it fits, what it says.

In: a table such as `{"Return": {"paid": true}, "Attempt": 2}`; StartTask effects.
Out: MockAnswers, checked at the door; replies with the moment at which each is said.
Never: counts calls or uses answers up (mocks.py does).

| key | meaning |
|---|---|
| Return, Throw, Never, Call | the outcome: exactly one of them |
| AfterSeconds, Submitted | when it comes; what a job or message answered first |
| MapIndex | only in this iteration of the innermost Map, from 0 |
| StateInput | only where the state's input is exactly this |
| When | only where the request has at least this; or a Python function says so |
| Attempt | only at this attempt: 1 is the first, 2 the first retry |
| Invocation | only this call of the state in the run, from 0, or a range: "1-2" |
| Times | how often it may be used: 1 unless given, or "always" |
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

from asl.engine.messages import (
    Reply,
    StartTask,
    TaskFailed,
    TaskStarted,
    TaskSubmitted,
    TaskSucceeded,
)
from asl.errors import UsageError
from asl.model.resource import find_resource
from asl.tasks.answer import Answer
from asl.tasks.binding import inspect_callable
from asl.tasks.registry import Tasks
from asl.tasks.tokens import microseconds
from asl.values import Json, NotJson, to_json

OUTCOMES = ("Return", "Throw", "Never", "Call")
SELECTORS = ("MapIndex", "StateInput", "When", "Attempt", "Invocation")
KEYS = (*OUTCOMES, "AfterSeconds", "Submitted", *SELECTORS, "Times")
ALWAYS = "always"
_RANGE = re.compile(r"(0|[1-9][0-9]*)(?:-(0|[1-9][0-9]*))?")


@dataclass(frozen=True, slots=True)
class Called:
    """A function that stands for a state."""

    function: Callable[..., Any]
    table: Tasks
    """In which it serves every resource."""


@dataclass(frozen=True, slots=True)
class MockAnswer:
    """One answer, read and checked."""

    data: Mapping[str, Json]
    """As it was written, without its functions."""
    times: int | None = 1
    """How often it may be used; None is always."""
    invocations: tuple[int, int] | None = None
    """The first and the last call that it is for."""
    when: Callable[[Json], Any] | None = None
    call: Called | None = None

    def fits(self, effect: StartTask, invocation: int) -> bool:
        """Whether it may answer this call, the state's n-th in the run (from 0)."""
        call, data = effect.call, self.data
        if self.invocations is not None:
            first, last = self.invocations
            if not first <= invocation <= last:
                return False
        if "MapIndex" in data and data["MapIndex"] != call.map_index:
            return False
        if "Attempt" in data and data["Attempt"] != call.attempt + 1:
            return False
        if "StateInput" in data and not same(data["StateInput"], call.state_input):
            return False
        if self.when is not None and not self.when(effect.payload):
            return False
        return "When" not in data or has_part(effect.payload, data["When"])


def same(one: Json, other: Json) -> bool:
    """Equality of JSON values: Python's, but true is not 1."""
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(
            same(value, other[key]) for key, value in one.items()
        )
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(same, one, other))
    return bool(one == other)


def has_part(value: Json, part: Json) -> bool:
    """Whether a value has at least what `part` has: objects may have more members."""
    if isinstance(part, dict):
        return isinstance(value, dict) and all(
            key in value and has_part(value[key], inner) for key, inner in part.items()
        )
    if isinstance(part, list) and isinstance(value, list):
        return len(value) == len(part) and all(map(has_part, value, part))
    return same(value, part)


def pattern_of(effect: StartTask) -> str:
    """How the task's state waits for it, or `activity`."""
    resource = find_resource(effect.resource)
    if resource is None:
        return "request"
    return "activity" if resource.family == "activity" else resource.pattern


def say(effect: StartTask, mock: Mapping[str, Json]) -> Answer:
    """What an answer without a function says for one call."""
    id, pattern = effect.id, pattern_of(effect)
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


def read_answers(state: object, given: object) -> list[MockAnswer]:
    """The answers of one state: a list of tables, or one function for all calls."""
    if not isinstance(state, str) or not state:
        raise UsageError(f"mocks name states by text, not by {state!r}")
    if callable(given):
        return [MockAnswer({}, None, call=_serve(state, given))]
    if isinstance(given, (str, bytes)) or not isinstance(given, Sequence):
        raise UsageError(
            f"the mocks of state {state!r} are no list of answers: {short(given)}"
        )
    return [
        _read_answer(state, f"answer {number} of state {state!r}", answer)
        for number, answer in enumerate(given)
    ]


def _read_answer(state: str, where: str, given: object) -> MockAnswer:
    if not isinstance(given, Mapping):
        raise UsageError(f"{where} is no table: {short(given)}")
    for key in given:
        if key not in KEYS:
            hint = did_you_mean(str(key), KEYS)
            raise UsageError(f"{where} has an unknown key {key!r}{hint}")
    if sum(key in given for key in OUTCOMES) != 1:
        raise UsageError(f"{where} needs exactly one of Return, Throw, Never and Call")
    is_code = {"Call"} if "Call" in given else set()
    if callable(given.get("When")):
        is_code.add("When")
    try:
        data: dict[str, Json] = to_json(
            {key: value for key, value in given.items() if key not in is_code}
        )
    except NotJson as error:
        raise UsageError(f"{where} is no JSON: {error}") from None
    _check_outcome(where, data)
    _check_selectors(where, data)
    return MockAnswer(
        data,
        _read_times(where, data),
        _read_range(where, data["Invocation"]) if "Invocation" in data else None,
        cast("Callable[[Json], Any]", given["When"]) if "When" in is_code else None,
        _read_call(state, where, given) if "Call" in is_code else None,
    )


def _check_outcome(where: str, data: Mapping[str, Json]) -> None:
    if "Throw" in data:
        _check_throw(where, data["Throw"])
    if data.get("Never", True) is not True:
        raise UsageError(f"{where}: Never must be true, not {data['Never']!r}")
    microseconds(data.get("AfterSeconds", 0), f"{where}: AfterSeconds")


def _check_throw(where: str, thrown: Json) -> None:
    if not isinstance(thrown, dict):
        raise UsageError(
            f"{where}: Throw must have Error and Cause, not {short(thrown)}"
        )
    for key, text in thrown.items():
        if key not in ("Error", "Cause"):
            hint = did_you_mean(key, ("Error", "Cause"))
            raise UsageError(f"{where}: Throw has an unknown key {key!r}{hint}")
        if text is not None and not isinstance(text, str):
            raise UsageError(f"{where}: {key} must be a text, not {short(text)}")


def _check_selectors(where: str, data: Mapping[str, Json]) -> None:
    for key, least in (("MapIndex", 0), ("Attempt", 1)):
        number = data.get(key, least)
        if type(number) is not int or number < least:
            raise UsageError(
                f"{where}: {key} must be a whole number of at least {least}, not "
                f"{number!r}"
            )


def _read_times(where: str, data: Mapping[str, Json]) -> int | None:
    times = data.get("Times", None if "Invocation" in data else 1)
    if times is None and "Times" not in data:
        return None  # each of its calls comes once
    if times == ALWAYS:
        return None
    if type(times) is not int or times < 1:
        raise UsageError(
            f'{where}: Times must be a whole number of at least 1 or "{ALWAYS}", not '
            f"{times!r}"
        )
    return times


def _read_range(where: str, given: Json) -> tuple[int, int]:
    found = None if isinstance(given, bool) else _RANGE.fullmatch(str(given))
    first, last = (int(found[1]), int(found[2] or found[1])) if found else (1, 0)
    if first > last:
        raise UsageError(
            f'{where}: Invocation must be a number from 0 or a range such as "1-2", '
            f"not {short(given)}"
        )
    return first, last


def _read_call(state: str, where: str, given: Mapping[str, Any]) -> Called:
    for key in ("AfterSeconds", "Submitted"):
        if key in given:
            raise UsageError(
                f"{where} has Call and {key}: a function says such things itself, with "
                "context.advance(seconds) and asl.tasks.integrations.Submitted"
            )
    if not callable(given["Call"]):
        raise UsageError(f"{where}: Call must be a function, not {given['Call']!r}")
    return _serve(state, given["Call"])


def _serve(state: str, function: Callable[..., Any]) -> Called:
    inspect_callable(state, function, None)  # refused in the state's own name
    table = Tasks()
    table.bind("*")(function)
    return Called(function, table)


def did_you_mean(word: str, known: Sequence[str] | Mapping[str, object]) -> str:
    """A hint at the nearest known word, else at what there is."""
    from difflib import get_close_matches

    near = get_close_matches(word, list(known), n=1)
    if near:
        return f"; did you mean {near[0]!r}?"
    names = ", ".join(list(known)[:8])
    return f"; there are: {names}" if names else ""


def short(value: object) -> str:
    """A value as a message can show it."""
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."
