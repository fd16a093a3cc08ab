"""What is wrong with the data of a state: `$states`, names, texts in templates.

In: a Definition. Out: Findings about expressions that read well and still cannot work.
Never: reports syntax: model/build.py does, when it compiles the same texts.

States Language specification: "Payload Template", "JSONata".
"""

import re
from collections.abc import Iterator

from asl.checks.fault import find_near
from asl.checks.rules import UNSUPPORTED_JSONATA, Finding, rule
from asl.checks.sites import Site, walk
from asl.checks.subject import Definition
from asl.expressions.jsonata import is_jsonata
from asl.problem import Severity
from asl.values import Json

MOST_NAMES = 20
"""Names of one expression that are told of; after that the point is made."""

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
    spec="States Language: Reserved variable $states",
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
    spec="Developer guide: Transforming data with JSONata",
    severity=Severity.ERROR,
    aws_code=UNSUPPORTED_JSONATA,
)
def find_bare_names(subject: Definition) -> Iterator[Finding]:
    """Unqualified field names at the top level of JSONata expressions."""
    for site in _jsonata(subject):
        if site.plain is not None or site.expression is None:
            continue
        for name in sorted(site.expression.context_names - {"$$"})[:MOST_NAMES]:
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
    spec="Developer guide: Transforming data with JSONata",
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
    spec="States Language: Reserved variable $states",
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
    spec="States Language: Payload Template; AWS's NO_DOLLAR",
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
    spec="States Language: Fail State; AWS's NO_PATH",
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
    spec="States Language: Pass State; AWS's PASS_RESULT_IS_STATIC",
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
    spec="States Language: JSONata",
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
    spec="Developer guide: Transforming data with JSONata",
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
