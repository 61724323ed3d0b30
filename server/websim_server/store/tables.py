"""What a store knows of its runs, in SQL."""

from pathlib import Path
from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    Engine,
    Float,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    create_engine,
    event,
    inspect,
    text,
)
from sqlalchemy.schema import CreateColumn

ID_LENGTH = 12

metadata = MetaData()

runs = Table(
    "runs",
    metadata,
    Column("id", String(ID_LENGTH), primary_key=True),
    Column("sha256", String(64), nullable=False, unique=True),
    Column("bytes", BigInteger, nullable=False),
    Column("about", Text, nullable=False),  # JSON: what the file says of itself
    Column("version", Integer, nullable=False, server_default="0"),  # of `about`
    Column("token_sha256", LargeBinary(32), nullable=False),
    Column("created_at", Float, nullable=False),  # seconds since 1970
    Column("expires_at", Float),
)

# What each run was made of; who began with nothing has no row.
descent = Table(
    "descent",
    metadata,
    Column("run_id", String(ID_LENGTH), primary_key=True),
    Column("parent", String(64), nullable=False, index=True),  # sha256 of a file
)

# The runs of boards: those that are to be measured, and what came of it.
measurements = Table(
    "measurements",
    metadata,
    Column("run_id", String(ID_LENGTH), primary_key=True),
    Column("board", String(64), nullable=False, index=True),  # sha256 of the contest
    Column("state", String(9), nullable=False, index=True),
    Column("asked_at", Float, nullable=False),  # seconds since 1970, as all times
    Column("attempts", Integer, nullable=False, default=0),
    Column("claim", String(32)),  # of the server that measures it
    Column("claimed_until", Float),
    Column("reason", Text, nullable=False, default=""),
    Column("score", Float),
    Column("error", Float),
    Column("mean_return", Float),
    Column("episodes", Integer),
    Column("engine", String(200)),
)

# Who has shared lately, so that nobody does it too often.
shares = Table(
    "shares",
    metadata,
    Column("number", Integer, primary_key=True),
    Column("who", String(64), nullable=False, index=True),  # the hash of an address
    Column("at", Float, nullable=False),
)


def connect(url: str, folder: Path) -> Engine:
    """The database, with its tables.

    Args:
        url: SQLAlchemy's; empty: SQLite in `folder`.
        folder: Made where it is missing.
    """
    if not url:
        folder.mkdir(parents=True, exist_ok=True)
        url = f"sqlite:///{folder / 'runs.sqlite3'}"
    engine = create_engine(url, pool_pre_ping=True)
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _safely)
    metadata.create_all(engine)
    _widen(engine)
    return engine


def _widen(engine: Engine) -> None:
    """Adds the columns that a store of an older version does not have."""
    there = inspect(engine)
    with engine.begin() as connection:
        for table in metadata.sorted_tables:
            known = {column["name"] for column in there.get_columns(table.name)}
            for column in table.columns:
                if column.name not in known:
                    added = CreateColumn(column).compile(dialect=engine.dialect)
                    connection.execute(text(f"ALTER TABLE {table.name} ADD COLUMN {added}"))


def _safely(connection: Any, _: Any) -> None:
    """Readers do not wait for a writer, and what was committed has reached the disk."""
    connection.execute("PRAGMA busy_timeout = 10000")
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
