"""How a store is set up."""

import argparse
import os
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from websim_server.store.errors import StoreError

if TYPE_CHECKING:
    from websim_server.store.store import Store

URL = "WEBSIM_STORE"
FOLDER = "WEBSIM_STORE_FOLDER"
NONE = "none"

MAX_BYTES = 64 << 20


def data_folder() -> Path:
    """Where this user's data belongs."""
    from platformdirs import user_data_path

    return user_data_path("mujoco-websim", appauthor=False)


@dataclass(frozen=True, kw_only=True)
class StoreSettings:
    """Where shared runs are kept, and how many.

    Attributes:
        database: SQLAlchemy's URL; empty: SQLite in `folder`.
        blobs: Where files are, as `fsspec` writes it; empty: `folder`.
        folder: For what has no address of its own.
        read_only: Nothing new is taken, and nothing deleted.
        max_bytes: Of a run.
        quota: Bytes of all runs together.
        rate: How often an address may share, as `limits` writes it.
        expiry_days: So long a run is kept; None: always.
    """

    database: str = ""
    blobs: str = ""
    folder: Path = field(default_factory=data_folder)
    read_only: bool = False
    max_bytes: int = MAX_BYTES
    quota: int = 4 << 30
    rate: str = "30/hour"
    expiry_days: float | None = None


def add_options(parser: argparse.ArgumentParser) -> None:
    """Adds what `websim serve` is told of its store."""
    options = parser.add_argument_group("shared runs")
    options.add_argument(
        "--store",
        default=os.environ.get(URL, ""),
        metavar="URL",
        help="database that knows them, as SQLAlchemy writes it, such as "
        f"postgresql+psycopg://host/name; {NONE}: nothing can be shared by this server (SQLite in "
        f"the folder; the variable {URL} sets it too)",
    )
    options.add_argument(
        "--store-folder",
        type=Path,
        default=os.environ.get(FOLDER),
        metavar="FOLDER",
        help=f"where files and SQLite are (a folder for this user's data; the variable {FOLDER} "
        "sets it too)",
    )
    options.add_argument(
        "--store-files", default="", metavar="URL", help="where files are, as fsspec writes it"
    )
    options.add_argument(
        "--store-read-only", action="store_true", help="nothing new is taken, nothing deleted"
    )
    options.add_argument(
        "--store-quota",
        type=float,
        default=4.0,
        metavar="GB",
        help="of all runs together (%(default)s)",
    )
    options.add_argument(
        "--store-days", type=float, metavar="DAYS", help="so long a run is kept (always)"
    )
    options.add_argument(
        "--no-measuring",
        dest="measures",
        action="store_false",
        help="play no shared runs to rank them: other servers of the same store do, or nobody",
    )


def open_store(arguments: argparse.Namespace) -> "Store | None":
    """The store that was asked for; None: none.

    Nobody has to have one: where the default cannot be had, that is told, and the rest is served.

    Raises:
        StoreError: it cannot be opened.
    """
    if arguments.store == NONE:
        return None
    asked = arguments.store or arguments.store_files or arguments.store_folder
    from sqlalchemy.exc import SQLAlchemyError

    from websim_server.store.store import Store

    settings = StoreSettings(
        database=arguments.store,
        blobs=arguments.store_files,
        folder=arguments.store_folder or data_folder(),
        read_only=arguments.store_read_only,
        quota=int(arguments.store_quota * 1e9),
        expiry_days=arguments.store_days,
    )
    try:
        return Store(settings)
    except (SQLAlchemyError, ImportError, OSError, ValueError) as error:
        reason = str(error).splitlines()[0]
        message = f"the store of shared runs cannot be opened: {reason}"
        if not asked:
            print(f"websim: {message} (--store-folder says where else)", file=sys.stderr)
            return None
        raise StoreError(f"{message} (without one: websim serve --store {NONE})") from None
