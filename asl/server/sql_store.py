"""A store in a database: SQLite's file, or PostgreSQL and others by their URL.

In: writings from any thread, collected in batches. Out: the same, in order, at the next
start; `sync` returns once all that was written before it is on disk.
Never: loses what a `sync` has returned for, shares its database with another server,
or runs SQL that is not portable (SQLite's own pragmas apart).

One thread commits, and always everything that has come meanwhile in one transaction:
two hundred clients wait for one flush of the disk, not for two hundred. SQLite's file
has a write-ahead log, is flushed at every commit and is locked as long as the server
lives; other databases keep a row locked. So a second server is refused, and a killed
one leaves nothing locked.

Memory is ahead of the database until a commit. Should one fail (a full disk), nothing
is acknowledged any more: `sync` raises, and `on_failure` is called to end the server.
"""

import json
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from asl.errors import ApiError, UsageError
from asl.server.sql_database import (
    METADATA,
    SCHEMA,
    damaged,
    explained,
    lists,
    make_engine,
    parse_url,
    reason,
    schema,
    taken,
    values,
)
from asl.server.sql_group import LIST, Group, Writing
from asl.values import Json, parse_json

try:
    import sqlalchemy as sql
    from sqlalchemy.exc import DBAPIError
except ImportError:
    raise UsageError(
        'a store by URL needs the extra "server": pip install "aslkit[server]"'
    ) from None

_PAGE = 1_000
"""Rows that are read at once."""

_change = (
    sql.update(values)
    .where(values.c.number == sql.bindparam("at"))
    .values(value=sql.bindparam("text"))
)
_forget = sql.delete(values).where(values.c.number == sql.bindparam("at"))
_wipe = sql.delete(lists).where(
    lists.c.kind == sql.bindparam("of_kind"), lists.c.name == sql.bindparam("of_name")
)


