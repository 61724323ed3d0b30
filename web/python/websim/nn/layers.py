"""Perceptrons: layers whose weights are views into a flat vector."""

import itertools
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from websim.errors import InvalidArgument
from websim.kernels import Array, NumpyKernels

Kept = list[tuple[Array, Array]]
"""The input and result [n, out] of each layer's activation, for the way back."""


class MLP:
    """A perceptron with an activation after each layer but the last.

    Attributes:
        widths: From that of the inputs to that of the results.
        activation: One of `websim.kernels.ACTIVATIONS`.
        layers: Weight [in, out] and bias [out] of each layer, views into the parameters.
        gradients: The same views into their gradient.
    """

    def __init__(
        self,
        widths: tuple[int, ...],
        activation: str,
        params: Array,
        grads: Array,
        kernels: NumpyKernels,
    ) -> None:
        """Takes parameters and gradient [size]: for each layer its weight, then its bias."""
        self.widths, self.activation = widths, activation
        self.layers, self.gradients = self._views(params), self._views(grads)
        self._params, self._kernels = params, kernels

    @staticmethod
    def size_of(widths: tuple[int, ...]) -> int:
        """Parameters of layers of these widths."""
        return sum((rows + 1) * columns for rows, columns in itertools.pairwise(widths))

    def __call__(self, x: Array) -> Array:
        """The results [n, out] for inputs [n, in]."""
        results = self._kernels.mlp(self.widths, self.activation, self._params, x)
        return self.forward(x)[0] if results is None else results

    def forward(self, x: Array) -> tuple[Array, Kept]:
        """The results, and what `backward` needs."""
        kept: Kept = []
        for number, (weight, bias) in enumerate(self.layers):
            z = np.empty((len(x), len(bias)), weight.dtype)
            self._kernels.matmul(x, weight, z)
            x = np.empty_like(z)
            self._kernels.bias_activation(z, bias, self._activation_of(number), x)
            kept.append((z, x))
        return x, kept

    def backward(self, x: Array, kept: Kept, grad: Array) -> None:
        """Adds to the gradient of the parameters.

        Args:
            x: The inputs of `forward`.
            kept: What it gave.
            grad: The gradient [n, out] of its results; overwritten.
        """
        kernels = self._kernels
        for number in reversed(range(len(self.layers))):
            weight, bias = self.layers[number]
            grad_weight, grad_bias = self.gradients[number]
            z, out = kept[number]
            activation = self._activation_of(number)
            kernels.bias_activation_backward(z, bias, out, grad, activation, grad, grad_bias)
            below = kept[number - 1][1] if number else x
            kernels.matmul_at(below, grad, grad_weight, accumulate=True)
            if number:
                grad_below = np.empty((len(x), len(weight)), weight.dtype)
                kernels.matmul_bt(grad, weight, grad_below)
                grad = grad_below

    def _activation_of(self, number: int) -> str:
        return "identity" if number == len(self.layers) - 1 else self.activation

    def _views(self, flat: Array) -> list[tuple[Array, Array]]:
        start, found = 0, []
        for rows, columns in itertools.pairwise(self.widths):
            end = start + rows * columns
            found.append((flat[start:end].reshape(rows, columns), flat[end : end + columns]))
            start = end + columns
        return found


def orthogonal(rng: np.random.Generator, shape: tuple[int, ...], gain: float) -> Array:
    """A matrix whose rows or columns, whichever are fewer, are orthogonal and `gain` long."""
    rows, columns = shape
    q, r = np.linalg.qr(rng.standard_normal((max(shape), min(shape))))
    q = q * np.sign(np.diag(r))  # without it the decomposition's signs are not uniform
    matrix: Array = gain * (q if rows >= columns else q.T)
    return matrix


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
            for weight, _ in self.views(flat):
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
        layers = self.views(weights)
        for number, (weight, bias) in enumerate(layers, 1):
            x = x @ weight
            if bias is not None:
                x += bias
            if number < len(layers):
                np.tanh(x, out=x)
        return x if weights.ndim == 1 else x[:, 0]

    def views(
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
