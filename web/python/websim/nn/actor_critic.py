"""A Gaussian policy and a value function: two perceptrons in one flat vector."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import DTypeLike

from websim.errors import InvalidArgument
from websim.kernels import ACTIVATIONS, Array, NumpyKernels, aligned, unknown_activation
from websim.kernels import kernels as default_kernels
from websim.nn.distributions import DiagonalGaussian
from websim.nn.layers import MLP, orthogonal


class ActorCritic:
    """Actor and critic as in CleanRL's `ppo_continuous_action.py`, with hidden layers to choose.

    The policy is a Gaussian whose mean is a perceptron and whose standard deviation does not depend
    on the state. Weights are orthogonal at first (gain sqrt 2, the policy's head .01, the value's
    head 1), biases and log standard deviations zero.

    Args:
        observation_size: Columns of observations.
        action_size: Columns of actions.
        hidden: Widths of the hidden layers, of actor and critic alike; none makes both linear.
        activation: "tanh", "relu", "elu", "silu" or "identity".
        rng: Draws the first weights; a generator with seed 0 by default.
        kernels: The implementation to use; by default the one of `websim.kernels`.
        dtype: float32; numpy's kernels take float64 as well.

    Attributes:
        flat: [size], all parameters: the actor's layers, the log standard deviations, the critic's
            layers, without gaps.
        grads: [size], their gradient.
        actor: The mean's layers.
        critic: The value's layers.
        logstd: [action_size], the log standard deviations, a view into `flat`.
        grad_logstd: The same view into `grads`.
        parameters: Views into `flat`: "actor.0.weight" [in, out], "actor.0.bias" [out], ...,
            "actor.logstd" [action_size], "critic.0.weight", ...
        kernels: The implementation in use.

    Raises:
        InvalidArgument: a size is below 1, or there is no such activation.
    """

    def __init__(
        self,
        observation_size: int,
        action_size: int,
        hidden: Sequence[int] = (64, 64),
        activation: str = "tanh",
        *,
        rng: np.random.Generator | None = None,
        kernels: NumpyKernels = default_kernels,
        dtype: DTypeLike = np.float32,
    ) -> None:
        if min(observation_size, action_size, *hidden) < 1:
            raise InvalidArgument(
                "Sizes must be 1 or more: "
                f"{observation_size} observations, {action_size} actions, hidden {tuple(hidden)}."
            )
        if activation not in ACTIVATIONS:
            raise unknown_activation(activation)
        actor, critic = (observation_size, *hidden, action_size), (observation_size, *hidden, 1)
        start = MLP.size_of(actor)
        end = start + action_size
        self.kernels = kernels
        self.flat: Array = aligned(end + MLP.size_of(critic), dtype)
        self.grads: Array = aligned(len(self.flat), dtype)
        flat, grads = self.flat, self.grads
        self.actor = MLP(actor, activation, flat[:start], grads[:start], kernels)
        self.logstd, self.grad_logstd = flat[start:end], grads[start:end]
        self.critic = MLP(critic, activation, flat[end:], grads[end:], kernels)
        self.parameters = {
            **_named("actor", self.actor),
            "actor.logstd": self.logstd,
            **_named("critic", self.critic),
        }
        rng = np.random.default_rng(0) if rng is None else rng
        for network, gain in ((self.actor, 0.01), (self.critic, 1.0)):
            for number, (weight, _) in enumerate(network.layers, 1):
                last = number == len(network.layers)
                weight[...] = orthogonal(rng, weight.shape, gain if last else np.sqrt(2))

    def act(self, observations: Array, noise: Array) -> tuple[Array, Array, Array]:
        """What the policy does, and what the critic thinks of the states.

        Args:
            observations: [n, observation_size].
            noise: [n, action_size] from a standard normal distribution.

        Returns:
            actions [n, action_size], their log probabilities [n], values [n].
        """
        policy = DiagonalGaussian(self.mean(observations), self.logstd)
        return policy.sample(noise), policy.log_prob(noise), self.value(observations)

    def mean(self, observations: Array) -> Array:
        """What the policy does without noise: [n, action_size]."""
        return self.actor(observations)

    def value(self, observations: Array) -> Array:
        """What the critic thinks of states: [n] for observations [n, observation_size]."""
        return self.critic(observations)[:, 0]


def _named(name: str, network: MLP) -> dict[str, Array]:
    views = {}
    for number, (weight, bias) in enumerate(network.layers):
        views[f"{name}.{number}.weight"], views[f"{name}.{number}.bias"] = weight, bias
    return views
