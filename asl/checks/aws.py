"""AWS's voice: what ValidateStateMachineDefinition and CreateStateMachine would say.

In: a definition's text as it would be sent, or a Document. Out: AWS's answer, with its
codes, sentences and places, in its order; the message of a refusal.
Never: finds what another pass finds; it orders, words and places those findings. Its
own part is how AWS's reader and AWS's order of checking work.

Recorded: first what is wrong with shapes and values, in order of place, then names
and targets, then either the missing end or what cannot be reached.
"""

from collections.abc import Iterator, Sequence
from typing import Literal, TypeAlias

from asl.checks.aws_rules import find_refusals, find_warnings, unrecognized
from asl.checks.aws_words import (
    BAD_PATH,
    BAD_TIMESTAMP,
    SCHEMA,
    Diagnostic,
    schema,
    spell_location,
    tell_fault,
    tell_reference,
    value_at,
)
from asl.checks.flow import check_flow
from asl.checks.schema import find_faults
from asl.checks.subject import Definition
from asl.expressions.jackson import jackson_complaint
from asl.model.build import build_machine
from asl.problem import Problem, Severity
from asl.source.document import Document
from asl.source.substitution import unescape, walk
from asl.values import Json, NotJson, parse_json

WorkflowType: TypeAlias = Literal["STANDARD", "EXPRESS"]

MAX_RESULTS = 100


def diagnose(
    text: str,
    *,
    type: str = "STANDARD",
    severity: str = "ERROR",
    max_results: int = MAX_RESULTS,
) -> dict[str, Json]:
    """What ValidateStateMachineDefinition answers to a definition's text.

    `severity` is the least severe finding that is listed: ERROR or WARNING;
    `max_results` says how many findings are listed, 0 for as many as there may be.
    """
    found = read_and_diagnose(text, type=type)
    return render(found, severity=severity, max_results=max_results)


def diagnose_document(
    document: Document,
    *,
    type: str = "STANDARD",
    severity: str = "ERROR",
    max_results: int = MAX_RESULTS,
) -> dict[str, Json]:
    """The same for a Document, which may have been YAML or had placeholders."""
    found = _spelled(document.value, find_diagnostics(document, type=type))
    return render(found, severity=severity, max_results=max_results)


def read_and_diagnose(text: str, *, type: str = "STANDARD") -> list[dict[str, str]]:
    """Every finding in a definition's text, warnings too, in AWS's order."""
    if not text.strip():
        return [_NO_OBJECT]
    try:
        value = parse_json(text)
    except NotJson:
        return [_unreadable(text)]
    if not isinstance(value, dict):
        return [_NO_OBJECT]
    document = Document(value, text="", file=None, format="value")
    return _spelled(value, find_diagnostics(document, type=type))


def render(
    found: Sequence[dict[str, str]], *, severity: str, max_results: int
) -> dict[str, Json]:
    """Findings as ValidateStateMachineDefinition answers."""
    limit = max_results or MAX_RESULTS
    listed = [
        item for item in found if severity == "WARNING" or item["severity"] == "ERROR"
    ]
    return {
        "result": "FAIL" if any(i["severity"] == "ERROR" for i in found) else "OK",
        "diagnostics": listed[:limit],
        "truncated": len(listed) > limit,
    }


def create_message(diagnostics: Sequence[dict[str, str]]) -> str | None:
    """The message with which CreateStateMachine refuses, or None where it does not."""
    told = [
        f"{item['code']}: {item['message']} at {item.get('location', 'null')}"
        for item in diagnostics
        if item["severity"] == "ERROR"
    ]
    return f"Invalid State Machine Definition: '{', '.join(told)}'" if told else None


# --- reading

_NO_OBJECT = {
    "severity": "ERROR",
    "code": SCHEMA,
    "message": "Definition must be a valid JSON object",
}

_QUOTED_CHARACTERS = 500
"""How much of a text Jackson quotes."""

_REDACTED = "REDACTED (`StreamReadFeature.INCLUDE_SOURCE_IN_LOCATION` disabled)"
"""What stands for the text where AWS's reader does not quote it."""


def _unreadable(text: str) -> dict[str, str]:
    """What AWS's JSON reader complains of; unlike other operations this one quotes."""
    quoted = f'(String)"{text[:_QUOTED_CHARACTERS]}"'
    if len(text) > _QUOTED_CHARACTERS:
        quoted += f"[truncated {len(text) - _QUOTED_CHARACTERS} chars]"
    sentence, _, place = jackson_complaint(text).rpartition("\n at ")
    sentence, place = (part.replace(_REDACTED, quoted) for part in (sentence, place))
    return {
        "severity": "ERROR",
        "code": "INVALID_JSON_DESCRIPTION",
        "message": f"{sentence}\n at {place}",
        "location": place,
    }


