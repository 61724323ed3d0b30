"""Rewards of one's own in place of a task's.

A reward is a function of the state before the step, the actions, and the state after it, over the
whole batch. It replaces what the task pays; what is observed and when episodes end stay the task's
(unless `terminated` is given), and neither physics nor learners know the difference.

    def run(state, actions, next_state):
        speed = (next_state.qpos[:, 0] - state.qpos[:, 0]) / next_state.dt
        return {"speed": speed, "effort": -0.1 * np.square(actions).sum(axis=1)}

    envs = MujocoVectorEnv(RewardedTask(HalfCheetah(), Reward(run, ("speed", "effort"))), 1000)
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from websim.errors import InvalidArgument
from websim.physics import STATE, BatchData, FloatArray, Model
from websim.task import Actions, Outcome, Task


class State:
    """The arrays of a batch at one time, read as `state.qpos` [n, nq] and so on.

    Attributes:
        model: The model, for ids of bodies and the like.
        dt: Seconds of an environment step.
    """

    def __init__(self, arrays: Any, model: Model, dt: float) -> None:
        """Takes anything whose attributes are the arrays."""
        self._arrays, self.model, self.dt = arrays, model, dt

    def __getattr__(self, name: str) -> FloatArray:
        array: FloatArray = getattr(self._arrays, name)
        return array


RewardFunction = Callable[[State, Actions, State], Mapping[str, NDArray[Any]]]


@dataclass(frozen=True)
class Reward:
    """What is paid, and what has to be known for it.

    Attributes:
        function: Gives the terms of the reward, each [n], of (state, actions, next state); the
            reward is their sum.
        terms: Their names, in the order in which they are shown and logged.
        fields: Names of MjData arrays that it reads besides the state (`websim.physics.FIELDS`).
        terminated: Whether an episode ends [n], of the next state; None leaves it to the task.
    """

    function: RewardFunction
    terms: tuple[str, ...]
    fields: tuple[str, ...] = ()
    terminated: Callable[[State], NDArray[np.bool_]] | None = None


class RewardedTask(Task):
    """A task with another reward; everything else is the task's."""

    def __init__(self, task: Task, reward: Reward) -> None:
        """Takes the task, which belongs to this one from now on."""
        self.task, self.reward = task, reward
        self.xml_file, self.frame_skip = task.xml_file, task.frame_skip
        # Class variables of other tasks; here they depend on the two.
        for name, value in {
            "id": task.id,
            "max_episode_steps": task.max_episode_steps,
            "fields": tuple(dict.fromkeys((*task.fields, *reward.fields))),
            "reward_terms": reward.terms,
        }.items():
            setattr(self, name, value)

    def bind(self, model: Model) -> None:
        """See Task."""
        super().bind(model)
        self.task.bind(model)

    def initial_state(self, rng: np.random.Generator) -> tuple[FloatArray, FloatArray]:
        """See Task."""
        return self.task.initial_state(rng)

    def before(self, data: BatchData) -> Any:
        """See Task; physics overwrites the state, so it is copied."""
        copies = _Copies({name: getattr(data, name).copy() for name in (*STATE, *self.fields)})
        return self.task.before(data), State(copies, self.model, self.dt)

    def outcome(self, data: BatchData, before: Any, actions: Actions) -> Outcome:
        """See Task; raises InvalidArgument for terms that the reward does not name."""
        tasks_own, state = before
        judged = self.task.outcome(data, tasks_own, actions)
        next_state = State(data, self.model, self.dt)
        terms = dict(self.reward.function(state, actions, next_state))
        if set(terms) != set(self.reward.terms):
            raise InvalidArgument(
                f"The reward names the terms {', '.join(self.reward.terms)}, but its function gave "
                f"{', '.join(terms) or 'none'}."
            )
        shape = (len(actions),)
        for name, values in terms.items():
            if np.shape(values) != shape:
                raise InvalidArgument(
                    f"The reward term {name!r} must have the shape {shape}, not {np.shape(values)}."
                )
        terminated = judged.terminated
        if self.reward.terminated is not None:
            terminated = self.reward.terminated(next_state)
        rewards: FloatArray = np.sum([terms[name] for name in self.reward.terms], axis=0)
        return Outcome(rewards, terms, terminated, judged.infos)

    def observation(self, data: BatchData) -> tuple[FloatArray, ...]:
        """See Task."""
        return self.task.observation(data)

    def reset_infos(self, data: BatchData) -> dict[str, NDArray[Any]]:
        """See Task."""
        return self.task.reset_infos(data)


class _Copies:
    def __init__(self, arrays: dict[str, FloatArray]) -> None:
        self.__dict__.update(arrays)
