"""What a training run has brought so far, as far as decisions need it."""

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from websim.states import StateDict

MAX_ITERATIONS = 2_000

MAX_EPISODES = 5_000


class Episode(NamedTuple):
    """One that has ended.

    Attributes:
        global_step: Environment steps of the run at the end of its iteration.
        episodic_return: What it was paid.
        episodic_length: Environment steps.
        measure: What it was judged; NaN: nobody judges.
        levels: Of each thing that has levels, in the order of `History.levels`.
    """

    global_step: int
    episodic_return: float
    episodic_length: int
    measure: float
    levels: tuple[int, ...] = ()


@dataclass(frozen=True)
class Point:
    """An iteration.

    Attributes:
        iteration: Its number.
        global_step: Environment steps after it.
        metrics: By TensorBoard tag.
    """

    iteration: int
    global_step: int
    metrics: Mapping[str, float]


class History:
    """The newest iterations and episodes of a run.

    Attributes:
        action_size: Numbers of an action.
        levels: Names of what has levels.
        points: Of iterations, the newest last.
        episodes: That ended, the newest last.
        since: Environment steps at which what is learnt was changed last: what was before says
            nothing of what is now.
    """

    def __init__(self, action_size: int = 1, levels: tuple[str, ...] = ()) -> None:
        """Begins empty."""
        self.action_size, self.levels = action_size, levels
        self.points: deque[Point] = deque(maxlen=MAX_ITERATIONS)
        self.episodes: deque[Episode] = deque(maxlen=MAX_EPISODES)
        self.since = 0

    def add(self, point: Point, episodes: list[Episode]) -> None:
        """Takes in an iteration, with the episodes that ended in it."""
        self.points.append(point)
        self.episodes.extend(episodes)

    def forget(self) -> None:
        """Something has been changed: judges by what comes from here on."""
        self.since = self.points[-1].global_step if self.points else 0

    def rewind(self, global_step: int) -> None:
        """The run goes on from a step that has been before: what came later has not happened."""
        points = [point for point in self.points if point.global_step <= global_step]
        episodes = [one for one in self.episodes if one.global_step <= global_step]
        self.points = deque(points, maxlen=MAX_ITERATIONS)
        self.episodes = deque(episodes, maxlen=MAX_EPISODES)
        self.since = global_step

    def series(
        self, tag: str, count: int, least: int = 0
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Environment steps and values of a metric, since the last change.

        Args:
            tag: Of the metric.
            count: Of the newest iterations.
            least: Of as many more as it takes to have so many values.
        """
        known = [point for point in self.points if point.global_step > self.since]
        first = len(known) - count
        told = [i for i, point in enumerate(known) if tag in point.metrics]
        newest = sum(i >= first for i in told)
        points = [known[i] for i in told[len(told) - max(newest, min(least, len(told))) :]]
        return (
            np.array([point.global_step for point in points], np.float64),
            np.array([point.metrics[tag] for point in points], np.float64),
        )

    def newest_episodes(self, count: int) -> list[Episode]:
        """The newest that began to count since the last change, at most so many."""
        newest = [episode for episode in self.episodes if episode.global_step > self.since]
        return newest[-count:]

    def by_level(self, count: int = 500) -> dict[str, dict[int, tuple[int, float]]]:
        """Of each thing that has levels, and of each level: how many episodes, and their measure.

        Args:
            count: Of the newest since the last change.
        """
        newest = self.newest_episodes(count)
        result: dict[str, dict[int, tuple[int, float]]] = {}
        for k, name in enumerate(self.levels):
            found: dict[int, list[float]] = {}
            for episode in newest:
                found.setdefault(episode.levels[k], []).append(episode.measure)
            result[name] = {
                level: (len(found[level]), float(np.mean(found[level]))) for level in sorted(found)
            }
        return result

    @property
    def iterations(self) -> int:
        """How many there have been since the last change."""
        return sum(point.global_step > self.since for point in self.points)

    def state(self) -> StateDict:
        """What `load` needs: plain data."""
        return {
            "points": [[p.iteration, p.global_step, dict(p.metrics)] for p in self.points],
            "episodes": [[*one[:-1], list(one.levels)] for one in self.episodes],
            "since": self.since,
        }

    def load(self, state: Mapping[str, Any]) -> None:
        """Goes on from what `state` gave."""
        self.points = deque((Point(*point) for point in state["points"]), maxlen=MAX_ITERATIONS)
        self.episodes = deque(
            (
                Episode(step, paid, length, measure, tuple(levels))
                for step, paid, length, measure, levels in state["episodes"]
            ),
            maxlen=MAX_EPISODES,
        )
        self.since = int(state["since"])
