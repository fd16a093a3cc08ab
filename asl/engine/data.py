"""The order of data: InputPath … OutputPath, Arguments … Output, Assign.

In: a state, its raw input, its result. Out: what it works on, what it passes on, what
it assigns. Everything is evaluated against the variables as they were at entry.
Never: changes a value; ResultPath copies along its path and shares the rest.

States Language specification: "Input and Output Processing".
"""

from asl.engine.strand import Strand
from asl.expressions.jsonpath import Path, PathError
from asl.expressions.reference import ReferenceConflict, ReferencePath
from asl.expressions.scope import EvaluationError
from asl.model.data import invalid_path
from asl.model.failure import REFERENCE_PATH_CONFLICT
from asl.model.states import Common, Retriable
from asl.quotas import PAYLOAD_BYTES
from asl.values import Json, json_text


def effective_input(strand: Strand, state: Common, raw: Json) -> Json:
    """What a state works on: InputPath applied (JSONPath), else the raw input."""
    if state.input_path is not None:
        return read(state.input_path, raw, strand)
    return {} if state.discards_input else raw


def subject(strand: Strand, state: Common, raw: Json) -> Json:
    """What a state's fields are evaluated against, in either query language."""
    if state.takes_raw:
        return raw
    if state.jsonata:
        return {"input": raw}
    return effective_input(strand, state, raw)


def payload(state: Retriable, given: Json) -> Json:
    """Parameters or Arguments left out: the effective input itself."""
    return given["input"] if state.jsonata else given


def read(path: Path, value: Json, strand: Strand) -> Json:
    """Read a path field; a miss is AWS's `Invalid path '…' : …`."""
    try:
        return path.read(value, strand)
    except PathError as error:
        raise invalid_path(path, error) from None


def place(path: ReferencePath, target: Json, value: Json) -> Json:
    """Write by a ResultPath into a copy of the raw input."""
    try:
        return path.write(target, value)
    except ReferenceConflict as conflict:
        raise EvaluationError(
            REFERENCE_PATH_CONFLICT,
            f'Unable to apply step "{conflict.step}" to input '
            f"{json_text(conflict.target)}",
        ) from None


def shown(strand: Strand, state: Common, value: Json) -> Json:
    """OutputPath applied."""
    if state.output_path is not None:
        return read(state.output_path, value, strand)
    return {} if state.discards_output else value


def finish_result(
    strand: Strand, state: Retriable, raw: Json, result: Json, raw_bound: int | None
) -> tuple[Json, Json]:
    """A result's way to (output, assigned variables), for Task, Parallel and Map.

    `raw_bound` is the raw input's size bound, where it is known: then the sum of two
    bounds bounds what ResultPath makes, and nothing needs to be measured.
    """
    if state.jsonata:
        given = {"input": raw, "result": result}
        output = result if state.output is None else state.output(given, strand)
        return output, None if state.assign is None else state.assign(given, strand)
    if state.result_selector is not None:
        result = state.result_selector(result, strand)
    assigned = None if state.assign is None else state.assign(result, strand)
    if state.discards_result:
        merged = raw
    elif state.result_path is not None:
        merged = place(state.result_path, raw, result)
        if raw_bound is not None and result is strand.measured:
            bound = raw_bound + strand.bound + 6 * len(state.result_path.text)
            if bound <= PAYLOAD_BYTES:
                strand.measured, strand.bound = merged, bound
    else:
        merged = result
    if state.gives_raw:
        return merged, assigned
    return shown(strand, state, merged), assigned


def finish_input(strand: Strand, state: Common, raw: Json) -> tuple[Json, Json]:
    """The way of a state without a result (Wait, Succeed, Choice's Default)."""
    if state.jsonata:
        given = {"input": raw}
        output = raw if state.output is None else state.output(given, strand)
        return output, None if state.assign is None else state.assign(given, strand)
    if state.takes_raw and state.gives_raw and state.assign is None:
        return raw, None
    value = effective_input(strand, state, raw)
    assigned = None if state.assign is None else state.assign(value, strand)
    return shown(strand, state, value), assigned
