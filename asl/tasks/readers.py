"""Readers: the item streams of one run, kept open from one page to the next.

In: what a reader's task asks for: all items, or `Count` of them from index `From`.
Out: the answer: Items, where they come from, whether there are More.
Never: holds items between two pages; trusts that a stream still stands where it is
wanted: what was closed is opened again, and its items passed over.
"""

from collections.abc import Mapping

from asl.engine.page import Page
from asl.tasks.item_reader import ItemStream, open_items
from asl.tasks.storage import Storage
from asl.values import Json, json_text

OPEN_AT_MOST = 32
"""Streams that stay open; the one that has waited longest gives way."""


class Readers:
    """The streams that stand open, by what they read and where they stand."""

    def __init__(self) -> None:
        self._standing: dict[tuple[str, int], list[ItemStream]] = {}

    def answer(self, whose: str, request: Mapping[str, Json], storage: Storage) -> Json:
        """One page of items, or all of them where no Count is given."""
        count = request.get("Count")
        if count is None:
            stream = open_items(request, storage)
            try:
                page, sources = _take_all(stream)
                return _answer(stream, page.objects(), sources)
            finally:
                stream.close()
        start = request.get("From") or 0
        asked = {key: value for key, value in request.items() if key not in _PAGING}
        text = f"{whose} {json_text(asked)}"
        # Two Map Runs may read the same: whichever stream stands there will do.
        stream = self._find(text, start) or open_items(request, storage)
        try:
            stream.skip(start - stream.position)
            page, sources = stream.take(count)
        except BaseException:
            stream.close()
            raise
        answer = _answer(stream, page.items, sources)
        if page.columns is not None:
            answer["Columns"] = list(page.columns)
            if page.delimiter is not None:
                answer["Delimiter"] = page.delimiter
        answer["More"] = stream.more
        if stream.more:
            self._keep(text, stream)
        else:
            stream.close()
        return answer

    def close(self) -> None:
        """Close every stream; the run has ended."""
        for streams in self._standing.values():
            for stream in streams:
                stream.close()
        self._standing.clear()

    def _find(self, text: str, start: int) -> ItemStream | None:
        streams = self._standing.pop((text, start), [])
        if not streams:
            return None
        stream = streams.pop()
        if streams:
            self._standing[text, start] = streams
        return stream

    def _keep(self, text: str, stream: ItemStream) -> None:
        self._standing.setdefault((text, stream.position), []).append(stream)
        if len(self._standing) > OPEN_AT_MOST:
            for waiting in self._standing.pop(next(iter(self._standing))):
                waiting.close()


_PAGING = ("From", "Count")
_PAGE = 10_000


def _take_all(stream: ItemStream) -> tuple[Page, list[str]]:
    page, sources = stream.take(_PAGE)
    while stream.more:
        more, its_sources = stream.take(_PAGE)
        page = page.joined(more)
        sources += its_sources
    return page, sources


def _answer(
    stream: ItemStream, items: list[Json], sources: list[str]
) -> dict[str, Json]:
    answer: dict[str, Json] = {"Items": items, "Source": stream.source}
    if stream.is_many:
        answer["Sources"] = sources
    return answer
