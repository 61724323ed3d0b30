"""Levels at work: which environment is on which, and where it goes when its episode has ended.

It is one rule for all that has levels: the rows of a terrain, and the width of events.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from websim.errors import DamagedCheckpoint
from websim.physics import FloatArray, IndexArray
from websim.worlds.draws import Counters, uniform
from websim.worlds.levels import Levels

FAST, SLOW = 2.0, 8.0
"""Over how many episodes of each environment two means of what is achieved reach back."""

EVEN = 0.2
"""Of the episodes whose level is drawn by progress, the part that is drawn evenly."""

SHARED = ("sums", "weights")
"""Of `Ladder.arrays`, those that are of all environments together."""


class Ladder:
    """The level of each environment.

    By `progress` a level is drawn in proportion to how far two means of what robots achieved on it
    lie apart, of the newest episodes and of more (Kanitscheider et al., 2021: Multi-task curriculum
    learning in a complex, visual, hard-exploration domain; without their reweighting). They are
    those of the environments that are stepped together.

    Attributes:
        term: How many there are, and what moves environments.
        levels: [n] int32, of the next episodes of environments.
    """

    def __init__(self, term: Levels, num_envs: int, stream: int) -> None:
        """Begins with all on the first.

        Args:
            term: What the document says.
            num_envs: n.
            stream: Of environments' random numbers, those that are taken.
        """
        self.term = term
        self.levels: NDArray[np.int32] = np.zeros(num_envs, np.int32)
        self._difficulties = term.difficulties
        self._stream = stream
        self._keys: Counters = np.zeros(num_envs, np.int64)
        self._drawn: Counters = np.zeros(num_envs, np.int64)
        # Sums of what was achieved, and of the weights of these: fast and slow, of each level.
        self._sums: FloatArray = np.zeros((2, term.levels))
        self._weights: FloatArray = np.zeros((2, term.levels))
        each = np.array([[FAST], [SLOW]]) * max(1.0, num_envs / term.levels)
        # What is left of an old episode after so many newer ones; not `**`, which rounds otherwise
        # from one platform to the other.
        self._left: FloatArray = np.ones((2, num_envs + 1))
        np.cumprod(np.broadcast_to(1 - 1 / (1 + each), (2, num_envs)), 1, out=self._left[:, 1:])

    @property
    def difficulties(self) -> FloatArray:
        """Of the environments [n]."""
        return self._difficulties[self.levels]

    def seed(self, indices: IndexArray, keys: Counters) -> None:
        """Gives environments [k] their first level.

        Args:
            indices: [k].
            keys: [k], of `websim.worlds.draws.keys_of`.
        """
        self._keys[indices] = keys
        self._drawn[indices] = 0
        if self.term.curriculum == "robots":
            self.levels[indices] = 0
        else:
            self.levels[indices] = self._evenly(indices)

    def judge(
        self,
        ended: NDArray[np.bool_],
        achieved: FloatArray,
        up: NDArray[np.bool_],
        down: NDArray[np.bool_],
    ) -> None:
        """Moves environments whose episodes have just ended.

        Args:
            ended: [n], whose episodes count.
            achieved: [n], how well they were done; who has NaN stays.
            up: [n], who has done well enough to go up, if levels follow robots.
            down: [n], who has not done well enough to stay.
        """
        over = np.flatnonzero(ended & np.isfinite(achieved))
        if not len(over):
            return
        if self.term.curriculum == "robots":
            self.levels[over] += up[over].astype(np.int32) - (down & ~up)[over]
            np.maximum(self.levels, 0, out=self.levels)
            past = over[self.levels[over] >= self.term.levels]
            self.levels[past] = self._evenly(past)
        elif self.term.curriculum == "progress":
            self._learn(self.levels[over], achieved[over])
            ends = np.cumsum(self.odds)
            drawn = self._draw(over) * ends[-1]
            self.levels[over] = np.searchsorted(ends[:-1], drawn, side="right")

    @property
    def odds(self) -> FloatArray:
        """How often each level is drawn by progress [levels]; they sum to 1."""
        count = self.term.levels
        known = (self._weights > 0).all(axis=0)
        progress = np.zeros(count)
        fast, slow = self._sums[:, known] / self._weights[:, known]
        gap = np.abs(fast - slow)
        rounding = 1e-9 * np.maximum(np.abs(fast), np.abs(slow))
        progress[known] = np.where(gap > rounding, gap, 0.0)
        progress[~known] = progress.max(initial=0.0)  # nobody has been there
        total = progress.sum()
        if not total > 0:
            return np.full(count, 1 / count)
        odds: FloatArray = EVEN / count + (1 - EVEN) * progress / total
        return odds

    def arrays(self) -> dict[str, NDArray[Any]]:
        """All that has to be known to go on."""
        return {
            "levels": self.levels,
            "keys": self._keys,
            "drawn": self._drawn,
            "sums": self._sums,
            "weights": self._weights,
        }

    def check(self, name: str, state: Any) -> None:
        """Makes sure that `load` can use a state of the levels of that name.

        Raises:
            DamagedCheckpoint: it cannot.
        """
        for key, array in self.arrays().items():
            saved = state.get(key) if isinstance(state, dict) else None
            if (
                not isinstance(saved, np.ndarray)
                or saved.shape != array.shape
                or saved.dtype != array.dtype
                or not np.isfinite(saved).all()
                or (key not in ("keys", "sums") and (saved < 0).any())
                or (key == "levels" and (saved >= self.term.levels).any())
            ):
                raise DamagedCheckpoint(f"The saved {key} of the levels of {name} are damaged.")

    def load(self, state: dict[str, NDArray[Any]]) -> None:
        """Goes on from what `arrays` gave, if `check` lets it pass."""
        for name, array in self.arrays().items():
            array[...] = state[name]

    def _learn(self, levels: NDArray[np.int32], achieved: FloatArray) -> None:
        """Takes in episodes [k]: those that end together are equally new."""
        counts = np.bincount(levels, minlength=self.term.levels)
        sums = np.bincount(levels, achieved, self.term.levels)
        left = self._left[:, counts]
        new = (1 - left) / np.maximum(counts, 1)
        self._sums[...] = left * self._sums + new * sums
        self._weights[...] = left * self._weights + (1 - left)

    def _draw(self, indices: IndexArray) -> FloatArray:
        """A random number of each environment [k], from 0 to 1."""
        numbers = uniform(self._keys[indices], self._stream, self._drawn[indices], 1)[:, 0]
        self._drawn[indices] += 1
        return numbers

    def _evenly(self, indices: IndexArray) -> NDArray[np.int32]:
        """A level for each environment [k], all equally likely."""
        return (self._draw(indices) * self.term.levels).astype(np.int32)
