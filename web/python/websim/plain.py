"""JSON of a file that nobody knows: no deeper, no longer and with no greater numbers than is sane.

Python's own reader follows brackets as deep as they go, which in a browser is the end of Python.
"""

import json
import math
import re
from typing import Any

import numpy as np

from websim.errors import FutureCheckpoint, InvalidArgument, WebSimError

MAX_BYTES = 64 << 20
MAX_DEPTH = 32
MAX_INTEGER = 2**53 - 1
"""The greatest that a number of JavaScript tells apart from the next."""

_MAX_MESSAGE = 400

_NO_BRACKETS = re.compile(rb'"(?:[^"\\]++|\\.)*+(?:"|\\?\Z)|[^"\[\]{}]++', re.DOTALL)

_HALVES = re.compile(rb"\\u[dD][89a-fA-F]")
"""Surrogates, of which two make a character."""


def loads(data: bytes, most: int = MAX_BYTES, greatest: int = MAX_INTEGER) -> Any:
    """Reads JSON of no more than `most` bytes; raises ValueError for what is not sane.

    Args:
        data: The JSON.
        most: Bytes.
        greatest: Integer.
    """
    if len(data) > most:
        raise ValueError(f"its JSON has {len(data):,} bytes, and may have {most:,}")
    brackets = np.frombuffer(_NO_BRACKETS.sub(b"", data), np.uint8)
    opens = (brackets == ord("[")) | (brackets == ord("{"))
    depth = np.cumsum(np.where(opens, 1, -1), dtype=np.int32).max(initial=0)
    if depth > MAX_DEPTH:
        raise ValueError(f"its JSON is {depth:,} levels deep, and may be {MAX_DEPTH}")
    value = json.loads(data)
    if _HALVES.search(data):
        try:
            json.dumps(value, ensure_ascii=False).encode()
        except UnicodeEncodeError:
            raise ValueError("it has half a character, as no text can be written") from None
    _check_integers(value, greatest)
    return value


def check_finite(value: Any) -> None:
    """Raises ValueError where a number of a tree is not finite."""
    if isinstance(value, float) and not math.isfinite(value):
        raise ValueError(f"it has the number {value}, which is not finite")
    for inner in _inner(value):
        check_finite(inner)


def is_count(value: Any, low: int = 0, high: int = MAX_INTEGER) -> bool:
    """Whether a value is an integer within bounds."""
    return isinstance(value, int) and not isinstance(value, bool) and low <= value <= high


def check_version(of: str, version: Any, newest: int) -> None:
    """Looks at the version of a file's part.

    Raises:
        InvalidArgument: it is none.
        FutureCheckpoint: newer than the newest that can be read.
    """
    if not is_count(version, low=1):
        raise InvalidArgument(f"version must be 1 to {newest}, not {version!r:.99}.")
    if version > newest:
        raise FutureCheckpoint(
            f"The {of} has version {version}, and this websim reads up to {newest}: "
            "it was written by a newer one."
        )


def brief(error: Exception) -> str:
    """What an error says, where a file may have chosen the words."""
    text = str(error) if isinstance(error, ValueError | WebSimError) else repr(error)
    text = text if len(text) <= _MAX_MESSAGE else f"{text[:_MAX_MESSAGE]}…"
    return text.removesuffix(".")


def _check_integers(value: Any, greatest: int) -> None:
    if isinstance(value, int) and abs(value) > greatest:
        raise ValueError(f"it has the number {value:.3e}, and may have up to {greatest}")
    for inner in _inner(value):
        _check_integers(inner, greatest)


def _inner(value: Any) -> Any:
    if isinstance(value, dict):
        return value.values()
    return value if isinstance(value, list) else ()
