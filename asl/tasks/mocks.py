"""Mocks: answers by state name, instead of callables.

In: for each state a list of answers or a function; StartTask effects.
Out: the next fitting answer for each call.
Never: turns a missing answer into a failure that a Catch could swallow.

    {"Pay": [{"Throw": {"Error": "Busy"}}, {"Return": {"paid": true}}]}

The first answer that fits is used, and each once unless it says otherwise; how answers
are written stands in mock_answers.py. Step Functions Local's mock configuration file
is read by mock_config.py.
"""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, TypeAlias, cast

from asl.engine.messages import Instant, StartTask
from asl.errors import DefinitionError, UsageError
from asl.model.machine import StateMachine
from asl.model.resource import Resource, find_resource
from asl.model.states import Task
from asl.source.document import Document
from asl.source.reading import read_file
from asl.tasks.answer import Job, Ready
from asl.tasks.mock_answers import (
    SELECTORS,
    Called,
    MockAnswer,
    did_you_mean,
    pattern_of,
    read_answers,
    say,
    short,
)
from asl.tasks.mock_config import choose
from asl.tasks.registry import Tasks, unregistered_activity
from asl.tasks.tokens import AnswersTokens
from asl.values import Json

Validation: TypeAlias = Literal["STRICT", "PRESENT", "NONE"]
Answers: TypeAlias = Mapping[str, Sequence[Mapping[str, Any]] | Callable[..., Any]]

_ENVELOPE = frozenset(
    (
        "ExecutedVersion",
        "FunctionError",
        "LogResult",
        "Payload",
        "SdkHttpMetadata",
        "SdkResponseMetadata",
        "StatusCode",
    )
)
"""What lambda:invoke gives around a function's result."""


