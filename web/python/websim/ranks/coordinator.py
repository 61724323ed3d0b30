"""Who holds a group of ranks on several machines together: who is in it, and who is lost.

Its process also drives the run: it hears what the first rank tells, and says what is wished.
Ranks that come wait until the group halts, and take numbers that are free.

When a rank's connection ends, or it says that it cannot finish an exchange, all are told to halt:
each comes to its next exchange, or is waiting in one, and says how many it has finished. These
numbers differ by one at most, because nobody finishes an exchange before all have come to it. Who
is gone by then, or has said nothing when its time is up, is lost. Where some have finished an
exchange that others have not, one of them supplies what it brought. So all leave the same exchange,
with the same `RankLost`, and go on as a smaller group over new connections. Of two ranks that both
live but cannot reach each other, the later one is expelled.
"""

import select
import time
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from websim.errors import InvalidArgument
from websim.ranks.communicator import TIMEOUT
from websim.ranks.wire import Connection, Door, Frame, Security

GRACE = 2.0
"""Seconds that the others have to say how far they are when one has waited its time."""

_MAX_RANKS = 1024  # as a checkpoint may have


@dataclass
class Told:
    """What a rank has told the driver: `values`, and bytes."""

    values: dict[str, Any]
    blob: bytes


@dataclass
class Formed:
    """A group has come together.

    Attributes:
        members: Its ranks.
        hosts: Of those.
    """

    members: list[int]
    hosts: list[str]


@dataclass
class Lost:
    """Ranks are lost.

    Attributes:
        ranks: Which.
        left: How many go on.
    """

    ranks: list[int]
    left: int


Event = Told | Formed | Lost


@dataclass(eq=False)
class _Peer:
    """A process that has come.

    Attributes:
        connection: To it.
        port: Of its door; 0 before it is ready.
        rank: In the group; None while it waits for one.
        report: What it said when something failed: exchanges finished, and who cannot be reached.
        halts: It waits for a new group.
        done: It has come to the end.
    """

    connection: Connection
    port: int = 0
    rank: int | None = None
    report: tuple[int, list[int]] | None = None
    halts: bool = False
    done: bool = False


