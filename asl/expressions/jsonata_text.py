"""JSONata as text: the names in an expression, numbers as JavaScript writes them.

In: an expression that the engine has compiled; a message of the engine; a value.
Out: names; the message and the value as AWS's JavaScript engine would give them.
Never: loads the engine or judges an expression.

JSONata's tokenizer decides what a name is: everything up to a space or an operator.
"""

import re
from collections.abc import Iterable, Iterator

from asl.errors import InternalError
from asl.values import Json

BRIEF = re.compile(
    r"""(?![^/]*/[^/]*/)            # two slashes could be a regular expression
    (?: \s++ | [-+*/%<>=!&?] | :(?!=) | \b(?:and|or|in|true|false|null)\b
      | \d++(?:\.\d++)? | '[^'\\$]*+' | "[^"\\$]*+"
      | \$[A-Za-z_]\w*+(?!\s*\() | \.[A-Za-z_]\w*+(?!\s*\()
      | (?:\$(?:abs|average|boolean|ceil|count|exists|floor|length|lowercase|max|min
          |not|number|round|sqrt|string|sum|trim|type|uppercase))?\( | \)(?!\s*\()
    ){1,100}+""",
    re.ASCII | re.VERBOSE,
)
"""Operators, conditions and functions of one argument over named values: nothing in it
can loop, and what it makes is at most some fifty times as large as what it reads."""

PLAIN_PATH = re.compile(r"\$[A-Za-z_][A-Za-z0-9_]*(?:\.[A-Za-z_][A-Za-z0-9_]*)*")
"""An expression that only names a value: `$n`, `$states.input.order.id`."""

_TOKEN = re.compile(
    r"""\s+ | /\*.*?\*/                                        # nothing
      | "(?:\\.|[^"\\])*" | '(?:\\.|[^'\\])*' | `[^`]*`        # texts
      | [^\s.\[\]{}(),@#;:?+\-*/%|=<>^&!~"'`]+                 # names and numbers
      | .""",
    re.DOTALL | re.VERBOSE,
)
_REGEX = re.compile(r"/(?:\\.|[^/\\])+/\w*", re.DOTALL)
_OPERATOR = frozenset(("and", "or", "in", *"([{,@#;:?+-*/%|=<>^&!~."))


def as_fields(brief: str, names: Iterable[str]) -> str:
    """A brief text that reads these names as fields of the input, not as variables.

    One step for the engine where a variable made of the field would be two; nothing in
    a brief text changes what the input is.
    """
    fields = {f"${name}": f"`{name}`" for name in names}
    return _NAME.sub(lambda name: fields.get(name[0], name[0]), brief)


_NAME = re.compile(r"\$\w+", re.ASCII)


def dollar_names(text: str) -> Iterator[str]:
    """Every `$name` in the code of an expression, without its `$`."""
    position, operand = 0, False
    while position < len(text):
        # After an operand a slash divides, elsewhere it opens a regular expression.
        found = None
        if text[position] == "/" and not operand:
            found = (
                None
                if text.startswith("/*", position)
                else _REGEX.match(text, position)
            )
        found = found or _TOKEN.match(text, position)
        if found is None:
            raise InternalError(f"no token at {position} of {text!r}")
        token, position = found.group(), found.end()
        if token.isspace() or token.startswith("/*"):
            continue
        operand = token not in _OPERATOR
        if token[0] == "$" and len(token) > 1:
            yield token[1:]


def whole_numbers(value: Json) -> Json:
    """The value with 1.0 as 1 and -0.0 as 0; shared where there is none of them."""
    kind = type(value)
    if kind is int or kind is str:
        return value
    if kind in _CONTAINERS and not _has_whole_float(value):
        return value
    return _with_whole_numbers(value)


def _with_whole_numbers(value: Json) -> Json:
    kind = type(value)
    if kind is dict:
        return {key: _with_whole_numbers(item) for key, item in value.items()}
    if kind is list:
        return [_with_whole_numbers(item) for item in value]
    if kind is float and value.is_integer() and abs(value) < 1e21:
        return int(value)  # from 1e21 on JavaScript writes an exponent, as Python does
    return value


_CONTAINERS = frozenset((dict, list))


def _has_whole_float(value: Json) -> bool:
    containers = [value]
    for container in containers:  # grows while it is walked
        for item in container.values() if type(container) is dict else container:
            kind = type(item)
            if kind is float:
                if item.is_integer():
                    return True
            elif kind is dict or kind is list:
                containers.append(item)
    return False


_QUOTED_OR_WHOLE = re.compile(r'("(?:[^"\\]|\\.)*")|(?<=\d)\.0(?![\d.])')


def javascript_numbers(message: str) -> str:
    """A message with 1 where it has 1.0, except in quotes."""
    return _QUOTED_OR_WHOLE.sub(lambda found: found[1] or "", message)
