"""Weights in int8 that do what the whole ones do, on observations that the policy comes to.

Each weight rounded on its own is off by up to half a step, and the errors add up. So a layer is
first fitted by least squares to what the layers before it, which are rounded already, give to it;
then it is rounded input by input, and the inputs that follow make up for what those before have
lost (GPTQ; Frantar et al., 2023, algorithm 1).
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from websim.errors import InvalidArgument
from websim.kernels import Array, kernels
from websim.policies.network import Network

MOST = 127

RIDGE = 1e-2
"""Of the mean square of a layer's inputs: some of them never change."""

_EPSILON = np.finfo(np.float32).eps


@dataclass(frozen=True)
class Steps:
    """A matrix in int8.

    Attributes:
        scales: One for each column, in fp16.
        values: Multiples of them [rows, columns].
    """

    scales: NDArray[np.float16]
    values: NDArray[np.int8]

    @property
    def matrix(self) -> Array:
        """What it stands for."""
        return np.multiply(self.values, self.scales.astype(np.float32), dtype=np.float32)


def half(array: NDArray[np.floating]) -> NDArray[np.float16]:
    """Numbers in fp16; raises InvalidArgument for those that have no place there."""
    with np.errstate(over="ignore"):
        found = array.astype("<f2")
    if not np.isfinite(found).all():
        raise InvalidArgument("The policy has weights beyond 65,504: a link cannot carry them.")
    return found


def nearest(matrix: NDArray[np.floating]) -> Steps:
    """Each number on its own, to the nearest multiple of its column's scale."""
    scales = half(abs(matrix).max(axis=0) / MOST)
    return Steps(scales, _multiples(matrix, scales.astype(np.float64)))


def rounded(network: Network, activation: str, seen: Array) -> list[tuple[Steps, Steps | None]]:
    """Weight and bias of each layer in int8.

    Args:
        network: What acts.
        activation: Of its hidden layers, one of `websim.kernels.ACTIVATIONS`.
        seen: Normalised observations [n, obs] that it comes to.

    Raises:
        InvalidArgument: weights have no place in fp16.
    """
    found = []
    whole = given = seen  # what the layer gets, and what it gets when those before it are rounded
    for number, (weight, bias) in enumerate(network.layers, 1):
        last = number == len(network.layers)
        steps = None if bias is None else nearest(bias[:, np.newaxis])
        offset = 0 if steps is None else steps.matrix[:, 0]
        wanted = whole @ weight + (0 if bias is None else bias)
        moments = (given.T @ given / len(given)).astype(np.float64)
        moments += (RIDGE * np.diag(moments).mean() + _EPSILON) * np.eye(len(moments))
        error = given.T @ (wanted - offset - given @ weight) / len(given)
        fitted = weight + np.linalg.solve(moments, error)
        layer = _one_after_another(fitted, moments)
        found.append((layer, steps))
        if not last:
            whole = _activated(wanted, activation)
            given = _activated(given @ layer.matrix + offset, activation)
    return found


def _one_after_another(weight: NDArray[np.float64], moments: NDArray[np.float64]) -> Steps:
    """Rounds a weight [in, out] for inputs of these second moments [in, in]."""
    scales = half(abs(weight).max(axis=0) / MOST)
    wide = scales.astype(np.float64)
    order = np.argsort(-np.diag(moments), kind="stable")  # the loudest first: most can make up
    left = weight[order]
    inverse = np.linalg.inv(moments[np.ix_(order, order)])
    upper = np.linalg.cholesky(inverse).T
    values = np.empty(weight.shape, np.int8)
    for number, row in enumerate(left):
        steps = _multiples(row, wide)
        values[order[number]] = steps
        error = (row - steps * wide) / upper[number, number]
        left[number + 1 :] -= np.outer(upper[number, number + 1 :], error)
    return Steps(scales, values)


def _multiples(numbers: NDArray[np.floating], scales: NDArray[np.float64]) -> NDArray[np.int8]:
    steps = np.divide(numbers, scales, out=np.zeros(numbers.shape), where=scales > 0)
    values: NDArray[np.int8] = np.clip(np.rint(steps), -MOST, MOST).astype(np.int8)
    return values


def _activated(z: Array, activation: str) -> Array:
    out = np.empty_like(z)
    kernels.bias_activation(z, np.zeros(z.shape[1], np.float32), activation, out)
    return out
