"""Signals on their way: with noise, and late."""

import numpy as np
from numpy.typing import NDArray

from websim.physics import FloatArray, IndexArray
from websim.worlds.draws import Counters, draw
from websim.worlds.world import Noise


def noisy(
    signal: FloatArray, noise: Noise, keys: Counters, stream: int, counters: Counters
) -> FloatArray:
    """A signal [n, k] with noise; see `websim.worlds.draws.uniform`."""
    drawn = draw(noise.distribution, noise.range, keys, stream, counters, signal.shape[1])
    return signal + drawn if noise.operation == "add" else signal * drawn


class Delay:
    """Gives signals so many steps later; at the beginning of an episode the first one instead.

    Attributes:
        lags: [n], in steps.
        kept: [n, most + 1, k], the newest signals in turns.
        count: [n], how many of this episode have come.
    """

    def __init__(self, num_envs: int, most: int, size: int) -> None:
        """Makes room for signals of `size` numbers, up to `most` steps late."""
        self.lags: NDArray[np.int64] = np.zeros(num_envs, np.int64)
        self.kept: FloatArray = np.zeros((num_envs, most + 1, size))
        self.count: NDArray[np.int64] = np.zeros(num_envs, np.int64)

    def begin(self, indices: IndexArray, lags: NDArray[np.int64]) -> None:
        """New episodes, with lags [k]."""
        self.lags[indices] = lags
        self.count[indices] = 0

    def __call__(self, signal: FloatArray, indices: IndexArray) -> FloatArray:
        """Takes the signals [k, size] of environments, and gives what has come through."""
        places = self.kept.shape[1]
        count = self.count[indices]
        self.kept[indices, count % places] = signal
        self.count[indices] += 1
        came: FloatArray = self.kept[indices, np.maximum(count - self.lags[indices], 0) % places]
        return came
