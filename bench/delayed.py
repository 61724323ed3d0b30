"""Two places on this machine with a slow link between them, for what is measured over networks.

Each is a network namespace of Linux with a TUN device of its own; a process here reads what either
sends and gives it to the other so many milliseconds later. Kernels without `netem` can do no
better. Needs root, `ip` and /dev/net/tun.
"""

import fcntl
import multiprocessing
import os
import select
import struct
import subprocess
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager

PLACES = {"websim-a": "10.79.0.1", "websim-b": "10.79.0.2"}
"""Namespaces, and the address in each."""

_TUNSETIFF, _IFF_TUN, _IFF_NO_PI = 0x400454CA, 0x0001, 0x1000
_MTU = 65_000


def within(place: str, command: list[str]) -> list[str]:
    """A command that runs in one of the places."""
    return ["ip", "netns", "exec", place, *command]


@contextmanager
def places(delay: float) -> Iterator[None]:
    """Makes both, with a link that takes `delay` seconds one way.

    Raises:
        OSError: /dev/net/tun cannot be opened.
        CalledProcessError: who asks is not root.
    """
    _remove()
    ends = []
    try:
        for number, (place, address) in enumerate(PLACES.items()):
            ends.append(_tunnel(name := f"websim{number}"))
            _ip("netns", "add", place)
            _ip("link", "set", name, "netns", place)
            other = next(one for one in PLACES.values() if one != address)
            _ip("-n", place, "addr", "add", address, "peer", other, "dev", name)
            _ip("-n", place, "link", "set", name, "mtu", str(_MTU), "up")
            _ip("-n", place, "link", "set", "lo", "up")
        link = multiprocessing.Process(target=_carry, args=(*ends, delay), daemon=True)
        link.start()
        yield
        link.terminate()
        link.join()
    finally:
        for end in ends:
            os.close(end)
        _remove()


def _tunnel(name: str) -> int:
    """A TUN device, whose other end is a file of packets."""
    end = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
    fcntl.ioctl(end, _TUNSETIFF, struct.pack("16sH", name.encode(), _IFF_TUN | _IFF_NO_PI))
    return end


def _carry(first: int, second: int, delay: float) -> None:
    """Takes packets from one end to the other, in their order, each after the delay."""
    other = {first: second, second: first}
    waiting: deque[tuple[float, int, bytes]] = deque()
    while True:
        left = max(0, waiting[0][0] - time.monotonic()) if waiting else None
        ready, _, _ = select.select([first, second], [], [], left)
        for end in ready:
            waiting.append((time.monotonic() + delay, other[end], os.read(end, _MTU + 100)))
        while waiting and waiting[0][0] <= time.monotonic():
            _, end, packet = waiting.popleft()
            os.write(end, packet)


def _ip(*arguments: str) -> None:
    subprocess.run(["ip", *arguments], check=True)


def _remove() -> None:
    for place in PLACES:
        subprocess.run(["ip", "netns", "del", place], capture_output=True, check=False)
