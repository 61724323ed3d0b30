"""Who asks, how often, and from where: for routes at which visitors cost or leave something."""

import ipaddress
import time
from collections.abc import Callable
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from starlette.requests import Request

if TYPE_CHECKING:
    from limits import RateLimitItem


class Refused(Exception):
    """Raised when a request is not let through."""

    def __init__(self, status: int, message: str, headers: dict[str, str] | None = None) -> None:
        """Takes the status, what is told, and headers besides."""
        super().__init__(message)
        self.status, self.headers = status, headers or {}


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


def check_origin(request: Request, refusal: str) -> None:
    """Lets through what a page of this server sends, and what is no browser's.

    A page of somebody else's could have its visitor's browser ask here.

    Raises:
        Refused: it is another page's; with `refusal`.
    """
    headers = request.headers
    origin = headers.get("origin")
    foreign = headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none")
    if foreign or (origin is not None and urlsplit(origin).netloc != headers.get("host")):
        raise Refused(403, refusal)


async def body_of(request: Request, most: int, what: str) -> bytes:
    """The body; raises Refused where it has more than `most` bytes. `what` may have so many."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > most:
            raise Refused(413, f"{what} may have {most:,} bytes.")
    return bytes(body)
