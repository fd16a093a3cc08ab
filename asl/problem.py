"""Problem: something wrong in a definition, as data.

In: what source, model, graph and checks notice. Out: one frozen record each.
Never: raised; DefinitionError carries a list of them.
"""

from dataclasses import dataclass
from enum import StrEnum


class Severity(StrEnum):
    """How much a Problem matters: an error keeps a machine from being built."""

    ERROR = "error"
    WARNING = "warning"
    INFO = "info"


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One thing wrong with one place of one definition.

    `code` is ours and stable (ASL0xx unreadable, 1xx flow, 2xx data, 3xx choice,
    4xx failure, 5xx task, 9xx style); `aws_code` is AWS's diagnostic code where AWS
    reports the same finding. `pointer` is a JSON Pointer into the definition
    (`/States/Pay/Next`, the empty text for the whole). Lines and columns count from 1
    and are None where the definition had no text.
    """

    code: str
    message: str
    severity: Severity = Severity.ERROR
    aws_code: str | None = None
    pointer: str = ""
    file: str | None = None
    line: int | None = None
    column: int | None = None
    end_line: int | None = None
    end_column: int | None = None
    suggestion: str | None = None

    def __str__(self) -> str:
        place = self.file or ""
        if self.line is not None and place:
            place += f":{self.line}:{self.column}"
        elif self.line is not None:
            place = f"line {self.line}, column {self.column}"
        elif self.pointer:
            place += f"{':' if place else ''}{self.pointer}"
        tail = f"; {self.suggestion}" if self.suggestion else ""
        head = f"{place}: " if place else ""
        return f"{head}{self.message}{tail} ({self.code})"
