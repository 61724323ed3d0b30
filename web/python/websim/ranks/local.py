"""Ranks on one machine: threads of a process, or processes, over memory that they share."""

import threading
import time
import traceback
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from websim.errors import RankLost
from websim.ranks.communicator import TIMEOUT, Bytes, Communicator, Transport

SLOT_BYTES = 1 << 20
"""Bytes that a rank hands over at once; longer arrays travel in pieces."""

SPIN_SECONDS = 0.002
"""So long a rank looks for the others before it sleeps."""


class LocalTransport(Transport):
    """Memory shared by threads or processes, and a condition that tells of arrivals.

    `arrivals[r]` is the last meeting that rank r came to; -1 - that, once it is expelled.
    """

    def __init__(
        self,
        rank: int,
        condition: Any,
        arrivals: Any,
        slots: Any,
        slot_bytes: int,
        alive: Callable[[int], bool] = lambda rank: True,
    ) -> None:
        """Takes what `thread_transports` or `process_group` share out.

        Args:
            rank: Whose end this is.
            condition: A `Condition` of threading or multiprocessing.
            arrivals: Memory of one int64 a rank.
            slots: Memory of two slots a rank.
            slot_bytes: Size of a slot.
            alive: Tells of a rank that it has ended, so that nobody waits for it.
        """
        self.slot_bytes = slot_bytes
        self._rank, self._condition, self._alive = rank, condition, alive
        self._arrivals = np.frombuffer(arrivals, np.int64)
        self._slots = np.frombuffer(slots, np.uint8).reshape(2, -1, slot_bytes)

    def exchange(
        self, number: int, members: Sequence[int], timeout: float, given: Bytes, taken: Bytes
    ) -> tuple[int, ...]:
        """See Transport."""
        slots = self._slots[number % 2]
        slots[self._rank, : given.size] = given
        lost = self._meet(number, members, timeout)
        if not lost:
            taken[...] = slots[list(members), : given.size]
        return lost

    def _meet(self, number: int, members: Sequence[int], timeout: float) -> tuple[int, ...]:
        arrivals = self._arrivals
        with self._condition:
            if arrivals[self._rank] < 0:
                return (self._rank,)
            arrivals[self._rank] = number
            self._condition.notify_all()
        # Ranks do the same work and come at nearly the same time: sleeping would cost more.
        end = time.perf_counter() + SPIN_SECONDS
        while time.perf_counter() < end and any(0 <= arrivals[r] < number for r in members):
            time.sleep(0)
        with self._condition:
            waited = 0.0
            while True:
                missing = [rank for rank in members if 0 <= arrivals[rank] < number]
                gone = [r for r in missing if waited >= timeout or not self._alive(r)]
                for rank in gone:
                    arrivals[rank] = -1 - arrivals[rank]
                if gone:
                    self._condition.notify_all()
                # Who has not come may still be reading what was written before the last meeting:
                # even with a rank lost, nobody writes on before all others are here.
                if len(gone) == len(missing):
                    return tuple(
                        r for r in members if arrivals[r] < 0 and -1 - arrivals[r] < number
                    )
                step = min(0.25, timeout - waited)
                self._condition.wait(step)
                waited = waited + step if step > 0 else timeout


def thread_communicators(
    size: int, *, timeout: float = TIMEOUT, slot_bytes: int = SLOT_BYTES
) -> list[Communicator]:
    """Communicators for `size` threads of this process."""
    shared = (threading.Condition(), bytearray(8 * size), bytearray(2 * size * slot_bytes))
    return [
        Communicator(rank, size, LocalTransport(rank, *shared, slot_bytes), timeout)
        for rank in range(size)
    ]


def run_processes(
    function: Callable[..., Any],
    size: int,
    *arguments: Any,
    timeout: float = TIMEOUT,
    slot_bytes: int = SLOT_BYTES,
) -> Any:
    """Runs `function(communicator, *arguments)` as `size` processes; rank 0 is this one.

    Args:
        function: A function that can be pickled.
        size: Number of ranks.
        *arguments: For each of them, picklable.
        timeout: See Communicator.
        slot_bytes: See Transport.

    Returns:
        What rank 0 returns.
    """
    if size == 1:
        return function(Communicator(), *arguments)
    import multiprocessing  # not there in the browser

    context = multiprocessing.get_context("spawn")
    shared = (
        context.Condition(),
        context.RawArray("b", 8 * size),
        context.RawArray("b", 2 * size * slot_bytes),
    )
    processes = {
        rank: context.Process(
            target=_run_rank,
            args=(function, rank, size, shared, slot_bytes, timeout, arguments),
            daemon=True,
        )
        for rank in range(1, size)
    }
    for process in processes.values():
        process.start()
    try:
        transport = LocalTransport(
            0, *shared, slot_bytes, alive=lambda rank: rank == 0 or processes[rank].is_alive()
        )
        return function(Communicator(0, size, transport, timeout), *arguments)
    finally:
        for process in processes.values():
            process.join(5)
            process.terminate()


def _run_rank(
    function: Callable[..., Any],
    rank: int,
    size: int,
    shared: tuple[Any, Any, Any],
    slot_bytes: int,
    timeout: float,
    arguments: tuple[Any, ...],
) -> None:
    import signal

    # Ctrl-C in a terminal reaches every process; rank 0 decides, and tells in a collective.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    transport = LocalTransport(rank, *shared, slot_bytes)
    try:
        function(Communicator(rank, size, transport, timeout), *arguments)
    except RankLost:
        pass  # expelled, or rank 0 is gone: somebody else tells
    except Exception:
        traceback.print_exc()
