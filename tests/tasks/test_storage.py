"""Storage: a folder as a stand-in for S3, and any filesystem that has a URL."""

import os
import sys
from pathlib import Path

import pytest

from asl.errors import UsageError
from asl.tasks.storage import (
    FolderStorage,
    S3Refuses,
    Storage,
    open_storage,
    write_whole,
)


def keys(storage: Storage, prefix: str = "") -> list[str]:
    return [listed.key for listed in storage.list("shop", prefix)]


def fill(storage: Storage, *names: str) -> None:
    for name in names:
        write_whole(storage, "shop", name, name.encode())


def content(storage: Storage, key: str) -> bytes:
    with storage.read("shop", key) as stream:
        return stream.read()


NAMES = ("a/b", "a-b", "a", "a.b", "b/c/d", "b/c", "b/c-", "é", "Z", "in/x/y", "in2")
"""`a` and `a/b` cannot both be files of a folder."""


@pytest.fixture
def folder(tmp_path: Path) -> FolderStorage:
    (tmp_path / "shop").mkdir()
    return FolderStorage(tmp_path)


def test_keys_come_in_the_order_of_their_bytes(folder: FolderStorage) -> None:
    names = [name for name in NAMES if name not in ("a", "b/c")]
    fill(folder, *names)
    assert keys(folder) == sorted(names, key=str.encode)
    for prefix in ("a", "a/", "b/c", "b/c/", "in", "in/x/y", "none", "é"):
        expected = [name for name in keys(folder) if name.startswith(prefix)]
        assert keys(folder, prefix) == expected


def test_what_is_no_object_is_not_listed(folder: FolderStorage) -> None:
    root = folder.folder / "shop"
    fill(folder, "real")
    (root / "empty").mkdir()
    (root / ".x.unfinished").write_text("half")
    (root / "linked").symlink_to(root / "empty")
    os.mkfifo(root / "pipe")
    assert keys(folder) == ["real"]
    (root / "also").symlink_to(root / "real")
    assert keys(folder) == ["also", "real"]


def test_nothing_is_seen_before_it_is_whole(folder: FolderStorage) -> None:
    upload = folder.write("shop", "deep/new")
    upload.write(b"one ")
    assert keys(folder) == []
    with pytest.raises(S3Refuses):
        folder.read("shop", "deep/new")
    upload.write(b"two")
    upload.commit()
    upload.discard()
    assert content(folder, "deep/new") == b"one two"
    other = folder.write("shop", "deep/new")
    other.write(b"half")
    other.discard()
    other.discard()
    assert content(folder, "deep/new") == b"one two"
    assert keys(folder) == ["deep/new"]


def test_a_file_is_not_written_through_a_link(
    folder: FolderStorage, tmp_path: Path
) -> None:
    secret = tmp_path / "secret"
    secret.write_text("mine")
    (folder.folder / "shop" / ".new.unfinished").symlink_to(secret)
    fill(folder, "new")
    assert secret.read_text() == "mine"
    (folder.folder / "shop" / "out").symlink_to(tmp_path)
    for name in ("../secret", "out/secret", "/etc/hosts"):
        with pytest.raises(UsageError, match="leads out of"):
            folder.write("shop", name)


def test_an_object_is_described(folder: FolderStorage) -> None:
    fill(folder, "a")
    [listed] = folder.list("shop", "")
    assert listed.size_bytes == 1
    assert listed.find_etag() == "0cc175b9c0f1b6a831c399e269772661"


def test_where_the_buckets_are_is_told_by_a_path_or_a_url(tmp_path: Path) -> None:
    assert open_storage(None) is None
    made = FolderStorage(tmp_path)
    assert open_storage(made) is made
    for where in (tmp_path, str(tmp_path), tmp_path.as_uri(), f"local://{tmp_path}"):
        found = open_storage(where)
        assert isinstance(found, FolderStorage)
        assert found.folder == tmp_path


def test_what_a_url_needs_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "fsspec", None)
    with pytest.raises(UsageError, match=r'needs the extra "s3": pip install "aslkit'):
        open_storage("s3://?key=id&secret=hidden")
    with pytest.raises(UsageError) as told:
        open_storage("s3://team/b?key=id&secret=hidden")
    assert "hidden" not in str(told.value)


def test_an_unknown_option_of_s3_is_refused() -> None:
    with pytest.raises(
        UsageError, match="S3 has no option colour; there are: endpoint"
    ):
        open_storage("s3://?colour=red&key=id")


# ------------------------------------------------------------ other filesystems by URL


@pytest.fixture
def memory() -> Storage:
    pytest.importorskip("fsspec", reason="fsspec is missing")
    import fsspec

    files = fsspec.filesystem("memory")
    files.store.clear()
    files.pseudo_dirs[:] = [""]
    files.pipe("/team/shop/first", b"1")
    files.pipe("/team/shopping/x", b"2")
    storage = open_storage("memory://team")
    assert storage is not None
    return storage


@pytest.mark.full
def test_a_filesystem_by_url_has_buckets_too(memory: Storage) -> None:
    fill(memory, "a/b", "a-b", "é", "Z")
    assert keys(memory) == ["Z", "a-b", "a/b", "first", "é"]
    assert keys(memory, "a") == ["a-b", "a/b"]
    listed = next(memory.list("shop", "first"))
    assert listed.size_bytes == 1
    assert listed.modified > 1_700_000_000
    assert listed.find_etag()
    for _ in range(2):  # what is in memory can be read again
        assert content(memory, "a/b") == b"a/b"


@pytest.mark.full
def test_nothing_is_seen_before_it_is_whole_by_url(memory: Storage) -> None:
    upload = memory.write("shop", "new")
    upload.write(b"half")
    assert "new" not in keys(memory)
    upload.commit()
    upload.discard()
    assert content(memory, "new") == b"half"
    other = memory.write("shop", "other")
    other.write(b"half")
    other.discard()
    other.discard()
    assert keys(memory) == ["first", "new"]


@pytest.mark.full
def test_what_is_not_there_by_url_is_told_in_s3s_words(memory: Storage) -> None:
    for work in (
        lambda: memory.read("none", "a"),
        lambda: memory.write("none", "a"),
        lambda: list(memory.list("none", "")),
    ):
        with pytest.raises(S3Refuses, match="bucket does not exist"):
            work()
    for key in ("none", "", "first/"):
        with pytest.raises(S3Refuses, match="key does not exist"):
            memory.read("shop", key)
    for key in ("../x", "a/../../x", "/x", "."):
        with pytest.raises(UsageError, match="leads out of memory://team"):
            memory.read("shop", key)
    for bucket in ("..", "a/b", ""):
        with pytest.raises(UsageError, match="no name of a bucket"):
            list(memory.list(bucket, ""))


@pytest.mark.full
def test_a_url_that_is_no_place_is_refused() -> None:
    pytest.importorskip("fsspec", reason="fsspec is missing")
    for url in ("nowhere://x", "dir://x?colour=red"):
        with pytest.raises(UsageError, match="is no place for buckets: "):
            open_storage(url)


@pytest.mark.full
def test_a_filesystem_that_needs_more_says_what(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    pytest.importorskip("fsspec", reason="fsspec is missing")
    monkeypatch.setitem(sys.modules, "paramiko", None)
    with pytest.raises(UsageError, match=r"needs more packages: .*paramiko"):
        open_storage("sftp://host")
