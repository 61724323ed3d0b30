"""The store itself: what is shared is found by the beginning of its sha256, and never changes."""

import contextlib
import hashlib
import json
import secrets
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from cachetools import TTLCache
from sqlalchemy import Connection, delete, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from websim_server.store.blobs import Blobs
from websim_server.store.boards import Boards, Standing, shown
from websim_server.store.errors import NoRun, NotAllowed, NotStored, StoreFull
from websim_server.store.inspection import VERSION, inspect
from websim_server.store.pictures import Picture, picture_of
from websim_server.store.settings import StoreSettings
from websim_server.store.tables import ID_LENGTH, connect, descent, runs, shares

if TYPE_CHECKING:
    from limits import RateLimitItem

_DAY = 86_400.0

_REMEMBERED_SECONDS = 5.0
"""So long a run that another server has deleted may still be handed out by this one."""

_REMEMBERED_RUNS = 4096

_MOST_ANCESTORS = _MOST_CHILDREN = 100

_REMEMBERED_BYTES = 64 << 20


@dataclass(frozen=True)
class Stored:
    """A run in the store.

    Attributes:
        id: The first characters of its sha256.
        sha256: Of the file.
        bytes: Of the file.
        about: What the file says of itself (`inspection.inspect`), and `picture`: its
            `media_type`, `width` and `height`, or None.
        created_at: Seconds since 1970.
        expires_at: Likewise; None: never.
    """

    id: str
    sha256: str
    bytes: int
    about: dict[str, Any]
    created_at: float
    expires_at: float | None


@dataclass(frozen=True)
class Relative:
    """A run that another one came of, or that came of another one.

    Attributes:
        id: The first characters of its sha256.
        title: What people call it, or its task; empty where it is not in the store.
        global_step: Environment steps that it had learnt for.
        shared: Whether it is in the store.
    """

    id: str
    title: str
    global_step: int
    shared: bool


@dataclass(frozen=True)
class Family:
    """How a run stands among others.

    Attributes:
        ancestors: What it was made of, and that of, as far as they are in the store; the nearest
            first.
        children: What was made of it, the oldest first.
        standing: On the board of its contest; None: on none.
    """

    ancestors: list[Relative]
    children: list[Relative]
    standing: Standing | None


@dataclass(frozen=True)
class Receipt:
    """What somebody gets who shares a run.

    Attributes:
        run: It.
        token: Deletes it; None where it had been shared before, by somebody.
    """

    run: Stored
    token: str | None


