"""A Gaussian policy and a value function: two multilayer perceptrons in one flat vector."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import DTypeLike

from websim.errors import InvalidArgument
from websim.kernels import default
from websim.kernels.reference import (
    ACTIVATIONS,
    HALF_LOG_2PI,
    Array,
    NumpyKernels,
    Shape,
    aligned,
    unknown_activation,
)


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
        flat: [size], all parameters.
        grads: [size], their gradient.
        parameters: Views into `flat`: "actor.0.weight" [in, out], "actor.0.bias" [out], ...,
            "actor.logstd" [action_size], "critic.0.weight", ...
        gradients: The same views into `grads`.

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
        kernels: NumpyKernels | None = None,
        dtype: DTypeLike = np.float32,
    ) -> None:
        if min(observation_size, action_size, *hidden) < 1:
            raise InvalidArgument(
                "Sizes must be 1 or more: "
                f"{observation_size} observations, {action_size} actions, hidden {tuple(hidden)}."
            )
        if activation not in ACTIVATIONS:
            raise unknown_activation(activation)
        self._kernels = kernels or default.kernels
        self.shape = Shape(
            actor=(observation_size, *hidden, action_size),
            critic=(observation_size, *hidden, 1),
            activation=activation,
        )
        self.flat: Array = aligned(self.shape.size, dtype)
        self.grads: Array = aligned(self.shape.size, dtype)
        self.parameters = self._views(self.flat)
        self.gradients = self._views(self.grads)
        rng = np.random.default_rng(0) if rng is None else rng
        for part, gain in (("actor", 0.01), ("critic", 1.0)):
            layers = self.shape.layers(self.flat, part)
            for number, (weight, _) in enumerate(layers, 1):
                last = number == len(layers)
                weight[...] = orthogonal(rng, weight.shape, gain if last else np.sqrt(2))

    def act(self, observations: Array, noise: Array | None = None) -> tuple[Array, Array, Array]:
        """What the policy does, and what the critic thinks of the states.

        Args:
            observations: [n, observation_size].
            noise: [n, action_size] from a standard normal distribution; None: act by the mean.

        Returns:
            actions [n, action_size], their log probabilities [n], values [n].
        """
        actions = self._kernels.mlp(self.shape, self.flat, "actor", observations)
        logstd = self.parameters["actor.logstd"]
        logprobs = np.full(len(actions), -(logstd + HALF_LOG_2PI).sum(), self.flat.dtype)
        if noise is not None:
            actions += noise * np.exp(logstd)
            logprobs -= 0.5 * np.square(noise).sum(axis=1)
        return actions, logprobs, self.value(observations)

    def value(self, observations: Array) -> Array:
        """What the critic thinks of states: [n] for observations [n, observation_size]."""
        return self._kernels.mlp(self.shape, self.flat, "critic", observations)[:, 0]

    def ppo_loss_and_gradient(
        self,
        observations: Array,
        actions: Array,
        logprobs: Array,
        advantages: Array,
        returns: Array,
        values: Array,
        *,
        clip_coef: float = 0.2,
        ent_coef: float = 0.0,
        vf_coef: float = 0.5,
        clip_vloss: bool = True,
    ) -> dict[str, float]:
        """PPO's loss (Schulman et al. 2017) of a minibatch; its gradient is written to `grads`.

        The loss is policy_loss - ent_coef * entropy + vf_coef * value_loss, as in CleanRL.

        Args:
            observations: [n, observation_size].
            actions: [n, action_size], as `act` gave them.
            logprobs: [n], likewise.
            advantages: [n], normalised if that is wanted.
            returns: [n], what the values should have been.
            values: [n], as `act` gave them.
            clip_coef: How far the ratio of probabilities may move, and values with `clip_vloss`.
            ent_coef: Weight of the entropy.
            vf_coef: Weight of the value loss.
            clip_vloss: Whether to clip the value loss.

        Returns:
            policy_loss, value_loss, entropy, approx_kl, old_approx_kl and clipfrac.
        """
        return self._kernels.ppo_loss_and_gradient(
            self.shape,
            self.flat,
            self.grads,
            observations,
            actions,
            logprobs,
            advantages,
            returns,
            values,
            clip_coef,
            ent_coef,
            vf_coef,
            clip_vloss,
        )

    def _views(self, flat: Array) -> dict[str, Array]:
        views: dict[str, Array] = {}
        for part in ("actor", "critic"):
            for number, (weight, bias) in enumerate(self.shape.layers(flat, part)):
                views[f"{part}.{number}.weight"] = weight
                views[f"{part}.{number}.bias"] = bias
            if part == "actor":
                views["actor.logstd"] = flat[self.shape.logstd]
        return views


def orthogonal(rng: np.random.Generator, shape: tuple[int, ...], gain: float) -> Array:
    """A matrix whose rows or columns, whichever are fewer, are orthogonal and `gain` long."""
    rows, columns = shape
    q, r = np.linalg.qr(rng.standard_normal((max(shape), min(shape))))
    q = q * np.sign(np.diag(r))  # without it the decomposition's signs are not uniform
    matrix: Array = gain * (q if rows >= columns else q.T)
    return matrix
