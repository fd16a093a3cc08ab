"""OpenTelemetry: a trace of every execution that ends in this process.

In: a TracerProvider (the process's own by default). Out: spans for it.
Never: slows a run that is not watched, or shows input, output or a request.

An execution's spans are made when it has ended, with the times of its own clock: in
virtual time a day's Wait is a day long. Its span stands in the caller's current one.
What it waits for (Map Runs, .sync) is part of its trace; what it starts and leaves to
itself has a trace of its own, with a link.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import RLock

from asl.engine.execution import Execution
from asl.engine.messages import StartExecution
from asl.engine.nested import waits_for_child
from asl.errors import UsageError
from asl.model.machine import StateMachine
from asl.runtime.family import birth_observers, observers
from asl.server.spans import Span, story_of

try:
    from opentelemetry import trace
    from opentelemetry.context import Context
    from opentelemetry.trace import SpanKind, Status, StatusCode
except ImportError:
    raise UsageError(
        'spans need the extra "otel": pip install "aslkit[otel]"'
    ) from None


@contextmanager
def instrument(tracer_provider: "trace.TracerProvider | None" = None) -> Iterator[None]:
    """Make spans of every execution that ends in this process meanwhile.

    They go to the process's own TracerProvider where none is given. An execution that
    another has started is told of when that one has ended, so that it has its place.
    """
    tracer = trace.get_tracer("asl", tracer_provider=tracer_provider)
    tracing = _Tracing(tracer)
    birth_observers.append(tracing.note_birth)
    observers.append(tracing.note_end)
    try:
        yield
    finally:
        observers.remove(tracing.note_end)
        birth_observers.remove(tracing.note_birth)
        tracing.flush()


@dataclass(slots=True, eq=False)
class _Node:
    """An execution among those that start each other."""

    above: "_Node | None" = None
    key: str = ""
    """The ARN by which the one above knows it: its own, or its Map Run's."""
    is_awaited: bool = True
    spans: Sequence[Span] = ()
    hosts: dict[str, int] = field(default_factory=dict)
    held: "list[_Node]" = field(default_factory=list)
    """What it has started and what has ended before it."""
    contexts: dict[str, Context] | None = None
    """Where what it starts belongs, by ARN, once its spans are made; `` is its own."""


class _Tracing:
    """Keeps the executions that have started each other until all have ended."""

    def __init__(self, tracer: trace.Tracer) -> None:
        self._tracer = tracer
        self._lock = RLock()  # executions end in several threads
        self._nodes: dict[Execution, _Node] = {}
        """Those that run and have started another, or were started."""

    def note_birth(
        self, parent: Execution, child: Execution, effect: StartExecution
    ) -> None:
        """An execution was started by another."""
        key = child.arn if child.child is None else child.child.map_run_arn
        with self._lock:
            above = self._nodes.setdefault(parent, _Node())
            self._nodes[child] = _Node(above, key, waits_for_child(effect))

    def note_end(self, machine: StateMachine, execution: Execution) -> None:
        """An execution has ended."""
        story = story_of(execution)
        with self._lock:
            node = self._nodes.pop(execution, None) or _Node()
            node.spans, node.hosts = story.spans, story.hosts
            if node.above is None or node.above.contexts is not None:
                self._tell(node)
            else:
                node.above.held.append(node)

    def flush(self) -> None:
        """Make the spans of those that still wait for who has started them."""
        with self._lock:
            for node in self._nodes.values():
                node.contexts = {}
                self._tell_held(node)
            self._nodes.clear()

    def _tell(self, node: _Node) -> None:
        """Make an execution's spans, and those of what it has started."""
        context, link = _place(node)
        made: list[trace.Span] = []
        for span in node.spans:
            if span.parent is None:
                made.append(self._begin(span, context, link))
            else:
                made.append(self._begin(span, _within(made[span.parent]), None))
        for span, one in zip(reversed(node.spans), reversed(made), strict=True):
            one.end(end_time=span.end * 1000)
        node.contexts = {arn: _within(made[at]) for arn, at in node.hosts.items()}
        node.contexts[""] = _within(made[0])
        node.spans = ()
        self._tell_held(node)

    def _tell_held(self, node: _Node) -> None:
        held, node.held = node.held, []
        for one in held:
            self._tell(one)

    def _begin(
        self, span: Span, around: Context | None, link: trace.Link | None
    ) -> trace.Span:
        kind = SpanKind.CLIENT if span.kind == "attempt" else SpanKind.INTERNAL
        one = self._tracer.start_span(
            span.name,
            around,
            kind,
            dict(span.attributes),
            None if link is None else [link],
            span.start * 1000,
        )
        if span.error is not None:
            one.set_status(Status(StatusCode.ERROR, span.cause or span.error))
            if span.kind in ("attempt", "execution"):
                told = {"exception.type": span.error}
                if span.cause is not None:
                    told["exception.message"] = span.cause
                one.add_event("exception", told, span.end * 1000)
        return one


def _place(node: _Node) -> tuple[Context | None, trace.Link | None]:
    """The context of an execution's own span, None for the caller's; or a link."""
    if node.above is None or not node.above.contexts:
        return None, None
    contexts = node.above.contexts
    around = contexts.get(node.key, contexts[""])
    if node.is_awaited:
        return around, None
    return Context(), trace.Link(trace.get_current_span(around).get_span_context())


def _within(span: trace.Span) -> Context:
    """A context that keeps a span's name, and nothing else of it."""
    kept = trace.NonRecordingSpan(span.get_span_context())
    return trace.set_span_in_context(kept, Context())
