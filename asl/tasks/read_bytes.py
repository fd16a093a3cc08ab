"""What every reader of a file begins with: its bytes, unpacked where they are packed.

In: a stream of an object's bytes. Out: a stream of what is in it; ReadingFailed.
Never: holds more than a few chunks; trusts a file's name about what is inside.

Developer guide: "ItemReader (Map)". gzip is known by its first two bytes, as no text
begins with them.
"""

import gzip
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from io import BufferedReader
from typing import BinaryIO, cast

LINE_BYTES = 64 << 20
"""The longest line or value that is held: an item of a Map has at most 256 KiB."""


class ReadingFailed(Exception):
    """The items cannot be read: the cause of States.ItemReaderFailed."""


def unpacked(stream: BinaryIO) -> BinaryIO:
    """The stream, or what is in it where it is a gzip file."""
    start = stream.read(2)
    stream.seek(0)
    if start != b"\x1f\x8b":
        return stream
    return cast("BinaryIO", _Gunzip(stream))


class _Gunzip(BufferedReader):
    """A gzip file's content; closing it closes the file too."""

    def __init__(self, stream: BinaryIO) -> None:
        super().__init__(gzip.GzipFile(fileobj=stream), 1 << 18)
        self._stream = stream

    def close(self) -> None:
        super().close()
        self._stream.close()


@contextmanager
def broken_archive(what: str, place: Callable[[], str]) -> Iterator[None]:
    """A damaged or truncated gzip file as ReadingFailed, with the last place read."""
    try:
        yield
    except EOFError:
        reason = "the gzip data ends too early"
    except (zlib.error, gzip.BadGzipFile) as error:
        reason = f"the gzip data is damaged: {error}"
    else:
        return
    raise ReadingFailed(f"{what} cannot be unpacked after {place()}: {reason}")


def lines(stream: BinaryIO) -> Iterator[bytes]:
    """Lines that end in \\n and in nothing else, or pieces of LINE_BYTES."""
    return iter(partial(stream.readline, LINE_BYTES), b"")
