"""Runs in the store of a server, by the address that is sent: `https://…/r/ID`."""

import json
import re
from typing import Any

from websim.errors import ModelError
from websim.sharing import addresses

_ADDRESS = re.compile(r"(https?://[^/?#\s]+)/r/([0-9a-f]{12})/?")


def is_address(text: str) -> bool:
    """Whether a text is the address of a run in a store."""
    return _ADDRESS.fullmatch(text) is not None


def fetch(address: str) -> bytes:
    """The file of a run.

    Raises:
        ModelError: it cannot be had.
        DamagedCheckpoint: another file came than the address stands for.
    """
    url, begin = _api(address)
    return addresses.checked(addresses.fetch(f"{url}.websim"), begin)


def about(address: str) -> dict[str, Any]:
    """What the store knows of a run, as `GET /api/runs/ID` tells it; raises ModelError."""
    data = addresses.fetch(_api(address)[0])
    try:
        told = json.loads(data)
    except ValueError:
        told = None
    if not isinstance(told, dict):
        raise ModelError(f"What {address} answers is not of a store.")
    return told


def _api(address: str) -> tuple[str, str]:
    """Where the store tells of a run, and the beginning of the sha256 of its file."""
    match = _ADDRESS.fullmatch(address)
    assert match is not None
    return f"{match[1]}/api/runs/{match[2]}", match[2]
