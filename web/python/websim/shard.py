"""What one worker owns of one task: some environments and what drives them.

The worker (`sim/shard.js`) calls a Shard once a batch and copies its arrays to the page.
"""

from collections.abc import Callable, Mapping
from typing import Any, cast

import numpy as np
from gymnasium.vector import AutoresetMode
from numpy.typing import NDArray

import websim
from websim.controllers import make_controller
from websim.errors import InvalidArgument

OnEpisode = Callable[[int, float, int], object]


class Shard:
    """Environments `first` to `first + num_envs - 1` of a group, with their controller.

    Environment i of a group is seeded with `seed + i`, so that the group does the same however it
    is divided over workers.

    Attributes:
        env: The vector environment; it restarts an environment in the step that ends its episode.
        actions: [n, nu] float32, the actions of the last step.
    """

    def __init__(
        self,
        task: str,
        num_envs: int,
        *,
        first: int = 0,
        seed: int = 0,
        controller: str = "random",
        options: Mapping[str, Any] | None = None,
        on_episode: OnEpisode = lambda index, episode_return, length: None,
    ) -> None:
        """Makes the environments; `reset` starts them.

        Args:
            task: A registered task id.
            num_envs: Number of environments n.
            first: Index of the first one within its group.
            seed: Of the group's first environment.
            controller: A name of `websim.controllers.CONTROLLERS`.
            options: The task's constructor options.
            on_episode: Told index within the group, return and length of each episode that ended.
        """
        self.env = websim.make_vec(
            task,
            num_envs,
            autoreset_mode=AutoresetMode.SAME_STEP,
            copy=False,
            **dict(options or {}),
        )
        self._first, self._seed = first, seed
        self._on_episode = on_episode
        space = self.env.single_action_space
        self._low, self._high = space.low, space.high
        self.actions: NDArray[np.float32] = np.zeros((num_envs, *space.shape), dtype=np.float32)
        self._held: dict[int, NDArray[np.float32]] = {}
        self.set_controller(controller)

    def describe(self) -> dict[str, Any]:
        """Names, sizes and addresses of everything that the worker publishes."""
        env, model = self.env, self.env.physics.model
        data = env.physics.data
        arrays: dict[str, NDArray[Any]] = {
            "observations": env.observations,
            "finalObservations": env.final_observations,
            "rewards": env.rewards,
            "rewardTerms": env.reward_term_values,
            "episodeReturns": env.episode_returns,
            "episodeLengths": env.episode_lengths,
            "qpos": data.qpos,
            "qvel": data.qvel,
            "time": data.time,
            "actions": self.actions,
            "terminations": env.terminations,
            "truncations": env.truncations,
        }
        return {
            "sizes": {
                "numEnvs": env.num_envs,
                "observationSize": env.observations.shape[1],
                "actionSize": self.actions.shape[1],
                "rewardTerms": len(env.task.reward_terms),
                "nq": model.nq,
                "nv": model.nv,
                "nbody": model.nbody,
            },
            "frameSkip": env.task.frame_skip,
            "dt": model.timestep * env.task.frame_skip,
            "actionNames": list(model.actuator_names),
            "actionLow": self._low.tolist(),
            "actionHigh": self._high.tolist(),
            "rewardTermNames": list(env.task.reward_terms),
            "arrays": [
                {"name": name, "address": array.ctypes.data, "length": array.size}
                for name, array in arrays.items()
            ],
        }

    @property
    def physics(self) -> Any:
        """The JavaScript half of the physics (in the browser only)."""
        return cast(Any, self.env.physics).batch

    @property
    def bad_states(self) -> int:
        """Episodes ended by a bad state so far."""
        return self.env.bad_states

    def reset(self, seed: int | None = None) -> None:
        """Starts all episodes anew; a seed (of the group's first environment) makes them repeat."""
        if seed is None:
            self.env.reset()
            return
        self._seed = seed
        self.env.reset(seed=[seed + self._first + i for i in range(self.env.num_envs)])
        self.set_controller(self._controller_name)

    def set_controller(self, name: str) -> None:
        """Hands the environments to a controller; raises InvalidArgument for an unknown name."""
        seed = self._seed + self._first
        self._controller = make_controller(name, self.env.num_envs, self._low, self._high, seed)
        self._controller_name = name

    def hold(self, index: int, action: Any = None) -> None:
        """Holds one environment's action instead of the controller's; None lets go.

        Args:
            index: Environment within this shard.
            action: [nu], or None.

        Raises:
            InvalidArgument: the action has another shape or is not finite.
        """
        if action is None:
            self._held.pop(index, None)
            return
        row = np.array(action, dtype=np.float32)
        if row.shape != self.actions.shape[1:] or not np.isfinite(row).all():
            raise InvalidArgument(
                f"An action has {self.actions.shape[1]} finite numbers, not {row.tolist()}."
            )
        self._held[index] = row

    def step(self) -> None:
        """One step under the controller, and under held actions where there are some."""
        env = self.env
        self.actions[...] = self._controller(env.observations, env.physics.data.time)
        for index, action in self._held.items():
            self.actions[index] = action
        self.apply()

    def apply(self) -> None:
        """One step under `actions` as they stand."""
        env = self.env
        *_, infos = env.step(self.actions)
        if "_episode" not in infos:
            return
        for i in np.flatnonzero(infos["_episode"]):
            self._on_episode(
                self._first + int(i), float(env.final_returns[i]), int(env.final_lengths[i])
            )

    def close(self) -> None:
        """Frees the physics."""
        self.env.close()
