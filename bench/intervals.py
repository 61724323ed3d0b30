"""What can be said of a few runs: the interquartile mean, with a stratified bootstrap interval.

After Agarwal, Schwarzer, Castro, Courville and Bellemare, "Deep reinforcement learning at the edge
of the statistical precipice" (2021, https://arxiv.org/abs/2108.13264).
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

RESAMPLINGS = 10_000


class Interval(NamedTuple):
    """The interquartile mean, and where it lies nineteen times of twenty."""

    mean: float
    low: float
    high: float

    def above(self, other: "Interval") -> bool:
        """Whether it is greater and the intervals are apart."""
        return self.low > other.high


def interquartile_mean(scores: NDArray[np.float64]) -> NDArray[np.float64]:
    """The mean of the middle half of the last axis [..., n]; a quarter is cut at either end.

    Where n is no multiple of four the scores at the ends of the middle half count in part.
    """
    n = scores.shape[-1]
    ordered = np.sort(scores, axis=-1)
    places = np.arange(n)
    weights = np.clip(np.minimum(places + 1, 0.75 * n) - np.maximum(places, 0.25 * n), 0, None)
    means: NDArray[np.float64] = ordered @ weights / (0.5 * n)
    return means


def interval(strata: Sequence[Sequence[float]], seed: int = 0) -> Interval:
    """Of scores that are drawn anew within each stratum, a robot's runs say.

    Args:
        strata: Scores, a sequence for each stratum.
        seed: Of the resamplings.
    """
    rng = np.random.default_rng(seed)
    arrays = [np.array(scores, np.float64) for scores in strata]
    drawn = np.concatenate([rng.choice(one, (RESAMPLINGS, len(one))) for one in arrays], axis=1)
    low, high = np.quantile(interquartile_mean(drawn), (0.025, 0.975))
    mean = interquartile_mean(np.concatenate(arrays))
    return Interval(float(mean), float(low), float(high))