class Store:
    """Runs that people share.

    A file is kept first, and then its row: what is acknowledged has both. A file without a row is
    served to nobody, and gets one when somebody shares it again.
    """

    def __init__(self, settings: StoreSettings) -> None:
        """Opens the store, and makes what is missing of it.

        Raises:
            sqlalchemy.exc.SQLAlchemyError, OSError, ValueError: database or place of files are
                none, or not to be had.
        """
        self.settings = settings
        self._engine = connect(settings.database, settings.folder)
        self.boards = Boards(self._engine)
        self._blobs = Blobs(settings.blobs or str(settings.folder / "runs"))
        self._lock = threading.Lock()
        self._reads_again = threading.Lock()
        self._unreadable: dict[str, str] = {}
        self._runs: TTLCache[str, Stored] = TTLCache(_REMEMBERED_RUNS, _REMEMBERED_SECONDS)
        self._families: TTLCache[str, Family] = TTLCache(_REMEMBERED_RUNS, _REMEMBERED_SECONDS)
        self._files: TTLCache[str, bytes] = TTLCache(
            _REMEMBERED_BYTES, _REMEMBERED_SECONDS, getsizeof=len
        )

    def close(self) -> None:
        """Closes the connections."""
        self._engine.dispose()

    def share(self, data: bytes) -> Receipt:
        """Keeps a run.

        Raises:
            NotAllowed: the store only reads.
            NoRun: too large, or no run.
            StoreFull: there is no room.
        """
        settings = self.settings
        if settings.read_only:
            raise NotAllowed("This store only reads: nothing can be shared here.")
        if len(data) > settings.max_bytes:
            raise NoRun(f"A run may have {settings.max_bytes:,} bytes, not {len(data):,}.")
        sha256 = hashlib.sha256(data).hexdigest()
        self.sweep()
        there = self._find(sha256[:ID_LENGTH])
        if there is not None:
            return self._again(there, sha256, data)
        about, picture = _looked_at(data)
        room = settings.quota - self.used()
        if len(data) > room:
            raise StoreFull(
                f"The store has room for {max(room, 0):,} bytes more; the run has {len(data):,}."
            )
        self._put(sha256, data, picture)
        token = secrets.token_urlsafe(24)
        now = time.time()
        days = settings.expiry_days
        run = Stored(
            id=sha256[:ID_LENGTH],
            sha256=sha256,
            bytes=len(data),
            about=about,
            created_at=now,
            expires_at=None if days is None else now + days * _DAY,
        )
        row = {**vars(run), **_as_read(about), "token_sha256": _hashed(token)}
        try:
            with self._engine.begin() as connection:
                connection.execute(insert(runs).values(row))
                self._enter(connection, run.id, about)
        except IntegrityError:  # somebody else was faster
            there = self._find(run.id)
            if there is None:
                raise
            return self._again(there, sha256, data)
        return Receipt(run, token)

    def admit(self, who: str, rate: "RateLimitItem") -> float | None:
        """Counts somebody who shares, together with all servers and workers of this store.

        Args:
            who: Its hash is kept for as long as it counts.
            rate: How often that is allowed.

        Returns:
            When it is allowed again, in seconds since 1970; None: now.
        """
        now, key = time.time(), hashlib.sha256(who.encode()).hexdigest()
        with self._engine.connect() as connection:
            connection.execute(delete(shares).where(shares.c.at <= now - rate.get_expiry()))
            # What is written first makes those wait who write beside it.
            connection.execute(insert(shares).values(who=key, at=now))
            counted = select(func.count(), func.min(shares.c.at)).where(shares.c.who == key)
            number, first = connection.execute(counted).one()
            if number > rate.amount:
                connection.rollback()
                return float(first + rate.get_expiry())
            connection.commit()
        return None

    def about(self, run_id: str) -> Stored:
        """What is known of a run; raises NotStored."""
        with self._lock:
            found = self._runs.get(run_id)
        if found is None:
            found = self._find(run_id)
        if found is None or (found.expires_at is not None and found.expires_at <= time.time()):
            raise _not_here(run_id)
        with self._lock:
            self._runs.setdefault(run_id, found)
        return found

    def family(self, run_id: str) -> Family:
        """What a run came of and what came of it, and how it stands; raises NotStored."""
        with self._lock:
            found = self._families.get(run_id)
        if found is None:
            found = self._family(self.about(run_id))
            with self._lock:
                self._families.setdefault(run_id, found)
        return found

    def read(self, run_id: str) -> bytes:
        """The file of a run; raises NotStored."""
        return self._read(_file(self.about(run_id).sha256))

    def picture(self, run_id: str) -> Picture:
        """What a preview of a run shows; raises NotStored."""
        run = self.about(run_id)
        shown = run.about["picture"]
        if shown is None:
            raise NotStored(f"There is no picture of run {run_id!r:.40}.")
        return Picture(**shown, data=self._read(_picture(run.sha256)))

    def remove(self, run_id: str, token: str) -> None:
        """Deletes a run.

        Raises:
            NotStored: there is none.
            NotAllowed: the token is not its own, or the store only reads.
        """
        if self.settings.read_only:
            raise NotAllowed("This store only reads: nothing can be deleted here.")
        with self._engine.begin() as connection:
            own = select(runs.c.sha256, runs.c.token_sha256).where(runs.c.id == run_id)
            row = connection.execute(own).one_or_none()
            if row is None:
                raise _not_here(run_id)
            if not secrets.compare_digest(row.token_sha256, _hashed(token)):
                raise NotAllowed("Only who shared a run can delete it, with the token of then.")
            self._forget(connection, [run_id])
            # Before others see that it is gone: who shares it anew then writes a file that stays.
            self._drop_files(row.sha256)
        with self._lock:
            self._runs.pop(run_id, None)
            self._families.pop(run_id, None)
            for name in _names(row.sha256):
                self._files.pop(name, None)

    def read_next_again(self) -> bool:
        """Reads a file again that another version has read; returns whether there was one."""
        with self._engine.connect() as connection:
            others = select(runs.c.id).where(runs.c.version != VERSION)
            waiting = set(connection.execute(others).scalars()) - self._unreadable.keys()
        if not waiting or self.settings.read_only:
            return False
        with contextlib.suppress(NotStored):
            self._find(waiting.pop())
        return True

    def used(self) -> int:
        """Bytes of all runs together."""
        with self._engine.connect() as connection:
            total = connection.execute(select(func.coalesce(func.sum(runs.c.bytes), 0)))
            return int(total.scalar_one())

    def sweep(self) -> None:
        """Forgets what has expired."""
        over = runs.c.expires_at <= time.time()
        with self._engine.begin() as connection:
            gone = connection.execute(select(runs.c.id, runs.c.sha256).where(over)).all()
            self._forget(connection, [run_id for run_id, _ in gone])
            for _, sha256 in gone:
                self._drop_files(sha256)

    def _put(self, sha256: str, data: bytes, picture: Picture | None) -> None:
        if picture is not None:
            self._blobs.put(_picture(sha256), picture.data)
        self._blobs.put(_file(sha256), data)

    def _drop_files(self, sha256: str) -> None:
        for name in _names(sha256):
            self._blobs.remove(name)

    def _read(self, name: str) -> bytes:
        """A file, which has never another content; raises NotStored."""
        with self._lock:
            data = self._files.get(name)
        if data is not None:
            return data
        try:
            data = self._blobs.get(name)
        except FileNotFoundError:
            raise NotStored(f"The file {name:.12}… of this run is gone.") from None
        with self._lock:
            if len(data) <= _REMEMBERED_BYTES // 16:
                self._files.setdefault(name, data)
        return data

    def _forget(self, connection: Connection, run_ids: Sequence[str]) -> None:
        """Takes runs out of all tables; who was made of them keeps saying so."""
        connection.execute(delete(runs).where(runs.c.id.in_(run_ids)))
        connection.execute(delete(descent).where(descent.c.run_id.in_(run_ids)))
        self.boards.leave(connection, run_ids)

    def _enter(self, connection: Connection, run_id: str, about: dict[str, Any]) -> None:
        """Puts a run where others look for it."""
        connection.execute(delete(descent).where(descent.c.run_id == run_id))
        if about["parent"]:
            own = {"run_id": run_id, "parent": about["parent"]}
            connection.execute(insert(descent).values(own))
        self.boards.enter(connection, run_id, about)

    def _find(self, run_id: str) -> Stored | None:
        """A run; raises NotStored where another version took it and this one cannot read it."""
        found, version = self._row(run_id)
        if found is None or version == VERSION:
            return found
        with self._reads_again:
            found, version = self._row(run_id)  # somebody else may have been faster
            if found is None or version == VERSION:
                return found
            return self._read_again(found)

    def _row(self, run_id: str) -> tuple[Stored | None, int]:
        """A run as it was read, and by which version."""
        names = [column for column in runs.c if column.name != "token_sha256"]
        with self._engine.connect() as connection:
            row = connection.execute(select(*names).where(runs.c.id == run_id)).one_or_none()
        if row is None:
            return None, VERSION
        values = row._asdict()
        version: int = values.pop("version")
        return Stored(**{**values, "about": json.loads(values["about"])}), version

    def _read_again(self, run: Stored) -> Stored:
        """What this version knows of a file that another one has read."""
        try:
            if run.id in self._unreadable:
                raise NoRun(self._unreadable[run.id])
            data = self._read(_file(run.sha256))
            about, picture = _looked_at(data)
        except (NoRun, NotStored) as error:
            self._unreadable[run.id] = str(error)
            raise NotStored(
                f"Another version of this server took run {run.id}, and this one cannot read it: "
                f"{error}"
            ) from None
        if not self.settings.read_only:
            self._put(run.sha256, data, picture)
            with self._engine.begin() as connection:
                row = update(runs).where(runs.c.id == run.id).values(_as_read(about))
                connection.execute(row)
                self._enter(connection, run.id, about)
        return replace(run, about=about)

    def _family(self, run: Stored) -> Family:
        of_it = (
            select(runs.c.id, runs.c.about)
            .join(descent, descent.c.run_id == runs.c.id)
            .where(shown(), descent.c.parent == run.sha256)
            .order_by(runs.c.created_at)
            .limit(_MOST_CHILDREN)
        )
        with self._engine.connect() as connection:
            children = connection.execute(of_it).all()
        line: list[Relative] = []
        seen = {run.sha256}
        parent = run.about["parent"]
        while parent and parent not in seen and len(line) < _MOST_ANCESTORS:
            seen.add(parent)
            there = self._find(parent[:ID_LENGTH])
            if there is None or there.sha256 != parent:
                line.append(Relative(parent[:ID_LENGTH], "", 0, shared=False))
                break
            line.append(_relative(there.id, there.about))
            parent = there.about["parent"]
        return Family(
            ancestors=line,
            children=[_relative(run_id, json.loads(about)) for run_id, about in children],
            standing=self.boards.standing(run.id),
        )

    def _again(self, there: Stored, sha256: str, data: bytes) -> Receipt:
        """The same file gives the same link; another one that begins alike gives none."""
        if there.sha256 != sha256:
            raise NoRun("Another run has this address. Save it again, so that its bytes differ.")
        shown = there.about["picture"] is not None
        wanted = _names(sha256) if shown else (_file(sha256),)
        if not all(map(self._blobs.has, wanted)):  # who deleted it was cut off in between
            self._put(sha256, data, picture_of(data) if shown else None)
        return Receipt(there, None)


def _not_here(run_id: str) -> NotStored:
    return NotStored(f"There is no run {run_id!r:.40} here, or no longer.")


def _looked_at(data: bytes) -> tuple[dict[str, Any], Picture | None]:
    """What a file says of itself, and its picture; raises NoRun."""
    about, picture = inspect(data), picture_of(data)
    about["picture"] = picture and {
        "media_type": picture.media_type,
        "width": picture.width,
        "height": picture.height,
    }
    return about, picture


def _as_read(about: dict[str, Any]) -> dict[str, Any]:
    return {"about": json.dumps(about), "version": VERSION}


def _relative(run_id: str, about: dict[str, Any]) -> Relative:
    return Relative(run_id, about["title"] or about["task"], about["global_step"], shared=True)


def _file(sha256: str) -> str:
    return f"{sha256}.websim"


def _picture(sha256: str) -> str:
    return f"{sha256}.picture"


def _names(sha256: str) -> tuple[str, str]:
    return _file(sha256), _picture(sha256)


def _hashed(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()
