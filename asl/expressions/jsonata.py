"""JSONata: expressions in {% %}; the JSON templates that hold them stand beside.

In: an expression's text; at run time `$states`, the variables, the present moment and
the source of chance (Scope).
Out: a JSON value, or an EvaluationError in AWS's words.
Never: reads a clock or a generator of its own.

Developer guide: "Transforming data with JSONata"; https://docs.jsonata.org for the
language.
"""

import contextlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import NoReturn, TypeAlias, TypeGuard

from asl.errors import InternalError
from asl.expressions.jsonata_engine import Program, find_code, load_expression
from asl.expressions.jsonata_functions import CAPTURE_RANDOM, CHANCE, CLOCK, FUNCTIONS
from asl.expressions.jsonata_path import Evaluate, follower, whole_states
from asl.expressions.jsonata_text import (
    BRIEF,
    PLAIN_PATH,
    as_fields,
    dollar_names,
)
from asl.expressions.scope import EvaluationError, Scope, SyntaxProblem
from asl.values import Json, json_text

_MEMBERS = frozenset(("input", "context", "result", "errorOutput"))


class Expression:
    """One JSONata expression, compiled once, evaluated any number of times."""

    __slots__ = (
        "_chance",
        "_clock",
        "_contextual",
        "_functions",
        "_other_names",
        "_path",
        "_programs",
        "_reads_only_variables",
        "_reads_states",
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
    """Names it reads at top level, where AWS has no data (`phone`), or `$$`."""

    def __init__(self, text: str) -> None:
        loaded = load_expression(text)  # alone first, so that `1) + (2` is refused
        mentioned = frozenset(dollar_names(text))
        self.text = text
        # Sought as bare text: one name too many costs little, one too few would let
        # the engine's own clock and generator in.
        self._functions = frozenset(_within(text, FUNCTIONS))
        self._chance = any(_within(text, CHANCE))
        self._clock = any(_within(text, CLOCK))
        self._reads_states = "$states" in text
        reads = loaded.reads(dict.fromkeys(self._functions, _stand_in))
        if "everyBinding" in reads:
            position = max(text.find("$eval"), 0)
            raise SyntaxProblem("The function $eval is not supported", position)
        bindings, names = reads["bindings"], reads.get("input")
        states = bindings.get("states", {})
        self.states_members = (
            _MEMBERS.intersection(states) if isinstance(states, dict) else _MEMBERS
        )
        self.variables = frozenset(bindings) - {"states"} - self._functions
        # A variable hides the function of its name, which the engine's analysis cannot
        # know; whether there is such a variable shows at run time only.
        known = self.variables | {"states", "$"}
        self._other_names = mentioned - known
        self._contextual = names is not None
        self.context_names = frozenset(names if isinstance(names, dict) else ())
        if "$" in mentioned:
            self.context_names = frozenset(("$$",))
        self._path = text[1:].split(".") if PLAIN_PATH.fullmatch(text) else None
        # Its data are the variables as they are: what it does not name, it never sees.
        self._reads_only_variables = not (
            self._contextual or self._reads_states or self._clock or self._chance
        )
        self._programs: dict[tuple[str, ...], Program] = {}
        """By the functions that variables hide."""

    def __repr__(self) -> str:
        return f"Expression({self.text!r})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Expression) and self.text == other.text

    def __hash__(self) -> int:
        return hash(self.text)

    def evaluate(self, states: dict[str, Json], scope: Scope, location: str) -> Json:
        """The value, given `$states` without its context, which is built only if read.

        Raises EvaluationError, which names `location`, the field's slash path.
        """
        return self.at(location)(states, scope)

    def at(self, location: str) -> Evaluate:
        """`evaluate` for one location, for who calls it often."""
        if self._reads_only_variables and "?" not in self.text and not self._path:
            return self._calculator(location)
        by_engine = partial(self._evaluate, location=location)
        if self._path is None:
            return by_engine
        return follower(
            self._path, by_engine, partial(self.failure, location, _UNDEFINED)
        )

    def _calculator(self, location: str) -> Evaluate:
        """For an expression that reads variables alone: they are its data as they are.

        `_evaluate` without all that such an expression has no need of.
        """
        run: Callable[[Mapping[str, Json]], Json]

        def run_first(variables: Mapping[str, Json]) -> Json:
            nonlocal run
            run = self._program(variables).run
            return run(variables)

        run = run_first  # only what is evaluated is compiled

        def calculate(states: dict[str, Json], scope: Scope) -> Json:
            variables = scope.variables
            try:
                value = run(variables)
                if value is not None:
                    return value
                told = self._program(variables).tell_none(variables)
            except Exception as error:
                self._fail(error, location)
            return self._nothing(told, location)

        other_names = self._other_names
        if not other_names:
            return calculate

        def calculate_unhidden(states: dict[str, Json], scope: Scope) -> Json:
            if scope.variables.keys().isdisjoint(other_names):
                return calculate(states, scope)
            return self._evaluate(states, scope, location)

        return calculate_unhidden

    def _evaluate(self, states: dict[str, Json], scope: Scope, location: str) -> Json:
        variables = scope.variables
        moment: tuple[int, ...] = ()
        try:
            program = self._program(variables)
            if self._clock or self._chance:
                now = scope.now_ms if self._clock else 0
                moment = now, scope.random.getrandbits(63) if self._chance else 0
            data = self._data(program, states, scope)
            if watchers and "?" in self.text:
                self._tell_watchers(data, moment, scope, location)
            run = program.run
            value = run(data, *moment) if moment else run(data)
            if value is not None:
                return value
            told = program.tell_none(data, *moment)
        except Exception as error:
            self._fail(error, location)
        return self._nothing(told, location)

    def _nothing(self, told: str, location: str) -> None:
        """Null is a value; undefined and functions are none."""
        if told != "null":
            what = _UNDEFINED if told == "undefined" else _UNSUPPORTED
            raise self.failure(location, what)

    def _data(
        self, program: Program, states: dict[str, Json], scope: Scope
    ) -> Mapping[str, Json]:
        """What a program is given."""
        variables = scope.variables
        if self._reads_only_variables:
            return variables
        data = {k: variables[k] for k in program.fields if k in variables}
        if self._reads_states:
            data["states"] = self._states(states, scope)
        return data

    def _tell_watchers(
        self,
        data: Mapping[str, Json],
        moment: tuple[int, ...],
        scope: Scope,
        location: str,
    ) -> None:
        """Evaluate once more, with marks in the text that tell which ways it takes."""
        from asl.expressions.jsonata_conditions import MARK, mark_conditions

        took: list[int] = []
        hidden = self._hidden(scope.variables)
        marked = self._build(hidden, mark_conditions(self.text), {MARK: took.append})
        # What fails here fails again in the evaluation itself, and is told there; the
        # ways taken until then were taken.
        with contextlib.suppress(Exception):
            marked.run(data, *moment)
        for watch in tuple(watchers):
            watch(scope, location, self.text, took)

    def failure(self, location: str, what: str) -> EvaluationError:
        """The States.QueryEvaluationError that says `what` happened at `location`."""
        return EvaluationError(
            "States.QueryEvaluationError",
            f"The JSONata expression '{self.text}' specified for the field "
            f"'{location}' {what}",
            location=location,
        )

    def _hidden(self, variables: Mapping[str, Json]) -> tuple[str, ...]:
        """The functions that variables hide; seldom any."""
        if variables.keys().isdisjoint(self._other_names):
            return ()
        return tuple(sorted(variables.keys() & self._other_names))

    def _program(self, variables: Mapping[str, Json]) -> Program:
        """The program where these variables are."""
        hidden = self._hidden(variables)
        program = self._programs.get(hidden)
        if program is None:
            program = self._programs[hidden] = self._build(hidden)
        return program

    def _build(
        self,
        hidden: tuple[str, ...],
        text: str | None = None,
        more: dict[str, Callable[..., Json]] | None = None,
    ) -> Program:
        """A program of the text, or of another form of it with `more` functions."""
        text = self.text if text is None else text
        functions = sorted(self._functions.difference(hidden))
        names = sorted(self.variables.union(hidden))
        timeless = not (self._clock or self._chance)
        brief = (
            timeless
            and not (self._contextual or hidden)
            and BRIEF.fullmatch(text) is not None
        )
        prelude = [] if CHANCE.isdisjoint(functions) else [CAPTURE_RANDOM]
        prelude += [f"${name} := {FUNCTIONS[name][0]}; " for name in functions]
        fields = [*names, "states"] if self._reads_states else names
        if brief:
            text = as_fields(text, fields)
        elif not self._contextual:
            prelude += [f"${name} := `{name}`; " for name in fields]
        source = f"({''.join(prelude)}{text})" if prelude else text
        hosts = {f"_{name}": FUNCTIONS[name][1] for name in functions} | (more or {})
        return Program(
            source,
            hosts,
            names,
            bound=self._contextual,
            timeless=timeless,
            brief=brief,
        )

    def _states(self, states: dict[str, Json], scope: Scope) -> dict[str, Json]:
        if "context" in self.states_members:
            states = whole_states(states, scope)
        if self._contextual:  # will be converted whole: keep only what is read
            return {k: v for k, v in states.items() if k in self.states_members}
        return states

    def _fail(self, error: Exception, location: str) -> NoReturn:
        found = find_code(error)
        if found is None:
            raise InternalError(f"JSONata raised {error!r}") from error
        code, message = found
        what = f"threw an error during evaluation. {code}: {message}"
        raise self.failure(location, what) from None


Watcher: TypeAlias = Callable[[Scope, str, str, Sequence[int]], None]

watchers: list[Watcher] = []
"""Told of every evaluation of a text with conditions: (scope, location, text, ways).

A way is twice the number of the condition, and one more where it was not met. For
whoever measures, process-wide; each such evaluation is then done twice.
"""

_UNDEFINED = "returned nothing (undefined)."
_UNSUPPORTED = "returned an unsupported result type."


def _within(text: str, names: Iterable[str]) -> list[str]:
    return [name for name in names if f"${name}" in text]


def _stand_in(*_arguments: Json) -> None:
    """Tells the engine's analysis that a name is a function."""


def compile_jsonata(text: str) -> Expression:
    """Compile an expression written without delimiters; raises SyntaxProblem."""
    try:
        return Expression(text.strip())
    except SyntaxProblem as problem:
        padding = len(text) - len(text.lstrip())
        raise _shifted(problem, padding) from None


def is_jsonata(value: Json) -> TypeGuard[str]:
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
        raise _shifted(problem, 2) from None


def _shifted(problem: SyntaxProblem, by: int) -> SyntaxProblem:
    return SyntaxProblem(problem.message, (problem.position or 0) + by)


def unexpected_type(
    expression: Expression, location: str, expected: str, value: Json
) -> EvaluationError:
    """The failure of an expression whose result its field cannot take."""
    actual = "null" if value is None else _TYPES.get(type(value), "number")
    return expression.failure(
        location,
        f"returned an unexpected result type. Expected '{expected}', but was "
        f"'{actual}' for value: {json_text(value)}",
    )


_TYPES: dict[type, str] = {
    bool: "boolean",
    str: "string",
    list: "array",
    dict: "object",
}
