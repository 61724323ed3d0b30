"""Connections between machines: who may speak, frames, and bytes that nobody waits for.

Each end proves to the other that it knows the token, without sending it, before anything else is
read. The proof keeps strangers out; that nobody listens or changes what is said takes TLS: one file
with a certificate and its key, the same on all machines, which each end asks of the other.
"""

import hmac
import json
import os
import queue
import select
import socket
import ssl
import struct
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

from websim.errors import InvalidArgument, RankRefused

GREETING_SECONDS = 10.0
"""So long two ends may take to get to know each other."""

MIN_TOKEN = 16

_HELLO = b"websim ranks 1\r\n"
_NONCE_BYTES = 32
_NOTE = struct.Struct("<IQ")
_GREETERS = 64
_FRAME = struct.Struct("<IQ")
_MAX_HEADER_BYTES = 64 << 20
_MAX_BYTES = 1 << 30  # what a checkpoint may have
_READ_BYTES = 1 << 18
_PATIENCE = 60.0  # seconds that the other end may take to hear a frame
_NOT_NOW = (BlockingIOError, InterruptedError, ssl.SSLWantReadError, ssl.SSLWantWriteError)


@dataclass(frozen=True)
class Security:
    """What lets ranks in.

    Attributes:
        token: A secret of at least MIN_TOKEN characters, the same on all machines.
        tls: PEM file with a certificate and its key, the same on all machines; None: in the clear.
    """

    token: str
    tls: str | None = None

    def __post_init__(self) -> None:
        """Raises InvalidArgument for a token that can be guessed, or a file that is none."""
        if len(self.token) < MIN_TOKEN:
            raise InvalidArgument(f"A token has at least {MIN_TOKEN} characters: it is a secret.")
        if self.tls is not None:
            _ = self.contexts

    @cached_property
    def contexts(self) -> dict[bool, ssl.SSLContext]:
        """Of the end that accepts (True) and of the other."""
        assert self.tls is not None
        found = {}
        for accepts in (True, False):
            kind = ssl.PROTOCOL_TLS_SERVER if accepts else ssl.PROTOCOL_TLS_CLIENT
            context = ssl.SSLContext(kind)
            context.minimum_version = ssl.TLSVersion.TLSv1_3
            # Who holds this very certificate is trusted, whatever machine it is.
            context.check_hostname = False
            context.verify_mode = ssl.CERT_REQUIRED
            context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
            try:
                context.load_cert_chain(self.tls)
                context.load_verify_locations(self.tls)
            except (OSError, ssl.SSLError) as error:
                raise InvalidArgument(
                    f"{self.tls} is no PEM file with a certificate and its key: {error}."
                ) from None
            found[accepts] = context
        return found

    def greet(
        self, raw: socket.socket, accepts: bool, note: "Note"
    ) -> tuple[socket.socket, "Note"]:
        """Lets both ends prove who they are; gives what goes on, and what the other end notes.

        Raises:
            OSError, RankRefused: it does not.
        """
        raw.settimeout(GREETING_SECONDS)
        raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        end = raw
        if self.tls is not None:
            end = self.contexts[accepts].wrap_socket(raw, server_side=accepts)
        own = os.urandom(_NONCE_BYTES) + _NOTE.pack(*note)
        end.sendall(_HELLO + own)
        told = _read(end, len(_HELLO) + len(own))
        if not told.startswith(_HELLO):
            raise RankRefused("Whoever answers there is no websim of this version.")
        theirs = told[len(_HELLO) :]
        both = theirs + own if accepts else own + theirs
        # Who comes proves first: nobody else learns anything of the token.
        if not accepts:
            end.sendall(self._proof(b"comes", both))
        proof = _read(end, 32)
        if not hmac.compare_digest(proof, self._proof(b"comes" if accepts else b"is there", both)):
            raise RankRefused("The other end has another token.")
        if accepts:
            end.sendall(self._proof(b"is there", both))
        end.setblocking(False)
        return end, Note(*_NOTE.unpack(theirs[_NONCE_BYTES:]))

    def _proof(self, who: bytes, both: bytes) -> bytes:
        return hmac.digest(self.token.encode(), who + both, "sha256")


class Note(NamedTuple):
    """What a connection between two ranks is for.

    Attributes:
        rank: Who says so.
        epoch: Of the group.
    """

    rank: int = 0
    epoch: int = 0


def _read(end: socket.socket, size: int) -> bytes:
    found = b""
    while len(found) < size:
        part = end.recv(size - len(found))
        if not part:
            raise RankRefused("The other end hung up: the token or the TLS file is another one.")
        found += part
    return found


def connect(
    address: tuple[str, int], security: Security, note: "Note | None" = None
) -> socket.socket:
    """A connection to a `Door`.

    Raises:
        RankRefused: nobody is there, or the token or the TLS file is another one.
    """
    try:
        raw = socket.create_connection(address, GREETING_SECONDS)
        end, _ = security.greet(raw, False, note or Note())
    except (OSError, RankRefused) as error:
        host, port = address
        raise RankRefused(f"{host}:{port} cannot be joined: {error}") from None
    return end


