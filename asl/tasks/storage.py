"""Storage: where buckets are: a local folder, or a store that fsspec knows.

In: the path of a folder with one subfolder a bucket, or a URL such as `s3://`.
Out: a Storage: streams to read, descriptions of objects in the order of their keys,
uploads of which nothing is seen before they are complete.
Never: reads or writes anything outside the folder, symbolic links included; holds a
whole object in memory.

Amazon S3: ListObjectsV2 (the order of keys), PutObject (all or nothing).
"""

import os
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Protocol, TypeAlias

from asl.errors import UsageError
from asl.values import Json

NO_BUCKET = "The specified bucket does not exist"
NO_KEY = "The specified key does not exist."
_CHUNK_BYTES = 1 << 18


class S3Refuses(Exception):
    """S3 answers with an error; the text is its message."""


@dataclass(frozen=True, slots=True)
class Listed:
    """One object as ListObjectsV2 tells of it."""

    key: str
    size_bytes: int
    modified: int
    """Seconds since 1970."""
    find_etag: Callable[[], str]
    """The ETag without its quotes; asked only where somebody wants it."""
    storage_class: str = "STANDARD"

    def to_item(self) -> Json:
        """The item of a Map that iterates over a listing, as recorded."""
        return {
            "Etag": f'"{self.find_etag()}"',
            "LastModified": self.modified,
            "Key": self.key,
            "Size": self.size_bytes,
            "StorageClass": self.storage_class,
        }


class Upload(Protocol):
    """An object being written, unseen until `commit`."""

    def write(self, data: bytes) -> object:
        """Add bytes at the end."""

    def commit(self) -> None:
        """Let the object be seen, whole."""

    def discard(self) -> None:
        """Leave no trace; does nothing after `commit`."""


class Storage(Protocol):
    """Buckets, wherever they are."""

    keeps_versions: bool
    """Whether a VersionId is heeded."""

    def read(self, bucket: str, key: str, version: str | None = None) -> BinaryIO:
        """A buffered, seekable stream of an object's bytes."""

    def list(self, bucket: str, prefix: str) -> Iterator[Listed]:
        """The objects whose keys begin with the prefix, in the order of their keys."""

    def write(self, bucket: str, key: str) -> Upload:
        """Begin to write an object."""


Where: TypeAlias = "str | os.PathLike[str] | Storage | None"
"""What `buckets` may be: a folder, a URL, a Storage made before, or nothing."""


def open_storage(where: Where) -> Storage | None:
    """The storage at a folder or URL; UsageError where there is none of that kind."""
    if where is None:
        return None
    if not isinstance(where, (str, os.PathLike)):
        return where
    text = os.fspath(where)
    if "://" not in text:
        return FolderStorage(Path(text))
    scheme, _, rest = text.partition("://")
    if scheme in ("file", "local"):
        return FolderStorage(Path(rest))
    from asl.tasks.storage_url import UrlStorage

    return UrlStorage(text)


def write_whole(storage: Storage, bucket: str, key: str, data: bytes) -> None:
    """Write an object at once."""
    upload = storage.write(bucket, key)
    try:
        upload.write(data)
        upload.commit()
    finally:
        upload.discard()


class FolderStorage:
    """A folder with one subfolder a bucket."""

    keeps_versions = False

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def read(self, bucket: str, key: str, version: str | None = None) -> BinaryIO:
        """A buffered, seekable stream of a file's bytes."""
        file = _inside(self._bucket(bucket), key)
        if not file.is_file():
            raise S3Refuses(NO_KEY)
        return file.open("rb", buffering=_CHUNK_BYTES)

    def list(self, bucket: str, prefix: str) -> Iterator[Listed]:
        """The files whose keys begin with the prefix; links to folders are none."""
        folder = self._bucket(bucket)
        for key in _keys(folder, "", prefix):
            yield self._describe(folder, key)

    def write(self, bucket: str, key: str) -> Upload:
        """Begin to write a file."""
        return _FolderUpload(_inside(self._bucket(bucket), key))

    def _bucket(self, bucket: str) -> Path:
        check_bucket(bucket)
        if not self.folder.is_dir():
            raise UsageError(f"the buckets folder {self.folder} does not exist")
        if not _inside(self.folder, bucket).is_dir():
            raise S3Refuses(NO_BUCKET)
        return self.folder / bucket

    def _describe(self, folder: Path, key: str) -> Listed:
        file = _inside(folder, key)
        facts = file.stat()
        return Listed(key, facts.st_size, int(facts.st_mtime), lambda: _md5(file))


def check_bucket(bucket: str) -> None:
    """UsageError where a name would lead elsewhere than to a bucket."""
    if not bucket or "/" in bucket or "\\" in bucket or bucket in (".", ".."):
        raise UsageError(f"{bucket!r} is no name of a bucket")


class _FolderUpload:
    """A file beside the one that it becomes: renaming is all or nothing."""

    def __init__(self, file: Path) -> None:
        self.file = file
        file.parent.mkdir(parents=True, exist_ok=True)
        self.unfinished = file.with_name(f"{_BEFORE}{file.name}{_AFTER}")
        self.unfinished.unlink(missing_ok=True)
        self.new = self.unfinished.open("xb")  # a new file: never through a link

    def write(self, data: bytes) -> object:
        """Add bytes at the end."""
        return self.new.write(data)

    def commit(self) -> None:
        """Let the file be seen."""
        self.new.close()
        self.unfinished.replace(self.file)

    def discard(self) -> None:
        """Leave no trace."""
        with suppress(OSError):  # a full disk fails once more when it is flushed
            self.new.close()
        self.unfinished.unlink(missing_ok=True)


_BEFORE, _AFTER = ".", ".unfinished"


def _keys(folder: Path, above: str, prefix: str) -> Iterator[str]:
    """Keys in the order of their UTF-8 bytes, with one folder's names in memory.

    `a-b` comes before `a/b`: a folder sorts as its name with the slash.
    """
    named = []
    with os.scandir(folder / above if above else folder) as entries:
        for entry in entries:
            if entry.is_dir(follow_symlinks=False):
                named.append(f"{entry.name}/")
            elif _is_object(entry):
                named.append(entry.name)
    for name in sorted(named, key=lambda name: name.encode("utf-8", "surrogateescape")):
        key = above + name
        if not name.endswith("/"):
            if key.startswith(prefix):
                yield key
        elif key.startswith(prefix) or prefix.startswith(key):
            yield from _keys(folder, key, prefix)


def _is_object(entry: "os.DirEntry[str]") -> bool:
    """Whether a name stands for an object: no folder behind a link, no pipe."""
    if entry.name.startswith(_BEFORE) and entry.name.endswith(_AFTER):
        return False
    return (entry.is_symlink() and not entry.is_dir()) or entry.is_file()


def _inside(folder: Path, key: str) -> Path:
    """The file of a key; UsageError where that lies outside the folder."""
    try:
        root, file = folder.resolve(), (folder / key).resolve()
    except (OSError, ValueError):  # a name that no file can have
        raise S3Refuses(NO_KEY) from None
    if not file.is_relative_to(root) or file == root:
        raise UsageError(f"{key!r} leads out of {folder}; nothing outside is touched")
    return file


def _md5(file: Path) -> str:
    from hashlib import file_digest, md5

    with file.open("rb") as stream:
        return file_digest(stream, lambda: md5(usedforsecurity=False)).hexdigest()
