"""Choice: the first rule that holds, else Default.

In: a strand, a Choice, its raw input. Out: the next state's name and the value it gets.
Never: compares; expressions/comparison.py does.

States Language specification: "Choice State". Recorded: no match without
Default is States.Runtime, not the documented States.NoChoiceMatched.
"""

from asl.engine.data import finish_input, shown, subject
from asl.engine.strand import Strand
from asl.expressions.scope import EvaluationError
from asl.history import DEFAULT
from asl.model.failure import RUNTIME
from asl.model.states import Choice, ChoiceRule
from asl.values import Json


def run_choice(strand: Strand, state: Choice, raw: Json) -> tuple[str | None, Json]:
    """Find where to go; the matched rule's Assign and Output apply, or the state's."""
    strand.enter(state, raw)
    given = raw if state.takes_raw else subject(strand, state, raw)
    rule: ChoiceRule | None = None  # none was tried yet
    try:
        for rule in state.choices:
            if rule.test(given, strand):
                if rule.keeps and state.keeps:
                    output, assigned = raw, None
                else:
                    output, assigned = _take(strand, state, rule, raw, given)
                strand.leave(state, output, assigned, rule.index)
                return rule.next, output
    except EvaluationError:
        _note_failed(strand, state, 0 if rule is None else rule.index)
        raise
    if state.default is None:
        _note_failed(strand, state, len(state.choices))
        raise EvaluationError(
            RUNTIME,
            "Failed to transition out of the state. The state does not point to a next "
            "state.",
        )
    output, assigned = finish_input(strand, state, raw)
    strand.leave(state, output, assigned, DEFAULT)
    return state.default, output


def _note_failed(strand: Strand, state: Choice, tried: int) -> None:
    """The Choice goes nowhere: no event tells how many rules were found not to hold."""
    strand.execution.note(state.pointer, f"rules {tried}")


def _take(
    strand: Strand, state: Choice, rule: ChoiceRule, raw: Json, given: Json
) -> tuple[Json, Json]:
    assigned = None if rule.assign is None else rule.assign(given, strand)
    if state.jsonata:
        return raw if rule.output is None else rule.output(given, strand), assigned
    return shown(strand, state, given), assigned
