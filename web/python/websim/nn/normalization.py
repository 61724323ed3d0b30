"""Running statistics, merged over ranks, and what is normalised with them.

Between two merges a rank adds what it sees itself to what all have merged so far. So one rank
alone does what Gymnasium's wrappers do, step by step; several agree at every merge on the
statistics of everything that any of them has seen.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from websim.errors import DamagedCheckpoint
from websim.ranks import Communicator

FloatArray = NDArray[np.float64]

EPSILON = 1e-8
"""Added to variances before their root is taken, as in Gymnasium."""


class Moments:
    """Count, mean and sum of squared deviations of vectors, in float64 (Chan et al., 1979)."""

    def __init__(self, size: int, count: float = 0.0, variance: float = 0.0) -> None:
        """Starts with `count` vectors of zeros with the given variance."""
        self.count = count
        self.mean: FloatArray = np.zeros(size)
        self.m2: FloatArray = np.full(size, count * variance)

    def update(self, batch: NDArray[np.floating[Any]]) -> None:
        """Adds vectors [n, size]."""
        mean = batch.mean(axis=0, dtype=np.float64)
        self.add(len(batch), mean, np.square(batch - mean).sum(axis=0))

    def add(self, count: float, mean: FloatArray, m2: FloatArray) -> None:
        """Adds the moments of other vectors."""
        if count == 0:
            return
        total = self.count + count
        delta = mean - self.mean
        self.mean = self.mean + delta * (count / total)
        self.m2 = self.m2 + m2 + np.square(delta) * (self.count * count / total)
        self.count = total


class RunningMeanStd:
    """Mean and variance of everything seen; starts as Gymnasium's, with mean 0 and variance 1."""

    def __init__(self, size: int) -> None:
        """Takes the length of the vectors."""
        self._size = size
        self._merged = Moments(size, 1e-4, 1.0)
        self._local = Moments(size)
        self._refresh()

    def update(self, batch: NDArray[np.floating[Any]]) -> None:
        """Adds vectors [n, size] that this rank has seen."""
        self._local.update(batch)
        self._refresh()

    def merge(self, communicator: Communicator) -> None:
        """Adds what the other ranks have seen since the last merge; all ranks call it."""
        local = self._local
        rows = communicator.gather(np.concatenate([[local.count], local.mean, local.m2]))
        for row in rows:
            self._merged.add(row[0], row[1 : 1 + self._size], row[1 + self._size :])
        self._local = Moments(self._size)
        self._refresh()

    def state(self) -> dict[str, Any]:
        """What `load` needs; complete right after a merge."""
        return {"count": self._merged.count, "mean": self._merged.mean, "m2": self._merged.m2}

    def load(self, state: dict[str, Any]) -> None:
        """Goes on from a state; raises DamagedCheckpoint for what is no statistics of this size."""
        count, mean, m2 = float(state["count"]), state["mean"], state["m2"]
        fits = all(isinstance(a, np.ndarray) and a.shape == (self._size,) for a in (mean, m2))
        if not (fits and np.isfinite([count, *mean, *m2]).all() and count > 0 and (m2 >= 0).all()):
            raise DamagedCheckpoint(
                f"The checkpoint's statistics must be of {self._size} finite values."
            )
        self._merged.count = count
        self._merged.mean[...] = mean
        self._merged.m2[...] = m2
        self._local = Moments(self._size)
        self._refresh()

    def _refresh(self) -> None:
        both = Moments(self._size)
        for part in (self._merged, self._local):
            both.add(part.count, part.mean, part.m2)
        self.count, self.mean, self.var = both.count, both.mean, both.m2 / both.count
        self.std: FloatArray = np.sqrt(self.var + EPSILON)


class NormalizeObservation:
    """Observations with mean 0 and variance 1, clipped to +-`clip`."""

    def __init__(self, size: int, clip: float = 10.0) -> None:
        """Takes the length of an observation."""
        self.rms = RunningMeanStd(size)
        self.clip = clip

    def __call__(self, observations: FloatArray, *, update: bool = False) -> NDArray[np.float32]:
        """Normalises observations [n, size]; with `update`, after it has learnt from them."""
        if update:
            self.rms.update(observations)
        normalized = observations - self.rms.mean
        normalized /= self.rms.std
        np.clip(normalized, -self.clip, self.clip, out=normalized)
        result: NDArray[np.float32] = normalized.astype(np.float32)
        return result


class NormalizeReward:
    """Rewards divided by the standard deviation of the discounted return, clipped to +-`clip`."""

    def __init__(self, num_envs: int, gamma: float, clip: float = 10.0) -> None:
        """Takes the number of environments and the discount of the return."""
        self.rms = RunningMeanStd(1)
        self.gamma, self.clip = gamma, clip
        self.returns: FloatArray = np.zeros(num_envs)

    def __call__(self, rewards: FloatArray, ended: NDArray[np.bool_]) -> NDArray[np.float32]:
        """Normalises the rewards [n] of a step; a return begins anew where an episode ended [n]."""
        self.returns *= self.gamma
        self.returns += rewards
        self.rms.update(self.returns[:, np.newaxis])
        self.returns[ended] = 0.0
        scaled = np.clip(rewards / self.rms.std[0], -self.clip, self.clip)
        result: NDArray[np.float32] = scaled.astype(np.float32)
        return result
