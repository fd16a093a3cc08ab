"""TestState: the operation that runs one state alone.

In: TestState's request, of the shape the model asks for. Out: its answer, or ApiError
with AWS's code and message. Never: runs a state itself; asl.run_state does.

API reference: TestState; recorded.
"""

import json
from collections.abc import Mapping
from typing import Any, Literal, cast

from asl.checks.aws import create_message, read_and_diagnose
from asl.checks.load import load_text
from asl.engine.arns import arn_of
from asl.errors import ApiError, UsageError
from asl.model.machine import StateMachine
from asl.model.states import Map, Parallel, State, Task
from asl.quotas import LIMITS
from asl.runtime.single import Level, prepare_state
from asl.tasks.api_shapes import check_result
from asl.tasks.mocks import Mocks
from asl.tasks.registry import Tasks
from asl.values import Json, NotJson, parse_json

NAME = "StateName"
"""What a state is called here, whatever it is called in its machine (recorded)."""

_CONTEXT: dict[str, dict[str, type]] = {
    "Execution": {"Id": str, "Name": str, "RoleArn": str, "StartTime": str},
    "State": {"Name": str, "EnteredTime": str, "RetryCount": int},
    "StateMachine": {"Id": str, "Name": str},
    "Task": {"Token": str},
}
_KINDS = {str: "a string", int: "a number"}


def answer_test_state(
    request: Mapping[str, Json], *, tasks: Tasks | Mocks | None = None
) -> dict[str, Json]:
    """Answer TestState; a Task without a mock is done by `tasks`."""
    definition, is_inside_map = _lone_state(request)
    machine = _build(definition)
    state = machine.states[NAME]
    settings = request.get("stateConfiguration") or {}
    mock = request.get("mock")
    if mock is not None and request.get("revealSecrets"):
        raise _invalid(
            "TestState does not support RevealSecrets when a mock is specified."
        )
    _check_mock(state, mock, settings)
    if mock is None and isinstance(state, Task) and not request.get("roleArn"):
        raise _invalid("RoleArn must be specified when testing a Task state")
    arguments = _mock_arguments(state, mock, settings)
    if mock is None:
        if isinstance(state, Task) and tasks is None:
            raise UsageError("a Task without a mock needs tasks, and there are none")
        arguments["tasks"] = tasks
    if request.get("context") is not None:
        arguments["context"] = _context(state, request)
    input, variables = _parsed(request, "input", {}), _variables(request)
    level = cast("Level", request.get("inspectionLevel") or "INFO")
    try:
        ready = prepare_state(
            machine,
            NAME,
            input,
            variables=variables,
            retry_count=settings.get("retrierRetryCount") or 0,
            map_iteration=0 if is_inside_map else None,
            **arguments,
        )
    except UsageError as error:
        raise _invalid(str(error)) from None
    # Recorded: it looks like an Express execution, but may do what only Standard may.
    execution = ready.runner.root
    execution.type, execution.limits = "EXPRESS", LIMITS["EXPRESS"]
    execution.role_arn = cast("str", request.get("roleArn"))  # null where absent
    execution.arn = arn_of("express", execution.machine_arn, execution.name)
    return ready.run().to_aws(level)


def _invalid(message: str) -> ApiError:
    return ApiError("ValidationException", message)


# ------------------------------------------------------------------------- definition


def _lone_state(request: Mapping[str, Json]) -> tuple[dict[str, Json], bool]:
    """The state's own definition, and whether it stands inside a Map."""
    text = request["definition"]
    name = request.get("stateName")
    if name is None:
        try:
            value = parse_json(text)
        except NotJson:
            value = None
        if not isinstance(value, dict):
            _refuse_wrong(text)
        return cast("dict[str, Json]", value), False
    _refuse_wrong(text)
    found = _find(parse_json(text), name, "JSONPath", inside=False)
    if found is None:
        raise _invalid("State not found in definition")
    return found


def _find(
    branch: dict[str, Json], name: str, language: str, *, inside: bool
) -> tuple[dict[str, Json], bool] | None:
    """A state by its name, in a machine or in the branches and Maps of one."""
    language = branch.get("QueryLanguage", language)
    for key, state in branch["States"].items():
        if key == name:
            return {"QueryLanguage": language} | state, inside
        inner = [(one, inside) for one in state.get("Branches", ())]
        for field in ("ItemProcessor", "Iterator"):
            inner += [(state[field], True)] if field in state else []
        own = state.get("QueryLanguage", language)
        for one, is_map in inner:
            found = _find(one, name, own, inside=is_map)
            if found is not None:
                return found
    return None


def _build(state: dict[str, Json]) -> StateMachine:
    """A machine that holds the state, and an end for each place that it leads to."""
    ends: dict[str, Json] = {
        name: {"Type": "Succeed"} for name in _targets(state) if name != NAME
    }
    text = json.dumps({"StartAt": NAME, "States": {NAME: state} | ends})
    _refuse_wrong(text)
    return load_text(text, name=NAME)