def _spelled(value: Json, found: Sequence[Diagnostic]) -> list[dict[str, str]]:
    spelled = []
    for item in found:
        entry = {"severity": item.severity, "code": item.code, "message": item.message}
        if item.pointer is not None:
            entry["location"] = spell_location(value, item.pointer)
        spelled.append(entry)
    return spelled


# --- finding, in AWS's order


def find_diagnostics(document: Document, *, type: str = "STANDARD") -> list[Diagnostic]:
    """Everything AWS reports of a Document whose value is an object."""
    value = document.value
    subject = Definition(document, type=type)
    found: list[Diagnostic] = []
    too_deep = False
    for fault in find_faults(value, consequences=True):
        too_deep = too_deep or fault.kind == "depth"
        found += tell_fault(fault, value_at(value, fault.owner))
    found += find_refusals(subject)
    if not too_deep:
        found += _of_model(document, {item.pointer for item in found})
    order = {pointer: place for place, (pointer, _) in enumerate(walk(value))}
    found.sort(key=lambda item: order.get(item.pointer or "", 0))
    found += _of_flow(document)
    found += find_warnings(subject)
    return list(dict.fromkeys(found))


def _of_flow(document: Document) -> Iterator[Diagnostic]:
    for problem in check_flow(document):
        code, pointer = problem.aws_code, problem.pointer
        name = unescape(pointer.rpartition("/")[2])
        target = value_at(document.value, pointer)
        if problem.severity is not Severity.ERROR or code is None:
            continue
        if code == "MISSING_TRANSITION_TARGET" and isinstance(target, str):
            message = f"Missing 'Next' target: {target}"
        elif code == "MISSING_TRANSITION_TARGET":
            message = f'State "{name}" is not reachable.'
        elif code == "DUPLICATE_STATE_NAME":
            message = f"Duplicate State name: {name}"
        else:
            message = _SENTENCES.get(code, problem.message)
        place = None if code == "MISSING_END_STATE" else pointer
        yield Diagnostic(code=code, message=message, pointer=place)


_SENTENCES = {
    "MISSING_END_STATE": "Workflow has no terminal state",
    # Only the codes of these are recorded; the sentences are the API reference's.
    "INVALID_STATE_NAME": "The state name does not follow the naming convention.",
    "DUPLICATE_LABEL_NAME": "A label name appears more than once.",
}


def _of_model(document: Document, told: set[str | None]) -> Iterator[Diagnostic]:
    """What the model's builder could not understand, where nothing was said yet."""
    for problem in build_machine(document, "StateMachine")[1]:
        if problem.severity is Severity.ERROR and problem.pointer not in told:
            yield from _tell_model(problem, document.value)


def _tell_model(problem: Problem, definition: Json) -> Iterator[Diagnostic]:
    pointer = problem.pointer
    field = unescape(pointer.rpartition("/")[2])
    value = value_at(definition, pointer)
    match problem.code:
        case "ASL204":  # JSONata: aws_rules reads every expression itself
            return
        case "ASL205":
            yield schema(BAD_TIMESTAMP, pointer)
        case "ASL010" | "ASL501":
            yield unrecognized(str(value), pointer)
        case "ASL203" if isinstance(value, dict) and not field.endswith(".$"):
            yield from _tell_twins(value, _template_of(pointer))
        case "ASL203":  # under a key of a template, or ErrorPath and CausePath
            place = _template_of(pointer) if field.endswith(".$") else pointer
            yield schema(
                f"The value for the field '{field}' must be a valid JSONPath or a "
                "valid intrinsic function call",
                place,
            )
        case "ASL201" if field in ("InputPath", "OutputPath"):
            yield schema(BAD_PATH, pointer)
        case "ASL201" | "ASL202" | "ASL301":
            # A rule without a path is a rule of the wrong shape, which the schema told.
            if isinstance(value, str):
                yield schema(tell_reference(value), pointer)
        case _:
            yield Diagnostic(
                code=problem.aws_code or SCHEMA,
                message=problem.message,
                pointer=pointer,
            )


def _tell_twins(value: dict[str, Json], place: str) -> Iterator[Diagnostic]:
    for key in value:
        if f"{key}.$" in value:
            # No recording shows AWS's words for it.
            message = f"The field '{key}' is given twice, as '{key}' and '{key}.$'"
            yield schema(message, place)


def _template_of(pointer: str) -> str:
    """The template that a pointer leads into: `/States/T/Parameters`.

    AWS places what is wrong in a template at the field that holds it.
    """
    steps = pointer.split("/")
    start = 1
    while steps[start : start + 1] == ["States"]:
        start += 2  # the state's name
        inside = {"Branches": 2, "ItemProcessor": 1, "Iterator": 1}.get(steps[start], 0)
        if steps[start + inside : start + inside + 1] != ["States"]:
            break
        start += inside
    depth = {"Catch": 3, "Choices": 3}.get(steps[start], 1)
    if steps[start] in ("ItemReader", "ItemBatcher", "ResultWriter"):
        depth = 2
    return "/".join(steps[: start + depth])
