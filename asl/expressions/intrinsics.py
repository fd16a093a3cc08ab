"""Intrinsic function calls of JSONPath mode, compiled: text in, closure out.

In: the text of a call; then data and a Scope, as often as the state runs.
Out: the call's value, or EvaluationError with AWS's text.
Never: refuses a definition for what only fails when the call is made (a wrong number of
arguments, a bad constant); AWS does not either.

States Language specification: "Intrinsic Functions". The functions themselves are in
intrinsic_functions.py.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from asl.expressions.intrinsic_functions import INTRINSICS, Refused, split_literal
from asl.expressions.intrinsic_syntax import (
    Argument,
    Call,
    Literal,
    PathArgument,
    parse_intrinsic,
)
from asl.expressions.java import to_string
from asl.expressions.jsonpath import PathError, compile_path
from asl.expressions.scope import EvaluationError, Scope, SyntaxProblem
from asl.values import Json, json_text

__all__ = ["INTRINSICS", "Intrinsic", "compile_intrinsic"]


Reader: TypeAlias = Callable[[Json, Scope], Json]


@dataclass(frozen=True, slots=True)
class _Constant:
    """What is known when the machine is built."""

    value: Json


_Part: TypeAlias = _Constant | Reader


class Intrinsic:
    """A call compiled once; `evaluate` may be kept and called like a function."""

    __slots__ = ("_paths", "_run", "call", "text")

    def __init__(self, text: str) -> None:
        self.text = text
        self.call = parse_intrinsic(text)
        self._paths: list[tuple[str, Reader]] = []
        self._run = _reader(_compile(self.call, self._paths))

    def evaluate(
        self, data: Json, scope: Scope, shown_input: Json | None = None
    ) -> Json:
        """The call's value; raises EvaluationError in AWS's words.

        `shown_input` is what the message about a missing path calls the input, where
        that is not `data`.
        """
        try:
            return self._run(data, scope)
        except Refused as refused:
            detail = str(refused)
        except RecursionError:  # nested deeper than any JSON text may be
            detail = f"Invalid arguments in {self.call.name}"
        except PathError:
            shown = json_text(data if shown_input is None else shown_input)
            raise EvaluationError(
                "States.Runtime",
                f"The function '{self.text}' had the following error: The JsonPath"
                f" argument for the field '{self._missing(data, scope)}' could not be"
                f" found in the input '{shown}'",
            ) from None
        raise EvaluationError(
            "States.Runtime",
            "There was an error while evaluating the intrinsic function: "
            f"{self.text}. {detail}",
        )

    def _missing(self, data: Json, scope: Scope) -> str:
        """The first path that finds nothing: reading them again costs nobody else."""
        for text, read in self._paths[:-1]:
            try:
                read(data, scope)
            except PathError:
                return text
        return self._paths[-1][0]


def compile_intrinsic(text: str) -> Intrinsic:
    """Compile the text of a call; raises SyntaxProblem."""
    return Intrinsic(text)


def _reader(part: _Part) -> Reader:
    if isinstance(part, _Constant):
        value = part.value
        return lambda _data, _scope: value
    return part


def _compile(argument: Argument, paths: list[tuple[str, Reader]]) -> _Part:
    """An argument as a constant or a closure; `paths` collects the paths met."""
    if isinstance(argument, Literal):
        return _Constant(argument.value)
    if isinstance(argument, PathArgument):
        try:
            read = compile_path(argument.text).read
        except SyntaxProblem as problem:
            place = argument.position + (problem.position or 0)
            raise SyntaxProblem(problem.message, place) from None
        paths.append((argument.text, read))
        return read
    parts = [_compile(inner, paths) for inner in argument.arguments]
    function = INTRINSICS[argument.name]
    count = len(parts)
    if count < function.fewest or (function.most is not None and count > function.most):
        return _refusing(f"Invalid arguments in {argument.name}")
    if function.by_chance:
        return _apply_by_chance(function.call, [_reader(part) for part in parts])
    if argument.name == "States.Format":
        parts[1:] = map(_formatted, argument.arguments[1:], parts[1:])
        template = argument.arguments[0]
        if isinstance(template, Literal) and isinstance(template.value, str):
            return _compile_format(template.written, parts[1:])
    return _apply(function.call, parts)


def _refusing(detail: str) -> Reader:
    def refuse(_data: Json, _scope: Scope) -> Json:
        raise Refused(detail)

    return refuse


def _apply_by_chance(call: Callable[..., Json], readers: list[Reader]) -> Reader:
    return lambda data, scope: call(scope, *[read(data, scope) for read in readers])


def _apply(call: Callable[..., Json], parts: Sequence[_Part]) -> _Part:
    """The closure of one call; the commonest shapes are written out for speed."""
    known = [part.value for part in parts if isinstance(part, _Constant)]
    if len(known) == len(parts):
        try:
            return _Constant(call(*known))
        except Refused as refused:
            return _refusing(str(refused))
    match parts:
        case [_Constant(a), second] if not isinstance(second, _Constant):
            return lambda data, scope: call(a, second(data, scope))
        case [first, _Constant(b)] if not isinstance(first, _Constant):
            return lambda data, scope: call(first(data, scope), b)
        case [only] if not isinstance(only, _Constant):
            return lambda data, scope: call(only(data, scope))
    shape = [part.value if isinstance(part, _Constant) else None for part in parts]
    readers = [(i, p) for i, p in enumerate(parts) if not isinstance(p, _Constant)]

    def fill(data: Json, scope: Scope) -> Json:
        values = shape.copy()
        for place, read in readers:
            values[place] = read(data, scope)
        return call(*values)

    return fill


def _formatted(argument: Argument, part: _Part) -> _Part:
    """Inside AWS a StringToJson result prints as JSON, all others as Java prints."""
    if isinstance(argument, Call) and argument.name == "States.StringToJson":
        return _apply(json_text, [part])
    return part


def _compile_format(written: str, parts: Sequence[_Part]) -> _Part:
    """States.Format with its template known: split once, constants filled in."""
    try:
        pieces = split_literal(written)
    except Refused as refused:
        return _refusing(str(refused))
    if len(parts) != len(pieces) - 1:
        return _refusing("Invalid arguments in States.Format")
    shape, readers = [pieces[0]], list[tuple[int, Reader]]()
    for part, piece in zip(parts, pieces[1:], strict=True):
        if isinstance(part, _Constant):
            shape[-1] += to_string(part.value) + piece
        else:
            readers.append((len(shape), part))
            shape += ["", piece]
    if not readers:
        return _Constant(shape[0])

    def fill(data: Json, scope: Scope) -> Json:
        texts = shape.copy()
        for place, read in readers:
            value = read(data, scope)
            texts[place] = value if type(value) is str else to_string(value)
        return "".join(texts)

    return fill
