"""YAML text → Document, read as YAML 1.2 and never as anything but JSON's values.

In: a text without byte-order mark. Out: a Document, as `json_text` makes it.
Never: builds an object of Python, whatever a tag asks for; recurses into the text; uses
YAML 1.1's scalars (`on`, `no`, `1:30`, dates and `=` are texts here).

PyYAML gives the events, the C parser where it is built in; what they mean is decided
here: YAML 1.2.2, section 10.3 (core schema); merge keys as YAML 1.1 had them, because
definitions use them; CloudFormation's !Sub, !Ref and !GetAtt become placeholders.
More than 250 lines: one builder, whose methods share where it stands.
"""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NoReturn

from asl.errors import DefinitionError, InternalError
from asl.source.document import (
    Document,
    Lines,
    Place,
    place_problem,
    repeat_problem,
)
from asl.source.substitution import escape
from asl.source.yaml_faults import AWS_CODES, explain_fault
from asl.source.yaml_values import (
    CLOUDFORMATION,
    KINDS,
    PLAIN_COLLECTIONS,
    STANDARD,
    NotFinite,
    join_parts,
    read_plain,
    spell_tag,
)
from asl.values import MAX_DEPTH, Json

if TYPE_CHECKING:
    from collections.abc import Callable

    from yaml import AliasEvent, CollectionStartEvent, Event, ScalarEvent

    from asl.problem import Problem

MAX_NODES = 1_000_000
"""Values in a document once its aliases are written out; a definition's largest text
(1 MiB) holds fewer."""


def read_yaml(text: str, *, file: str | None = None) -> Document:
    """Read YAML text; raises DefinitionError with every fault that has a place."""
    import yaml

    loader = getattr(yaml, "CBaseLoader", yaml.BaseLoader)
    builder = _Builder(text, file)
    try:
        for event in yaml.parse(text, Loader=loader):
            builder.take(event)
    except yaml.YAMLError as error:
        raise DefinitionError(
            [*builder.problems, explain_fault(text, file, error)]
        ) from None
    return builder.finish()


@dataclass(slots=True)
class _Node:
    """A finished value; `source` is a scalar's text, for use as a key."""

    value: Json
    place: Place
    source: str | None = None
    size: int = 1
    """Values in it, aliases written out."""
    height: int = 0
    """Lists and objects in each other; 0 for a scalar."""


@dataclass(slots=True)
class _Open:
    """A list or object that has begun."""

    value: Json
    place: Place
    anchor: str | None
    tag: str | None
    flow: bool
    key: str | None = None
    key_bounds: tuple[int, int] = (0, 0)
    merging: bool = False
    merges: list[_Node] = field(default_factory=list)
    size: int = 1
    height: int = 0
    end: int = 0


