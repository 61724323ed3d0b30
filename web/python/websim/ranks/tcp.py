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
from collections.abc import Callable, Mapping, Sequence
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
    without,
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
    """A connection to another rank, and what goes over it: from and to the memory of others."""

    def __init__(self, end: socket.socket, rank: int) -> None:
        self.end, self.rank = end, rank
        for side in (socket.SO_SNDBUF, socket.SO_RCVBUF):
            end.setsockopt(socket.SOL_SOCKET, side, _SOCKET_BYTES)
        self._told = bytearray(_HEAD.size)
        self._room = np.empty(0, np.uint8)
        self.to_send: list[memoryview] = []
        self.to_take: list[memoryview] = []

    def give(self, number: int, data: Bytes) -> None:
        """Sends bytes, as many as go at once; the others are read when they are sent."""
        self.to_send = without([memoryview(_HEAD.pack(number, data.size)), data.data], 0)
        self.push()

    def push(self) -> None:
        """Sends on."""
        while self.to_send and (sent := send_some(self.end, self.to_send)):
            self.to_send = without(self.to_send, sent)

    def room(self, size: int) -> Bytes:
        """Memory for bytes that are to come, until more are asked for."""
        if self._room.size < size:
            self._room = np.empty(size, np.uint8)
        return self._room[:size]

    def expect(self, into: Bytes) -> None:
        """Says where bytes are to go that are to come."""
        self.to_take = without([memoryview(self._told), into.data], 0)

    def pull(self) -> None:
        """Takes what is there."""
        while self.to_take and (count := receive_some(self.end, self.to_take)):
            self.to_take = without(self.to_take, count)

    def check(self, number: int, size: int) -> None:
        """Looks whether what has come is what was to come."""
        told = _HEAD.unpack(self._told)
        if told != (number, size):
            raise WebSimError(
                f"Ranks do not do the same: exchange {number} of {size} bytes met exchange "
                f"{told[0]} of {told[1]}."
            )


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
                last = self._transport.last.tobytes()
                self.send("result", last, epoch=self._transport.group.epoch)
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
        self.last: Bytes = np.empty(0, np.uint8)
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
            swap.take({first: rows[first:end].reshape(-1) for first, end in place.children})
            branch = rows[place.own : place.end].reshape(-1)
            if place.parent is None:
                for top, _ in place.other_tops:
                    swap.give(top, branch)
                swap.take({top: rows[top:end].reshape(-1) for top, end in place.other_tops})
            else:
                swap.give(place.parent, branch)  # which is there when the answer comes
                swap.take({place.parent: taken.reshape(-1)})
            for child, _ in place.children:
                swap.give(child, taken.reshape(-1))

        return self._meet(number, members, timeout, gather, taken)

    def sum(
        self, number: int, members: Sequence[int], timeout: float, array: NDArray[Any]
    ) -> tuple[int, ...]:
        """See Transport."""
        total = np.empty_like(array)
        size = total.nbytes

        def add(place: Place, swap: "_Swap") -> None:
            branch = array
            if place.children:
                rooms = {child: swap.room(child, size) for child, _ in place.children}
                swap.take(rooms)
                branch = np.empty_like(array)
                _add([array, *(room.view(array.dtype) for room in rooms.values())], branch)
            if place.parent is None:
                rooms = {top: swap.room(top, size) for top, _ in place.other_tops}
                for top in rooms:
                    swap.give(top, branch.view(np.uint8))
                swap.take(rooms)
                parts = [room.view(array.dtype) for room in rooms.values()]
                parts.insert(place.own // place.width, branch)
                _add(parts, total)
            else:
                swap.give(place.parent, branch.view(np.uint8))
                swap.take({place.parent: total.view(np.uint8)})
            for child, _ in place.children:
                swap.give(child, total.view(np.uint8))

        lost = self._meet(number, members, timeout, add, total.view(np.uint8))
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
        self._completed, self.last = number, result
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
        self._completed, self.last, self._lost = number, result, lost
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

    def room(self, place: int, size: int) -> Bytes:
        """Memory for what a member is to send, until the next exchange."""
        return self._link(place).room(size)

    def take(self, wanted: Mapping[int, Bytes]) -> None:
        """Waits for bytes of members: by their places, where they are to go.

        One after the other: what others bring meanwhile the kernel keeps. A process that is woken
        for each of them would take the core from those that are still to bring something.
        """
        for place, into in wanted.items():
            link = self._link(place)
            link.expect(into)
            self._wait(link)
            link.check(self._number, into.size)

    def finish(self) -> None:
        """Waits until all is sent."""
        while self._sending:
            self._wait()

    def _link(self, place: int) -> _Link:
        link = self._links[place]
        assert link is not None
        return link

    def _wait(self, taking: _Link | None = None) -> None:
        """Waits until all is there that is to come over a link; without one, until some is sent."""
        ready = self._sending | ({taking} if taking else set())
        while True:
            for link in ready:
                try:
                    link.pull()
                    link.push()
                except OSError:
                    raise _Failed(suspects=[link.rank]) from None
            sent = {link for link in self._sending if not link.to_send}
            self._sending -= sent
            if not taking.to_take if taking else sent or not self._sending:
                return
            if self._member.has_frames:
                self._listen()
            poll = select.poll()
            poll.register(self._member, select.POLLIN)
            waiting = {link.end.fileno(): link for link in self._sending}
            if taking:
                waiting[taking.end.fileno()] = taking
            for file, link in waiting.items():
                poll.register(
                    file,
                    (select.POLLIN if link.to_take else 0)
                    | (select.POLLOUT if link.to_send else 0),
                )
            left = self._until - time.monotonic()
            if left <= 0:
                raise _Failed(self._timeout)
            found = [file for file, _ in poll.poll(1e3 * left)]
            ready = {waiting[file] for file in found if file in waiting}
            if len(ready) < len(found):
                self._listen()


def _add(parts: Sequence[NDArray[Any]], total: NDArray[Any]) -> None:
    """Adds them, two at least, in their order."""
    np.add(parts[0], parts[1], out=total)
    for part in parts[2:]:
        np.add(total, part, out=total)
