"""What is wrong with an intrinsic call: too many arguments, the wrong ones, no text.

In: a Definition. Out: Findings about calls that read well and fail whenever they are
made.
Never: reports syntax: model/build.py does, when it compiles the same texts.

States Language specification: "Intrinsic Functions".
"""

import re
from collections.abc import Iterator
from typing import cast

from asl.checks.rules import Finding, rule
from asl.checks.sites import Site
from asl.checks.subject import Definition
from asl.expressions.intrinsic_functions import INTRINSICS
from asl.expressions.intrinsic_syntax import Argument, Call, Literal
from asl.expressions.intrinsics import compile_intrinsic
from asl.expressions.scope import EvaluationError, Scope, SyntaxProblem


def _calls(call: Call) -> Iterator[Call]:
    yield call
    for argument in call.arguments:
        if isinstance(argument, Call):
            yield from _calls(argument)


@rule(
    "ASL214",
    "a wrong number of arguments",
    why="AWS accepts the definition, and the call fails whenever it is made.",
    fix="Give the function the arguments it takes.",
    spec="States Language: Intrinsic Functions",
)
def find_wrong_arity(subject: Definition) -> Iterator[Finding]:
    """Intrinsic calls that fail for their number of arguments."""
    for site in subject.sites:
        for call in _calls(site.call) if site.call else ():
            function, count = INTRINSICS[call.name], len(call.arguments)
            wanted = _arity(call.name, function.fewest, function.most)
            if call.name == "States.JsonToString":
                bad = count != 1
            else:
                most = function.most
                bad = count < function.fewest or (most is not None and count > most)
            if not bad and call.name == "States.Format":
                wanted, bad = _format_arity(call)
            if bad:
                yield Finding(
                    pointer=site.pointer,
                    message=f"{call.name} takes {wanted}, not {count}",
                    offset=call.position,
                )


def _arity(name: str, fewest: int, most: int | None) -> str:
    if name == "States.JsonToString":
        fewest = most = 1
    if most is None:
        return f"at least {fewest} argument{'s' * (fewest != 1)}"
    if fewest == most:
        return f"{fewest} argument{'s' * (fewest != 1)}"
    return f"{fewest} or {most} arguments"


def _format_arity(call: Call) -> tuple[str, bool]:
    template = call.arguments[0]
    if not (isinstance(template, Literal) and isinstance(template.value, str)):
        return "", False
    gaps = re.sub(r"\\.", "", template.written).count("{}")
    given = len(call.arguments) - 1
    wanted = f"{gaps + 1} argument{'s' * (gaps != 0)} for {gaps} {{}}"
    return wanted, gaps != given


_TEXT = "a text"
_NUMBER = "a number"
_LIST = "a list"
_OBJECT = "an object"

_TAKES: dict[str, tuple[str | None, ...]] = {
    "States.Format": (_TEXT,),
    "States.StringToJson": (_TEXT,),
    "States.ArrayPartition": (_LIST, _NUMBER),
    "States.ArrayContains": (_LIST, None),
    "States.ArrayRange": (_NUMBER, _NUMBER, _NUMBER),
    "States.ArrayGetItem": (_LIST, _NUMBER),
    "States.ArrayLength": (_LIST,),
    "States.ArrayUnique": (_LIST,),
    "States.Base64Encode": (_TEXT,),
    "States.Base64Decode": (_TEXT,),
    "States.Hash": (None, _TEXT),
    "States.JsonMerge": (_OBJECT, _OBJECT, None),
    "States.MathRandom": (_NUMBER, _NUMBER, _NUMBER),
    "States.MathAdd": (_NUMBER, _NUMBER),
    "States.StringSplit": (_TEXT, _TEXT),
}
_GIVES: dict[str, str] = {
    "States.Format": _TEXT,
    "States.JsonToString": _TEXT,
    "States.Array": _LIST,
    "States.ArrayPartition": _LIST,
    "States.ArrayContains": "true or false",
    "States.ArrayRange": _LIST,
    "States.ArrayLength": _NUMBER,
    "States.ArrayUnique": _LIST,
    "States.Base64Encode": _TEXT,
    "States.Base64Decode": _TEXT,
    "States.Hash": _TEXT,
    "States.JsonMerge": _OBJECT,
    "States.MathRandom": _NUMBER,
    "States.MathAdd": _NUMBER,
    "States.StringSplit": _LIST,
    "States.UUID": _TEXT,
}


