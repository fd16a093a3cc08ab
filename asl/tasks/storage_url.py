"""Storage at a URL: S3 and what speaks its language, or any other fsspec filesystem.

In: a URL: `s3://`, `s3://team/buckets` (buckets are folders there),
`s3://?endpoint_url=http://127.0.0.1:5000`, `memory://`. What stands behind the question
mark is given to the filesystem: for S3 endpoint_url, key, secret, token, profile, anon
and region_name. Without it the AWS environment and fsspec's own settings apply.
Out: a Storage.
Never: shows what stands behind the question mark: it may be secret. Lists more than a
page of an S3 bucket at a time.

Amazon S3: ListObjectsV2; fsspec and s3fs: their documentation.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from functools import partial
from io import BufferedReader, BytesIO
from typing import Any, BinaryIO
from urllib.parse import parse_qsl

from asl.errors import UsageError
from asl.tasks.storage import (
    NO_BUCKET,
    NO_KEY,
    Listed,
    S3Refuses,
    Upload,
    check_bucket,
)

_READ_BYTES = 4 << 20
_WRITE_BYTES = 8 << 20
"""A part of a multipart upload: 10,000 of them hold far more than 5 GiB."""
_PAGE_KEYS = 1_000
_WORDS: dict[str, Any] = {"true": True, "false": False}
_S3_OPTIONS = ("endpoint_url", "key", "secret", "token", "profile", "anon")
_CLIENT = ("region_name",)
"""Options that s3fs takes for its client."""


class UrlStorage:
    """A store that fsspec knows, with one folder (or S3 bucket) a bucket."""

    def __init__(self, url: str) -> None:
        place, _, query = url.partition("?")
        self.scheme, _, rest = place.partition("://")
        self.root = rest.strip("/")
        self.text = f"{self.scheme}://{self.root}"
        self.is_s3 = self.scheme in ("s3", "s3a")
        self.keeps_versions = self.is_s3
        self._options = _options(query, self.is_s3)
        self._files = _filesystem(self.scheme, self.text, self._options)

    def read(self, bucket: str, key: str, version: str | None = None) -> BinaryIO:
        """A buffered, seekable stream of an object's bytes."""
        path = self._path(bucket, key)
        with self._reached(bucket):
            if version is None:
                raw = self._files.open(path, "rb", block_size=_READ_BYTES)
            else:
                options = {**self._options, "version_aware": True}
                files = _filesystem(self.scheme, self.text, options)
                raw = files.open(path, "rb", block_size=_READ_BYTES, version_id=version)
        if hasattr(raw, "getvalue"):  # in memory already, and shared: never closed
            return BytesIO(raw.getvalue())
        # A buffer of our own: fsspec's files have no read1, and are slow by the line.
        return BufferedReader(raw, 1 << 18)

    def list(self, bucket: str, prefix: str) -> Iterator[Listed]:
        """The objects whose keys begin with the prefix, in the order of their keys."""
        check_bucket(bucket)
        with self._reached(bucket):
            if self.is_s3:
                yield from self._pages(bucket, prefix)
            else:
                yield from self._found(bucket, prefix)

    def write(self, bucket: str, key: str) -> Upload:
        """Begin to write an object."""
        path = self._path(bucket, key)
        with self._reached(bucket):
            if not self._files.exists(self._joined(bucket)):
                raise S3Refuses(NO_BUCKET)
            return _UrlUpload(self._files, path)

    def _path(self, bucket: str, key: str) -> str:
        check_bucket(bucket)
        # Some filesystems and some HTTP clients take such steps for a way up.
        if not {".", ".."}.isdisjoint(key.split("/")) or key.startswith("/"):
            raise UsageError(
                f"{key!r} leads out of {self.text}; nothing outside is touched"
            )
        if not key or key.endswith("/"):
            raise S3Refuses(NO_KEY)
        return f"{self._joined(bucket)}/{key}"

    def _joined(self, bucket: str) -> str:
        return f"{self.root}/{bucket}" if self.root else bucket

    def _pages(self, bucket: str, prefix: str) -> Iterator[Listed]:
        """S3's own listing, a page of 1,000 at a time."""
        real, _, inside = self._joined(bucket).partition("/")
        begin = f"{inside}/" if inside else ""
        more: dict[str, Any] = {}
        while True:
            page = self._files.call_s3(
                "list_objects_v2",
                Bucket=real,
                Prefix=begin + prefix,
                MaxKeys=_PAGE_KEYS,
                **more,
            )
            for found in page.get("Contents", ()):
                etag = found["ETag"].strip('"')
                yield Listed(
                    found["Key"].removeprefix(begin),
                    found["Size"],
                    int(found["LastModified"].timestamp()),
                    partial(str, etag),
                    found.get("StorageClass", "STANDARD"),
                )
            if not page.get("IsTruncated"):
                return
            more = {"ContinuationToken": page["NextContinuationToken"]}

    def _found(self, bucket: str, prefix: str) -> Iterator[Listed]:
        """What another filesystem finds; all names of a bucket are in memory."""
        path = self._joined(bucket)
        if not self._files.exists(path):
            raise S3Refuses(NO_BUCKET)
        by_key = {
            name.lstrip("/").removeprefix(f"{path}/"): facts
            for name, facts in self._files.find(path, detail=True).items()
        }
        for key in sorted(by_key, key=lambda key: key.encode("utf-8", "replace")):
            if key.startswith(prefix):
                facts = by_key[key]
                yield Listed(
                    key,
                    int(facts["size"] or 0),
                    _seconds(facts),
                    partial(self._checksum, f"{path}/{key}"),
                )

    def _checksum(self, path: str) -> str:
        return str(self._files.checksum(path))

    @contextmanager
    def _reached(self, bucket: str) -> Iterator[None]:
        """Errors of the libraries below as errors of ours."""
        try:
            yield
        except FileNotFoundError:
            there = self._files.exists(self._joined(bucket))
            raise S3Refuses(NO_KEY if there else NO_BUCKET) from None
        except (OSError, S3Refuses, UsageError, GeneratorExit):
            raise
        except Exception as error:  # botocore's errors have no base that is shared
            if type(error).__module__.partition(".")[0] not in _NETWORK:
                raise
            raise UsageError(
                f"the buckets at {self.text} cannot be reached: {error}"
            ) from None


