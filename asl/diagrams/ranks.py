"""Ranks: which arrows lead back, and which lead too far to be drawn.

In: a Shape. Out: numbers of its edges.
Never: decides where anything stands; Graphviz does, by rules of its own that are near
these.
"""

from asl.diagrams.shape import START, Group, Node, Shape


def back_edges(shape: Shape) -> set[int]:
    """The numbers of the edges that lead back to where a way through began."""
    out: dict[str, list[tuple[int, str]]] = {}
    for number, edge in enumerate(shape.edges):
        out.setdefault(edge.source, []).append((number, edge.target))
    starts = [START, *(group.start for group in shape.groups if group.start), *out]
    back: set[int] = set()
    done: set[str] = set()
    for start in starts:
        if start in done:
            continue
        path = {start}
        stack = [(start, iter(out.get(start, ())))]
        while stack:
            id, ways = stack[-1]
            for number, target in ways:
                if target in path:
                    back.add(number)
                elif target not in done:
                    path.add(target)
                    stack.append((target, iter(out.get(target, ()))))
                    break
            else:
                stack.pop()
                path.discard(id)
                done.add(id)
    return back


MOST_RANKS = 1_200
"""What Graphviz does in a second or two."""


def far_edges(shape: Shape, back: set[int]) -> set[int]:
    """The numbers of the arrows that go to a sign with their target's name instead.

    Nobody follows a hundred lines past hundreds of states, and Graphviz takes minutes
    to draw them: what counts is how many ranks all arrows cross together. So the
    longest ones are cut, as many as are too many.
    """
    ranks = _ranks(shape, back)
    spans = sorted(
        (abs(ranks[edge.target] - ranks[edge.source]), number)
        for number, edge in enumerate(shape.edges)
    )
    total = sum(span for span, _ in spans)
    far: set[int] = set()
    while total > MOST_RANKS and spans and spans[-1][0] > _NEAR:
        span, number = spans.pop()
        far.add(number)
        total -= span
    return far


_NEAR = 6
"""An arrow over so few ranks is never cut."""


def _ranks(shape: Shape, back: set[int]) -> dict[str, int]:
    """How many ranks lie before each state, in its branch or machine."""
    out: dict[str, list[str]] = {}
    boxes: list[Node | Group] = [*shape.nodes, *shape.groups]
    waits = {box.id: 0 for box in boxes}
    for number, edge in enumerate(shape.edges):
        if number not in back:
            out.setdefault(edge.source, []).append(edge.target)
            waits[edge.target] += 1
    inside: dict[str | None, list[str]] = {}
    for node in shape.nodes:
        inside.setdefault(node.group, []).append(node.id)
    for group in shape.groups:
        inside.setdefault(group.parent, []).append(group.id)
    heights = dict.fromkeys(waits, 1)
    ranks = dict.fromkeys(waits, 0)
    for level in [*(group.id for group in reversed(shape.groups)), None]:
        ready = [id for id in inside.get(level, ()) if not waits[id]]
        while ready:
            id = ready.pop()
            for target in out.get(id, ()):
                ranks[target] = max(ranks[target], ranks[id] + heights[id])
                waits[target] -= 1
                if not waits[target]:
                    ready.append(target)
        if level is not None:  # with a rank for its dot and one for its end
            ends = [ranks[id] + heights[id] for id in inside.get(level, ())]
            heights[level] = max(ends, default=0) + 2
    return ranks
