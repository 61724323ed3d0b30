"""A policy in environments that go from episode to episode."""

from typing import Any, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from websim.policies.base import Actions, Policy


@runtime_checkable
class RecurrentPolicy(Policy, Protocol):
    """One that remembers what it has seen in an episode; called, it takes each step for a first."""

    def remembering(
        self, observations: NDArray[np.float64], memory: Any, started: NDArray[np.bool_]
    ) -> tuple[Actions, Any]:
        """Actions, and what is remembered for the next step.

        Args:
            observations: [n, obs].
            memory: What the last step of the same environments gave; None in the first.
            started: Environments [n] whose episode begins with these observations.
        """


class Playing:
    """Keeps what a policy remembers of each of the environments that it moves.

    Attributes:
        policy: The policy.
    """

    def __init__(self, policy: Policy) -> None:
        """Takes the policy, which may be one without memory."""
        self.policy = policy
        self._memory: Any = None

    def __call__(
        self, observations: NDArray[np.float64], started: NDArray[np.bool_] | bool
    ) -> Actions:
        """Actions [n, act] for observations [n, obs], always of the same environments.

        Args:
            observations: Theirs.
            started: Environments [n] whose episode begins with them.
        """
        if not isinstance(self.policy, RecurrentPolicy):
            return self.policy(observations)
        begins = np.broadcast_to(started, len(observations))
        actions, self._memory = self.policy.remembering(observations, self._memory, begins)
        return actions
