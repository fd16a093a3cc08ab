"""Document → StateMachine: the code that spells the JSON field names of states.

In: a Document. Out: a frozen StateMachine with every path, template, rule and
expression compiled, and the Problems met on the way; a field that cannot be understood
makes a Problem and a hole, so that one bad field hides nothing.
Never: judges structure (missing, unknown, misplaced fields: checks/schema.py) or flow.

States Language specification, whole.
"""

from collections.abc import Mapping
from typing import Any, Literal

from asl.expressions.comparison import parse_timestamp
from asl.expressions.jsonata import is_jsonata
from asl.expressions.jsonpath import Path
from asl.expressions.template import Evaluate
from asl.model.build_map import build_map
from asl.model.choice import RuleProblem, compile_condition, compile_rule
from asl.model.data import (
    integer_expression,
    literal,
    seconds_path,
    timestamp_expression,
    timestamp_path,
)
from asl.model.failure import Catcher, Retrier
from asl.model.fields import Fields, escape
from asl.model.machine import Branch, StateMachine
from asl.model.resource import find_resource
from asl.model.states import (
    Choice,
    ChoiceRule,
    Fail,
    Number,
    Parallel,
    Pass,
    State,
    Succeed,
    Task,
    Wait,
)
from asl.problem import Problem
from asl.source.document import Document
from asl.source.substitution import find_placeholders
from asl.values import Json, size_bound


def build_machine(
    document: Document, name: str
) -> tuple[StateMachine | None, list[Problem]]:
    """Build the machine of a definition; None where there is no object."""
    problems: list[Problem] = []
    definition = document.value
    if not isinstance(definition, dict):
        return None, problems
    fields = Fields(document, definition, "", jsonata=False, problems=problems)
    language = _language(definition, _stray_language(definition))
    limit = fields.number("TimeoutSeconds")
    branch = _build_branch(fields, default_jsonata=language == "JSONata")
    machine = StateMachine(
        name=name,
        definition=definition,
        file=document.file,
        comment=fields.text("Comment"),
        query_language=language,
        timeout_seconds=None if limit is None else int(limit),
        start_at=branch.start_at,
        states=branch.states,
    )
    return machine, problems


def _language(
    definition: Mapping[str, Json], default: str
) -> Literal["JSONPath", "JSONata"]:
    """Anything but exactly "JSONPath" counts as JSONata, as AWS resolves it."""
    value = definition.get("QueryLanguage", default)
    return "JSONPath" if value == "JSONPath" else "JSONata"


def _stray_language(definition: Mapping[str, Json]) -> str:
    """A QueryLanguage put among the states by mistake counts as the machine's.

    The schema pass warns of it; what AWS makes of it was not recorded.
    """
    states = definition.get("States")
    stray = states.get("QueryLanguage") if isinstance(states, dict) else None
    return stray if isinstance(stray, str) else "JSONPath"


def _build_branch(fields: Fields, *, default_jsonata: bool) -> Branch:
    states: dict[str, State] = {}
    members = fields.definition.get("States")
    for name, value in members.items() if isinstance(members, dict) else ():
        if not isinstance(value, dict):
            continue
        own = _language(value, "JSONata" if default_jsonata else "JSONPath")
        state = _build_state(
            name,
            Fields(
                fields.document,
                value,
                f"{fields.pointer}/States/{escape(name)}",
                jsonata=own == "JSONata",
                problems=fields.problems,
            ),
            default_jsonata,
        )
        if state is not None:
            states[name] = state
    return Branch(
        start_at=fields.text("StartAt") or "",
        states=states,
        pointer=fields.pointer,
    )


