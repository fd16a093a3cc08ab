"""One object of a definition, read field by field.

In: an object, its pointer and its query language. Out: compiled field values; what
cannot be understood becomes a Problem and a hole (None).
Never: complains of a wrong JSON type or a missing field: the schema pass has done so.
"""

from collections.abc import Sequence
from typing import TypeVar

from asl.expressions.jsonata import (
    Expression,
    compile_jsonata_string,
    is_jsonata,
)
from asl.expressions.jsonata_template import TemplateProblems as JsonataProblems
from asl.expressions.jsonata_template import (
    compile_template as compile_jsonata_template,
)
from asl.expressions.jsonpath import Path, compile_path, reference_problem
from asl.expressions.reference import ReferencePath, compile_reference_path
from asl.expressions.scope import SyntaxProblem
from asl.expressions.template import (
    Evaluate,
    TemplateProblems,
    compile_dynamic,
    compile_template,
)
from asl.model.data import (
    float_expression,
    float_path,
    integer_expression,
    integer_path,
    literal,
    typed_expression,
)
from asl.model.states import Number
from asl.problem import Problem, Severity
from asl.quotas import MAX_SECONDS
from asl.source.document import Document
from asl.values import Json

T = TypeVar("T")

_SCHEMA = "SCHEMA_VALIDATION_FAILED"
_JSONATA = "INVALID_JSONATA_EXPRESSION"
_WITHOUT_CONTEXT = frozenset(
    (
        "MaxConcurrencyPath",
        "ToleratedFailureCountPath",
        "ToleratedFailurePercentagePath",
        "MaxItemsPath",
        "MaxItemsPerBatchPath",
        "MaxInputBytesPerBatchPath",
    )
)
"""Measured on AWS: of a Map's paths only ItemsPath takes the context object."""


def escape(name: str) -> str:
    """A member name as one step of a JSON Pointer."""
    return name.replace("~", "~0").replace("/", "~1")