class Mocks(AnswersTokens):
    """Answers by state name; a call without one ends the run with UsageError.

    `otherwise` serves the states that the mocks do not name. `field_validation` holds
    every Return against the API model of its integration, as TestState does: STRICT,
    PRESENT (only the fields that are there) or NONE.
    """

    def __init__(
        self,
        answers: Answers,
        *,
        otherwise: Tasks | None = None,
        field_validation: Validation = "NONE",
    ) -> None:
        if not isinstance(answers, Mapping):
            raise UsageError(
                f"mocks are a table from state name to answers, not {answers!r}"
            )
        if otherwise is not None and not isinstance(otherwise, Tasks):
            raise UsageError(f"otherwise is an asl.Tasks, not {otherwise!r}")
        read_validation(field_validation)
        super().__init__()
        self._otherwise = otherwise
        if otherwise is not None:
            self.tokens = otherwise.tokens
            self.last_run = otherwise.last_run
        self._validation = field_validation
        self._unwraps = False
        """Whether a direct Lambda's Return may stand in the envelope of an invoke."""
        self._answers = {
            state: read_answers(state, given) for state, given in answers.items()
        }
        self._begin()

    def _begin(self) -> None:
        """Forget what was used."""
        self._left = {
            state: [(answer, answer.times) for answer in given]
            for state, given in self._answers.items()
        }
        self._calls: dict[str, int] = {}
        """How often each state has called."""

    @classmethod
    def load(
        cls,
        path: str | Path,
        *,
        machine: str | None = None,
        test_case: str | None = None,
        otherwise: Tasks | None = None,
        field_validation: Validation = "NONE",
    ) -> "Mocks":
        """Read mocks from a JSON or YAML file: a table, or a mock configuration.

        A configuration's test case may be named behind the file: `FILE#CASE`. Its
        `machine` is the one of this name, else the only one with such a test case: a
        definition's file and its machine in AWS need not be called the same.
        """
        file, case = _take_apart(path)
        document = _read(file)
        if document.value.keys() & {"MockedResponses", "StateMachines"}:
            known = document.value.get("StateMachines")
            if not isinstance(known, dict) or machine not in known:
                machine = None
            mocks = cls(choose(document, machine, test_case or case))
            mocks._unwraps = True
        elif test_case or case:
            raise UsageError(f"{file}: only a mock configuration has test cases")
        else:
            mocks = cls(document.value)
        return mocks._with(otherwise, field_validation)

    @classmethod
    def from_config(
        cls,
        config: str | Path | Mapping[str, Json],
        machine: str | None = None,
        test_case: str | None = None,
        *,
        otherwise: Tasks | None = None,
        field_validation: Validation = "NONE",
    ) -> "Mocks":
        """Mocks of one test case of Step Functions Local's MockConfigFile.json.

        `machine` and `test_case` may be left out where there is only one.
        """
        if isinstance(config, Mapping):
            table = choose(config, machine, test_case)
        else:
            file, case = _take_apart(config)
            table = choose(_read(file), machine, test_case or case)
        mocks = cls(table)
        mocks._unwraps = True
        return mocks._with(otherwise, field_validation)

    def _with(
        self, otherwise: Tasks | None, field_validation: Validation = "NONE"
    ) -> "Mocks":
        """These answers, unused, before other tasks and another validation."""
        other = Mocks({}, otherwise=otherwise, field_validation=field_validation)
        other._answers = self._answers
        other._unwraps = self._unwraps
        other._begin()
        return other

    def fresh(self) -> "Mocks":
        """The same answers, none of them used yet; every run begins with these."""
        other = self._with(self._otherwise, self._validation)
        # Whoever holds these mocks answers tokens through them, so they stay shared.
        other.tokens = self.tokens
        return other

    def callables(self) -> list[tuple[str, Callable[..., Any]]]:
        """What is bound in the tasks behind the mocks."""
        return [] if self._otherwise is None else self._otherwise.callables()

    def binds(self, resource: str) -> bool:
        """Whether the tasks behind the mocks bind it; mocks go by the state's name."""
        return self._otherwise is not None and self._otherwise.binds(resource)

    def knows_activity(self, state: str, arn: str) -> bool:
        """Whether there are answers for a state, so that its activity exists."""
        if state in self._answers or self._otherwise is None:
            return state in self._answers
        return self._otherwise.knows_activity(state, arn)

    def missing_for(self, resources: object) -> list[str]:
        """None: which answers a run needs shows only when it gets there."""
        return []

    def find_plain(self, resource: str) -> None:
        """None: a mock's answer needs no call."""

    def prepare(self, effect: StartTask, now: Instant) -> Job | Ready:
        """The next answer for this call, ready."""
        if effect.call.state not in self._answers:
            if self._otherwise is not None:
                return self._otherwise.prepare(effect, now)
            if pattern_of(effect) == "activity":
                return unregistered_activity(effect)
        answer = self._take(effect)
        if answer.call is not None:
            return self._call(answer.call, effect, now)
        data = answer.data
        if "Return" in data and (self._unwraps or self._validation != "NONE"):
            data = self._fit(effect, data)
        return Ready(say(effect, data))

    def note(self, effect: StartTask) -> None:
        """Use up the answer to a call that was answered in an earlier run."""
        if effect.call.state in self._answers:
            self._take(effect)

    def problems(
        self, machine: StateMachine, field_validation: Validation = "STRICT"
    ) -> list[str]:
        """What is wrong with these mocks for a machine, without running it."""
        read_validation(field_validation)
        states = {state.name: state for state in machine.all_states()}
        tasks = [name for name, state in states.items() if isinstance(state, Task)]
        found = []
        for name, answers in self._answers.items():
            state = states.get(name)
            if state is None:
                hint = did_you_mean(name, tasks)
                found.append(f"there is no state {name!r}{hint}")
            elif not isinstance(state, Task):
                found.append(f"{name!r} is no Task: nothing asks for its mocks")
            else:
                for number, answer in enumerate(answers):
                    where = f"answer {number} of state {name!r}: "
                    reasons = self._reasons(
                        state.resource, answer.data, field_validation
                    )
                    found += [where + reason for reason in reasons]
        return found

    def _reasons(
        self, resource: Resource, data: Mapping[str, Json], mode: Validation
    ) -> list[str]:
        if "Return" not in data or mode == "NONE":
            return []
        from asl.tasks.api_shapes import check_result

        return check_result(resource, self._unwrap(resource, data)["Return"], mode)

    def _unwrap(
        self, resource: Resource, data: Mapping[str, Json]
    ) -> Mapping[str, Json]:
        """A direct Lambda's result without the envelope of lambda:invoke."""
        given = data["Return"]
        if (
            not self._unwraps
            or resource.family != "lambda"
            or not isinstance(given, dict)
            or "Payload" not in given
            or given.keys() - _ENVELOPE
        ):
            return data
        return {**data, "Return": given["Payload"]}

    def _fit(self, effect: StartTask, data: Mapping[str, Json]) -> Mapping[str, Json]:
        """A Return, unwrapped and held against its API where that is wished."""
        resource = find_resource(effect.resource)
        if resource is None:
            return data
        if reasons := self._reasons(resource, data, self._validation):
            raise UsageError(
                f"the mock of state {effect.call.state!r} is nothing that "
                f"{effect.resource} gives: {'; '.join(reasons)}"
            )
        return self._unwrap(resource, data)

    def _call(self, called: Called, effect: StartTask, now: Instant) -> Job | Ready:
        """The call of a function that stands for a state, whatever its resource."""
        table, arn = called.table, effect.resource
        is_activity = pattern_of(effect) == "activity"
        if is_activity and not table.knows_activity(effect.call.state, arn):
            table.bind_activity(arn)(called.function)  # no pattern fits an activity
        job = table.prepare(effect, now)
        if isinstance(job, Job):
            job.tokens = self.tokens
        return job

    def _take(self, effect: StartTask) -> MockAnswer:
        state = effect.call.state
        left = self._left.get(state, [])
        number = self._calls.get(state, 0)
        for place, (answer, times) in enumerate(left):
            if answer.fits(effect, number):
                if times == 1:
                    del left[place]
                elif times is not None:
                    left[place] = (answer, times - 1)
                self._calls[state] = number + 1
                return answer
        raise UsageError(self._why_nothing(effect, number))

    def _why_nothing(self, effect: StartTask, number: int) -> str:
        call = effect.call
        where = f"visit {call.visit + 1}, attempt {call.attempt + 1}"
        if call.map_index is not None:
            where += f", Map index {call.map_index}"
        head = f"no mock answers state {call.state!r} ({where})"
        given = self._answers.get(call.state)
        if given is None:
            hint = did_you_mean(call.state, self._answers)
            return f"{head}: the mocks do not name the state{hint}"
        count = f"{len(given)} answer{'' if len(given) == 1 else 's'}"
        left = [answer for answer, _ in self._left[call.state]]
        if not left:
            return f"{head}: it has {count}, all used; add one"
        names = [
            name
            for name in SELECTORS
            if any(name in answer.data for answer in left)
            or (name == "When" and any(answer.when for answer in left))
        ]
        if names == ["Invocation"]:
            return f"{head}: its {count} say nothing of invocation {number}"
        return (
            f"{head}: of its {count}, {len(left)} are left, and none fits this call's "
            f"{' and '.join(names)}; it was given {short(effect.payload)}"
        )


