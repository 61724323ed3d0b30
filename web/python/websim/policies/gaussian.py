"""What PPO and REINFORCE learn."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from websim.nn.actor_critic import ActorCritic
from websim.policies.base import Actions, acting_weights
from websim.policies.bounds import Bounds
from websim.policies.normalization import Normalization, normalization_of
from websim.states import load_arrays


class GaussianPolicy:
    """The mean of an actor-critic's policy."""

    def __init__(self, agent: ActorCritic, normalization: Normalization, bounds: Bounds) -> None:
        """Takes the network, what it sees observations through, and the bounds of actions."""
        self.agent, self.normalization, self.bounds = agent, normalization, bounds

    @classmethod
    def from_state(
        cls,
        state: Mapping[str, Any],
        hidden_sizes: Sequence[int],
        activation: str,
        bounds: Bounds,
        clip_obs: float,
    ) -> "GaussianPolicy":
        """The policy of an algorithm's state; raises DamagedCheckpoint where it does not fit."""
        normalization = normalization_of(state, clip_obs)
        agent = ActorCritic(normalization.mean.size, bounds.low.size, hidden_sizes, activation)
        load_arrays(acting_weights(agent.parameters), state.get("policy"))
        return cls(agent, normalization, bounds)

    def __call__(self, observations: NDArray[np.float64]) -> Actions:
        """See Policy."""
        return self.bounds(self.agent.mean(self.normalization(observations)))
