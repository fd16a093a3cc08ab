"""JSONata: expressions in {% %}, templates that hold them, AWS's own functions.

In: an expression's text; at run time `$states`, the variables, the present moment and
the source of chance (Scope).
Out: a JSON value, or an EvaluationError in AWS's words.
Never: reads a clock or a generator of its own; whatever an expression does, it ends.

This is the only module that knows the JSONata engine (jlens), and it loads it with the
first expression. Longer than a module should be, because everything that AWS changed
in the language stands together.

Reference 03 (JSONata mode); https://docs.jsonata.org for the language.
"""

import re
from collections.abc import Callable, Iterator
from functools import cache
from types import ModuleType
from typing import TYPE_CHECKING, NoReturn, TypeAlias

from asl.errors import InternalError
from asl.expressions.java import JavaRandom
from asl.expressions.scope import EvaluationError, Scope, SyntaxProblem
from asl.values import Json, NotJson, json_text, parse_json

if TYPE_CHECKING:
    import jlens

MAX_STEPS = 10_000_000
"""Steps of one evaluation, about two seconds: the bound that does not depend on time."""
MAX_CALL_DEPTH = 50_000
"""Calls inside calls, for recursion that is not a tail call."""
MAX_ITEMS = 1_000_000
"""Items of one array on the way to the result."""
MAX_TEXT_BYTES = 10_000_000
"""Bytes of one text on the way to the result."""
MAX_RESULT_BYTES = 16 * 1024 * 1024
"""JSON bytes of a result; AWS's own limit for a payload is far below."""
TIMEOUT_SECONDS = 30.0
"""A wall-clock backstop: the engine counts no steps within one regular expression."""

_MEMBERS = frozenset(("input", "context", "result", "errorOutput"))
_MISSING = object()
_UNCLEAR = object()


