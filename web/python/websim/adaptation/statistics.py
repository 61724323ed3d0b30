"""What can be said of noisy numbers, and how sure it is."""

from dataclasses import dataclass
from math import sqrt

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]

MAX_POINTS = 64
"""Longer series are averaged in so many parts: slopes are taken between all pairs of points."""

RESAMPLINGS = 200


@dataclass(frozen=True)
class Slope:
    """How fast something grows.

    Attributes:
        value: Per unit of x.
        low: Nineteen of twenty times it is at least this.
        high: And at most this.
    """

    value: float
    low: float
    high: float

    @property
    def within_noise(self) -> bool:
        """Whether it may as well be 0."""
        return self.low <= 0.0 <= self.high


def theil_sen(x: FloatArray, y: FloatArray, rng: np.random.Generator) -> Slope:
    """The median of the slopes between all pairs of points, with a bootstrap interval.

    Theil (1950), Sen (1968); up to 29% of the points may be anything. The interval is that of the
    middle 95% of 200 resamplings of the points. Numbers that are not finite are left out.

    Args:
        x: [points], not all equal.
        y: [points].
        rng: Draws the resamplings.

    Returns:
        NaN throughout where fewer than three points are left.
    """
    whole = np.isfinite(x) & np.isfinite(y)
    x, y = _parts(x[whole]), _parts(y[whole])
    if len(np.unique(x)) < 3:
        return Slope(np.nan, np.nan, np.nan)
    value = _median_slope(x, y)
    resampled = np.empty(RESAMPLINGS)
    for i in range(RESAMPLINGS):
        chosen = rng.integers(len(x), size=len(x))
        resampled[i] = _median_slope(x[chosen], y[chosen])
    low, high = np.nanquantile(resampled, (0.025, 0.975))
    return Slope(value, float(low), float(high))


def wilson_lower(successes: int, trials: int, z: float = 1.6449) -> float:
    """The least share of successes that is not ruled out by so many of so many.

    Wilson (1927), one-sided; z of 1.6449 is a confidence of 95%. 0 where there was no trial.
    """
    if trials == 0:
        return 0.0
    share = successes / trials
    middle = share + z * z / (2 * trials)
    spread = z * sqrt(share * (1 - share) / trials + z * z / (4 * trials * trials))
    return max(0.0, (middle - spread) / (1 + z * z / trials))


def noise(values: FloatArray) -> float:
    """The spread of numbers, as a standard deviation that single ones do not move (MAD)."""
    finite = values[np.isfinite(values)]
    if not len(finite):
        return np.nan
    return float(1.4826 * np.median(np.abs(finite - np.median(finite))))


def _median_slope(x: FloatArray, y: FloatArray) -> float:
    i, j = np.triu_indices(len(x), 1)
    run = x[j] - x[i]
    apart = run != 0
    return float(np.median((y[j] - y[i])[apart] / run[apart])) if apart.any() else np.nan


def _parts(values: FloatArray) -> FloatArray:
    """No more than MAX_POINTS of them."""
    if len(values) <= MAX_POINTS:
        return values
    return np.array([part.mean() for part in np.array_split(values, MAX_POINTS)])