def _given(argument: Argument) -> str | None:
    """What an argument is for certain; None where only the run knows."""
    if isinstance(argument, Call):
        return _GIVES.get(argument.name)
    if not isinstance(argument, Literal):
        return None
    value = argument.value
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true or false"
    return _TEXT if isinstance(value, str) else _NUMBER


@rule(
    "ASL215",
    "an argument that the function cannot take",
    why="AWS accepts the definition, and the call fails whenever it is made.",
    fix="Give an argument of the right type; numbers are written without quotes.",
    spec="States Language: Intrinsic Functions",
)
def find_wrong_arguments(subject: Definition) -> Iterator[Finding]:
    """Literal arguments and nested calls of a type that the function refuses."""
    for site in subject.sites:
        told = False
        for call in _calls(site.call) if site.call else ():
            takes = _TAKES.get(call.name, ())
            for wanted, argument in zip(takes, call.arguments, strict=False):
                given = _given(argument)
                if wanted and given and given != wanted:
                    told = True
                    number = call.arguments.index(argument) + 1
                    yield Finding(
                        pointer=site.pointer,
                        message=f"argument {number} of {call.name} must be {wanted}, "
                        f"not {given}",
                        offset=call.position,
                    )
        if site.call and not told and (failure := _constant_failure(site)):
            yield failure


_NOTHING = cast("Scope", None)
"""A call that reads no data asks its scope nothing."""


def _constant_failure(site: Site) -> Finding | None:
    """The failure of a call that reads no data: made once, now."""
    calls = list(_calls(site.call)) if site.call else []
    constant = all(
        isinstance(argument, (Literal, Call))
        for call in calls
        for argument in call.arguments
    )
    by_chance = any(INTRINSICS[call.name].by_chance for call in calls)
    if not constant or by_chance:
        return None
    if any(_wrong_count(call) for call in calls):
        return None
    try:
        compile_intrinsic(site.text).evaluate({}, _NOTHING)
    except EvaluationError as error:
        detail = error.detail.partition(f"{site.text}. ")[2].rstrip(".")
        return Finding(
            pointer=site.pointer,
            message=f"the call always fails: {detail}",
            offset=0,
        )
    except (SyntaxProblem, RecursionError):
        return None
    return None


def _wrong_count(call: Call) -> bool:
    function, count = INTRINSICS[call.name], len(call.arguments)
    if count < function.fewest or (function.most is not None and count > function.most):
        return True
    if call.name == "States.JsonToString":
        return count != 1
    return call.name == "States.Format" and _format_arity(call)[1]


@rule(
    "ASL216",
    "an intrinsic call that gives no text",
    why="Error and Cause are texts; a call that gives anything else fails the state "
    "with another error than it wants to tell.",
    fix="Use Format, JsonToString, ArrayGetItem, Base64Encode, Base64Decode, Hash or "
    "UUID.",
    spec="Developer guide: Fail workflow state",
)
def find_calls_without_text(subject: Definition) -> Iterator[Finding]:
    """ErrorPath and CausePath with calls that never give a text."""
    for site in subject.sites:
        if site.call and site.path in (("ErrorPath",), ("CausePath",)):
            gives = _GIVES.get(site.call.name, _TEXT)
            if gives != _TEXT:
                yield Finding(
                    pointer=site.pointer,
                    message=f"{site.path[0]} must be a text, and {site.call.name} "
                    f"gives {gives}",
                    offset=0,
                )
