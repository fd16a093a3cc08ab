"""The exceptions a caller may meet: each says who is to blame.

In: nothing. Out: the exception classes, all below AslError.
Never: used for what a definition or a task does wrong while running; that ends in the
execution's history (status, error, cause).
"""

from collections.abc import Mapping, Sequence

from asl.problem import Problem, Severity


class AslError(Exception):
    """Base of every exception that asl raises on purpose."""


class DefinitionError(AslError):
    """The definition is wrong; `problems` holds everything found, in order of place."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = list(problems)
        errors = [p for p in self.problems if p.severity is Severity.ERROR]
        super().__init__("\n".join(str(p) for p in errors or self.problems))


class UsageError(AslError):
    """The call was wrong: an argument, a missing callable, a mock without an answer."""


class TaskError(AslError):
    """Raised by a task to fail with an error name and a cause of its own choosing.

    Both may be None, which leaves the key out of the history, as AWS does.
    """

    def __init__(self, error: str | None = None, cause: str | None = None) -> None:
        self.error = error
        self.cause = cause
        super().__init__(error, cause)

    def __str__(self) -> str:
        return f"{self.error}: {self.cause}" if self.cause else str(self.error)


class ApiError(AslError):
    """An API call was refused, in AWS's words: error code, message, HTTP status.

    `members` are what an error's body has beside them, such as `resourceName`.
    """

    def __init__(
        self,
        code: str,
        message: str = "",
        *,
        status: int = 400,
        members: Mapping[str, str] | None = None,
    ) -> None:
        self.code = code
        self.message = message
        self.status = status
        self.members = dict(members or {})
        super().__init__(code, message)

    def __str__(self) -> str:
        return f"{self.code}: {self.message}" if self.message else self.code


class ResumeError(AslError):
    """The replies of an earlier run and the definition disagree."""


class InternalError(AslError):
    """A bug in asl; please report it."""

    def __init__(self, message: str) -> None:
        super().__init__(f"{message} (this is a bug in asl; please report it)")