class Expression:
    """One JSONata expression, compiled once, evaluated any number of times."""

    __slots__ = (
        "_aws",
        "_chance",
        "_clock",
        "_contextual",
        "_other_names",
        "_path",
        "_programs",
        "context_names",
        "states_members",
        "text",
        "variables",
    )

    text: str
    """The expression without delimiters and padding, as causes quote it."""
    variables: frozenset[str]
    """The variables it reads, without `states` and without functions."""
    states_members: frozenset[str]
    """Which members of `$states` it may read."""
    context_names: frozenset[str]
    """Names it reads at top level, where AWS has no data (`phone`), and `$$`."""

    def __init__(self, text: str) -> None:
        mentioned = frozenset(_dollar_names(text))
        self.text = text
        self._aws = mentioned & _AWS_FUNCTIONS.keys()
        self._chance = bool(mentioned & _CHANCE)
        self._clock = bool(mentioned & _CLOCK)
        reads = _compile(text).reads(dict.fromkeys(self._aws, _stand_in))
        if "everyBinding" in reads:
            raise SyntaxProblem(
                "The function $eval is not supported", max(text.find("$eval"), 0)
            )
        states = reads["bindings"].get("states", {})
        self.states_members = (
            _MEMBERS.intersection(states) if isinstance(states, dict) else _MEMBERS
        )
        self.variables = frozenset(reads["bindings"]) - {"states"} - self._aws
        # A variable hides a function of its name; the engine's analysis takes such a
        # name for the function, so whether there is one shows at run time only.
        self._other_names = tuple(sorted(mentioned - self.variables - {"states", "$"}))
        self._contextual = "input" in reads
        names = reads.get("input")
        self.context_names = frozenset(names if isinstance(names, dict) else ())
        if "$" in mentioned:
            self.context_names = frozenset(("$$",))
        self._path = text[1:].split(".") if _PLAIN_PATH.fullmatch(text) else None
        self._programs: dict[tuple[str, ...], _Program] = {}

    def __repr__(self) -> str:
        return f"Expression({self.text!r})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Expression) and self.text == other.text

    def __hash__(self) -> int:
        return hash(self.text)

    def evaluate(self, states: dict[str, Json], scope: Scope, location: str) -> Json:
        """The value, given `$states` without its context, which is built only if read.

        Raises EvaluationError with `location`, the field's slash path, in its cause.
        """
        if self._path is not None:
            value = self._follow(states, scope)
            if value is _MISSING:
                raise self._undefined(location)
            if value is not _UNCLEAR:
                return _whole_numbers(value)
        variables = scope.variables
        hidden = tuple([name for name in self._other_names if name in variables])
        program = self._programs.get(hidden)
        if program is None:
            program = self._programs[hidden] = self._build(hidden)
        data = {name: variables[name] for name in program.names if name in variables}
        if program.reads_states:
            data["states"] = self._states(states, scope)
        now = scope.now_ms if self._clock else 0
        seed = scope.random.getrandbits(63) if self._chance else 0
        try:
            value = program.run(data, now, seed)
            if value is None:
                return self._nothing(program.tell_apart(data, now, seed), location)
        except Exception as error:
            self._fail(error, location)
        return value

    def _follow(self, states: dict[str, Json], scope: Scope) -> Json:
        # Most expressions only name a value. Taken here, it is shared instead of copied,
        # its integers keep all their digits, and the engine's start is saved.
        steps = iter(self._path or ())
        root = next(steps)
        value: Json
        if root != "states":
            value = scope.variables.get(root, _UNCLEAR)  # no variable: a function?
        elif (member := next(steps, None)) is None:
            return _whole_states(states, scope)
        elif member == "context":
            value = scope.context
        else:
            value = states.get(member, _MISSING)
        for step in steps:
            if isinstance(value, dict):
                value = value.get(step, _MISSING)
            elif isinstance(value, list):
                return _UNCLEAR  # the step is taken in every item
            elif value is not _UNCLEAR:
                return _MISSING
        return value

    def _states(self, states: dict[str, Json], scope: Scope) -> Json:
        if "context" in self.states_members:
            states = _whole_states(states, scope)
        if self._contextual:  # will be converted whole: keep what is read
            return {k: v for k, v in states.items() if k in self.states_members}
        return states

    def _build(self, hidden: tuple[str, ...]) -> "_Program":
        functions = self._aws.difference(hidden)
        names = sorted(self.variables.union(hidden))
        reads_states = "$states" in self.text
        prelude = [_CAPTURE_RANDOM] if functions & _CHANCE else []
        prelude += [
            f"${name} := {_AWS_FUNCTIONS[name][0]}; " for name in sorted(functions)
        ]
        if not self._contextual:
            fields = [*names, "states"] if reads_states else names
            prelude += [f"${name} := `{name}`; " for name in fields]
        source = f"({''.join(prelude)}{self.text})" if prelude else self.text
        hosts = {
            f"_{name}": host
            for name in functions
            if (host := _AWS_FUNCTIONS[name][1]) is not None
        }
        return _Program(source, hosts, tuple(names), reads_states, self._contextual)

    def _nothing(self, told: Json, location: str) -> None:
        if told == [None, True]:
            return
        if told == [False]:
            raise self._undefined(location)
        raise self._problem(location, "returned an unsupported result type.")

    def _undefined(self, location: str) -> EvaluationError:
        return self._problem(location, "returned nothing (undefined).")

    def _problem(self, location: str, what: str) -> EvaluationError:
        return EvaluationError(
            "States.QueryEvaluationError",
            f"The JSONata expression '{self.text}' specified for the field "
            f"'{location}' {what}",
            location=location,
        )

    def _fail(self, error: Exception, location: str) -> NoReturn:
        if isinstance(error, EvaluationError):
            raise error
        if isinstance(error, (_Refused, _jlens().JlensError)):
            code, message = error.code, _javascript_numbers(str(error))
        elif isinstance(error, (TypeError, OverflowError)):  # a number beyond a double
            code, message = "D1001", "Number out of range: null"
        else:
            raise InternalError(f"JSONata raised {error!r}") from error
        what = f"threw an error during evaluation. {code}: {message}"
        raise self._problem(location, what) from None


def compile_jsonata(text: str) -> Expression:
    """Compile an expression written without delimiters; raises SyntaxProblem."""
    try:
        return Expression(text.strip())
    except SyntaxProblem as problem:
        padding = len(text) - len(text.lstrip())
        raise SyntaxProblem(
            problem.message, (problem.position or 0) + padding
        ) from None


