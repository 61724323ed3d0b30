"""Plays episodes and hands out each as a whole, so that memory does not grow with their number."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from gymnasium.spaces import Box
from gymnasium.vector import AutoresetMode
from numpy.typing import NDArray

from websim import plain
from websim.errors import InvalidArgument
from websim.experiments.experiment import Experiment
from websim.experiments.sources import whole
from websim.names import action_names
from websim.physics import STATE, engine
from websim.policies import Playing
from websim.states import StateDict
from websim.training.trainer import policy_of
from websim.vector import MujocoVectorEnv

MAX_EPISODES = 10_000_000

MOST_ENVIRONMENTS = 64
"""That play at the same time; few enough for little memory, many enough for fast batches."""

MOST_MEMORY = 256 << 20
"""Bytes of the episodes that are running."""


@dataclass
class Episode:
    """One episode of T steps. Arrays named first have T + 1 rows, the first of the reset.

    Attributes:
        seed: `reset(seed=seed)` begins it, in our environments and in Gymnasium's.
        random: Whether its actions were drawn at random.
        observations: [T + 1, obs] float64.
        states: "qpos" [T + 1, nq], "qvel" [T + 1, nv], and "state" [T + 1, k]: MuJoCo's own
            (mjSTATE_INTEGRATION), for `mj_setState`.
        actions: [T, nu] float32, as the environment got them.
        rewards: [T] float64.
        terms: [T] each: parts of the reward, by name.
        infos: [T, ...] each: what the environment told besides, by name.
        terminated: Whether its last step ended it for good.
        truncated: Whether a limit of time, or a blow-up, ended it.
    """

    seed: int
    random: bool
    observations: NDArray[np.float64]
    states: dict[str, NDArray[np.float64]]
    actions: NDArray[np.float32]
    rewards: NDArray[np.float64]
    terms: dict[str, NDArray[np.float64]]
    infos: dict[str, NDArray[Any]]
    terminated: bool
    truncated: bool


class Recorder:
    """Plays the episodes of a run.

    Attributes:
        env: What they are played in; belongs to this object.
        episodes: How many.
    """

    def __init__(
        self,
        experiment: Experiment,
        learner: StateDict | None,
        episodes: int,
        *,
        seed: int = 0,
        random: float = 0.0,
    ) -> None:
        """Makes environments.

        Args:
            experiment: What is simulated.
            learner: `Checkpoint.learner` of a run that is known to be sound, whose policy acts;
                None: only chance does, so that `random` must be 1.
            episodes: How many; episode i is seeded with `seed + i`.
            seed: Of the first.
            random: Share of the episodes, 0 to 1, whose actions are drawn uniformly from within
                their bounds. Which ones they are depends on their seeds alone.

        Raises:
            InvalidArgument: an argument that is not allowed.
            WebSimError: it cannot be simulated.
        """
        if not plain.is_count(episodes, low=1, high=MAX_EPISODES):
            raise InvalidArgument(f"episodes must be 1 to {MAX_EPISODES:,}, not {episodes!r}.")
        if not plain.is_count(seed, high=plain.MAX_INTEGER - episodes):
            raise InvalidArgument(f"seed must be an integer of at least 0, not {seed!r}.")
        if not 0 <= random <= 1:
            raise InvalidArgument(f"random must be 0 to 1, not {random!r}.")
        if learner is None and random < 1:
            raise InvalidArgument("The run has no policy yet, so random must be 1.")
        self._experiment = experiment
        self.episodes, self._seed, self._random = episodes, seed, random
        self.env = _make(experiment, min(episodes, MOST_ENVIRONMENTS))
        while self.env.num_envs > 1 and self._bytes() > MOST_MEMORY:
            fewer = max(1, int(self.env.num_envs * MOST_MEMORY / self._bytes()))
            self.env.close()
            self.env = _make(experiment, fewer)
        env = self.env
        n, space = env.num_envs, env.single_action_space
        self._policy: Playing | None = None
        if learner is not None:
            self._policy = Playing(policy_of(experiment, learner, space.low, space.high))
        self._number = np.arange(n)  # of the episode that each environment plays
        self._running = np.ones(n, np.bool_)
        env.reset(seed=[seed + int(i) for i in self._number])
        rngs, chosen = zip(*(self._chance(int(i)) for i in self._number), strict=True)
        self._chances, self._by_chance = list(rngs), np.array(chosen)
        self._actions = np.zeros((n, space.low.size), np.float32)
        self._rows = _Rows(env)
        self._rows.begin(np.arange(n))

    def play(self) -> Iterator[Episode]:
        """The episodes, in the order in which they end."""
        while self.running:
            yield from self.step()

    @property
    def running(self) -> bool:
        """Whether there are episodes that are not over."""
        return bool(self._running.any())

    def step(self) -> Iterator[Episode]:
        """One step of all; gives the episodes that it ends."""
        env, rows, number = self.env, self._rows, self._number
        space = env.single_action_space
        if self._policy is not None:
            started = env.episode_lengths == 0
            self._actions = self._policy(env.observations, started).astype(np.float32)
        for k in np.flatnonzero(self._by_chance & self._running).tolist():
            self._actions[k] = self._chances[k].uniform(space.low, space.high)
        infos = env.step(self._actions)[-1]
        rows.add(self._actions, infos)
        mask = env.terminations | env.truncations
        if not mask.any():
            return
        for i in np.flatnonzero(mask & self._running).tolist():
            yield rows.episode(i, self._seed + int(number[i]), bool(self._by_chance[i]))
            number[i] = number.max() + 1
            self._running[i] = number[i] < self.episodes
            self._chances[i], self._by_chance[i] = self._chance(int(number[i]))
        seeds = [self._seed + int(k) if mask[i] else None for i, k in enumerate(number)]
        env.reset(seed=seeds, options={"reset_mask": mask})
        rows.begin(np.flatnonzero(mask))

    @property
    def spaces(self) -> tuple[Box, Box]:
        """Of an observation and of an action."""
        return self.env.single_observation_space, self.env.single_action_space

    def about(self) -> dict[str, Any]:
        """What the numbers are, as JSON can say it."""
        env, experiment = self.env, self._experiment
        return {
            "task": experiment.task,
            "experiment_sha256": whole(experiment).sha256,
            "observation_names": env.observation_names(),
            "action_names": action_names(env.physics.model),
            "reward_terms": env.reward_terms,
            "seconds_per_step": env.task.dt,
            "engine": engine(),
            "random": self._random,
        }

    def close(self) -> None:
        """Frees the environments."""
        self.env.close()

    def _chance(self, number: int) -> tuple[np.random.Generator, bool]:
        """What draws the actions of an episode, and whether they are drawn."""
        rng = np.random.default_rng([self._seed + int(number), 1])
        return rng, bool(rng.random() < self._random)

    def _bytes(self) -> int:
        env = self.env
        width = env.observations.shape[1] + 2 * _state_size(env) + 64
        size: int = 8 * width * _length(env) * env.num_envs
        return size


class _Rows:
    """What has been seen of the running episodes: arrays [n, steps + 1, ...]."""

    def __init__(self, env: MujocoVectorEnv) -> None:
        self._env = env
        n, steps = env.num_envs, _length(env)
        self._steps = np.zeros(n, np.intp)
        self._all = np.arange(n)
        data = env.physics.data
        kept = {
            "qpos": data.qpos,
            "qvel": data.qvel,
            "state": np.zeros((n, _state_size(env))),
        }
        self._observations = np.zeros((n, steps + 1, env.observations.shape[1]))
        self._states = {k: np.zeros((n, steps + 1, a.shape[1])) for k, a in kept.items()}
        self._actions = np.zeros((n, steps, env.single_action_space.low.size), np.float32)
        self._rewards = np.zeros((n, steps))
        self._terms = np.zeros((n, steps, len(env.reward_terms)))
        self._infos: dict[str, NDArray[Any]] = {}

    def begin(self, indices: NDArray[np.intp]) -> None:
        """Episodes that have just been reset."""
        self._steps[indices] = 0
        self._look(indices)

    def add(self, actions: NDArray[np.float32], infos: dict[str, Any]) -> None:
        """A step of all."""
        env, at = self._env, (self._all, self._steps)
        self._actions[at] = actions
        self._rewards[at] = env.rewards
        self._terms[at] = env.reward_term_values
        for name, values in infos.items():
            if name.startswith("_") or name in env.reward_terms or values.dtype.kind not in "fiub":
                continue
            if name not in self._infos:
                shape = (*self._rewards.shape, *values.shape[1:])
                self._infos[name] = np.zeros(shape, values.dtype)
            self._infos[name][at] = values
        self._steps += 1
        self._look(self._all)

    def episode(self, i: int, seed: int, random: bool) -> Episode:
        """The one that has just ended in an environment."""
        env, steps = self._env, self._steps[i]
        terms = self._terms[i, :steps]
        return Episode(
            seed,
            random,
            self._observations[i, : steps + 1].copy(),
            {name: array[i, : steps + 1].copy() for name, array in self._states.items()},
            self._actions[i, :steps].copy(),
            self._rewards[i, :steps].copy(),
            {name: terms[:, k].copy() for k, name in enumerate(env.reward_terms)},
            {name: array[i, :steps].copy() for name, array in self._infos.items()},
            bool(env.terminations[i]),
            bool(env.truncations[i]),
        )

    def _look(self, indices: NDArray[np.intp]) -> None:
        env, at = self._env, (indices, self._steps[indices])
        data = env.physics.data
        self._observations[at] = env.observations[indices]
        self._states["qpos"][at] = data.qpos[indices]
        self._states["qvel"][at] = data.qvel[indices]
        parts = [getattr(data, name)[indices].reshape(len(indices), -1) for name in STATE]
        self._states["state"][at] = np.concatenate(parts, axis=1)


def _make(experiment: Experiment, num_envs: int) -> MujocoVectorEnv:
    env = experiment.make_vec(num_envs, autoreset_mode=AutoresetMode.DISABLED)
    if env.task.max_episode_steps == -1:
        env.close()
        raise InvalidArgument(f"{experiment.task}'s episodes have no end that is known before.")
    return env


def _length(env: MujocoVectorEnv) -> int:
    return env.task.max_episode_steps


def _state_size(env: MujocoVectorEnv) -> int:
    size: int = env.physics.model.state_size
    return size
