"""Wording: what stands in boxes and on arrows, in as few words as say it.

In: a state as the model has it, or a part of one. Out: short texts, not escaped.
Never: evaluates anything, or knows how a picture is made.
"""

import json
import re
from collections.abc import Iterator

from asl.diagrams.lettering import shorten
from asl.expressions.comparison import OPERATORS
from asl.model.failure import ALL, Catcher, Retrier
from asl.model.states import Choice, ChoiceRule, Fail, Map, State, Task, Wait
from asl.values import Json

RULE_LENGTH = 80
"""Where a rule of comparisons, or a list of error names, is cut short."""
EXPRESSION_LENGTH = 40
"""Where an expression is cut short."""

_SIGNS = {
    "Equals": "=",
    "LessThan": "<",
    "GreaterThan": ">",
    "LessThanEquals": "≤",
    "GreaterThanEquals": "≥",
    "Matches": "matches",
}
_KINDS = {
    "IsNull": "null",
    "IsPresent": "present",
    "IsNumeric": "a number",
    "IsString": "a text",
    "IsBoolean": "a boolean",
    "IsTimestamp": "a timestamp",
}
_UNITS = ((86_400, 86_400, "d"), (3_600, 3_600, "h"), (60, 120, "min"))
"""Seconds of a unit, from how many on it is used, its sign."""
_SUFFIXES = {"request": "", "sync": ".sync", "sync:2": ".sync:2", "token": " ⏸ token"}
_IN_EXPRESSION = re.compile(
    r"""(?P<text>"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*')"""
    r"|(?P<input>\$states\.input\.(?=[A-Za-z_`]))"
    r"|(?P<sign><=|>=|!=)"
    r"|(?P<space>\s+)",
)
_EXPRESSION_SIGNS = {"<=": "≤", ">=": "≥", "!=": "≠"}


def lines_of(state: State) -> tuple[str, ...]:
    """The further lines of a state's box: what it does, waits for, or fails with."""
    if isinstance(state, Task):
        return (resource_words(state),)
    if isinstance(state, Wait):
        return tuple(_wait_words(state))
    if isinstance(state, Fail):
        return tuple(_error_words(state))
    if isinstance(state, Map):
        return tuple(_map_words(state))
    return ()


def marks_of(state: State) -> tuple[str, ...]:
    """The small marks of a state: one for each of its Retriers."""
    retriers: tuple[Retrier, ...] = getattr(state, "retry", ())
    several = len(retriers) > 1
    return tuple(retry_words(retrier, named=several) for retrier in retriers)


def retry_words(retrier: Retrier, *, named: bool = False) -> str:
    """A Retrier's numbers: `↻ 3× 2 s ×2` is three times, after 2 s, 4 s, 8 s."""
    words = ["↻"]
    if named:
        words.append(f"{shorten(error_words(retrier.error_equals), 32)}:")
    words.append(f"{retrier.max_attempts}×")
    if retrier.max_attempts > 0:
        words.append(seconds_words(retrier.interval_seconds))
        if retrier.backoff_rate != 1 and retrier.max_attempts > 1:
            words.append(f"×{_number(retrier.backoff_rate)}")
        if retrier.max_delay_seconds is not None:
            words.append(f"≤ {seconds_words(retrier.max_delay_seconds)}")
        if retrier.jitter_strategy == "FULL":
            words.append("jitter")
    return " ".join(words)


def catch_words(catcher: Catcher) -> str:
    """The label of a Catcher's arrow: its error names."""
    return shorten(error_words(catcher.error_equals), RULE_LENGTH)


def error_words(names: tuple[str, ...]) -> str:
    """Error names as a list; States.ALL is `any error`."""
    return ", ".join("any error" if name == ALL else name for name in names)


def rule_words(state: Choice, rule: ChoiceRule) -> str:
    """The label of a Choice rule's arrow: its condition, short."""
    written = state.definition["Choices"][rule.index]
    if state.jsonata:
        return _condition_words(written.get("Condition"))
    return shorten(_comparison_words(written), RULE_LENGTH)


