"""What is wrong with the data of a state: `$states`, templates, intrinsic calls.

In: a Definition. Out: Findings about expressions that read well and still cannot work.
Never: reports syntax: model/build.py does, when it compiles the same texts.

States Language specification: "Payload Template", "Intrinsic Functions", "JSONata";
reference 02.4, 03.3, 05, 16.4.
"""

import re
from collections.abc import Iterator
from typing import cast

from asl.checks.fault import find_near
from asl.checks.rules import UNSUPPORTED_JSONATA, Finding, rule
from asl.checks.sites import Site, walk
from asl.checks.subject import Definition
from asl.expressions.intrinsic_functions import INTRINSICS
from asl.expressions.intrinsic_syntax import Argument, Call, Literal
from asl.expressions.intrinsics import compile_intrinsic
from asl.expressions.jsonata import is_jsonata
from asl.expressions.scope import EvaluationError, Scope, SyntaxProblem
from asl.problem import Severity
from asl.values import Json

_MEMBERS = ("input", "context", "result", "errorOutput")
_MEMBER = re.compile(r"\$states\s*\.\s*(\w+)")
_WORKING = ("Task", "Parallel", "Map")


def offered(site: Site) -> tuple[str, ...]:
    """The members that `$states` has where an expression stands."""
    if site.phase in ("catch-output", "catch-assign"):
        return ("input", "context", "errorOutput")
    if site.phase in ("output", "assign") and site.node.type in _WORKING:
        return ("input", "context", "result")
    return ("input", "context")


def _jsonata(subject: Definition) -> Iterator[Site]:
    return (site for site in subject.sites if site.kind == "jsonata")


def states_members(site: Site) -> Iterator[tuple[str, int]]:
    """Members of `$states` that an expression names, with their offsets."""
    if "$states" in site.text:
        for found in _MEMBER.finditer(site.code):
            yield found[1], found.start()


@rule(
    "ASL210",
    "$states has no such member here",
    why="$states.result exists in Output and Assign of Task, Parallel and Map states, "
    "$states.errorOutput in a catcher's Output and Assign; elsewhere AWS refuses them.",
    fix="Read $states.input, or move the expression to where the member exists.",
    spec="States Language: Reserved variable $states; reference 03.3",
    severity=Severity.ERROR,
    aws_code=UNSUPPORTED_JSONATA,
)
def find_missing_members(subject: Definition) -> Iterator[Finding]:
    """`$states.result` and `$states.errorOutput` where AWS has none."""
    for site in _jsonata(subject):
        seen = set()
        for member, offset in states_members(site):
            if member in ("result", "errorOutput") and member not in offered(site):
                if member in seen or site.expression is None:
                    continue
                seen.add(member)
                *others, last = (f"$states.{name}" for name in offered(site))
                yield Finding(
                    pointer=site.pointer,
                    message=f"$states.{member} does not exist here",
                    suggestion=f"here are {', '.join(others)} and {last}",
                    offset=offset,
                )


@rule(
    "ASL211",
    "a name without $ at top level",
    why="At the top level of an expression AWS has no data for a bare name to be taken "
    "from; it refuses the definition.",
    fix="Write $states.input.name for the state's input, or $name for a variable.",
    spec="Developer guide: Transforming data with JSONata; reference 03.3, 16.4",
    severity=Severity.ERROR,
    aws_code=UNSUPPORTED_JSONATA,
)
def find_bare_names(subject: Definition) -> Iterator[Finding]:
    """Unqualified field names at the top level of JSONata expressions."""
    for site in _jsonata(subject):
        if site.plain is not None or site.expression is None:
            continue
        for name in sorted(site.expression.context_names - {"$$"}):
            quoted = re.escape(name)
            near = "States." in site.text and name == "States"
            yield Finding(
                pointer=site.pointer,
                message=f"{name} at the top level refers to nothing",
                suggestion="intrinsic functions are for JSONPath; JSONata has its own"
                if near
                else f"write $states.input.{name}, or ${name} for a variable",
                offset=site.find(rf"(?<![\w.$]){quoted}(?!\w)"),
            )


@rule(
    "ASL212",
    "$$ in JSONata",
    why="$$ is the root of the data in plain JSONata; in Step Functions there is none, "
    "and AWS refuses it. In JSONPath $$ is the context object.",
    fix="Write $states.context for the context object, $states.input for the input.",
    spec="Developer guide: Transforming data with JSONata; reference 16.4",
    severity=Severity.ERROR,
    aws_code=UNSUPPORTED_JSONATA,
)
def find_double_dollar(subject: Definition) -> Iterator[Finding]:
    """`$$` in JSONata expressions."""
    for site in _jsonata(subject):
        if "$$" not in site.text or site.expression is None:
            continue
        if "$$" in site.expression.context_names:
            yield Finding(
                pointer=site.pointer,
                message="$$ does not exist in JSONata",
                suggestion="write $states.context for the context object",
                offset=site.find(r"\$\$(?!\w)"),
            )


