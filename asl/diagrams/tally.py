"""Tally: the figures of an overlay in words, the same in every format.

In: what an Overlay has of a state or an edge. Out: short texts, and one word for each
state and edge by which writers choose their style.
Never: counts; overlay.py has.
"""

from asl.diagrams.overlay import EdgeTrace, Overlay, StateTrace, seconds_text

STATE_MARKS = ("visited", "failed", "caught", "never", "added", "removed", "changed")
"""The words for states; nothing stands for a state that is drawn as without overlay."""

_SIGNS = {"added": "+", "removed": "−", "changed": "~"}


def state_mark(overlay: Overlay | None, pointer: str) -> str:
    """What is to be seen of a state at first sight: one of STATE_MARKS, or nothing."""
    if overlay is None:
        return ""
    trace = overlay.states.get(pointer)
    if overlay.kind == "comparison":
        return "" if trace is None or trace.status == "same" else trace.status
    if trace is None:
        return "never"
    if trace.failed or trace.aborted:
        return "failed"
    return "caught" if trace.caught else "visited"


def edge_mark(overlay: Overlay | None, pointer: str) -> str:
    """The same for an edge: `taken`, `never`, `added`, `removed`, or nothing."""
    if overlay is None:
        return ""
    trace = overlay.edges.get(pointer)
    if overlay.kind == "comparison":
        return "" if trace is None or trace.status == "same" else trace.status
    return "never" if trace is None else "taken"


def state_sign(overlay: Overlay | None, pointer: str) -> str:
    """`+`, `−` or `~` before the name of a state that a comparison has found."""
    return _SIGNS.get(state_mark(overlay, pointer), "")


def edge_sign(overlay: Overlay | None, pointer: str) -> str:
    """`+` or `−` before the label of an edge that a comparison has found."""
    return _SIGNS.get(edge_mark(overlay, pointer), "")


def state_words(overlay: Overlay | None, pointer: str) -> tuple[str, ...]:
    """The lines that an overlay adds to a state's box."""
    trace = None if overlay is None else overlay.states.get(pointer)
    if overlay is None or trace is None:
        return ()
    if overlay.kind == "comparison":
        return (trace.note,) if trace.note else ()
    lines = [_visit_words(trace)]
    if trace.iterations:
        counts = [f"{count:,} {word}" for word, count in trace.iterations.items()]
        lines.append(f"iterations: {', '.join(counts)}")
    return tuple(line for line in lines if line)


def _visit_words(trace: StateTrace) -> str:
    words = [f"{trace.visits:,} visits"] if trace.visits > 1 else []
    words.extend(
        name if trace.visits == 1 else f"{count:,} {name}"
        for name in ("failed", "caught", "aborted", "running")
        if (count := getattr(trace, name))
    )
    if trace.retries:
        words.append(f"retried ×{trace.retries:,}")
    if trace.seconds:
        words.append(seconds_text(trace.seconds))
    return ", ".join(words)


def edge_words(overlay: Overlay | None, pointer: str) -> str:
    """When, or how often, an edge was taken: `#2, #5`, `12×`."""
    trace = None if overlay is None else overlay.edges.get(pointer)
    if overlay is None or trace is None or overlay.kind == "comparison":
        return ""
    return f"{trace.count:,}×" if overlay.kind == "coverage" else _order_words(trace)


def _order_words(trace: EdgeTrace) -> str:
    numbers = ", ".join(f"{number:,}" for number in trace.orders)
    more = trace.count - len(trace.orders)
    return f"#{numbers} … ({trace.count:,}×)" if more > 0 else f"#{numbers}"
