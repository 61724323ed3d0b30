"""What ES and ARS have in common: a population of perturbed weights, judged by whole episodes.

Every environment runs one member of the population for one episode. Members come in mirrored
pairs, w + sigma * e and w - sigma * e, and e follows from the seed, the iteration and the pair's
number: so ranks tell each other returns only, and each computes the same update from them
(Salimans et al., 2017).
"""

from abc import abstractmethod
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from websim.algorithms.base import (
    MAX_WIDTH,
    Algorithm,
    Hyperparameters,
    Metrics,
    hyperparameter,
    make_hyperparameters,
    mean_of_known,
)
from websim.errors import InvalidArgument
from websim.experiments.experiment import Experiment
from websim.nn.layers import TinyMLP
from websim.policies import Bounds, DeterministicPolicy
from websim.policies.normalization import normalization_of
from websim.ranks import Communicator
from websim.states import StateDict, load_arrays

Array = NDArray[np.float32]

MEMBERS = "members of the population, an environment each; raise it where the return does not climb"
DEVIATION = "standard deviation of the perturbations; raise it where members all return the same"


@dataclass(kw_only=True)
class PopulationHyperparameters(Hyperparameters):
    """Those that ES and ARS share."""

    num_envs: int = hyperparameter(32, MEMBERS, 2, 65_536)
    learning_rate: float = hyperparameter(
        0.02, "length of a step; raise it where the return climbs slowly but steadily", 0.0
    )
    sigma: float = hyperparameter(0.03, DEVIATION, 1e-9)
    hidden_sizes: tuple[int, ...] = hyperparameter(
        (),
        "hidden layers; none: a linear policy; add one where the return stays low",
        1,
        MAX_WIDTH,
    )
    alive_bonus: float = hyperparameter(
        0.0,
        "taken off each step's reward while learning; raise it where robots only stand",
        0.0,
    )


class PopulationAlgorithm(Algorithm):
    """Base of ES and ARS; an update of the weights is what they differ in."""

    FEWEST: ClassVar[dict[str, int]] = {"num_envs": 2}
    args: PopulationHyperparameters

    def __init__(self, experiment: Experiment, communicator: Communicator) -> None:
        """Makes environments and weights; raises InvalidArgument for what is not allowed."""
        kind = self.Hyperparameters
        assert issubclass(kind, PopulationHyperparameters)
        self.args = args = make_hyperparameters(kind, experiment.hyperparameters)
        super().__init__(experiment, communicator, args.num_envs)
        self.network = TinyMLP(self.observation_size, self.action_size, args.hidden_sizes)
        self._weights = self.network.initial(np.random.default_rng(experiment.seed))
        self.pairs = self.env.num_envs // 2  # of this rank

    @classmethod
    def check_ranks(cls, args: PopulationHyperparameters, ranks: int) -> None:
        """See Algorithm."""
        if args.num_envs % (2 * ranks):
            raise InvalidArgument(
                f"num_envs must be a multiple of 2 x {ranks} ranks, "
                f"not {args.num_envs}: members come in pairs."
            )

    @property
    def num_iterations(self) -> int:
        """See Algorithm; more where episodes are shorter, which is told when it is known."""
        if self.global_step >= self.args.total_timesteps:
            return self.iteration
        return self.iteration + 1

    @property
    def weights(self) -> Array:
        """See Algorithm."""
        return self._weights

    @property
    def parameters(self) -> dict[str, Array]:
        """See Algorithm."""
        return {"weights": self._weights}

    @abstractmethod
    def update(self, returns: NDArray[np.float64], noise: Array) -> Metrics:
        """Improves the weights.

        Args:
            returns: [pairs, 2] of w + sigma * e and w - sigma * e, of all ranks.
            noise: e [pairs, size].

        Returns:
            More metrics, equal on all ranks.
        """

    def noise(self, first: int, count: int) -> Array:
        """The perturbations e [count, size] of some pairs, numbered over all ranks."""
        return np.stack(
            [
                np.random.default_rng([self.experiment.seed, self.iteration, pair]).standard_normal(
                    self.network.size, dtype=np.float32
                )
                for pair in range(first, first + count)
            ]
        )

    def iterate(self) -> Metrics:
        """See Algorithm."""
        members = self.communicator.members
        place = members.index(self.communicator.rank)
        own = self.noise(place * self.pairs, self.pairs) * np.float32(self.args.sigma)
        # Even environments run w + sigma * e, odd ones w - sigma * e.
        weights = np.repeat(self._weights[np.newaxis], 2 * self.pairs, axis=0)
        weights[0::2] += own
        weights[1::2] -= own
        own_episodes = self._episodes_of(weights)

        everyone = self.communicator.gather(own_episodes)
        self.normalize_observation.rms.merge(self.communicator)
        returns, lengths = everyone[:, :, 0], everyone[:, :, 1]
        metrics = self.update(
            (returns - self.args.alive_bonus * lengths).reshape(-1, 2),
            self.noise(0, self.pairs * len(members)),
        )
        self.episodes = everyone.reshape(-1, self.episode_columns)
        self.iteration += 1
        self.global_step += int(lengths.sum())
        return {
            "charts/episodic_return": float(returns.mean()),
            "charts/episodic_length": float(lengths.mean()),
            "charts/measure": mean_of_known(self.episodes[:, 2]),
            "charts/episodes": float(returns.size),
            "charts/mean_reward": float(returns.sum() / lengths.sum()),
            "charts/best_return": float(returns.max()),
            "charts/learning_rate": self.args.learning_rate,
            **self._average(self._level_metrics()),
            **metrics,
        }

    def _episodes_of(self, weights: Array) -> NDArray[np.float64]:
        """`episodes` [n, columns], one of each environment under its weights."""
        env = self.env
        self._begin_episodes()
        n = env.num_envs
        running = np.ones(n, np.bool_)
        episodes = np.zeros((n, self.episode_columns))
        while running.any():
            # Only what running episodes see counts: an ended one goes on unheard.
            self.normalize_observation.rms.update(env.observations[running])
            actions = self.network.act(self.normalize_observation(env.observations), weights)
            self._step(actions)
            ended = running & (env.terminations | env.truncations)
            episodes[ended] = self._final(ended)
            running &= ~ended
        self._episodes.clear()  # the first of each environment counts, not those played unheard
        return episodes

    @classmethod
    def policy_of(
        cls,
        args: PopulationHyperparameters,
        state: StateDict,
        low: NDArray[np.float32],
        high: NDArray[np.float32],
    ) -> DeterministicPolicy:
        """See Algorithm."""
        normalization = normalization_of(state, args.clip_obs)
        network = TinyMLP(normalization.mean.size, low.size, args.hidden_sizes)
        weights = np.zeros(network.size, np.float32)
        load_arrays({"weights": weights}, state.get("policy"))
        bounds = Bounds(low, high, args.squash_output)
        return DeterministicPolicy(network, weights, normalization, bounds)
