"""Measures what waits, one run after the other, as long as the server lives."""

import subprocess
import sys
import threading
from types import TracebackType

from sqlalchemy.exc import SQLAlchemyError

from websim_server.store.boards import Claimed
from websim_server.store.errors import NoRun, NotStored
from websim_server.store.measuring import measure
from websim_server.store.store import Store

_IDLE_SECONDS = 2.0


class Measurer:
    """A thread that takes runs from the queue; each is played in a process of its own.

    Several servers behind one database share the queue: a run belongs to the one that took it until
    it is measured, or for so long that its server must be dead.
    """

    def __init__(self, store: Store) -> None:
        """Takes the store; the thread begins with `with`."""
        self._store = store
        self._ends = threading.Event()
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._thread = threading.Thread(target=self._measure_all, daemon=True)

    def __enter__(self) -> "Measurer":
        """Begins to measure."""
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Ends; what is being measured goes back into the queue."""
        with self._lock:
            self._ends.set()
            if self._process is not None:
                self._process.kill()
        self._thread.join()

    def measure_next(self) -> bool:
        """Measures one run; returns whether there was one."""
        claimed = self._store.boards.claim()
        if claimed is not None:
            self._measure(claimed)
        return claimed is not None

    def _measure_all(self) -> None:
        while not self._ends.is_set():
            try:
                busy = self._store.read_next_again() or self.measure_next()
            except (SQLAlchemyError, OSError) as error:  # the database is away for a while
                print(f"websim: nothing is measured: {error}", file=sys.stderr, flush=True)
                busy = False
            if not busy:
                self._ends.wait(_IDLE_SECONDS)

    def _measure(self, claimed: Claimed) -> None:
        boards = self._store.boards
        try:
            boards.done(claimed, measure(self._store.read(claimed.run_id), self._started))
        except (NoRun, NotStored) as error:
            if self._ends.is_set():
                boards.release(claimed)
            else:
                boards.fail(claimed, str(error))

    def _started(self, process: "subprocess.Popen[bytes]") -> None:
        with self._lock:
            self._process = process
            if self._ends.is_set():
                process.kill()
