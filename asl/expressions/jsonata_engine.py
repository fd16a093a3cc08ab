"""The JSONata engine, jlens: imported here alone, and with the first expression.

In: the text of an expression, Python functions, data, the moment, a seed.
Out: values; what a None among them stands for; the engine's errors as code and message.
Never: lets an expression run on for ever, read a clock or draw from a generator.
"""

from collections.abc import Callable, Mapping
from functools import cache
from types import ModuleType
from typing import TYPE_CHECKING, TypeAlias

from asl.expressions.jsonata_functions import MAX_ITEMS, Refused
from asl.expressions.jsonata_text import javascript_numbers
from asl.expressions.scope import SyntaxProblem
from asl.values import Json

if TYPE_CHECKING:
    import jlens

MAX_STEPS = 10_000_000
"""Steps of one evaluation, about two seconds: the bound that no clock decides."""
MAX_CALL_DEPTH = 50_000
"""Calls inside calls, for recursion that is not a tail call."""
MAX_TEXT_BYTES = 10_000_000
"""Bytes of one text on the way to the result."""
MAX_RESULT_BYTES = 16 * 1024 * 1024
"""JSON bytes of a result; AWS's own limit for a payload is far below."""
TIMEOUT_SECONDS = 10
"""The backstop: the engine counts no steps inside one regular expression."""


@cache
def _jlens() -> ModuleType:
    import jlens  # 9 ms

    return jlens


def load_expression(source: str) -> "jlens.Expression":
    """The engine's form of an expression; raises SyntaxProblem."""
    engine = _jlens()
    try:
        loaded: jlens.Expression = engine.Expression(source)
    except engine.JlensError as error:
        start = error.start if error.start is not None else error.position
        raise SyntaxProblem(javascript_numbers(str(error)), start or 0) from None
    return loaded


def find_code(error: Exception) -> tuple[str, str] | None:
    """JSONata's code and message, or None for what no expression and no data causes."""
    if isinstance(error, Refused):
        return error.code, str(error)
    if isinstance(error, _jlens().JlensError) and error.code != "U1004":
        message = str(error)
        if error.code not in _OWN_WORDS:
            message = javascript_numbers(message)
        return error.code, message
    if "OverflowError" in str(error):  # U1004 or TypeError: an int beyond any double
        return "U1004", "The input could not be read: a number is too big"
    if isinstance(error, SyntaxProblem):  # the prelude made it nest too deeply
        return "U1001", str(error)
    return None


_OWN_WORDS = frozenset(("D3137", "D3141"))
"""$error and $assert: the message is the expression's."""


Run: TypeAlias = Callable[..., Json]
"""Evaluates with data and, unless timeless, the moment in milliseconds and a seed."""


class Program:
    """A source text with its functions, ready to run.

    The data goes in as the input document, which the engine converts as far as it is
    read, or else, if `bound`, as bindings, which it converts whole. A `timeless` text
    names nothing that reads the clock or draws a chance, and is spared both; a `brief`
    one, timeless and not bound, cannot run long and is spared the limits too.
    """

    __slots__ = (
        "_brief",
        "_hosts",
        "_source",
        "_teller",
        "_timeless",
        "bound",
        "fields",
        "run",
    )

    run: Run
    """The value; None for null, for undefined and for a function."""

    def __init__(
        self,
        source: str,
        hosts: dict[str, Callable[..., Json]],
        fields: list[str],
        *,
        bound: bool,
        timeless: bool,
        brief: bool,
    ) -> None:
        self._source = source
        self._timeless = timeless
        self._brief = brief
        self._hosts = hosts
        self.fields = fields
        self.bound = bound
        self.run = self._load(source)
        self._teller: Run | None = None

    def tell_none(self, data: Mapping[str, Json], *moment: int) -> str:
        """What a None of `run` stands for: "null", "undefined" or "function"."""
        if self._teller is None:
            self._teller = self._load(f"($_r := {self._source}; [$_r, $_r = null])")
        told = self._teller(data, *moment)
        if told == [False]:
            return "undefined"
        return "null" if told == [None, True] else "function"

    def _load(self, source: str) -> Run:
        loaded = load_expression(source)
        for name, host in self._hosts.items():
            loaded.register_function(name, host)
        evaluate: Run = loaded.evaluate
        # A closure with the options written out: half a microsecond less per call
        # than a method that hands on a dict of them; even a None costs time.
        if self._brief:
            return evaluate
        if self._timeless and not self.bound:
            return lambda data: evaluate(
                data,
                timeout=TIMEOUT_SECONDS,
                max_depth=MAX_CALL_DEPTH,
                max_steps=MAX_STEPS,
                max_string_length=MAX_TEXT_BYTES,
                max_array_length=MAX_ITEMS,
                max_result_size=MAX_RESULT_BYTES,
            )
        if self._timeless:
            return lambda data: evaluate(
                None,
                data,
                timeout=TIMEOUT_SECONDS,
                max_depth=MAX_CALL_DEPTH,
                max_steps=MAX_STEPS,
                max_string_length=MAX_TEXT_BYTES,
                max_array_length=MAX_ITEMS,
                max_result_size=MAX_RESULT_BYTES,
            )
        bound = self.bound
        return lambda data, now, seed: evaluate(
            None if bound else data,
            data if bound else None,
            timeout=TIMEOUT_SECONDS,
            max_depth=MAX_CALL_DEPTH,
            max_steps=MAX_STEPS,
            max_string_length=MAX_TEXT_BYTES,
            max_array_length=MAX_ITEMS,
            max_result_size=MAX_RESULT_BYTES,
            now=now,
            seed=seed,
        )
