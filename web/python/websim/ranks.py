"""Ranks: the same program several times over, and how its copies agree on numbers.

As with MPI, every rank runs the same code on environments of its own; experience never leaves it.
What is combined (gradients, statistics, returns) goes through a `Communicator`. All ranks call the
same collectives in the same order, and each combines the contributions in the order of the ranks
by itself, so that all get the same bits.

A rank that does not come to a collective within `timeout` seconds is expelled: the collective
raises `RankLost` in all others, at the same call, and `reform` makes the group go on without it.

How data travels is behind `Transport`: nothing for one rank, memory shared by threads or processes
here, a SharedArrayBuffer in the browser (`sim/shared/communicator.js`).
"""

import threading
import time
import traceback
from collections.abc import Callable, Sequence
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from websim.errors import InvalidArgument, RankLost

TIMEOUT = 60.0
"""Seconds that ranks wait for each other. Rollouts of the same length take about the same time."""

SLOT_BYTES = 1 << 20
"""Bytes that a rank hands over at once; longer arrays travel in pieces."""

SPIN_SECONDS = 0.002
"""So long a rank looks for the others before it sleeps."""

Bytes = NDArray[np.uint8]


class Transport(Protocol):
    """Moves bytes between ranks.

    Every rank has two slots, used in turns: what a rank wrote for exchange k stays until it writes
    for exchange k + 2, and by then the others, who came to exchange k + 1, have read it.

    Attributes:
        slot_bytes: What fits into a slot.
    """

    slot_bytes: int

    def exchange(
        self, number: int, members: Sequence[int], timeout: float, given: Bytes, taken: Bytes
    ) -> tuple[int, ...]:
        """Waits until all members have come to exchange `number` (1, 2, ...), and swaps bytes.

        A member that has not come in time is expelled for good; for each rank it is decided once
        and for all whether it came to an exchange or was expelled before.

        Args:
            number: Of this exchange.
            members: The ranks that take part.
            timeout: Seconds to wait for them.
            given: What this rank hands over [size].
            taken: Gets what each member handed over [members, size], unless one is expelled.

        Returns:
            The members that are expelled, this rank itself perhaps; empty if all have come.
        """


