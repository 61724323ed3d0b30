"""Processes that do the jobs of a tournament, one each at a time."""

import contextlib
import os
import signal
import time
from collections.abc import Iterator
from dataclasses import dataclass
from multiprocessing import connection, get_context
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from websim.authors.tournament.learning import Order
    from websim.authors.tournament.records import Result

PATIENCE = 60.0
"""Seconds after its time that a job has to come to its end by itself."""


@dataclass
class Slot:
    """A process, and what it is at.

    Attributes:
        process: It.
        pipe: To it.
        order: What it does; None: nothing.
        began: When it began with that, by the monotonic clock.
    """

    process: Any
    pipe: Any
    order: "Order | None" = None
    began: float = 0.0


class Pool:
    """As many processes as there are to be jobs at the same time; one that is lost is replaced."""

    def __init__(self, size: int) -> None:
        """Starts them."""
        self._context = get_context("spawn")
        self._slots = [self._start() for _ in range(size)]

    def __enter__(self) -> "Pool":
        """Returns itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Ends all, whatever they are at."""
        for slot in self._slots:
            slot.process.kill()
            slot.process.join()

    @property
    def running(self) -> set[int]:
        """Numbers of the jobs under way."""
        return {slot.order.job.number for slot in self._slots if slot.order is not None}

    @property
    def has_room(self) -> bool:
        """Whether a process has nothing to do."""
        return any(slot.order is None for slot in self._slots)

    def begin(self, order: "Order") -> None:
        """Has a process without anything to do begin a job."""
        slot = next(slot for slot in self._slots if slot.order is None)
        slot.order, slot.began = order, time.monotonic()
        with contextlib.suppress(OSError):  # it is lost, which `results` tells
            slot.pipe.send(order)

    def end(self, numbers: set[int]) -> None:
        """Has jobs come to their end as they are."""
        for slot in self._slots:
            if slot.order is not None and slot.order.job.number in numbers:
                with contextlib.suppress(OSError):
                    slot.pipe.send(None)

    def results(self, seconds: float) -> Iterator[tuple[int, "Result", bytes | None]]:
        """What has come of jobs; waits so long for the first.

        Yields:
            The job's number, what came of it, and its checkpoint.
        """
        from websim.authors.tournament.records import Result

        busy = [slot for slot in self._slots if slot.order is not None]
        waited = [thing for slot in busy for thing in (slot.pipe, slot.process.sentinel)]
        if not waited:
            return
        connection.wait(waited, seconds)
        for index, slot in enumerate(self._slots):
            if slot.order is None:
                continue
            job = slot.order.job
            told, gone = None, False
            try:
                told = slot.pipe.recv() if slot.pipe.poll() else None
            except (EOFError, OSError):
                gone = True
            late = time.monotonic() - slot.began > job.seconds + PATIENCE
            if told is not None:
                slot.order = None
                yield (job.number, *told)
            elif late or gone or not slot.process.is_alive():
                why = f"it did not end within {job.seconds + PATIENCE:.0f} s" if late else ""
                slot.process.kill()
                slot.process.join()
                self._slots[index] = self._start()
                yield job.number, Result(lost=not late, failure=why), None

    def _start(self) -> Slot:
        ours, theirs = self._context.Pipe()
        process = self._context.Process(target=_work, args=(theirs,), daemon=True)
        process.start()
        theirs.close()
        return Slot(process, ours)


def _work(pipe: Any) -> None:
    """Does what comes through the pipe, until it is closed."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the first process decides
    from websim.authors.tournament.learning import carry_out

    # As many threads as a core runs. Which core is the system's choice: another program that ran
    # beside this one, and counted cores from the first as well, would have the same one.
    os.environ["OMP_NUM_THREADS"] = "1"
    with contextlib.suppress(EOFError):
        while True:
            order = pipe.recv()
            if order is not None:
                pipe.send(carry_out(order, pipe.poll))