class Fields:
    """Reads the members of one object; collects Problems in a list shared by all."""

    def __init__(
        self,
        document: Document,
        definition: dict[str, Json],
        pointer: str,
        *,
        jsonata: bool,
        problems: list[Problem],
        location: str = "",
    ) -> None:
        self.document = document
        self.definition = definition
        self.pointer = pointer
        self.jsonata = jsonata
        self.problems = problems
        self.location = location
        """Where AWS says an expression of this object stands (`Choices[1]/Output`)."""

    def below(self, name: str, index: int | None = None) -> "Fields | None":
        """The object under a member (or in its array), or None where there is none."""
        value = self.definition.get(name)
        pointer = f"{self.pointer}/{escape(name)}"
        location = f"{self.location}{name}"
        if index is not None:
            value = value[index] if isinstance(value, list) else None
            pointer += f"/{index}"
            location += f"[{index}]"
        if not isinstance(value, dict):
            return None
        return Fields(
            self.document,
            value,
            pointer,
            jsonata=self.jsonata,
            problems=self.problems,
            location=f"{location}/",
        )

    def each(self, name: str) -> Sequence["Fields"]:
        """The objects of an array member."""
        value = self.definition.get(name)
        count = len(value) if isinstance(value, list) else 0
        found = (self.below(name, index) for index in range(count))
        return [fields for fields in found if fields is not None]

    def wrong(
        self,
        code: str,
        name: str,
        message: str,
        *,
        position: int | None = None,
        aws_code: str = _SCHEMA,
        suffix: str = "",
        severity: Severity = Severity.ERROR,
    ) -> None:
        """Note a Problem at a member (`suffix`: a pointer below it)."""
        self.problems.append(
            self.document.problem(
                code,
                message,
                pointer=f"{self.pointer}/{escape(name)}{suffix}",
                aws_code=aws_code,
                offset=position,
                severity=severity,
            )
        )

    # ------------------------------------------------------------------ plain values

    def text(self, name: str) -> str | None:
        """A member that is a text, else None."""
        value = self.definition.get(name)
        return value if isinstance(value, str) else None

    def number(self, name: str) -> int | float | None:
        """A member that is a number, else None."""
        value = self.definition.get(name)
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            return None
        return value

    def texts(self, name: str) -> tuple[str, ...]:
        """A member that is an array of texts; anything else in it is left out."""
        value = self.definition.get(name)
        items = value if isinstance(value, list) else []
        return tuple(item for item in items if isinstance(item, str))

    def is_null(self, name: str) -> bool:
        """Whether a member stands there and is null."""
        return name in self.definition and self.definition[name] is None

    # ---------------------------------------------------------------- compiled values

    def path(self, name: str) -> Path | None:
        """A member that is a Path."""
        text = self.text(name)
        if text is None:
            return None
        try:
            return compile_path(text)
        except SyntaxProblem as problem:
            message = f"{name} {text!r} is no path: {problem.message}"
            self.wrong("ASL201", name, message, position=problem.position)
            return None

    def single_path(self, name: str) -> Path | None:
        """A member that must be a Reference Path to be read."""
        path = self.path(name)
        if path is None:
            return None
        reason = reference_problem(path)
        if reason is None and path.root == "$$" and name in _WITHOUT_CONTEXT:
            reason = "The context object cannot be read here"
        if reason:
            message = f"{name} {path.text!r} must lead to one place: {reason}"
            self.wrong("ASL202", name, message)
            return None
        return path

    def reference_path(self, name: str) -> ReferencePath | None:
        """A member that is a Reference Path to write to; `$` gives None."""
        text = self.text(name)
        if text is None or text == "$":
            return None
        try:
            return compile_reference_path(text)
        except SyntaxProblem as problem:
            message = f"{name} {text!r} is no reference path: {problem.message}"
            self.wrong("ASL202", name, message, position=problem.position)
            return None

    def template(self, name: str) -> Evaluate | None:
        """A payload template of this object's query language."""
        if name not in self.definition:
            return None
        value = self.definition[name]
        if self.jsonata:
            return self._jsonata_template(name, value)
        try:
            return compile_template(value)
        except TemplateProblems as found:
            for suffix, key, problem in found.problems:
                self.wrong(
                    "ASL203",
                    name,
                    f"the value of '{key}' must be a path or an intrinsic call: "
                    f"{problem.message}",
                    position=problem.position,
                    suffix=suffix,
                )
            return None

    def _jsonata_template(self, name: str, value: Json) -> Evaluate | None:
        try:
            return compile_jsonata_template(value, f"{self.location}{name}").fill
        except JsonataProblems as found:
            for suffix, problem in found.problems:
                self.wrong(
                    "ASL204",
                    name,
                    f"the JSONata expression is wrong: {problem.message}",
                    position=problem.position,
                    suffix=suffix,
                    aws_code=_JSONATA,
                )
            return None

    def expression(self, name: str) -> Expression | None:
        """A member that is one JSONata expression (`{% … %}`), else None."""
        text = self.definition.get(name)
        if not (self.jsonata and isinstance(text, str) and is_jsonata(text)):
            return None
        try:
            return compile_jsonata_string(text)
        except SyntaxProblem as problem:
            self.wrong(
                "ASL204",
                name,
                f"the JSONata expression is wrong: {problem.message}",
                position=problem.position,
                aws_code=_JSONATA,
            )
            return None

    def dynamic_text(self, name: str) -> Evaluate | None:
        """A text: literal, `…Path` (path or intrinsic call) or JSONata expression."""
        text = self.text(f"{name}Path")
        if text is not None and not self.jsonata:
            try:
                return compile_dynamic(f"{name}Path", text)
            except SyntaxProblem as problem:
                self.wrong(
                    "ASL203",
                    f"{name}Path",
                    f"{name}Path must be a path or an intrinsic call: "
                    f"{problem.message}",
                    position=problem.position,
                )
                return None
        if (expression := self.expression(name)) is not None:
            return typed_expression(
                f"{self.location}{name}", expression, "string", (str,)
            )
        fixed = self.text(name)
        return None if fixed is None else literal(fixed)

    def integer(
        self, name: str, *, least: int = 0, most: int = MAX_SECONDS
    ) -> Number | None:
        """A whole number: literal, `…Path` or JSONata expression."""
        if not self.jsonata and (path := self.single_path(f"{name}Path")) is not None:
            return integer_path(f"{name}Path", path)
        if (expression := self.expression(name)) is not None:
            return integer_expression(name, expression, least=least, most=most)
        value = self.number(name)
        return None if value is None else literal(int(value))

    def decimal(self, name: str) -> Number | None:
        """A number: literal, `…Path` or JSONata expression."""
        if not self.jsonata and (path := self.single_path(f"{name}Path")) is not None:
            return float_path(f"{name}Path", path)
        if (expression := self.expression(name)) is not None:
            return float_expression(name, expression)
        value = self.number(name)
        return None if value is None else literal(value)