@rule(
    "ASL213",
    "a misspelt member of $states",
    why="$states has input, context, result and errorOutput; any other name is "
    "undefined, and an undefined result fails the state.",
    fix="Write the name as it is spelt, capitals included.",
    spec="States Language: Reserved variable $states; reference 03.3",
)
def find_misspelt_members(subject: Definition) -> Iterator[Finding]:
    """`$states.inputs`, `$states.Context` and the like."""
    for site in _jsonata(subject):
        for member, offset in states_members(site):
            if member not in _MEMBERS and site.expression is not None:
                near = find_near(member, offered(site))
                yield Finding(
                    pointer=site.pointer,
                    message=f"$states has no member {member}",
                    suggestion=f"did you mean $states.{near}?" if near else None,
                    offset=offset,
                )


# --- intrinsic calls


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
    spec="States Language: Intrinsic Functions; reference 05.3",
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
    spec="States Language: Intrinsic Functions; reference 05.3",
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
    spec="Developer guide: Fail workflow state; reference 05.1",
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


# --- texts that only look like expressions

_PATH_LIKE = re.compile(r"\$(?:\$?\.[A-Za-z_]|\[['0-9*?])")
_CALL_LIKE = re.compile(r"States\.[A-Z]\w*\(")


def looks_dynamic(text: Json) -> bool:
    """Whether a text was probably meant to be evaluated."""
    return isinstance(text, str) and bool(
        _PATH_LIKE.match(text) or _CALL_LIKE.match(text)
    )


@rule(
    "ASL217",
    "a path under a key without .$",
    why="Only keys that end in .$ are evaluated; under any other key the text is "
    "passed on as it stands.",
    fix='Write the key with .$ at its end: "name.$": "$.name".',
    spec="States Language: Payload Template; reference 02.4, 16.3 (NO_DOLLAR)",
    aws_code="NO_DOLLAR",
)
def find_missing_dollars(subject: Definition) -> Iterator[Finding]:
    """Texts in payload templates that look like paths or calls and are literals."""
    for node, path, key, text in subject.literals:
        if not node.jsonata and looks_dynamic(text):
            yield Finding(
                pointer=node.at(*path),
                message=f"{text!r} is passed on as a text, it is not evaluated",
                suggestion=f'write "{key}.$" to have it evaluated'
                if key == path[-1]
                else None,
            )


@rule(
    "ASL218",
    "a path where only a text can stand",
    why="The field takes a fixed text; a path in it is not evaluated.",
    fix="Use the field's …Path form.",
    spec="States Language: Fail State; reference 07, 16.3 (NO_PATH)",
    aws_code="NO_PATH",
)
def find_missing_path_fields(subject: Definition) -> Iterator[Finding]:
    """Error and Cause of a Fail state that hold a path."""
    for node in subject.states:
        for field in ("Error", "Cause") if node.type == "Fail" else ():
            if not node.jsonata and looks_dynamic(node.value.get(field)):
                text = node.value[field]
                yield Finding(
                    pointer=node.at(field),
                    message=f"{text!r} is taken as it stands, it is not evaluated",
                    suggestion=f"write {field}Path to have it evaluated",
                )


@rule(
    "ASL219",
    "a path in a fixed Result",
    why="Result is passed on as it stands; nothing in it is evaluated.",
    fix="Use Parameters, with keys that end in .$.",
    spec="States Language: Pass State; reference 16.3 (PASS_RESULT_IS_STATIC)",
    aws_code="PASS_RESULT_IS_STATIC",
)
def find_static_results(subject: Definition) -> Iterator[Finding]:
    """Paths in the Result of a Pass state."""
    for node in subject.states:
        if node.type != "Pass" or node.jsonata:
            continue
        for path, text in walk(node.value.get("Result")):
            if looks_dynamic(text):
                yield Finding(
                    pointer=node.at("Result", *path),
                    message=f"{text!r} is passed on as a text, it is not evaluated",
                    suggestion="use Parameters for values that are computed",
                )


@rule(
    "ASL220",
    "an expression that is never evaluated",
    why="A text is JSONata only in a state that speaks JSONata, and only if it begins "
    "with {% and ends with %}, without a blank outside.",
    fix='Remove what stands around the delimiters, or set "QueryLanguage": "JSONata".',
    spec="States Language: JSONata; reference 03.1",
)
def find_dead_expressions(subject: Definition) -> Iterator[Finding]:
    """Texts with {% … %} that stay texts."""
    for node, path, _, text in subject.literals:
        if node.jsonata and is_jsonata(text):
            continue
        if is_jsonata(text.strip()):
            yield Finding(
                pointer=node.at(*path),
                message="the expression is passed on as a text, not evaluated",
                suggestion="remove the blanks around {% and %}"
                if node.jsonata
                else 'set "QueryLanguage": "JSONata" for this state',
            )


@rule(
    "ASL221",
    ".$ has no meaning in JSONata",
    why="A state that speaks JSONata keeps the key with its .$ and passes the path on "
    "as a text.",
    fix="Remove .$ from the key and write an expression: {% $states.input.name %}.",
    spec="Developer guide: Transforming data with JSONata; reference 03.1",
)
def find_dollar_keys(subject: Definition) -> Iterator[Finding]:
    """Keys that end in .$ where JSONata is spoken."""
    for node, path, key, _ in subject.literals:
        if node.jsonata and key and key.endswith(".$"):
            yield Finding(
                pointer=node.at(*path),
                message=f'the key "{key}" is kept as it stands, with its .$',
                suggestion=f'write "{key[:-2]}" and a {{% … %}} expression',
                on_key=True,
            )
