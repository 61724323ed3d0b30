"""A group of ranks and what they do together, over a transport that moves bytes."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from websim.errors import InvalidArgument, RankLost
from websim.ranks.order import add_in_order

TIMEOUT = 60.0
"""Seconds that ranks wait for each other. Rollouts of the same length take about the same time."""

Bytes = NDArray[np.uint8]


class Transport(ABC):
    """Moves bytes between ranks.

    Every rank has two slots, used in turns: what a rank wrote for exchange k stays until it writes
    for exchange k + 2, and by then the others, who came to exchange k + 1, have read it.

    Attributes:
        slot_bytes: What fits into a slot.
    """

    slot_bytes: int

    @abstractmethod
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

    def sum(
        self, number: int, members: Sequence[int], timeout: float, array: NDArray[Any]
    ) -> tuple[int, ...]:
        """An exchange of which only the sum is wanted, in the order of `add_in_order`.

        Args:
            number: See `exchange`.
            members: Likewise.
            timeout: Likewise.
            array: What this rank adds [n]; becomes the sum, unless one is expelled.

        Returns:
            See `exchange`.
        """
        parts = np.empty((len(members), array.size), array.dtype)
        lost = self.exchange(number, members, timeout, array.view(np.uint8), parts.view(np.uint8))
        if not lost:
            array[...] = add_in_order(parts)
        return lost


class Communicator:
    """A group of ranks and what they can do together. One rank needs no transport.

    Attributes:
        rank: This rank's number, from 0.
        size: How many ranks there were at the start.
        members: The ranks that are still there.
        beside: How many of the ranks share this one's machine, itself included.
        timeout: Seconds that a collective waits for the others.
    """

    def __init__(
        self,
        rank: int = 0,
        size: int = 1,
        transport: Transport | None = None,
        timeout: float = TIMEOUT,
        members: Sequence[int] | None = None,
        beside: int | None = None,
    ) -> None:
        """Takes the transport between `size` ranks.

        Of them `members` are there and `beside` on this machine; None: all.

        Raises:
            InvalidArgument: a rank outside 0 to size - 1, or several ranks without a transport.
        """
        if not 0 <= rank < size or (size > 1 and transport is None):
            raise InvalidArgument(f"Rank {rank} of {size} needs 0 <= rank < size and a transport.")
        self.rank, self.size, self.timeout = rank, size, timeout
        self.members: tuple[int, ...] = tuple(range(size) if members is None else members)
        self.beside = size if beside is None else beside
        self._transport = transport
        self._exchanges = 0

    @property
    def is_root(self) -> bool:
        """Whether this is the first of the ranks that are there: the one that writes files."""
        return self.rank == self.members[0]

    def sum(self, array: NDArray[Any]) -> None:
        """Replaces an array by its sum over ranks, added in the order of `add_in_order`."""
        if len(self.members) == 1:
            return
        assert self._transport is not None
        for piece in self._pieces(_flat(array)):
            self._exchanges += 1
            self._check(self._transport.sum(self._exchanges, self.members, self.timeout, piece))

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

    def broadcast_bytes(self, data: bytes) -> bytes:
        """What the first rank that is there gives, of any length, on every rank."""
        if len(self.members) == 1:
            return data
        length = self.gather(np.array([len(data)], np.int64))[0, 0]
        given = np.zeros(length, np.uint8)
        if self.is_root:
            given[...] = np.frombuffer(data, np.uint8)
        self.broadcast(given)
        return given.tobytes()

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
        self._check(lost)
        return parts

    def _check(self, lost: tuple[int, ...]) -> None:
        if lost:
            names = ", ".join(map(str, lost))
            raise RankLost(f"Rank {names} did not come within {self.timeout:g} s.", lost)


def _flat(array: NDArray[Any]) -> NDArray[Any]:
    """A flat view; raises InvalidArgument where there is none, since it would be lost."""
    if not array.flags.c_contiguous:
        raise InvalidArgument("Ranks can only combine C-contiguous arrays.")
    return array.reshape(-1)