def is_jsonata(value: Json) -> bool:
    """Whether a value is an expression: exactly from `{%` to `%}`."""
    return (
        isinstance(value, str)
        and len(value) >= 4
        and value.startswith("{%")
        and value.endswith("%}")
    )


def compile_jsonata_string(value: str) -> Expression:
    """Compile an expression with its delimiters; positions count from the first."""
    try:
        return compile_jsonata(value[2:-2])
    except SyntaxProblem as problem:
        raise SyntaxProblem(problem.message, (problem.position or 0) + 2) from None


def unexpected_type(
    expression: Expression, location: str, expected: str, value: Json
) -> EvaluationError:
    """The failure of an expression whose result its field cannot take."""
    return expression._problem(
        location,
        f"returned an unexpected result type. Expected '{expected}', but was "
        f"'{_type_name(value)}' for value: {json_text(value)}",
    )


def _type_name(value: Json) -> str:
    if value is None:
        return "null"
    names = {bool: "boolean", str: "string", list: "array", dict: "object"}
    return names.get(type(value), "number")


# Templates

Fill: TypeAlias = Callable[[dict[str, Json], Scope], Json]


class TemplateProblems(Exception):
    """Everything wrong in one template: (JSON pointer below the template, problem)."""

    def __init__(self, problems: list[tuple[str, SyntaxProblem]]) -> None:
        super().__init__("; ".join(f"{at}: {problem}" for at, problem in problems))
        self.problems = problems


class Template:
    """JSON with expressions at any depth; call it with `$states` and a scope."""

    __slots__ = ("_fill", "expressions")

    expressions: tuple[tuple[str, Expression], ...]
    """The expressions, each with its JSON pointer below the template."""

    def __init__(
        self, fill: Fill, expressions: tuple[tuple[str, Expression], ...]
    ) -> None:
        self._fill = fill
        self.expressions = expressions

    def __call__(self, states: dict[str, Json], scope: Scope) -> Json:
        return self._fill(states, scope)


def compile_template(value: Json, location: str) -> Template:
    """Compile a field's JSON; raises TemplateProblems with all that is wrong in it."""
    expressions: list[tuple[str, Expression]] = []
    problems: list[tuple[str, SyntaxProblem]] = []

    def compile_part(part: Json, place: str, pointer: str) -> Fill | None:
        if is_jsonata(part):
            try:
                expression = compile_jsonata_string(part)
            except SyntaxProblem as problem:
                problems.append((pointer, problem))
                return None
            expressions.append((pointer, expression))
            evaluate = expression.evaluate
            return lambda states, scope: evaluate(states, scope, place)
        fills: dict[str | int, Fill] = {}
        for key, item, below in _items(part, place):
            escaped = str(key).replace("~", "~0").replace("/", "~1")
            if fill := compile_part(item, below, f"{pointer}/{escaped}"):
                fills[key] = fill
        return _container_fill(part, fills) if fills else None

    fill = compile_part(value, location, "")
    if problems:
        raise TemplateProblems(problems)
    return Template(fill or (lambda states, scope: value), tuple(expressions))


def _items(part: Json, place: str) -> Iterator[tuple[str | int, Json, str]]:
    if isinstance(part, dict):
        for key, item in part.items():
            yield key, item, f"{place}/{key}"
    elif isinstance(part, list):
        for index, item in enumerate(part):
            yield index, item, f"{place}[{index}]"


def _container_fill(part: Json, fills: dict[str | int, Fill]) -> Fill:
    if isinstance(part, dict):
        members = [(key, fills.get(key), item) for key, item in part.items()]
        return lambda states, scope: {
            key: fill(states, scope) if fill else item for key, fill, item in members
        }
    items = [(fills.get(index), item) for index, item in enumerate(part)]
    return lambda states, scope: [
        fill(states, scope) if fill else item for fill, item in items
    ]


# AWS's functions. The engine hands None for an undefined argument and takes None for an
# undefined result; signatures keep null from getting here.


class _Refused(Exception):
    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


def _partition(array: Json, size: float | None) -> Json:
    if not isinstance(array, list):
        message = 'Argument 1 of function "partition" must be an array of undefined'
        raise _Refused("T0412", message)  # AWS's text, its "undefined" too
    if size is None:
        return [array]
    if size < 0:
        raise _Refused("D3137", "Second argument must be zero or greater")
    step = int(size)
    return [array[i : i + step] for i in range(0, len(array), step)] if step else None


