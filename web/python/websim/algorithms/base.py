"""What all algorithms have in common: hyperparameters, environments, and how they are driven."""

import copy
import reprlib
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import Field, dataclass, field, fields
from typing import Any, ClassVar, Protocol

import numpy as np
from gymnasium.vector import AutoresetMode
from numpy.typing import NDArray

from websim.errors import InvalidArgument
from websim.experiments.experiment import Experiment
from websim.nn.normalization import NormalizeObservation
from websim.physics import usable_cores
from websim.plain import MAX_INTEGER
from websim.policies import Bounds, Policy, acting_weights
from websim.ranks import Communicator
from websim.snapshots import restore, snapshot
from websim.states import StateDict, generator_state, load_arrays, load_generator
from websim.vector import Codes

Metrics = dict[str, float]
"""Values by TensorBoard tag; NaN where there is nothing to tell."""

MAX_LAYERS = 8

MAX_WIDTH = 4096
"""Of a hidden layer; two such hold 64 MiB of weights, and an optimiser three times as much."""

MAX_CLIP = 1e12
"""Clips nothing."""

EPISODE = ("episodic_return", "episodic_length", "measure")
"""What is known of an episode that has ended, in the first columns of `Algorithm.episodes`."""

COUNTERS = ("iteration", "global_step")
"""The parts of an algorithm's state that say how far it is."""


def hyperparameter(
    default: Any, help: str, low: float | None = None, high: float | None = None
) -> Any:
    """A field of a hyperparameter dataclass, with its explanation and range."""
    return field(default=default, metadata={"help": help, "low": low, "high": high})


@dataclass(kw_only=True)
class Hyperparameters:
    """Base of the hyperparameters of all algorithms; checks types and ranges."""

    total_timesteps: int = hyperparameter(
        1_000_000, "environment steps in all; raise it where the return still climbs at the end", 1
    )
    clip_obs: float = hyperparameter(
        10.0,
        "normalised observations are clipped to +- this; raise it where peaks count",
        1e-3,
        MAX_CLIP,
    )
    squash_output: bool = hyperparameter(
        False, "bring actions between their bounds by tanh, in place of clipping them"
    )

    def __post_init__(self) -> None:
        """Raises InvalidArgument for a value that is not allowed."""
        for entry in fields(self):
            value = _read(entry, getattr(self, entry.name))
            if not _is_allowed(entry, value):
                raise InvalidArgument(
                    f"{entry.name} must be {_allowed(entry)}, not {reprlib.repr(value)}."
                )
            setattr(self, entry.name, value)


def _kind(entry: "Field[Any]") -> type[Any]:
    return float if entry.default is None else type(entry.default)


def _limits(entry: "Field[Any]") -> tuple[float | None, float | None]:
    low, high = entry.metadata["low"], entry.metadata["high"]
    return low, MAX_INTEGER if _kind(entry) is int and high is None else high


def _read(entry: "Field[Any]", value: Any) -> Any:
    """The value in the type of its hyperparameter, where it can be written in another."""
    kind = _kind(entry)
    if kind is int and isinstance(value, float) and value.is_integer():
        return int(value)  # 1e6 is written so
    if kind is float and type(value) is int:
        return float(value) if abs(value) <= MAX_INTEGER else np.inf
    return tuple(value) if isinstance(value, list) else value


def _is_allowed(entry: "Field[Any]", value: Any) -> bool:
    kind, (low, high) = _kind(entry), _limits(entry)
    if value is None:
        return entry.default is None
    if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
        return False
    if kind in (bool, str):
        return True
    numbers: tuple[Any, ...] = value if kind is tuple else (value,)
    if kind is tuple and (len(numbers) > MAX_LAYERS or any(type(n) is not int for n in numbers)):
        return False
    return all(
        abs(n) < np.inf and (low is None or low <= n) and (high is None or n <= high)
        for n in numbers
    )


def _allowed(entry: "Field[Any]") -> str:
    """In words: "must be" these."""
    kind, (low, high) = _kind(entry), _limits(entry)
    if kind is bool:
        return "True or False"
    if kind is str:
        return "a text"
    one = "a finite number" if high is None else "a number"
    words = {int: "a whole number", tuple: f"up to {MAX_LAYERS} whole numbers"}.get(kind, one)
    if low is not None:
        words += f" of at least {low:.16g}" if high is None else f" from {low:.16g} to {high:.16g}"
    return f"{words}, or None" if entry.default is None else words


class Observer(Protocol):
    """Told how far an iteration is, so that others get their turn while it lasts."""

    def stepped(self, ended: NDArray[np.bool_] | None) -> None:
        """After a step of the environments; with those whose episode ended [n], None for none."""

    def updated(self) -> None:
        """After a minibatch."""