def _condition_words(condition: Json) -> str:
    if isinstance(condition, bool):
        return "true" if condition else "false"
    return expression_words(str(condition))


def expression_words(text: str, length: int = EXPRESSION_LENGTH) -> str:
    """A JSONata text without its delimiters, the input's path and needless space."""
    inner = text.strip()
    if inner.startswith("{%") and inner.endswith("%}"):
        inner = inner[2:-2].strip()

    def put(found: re.Match[str]) -> str:
        if found["input"]:
            return ""
        if found["sign"]:
            return _EXPRESSION_SIGNS[found[0]]
        return " " if found["space"] else found[0]

    return shorten(_IN_EXPRESSION.sub(put, inner), length)


def path_words(path: Json) -> str:
    """A path without the `$.` that nearly all of them begin with."""
    text = str(path)
    return text[2:] if text.startswith("$.") and len(text) > 2 else text


def _comparison_words(rule: Json, *, inside: str = "") -> str:
    """A rule of comparisons; `inside` is the combination in which it stands."""
    for name, word in (("And", "and"), ("Or", "or")):
        if name in rule:
            parts = [_comparison_words(part, inside=name) for part in rule[name]]
            text = f" {word} ".join(parts)
            return f"({text})" if inside and inside != name and parts[1:] else text
    if "Not" in rule:
        return f"not ({_comparison_words(rule['Not'])})"
    operator = next((name for name in rule if name in OPERATORS), "")
    subject, operand = path_words(rule.get("Variable")), rule.get(operator)
    if operator in _KINDS:
        return f"{subject} is {'' if operand else 'not '}{_KINDS[operator]}"
    known = OPERATORS.get(operator)
    if known is None:  # a machine that was built in spite of its problems
        return subject
    sign = _SIGNS.get(operator.removesuffix("Path").removeprefix(known.family), "=")
    if operator == "StringMatches":
        sign = _SIGNS["Matches"]
    return (
        f"{subject} {sign} {path_words(operand) if known.is_path else _json(operand)}"
    )


def resource_words(task: Task) -> str:
    """Service and action: `lambda: charge`, `sqs: sendMessage ⏸ token`."""
    resource = task.resource
    service = resource.service.removeprefix("aws-sdk:")
    action = resource.action
    given = task.definition.get("Arguments" if task.jsonata else "Parameters")
    arguments = given if isinstance(given, dict) else {}
    if service == "lambda" and resource.family == "task" and action == "invoke":
        action = _function_name(arguments.get("FunctionName")) or action
    elif service == "http" and isinstance(arguments.get("Method"), str):
        action = _call_words(arguments) or action
    return f"{service}: {shorten(action, 48)}{_SUFFIXES[resource.pattern]}"


def _function_name(name: Json) -> str | None:
    """A Lambda function's plain name, where the definition has it."""
    if not isinstance(name, str) or not name or name.startswith("{%"):
        return None
    parts = name.split(":")
    if "function" in parts[:-1]:
        return parts[parts.index("function") + 1]
    # A name may carry its version or alias (`charge:live`), an ARN with dots may not.
    return name if parts[0] == "arn" else parts[0]


def _call_words(arguments: dict[str, Json]) -> str | None:
    """An HTTP call: `GET api.example.com/orders`."""
    method, place = arguments["Method"], arguments.get("ApiEndpoint")
    if not isinstance(place, str) or method.startswith("{%") or place.startswith("{%"):
        return None
    return f"{method} {place.removeprefix('https://')}"


def seconds_words(seconds: float) -> str:
    """A number of seconds in the largest unit that divides it: `90 s`, `5 min`."""
    for size, least, unit in _UNITS:
        if seconds >= least and seconds % size == 0:
            return f"{_number(seconds / size)} {unit}"
    return f"{_number(seconds)} s"


