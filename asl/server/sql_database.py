"""The database of a store: its tables, how it is reached, what it complains of.

In: a URL. Out: an engine; complaints as one sentence with the next move.
Never: SQL that is not portable, SQLite's own pragmas apart; a password in a message.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from asl.errors import UsageError

try:
    import sqlalchemy as sql
    from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError
    from sqlalchemy.exc import SQLAlchemyError as SqlError
    from sqlalchemy.pool import NullPool
except ImportError:
    raise UsageError(
        'a store by URL needs the extra "server": pip install "aslkit[server]"'
    ) from None

if TYPE_CHECKING:
    from sqlalchemy.engine.interfaces import DBAPIConnection

SCHEMA = 1
"""The version of the tables and of what is in them; a higher one is refused."""

METADATA = sql.MetaData()
_number = sql.BigInteger().with_variant(sql.Integer(), "sqlite")
schema = sql.Table(
    "asl_schema",
    METADATA,
    sql.Column("id", sql.Integer, primary_key=True, autoincrement=False),
    sql.Column("version", sql.Integer, nullable=False),
)
values = sql.Table(
    "asl_value",
    METADATA,
    sql.Column("number", _number, primary_key=True, autoincrement=False),
    sql.Column("kind", sql.String(32), nullable=False),
    sql.Column("name", sql.String(700), nullable=False),
    sql.Column("value", sql.Text, nullable=False),
)
lists = sql.Table(
    "asl_list",
    METADATA,
    sql.Column("number", _number, primary_key=True, autoincrement=False),
    sql.Column("kind", sql.String(32), nullable=False),
    sql.Column("name", sql.String(700), nullable=False),
    sql.Column("value", sql.Text, nullable=False),  # a JSON list of what came at once
    sql.Index("asl_list_by_name", "kind", "name"),
)


def parse_url(url: str) -> sql.URL:
    """A URL taken apart; UsageError where it is none, or names nothing that lasts."""
    try:
        parsed = sql.make_url(url)
    except ArgumentError:
        raise UsageError(
            f"the store {url!r} is no URL; write sqlite:///{url or 'asl.db'} for a file"
        ) from None
    if parsed.get_backend_name() == "sqlite" and (
        parsed.database in (None, "", ":memory:") or "mode" in parsed.query
    ):
        raise UsageError(
            f"the store {url!r} names no file; write sqlite:///asl.db, or leave the "
            "store out to keep all in memory"
        )
    return parsed


def make_engine(url: sql.URL) -> sql.Engine:
    """An engine for one server's own use; UsageError where a driver is missing."""
    is_file = url.get_backend_name() == "sqlite"
    # Whoever has the file has it until the end: waiting for it helps nobody.
    options = {"timeout": 0, "check_same_thread": False} if is_file else {}
    try:
        engine = sql.create_engine(url, poolclass=NullPool, connect_args=options)
    except NoSuchModuleError:
        raise UsageError(
            f"the store {url.render_as_string()}: no database is known as "
            f"{url.drivername!r}; write sqlite:///FILE or postgresql+psycopg://…"
        ) from None
    except ImportError as error:
        raise UsageError(
            f"the store {url.render_as_string()} needs the driver {error.name!r}: "
            f"install it, or name another one (postgresql+psycopg://…)"
        ) from None
    if is_file:
        sql.event.listen(engine, "connect", _prepare_file)
    return engine


def _prepare_file(connection: "DBAPIConnection", record: object) -> None:
    """SQLite: no other process may have the file, and a commit is on disk."""
    cursor = connection.cursor()
    for pragma in (
        "locking_mode=EXCLUSIVE",  # first: so the log needs no shared memory
        "journal_mode=WAL",
        "synchronous=FULL",
        "fullfsync=ON",  # macOS: through the disk's own cache, too
    ):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.execute("BEGIN IMMEDIATE")  # takes the lock, which is kept
    cursor.execute("COMMIT")
    cursor.close()


@contextmanager
def explained(url: str) -> Iterator[None]:
    """What a database complains of, as one sentence with the next move."""
    try:
        yield
    except DBAPIError as error:
        text = reason(error)
        if "locked" in text:
            raise taken(url, error) from None
        if "not a database" in text or "malformed" in text:
            raise damaged(url, text) from None
        raise UsageError(f"the store {url} cannot be opened: {text}") from None
    except SqlError as error:
        raise UsageError(f"the store {url}: {error}") from None


def taken(url: str, error: DBAPIError) -> UsageError:
    """Another server has the store."""
    return UsageError(
        f"the store {url} is another server's as long as that runs ({reason(error)}): "
        "end it, or name another store"
    )


def damaged(url: str, why: str) -> UsageError:
    """What is there cannot be read, or not as what it should be."""
    return UsageError(
        f"the store {url} is damaged, or is none of asl's: {why}; put a copy in its "
        "place, or name another store"
    )


def reason(error: Exception) -> str:
    """The database's own words, without SQL and links."""
    return str(getattr(error, "orig", None) or error).strip()