class Algorithm(ABC):
    """Learns one task; a file each.

    All ranks make one, of the same experiment, and call the same methods in the same order.

    Attributes:
        name: As on the command line.
        Hyperparameters: Its dataclass of hyperparameters.
        FEWEST: Those that make it as small as it can be, with the same weights.
        experiment: What is trained.
        communicator: The ranks.
        env: This rank's environments.
        args: The hyperparameters.
        normalize_observation: What observations pass through.
        global_step: Environment steps so far, of all ranks.
        iteration: Finished iterations.
        episodes: [k, columns] EPISODE and the levels (`env.ladders`) of those that ended in the
            last iteration, of all ranks; a measure is NaN where there is none.
        observer: Told after each step and each minibatch; nobody by default.
    """

    name: ClassVar[str]
    Hyperparameters: ClassVar[type[Hyperparameters]]
    FEWEST: ClassVar[dict[str, int]] = {"num_envs": 1}
    args: Any
    observer: Observer | None = None

    def __init__(
        self,
        experiment: Experiment,
        communicator: Communicator,
        num_envs: int,
    ) -> None:
        """Makes this rank's environments, `num_envs` in all ranks together."""
        self.check_ranks(self.args, communicator.size)
        self.experiment, self.communicator = experiment, communicator
        n = num_envs // communicator.size
        self.env = experiment.make_vec(
            n,
            autoreset_mode=AutoresetMode.SAME_STEP,
            copy=False,
            num_threads=max(1, usable_cores() // communicator.beside),  # they share the cores
        )
        # As in `websim.browser.shard`: environment i of all is seeded with seed + i.
        first = experiment.seed + n * communicator.rank
        self.env.hands.first = n * communicator.rank
        self.env.reset(seed=list(range(first, first + n)))
        self.low: NDArray[np.float32] = self.env.single_action_space.low
        self.high: NDArray[np.float32] = self.env.single_action_space.high
        self.bounds = Bounds(self.low, self.high, self.args.squash_output)
        self.observation_size = self.env.observations.shape[1]
        self.action_size = self.low.size
        self.normalize_observation = NormalizeObservation(self.observation_size, self.args.clip_obs)
        self.rng = np.random.default_rng([experiment.seed, communicator.rank])
        self.global_step = 0
        self.iteration = 0
        self.episodes: NDArray[np.float64] = np.empty((0, self.episode_columns))
        self._episodes: list[NDArray[np.float64]] = []
        self._earned = np.zeros(2)

    @classmethod
    def check_ranks(cls, args: Any, ranks: int) -> None:
        """Raises InvalidArgument where hyperparameters cannot be dealt to that many ranks."""
        if args.num_envs % ranks:
            raise InvalidArgument(
                f"{args.num_envs} environments cannot be dealt evenly to {ranks} ranks."
            )

    @property
    def episode_columns(self) -> int:
        """Of `episodes`."""
        return len(EPISODE) + len(self.env.ladders)

    @property
    @abstractmethod
    def num_iterations(self) -> int:
        """Iterations in all."""

    @property
    @abstractmethod
    def weights(self) -> NDArray[np.float32]:
        """All weights in one vector."""

    @property
    @abstractmethod
    def parameters(self) -> dict[str, NDArray[np.float32]]:
        """The same by name, as they are kept."""

    @abstractmethod
    def iterate(self) -> Metrics:
        """Experience, then an update of the weights; returns the same metrics on all ranks."""

    @classmethod
    @abstractmethod
    def policy_of(
        cls, args: Any, state: StateDict, low: NDArray[np.float32], high: NDArray[np.float32]
    ) -> Policy:
        """The policy of a state, which acts without noise.

        Args:
            args: The hyperparameters.
            state: What `state` or `policy_state` gave.
            low: Lower bounds of actions [nu].
            high: Upper bounds of actions [nu].

        Raises:
            DamagedCheckpoint: the state is of something else.
        """

    def policy(self) -> Policy:
        """What has been learnt, as a copy that acts without noise."""
        return self.policy_of(self.args, self.state(), self.low, self.high)

    def policy_state(self) -> StateDict:
        """What `policy_of` needs, as a copy."""
        return copy.deepcopy(acting(self.state()))

    def state(self) -> StateDict:
        """All that ranks share and `load` needs."""
        return {
            "iteration": self.iteration,
            "global_step": self.global_step,
            "policy": self.parameters,
            "normalize_observation": self.normalize_observation.rms.state(),
        }

    def load(self, state: StateDict) -> None:
        """Goes on from what `state` gave; raises DamagedCheckpoint where it does not fit."""
        load_arrays(self.parameters, state.get("policy"))
        self.load_policy(state)

    def load_policy(self, state: StateDict) -> None:
        """Goes on from a policy alone, and from how far it is; all else stays as at the start.

        Raises:
            DamagedCheckpoint: it does not fit.
        """
        load_arrays(acting_weights(self.parameters), state.get("policy"))
        self.normalize_observation.rms.load(state["normalize_observation"])
        self.iteration, self.global_step = (state[name] for name in COUNTERS)

    def rank_state(self) -> StateDict:
        """What `load_rank` needs of this rank's own."""
        return {"rng": generator_state(self.rng), "env": snapshot(self.env)}

    def load_rank(self, state: StateDict) -> None:
        """Goes on from what `rank_state` gave; raises DamagedCheckpoint where it does not fit."""
        restore(self.env, state["env"])
        load_generator(self.rng, state["rng"])

    def use(self, experiment: Experiment, codes: Codes) -> None:
        """Goes on with another reward or measure, between two iterations.

        Weights, their optimiser and the statistics of observations stay; what is known of the size
        of rewards is of another reward, and begins anew.

        Args:
            experiment: With the new code.
            codes: The same, tried on this rank's environments.
        """
        pays = codes.reward is not self.env.reward
        self.experiment = experiment
        self.env.use(codes)
        if pays:
            self.forget_rewards()

    def fall_back(self, experiment: Experiment) -> None:
        """Goes back to the reward and the measure before; `experiment` is the one with these."""
        former = self.env.former
        assert former is not None
        pays = former.reward is not self.env.reward
        self.experiment = experiment
        self.env.fall_back()
        if pays:
            self.forget_rewards()

    def forget_rewards(self) -> None:  # noqa: B027  # A population has nothing to forget.
        """Begins anew with what is known of the size of rewards."""

    def close(self) -> None:
        """Frees the environments."""
        self.env.close()

    def _begin_episodes(self) -> None:
        """Starts all episodes anew, under the hands that have taken hold since the last ones."""
        self.env.reset()
        self.env.hands.begin(self.iteration)

    def _step(self, actions: NDArray[np.float32], running: NDArray[np.bool_] | None = None) -> None:
        """Steps the environments, with actions brought within their bounds; keeps ended episodes.

        Not those of which nobody knows what they were paid in all.

        Args:
            actions: [n, nu].
            running: Environments [n] whose rewards and episodes count; None: all.
        """
        *_, infos = self.env.step(self.bounds(actions))
        rewards = self.env.rewards if running is None else self.env.rewards[running]
        self._earned += rewards.sum(), rewards.size
        ended = infos.get("_episode")
        if ended is not None:
            whole = ended & ~np.isnan(self.env.final_returns)
            self._episodes.append(self._final(whole if running is None else whole & running))
        if self.observer is not None:
            self.observer.stepped(ended)

    def _final(self, ended: NDArray[np.bool_]) -> NDArray[np.float64]:
        """Of environments whose last episode is meant [k, columns]; see `episodes`."""
        env = self.env
        columns = env.final_returns, env.final_lengths, env.final_measures, *env.final_levels.T
        return np.stack([column[ended] for column in columns], axis=1)

    def _episode_metrics(self) -> Metrics:
        """Of all ranks: reward of a step, and what is known of episodes that ended by now."""
        own = np.concatenate([np.empty((0, self.episode_columns)), *self._episodes])
        earned = self._earned.copy()
        self._episodes.clear()
        self._earned.fill(0.0)
        gathered = self.communicator.gather_bytes(earned.tobytes() + own.tobytes())
        parts = [np.frombuffer(part) for part in gathered]
        self.episodes = np.concatenate(
            [part[2:].reshape(-1, self.episode_columns) for part in parts]
        )
        rewards, steps = np.sum([part[:2] for part in parts], axis=0)
        return {
            "charts/episodic_return": mean_of_known(self.episodes[:, 0]),
            "charts/episodic_length": mean_of_known(self.episodes[:, 1]),
            "charts/measure": mean_of_known(self.episodes[:, 2]),
            "charts/episodes": float(len(self.episodes)),
            "charts/mean_reward": float(rewards / steps),
        }

    def _level_metrics(self) -> Metrics:
        """Of this rank: the level that environments are on, of each thing that has levels."""
        return {
            f"charts/{name}_level": float(ladder.levels.mean())
            for name, ladder in self.env.ladders.items()
        }

    def _average(self, metrics: Metrics) -> Metrics:
        """Metrics averaged over ranks."""
        if not metrics:
            return {}
        values = np.array(list(metrics.values()))
        self.communicator.average(values)
        return dict(zip(metrics, values.tolist(), strict=True))


def acting(state: StateDict) -> StateDict:
    """Of an algorithm's state what its policy consists of: weights and statistics."""
    return {
        "policy": acting_weights(state["policy"]),
        "normalize_observation": state["normalize_observation"],
    }


def mean_of_known(values: NDArray[np.float64]) -> float:
    """Of the finite ones; NaN where there are none."""
    known = values[np.isfinite(values)]
    return float(known.mean()) if len(known) else np.nan


def make_hyperparameters(kind: type[Hyperparameters], given: Mapping[str, Any]) -> Any:
    """Makes hyperparameters; raises InvalidArgument for a name that there is not."""
    names = [entry.name for entry in fields(kind)]
    if unknown := [name for name in given if name not in names]:
        raise InvalidArgument(
            f"There is no hyperparameter {', '.join(map(repr, unknown))}; there are: "
            f"{', '.join(names)}."
        )
    return kind(**given)