class Coordinator:
    """See the module. Nothing happens but in `poll`.

    Attributes:
        address: Where ranks join.
        over: All ranks have come to the end.
    """

    def __init__(
        self,
        address: tuple[str, int],
        security: Security,
        size: int,
        *,
        job: bytes = b"",
        checkpoint: bytes | None = None,
        least: int | None = None,
        timeout: float = TIMEOUT,
    ) -> None:
        """Opens the door.

        Args:
            address: Host and port; port 0 takes any.
            security: What lets ranks in.
            size: How many ranks there are when all are there.
            job: What every rank is told first.
            checkpoint: What the first group goes on from.
            least: How many are waited for at the beginning; None: all.
            timeout: Seconds that ranks wait for each other.

        Raises:
            InvalidArgument: no such number of ranks, or nobody can join at that address.
        """
        if not 0 < size <= _MAX_RANKS:
            raise InvalidArgument(f"There may be 1 to {_MAX_RANKS} ranks, not {size}.")
        least = size if least is None else least
        if not 0 < least <= size:
            raise InvalidArgument(f"A run of {size} ranks begins with 1 to {size}, not {least}.")
        self._door = Door(*address, security)
        self.address = self._door.address
        self.over = False
        self._size, self._job, self._least, self._timeout = size, job, least, timeout
        self._checkpoint = checkpoint
        self._peers: list[_Peer] = []
        self._lost: list[int] = []  # of this group, not yet told
        self._epoch = 0
        self._deadline: float | None = None  # of reports, while something has failed
        self._supplier: _Peer | None = None
        self._wish = {"stop": False, "save": False, "regroup": False}
        self._events: list[Event] = []

    def poll(self, seconds: float) -> list[Event]:
        """Does what is to be done, for so long at most; gives what has happened."""
        if self._deadline is not None:
            seconds = min(seconds, max(0.0, self._deadline - time.monotonic()))
        here: list[Any] = [self._door, *(peer.connection for peer in self._peers)]
        ready, _, _ = select.select(here, [], [], seconds)
        if self._door in ready:
            for end, _ in self._door.arrivals():
                peer = _Peer(Connection(end))
                self._peers.append(peer)
                self._send(peer, "welcome", self._job, size=self._size, timeout=self._timeout)
        for peer in [one for one in self._peers if one.connection in ready]:
            try:
                frames = peer.connection.receive()
            except (OSError, ValueError):
                self._drop(peer)
                continue
            for frame in frames:
                self._hear(peer, frame)
        self._decide()
        events, self._events = self._events, []
        return events

    def wish(self, *, stop: bool = False, save: bool = False) -> None:
        """What the run shall do after the iteration that is under way."""
        self._want(stop=stop or self._wish["stop"], save=save)

    def keep(self, checkpoint: bytes) -> None:
        """What a new group goes on from where no rank is left that knows better."""
        self._checkpoint = checkpoint

    def close(self) -> None:
        """Hangs up."""
        self._door.close()
        for peer in self._peers:
            peer.connection.close()

    @property
    def members(self) -> list[_Peer]:
        """Of the group, in the order of ranks."""
        return sorted(
            (peer for peer in self._peers if peer.rank is not None), key=lambda one: one.rank or 0
        )

    def _waiting(self) -> list[_Peer]:
        return [peer for peer in self._peers if peer.rank is None and peer.port]

    def _hear(self, peer: _Peer, frame: Frame) -> None:
        current = peer.rank is not None and frame.values.get("epoch", self._epoch) == self._epoch
        if frame.kind == "ready" and not peer.port:
            peer.port = frame.values["port"]
        elif frame.kind == "told" and current:
            self._events.append(Told(frame.values, frame.blob))
        elif frame.kind == "failed" and current:
            peer.report = frame.values["completed"], frame.values["suspects"]
            self._halt(max(GRACE, self._timeout - frame.values["waited"]))
        elif frame.kind == "result" and peer is self._supplier:
            self._judge(frame.blob)
        elif frame.kind == "regroup" and current:
            peer.halts = True
            self._checkpoint = frame.blob or self._checkpoint
        elif frame.kind == "done" and current:
            peer.done = True

    def _drop(self, peer: _Peer) -> None:
        """Somebody is gone."""
        peer.connection.close()
        self._peers.remove(peer)
        if peer is self._supplier:
            self._supplier = None
        if peer.rank is not None:
            self._lost.append(peer.rank)
            self._halt(self._timeout)

    def _halt(self, seconds: float) -> None:
        """Something has failed: within so many seconds all say how far they are."""
        deadline = time.monotonic() + seconds
        if self._deadline is None:
            self._deadline = deadline
            for peer in self.members:
                self._send(peer, "halt", epoch=self._epoch)
        self._deadline = min(self._deadline, deadline)

    def _decide(self) -> None:
        """What follows from how all are."""
        members = self.members
        if self._deadline is not None:
            late = time.monotonic() >= self._deadline
            if late and self._supplier is not None:
                self._drop(self._supplier)
            # What the supplier has is waited for, whatever else happens meanwhile.
            if self._supplier is None and (
                late or all(peer.report is not None for peer in self.members)
            ):
                self._judge()
        elif members and all(peer.done for peer in members):
            self.over = True
            for peer in list(self._peers):
                self._send(peer, "over")
        elif members and all(peer.halts for peer in members):
            self._form(members)
        elif self._waiting():
            if not members and (self._epoch or len(self._waiting()) >= self._least):
                self._form([])
            elif members and len(members) < self._size and not self._wish["regroup"]:
                self._want(regroup=True)

    def _judge(self, result: bytes = b"") -> None:
        """Says who is lost, once it is known how far each is."""
        expelled = [peer for peer in self.members if peer.report is None]
        left = [peer for peer in self.members if peer.report is not None]
        for peer in left:
            for rank in peer.report[1] if peer.report else ():
                pair = [one for one in left if one.rank in (rank, peer.rank)]
                if len(pair) == 2 and not set(pair) & set(expelled):
                    expelled.append(pair[1])
        left = [peer for peer in left if peer not in expelled]
        completed = max((peer.report[0] for peer in left if peer.report), default=0)
        behind = [peer for peer in left if peer.report and peer.report[0] < completed]
        if behind and self._supplier is None:
            self._supplier = next(one for one in left if one not in behind)
            self._send(self._supplier, "supply")
            self._deadline = time.monotonic() + self._timeout
            return
        self._supplier = self._deadline = None
        lost = sorted([*self._lost, *(peer.rank for peer in expelled if peer.rank is not None)])
        self._lost = []
        self._epoch += 1
        verdict = {"lost": lost, "completed": completed, **self._group(left)}
        for peer in (*left, *expelled):
            peer.report = None
            self._send(peer, "verdict", result if peer in behind else b"", **verdict)
        for peer in expelled:
            peer.connection.close()
            self._peers.remove(peer)
        self._events.append(Lost(lost, len(left)))

    def _form(self, members: Iterable[_Peer]) -> None:
        """Makes a new group of those who halt and those who wait."""
        group = [*members]
        taken = {peer.rank for peer in group}
        free = [rank for rank in range(self._size) if rank not in taken]
        for rank, peer in zip(free, self._waiting(), strict=False):
            peer.rank = rank
            group.append(peer)
        group.sort(key=lambda peer: peer.rank or 0)
        self._epoch += 1
        self._wish["regroup"] = False
        for peer in group:
            peer.halts, peer.done, peer.report = False, False, None
            told = {"rank": peer.rank, **self._group(group)}
            self._send(peer, "group", self._checkpoint or b"", **told)
        self._events.append(
            Formed([peer.rank or 0 for peer in group], [peer.connection.peer for peer in group])
        )
        self._want()

    def _group(self, members: Iterable[_Peer]) -> dict[str, Any]:
        addresses = [(peer.rank, peer.connection.peer, peer.port) for peer in members]
        return {"epoch": self._epoch, "members": addresses}

    def _want(self, **changed: bool) -> None:
        """Tells all what is wished; only the first rank's word counts, whoever that is by then."""
        self._wish |= changed
        if any(self._wish.values()):
            for peer in self.members:
                self._send(peer, "wish", b"", **self._wish)
        self._wish["save"] = False  # once

    def _send(self, peer: _Peer, kind: str, blob: bytes = b"", **values: Any) -> None:
        """Says something; who does not hear it is found out by `poll`."""
        try:
            peer.connection.send(kind, blob, **values)
        except OSError:
            peer.connection.hang_up()