def _build_state(name: str, fields: Fields, default_jsonata: bool) -> State | None:
    common = _common(name, fields)
    match fields.text("Type"):
        case "Pass":
            return _build_pass(fields, common)
        case "Succeed":
            return Succeed(**common)
        case "Fail":
            return Fail(
                error=fields.dynamic_text("Error"),
                cause=fields.dynamic_text("Cause"),
                **common,
            )
        case "Wait":
            return _build_wait(fields, common)
        case "Choice":
            return _build_choice(fields, common)
        case "Task":
            return _build_task(fields, common)
        case "Parallel":
            return Parallel(
                branches=tuple(
                    _build_branch(branch, default_jsonata=default_jsonata)
                    for branch in fields.each("Branches")
                ),
                parameters=_payload(fields),
                **common,
                **_retriable(fields),
            )
        case "Map":
            return build_map(
                fields,
                common | _retriable(fields),
                lambda body: _build_branch(body, default_jsonata=default_jsonata),
            )
    return None


def _common(name: str, fields: Fields) -> dict[str, Any]:
    """The fields that every state may have."""
    jsonata = fields.jsonata
    return {
        "name": name,
        "pointer": fields.pointer,
        "definition": fields.definition,
        "jsonata": jsonata,
        "next": fields.text("Next"),
        "input_path": None if jsonata else _whole(fields, "InputPath"),
        "discards_input": not jsonata and fields.is_null("InputPath"),
        "output_path": None if jsonata else _whole(fields, "OutputPath"),
        "discards_output": not jsonata and fields.is_null("OutputPath"),
        "output": fields.template("Output") if jsonata else None,
        "assign": _assignments(fields),
    }


def _assignments(fields: Fields) -> Evaluate | None:
    """Assign, or None where it assigns nothing."""
    return fields.template("Assign") if fields.definition.get("Assign") else None


def _whole(fields: Fields, name: str) -> Path | None:
    """InputPath and OutputPath: `$`, the default, is the same as none."""
    return None if fields.text(name) == "$" else fields.path(name)


def _payload(fields: Fields) -> Evaluate | None:
    return fields.template("Arguments" if fields.jsonata else "Parameters")


def _retriable(fields: Fields) -> dict[str, Any]:
    """The fields that Task, Parallel and Map share."""
    jsonata = fields.jsonata
    return {
        "result_selector": None if jsonata else fields.template("ResultSelector"),
        "result_path": None if jsonata else fields.reference_path("ResultPath"),
        "discards_result": not jsonata and fields.is_null("ResultPath"),
        "retry": tuple(_build_retrier(entry) for entry in fields.each("Retry")),
        "catch": tuple(_build_catcher(entry) for entry in fields.each("Catch")),
    }


def _build_retrier(fields: Fields) -> Retrier:
    attempts = fields.number("MaxAttempts")
    interval = fields.number("IntervalSeconds")
    rate = fields.number("BackoffRate")
    return Retrier(
        error_equals=fields.texts("ErrorEquals"),
        interval_seconds=1 if interval is None else interval,
        max_attempts=3 if attempts is None else int(attempts),
        backoff_rate=2.0 if rate is None else rate,
        max_delay_seconds=fields.number("MaxDelaySeconds"),
        jitter_strategy="FULL" if fields.text("JitterStrategy") == "FULL" else "NONE",
    )


def _build_catcher(fields: Fields) -> Catcher:
    jsonata = fields.jsonata
    return Catcher(
        error_equals=fields.texts("ErrorEquals"),
        next=fields.text("Next") or "",
        result_path=None if jsonata else fields.reference_path("ResultPath"),
        keeps_input=not jsonata and fields.is_null("ResultPath"),
        output=fields.template("Output") if jsonata else None,
        assign=_assignments(fields),
    )


def _build_pass(fields: Fields, common: dict[str, Any]) -> Pass:
    has_result = "Result" in fields.definition and not fields.jsonata
    parameters = None if fields.jsonata else fields.template("Parameters")
    plain = not any(
        common[name]
        for name in ("input_path", "discards_input", "output_path", "discards_output")
    )
    return Pass(
        result=fields.definition.get("Result"),
        has_result=has_result,
        result_bound=size_bound(fields.definition.get("Result"))
        + 6 * len(fields.text("ResultPath") or ""),
        parameters=parameters,
        result_path=None if fields.jsonata else fields.reference_path("ResultPath"),
        discards_result=not fields.jsonata and fields.is_null("ResultPath"),
        straight=plain
        and not fields.jsonata
        and common["assign"] is None
        and not fields.is_null("ResultPath"),
        **common,
    )


