"""The items of a distributed Map, page by page, on their way to its children.

In: pages of items as a reader gives them (or the one list of the state's input).
Out: the children's inputs, one at a time, each with the number of items in it, or many
in a Load; the request for the next page.
Never: holds more than a page and a batch; makes an input before a child can start.

Developer guide: "ItemReader", "ItemSelector", "ItemBatcher (Map)".
"""

from collections import deque

from asl.engine.load import Load
from asl.engine.page import Page
from asl.engine.strand import Strand
from asl.model.states import ItemBatcher, Map
from asl.quotas import PAYLOAD_BYTES
from asl.values import Json, size_bound, size_bytes

FIRST_PAGE = 1_000
PAGE = 10_000
_SAMPLE = 100
PAGE_BYTES = 16_000_000
"""About as much as a page may take, going by the bounds of those before it."""


class Items:
    """The items of one Map Run that no child has been given yet."""

    def __init__(self, strand: Strand, state: Map, given: Json) -> None:
        self.strand = strand
        self.state = state
        self.given = given
        self.read = 0
        """How many items were read so far."""
        self.is_whole = False
        """Whether all of them were."""
        self._page = FIRST_PAGE
        self._source: str = "STATE_DATA"
        self._sources: list[str] = []
        self._now = Page()
        """The page that is being given out."""
        self._at = 0
        """The place in the page of the next item."""
        self.selected: deque[Json] = deque()
        """Shaped already, and in no batch yet."""
        self._batcher: _Batcher | None = None

    def paging(self) -> dict[str, Json]:
        """What the reader is asked for: the next page."""
        return {"From": self.read, "Count": self._page}

    def feed(self, answer: dict[str, Json]) -> None:
        """Take a page in: Items, their Source or Sources, whether there are More.

        With Columns the items are rows of a table: lists of what stands under these, or
        with a Delimiter the lines of a file.
        """
        items: list[Json] = answer["Items"]
        page = Page(items, answer.get("Columns"), answer.get("Delimiter"))
        self.read += len(items)
        self.is_whole = not answer.get("More")
        if not self.is_whole and items:
            some = items[:: len(items) // _SAMPLE + 1]
            each = size_bound(some) // 6 // len(some) + 1
            self._page = max(1, min(PAGE, PAGE_BYTES // each))
        # Some may wait for those that make their batch a whole one.
        self._now = self._now.part(self._at, len(self._now.items)).joined(page)
        self._sources = self._sources[self._at :] + (answer.get("Sources") or [])
        self._source = answer["Source"]
        self._at = 0

    def next(self) -> tuple[Json, int] | None:
        """The next child's input and how many items it holds; None: read on, or end."""
        batcher = self._find_batcher()
        if batcher is None:
            return (self._select(), 1) if self.left else None
        return batcher.next(self)

    def next_load(self, most: int) -> Load | None:
        """The next children, at most so many; None: read on, or end."""
        batcher = self._find_batcher()
        selects = self.state.item_selector is not None
        if batcher is None and not selects:
            return Load(self.take(most)) if self.left else None
        if batcher is not None and not selects and batcher.is_idle(self):
            if not self.is_whole and self.left < batcher.most:
                return None
            load = batcher.whole_ones(self, most)
            if load is not None:
                return load
        inputs: list[Json] = []
        counts: list[int] = []
        while len(inputs) < most and (following := self.next()) is not None:
            inputs.append(following[0])
            counts.append(following[1])
        return Load(Page(inputs), counts=counts) if inputs else None

    @property
    def left(self) -> int:
        """How many items of the page were not taken yet."""
        return len(self._now.items) - self._at

    def take(self, most: int) -> Page:
        """The next items as they came, at most so many."""
        begin, self._at = self._at, self._at + min(most, self.left)
        return self._now.part(begin, self._at)

    def ahead(self, begin: int, count: int) -> Page:
        """Items that `take` is to give, from a place behind the first."""
        begin += self._at
        return self._now.part(begin, begin + count)

    def select(self, most: int) -> None:
        """Shape the next items, at most so many."""
        if self.state.item_selector is None:
            self.selected += self.take(most).objects()
            return
        for _ in range(min(most, self.left)):
            self.selected.append(self._select())

    def _find_batcher(self) -> "_Batcher | None":
        batcher = self.state.batcher
        if self._batcher is None and batcher is not None:
            self._batcher = _Batcher(self.strand, self.given, batcher)
        return self._batcher

    def _select(self) -> Json:
        """The next item as ItemSelector shapes it."""
        place = self._at
        (item,) = self.take(1).objects()
        selector, strand = self.state.item_selector, self.strand
        if selector is None:
            return item
        source = self._sources[place] if self._sources else self._source
        index = self.read - len(self._now.items) + place
        outer = strand.item
        strand.item = {"Index": index, "Value": item, "Source": source}
        strand.forget_context()
        try:
            return selector(self.given, strand)
        finally:
            strand.item = outer
            strand.forget_context()


class _Batcher:
    """Puts items together, as many as both limits allow."""

    def __init__(self, strand: Strand, given: Json, batcher: ItemBatcher) -> None:
        self.most = int(batcher.max_items(given, strand)) if batcher.max_items else 0
        room = int(batcher.max_bytes(given, strand)) if batcher.max_bytes else 0
        self.room = room or PAYLOAD_BYTES
        self.frame: dict[str, Json] = {}
        if batcher.input is not None:
            self.frame["BatchInput"] = batcher.input(given, strand)
        self.empty = size_bytes(self.frame | {"Items": []})
        self.batch: list[Json] = []
        self.size = self.empty

    def is_idle(self, items: Items) -> bool:
        """Whether no item waits here for others."""
        return not (self.batch or items.selected)

    def whole_ones(self, items: Items, most: int) -> Load | None:
        """Batches with as many items as there may be, which are far from too large.

        None where the next one is not such a batch.
        """
        each = self.most
        if each <= 0:
            return None
        bound = count = 0
        while count < most:
            some = items.ahead(count * each, each)
            held = len(some.items)
            if not held or (held < each and not items.is_whole):
                break  # there is no more, or more is to come
            more = self.empty + some.bound()
            if more > self.room:
                break
            bound, count = max(bound, more), count + 1
        if not count:
            return None
        return Load(items.take(count * each), each, self.frame, None, bound)

    def next(self, items: Items) -> tuple[Json, int] | None:
        """The next batch; None: read on, or end."""
        selected = items.selected
        most = self.most
        if most > 0 and not self.batch:
            items.select(most - len(selected))
            if len(selected) == most or items.is_whole:
                whole = list(selected)
                # Far from the limit, a bound of all spares the size of each.
                if whole and self.empty + size_bound(whole) <= self.room:
                    selected.clear()
                    return self._framed(whole)
        while True:
            if not selected:
                items.select(1)
                if not selected:
                    break
            item = selected[0]
            more = size_bytes(item) + 1
            full = len(self.batch) == most or self.size + more - 1 > self.room
            if self.batch and full:
                return self._taken()
            self.batch.append(selected.popleft())
            self.size += more
        return self._taken() if self.batch and items.is_whole else None

    def _taken(self) -> tuple[Json, int]:
        batch, self.batch, self.size = self.batch, [], self.empty
        return self._framed(batch)

    def _framed(self, batch: list[Json]) -> tuple[Json, int]:
        return self.frame | {"Items": batch}, len(batch)
