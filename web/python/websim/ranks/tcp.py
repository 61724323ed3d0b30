"""Ranks on several machines: each is a `Member` of a group that a `Coordinator` holds together.

Bytes go between ranks directly, along the tree of `websim.ranks.order`: up to 8 ranks tell each
other, of more only the first of each branch. The coordinator sees no gradients. It says who is in
the group, learns from the kernel when a process or its machine is gone, and when something fails
lets all ranks come to the same exchange before it says who is lost: see `Coordinator`.
"""

import select
import socket
import struct
import time
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from websim.errors import GroupEnded, RankRefused, WebSimError
from websim.ranks.communicator import Bytes, Communicator, Transport
from websim.ranks.local import SLOT_BYTES
from websim.ranks.order import Place, place_of
from websim.ranks.wire import (
    Connection,
    Door,
    Frame,
    Note,
    Security,
    connect,
    receive_some,
    send_some,
)

_HEAD = struct.Struct("<QQ")
"""Before the bytes of a rank: number of the exchange, and how many bytes."""

_SOCKET_BYTES = 4 << 20


class _Failed(Exception):
    """An exchange cannot be finished; `suspects` are ranks that cannot be reached."""

    def __init__(self, waited: float = 0.0, suspects: Sequence[int] = ()) -> None:
        self.waited, self.suspects = waited, suspects


@dataclass
class Wish:
    """What the driver wants of a run.

    Attributes:
        stop: See `Trainer.advance`.
        save: Likewise.
        regroup: That all halt after the iteration, since others have come.
    """

    stop: bool = False
    save: bool = False
    regroup: bool = False


@dataclass
class Group:
    """What a coordinator says of a group.

    Attributes:
        epoch: Which of the coordinator's groups.
        addresses: Host and port of each member, by its rank.
    """

    epoch: int
    addresses: dict[int, tuple[str, int]]

    @classmethod
    def of(cls, frame: Frame) -> "Group":
        """What a frame says."""
        members = frame.values["members"]
        return cls(frame.values["epoch"], {rank: (host, port) for rank, host, port in members})

    def beside(self, rank: int) -> int:
        """How many of its members are on the machine of one of them, itself included."""
        host, _ = self.addresses[rank]
        return sum(other == host for other, _ in self.addresses.values())


class _Link:
    """A connection to another rank, and the memory of what goes over it."""

    def __init__(self, end: socket.socket, rank: int) -> None:
        self.end, self.rank = end, rank
        for side in (socket.SO_SNDBUF, socket.SO_RCVBUF):
            end.setsockopt(socket.SOL_SOCKET, side, _SOCKET_BYTES)
        self._given = bytearray(_HEAD.size)
        self._taken = bytearray(_HEAD.size)
        self.to_send = memoryview(b"")
        self.to_take = memoryview(b"")

    def give(self, number: int, data: Bytes) -> None:
        """Sends bytes, as many as go at once."""
        size = _HEAD.size + data.size
        if len(self._given) < size:
            self.to_send = memoryview(b"")
            self._given = bytearray(size)
        _HEAD.pack_into(self._given, 0, number, data.size)
        self.to_send = memoryview(self._given)[:size]
        self.to_send[_HEAD.size :] = data.data
        self.push()

    def push(self) -> None:
        """Sends on."""
        while self.to_send and (sent := send_some(self.end, self.to_send)):
            self.to_send = self.to_send[sent:]

    def expect(self, size: int) -> None:
        """Makes room for bytes that are to come."""
        if len(self._taken) < _HEAD.size + size:
            self.to_take = memoryview(b"")
            self._taken = bytearray(_HEAD.size + size)
        self.to_take = memoryview(self._taken)[: _HEAD.size + size]

    def pull(self) -> None:
        """Takes what is there."""
        while self.to_take and (count := receive_some(self.end, self.to_take)):
            self.to_take = self.to_take[count:]

    def taken(self, number: int, size: int) -> Bytes:
        """The bytes that have come, until others are expected."""
        head = _HEAD.unpack_from(self._taken)
        if head != (number, size):
            raise WebSimError(
                f"Ranks do not do the same: exchange {number} of {size} bytes met exchange "
                f"{head[0]} of {head[1]}."
            )
        return np.frombuffer(self._taken, np.uint8, size, _HEAD.size)