_NETWORK = ("botocore", "aiobotocore", "aiohttp")


class _UrlUpload:
    """An upload to be completed, or a file to be moved into its place."""

    def __init__(self, files: Any, path: str) -> None:
        from fsspec.spec import AbstractBufferedFile

        self.files = files
        self.path = path
        self.unfinished: str | None = None
        file = None
        if type(files).__module__.partition(".")[0] == "s3fs":
            file = files.open(path, "wb", block_size=_WRITE_BYTES, autocommit=False)
        if not isinstance(file, AbstractBufferedFile):
            above, _, name = path.rpartition("/")
            self.unfinished = f"{above}/.{name}.unfinished"
            file = files.open(self.unfinished, "wb")
        self.new: Any = file
        self.is_over = False

    def write(self, data: bytes) -> object:
        """Add bytes at the end."""
        return self.new.write(data)

    def commit(self) -> None:
        """Let the object be seen."""
        self.new.close()
        if self.unfinished is None:
            self.new.commit()
        else:
            self.files.mv(self.unfinished, self.path)
        self.is_over = True

    def discard(self) -> None:
        """Leave no trace."""
        if self.is_over:
            return
        self.is_over = True
        if self.unfinished is None:
            self.new.discard()
            self.new.closed = True  # or the last part is sent when it is collected
        else:
            self.new.close()
            self.files.rm_file(self.unfinished)


def _options(query: str, is_s3: bool) -> dict[str, Any]:
    options: dict[str, Any] = {
        name: _WORDS.get(value, value) for name, value in parse_qsl(query)
    }
    if is_s3:
        unknown = sorted(options.keys() - {*_S3_OPTIONS, *_CLIENT})
        if unknown:  # s3fs itself would take them for something else
            raise UsageError(
                f"S3 has no option {', '.join(unknown)}; there are: "
                + ", ".join((*_S3_OPTIONS, *_CLIENT))
            )
        client = {name: options.pop(name) for name in _CLIENT if name in options}
        if client:
            options["client_kwargs"] = client
    return options


def _filesystem(scheme: str, text: str, options: dict[str, Any]) -> Any:
    """The filesystem of a scheme; nothing that it lists is kept for the next time."""
    try:
        import fsspec

        return fsspec.filesystem(scheme, use_listings_cache=False, **options)
    except ImportError as error:
        if scheme in ("s3", "s3a", "memory"):
            raise UsageError(
                f'buckets={text!r} needs the extra "s3": pip install "aslkit[s3]"'
            ) from None
        raise UsageError(f"buckets={text!r} needs more packages: {error}") from None
    except Exception as error:  # each filesystem refuses in its own way
        raise UsageError(f"buckets={text!r} is no place for buckets: {error}") from None


def _seconds(facts: dict[str, Any]) -> int:
    """When an object was changed last, by whatever name its filesystem has for it."""
    for name in ("LastModified", "mtime", "modified", "created"):
        when = facts.get(name)
        if isinstance(when, datetime):
            return int(when.timestamp())
        if isinstance(when, (int, float)):
            return int(when)
    return 0
