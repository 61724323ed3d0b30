"""Policies without noise: what acts once something has been learnt, and what ES and ARS perturb."""

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from websim.errors import DamagedCheckpoint, InvalidArgument
from websim.kernels import ActorCritic
from websim.nn.normalization import NormalizeObservation
from websim.training.snapshots import load_arrays

Actions = NDArray[np.float32]


class Policy(Protocol):
    """Chooses actions for a whole batch."""

    def __call__(self, observations: NDArray[np.float64]) -> Actions:
        """Actions [n, act], within their bounds, for observations [n, obs]."""


@dataclass(frozen=True)
class Normalization:
    """Observations are brought to mean 0 and deviation 1, and clipped to +-`clip`."""

    mean: NDArray[np.float64]
    std: NDArray[np.float64]
    clip: float

    def __call__(self, observations: NDArray[np.float64]) -> NDArray[np.float32]:
        """Normalises observations [n, obs]."""
        normalized = np.clip((observations - self.mean) / self.std, -self.clip, self.clip)
        return normalized.astype(np.float32)


def normalization_of(state: Mapping[str, Any]) -> Normalization:
    """What a saved policy sees observations through; raises DamagedCheckpoint without it."""
    saved = state.get("normalize_observation")
    if not isinstance(saved, dict) or not isinstance(saved.get("mean"), np.ndarray):
        raise DamagedCheckpoint("The checkpoint lacks the statistics of observations.")
    normalize = NormalizeObservation(saved["mean"].size)
    normalize.rms.load(saved)
    return Normalization(normalize.rms.mean, normalize.rms.std, normalize.clip)


class GaussianPolicy:
    """The mean of an actor-critic's policy."""

    def __init__(
        self, agent: ActorCritic, normalization: Normalization, low: Actions, high: Actions
    ) -> None:
        """Takes the network, what it sees observations through, and the bounds of actions [nu]."""
        self.agent, self.normalization, self.low, self.high = agent, normalization, low, high

    @classmethod
    def from_state(
        cls,
        state: Mapping[str, Any],
        hidden_sizes: Sequence[int],
        activation: str,
        low: Actions,
        high: Actions,
    ) -> "GaussianPolicy":
        """The policy of an algorithm's state; raises DamagedCheckpoint where it does not fit."""
        normalization = normalization_of(state)
        agent = ActorCritic(normalization.mean.size, low.size, hidden_sizes, activation)
        load_arrays(agent.parameters, state.get("policy"))
        return cls(agent, normalization, low, high)

    def __call__(self, observations: NDArray[np.float64]) -> Actions:
        """See Policy."""
        actions, _, _ = self.agent.act(self.normalization(observations))
        return np.clip(actions, self.low, self.high)


class TinyMLP:
    """A perceptron of any width and depth whose weights are one flat vector; linear without hidden.

    Hidden layers are tanh; a linear one has no bias (Mania et al., 2018).

    Attributes:
        size: Length of the vector.
    """

    def __init__(self, observation_size: int, action_size: int, hidden: Sequence[int] = ()) -> None:
        """Takes the widths of the layers; raises InvalidArgument for one below 1."""
        widths = (observation_size, *hidden, action_size)
        if min(widths) < 1:
            raise InvalidArgument(f"Layers must be at least 1 wide, not {widths}.")
        self._layers = list(itertools.pairwise(widths))
        self._bias = bool(hidden)
        self.size = sum((rows + self._bias) * columns for rows, columns in self._layers)

    def initial(self, rng: np.random.Generator) -> NDArray[np.float32]:
        """First weights [size]: zero if linear, else random with a last layer near zero."""
        flat = np.zeros(self.size, np.float32)
        if self._bias:
            for weight, _ in self._views(flat):
                rows = weight.shape[-2]
                weight[...] = rng.standard_normal(weight.shape) / np.sqrt(rows)
            weight *= 0.1
        return flat

    def act(
        self, observations: NDArray[np.float32], weights: NDArray[np.float32]
    ) -> NDArray[np.float32]:
        """Acts by one vector of weights, or by one for each environment.

        Args:
            observations: [n, obs].
            weights: [size], or [n, size].

        Returns:
            Actions [n, act], unbounded.
        """
        x = observations if weights.ndim == 1 else observations[:, np.newaxis]
        layers = self._views(weights)
        for number, (weight, bias) in enumerate(layers, 1):
            x = x @ weight
            if bias is not None:
                x += bias
            if number < len(layers):
                np.tanh(x, out=x)
        return x if weights.ndim == 1 else x[:, 0]

    def _views(
        self, weights: NDArray[np.float32]
    ) -> list[tuple[NDArray[np.float32], NDArray[np.float32] | None]]:
        """Weight [..., in, out] and bias [out] or [..., 1, out] of each layer, as views."""
        views: list[tuple[NDArray[np.float32], NDArray[np.float32] | None]] = []
        lead = weights.shape[:-1]
        start = 0
        for rows, columns in self._layers:
            end = start + rows * columns
            weight = weights[..., start:end].reshape(*lead, rows, columns)
            start = end
            bias = None
            if self._bias:
                end = start + columns
                row = (1, columns) if lead else (columns,)
                bias = weights[..., start:end].reshape(*lead, *row)
                start = end
            views.append((weight, bias))
        return views


class DeterministicPolicy:
    """A TinyMLP with its weights."""

    def __init__(
        self,
        network: TinyMLP,
        weights: NDArray[np.float32],
        normalization: Normalization,
        low: Actions,
        high: Actions,
    ) -> None:
        """Takes the network, its weights [size], normalisation, and bounds of actions [nu]."""
        self.network, self.weights, self.normalization = network, weights, normalization
        self.low, self.high = low, high

    def __call__(self, observations: NDArray[np.float64]) -> Actions:
        """See Policy."""
        actions = self.network.act(self.normalization(observations), self.weights)
        return np.clip(actions, self.low, self.high)