def _wait_words(state: Wait) -> Iterator[str]:
    written = state.definition
    if (seconds := written.get("Seconds")) is not None:
        if isinstance(seconds, str):
            yield f"for {expression_words(seconds)} s"
        else:
            yield seconds_words(seconds)
    elif (path := written.get("SecondsPath")) is not None:
        yield f"for {path} s"
    elif (moment := written.get("Timestamp")) is not None:
        yield f"until {expression_words(str(moment))}"
    elif (path := written.get("TimestampPath")) is not None:
        yield f"until {path}"


def _error_words(state: Fail) -> Iterator[str]:
    error = state.definition.get("Error", state.definition.get("ErrorPath"))
    if isinstance(error, str):
        # An expression keeps its `$states.input`: nothing else tells it from a name.
        computed = state.jsonata and error.startswith("{%")
        yield shorten(error[2:-2] if computed else error, 48)


def _map_words(state: Map) -> Iterator[str]:
    """A Map's mode and concurrency, its items, its reader, batches and writer."""
    distributed = state.processor.mode == "DISTRIBUTED"
    mode = "inline"
    if distributed:
        express = state.processor.execution_type == "EXPRESS"
        mode = "distributed, Express" if express else "distributed"
    yield mode + _concurrency_words(state)
    if state.reader is not None:
        yield f"reads {_reader_words(state)}"
    elif (items := _items_words(state)) is not None:
        yield f"each of {items}"
    if state.batcher is not None:
        yield f"batches of {_batch_words(state)}"
    if state.writer is not None and state.writer.resource:
        yield f"writes {_service_words(state.writer.resource)}"
    if (tolerated := _tolerance_words(state)) is not None:
        yield f"tolerates {tolerated} failed"


def _concurrency_words(state: Map) -> str:
    most = _amount(state.definition, "MaxConcurrency")
    return "" if most in (None, "0") else f", {most} at a time"


def _items_words(state: Map) -> str | None:
    if not state.jsonata:
        path = state.definition.get("ItemsPath")
        return None if path is None else str(path)
    items = state.definition.get("Items")
    if isinstance(items, str):
        return expression_words(items)
    return f"{len(items)} items" if isinstance(items, list) else None


def _reader_words(state: Map) -> str:
    reader = state.definition["ItemReader"]
    config = reader.get("ReaderConfig") or {}
    words = [_service_words(str(reader.get("Resource", "")))]
    if isinstance(kind := config.get("InputType"), str):
        words.append(expression_words(kind))
    if (most := _amount(config, "MaxItems")) is not None:
        words.append(f"at most {most}")
    return ", ".join(words)


def _batch_words(state: Map) -> str:
    batcher = state.definition["ItemBatcher"]
    items = _amount(batcher, "MaxItemsPerBatch")
    size = _amount(batcher, "MaxInputBytesPerBatch")
    parts = [items] if items is not None else []
    if size is not None:
        parts.append(f"≤ {size} bytes")
    return ", ".join(parts) or "items"


def _tolerance_words(state: Map) -> str | None:
    parts = []
    if (count := _amount(state.definition, "ToleratedFailureCount")) is not None:
        parts.append(count)
    share = _amount(state.definition, "ToleratedFailurePercentage")
    if share is not None:
        parts.append(f"{share} %")
    return " or ".join(parts) or None


def _service_words(arn: str) -> str:
    """`s3: getObject` of a reader's or writer's ARN."""
    parts = arn.split(":::", 1)[-1].removeprefix("aws-sdk:").split(":")
    return shorten(": ".join(parts), 48)


def _amount(fields: dict[str, Json], name: str) -> str | None:
    """A number that may be fixed, an expression, or a path in the field `…Path`."""
    value = fields.get(name)
    if isinstance(value, str):
        return expression_words(value)
    if isinstance(value, (int, float)):
        return _number(value)
    path = fields.get(f"{name}Path")
    return None if path is None else str(path)


def _number(value: float) -> str:
    whole = int(value)
    return f"{whole:,}" if whole == value else f"{value:g}"


def _json(value: Json) -> str:
    return json.dumps(value, ensure_ascii=False)
