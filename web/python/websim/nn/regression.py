"""A perceptron that is taught what others do: by the mean squared error of actions."""

import numpy as np
from numpy.typing import NDArray

from websim.kernels import Array, aligned, kernels
from websim.nn.layers import MLP, orthogonal
from websim.nn.optimizers import Adam


class Regression:
    """Fits a perceptron to actions within bounds.

    Attributes:
        network: What is taught.
    """

    def __init__(
        self,
        widths: tuple[int, ...],
        activation: str,
        low: Array,
        high: Array,
        rng: np.random.Generator,
    ) -> None:
        """Makes it.

        Args:
            widths: From observations to actions.
            activation: One of `websim.kernels.ACTIVATIONS`.
            low: Lower bounds of an action [nu].
            high: Upper bounds.
            rng: Draws the first weights.
        """
        params, self._grads = aligned(MLP.size_of(widths)), aligned(MLP.size_of(widths))
        self.network = MLP(widths, activation, params, self._grads, kernels)
        for number, (weight, _) in enumerate(self.network.layers, 1):
            last = number == len(self.network.layers)
            weight[...] = orthogonal(rng, weight.shape, 0.01 if last else np.sqrt(2))
        self._low, self._high = low, high
        self._adam = Adam(params)

    def update(self, seen: Array, wanted: Array, learning_rate: float) -> None:
        """A step down the error of actions [n, nu] as they are clipped, for what is seen [n, k]."""
        found, kept = self.network.forward(seen)
        error = np.where(self.beyond(found, wanted), 0, found - wanted)
        self._grads[...] = 0
        self.network.backward(seen, kept, error * np.float32(2 / error.size))
        self._adam.step(self._grads, learning_rate)

    def beyond(self, found: Array, wanted: Array) -> NDArray[np.bool_]:
        """Where an action is at its bound, and what is found beyond it: that does the same."""
        above, below = (
            (wanted >= self._high) & (found > wanted),
            (wanted <= self._low) & (found < wanted),
        )
        return above | below
