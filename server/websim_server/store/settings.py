"""How a store is set up."""

from dataclasses import dataclass, field
from pathlib import Path

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