class Door:
    """Where others knock. Each is greeted beside what else is done, and lost if it is a stranger.

    Attributes:
        address: Host and port.
    """

    def __init__(self, host: str, port: int, security: Security) -> None:
        """Opens it; port 0 takes any; raises InvalidArgument where that cannot be."""
        try:
            self._listener = socket.create_server((host, port), backlog=1024)
        except (OSError, OverflowError) as error:
            raise InvalidArgument(f"Nobody can join at {host}:{port}: {error}.") from None
        self.address: tuple[str, int] = self._listener.getsockname()[:2]
        self._security = security
        self._arrived: queue.SimpleQueue[tuple[socket.socket, Note]] = queue.SimpleQueue()
        self._bell, self._ringing = socket.socketpair()
        self._bell.setblocking(False)
        self._room = threading.Semaphore(_GREETERS)
        threading.Thread(target=self._accept, daemon=True).start()

    def fileno(self) -> int:
        """Readable when somebody has come."""
        return self._bell.fileno()

    def arrivals(self) -> list[tuple[socket.socket, Note]]:
        """Who has come since the last time."""
        with suppress(BlockingIOError):
            while self._bell.recv(4096):
                pass
        found = []
        with suppress(queue.Empty):
            while True:
                found.append(self._arrived.get_nowait())
        return found

    def close(self) -> None:
        """Closes it; who was let in stays."""
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _accept(self) -> None:
        while True:
            self._room.acquire()
            try:
                raw, _ = self._listener.accept()
            except OSError:
                return  # closed
            threading.Thread(target=self._greet, args=(raw,), daemon=True).start()

    def _greet(self, raw: socket.socket) -> None:
        try:
            self._arrived.put(self._security.greet(raw, True, Note()))
            self._ringing.send(b"!")
        except (OSError, RankRefused):
            raw.close()
        finally:
            self._room.release()


class Frame(NamedTuple):
    """A message.

    Attributes:
        kind: What it is.
        values: JSON.
        blob: Bytes that come with it.
    """

    kind: str
    values: dict[str, Any]
    blob: bytes


class Connection:
    """Frames over a socket that was greeted."""

    def __init__(self, end: socket.socket) -> None:
        """Takes the socket."""
        self._end = end
        self._read = bytearray()
        self.host: str = end.getsockname()[0]
        self.peer: str = end.getpeername()[0]
        _watch(end)

    def fileno(self) -> int:
        """For `select`."""
        return self._end.fileno()

    def send(self, kind: str, blob: bytes = b"", **values: Any) -> None:
        """Sends a frame; raises OSError where the other end is gone."""
        header = json.dumps([kind, values]).encode()
        left = memoryview(_FRAME.pack(len(header), len(blob)) + header + blob)
        until = time.monotonic() + _PATIENCE
        while left:
            sent = send_some(self._end, [left])
            left = left[sent:]
            if not sent:
                if time.monotonic() > until:
                    raise TimeoutError(f"{self.peer} does not listen")
                select.select([], [self._end], [], 1)

    def receive(self) -> list[Frame]:
        """The frames that are there; raises OSError where the other end is gone."""
        gone: OSError | None = None
        part = bytearray(_READ_BYTES)
        try:
            while count := receive_some(self._end, [memoryview(part)]):
                self._read += part[:count]
        except OSError as error:
            gone = error
        found: list[Frame] = []
        while len(self._read) >= _FRAME.size:
            header, blob = _FRAME.unpack_from(self._read)
            if header > _MAX_HEADER_BYTES or blob > _MAX_BYTES:
                raise ConnectionError(f"{self.peer} sends more than it may")
            start = _FRAME.size + header
            if len(self._read) < start + blob:
                break
            kind, values = json.loads(self._read[_FRAME.size : start])
            found.append(Frame(kind, values, bytes(self._read[start : start + blob])))
            del self._read[: start + blob]
        if gone is not None and not found:  # what it had to say comes first
            raise gone
        return found

    def hang_up(self) -> None:
        """Ends it, as if the other end had: the next to read hears of it."""
        with suppress(OSError):
            self._end.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """Ends it."""
        self._end.close()


def send_some(end: socket.socket, views: Sequence[memoryview]) -> int:
    """Sends what fits now of these views, one after the other; returns how many bytes."""
    try:
        if isinstance(end, ssl.SSLSocket):
            return end.send(views[0])
        return end.sendmsg(views)
    except _NOT_NOW:
        return 0


def receive_some(end: socket.socket, views: Sequence[memoryview]) -> int:
    """Takes what is there; returns how many bytes; raises ConnectionError at the end."""
    try:
        if isinstance(end, ssl.SSLSocket):
            count = end.recv_into(views[0])
        else:
            count, *_ = end.recvmsg_into(views)
    except _NOT_NOW:
        return 0
    if not count:
        raise ConnectionResetError("the other end is gone")
    return count


def without(views: Sequence[memoryview], count: int) -> list[memoryview]:
    """What is left of these views behind their first `count` bytes."""
    left = []
    for view in views:
        gone = min(count, len(view))
        count -= gone
        if gone < len(view):
            left.append(view[gone:])
    return left


def _watch(end: socket.socket) -> None:
    """Has the kernel notice within seconds that a machine has gone without a word."""
    end.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for name, value in (
        ("TCP_KEEPIDLE", 2),
        ("TCP_KEEPINTVL", 1),
        ("TCP_KEEPCNT", 4),
        ("TCP_USER_TIMEOUT", 6000),
    ):
        if hasattr(socket, name):
            end.setsockopt(socket.IPPROTO_TCP, getattr(socket, name), value)


def read_token(path: Path | None) -> str | None:
    """The token in a file, or in the environment (`WEBSIM_TOKEN`); None: there is none."""
    return os.environ.get("WEBSIM_TOKEN") if path is None else path.read_text().strip()