class Communicator:
    """A group of ranks and what they can do together. One rank needs no transport.

    Attributes:
        rank: This rank's number, from 0.
        size: How many ranks there were at the start.
        members: The ranks that are still there.
        timeout: Seconds that a collective waits for the others.
    """

    def __init__(
        self,
        rank: int = 0,
        size: int = 1,
        transport: Transport | None = None,
        timeout: float = TIMEOUT,
    ) -> None:
        """Takes the transport between `size` ranks.

        Raises:
            InvalidArgument: a rank outside 0 to size - 1, or several ranks without a transport.
        """
        if not 0 <= rank < size or (size > 1 and transport is None):
            raise InvalidArgument(f"Rank {rank} of {size} needs 0 <= rank < size and a transport.")
        self.rank, self.size, self.timeout = rank, size, timeout
        self.members: tuple[int, ...] = tuple(range(size))
        self._transport = transport
        self._exchanges = 0

    @property
    def is_root(self) -> bool:
        """Whether this is the first of the ranks that are there: the one that writes files."""
        return self.rank == self.members[0]

    def sum(self, array: NDArray[Any]) -> None:
        """Replaces an array by its sum over ranks, added in their order."""
        if len(self.members) == 1:
            return
        flat = _flat(array)
        for piece in self._pieces(flat):
            parts = self._exchange(piece)
            piece[...] = parts[0]
            for part in parts[1:]:
                piece += part

    def average(self, array: NDArray[np.floating[Any]]) -> None:
        """Replaces an array by its mean over ranks."""
        if len(self.members) == 1:
            return
        self.sum(array)
        array /= len(self.members)

    def broadcast(self, array: NDArray[Any], root: int | None = None) -> None:
        """Replaces an array by that of one rank; without a number, of the first that is there."""
        root = self.members[0] if root is None else root
        if root not in self.members:
            raise InvalidArgument(f"There is no rank {root}; there are {self.members}.")
        if len(self.members) == 1:
            return
        for piece in self._pieces(_flat(array)):
            piece[...] = self._exchange(piece)[self.members.index(root)]

    def gather(self, array: NDArray[Any]) -> NDArray[Any]:
        """The arrays of all ranks [ranks, ...], in their order, on every rank."""
        array = np.ascontiguousarray(array)
        gathered = np.empty((len(self.members), *array.shape), array.dtype)
        if len(self.members) == 1:
            gathered[0] = array
            return gathered
        rows = gathered.reshape(len(self.members), -1)
        start = 0
        for piece in self._pieces(_flat(array)):
            for row, part in zip(rows, self._exchange(piece), strict=True):
                row[start : start + piece.size] = part
            start += piece.size
        return gathered

    def gather_bytes(self, data: bytes) -> list[bytes]:
        """What each rank gives, of any length, in their order, on every rank."""
        lengths = self.gather(np.array([len(data)], np.int64))[:, 0]
        padded = np.zeros(lengths.max(), np.uint8)
        padded[: len(data)] = np.frombuffer(data, np.uint8)
        rows = self.gather(padded)
        return [row[:length].tobytes() for row, length in zip(rows, lengths, strict=True)]

    def barrier(self) -> None:
        """Waits until all ranks are here."""
        if len(self.members) > 1:
            self._exchange(np.empty(0, np.uint8))

    def reform(self, lost: Sequence[int]) -> None:
        """Goes on without the ranks that a `RankLost` named.

        Raises:
            RankLost: this rank is one of them: the others go on without it.
        """
        self.members = tuple(rank for rank in self.members if rank not in lost)
        if self.rank in lost:
            raise RankLost(f"Rank {self.rank} came too late; the others went on.", tuple(lost))

    def _pieces(self, flat: NDArray[Any]) -> list[NDArray[Any]]:
        assert self._transport is not None
        step = max(1, self._transport.slot_bytes // flat.itemsize)
        return [flat[start : start + step] for start in range(0, flat.size, step)]

    def _exchange(self, piece: NDArray[Any]) -> NDArray[Any]:
        """One piece of each member [members, size], in their order."""
        assert self._transport is not None
        parts = np.empty((len(self.members), piece.size), piece.dtype)
        self._exchanges += 1
        lost = self._transport.exchange(
            self._exchanges,
            self.members,
            self.timeout,
            piece.view(np.uint8),
            parts.view(np.uint8),
        )
        if lost:
            names = ", ".join(map(str, lost))
            raise RankLost(f"Rank {names} did not come within {self.timeout:g} s.", lost)
        return parts


class SharedTransport:
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


class BrowserTransport:
    """`ExchangeEnd` of `sim/shared/communicator.js`, which moves bytes by their addresses."""

    def __init__(self, javascript: Any) -> None:
        """Takes the JavaScript object."""
        self._javascript = javascript
        self.slot_bytes = int(javascript.slot_bytes)

    def exchange(
        self, number: int, members: Sequence[int], timeout: float, given: Bytes, taken: Bytes
    ) -> tuple[int, ...]:
        """See Transport."""
        lost = self._javascript.exchange(
            number, members, timeout, given.ctypes.data, given.size, taken.ctypes.data
        )
        return () if lost is None else tuple(int(rank) for rank in lost)


def worker_communicator() -> Communicator:
    """The end of the worker that this runs in; one rank alone, unless the page joined several."""
    import websim_js  # what the worker lends to Python

    javascript = websim_js.transport()
    if javascript is None:
        return Communicator()
    rank, size = int(javascript.rank), int(javascript.ranks)
    return Communicator(rank, size, BrowserTransport(javascript))


def thread_communicators(
    size: int, *, timeout: float = TIMEOUT, slot_bytes: int = SLOT_BYTES
) -> list[Communicator]:
    """Communicators for `size` threads of this process."""
    shared = (threading.Condition(), bytearray(8 * size), bytearray(2 * size * slot_bytes))
    return [
        Communicator(rank, size, SharedTransport(rank, *shared, slot_bytes), timeout)
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
        transport = SharedTransport(
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
    transport = SharedTransport(rank, *shared, slot_bytes)
    try:
        function(Communicator(rank, size, transport, timeout), *arguments)
    except RankLost:
        pass  # expelled, or rank 0 is gone: somebody else tells
    except Exception:
        traceback.print_exc()


def _flat(array: NDArray[Any]) -> NDArray[Any]:
    """A flat view; raises InvalidArgument where there is none, since it would be lost."""
    if not array.flags.c_contiguous:
        raise InvalidArgument("Ranks can only combine C-contiguous arrays.")
    return array.reshape(-1)
