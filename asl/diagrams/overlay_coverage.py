"""The overlay of a coverage report: how often each place of a machine was reached.

In: a machine, and the data of a coverage report. Out: an Overlay.
Never: measures; what several entries of a report say of the machine is added up.
"""

from collections import Counter
from collections.abc import Iterator

from asl.diagrams.overlay import EdgeTrace, Overlay, StateTrace
from asl.errors import UsageError
from asl.model.machine import StateMachine
from asl.model.states import Fail, State, Succeed
from asl.values import Json


def overlay_of_coverage(machine: StateMachine, report: Json) -> Overlay:
    """How often each place of a machine was reached, from a coverage report's data."""
    entries = _entries_of(machine, report)
    hits: Counter[str] = Counter()
    runs = sum(entry["executions"] for entry in entries)
    for entry in entries:
        for place in entry["places"]:
            hits[_key(place["pointer"], place["what"])] += place["hits"]
    states, edges = {}, {}
    reached = total = 0
    for state in machine.all_states():
        total += 1
        visits = hits[state.pointer]
        if not visits:
            continue
        reached += 1
        retries = sum(
            hits[f"{state.pointer}/Retry/{index}"]
            for index in range(len(getattr(state, "retry", ())))
        )
        states[state.pointer] = StateTrace(visits=visits, retries=retries)
        ends = machine.states.get(state.name) is state
        for pointer in _edges_of(state, ends=ends):
            if count := visits if pointer == state.pointer else hits[pointer]:
                edges[pointer] = EdgeTrace(count=count)
    if runs:
        edges["/StartAt"] = EdgeTrace(count=runs)
    runs_text = f"{runs:,} execution{'' if runs == 1 else 's'}"
    title = f"{reached:,} of {total:,} states reached in {runs_text}"
    return Overlay(kind="coverage", states=states, edges=edges, title=title)


def _key(pointer: str, what: str) -> str:
    """The pointer of the state or edge that a coverage place counts; else nothing."""
    if what == "entered":
        return pointer
    if what == "true" or (what == "taken" and "/Catch/" in pointer):
        return f"{pointer}/Next"
    return pointer if what in ("taken", "used") else f"{pointer}#{what}"


def _edges_of(state: State, *, ends: bool) -> Iterator[str]:
    """The pointers of the edges that may lead out of a state; its End if it `ends`.

    In a branch no edge stands for its end.
    """
    if isinstance(state, (Succeed, Fail)):
        yield from [state.pointer] if ends else []
        return
    for field_ in ("Next", "Default", "End") if ends else ("Next", "Default"):
        yield f"{state.pointer}/{field_}"
    for name in ("Choices", "Catch"):
        for index in range(len(state.definition.get(name) or ())):
            yield f"{state.pointer}/{name}/{index}/Next"


def _entries_of(machine: StateMachine, report: Json) -> list[dict[str, Json]]:
    """The entries of a report that are of this machine."""
    try:
        machines = list(report["machines"])
        pointers = {state.pointer for state in machine.all_states()}
        fitting = [
            entry
            for entry in machines
            if pointers
            == {
                place["pointer"]
                for place in entry["places"]
                if place["kind"] == "state"
            }
        ]
        named = [entry for entry in fitting if entry["name"] == machine.name]
        for entry in named or fitting:
            _check(entry)
    except (KeyError, TypeError, AttributeError) as error:
        raise UsageError(
            "this is no coverage data: asl test --cov-report json:FILE writes it "
            f"({type(error).__name__}: {error})"
        ) from None
    if not fitting:
        known = ", ".join(repr(entry["name"]) for entry in machines) or "none"
        raise UsageError(
            f"the coverage data knows no machine with the states of {machine.name!r}; "
            f"it has: {known}"
        )
    return named or fitting


def _check(entry: dict[str, Json]) -> None:
    """Figures are figures: TypeError where one is not."""
    sum((place["hits"] for place in entry["places"]), start=entry["executions"])