class _Builder:
    """Values and places from the parser's events."""

    def __init__(self, text: str, file: str | None) -> None:
        import yaml

        self.problems: list[Problem] = []
        """Faults that end the reading once the text is through."""
        self._text = text
        self._file = file
        self._lines: Lines | None = None
        self._repeats: list[Problem] = []
        self._anchors: dict[str, _Node | None] = {}
        """None while the anchor's own value is still open."""
        self._open: list[_Open] = []
        self._root: _Node | None = None
        self._takers: dict[type, Callable[[Json], None]] = {
            yaml.ScalarEvent: self._take_scalar,
            yaml.MappingStartEvent: lambda event: self._begin(event, {}),
            yaml.SequenceStartEvent: lambda event: self._begin(event, []),
            yaml.MappingEndEvent: self._close,
            yaml.SequenceEndEvent: self._close,
            yaml.AliasEvent: self._take_alias,
            yaml.DocumentStartEvent: self._take_document,
        }

    def take(self, event: "Event") -> None:
        """Take the parser's next event."""
        taker = self._takers.get(type(event))
        if taker is not None:
            taker(event)

    def finish(self) -> Document:
        """The Document, once all events are taken."""
        if self.problems:
            raise DefinitionError(self.problems)
        root = self._root or _Node(None, Place(0, len(self._text)))
        return Document(
            root.value,
            text=self._text,
            file=self._file,
            format="yaml",
            root=root.place,
            problems=self._repeats,
        )

    # Scalars, keys and aliases

    def _take_scalar(self, event: "ScalarEvent") -> None:
        start, end = _bounds(event)
        if event.style in ("|", ">"):
            end = start + len(self._text[start:end].rstrip())
        node = _Node(None, Place(start, end), event.value)
        if self._wants_key():
            if event.anchor:
                self._anchors[event.anchor] = node
            node.value = event.value
            plain = event.implicit[0] and event.tag is None
            self._check_key(event, plain, start, end)
            self._set_key(
                event.value, start, end, merging=plain and event.value == "<<"
            )
            return
        node.value = self._resolve(event, start, end)
        self._add(node, event.anchor)

    def _check_key(
        self, event: "ScalarEvent", plain: bool, start: int, end: int
    ) -> None:
        if plain and not event.value:
            self._note(start, end, "ASL008", "a key is missing before ':'", "write one")
        elif event.tag not in (None, "!", STANDARD + "str"):
            message = f"the key {event.value!r} has the tag {spell_tag(event.tag)}"
            self._note(start, end, "ASL008", message, "keys are plain texts")

    def _set_key(self, key: str, start: int, end: int, *, merging: bool) -> None:
        inner = self._open[-1]
        if not merging and key in inner.value:
            before = inner.place.members[key].key or (start, end)
            pointer = f"{self._pointer(self._open[:-1])}/{escape(key)}"
            self._repeats.append(
                repeat_problem(
                    self._find_lines(),
                    pointer,
                    file=self._file,
                    first=before,
                    last=(start, end),
                )
            )
        inner.key, inner.key_bounds, inner.merging = key, (start, end), merging
        inner.end = end

    def _take_alias(self, event: "AliasEvent") -> None:
        start, end = _bounds(event)
        name = str(event.anchor)
        node = self._anchors.get(name)
        if node is None:
            if name in self._anchors:
                message = f"the alias *{name} stands inside its own anchor &{name}"
                self._stop(
                    start, end, "ASL009", message, "JSON has no cycles: write it out"
                )
            message = f"the alias *{name} has no anchor &{name} above it"
            self._stop(
                start, end, "ASL004", message, "quote a text that begins with '*'"
            )
        if self._wants_key():
            if node.source is None:
                self._stop(start, end, "ASL008", *_COMPLEX_KEY)
            self._set_key(node.source, start, end, merging=False)
            return
        if len(self._open) + node.height > MAX_DEPTH:
            self._stop_deep(start, end)
        place = Place(start, end, members=node.place.members)
        self._add(_Node(node.value, place, node.source, node.size, node.height), None)

    def _resolve(self, event: "ScalarEvent", start: int, end: int) -> Json:
        """A scalar's value by its tag, or by the core schema where it is plain."""
        text, tag = event.value, event.tag
        if tag is None or tag == "!":
            plain = event.implicit[0] and tag is None
            return self._resolve_plain(text, start, end) if plain else text
        if tag in CLOUDFORMATION:
            return CLOUDFORMATION[tag].format(text)
        kinds = KINDS.get(tag.removeprefix(STANDARD))
        if kinds is not None and tag.startswith(STANDARD):
            value = text if str in kinds else self._resolve_plain(text, start, end)
            if type(value) in kinds:
                return value
            self._note(
                start, end, "ASL008", f"{text!r} is no {spell_tag(tag)}", "mend it"
            )
            return None
        self._refuse_tag(tag, start, end)
        return None

    def _resolve_plain(self, text: str, start: int, end: int) -> Json:
        try:
            return read_plain(text)
        except NotFinite as problem:
            hint = "write a number, a text or null"
            self._note(start, end, "ASL008", str(problem), hint)
            return None

    # Lists and objects

    def _begin(self, event: "CollectionStartEvent", value: Json) -> None:
        start, end = _bounds(event)
        if self._wants_key():
            self._stop(start, max(end, start + 1), "ASL008", *_COMPLEX_KEY)
        if len(self._open) >= MAX_DEPTH:
            self._stop_deep(start, end)
        if event.anchor:
            self._anchors[event.anchor] = None
        place = Place(start, end)
        flow = bool(event.flow_style)
        self._open.append(_Open(value, place, event.anchor, event.tag, flow, end=end))

    def _close(self, event: "Event") -> None:
        inner = self._open.pop()
        place = inner.place
        place.end = _bounds(event)[1] if inner.flow else inner.end
        if inner.merges:
            _merge(inner)
        value = inner.value
        tag = inner.tag
        source = None
        if tag in ("!Sub", "!GetAtt") and type(value) is list:
            value = source = join_parts(tag, value)
            place.members = {}
        if (tag not in PLAIN_COLLECTIONS and source is None) or tag == "!Ref":
            self._refuse_tag(str(tag), place.start, place.end)
        height = 0 if source is not None else inner.height + 1
        self._add(_Node(value, place, source, inner.size, height), inner.anchor)

    def _add(self, node: _Node, anchor: str | None) -> None:
        """Put a finished value where it belongs."""
        if anchor:
            self._anchors[anchor] = node
        if not self._open:
            self._root = node
            return
        inner, place = self._open[-1], node.place
        inner.end = place.end
        inner.size += node.size
        inner.height = max(inner.height, node.height)
        if inner.size > MAX_NODES:
            message = (
                f"with its aliases written out this holds over {MAX_NODES:,} values"
            )
            self._stop(place.start, place.end, "ASL009", message, "use fewer aliases")
        if type(inner.value) is list:
            inner.place.members[str(len(inner.value))] = place
            inner.value.append(node.value)
            return
        if inner.merging:
            self._add_merge(inner, node)
        else:
            key = str(inner.key)
            place.key = inner.key_bounds
            inner.value[key] = node.value
            inner.place.members[key] = place
        inner.key = None

    def _add_merge(self, inner: _Open, node: _Node) -> None:
        items = node.value if type(node.value) is list else [node.value]
        if not all(type(item) is dict for item in items):
            start, end = node.place.start, node.place.end
            message = "the merge key '<<' needs an object or a list of objects"
            self._note(start, end, "ASL008", message, "quote it if a text is meant")
            return
        inner.merges.append(node)

    def _wants_key(self) -> bool:
        inner = self._open[-1] if self._open else None
        return inner is not None and inner.key is None and type(inner.value) is dict

    def _take_document(self, event: "Event") -> None:
        if self._root is not None:
            start, end = _bounds(event)
            message = "a second YAML document begins here"
            self._stop(start, end, "ASL004", message, "a file holds one definition")

    # Problems

    def _refuse_tag(self, tag: str, start: int, end: int) -> None:
        self._note(
            start,
            end,
            "ASL008",
            f"the tag {spell_tag(tag)} stands for no value of JSON",
            "only !Sub, !Ref and !GetAtt are read, as ${placeholders}"
            if not tag.startswith(STANDARD) and not tag.startswith("!!")
            else "write the value out as JSON has it",
        )

    def _stop_deep(self, start: int, end: int) -> NoReturn:
        message = f"the YAML is nested deeper than {MAX_DEPTH} levels"
        self._stop(start, end, "ASL007", message, None)

    def _stop(
        self, start: int, end: int, code: str, message: str, suggestion: str | None
    ) -> NoReturn:
        """Note a fault after which nothing can be read."""
        self._note(start, end, code, message, suggestion)
        raise DefinitionError(self.problems)

    def _note(
        self, start: int, end: int, code: str, message: str, suggestion: str | None
    ) -> None:
        self.problems.append(
            place_problem(
                self._find_lines().span(start, end),
                code=code,
                message=message,
                pointer=self._pointer(self._open),
                file=self._file,
                aws_code=AWS_CODES.get(code),
                suggestion=suggestion,
            )
        )

    def _find_lines(self) -> Lines:
        self._lines = self._lines or Lines(self._text)
        return self._lines

    def _pointer(self, path: list[_Open]) -> str:
        steps = (
            str(len(o.value)) if type(o.value) is list else escape(o.key or "")
            for o in path
            if type(o.value) is list or o.key is not None
        )
        return "".join(f"/{step}" for step in steps)


_COMPLEX_KEY = ("a list or object as a key", "JSON's keys are texts: quote it")


def _bounds(event: "Event") -> tuple[int, int]:
    """Where an event's text begins and ends, in characters."""
    start, end = event.start_mark, event.end_mark
    if start is None or end is None:
        raise InternalError("a YAML event without marks")
    return start.index, end.index


def _merge(inner: _Open) -> None:
    """Merge keys: earlier objects win over later ones, own keys over both."""
    value: dict[str, Json] = {}
    members: dict[str, Place] = {}
    for node in inner.merges:
        sources = (
            [(item, node.place.members[str(n)]) for n, item in enumerate(node.value)]
            if type(node.value) is list
            else [(node.value, node.place)]
        )
        for source, place in sources:
            for key in source:
                if key not in value:
                    value[key], members[key] = source[key], place.members[key]
    inner.value = {**value, **inner.value}
    inner.place.members = {**members, **inner.place.members}
