"""JSONata as text: the names in an expression, numbers as JavaScript writes them.

In: an expression that the engine has compiled; a message of the engine; a value.
Out: names; the message and the value as AWS's JavaScript engine would give them.
Never: loads the engine or judges an expression.

JSONata's tokenizer decides what a name is: everything up to a space or an operator.
"""

import re
from collections.abc import Iterator

from asl.errors import InternalError
from asl.values import Json

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


_CHANGING = frozenset((float, dict, list))


def whole_numbers(value: Json) -> Json:
    """The value with 1.0 as 1 and -0.0 as 0; what does not change is shared."""
    kind = type(value)
    if kind is float:
        return int(value) if value.is_integer() and abs(value) < 1e21 else value
    if kind is dict:
        entries = value.items()
    elif kind is list:
        entries = enumerate(value)
    else:
        return value
    changes = None
    for key, item in entries:
        kind_of_item = type(item)
        if kind_of_item is float and not item.is_integer():
            continue
        if kind_of_item in _CHANGING:
            whole = whole_numbers(item)
            if whole is not item:
                if changes is None:
                    changes = kind(value)
                changes[key] = whole
    return value if changes is None else changes


_QUOTED_OR_WHOLE = re.compile(r'("(?:[^"\\]|\\.)*")|(?<=\d)\.0(?![\d.])')


def javascript_numbers(message: str) -> str:
    """A message with 1 where it has 1.0, except in quotes."""
    return _QUOTED_OR_WHOLE.sub(lambda found: found[1] or "", message)