def read_validation(mode: str) -> Validation:
    """How strictly to look; UsageError where it cannot be done."""
    if mode not in ("STRICT", "PRESENT", "NONE"):
        raise UsageError(f"field_validation is STRICT, PRESENT or NONE, not {mode!r}")
    if mode != "NONE":
        from importlib.util import find_spec

        if find_spec("botocore") is None:
            raise UsageError(
                "mocks are held against the API models of botocore, which is not "
                "installed: pip install 'aslkit[aws]'"
            )
    return cast("Validation", mode)


def _take_apart(path: str | Path) -> tuple[Path, str | None]:
    """A file, and the test case that is named behind it."""
    text = str(path)
    if "#" not in text or Path(text).is_file():
        return Path(text), None
    # The first sign unless a longer beginning is a file: folders may have it, too.
    signs = [place for place, sign in enumerate(text) if sign == "#"]
    files = [place for place in signs if Path(text[:place]).is_file()]
    place = (files or signs)[0]
    return Path(text[:place]), text[place + 1 :]


def _read(path: Path) -> Document:
    try:
        return read_file(path)
    except DefinitionError as error:
        if error.problems[0].code == "ASL005":  # speaks of definitions
            text = f"{path}: mocks are a table from state name to answers"
            raise UsageError(text) from None
        raise UsageError(str(error)) from None