def _build_wait(fields: Fields, common: dict[str, Any]) -> Wait:
    seconds = until = None
    if not fields.jsonata and (path := fields.single_path("SecondsPath")):
        seconds = seconds_path(path)
    elif not fields.jsonata and (path := fields.single_path("TimestampPath")):
        until = timestamp_path(path)
    elif expression := fields.expression("Seconds"):
        seconds = integer_expression("Seconds", expression)
    elif expression := fields.expression("Timestamp"):
        until = timestamp_expression("Timestamp", expression)
    elif (number := fields.number("Seconds")) is not None:
        seconds = literal(int(number))
    elif (text := fields.text("Timestamp")) is not None and not (
        fields.jsonata and is_jsonata(text)  # then its problem is noted
    ):
        until = _fixed_timestamp(fields, text)
    return Wait(seconds=seconds, until_ns=until, **common)


def _fixed_timestamp(fields: Fields, text: str) -> Number | None:
    moment = parse_timestamp(text)
    if moment is None:
        fields.wrong(
            "ASL205",
            "Timestamp",
            f"{text!r} is no RFC3339 timestamp; write it like 2026-03-14T01:59:00Z",
        )
        return None
    return literal(moment)


def _build_choice(fields: Fields, common: dict[str, Any]) -> Choice:
    rules = [
        rule
        for index, entry in enumerate(fields.each("Choices"))
        if (rule := _build_rule(entry, index))
    ]
    return Choice(choices=tuple(rules), default=fields.text("Default"), **common)


def _build_rule(fields: Fields, index: int) -> ChoiceRule | None:
    try:
        if fields.jsonata:
            condition = fields.definition.get("Condition")
            if isinstance(condition, bool):
                fixed = literal(condition)
                test = lambda subject, scope: bool(fixed(subject, scope))  # noqa: E731 - one shape for both
            else:
                expression = fields.expression("Condition")
                if expression is None:
                    return None
                test = compile_condition(expression, f"{fields.location}Condition")
        else:
            test = compile_rule(fields.definition)
    except RuleProblem as problem:
        fields.problems.append(
            fields.document.problem(
                "ASL301",
                problem.message,
                pointer=fields.pointer + problem.pointer,
                aws_code="SCHEMA_VALIDATION_FAILED",
                offset=problem.position,
            )
        )
        return None
    return ChoiceRule(
        test=test,
        next=fields.text("Next") or "",
        index=index,
        assign=_assignments(fields),
        output=fields.template("Output") if fields.jsonata else None,
    )


def _build_task(fields: Fields, common: dict[str, Any]) -> Task | None:
    arn = fields.text("Resource")
    if arn is None:
        return None
    resource = find_resource(arn)
    if resource is None and (unfilled := find_placeholders(arn)):
        names = ", ".join(f"${{{name}}}" for _, name in unfilled)
        fields.wrong(
            "ASL010",
            "Resource",
            f"{names} stands for a resource and is not filled; give it with "
            "substitutions (--substitute Name=value)",
        )
        return None
    if resource is None:
        fields.wrong(
            "ASL501",
            "Resource",
            f"{arn!r} is not a resource that Step Functions knows: expected the ARN of "
            "a Lambda function, an activity or a service integration",
        )
        return None
    return Task(
        resource=resource,
        parameters=_payload(fields),
        timeout_seconds=fields.integer("TimeoutSeconds"),
        heartbeat_seconds=fields.integer("HeartbeatSeconds"),
        credentials=fields.template("Credentials"),
        takes_token=resource.pattern == "token" or resource.family == "activity",
        **common,
        **_retriable(fields),
    )