def _targets(state: dict[str, Json]) -> set[str]:
    """The names of the states to which a state may lead."""
    steps = [state.get("Next"), state.get("Default")]
    for field in ("Choices", "Catch"):
        entries = state.get(field)
        for entry in entries if isinstance(entries, list) else ():
            steps += [entry.get("Next")] if isinstance(entry, dict) else []
    return {step for step in steps if isinstance(step, str) and step}


def _refuse_wrong(text: str) -> None:
    if message := create_message(read_and_diagnose(text)):
        raise ApiError("InvalidDefinition", message)


# ------------------------------------------------------------------------------- mocks


def _check_mock(
    state: State, mock: dict[str, Json] | None, settings: dict[str, Json]
) -> None:
    """What AWS refuses about a mock, and about having none."""
    is_side_by_side = isinstance(state, (Map, Parallel))
    if mock is None:
        if settings.get("mapIterationFailureCount") is not None:
            raise _invalid(
                "TestState does not support MapIterationFailureCount when a mock is "
                "not specified."
            )
        if is_side_by_side:
            raise ApiError(
                "InvalidDefinition",
                "TestState API does not support Map or Parallel states. Supported "
                "state types include: [Task, Wait, Pass, Succeed, Fail, Choice]",
            )
        return
    if not is_side_by_side and not isinstance(state, Task):
        raise _invalid(
            f"State type '{state.type}' is not supported when a mock is specified"
        )
    if mock.get("result") is not None and mock.get("errorOutput") is not None:
        raise _invalid(
            "A test mock should have only one of the following fields: [result, "
            "errorOutput]."
        )


def _mock_arguments(
    state: State, mock: dict[str, Json] | None, settings: dict[str, Json]
) -> dict[str, Any]:
    """A mock as run_state takes it."""
    if mock is None:
        return {}
    arguments: dict[str, Any] = {}
    if isinstance(state, Map):
        count = settings.get("mapIterationFailureCount") or 0
        arguments["failed_iterations"] = count
        if state.reader is not None:
            arguments["reader_data"] = settings.get("mapItemReaderData")
    if mock.get("errorOutput") is not None:
        thrown = mock["errorOutput"]
        return arguments | {"error": thrown.get("error"), "cause": thrown.get("cause")}
    result = _parsed(mock, "result", None, "Mocked result must be valid JSON")
    if isinstance(state, Task):
        mode = mock.get("fieldValidationMode") or "STRICT"
        strictness = cast("Literal['STRICT', 'PRESENT', 'NONE']", mode)
        if wrong := check_result(state.resource, result, strictness):
            raise _invalid(wrong[0])
    else:
        _check_result(state, result, arguments.get("failed_iterations", 0))
    return arguments | {"result": result}


def _check_result(state: State, result: Json, failed: int) -> None:
    """What the result of a Map or Parallel has to be."""
    if isinstance(state, Map) and state.writer is not None:
        if not isinstance(result, dict):
            raise _invalid("Mocked result must be a JSON object.")
        return
    if not isinstance(result, list):
        raise _invalid("Mocked result must be an array.")
    if isinstance(state, Parallel) and len(result) != len(state.branches):
        raise _invalid(
            "Mocked result must contain the same number of items as number of Parallel "
            "branches."
        )
    if failed > len(result):
        raise _invalid(
            "Map iteration failure count must be less than or equal to the number of "
            "Map iterations"
        )


# ---------------------------------------------------------------------------- the rest


def _context(state: State, request: Mapping[str, Json]) -> dict[str, Json]:
    """The given context object, with nothing in it that may not be."""
    given = _parsed(request, "context", {})
    head = "Invalid Context object provided: "
    if not isinstance(given, dict):
        raise _invalid(f"{head}must be a JSON object")
    for field, value in given.items():
        if field == "Map":
            raise _invalid(
                f"{head}'Map' field is not supported when mocking a Context object"
            )
        if field not in _CONTEXT:
            raise _invalid(f"{head}Field '{field}' is not allowed")
        for inner, kind in _CONTEXT[field].items():
            inside = value.get(inner) if isinstance(value, dict) else None
            if inside is not None and not isinstance(inside, kind):
                raise _invalid(f"{head}{field}.{inner} must be {_KINDS[kind]}")
    waits = isinstance(state, Task) and state.resource.pattern != "request"
    if "Task" in given and not waits:
        raise _invalid(
            f"{head}Context object contains 'Task' when state is not a Task state with "
            "a '.sync' or '.waitForTaskToken' service integration pattern"
        )
    return given


def _variables(request: Mapping[str, Json]) -> dict[str, Json]:
    given = _parsed(request, "variables", {})
    if not isinstance(given, dict):
        raise _invalid("Variables must be a JSON object")
    return given


def _parsed(
    given: Mapping[str, Json], field: str, default: Json, complaint: str | None = None
) -> Json:
    """The value of a field that is a JSON text."""
    text = given.get(field)
    if text is None:
        return default
    try:
        return parse_json(text)
    except NotJson:
        if complaint is not None:
            raise _invalid(complaint) from None
        message = f"Invalid JSON in field '{field}'"
        raise ApiError("InvalidExecutionInput", message) from None
