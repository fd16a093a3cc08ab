"""Map states: the processor, the items, and what only a distributed Map has.

In: the fields of a Map. Out: a frozen Map.
Never: reads items; the engine asks a task to.

States Language specification: "Map State".
"""

from collections.abc import Callable
from typing import Any

from asl.expressions.jsonpath import Path, PathError
from asl.expressions.scope import EvaluationError, Scope
from asl.expressions.template import Evaluate
from asl.model.data import typed_expression
from asl.model.failure import REFERENCE_PATH_CONFLICT
from asl.model.fields import Fields
from asl.model.machine import Branch, ItemProcessor
from asl.model.states import ItemBatcher, ItemReader, Map, ResultWriter
from asl.quotas import MAP_ITEMS, PAYLOAD_BYTES
from asl.values import Json, json_text


def build_map(
    fields: Fields, shared: dict[str, Any], build_branch: Callable[[Fields], Branch]
) -> Map | None:
    """Build a Map; None where it has no processor (the schema pass tells)."""
    body = fields.below("ItemProcessor") or fields.below("Iterator")
    if body is None:
        return None
    items, text = _items(fields)
    selector = "ItemSelector" if "ItemSelector" in fields.definition else "Parameters"
    if fields.jsonata:
        selector = "ItemSelector"
    return Map(
        processor=_processor(body, build_branch(body)),
        items=items,
        items_text=text,
        item_selector=fields.template(selector),
        max_concurrency=fields.integer("MaxConcurrency"),
        tolerated_count=fields.integer("ToleratedFailureCount"),
        tolerated_percentage=fields.decimal("ToleratedFailurePercentage"),
        label=fields.text("Label"),
        reader=_reader(fields.below("ItemReader")),
        batcher=_batcher(fields.below("ItemBatcher")),
        writer=_writer(fields.below("ResultWriter")),
        **shared,
    )


def _processor(body: Fields, branch: Branch) -> ItemProcessor:
    config = body.below("ProcessorConfig")
    distributed = config is not None and config.text("Mode") == "DISTRIBUTED"
    express = config is not None and config.text("ExecutionType") == "EXPRESS"
    return ItemProcessor(
        start_at=branch.start_at,
        states=branch.states,
        pointer=branch.pointer,
        mode="DISTRIBUTED" if distributed else "INLINE",
        execution_type="EXPRESS" if express else "STANDARD",
    )


def _items(fields: Fields) -> tuple[Evaluate | None, str]:
    """ItemsPath or Items, compiled, and its text for messages."""
    if not fields.jsonata:
        path = fields.path("ItemsPath")
        return (None, "$") if path is None else (_items_path(path), path.text)
    if (expression := fields.expression("Items")) is not None:
        return typed_expression("Items", expression, "array", (list,)), "Items"
    if "Items" in fields.definition:
        return fields.template("Items"), "Items"
    return None, "$"


def _items_path(path: Path) -> Evaluate:
    def evaluate(subject: Json, scope: Scope) -> Json:
        try:
            return path.read(subject, scope)
        except PathError:
            step = path.text.rpartition(".")[2]
            raise EvaluationError(
                REFERENCE_PATH_CONFLICT,
                f'Unable to apply step "{step}" to input {json_text(subject)}',
            ) from None

    return evaluate


def _reader(fields: Fields | None) -> ItemReader | None:
    if fields is None:
        return None
    config = fields.below("ReaderConfig")
    settings = {} if config is None else dict(config.definition)
    settings.pop("MaxItems", None)
    settings.pop("MaxItemsPath", None)
    return ItemReader(
        resource=fields.text("Resource") or "",
        parameters=fields.template("Arguments" if fields.jsonata else "Parameters"),
        config=settings,
        max_items=None
        if config is None
        else config.integer("MaxItems", least=-MAP_ITEMS, most=10 * MAP_ITEMS),
    )


def _batcher(fields: Fields | None) -> ItemBatcher | None:
    if fields is None:
        return None
    return ItemBatcher(
        max_items=fields.integer("MaxItemsPerBatch", most=MAP_ITEMS),
        max_bytes=fields.integer("MaxInputBytesPerBatch", most=PAYLOAD_BYTES),
        input=fields.template("BatchInput"),
    )


def _writer(fields: Fields | None) -> ResultWriter | None:
    if fields is None:
        return None
    config = fields.below("WriterConfig")
    return ResultWriter(
        resource=fields.text("Resource"),
        parameters=fields.template("Arguments" if fields.jsonata else "Parameters"),
        config={} if config is None else config.definition,
    )
