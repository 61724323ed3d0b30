"""What is seen of a reward while robots learn from it: snapshots."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from websim.authors.candidates import Snapshot
from websim.authors.warnings import FEWEST, warnings
from websim.vector import MujocoVectorEnv

MOST = 20
"""Snapshots of a journal; then two of a row become one."""


class Watch:
    """An Observer that takes snapshots."""

    def __init__(self, env: MujocoVectorEnv, pulse: Callable[[], None]) -> None:
        """Watches environments; `pulse` is called after each step and each minibatch."""
        self._env, self._pulse = env, pulse
        self._unpaid_before = env.unpaid_states
        self._begin()

    def stepped(self, ended: NDArray[np.bool_] | None) -> None:
        """See Observer."""
        env, values = self._env, self._env.reward_term_values
        np.minimum(self._least, values.min(axis=0), out=self._least)
        np.maximum(self._greatest, values.max(axis=0), out=self._greatest)
        self._sum += values.sum(axis=0)
        self._size += np.abs(values).sum(axis=0)
        self._steps += len(values)
        if ended is not None:
            columns = env.final_measures, env.final_returns, env.final_lengths
            self._episodes.append(np.stack([column[ended] for column in columns], axis=1))
        self._pulse()

    def updated(self) -> None:
        """See Observer."""
        self._pulse()

    @property
    def unpaid(self) -> int:
        """How often a good state could not be paid since this watches."""
        return self._env.unpaid_states - self._unpaid_before

    def snapshot(self, global_step: int) -> Snapshot:
        """What there was since the last one."""
        with np.errstate(all="ignore"):
            episodes = np.concatenate([*self._episodes, np.empty((0, 3))])
            known = [column[np.isfinite(column)] for column in episodes.T]
            means = [float(column.mean()) if len(column) else float("nan") for column in known]
        mean, size = self._sum / self._steps, self._size / self._steps
        names = self._env.reward_terms
        columns = zip(names, self._least, mean, self._greatest, strict=True)
        taken = Snapshot(
            global_step=global_step,
            measure=means[0],
            episodic_return=means[1],
            episodic_length=means[2],
            terms={name: (float(a), float(b), float(c)) for name, a, b, c in columns},
            sizes=dict(zip(names, size.tolist(), strict=True)),
        )
        self._begin()
        return taken

    def _begin(self) -> None:
        count = len(self._env.reward_terms)
        self._least, self._greatest = np.full(count, np.inf), np.full(count, -np.inf)
        self._sum, self._size, self._steps = np.zeros(count), np.zeros(count), 0
        self._episodes: list[NDArray[np.float64]] = []


class Journal:
    """Snapshots of a run that nobody knows the end of, at equal distances from its beginning on."""

    def __init__(self, env: MujocoVectorEnv) -> None:
        """Watches environments that are paid by one reward."""
        self._watch = Watch(env, lambda: None)
        self._snapshots: list[Snapshot] = []
        self._every, self._since = 1, 0

    def stepped(self, ended: NDArray[np.bool_] | None) -> None:
        """See Observer."""
        self._watch.stepped(ended)

    def note(self, global_step: int) -> list[str]:
        """After an iteration: what people should know of the reward, a sentence each."""
        self._since += 1
        if self._since == self._every:
            self._since = 0
            self._snapshots.append(self._watch.snapshot(global_step))
        if len(self._snapshots) == MOST:
            pairs = zip(self._snapshots[::2], self._snapshots[1::2], strict=True)
            self._snapshots = [_merged(*pair) for pair in pairs]
            self._every *= 2
        return warnings(self._snapshots) if len(self._snapshots) >= FEWEST else []


def _merged(one: Snapshot, other: Snapshot) -> Snapshot:
    """Both, which are of equally many steps, as one."""

    def mean(name: str) -> float:
        known = [value for s in (one, other) if np.isfinite(value := getattr(s, name))]
        return float(np.mean(known)) if known else float("nan")

    return Snapshot(
        global_step=other.global_step,
        measure=mean("measure"),
        episodic_return=mean("episodic_return"),
        episodic_length=mean("episodic_length"),
        terms={
            name: (min(least, low), (middle + at) / 2, max(greatest, high))
            for name, (least, middle, greatest) in one.terms.items()
            for low, at, high in (other.terms[name],)
        },
        sizes={name: (size + other.sizes[name]) / 2 for name, size in one.sizes.items()},
    )