class SqlStore:
    """A store in the database that a URL names: `sqlite:///asl.db`.

    UsageError where it cannot be opened, is damaged, belongs to another server or was
    written by a newer asl.
    """

    def __init__(self, url: str) -> None:
        parsed = parse_url(url)
        self.url = parsed.render_as_string(hide_password=True)
        self.failure: str | None = None
        """Why nothing more is kept; None as long as all is well."""
        self.on_failure: Callable[[], None] = lambda: None
        """Called once, when a commit has failed."""
        self._own = threading.local()
        self._changed = threading.Condition()
        self._waiting: list[Writing] = []
        self._ticket = 0  # how many batches there were
        self._kept = 0  # how many of them are on disk
        self._is_closed = False
        self._at_work = threading.RLock()  # the connection is one thread's at a time
        self._guard: sql.Connection | None = None
        self._engine = make_engine(parsed)
        try:
            with explained(self.url):
                self._connection = self._engine.connect()
                self._open(is_file=parsed.get_backend_name() == "sqlite")
        except BaseException:
            self._let_go()
            raise
        self._writer = threading.Thread(
            target=self._write, name="asl-store", daemon=True
        )
        self._writer.start()

    # ------------------------------------------------------------------------ writing

    def put(self, kind: str, key: str, value: Json) -> None:
        """Keep a value in place of what was there."""
        self._add(("put", kind, _name(key), _text(value)))

    def delete(self, kind: str, key: str) -> None:
        """Forget a value, what was appended to it too; there may be none."""
        self._add(("delete", kind, _name(key), ""))

    def append(self, kind: str, key: str, values: Sequence[Json]) -> None:
        """Add values at the end of a list, which need not exist yet."""
        if values:
            self._add((LIST, kind, _name(key), _text(list(values))))

    @contextmanager
    def batch(self) -> Iterator[None]:
        """The writings inside belong together; nested ones belong to the outermost."""
        if getattr(self._own, "writings", None) is not None:
            yield
            return
        self._own.writings = []
        try:
            yield
            writings = self._own.writings
        finally:
            self._own.writings = None
        self._enqueue(writings)

    def sync(self) -> None:
        """Return once all that was written is on disk; ApiError if it cannot be."""
        with self._changed:
            ticket = self._ticket
            self._changed.wait_for(lambda: self._kept >= ticket or self._is_over)
            if self._kept >= ticket:
                return
        raise ApiError(
            "InternalFailure", self.failure or f"{self.url} is closed", status=500
        )

    def close(self) -> None:
        """Write what is left, let go of the database; a second time does nothing."""
        with self._changed:
            self._is_closed = True
            self._changed.notify_all()
        if threading.current_thread() is not self._writer:
            self._writer.join()
        with self._changed:
            self._changed.notify_all()
        self._let_go()

    @property
    def _is_over(self) -> bool:
        """Whether nothing more will be written."""
        return self.failure is not None or (
            self._is_closed and not self._writer.is_alive()
        )

    def _add(self, writing: Writing) -> None:
        writings = getattr(self._own, "writings", None)
        if writings is None:
            self._enqueue([writing])
        else:
            writings.append(writing)

    def _enqueue(self, writings: list[Writing]) -> None:
        if writings:
            with self._changed:
                self._ticket += 1
                if self.failure is None:
                    self._waiting += writings
                self._changed.notify_all()

    # --------------------------------------------------------------- the writer thread

    def _write(self) -> None:
        """Commit what has come, all of it at once, until the store is closed."""
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._waiting or self._is_closed)
                writings, self._waiting = self._waiting, []
                ticket = self._ticket
            if not writings:
                return
            try:
                self._commit(Group(writings))
            except Exception as error:  # whatever it was, nothing may be acknowledged
                self._fail(error)
                return
            with self._changed:
                self._kept = ticket
                self._changed.notify_all()

    def _fail(self, error: Exception) -> None:
        with self._changed:
            self.failure = (
                f"the store {self.url} cannot be written to: {reason(error)}; all that "
                "was acknowledged is kept: end the server, mend this, start it again"
            )
            self._waiting.clear()
            self._changed.notify_all()
        self.on_failure()

    def _commit(self, group: Group) -> None:
        numbers = self._numbers
        gone = [{"at": numbers.pop(key)} for key in group.deleted if key in numbers]
        wiped = [{"of_kind": kind, "of_name": name} for kind, name in group.deleted]
        changed, new = [], []
        for key, text in group.values.items():
            if key in numbers:
                changed.append({"at": numbers[key], "text": text})
            else:
                self._last_value += 1
                numbers[key] = self._last_value
                new.append(_row(self._last_value, key, text))
        added = []
        for key, text in group.appended:
            self._last_list += 1
            added.append(_row(self._last_list, key, text))
        statements = (
            (_forget, gone),
            (_wipe, wiped),
            (sql.insert(values), new),
            (_change, changed),
            (sql.insert(lists), added),
        )
        with self._at_work, self._connection.begin():
            for statement, rows in statements:
                if rows:
                    self._connection.execute(statement, rows)

    # ------------------------------------------------------------------------- reading

    def load(self, kind: str) -> Iterator[tuple[str, Json]]:
        """All values of a kind with their keys, in the order of their first writing."""
        self.sync()
        columns = values.c
        last = 0
        while True:
            rows = self._read(
                sql.select(columns.number, columns.name, columns.value)
                .where(columns.kind == kind, columns.number > last)
                .order_by(columns.number)
                .limit(_PAGE)
            )
            for _, name, text in rows:
                yield self._parse(f'"{name}"'), self._parse(text)
            if len(rows) < _PAGE:
                return
            last = rows[-1][0]

    def load_list(self, kind: str, key: str) -> Iterator[Json]:
        """What was appended under a key, in order."""
        self.sync()
        rows = self._read(
            sql.select(lists.c.value)
            .where(lists.c.kind == kind, lists.c.name == _name(key))
            .order_by(lists.c.number)
        )
        for (text,) in rows:
            yield from self._parse(text)

    def _read(self, query: "sql.Select[Any]") -> Sequence[Any]:
        with explained(self.url), self._at_work, self._connection.begin():
            return self._connection.execute(query).all()

    def _parse(self, text: str) -> Json:
        try:
            return parse_json(text)
        except ValueError as error:
            raise damaged(self.url, str(error)) from None

    # ------------------------------------------------------------------------- opening

    def _open(self, *, is_file: bool) -> None:
        """Make the tables or find them whole; nobody else has them from here on."""
        connection = self._connection
        if is_file:
            found = connection.exec_driver_sql("PRAGMA quick_check(1)").scalar()
            connection.rollback()
            if found != "ok":
                raise damaged(self.url, str(found))
        with connection.begin():
            METADATA.create_all(connection)
            version = connection.execute(sql.select(schema.c.version)).scalar()
            if version is None:
                connection.execute(sql.insert(schema).values(id=1, version=SCHEMA))
            elif version > SCHEMA:
                raise UsageError(
                    f"the store {self.url} was written by a newer asl (its tables have "
                    f"version {version}, this asl knows {SCHEMA}): upgrade aslkit, or "
                    "name another store"
                )
        if not is_file:
            self._lock_row()
        with connection.begin():
            columns = values.c
            rows = connection.execute(
                sql.select(columns.kind, columns.name, columns.number)
            )
            self._numbers = {(kind, name): number for kind, name, number in rows}
            self._last_value = max(self._numbers.values(), default=0)
            last = connection.execute(sql.select(sql.func.max(lists.c.number)))
            self._last_list = last.scalar() or 0

    def _lock_row(self) -> None:
        """Keep a row locked, in a connection of its own, until the server ends."""
        self._guard = self._engine.connect()
        try:
            self._guard.execute(sql.select(schema).with_for_update(nowait=True))
        except DBAPIError as error:
            raise taken(self.url, error) from None

    def _let_go(self) -> None:
        for connection in (self._guard, getattr(self, "_connection", None)):
            if connection is not None:
                connection.close()
        self._engine.dispose()


def _row(number: int, key: tuple[str, str], text: str) -> dict[str, object]:
    kind, name = key
    return {"number": number, "kind": kind, "name": name, "value": text}


def _name(key: str) -> str:
    """A key in ASCII: databases do not take every text that JSON may hold."""
    return json.dumps(key)[1:-1]


def _text(value: Json) -> str:
    """JSON in ASCII, for the same reason."""
    return json.dumps(value, separators=(",", ":"), allow_nan=False)