def _range(first: float | None, last: float | None, step: float | None) -> Json:
    if first is None or last is None or step is None or int(step) == 0:
        return None
    end = int(last) + (1 if step > 0 else -1)
    numbers = range(int(first), end, int(step))
    if len(numbers) > MAX_ITEMS:
        raise _Refused(
            "U1001", f"An array would exceed the size limit of {MAX_ITEMS} items"
        )
    # A sequence, not an array: one item stands for itself, none is undefined.
    return list(numbers) if len(numbers) > 1 else next(iter(numbers), None)


_HASHES = {
    "SHA-1": "sha1",
    "SHA-384": "sha384",
    "SHA-256": "sha256",
    "SHA-512": "sha512",
    "MD5": "md5",
}


def _hash(data: str | None, algorithm: str | None) -> Json:
    from hashlib import new  # loads OpenSSL

    if data is None or algorithm is None:
        return None
    if algorithm not in _HASHES:
        known = ", ".join(_HASHES)
        raise _Refused("D3137", f"Hash algorithm '{algorithm}' must be one of {known}")
    return new(
        _HASHES[algorithm], data.encode("utf-8", "replace"), usedforsecurity=False
    ).hexdigest()


def _parse(text: str | None) -> Json:
    if text is None:
        return None
    try:
        return {"value": parse_json(text)}  # boxed: a bare None would be undefined
    except NotJson:
        raise _Refused("D3137", "Invalid JSON") from None


def _seeded_random(seed: float) -> Json:
    return JavaRandom(int(seed)).next_double()


def _uuid(*draws: float) -> Json:
    bits = 0
    for draw in draws:
        bits = bits << 48 | int(draw * (1 << 48))
    bits = bits & ~(0xF << 76) | 4 << 76  # version 4
    bits = bits & ~(0x3 << 62) | 2 << 62  # variant of RFC 9562
    h = f"{bits & (1 << 128) - 1:032x}"
    return f"{h[:8]}-{h[8:12]}-{h[12:16]}-{h[16:20]}-{h[20:]}"


_CAPTURE_RANDOM = "$_draw := $random; "
_AWS_FUNCTIONS: dict[str, tuple[str, Callable[..., Json]]] = {
    "partition": (
        "function($a, $n)<xn?:x> {$exists($a) ? $_partition($a, $n)}",
        _partition,
    ),
    "range": ("function($f, $l, $s)<nnn?:x> {$_range($f, $l, $s)}", _range),
    "hash": ("function($d, $a)<ss:s> {$_hash($d, $a)}", _hash),
    "parse": ("function($s)<s?:x> {$_parse($s).value}", _parse),
    "random": (
        "function($s)<n?:n> {$exists($s) ? $_random($s) : $_draw()}",
        _seeded_random,
    ),
    "uuid": ("function()<:s> {$_uuid($_draw(), $_draw(), $_draw())}", _uuid),
}
"""Name -> what it is in JSONata, and the Python function behind it, one `_` in front."""

_CHANCE = frozenset(("random", "shuffle", "uuid"))
_CLOCK = frozenset(("now", "millis", "toMillis"))  # toMillis: a time without a date


def _stand_in(*_arguments: Json) -> None:
    """Tells the engine's analysis that a name is a function."""


# The engine


@cache
def _jlens() -> ModuleType:
    import jlens  # 9 ms

    return jlens


def _compile(source: str) -> "jlens.Expression":
    engine = _jlens()
    try:
        return engine.Expression(source)
    except engine.JlensError as error:
        start = error.start if error.start is not None else error.position
        raise SyntaxProblem(_javascript_numbers(str(error)), start or 0) from None


