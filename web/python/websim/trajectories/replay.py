"""Recorded states, set again exactly: what they look like, and whether the same follows of them."""

import numpy as np
from numpy.typing import NDArray

from websim.errors import InvalidRecording
from websim.experiments.experiment import Experiment
from websim.physics import STATE
from websim.trajectories.reading import Recorded

_AT_ONCE = 64


class Replay:
    """Robots that are put where recorded ones were."""

    def __init__(self, experiment: Experiment) -> None:
        """Makes robots; raises WebSimError where they cannot be simulated."""
        self._env = experiment.make_vec(_AT_ONCE)
        self._task = experiment.task
        self._physics = self._env.physics
        self._physics.publish(["xpos", "xquat"])
        self.frame_seconds = self._env.task.dt

    def poses(self, episode: Recorded) -> NDArray[np.float32]:
        """Of all bodies after each step: position, and quaternion w, x, y, z.

        Returns:
            [T + 1, nbody, 7].

        Raises:
            InvalidRecording: there are no states, or they are of another robot.
        """
        data = self._physics.data
        parts = []
        for rows in _portions(len(episode.observations)):
            count = self._set(episode, rows)
            self._physics.forward(np.arange(count))
            poses = np.concatenate([data.xpos[:count], data.xquat[:count]], axis=2)
            parts.append(poses.astype(np.float32))
        return np.concatenate(parts)

    def difference(self, episode: Recorded) -> float:
        """How far a step from each recorded state ends from the next one, at most, in any number.

        Raises:
            InvalidRecording: see `poses`.
        """
        data, model = self._physics.data, self._physics.model
        most = 0.0
        for rows in _portions(len(episode.rewards)):
            count = self._set(episode, rows)
            after = slice(rows.start + 1, rows.stop + 1)
            if episode.state is not None:
                # What was applied lies in the state that came of it.
                data.ctrl[:count] = _part(episode.state, "ctrl", data)[after]
            elif episode.actions.shape[1] == model.nu:
                data.ctrl[:count] = episode.actions[rows]
            else:
                raise InvalidRecording("Without MuJoCo's states it cannot be stepped again.")
            self._physics.step(self._env.task.frame_skip)
            assert episode.qpos is not None
            assert episode.qvel is not None
            for found, wanted in ((data.qpos, episode.qpos), (data.qvel, episode.qvel)):
                most = max(most, float(abs(found[:count] - wanted[after]).max(initial=0.0)))
        return most

    def close(self) -> None:
        """Frees the robots."""
        self._env.close()

    def _set(self, episode: Recorded, rows: slice) -> int:
        """Puts robots into the states of some rows; returns how many."""
        data = self._physics.data
        if episode.qpos is None or episode.qvel is None:
            raise InvalidRecording("The recording has no states (qpos and qvel): it has no replay.")
        for name, array in (("qpos", episode.qpos), ("qvel", episode.qvel)):
            size = getattr(data, name).shape[1]
            if array.shape[1] != size:
                raise InvalidRecording(
                    f"The recording's {name} has {array.shape[1]} numbers, and that of "
                    f"{self._task} has {size}: it is of another robot."
                )
        count = len(episode.qpos[rows])
        if episode.state is not None:
            width = sum(_width(name, data) for name in STATE)
            if episode.state.shape[1] != width:
                raise InvalidRecording(
                    f"The recording's states have {episode.state.shape[1]} numbers, and those of "
                    f"{self._task} have {width}: it is of another robot."
                )
            for name in STATE:
                array = getattr(data, name)
                array[:count] = _part(episode.state, name, data)[rows].reshape(
                    count, *array.shape[1:]
                )
        else:
            for name in STATE:
                getattr(data, name)[:count] = 0
            data.eq_active[:count] = True
            data.qpos[:count], data.qvel[:count] = episode.qpos[rows], episode.qvel[rows]
        return count


def _portions(length: int) -> list[slice]:
    return [slice(i, min(i + _AT_ONCE, length)) for i in range(0, length, _AT_ONCE)]


def _width(name: str, data: object) -> int:
    return int(np.prod(getattr(data, name).shape[1:], dtype=int))


def _part(state: NDArray[np.float64], name: str, data: object) -> NDArray[np.float64]:
    """One of STATE's elements among MuJoCo's states."""
    first = 0
    for other in STATE:
        if other == name:
            break
        first += _width(other, data)
    return state[:, first : first + _width(name, data)]
