"""Runs beside a page, and files of runs, by their address; those of a store: `stores.py`."""

import hashlib
import json
import re
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, quote, urljoin, urlsplit

from websim.errors import DamagedCheckpoint, ModelError

if TYPE_CHECKING:
    from urllib.error import HTTPError

SECONDS = 60

MAX_BYTES = 64 << 20


def is_address(text: str) -> bool:
    """Whether a text is meant as an address on the web."""
    return text.startswith(("http://", "https://"))


def fetch_run(address: str) -> bytes:
    """The file of a run.

    Args:
        address: Of a page that opens it (`…/?open=NAME`), or of the file itself.

    Raises:
        ModelError: it cannot be had.
        DamagedCheckpoint: another file came than the address stands for.
    """
    parts = urlsplit(address)
    opened = parse_qs(parts.query).get("open")
    if opened is None:
        return fetch(parts._replace(fragment="").geturl())
    page = parts._replace(query="", fragment="").geturl()
    told = fetch(urljoin(page, f"open/{quote(opened[0], safe='')}.json"))
    try:
        sha256 = json.loads(told)["sha256"]
        if not re.fullmatch(r"[0-9a-f]{64}", sha256):
            raise ValueError(sha256)
    except (ValueError, KeyError, TypeError):
        raise ModelError(f"{address:.200} is no page of websim's.") from None
    return checked(fetch(urljoin(page, f"open/{sha256}.websim")), sha256)


def fetch(url: str) -> bytes:
    """What is at an address; raises ModelError where it cannot be had."""
    # In a tab nobody fetches this way, and these would take part of its start.
    from urllib.error import HTTPError
    from urllib.request import urlopen

    try:
        with urlopen(url, timeout=SECONDS) as answer:
            data: bytes = answer.read(MAX_BYTES + 1)
    except HTTPError as error:
        raise ModelError(f"{url:.200} cannot be had: {_told(error)}") from None
    except (OSError, ValueError) as error:  # no such host, no answer in time, no address at all
        reason = getattr(error, "reason", error)
        raise ModelError(f"{url:.200} cannot be had: {reason}.") from None
    if len(data) > MAX_BYTES:
        raise ModelError(f"{url:.200} has more than the {MAX_BYTES:,} bytes that a run may have.")
    return data


def _told(error: "HTTPError") -> str:
    """The server's own words, where it has some."""
    try:
        return str(json.loads(error.read(4096))["message"])
    except (ValueError, KeyError, TypeError, OSError):
        return f"{error.code} {error.reason}."


def checked(data: bytes, sha256: str) -> bytes:
    """A file whose sha256 begins so; raises DamagedCheckpoint for another one."""
    if not hashlib.sha256(data).hexdigest().startswith(sha256):
        raise DamagedCheckpoint("Another file came than the one that has this address.")
    return data
