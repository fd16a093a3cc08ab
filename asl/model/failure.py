"""Retriers, Catchers and the States.* error names: what a definition says of failure.

In: fields of a definition. Out: frozen records.
Never: decides; engine/failure.py does.

States Language specification: "Errors".
"""

from dataclasses import dataclass
from typing import Literal

from asl.expressions.reference import ReferencePath
from asl.expressions.template import Evaluate

ALL = "States.ALL"
TASK_FAILED = "States.TaskFailed"
TIMEOUT = "States.Timeout"
HEARTBEAT_TIMEOUT = "States.HeartbeatTimeout"
RUNTIME = "States.Runtime"
DATA_LIMIT_EXCEEDED = "States.DataLimitExceeded"
QUERY_EVALUATION_ERROR = "States.QueryEvaluationError"
REFERENCE_PATH_CONFLICT = "States.ReferencePathConflict"
TOLERATED_FAILURE = "States.ExceedToleratedFailureThreshold"
ITEM_READER_FAILED = "States.ItemReaderFailed"
RESULT_WRITER_FAILED = "States.ResultWriterFailed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Retrier:
    """One entry of Retry: which errors, how often, how long to wait."""

    error_equals: tuple[str, ...]
    interval_seconds: float = 1
    max_attempts: int = 3
    backoff_rate: float = 2.0
    max_delay_seconds: float | None = None
    jitter_strategy: Literal["FULL", "NONE"] = "NONE"


@dataclass(frozen=True, slots=True, kw_only=True)
class Catcher:
    """One entry of Catch: which errors, where to go, what to take along."""

    error_equals: tuple[str, ...]
    next: str
    result_path: ReferencePath | None = None
    """None: the Error Output replaces everything."""
    keeps_input: bool = False
    """ResultPath null: the raw input passes on unchanged."""
    output: Evaluate | None = None
    """JSONata's Output; None: the Error Output."""
    assign: Evaluate | None = None
