"""What PPO and REINFORCE learn."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from websim.nn.actor_critic import ActorCritic
from websim.policies.base import Actions, acting_weights
from websim.policies.normalization import Normalization, normalization_of
from websim.states import load_arrays


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
        load_arrays(acting_weights(agent.parameters), state.get("policy"))
        return cls(agent, normalization, low, high)

    def __call__(self, observations: NDArray[np.float64]) -> Actions:
        """See Policy."""
        actions = self.agent.mean(self.normalization(observations))
        return np.clip(actions, self.low, self.high)
