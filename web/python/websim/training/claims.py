"""What a run says of itself: how well its policy does, so that others can measure it again."""

import json
from dataclasses import dataclass
from math import isfinite, isnan, nan
from typing import Any

from websim import plain
from websim.documents import as_plain, from_plain
from websim.errors import InvalidArgument
from websim.vector import MAX_ENVIRONMENTS

NAME = "evaluation.json"
"""Where it lies in a run's file."""

MAX_BYTES = 4 << 10


@dataclass(frozen=True, kw_only=True)
class Claim:
    """What some episodes came to, without noise, each in an environment of its own.

    Attributes:
        mean_return: Of the episodes.
        return_std: Standard deviation of their returns.
        mean_measure: NaN where nothing says what success is.
        measure_std: Likewise.
        episodes: How many, and in how many environments.
        seed: Episode i was seeded with seed + i.
        engine: What computed them (`websim.physics.engine`): the same one gives the same numbers.
    """

    mean_return: float
    return_std: float
    mean_measure: float = nan
    measure_std: float = nan
    episodes: int
    seed: int
    engine: str


def read_claim(given: Any) -> Claim:
    """A claim of plain data, as `documents.as_plain` writes it; raises InvalidArgument."""
    claim = from_plain(Claim, given, "claim")
    for name in ("mean_return", "return_std"):
        if not isfinite(getattr(claim, name)):
            raise InvalidArgument(f"claim.{name} must be a finite number.")
    for name in ("mean_measure", "measure_std"):
        value = getattr(claim, name)
        if not (isfinite(value) or isnan(value)):
            raise InvalidArgument(f"claim.{name} must be a finite number, or null.")
    if not plain.is_count(claim.episodes, low=1, high=MAX_ENVIRONMENTS):
        raise InvalidArgument(f"claim.episodes must be 1 to {MAX_ENVIRONMENTS}.")
    if not plain.is_count(claim.seed) or claim.return_std < 0 or claim.measure_std < 0:
        raise InvalidArgument("claim.seed and what is claimed to deviate must be at least 0.")
    if len(claim.engine) > 200:
        raise InvalidArgument("claim.engine may have 200 characters.")
    return claim


def dumps(claim: Claim) -> bytes:
    """As it lies in a file."""
    return json.dumps(as_plain(claim), indent=2).encode()


def loads(data: bytes) -> Claim:
    """Reads what lies in a file; raises ValueError for what is no claim."""
    value = plain.loads(data, MAX_BYTES)
    plain.check_finite(value)
    return read_claim(value)