class _Program:
    """The engine's form of an expression: with a prelude that binds what it reads.

    The data goes in as the input document, which the engine reads lazily, unless the
    expression itself looks at its input (which AWS leaves undefined).
    """

    __slots__ = (
        "_bound",
        "_hosts",
        "_main",
        "_source",
        "_teller",
        "names",
        "reads_states",
    )

    def __init__(
        self,
        source: str,
        hosts: dict[str, Callable[..., Json]],
        names: tuple[str, ...],
        reads_states: bool,
        bound: bool,
    ) -> None:
        self._source = source
        self._hosts = hosts
        self._bound = bound
        self._main = self._load(source)
        self._teller: jlens.Expression | None = None
        self.names = names
        self.reads_states = reads_states

    def _load(self, source: str) -> "jlens.Expression":
        loaded = _compile(source)
        for name, host in self._hosts.items():
            loaded.register_function(name, host)
        return loaded

    def run(self, data: dict[str, Json], now: int, seed: int) -> Json:
        """The value; None for null, undefined and functions alike."""
        return self._evaluate(self._main, data, now, seed)

    def tell_apart(self, data: dict[str, Json], now: int, seed: int) -> Json:
        """[None, True] for null, [False] for undefined, [None, False] for a function."""
        if self._teller is None:
            self._teller = self._load(f"($_r := {self._source}; [$_r, $_r = null])")
        return self._evaluate(self._teller, data, now, seed)

    def _evaluate(
        self, loaded: "jlens.Expression", data: dict[str, Json], now: int, seed: int
    ) -> Json:
        return loaded.evaluate(
            None if self._bound else data,
            data if self._bound else None,
            timeout=TIMEOUT_SECONDS,
            max_depth=MAX_CALL_DEPTH,
            max_steps=MAX_STEPS,
            max_string_length=MAX_TEXT_BYTES,
            max_array_length=MAX_ITEMS,
            max_result_size=MAX_RESULT_BYTES,
            now=now,
            seed=seed,
        )


# Small print

_PLAIN_PATH = re.compile(r"\$[A-Za-z_][A-Za-z0-9_]*(?:\.[A-Za-z_][A-Za-z0-9_]*)*")
_TOKEN = re.compile(
    r"""\s+ | /\*.*?\*/                                        # nothing
      | "(?:\\.|[^"\\])*" | '(?:\\.|[^'\\])*' | `[^`]*`        # texts
      | [^\s.\[\]{}(),@#;:?+\-*/%|=<>^&!~"'`]+                 # names and numbers
      | .""",
    re.DOTALL | re.VERBOSE,
)
_REGEX = re.compile(r"/(?:\\.|[^/\\])+/\w*", re.DOTALL)
_OPERAND_END = frozenset(")]}\"'`")


def _dollar_names(text: str) -> Iterator[str]:
    """Every `$name` outside texts and regular expressions, without its `$`."""
    position, operand = 0, False
    while position < len(text):
        pattern = _REGEX if text[position] == "/" and not operand else _TOKEN
        found = pattern.match(text, position) or _TOKEN.match(text, position)
        if found is None:  # cannot happen: a token is at least one character
            raise InternalError(f"no token at {position} of {text!r}")
        token, position = found.group(), found.end()
        if token.isspace() or token.startswith("/*"):
            continue
        operand = token[-1] in _OPERAND_END or token[-1].isalnum() or token[0] == "$"
        operand = operand and token not in ("and", "or", "in")
        if token[0] == "$" and len(token) > 1:
            yield token[1:]


def _whole_states(states: dict[str, Json], scope: Scope) -> dict[str, Json]:
    # AWS's order of members: input, context, then result or errorOutput.
    return {"input": states["input"], "context": scope.context, **states}


def _whole_numbers(value: Json) -> Json:
    """The value as a JSON text from JavaScript would give it: 1.0 is 1, -0.0 is 0."""
    kind = type(value)
    if kind is float:
        return int(value) if value.is_integer() and abs(value) < 1e21 else value
    if kind is dict:
        for item in value.values():
            if type(item) in _CHANGING and _whole_numbers(item) is not item:
                return {key: _whole_numbers(item) for key, item in value.items()}
    elif kind is list:
        for item in value:
            if type(item) in _CHANGING and _whole_numbers(item) is not item:
                return [_whole_numbers(item) for item in value]
    return value


_CHANGING = frozenset((float, dict, list))
_QUOTED_OR_WHOLE = re.compile(r'("(?:[^"\\]|\\.)*")|(?<=\d)\.0(?![\d.])')


def _javascript_numbers(message: str) -> str:
    """JSONata's messages with numbers as JavaScript writes them: 1, not 1.0."""
    return _QUOTED_OR_WHOLE.sub(lambda found: found[1] or "", message)
