"""Runs in the store of a server, by the address that is sent: `https://…/r/ID`."""

import json
import re
from typing import TYPE_CHECKING, Any

from websim.errors import ModelError

if TYPE_CHECKING:
    from urllib.error import HTTPError

MAX_BYTES = 64 << 20

_ADDRESS = re.compile(r"(https?://[^/?#\s]+)/r/([0-9a-f]{12})/?")

_SECONDS = 60


def is_address(text: str) -> bool:
    """Whether a text is the address of a run in a store."""
    return _ADDRESS.fullmatch(text) is not None


def id_of(address: str) -> str:
    """The beginning of the sha256 of its file."""
    match = _ADDRESS.fullmatch(address)
    assert match is not None
    return match[2]


def fetch(address: str) -> bytes:
    """The file of a run; raises ModelError where it cannot be had."""
    return _get(address, ".websim")


def about(address: str) -> dict[str, Any]:
    """What the store knows of a run, as `GET /api/runs/ID` tells it; raises ModelError."""
    data = _get(address, "")
    try:
        told = json.loads(data)
    except ValueError:
        told = None
    if not isinstance(told, dict):
        raise ModelError(f"What {address} answers is not of a store.")
    return told


def _get(address: str, ending: str) -> bytes:
    from urllib.error import HTTPError, URLError  # a tab has no use for it, and would wait for it
    from urllib.request import urlopen

    match = _ADDRESS.fullmatch(address)
    assert match is not None
    origin, run_id = match.groups()
    try:
        with urlopen(f"{origin}/api/runs/{run_id}{ending}", timeout=_SECONDS) as file:
            data: bytes = file.read(MAX_BYTES + 1)
    except HTTPError as error:
        raise ModelError(f"{address} cannot be had: {_told(error)}") from None
    except (URLError, OSError) as error:
        raise ModelError(f"{address} cannot be had: {getattr(error, 'reason', error)}.") from None
    if len(data) > MAX_BYTES:
        raise ModelError(f"{address} has more than {MAX_BYTES:,} bytes.")
    return data


def _told(error: "HTTPError") -> str:
    """The server's own words, where it has some."""
    try:
        return str(json.loads(error.read(4096))["message"])
    except (ValueError, KeyError, TypeError, OSError):
        return f"{error.code} {error.reason}."
