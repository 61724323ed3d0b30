"""Who asks, how often, and from where: for routes at which visitors cost or leave something."""

import ipaddress
import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

if TYPE_CHECKING:
    from limits import RateLimitItem


class Refused(Exception):
    """Raised when a request is not let through."""

    def __init__(self, status: int, message: str, headers: dict[str, str] | None = None) -> None:
        """Takes the status, what is told, and headers besides."""
        super().__init__(message)
        self.status, self.headers = status, headers or {}


def refused(request: Request, error: Exception) -> Response:
    """What a visitor gets who was not let through."""
    assert isinstance(error, Refused)
    headers = {"Cache-Control": "no-store", **error.headers}
    return JSONResponse({"message": str(error)}, error.status, headers)


Admit = Callable[[str, "RateLimitItem"], float | None]
"""Counts somebody who may do something so often; says when again (in seconds since 1970), if not
now."""


class Rate:
    """How often an address may do something."""

    def __init__(self, rate: str, what: str, admit: Admit | None = None) -> None:
        """Takes what is limited.

        Args:
            rate: How often, as `limits` writes it.
            what: As in "Runs may be shared".
            admit: Who counts; None: this process for itself.
        """
        from limits import parse

        self._rate, self._what = parse(rate), what
        self._admit = admit or _counted_here()

    def count(self, address: str) -> None:
        """Counts a request; raises Refused where there are too many."""
        again = self._admit(network(address), self._rate)
        if again is not None:
            seconds = max(1, round(again - time.time()))
            raise Refused(
                429,
                f"{self._what} {self._rate} from an address: again in {seconds:,} s.",
                {"Retry-After": str(seconds)},
            )


def _counted_here() -> Admit:
    from limits.storage import MemoryStorage
    from limits.strategies import MovingWindowRateLimiter

    limiter = MovingWindowRateLimiter(MemoryStorage())

    def admit(who: str, rate: "RateLimitItem") -> float | None:
        if limiter.hit(rate, who):
            return None
        return limiter.get_window_stats(rate, who).reset_time

    return admit


def address_of(request: Request) -> str:
    """Where a request comes from."""
    return request.client.host if request.client else ""


def network(address: str) -> str:
    """Who an address belongs to: of IPv6 a household has all that begin with the same 64 bits."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return address
    if isinstance(found, ipaddress.IPv6Address):
        if found.ipv4_mapped:
            return str(found.ipv4_mapped)
        return str(ipaddress.ip_network((found, 64), strict=False))
    return str(found)


class Pages:
    """Tells pages of this server from those of others.

    A page of somebody else's could have its visitor's browser ask here; and where the name of its
    host is made to lead to this server, it even asks its own origin (DNS rebinding). So pages have
    to be at a name that is known to be this server's.
    """

    def __init__(self, hosts: Sequence[str] = ()) -> None:
        """Takes the names of this server besides those of the machine itself and addresses."""
        self._hosts = {host.lower() for host in hosts}

    def check(self, request: Request, refusal: str) -> None:
        """Lets through what a page of this server sends, and what is no browser's.

        Raises:
            Refused: it is another page's; with `refusal`.
        """
        headers = request.headers
        if headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
            raise Refused(403, refusal)
        if (origin := headers.get("origin")) is None:
            return
        try:
            page = urlsplit(origin)
        except ValueError:
            raise Refused(403, refusal) from None
        host = page.hostname
        if host is None or page.netloc != headers.get("host"):
            raise Refused(403, refusal)
        if not self._is_own(host):
            raise Refused(
                403,
                f"{refusal} It does not know {host!r:.99} for a name of its own: who runs it says "
                "so with --allowed-hosts.",
            )

    def check_name(self, request: Request) -> None:
        """Lets through what asks for this server by a name of its own.

        So that a page of somebody else's cannot read what lies on this machine.

        Raises:
            Refused: the name is none that it knows.
        """
        host = urlsplit(f"//{request.headers.get('host', '')}").hostname or ""
        if not self._is_own(host):
            raise Refused(
                403,
                f"This server has files of its machine, and does not know {host!r:.99} for a name "
                "of its own: who runs it says so with --allowed-hosts.",
            )

    def _is_own(self, host: str) -> bool:
        if host == "localhost" or host.endswith(".localhost") or host in self._hosts:
            return True
        try:
            ipaddress.ip_address(host)
        except ValueError:
            return False
        return True  # no name that could lead elsewhere tomorrow


async def body_of(request: Request, most: int, what: str) -> bytes:
    """The body; raises Refused where it has more than `most` bytes. `what` may have so many."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > most:
            raise Refused(413, f"{what} may have {most:,} bytes.")
    return bytes(body)