class Member:
    """A rank's end of its group.

    Attributes:
        size: How many ranks the run has.
        timeout: See `Communicator`.
        job: What the coordinator says is to be done.
        wish: The newest that the driver wants.
    """

    def __init__(self, address: tuple[str, int], security: Security) -> None:
        """Asks at a coordinator's door; raises RankRefused."""
        end = connect(address, security)
        self._security = security
        self._control = Connection(end)
        self._frames: deque[Frame] = deque()
        # Other ranks come to the address from which this one has reached the coordinator.
        self._door = Door(end.getsockname()[0], 0, security)
        self._early: list[tuple[socket.socket, Note]] = []
        self._transport: TcpTransport | None = None
        self.wish = Wish()
        welcome = self.wait("welcome")
        self.size: int = welcome.values["size"]
        self.timeout: float = welcome.values["timeout"]
        self.job: bytes = welcome.blob

    def group(self) -> tuple[Communicator, bytes | None]:
        """Waits until this rank is in a group; gives what its ranks go on from, if anything."""
        if self._transport is None:
            self.send("ready", port=self._door.address[1])
        frame = self.wait("group")
        self.wish = Wish()
        if self._transport is not None:
            self._transport.close()
        rank, group = frame.values["rank"], Group.of(frame)
        self._transport = TcpTransport(rank, self, group)
        communicator = Communicator(
            rank,
            self.size,
            self._transport,
            self.timeout,
            sorted(group.addresses),
            group.beside(rank),
        )
        return communicator, frame.blob or None

    def tell(self, blob: bytes = b"", **values: Any) -> None:
        """Tells the driver something."""
        self.send("told", blob, **values)

    def regroup(self, checkpoint: bytes | None) -> None:
        """Halts until there is a new group; the first rank says what it goes on from."""
        self.send("regroup", checkpoint or b"")

    def leave(self) -> None:
        """Waits until all ranks are at the end."""
        self.send("done")
        self.wait("over")
        self.close()

    def close(self) -> None:
        """Leaves at once."""
        if self._transport is not None:
            self._transport.close()
        self._control.close()
        self._door.close()

    def send(self, kind: str, blob: bytes = b"", **values: Any) -> None:
        """Tells the coordinator something; if it is gone, `hear` says so, after its last words."""
        with suppress(OSError):
            self._control.send(kind, blob, **values)

    def fileno(self) -> int:
        """Readable when the coordinator says something."""
        return self._control.fileno()

    @property
    def has_frames(self) -> bool:
        """Whether it has said something that is here already, of which `fileno` tells nothing."""
        return bool(self._frames)

    def hear(self) -> Frame | None:
        """What the coordinator has said, but for what is done here; raises GroupEnded."""
        if not self._frames:
            try:
                self._frames += self._control.receive()
            except OSError as error:
                raise GroupEnded(f"The run's coordinator is gone: {error}.") from None
        while self._frames:
            frame = self._frames.popleft()
            if frame.kind == "wish":
                self.wish = Wish(**frame.values)
            elif frame.kind == "supply":
                assert self._transport is not None
                self.send("result", self._transport.last, epoch=self._transport.group.epoch)
            else:
                return frame
        return None

    def heed(self) -> None:
        """Takes in what is wished by now."""
        if (frame := self.hear()) is not None:  # not of now
            self._frames.appendleft(frame)

    def wait(self, kind: str) -> Frame:
        """The next frame of a kind; where others have failed, says how far this rank is."""
        while True:
            frame = self.hear()
            if frame is None:
                select.select([self], [], [])
            elif frame.kind == kind:
                return frame
            elif self._transport is not None:
                if frame.kind == "verdict":  # this rank needs nothing more of that group
                    self._transport.group = Group.of(frame)
                elif self._transport.concerns(frame):
                    self._transport.report(_Failed())

    def connect(self, address: tuple[str, int], note: Note) -> socket.socket:
        """A connection to another rank; raises RankRefused."""
        return connect(address, self._security, note)

    def arrivals(self, epoch: int, seconds: float) -> list[tuple[socket.socket, int]]:
        """The ranks of a group that come within some time, or that the coordinator speaks."""
        if not self._frames and not any(note.epoch == epoch for _, note in self._early):
            select.select([self.fileno(), self._door.fileno()], [], [], seconds)
        found, self._early = [*self._early, *self._door.arrivals()], []
        here = []
        for end, note in found:
            if note.epoch == epoch:
                here.append((end, note.rank))
            elif note.epoch > epoch:  # they have heard of a group that this rank has not
                self._early.append((end, note))
            else:
                end.close()
        return here


class TcpTransport(Transport):
    """Bytes over the connections between the members of a group.

    Attributes:
        group: Who they are.
        last: What the last exchange has brought, for those who have not got it.
    """

    slot_bytes = SLOT_BYTES

    def __init__(self, rank: int, member: Member, group: Group) -> None:
        """Connects nobody yet."""
        self.group = group
        self.last = b""
        self._rank, self._member = rank, member
        self._completed = 0
        self._lost: tuple[int, ...] = ()
        self._links: dict[int, _Link] = {}
        self._place: Place | None = None
        self._near: list[_Link | None] = []

    def exchange(
        self, number: int, members: Sequence[int], timeout: float, given: Bytes, taken: Bytes
    ) -> tuple[int, ...]:
        """See Transport."""
        rows = taken.reshape(len(members), given.size)

        def gather(place: Place, swap: "_Swap") -> None:
            rows[place.own] = given
            swap.take_rows(place.children, rows)
            branch = rows[place.own : place.end].reshape(-1)
            if place.parent is None:
                others = place.other_tops
                for top, _ in others:
                    swap.give(top, branch)
                swap.take_rows(others, rows)
            else:
                swap.give(place.parent, branch)
                rows[...] = swap.take([(place.parent, taken.size)])[0].reshape(rows.shape)
            for child, _ in place.children:
                swap.give(child, taken.reshape(-1))

        return self._meet(number, members, timeout, gather, taken)

    def sum(
        self, number: int, members: Sequence[int], timeout: float, array: NDArray[Any]
    ) -> tuple[int, ...]:
        """See Transport."""
        total = array.copy()
        mine = total.view(np.uint8)

        def add(place: Place, swap: "_Swap") -> None:
            for part in swap.take([(child, mine.size) for child, _ in place.children]):
                np.add(total, part.view(array.dtype), out=total)
            if place.parent is None:
                others = place.other_tops
                for top, _ in others:
                    swap.give(top, mine)
                taken = swap.take([(top, mine.size) for top, _ in others])
                if taken:
                    parts = [part.view(array.dtype) for part in taken]
                    parts.insert(place.own // place.width, total.copy())
                    np.add(parts[0], parts[1], out=total)
                    for part in parts[2:]:
                        np.add(total, part, out=total)
            else:
                swap.give(place.parent, mine)
                mine[...] = swap.take([(place.parent, mine.size)])[0]
            for child, _ in place.children:
                swap.give(child, mine)

        lost = self._meet(number, members, timeout, add, mine)
        if not lost:
            array[...] = total
        return lost

    def report(self, failed: _Failed) -> None:
        """Tells the coordinator how far this rank is, since something has failed."""
        self._member.send(
            "failed",
            epoch=self.group.epoch,
            completed=self._completed,
            waited=failed.waited,
            suspects=list(failed.suspects),
        )

    def close(self) -> None:
        """Hangs up."""
        for link in self._links.values():
            link.end.close()
        self._links.clear()
        self._place = None

    def _meet(
        self,
        number: int,
        members: Sequence[int],
        timeout: float,
        work: Callable[[Place, "_Swap"], None],
        result: Bytes,
    ) -> tuple[int, ...]:
        """Does the work of an exchange, whose result comes to be in `result` [...]."""
        if self._lost:  # in this exchange, though the one before was finished all the same
            lost, self._lost = self._lost, ()
            return lost
        try:
            if self._place is None:
                self._connect(members, time.monotonic() + timeout, timeout)
            assert self._place is not None
            swap = _Swap(number, self._near, self._member, self.listen, timeout)
            work(self._place, swap)
            swap.finish()
        except _Failed as failed:
            return self._settle(number, failed, timeout, result)
        self._completed = number
        self.last = result.tobytes()
        return ()

    def _settle(
        self, number: int, failed: _Failed, timeout: float, result: Bytes
    ) -> tuple[int, ...]:
        """Learns what all ranks are told of an exchange that failed."""
        self.report(failed)
        verdict = self._member.wait("verdict")
        self.close()
        self.group = Group.of(verdict)
        lost = tuple(verdict.values["lost"])
        if verdict.values["completed"] < number:
            return lost
        # Somebody has it all, and has gone on: so does this rank, to where the others are.
        result.reshape(-1)[...] = np.frombuffer(verdict.blob, np.uint8)
        self._completed, self.last, self._lost = number, verdict.blob, lost
        return ()

    def concerns(self, frame: Frame) -> bool:
        """Whether the coordinator says that somebody in this group has failed."""
        return frame.kind == "halt" and frame.values["epoch"] == self.group.epoch

    def listen(self) -> None:
        """Hears the coordinator; raises _Failed where another rank has failed."""
        while (frame := self._member.hear()) is not None:
            if self.concerns(frame):
                raise _Failed

    def _connect(self, members: Sequence[int], until: float, timeout: float) -> None:
        """Connects this rank with those that it exchanges bytes with."""
        place = place_of(members.index(self._rank), len(members))
        near = [one for one, _ in (*place.children, *place.other_tops)]
        near += [] if place.parent is None else [place.parent]
        epoch = self.group.epoch
        for rank in (members[one] for one in near if one < place.own):
            try:
                end = self._member.connect(self.group.addresses[rank], Note(self._rank, epoch))
            except RankRefused:
                raise _Failed(suspects=[rank]) from None
            self._links[rank] = _Link(end, rank)
        missing = {members[one] for one in near if one > place.own}
        while missing:
            left = until - time.monotonic()
            if left <= 0:
                raise _Failed(timeout)
            for end, rank in self._member.arrivals(epoch, left):
                if rank in missing:
                    missing.remove(rank)
                    self._links[rank] = _Link(end, rank)
            self.listen()
        self._place, self._near = place, [self._links.get(rank) for rank in members]


class _Swap:
    """What goes over the links in one exchange; members are counted by their place."""

    def __init__(
        self,
        number: int,
        links: Sequence[_Link | None],
        member: Member,
        listen: Callable[[], None],
        timeout: float,
    ) -> None:
        self._number, self._links, self._timeout = number, links, timeout
        self._member, self._listen = member, listen
        self._until = time.monotonic() + timeout
        self._sending: set[_Link] = set()

    def give(self, place: int, data: Bytes) -> None:
        """Sends bytes to a member, or begins to: once an exchange."""
        link = self._link(place)
        try:
            link.give(self._number, data)
        except OSError:
            raise _Failed(suspects=[link.rank]) from None
        if link.to_send:
            self._sending.add(link)

    def take(self, wanted: Sequence[tuple[int, int]]) -> list[Bytes]:
        """Waits for bytes of members: places and sizes."""
        taking = {self._link(place): size for place, size in wanted}
        for link, size in taking.items():
            link.expect(size)
        self._wait(set(taking))
        return [link.taken(self._number, size) for link, size in taking.items()]

    def take_rows(self, branches: Sequence[tuple[int, int]], rows: Bytes) -> None:
        """Waits for the rows of branches, each told by who comes first in it."""
        size = rows.shape[1]
        parts = self.take([(first, (end - first) * size) for first, end in branches])
        for (first, end), part in zip(branches, parts, strict=True):
            rows[first:end] = part.reshape(end - first, size)

    def finish(self) -> None:
        """Waits until all is sent."""
        while self._sending:
            self._wait(set())

    def _link(self, place: int) -> _Link:
        link = self._links[place]
        assert link is not None
        return link

    def _wait(self, taking: set[_Link]) -> None:
        """Waits until these bytes have come; without any, until some are sent."""
        while True:
            for link in taking | self._sending:
                try:
                    link.pull()
                    link.push()
                except OSError:
                    raise _Failed(suspects=[link.rank]) from None
            taking = {link for link in taking if link.to_take}
            sent = {link for link in self._sending if not link.to_send}
            self._sending -= sent
            if not taking and (sent or not self._sending):
                return
            if self._member.has_frames:
                self._listen()
            poll = select.poll()
            poll.register(self._member, select.POLLIN)
            for link in taking | self._sending:
                poll.register(
                    link.end,
                    (select.POLLIN if link.to_take else 0)
                    | (select.POLLOUT if link.to_send else 0),
                )
            left = self._until - time.monotonic()
            if left <= 0:
                raise _Failed(self._timeout)
            ready = poll.poll(1e3 * left)
            if any(file == self._member.fileno() for file, _ in ready):
                self._listen()
