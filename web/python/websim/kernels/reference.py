"""The kernels in numpy: the implementation of the native home, and the oracle of the tests."""

import math
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import DTypeLike, NDArray

from websim.errors import InvalidArgument

#: float32 for the WASM kernels; the numpy ones take float64 as well, which the tests use.
Array: TypeAlias = NDArray[Any]

#: Names of activations; the index is the number that the C code knows them by.
ACTIVATIONS = ("identity", "tanh", "relu", "elu", "silu")

HALF_LOG_2PI = 0.5 * math.log(2 * math.pi)


@dataclass(frozen=True)
class Shape:
    """The layers of an actor and a critic, and where they lie in the flat vector of parameters.

    The vector holds, without gaps: for each actor layer its weight [in, out] and its bias [out],
    then the log standard deviations [action_size], then the critic's layers.

    Attributes:
        actor: Widths of the actor, from the observation's to the action's.
        critic: Widths of the critic; the last is 1.
        activation: One of ACTIVATIONS, after each layer but the last.
    """

    actor: tuple[int, ...]
    critic: tuple[int, ...]
    activation: str

    @staticmethod
    def size_of(widths: tuple[int, ...]) -> int:
        """Parameters of layers of these widths."""
        return sum((a + 1) * b for a, b in pairwise(widths))

    @cached_property
    def logstd(self) -> slice:
        """Where the log standard deviations lie."""
        start = self.size_of(self.actor)
        return slice(start, start + self.actor[-1])

    @cached_property
    def size(self) -> int:
        """All parameters."""
        return self.size_of(self.actor) + self.actor[-1] + self.size_of(self.critic)

    def layers(self, flat: Array, part: str) -> list[tuple[Array, Array]]:
        """Views of weight [in, out] and bias [out] of each layer of "actor" or "critic"."""
        widths = self.actor if part == "actor" else self.critic
        at = 0 if part == "actor" else self.logstd.stop
        found = []
        for rows, columns in pairwise(widths):
            weight = flat[at : at + rows * columns].reshape(rows, columns)
            at += rows * columns
            found.append((weight, flat[at : at + columns]))
            at += columns
        return found


def aligned(size: int, dtype: DTypeLike = np.float32) -> Array:
    """Zeros [size] from the beginning of a cache line: SIMD across two of them is slow."""
    memory = np.zeros(size * np.dtype(dtype).itemsize + 63, np.uint8)
    start = -memory.ctypes.data % 64
    return memory[start : start + size * np.dtype(dtype).itemsize].view(dtype)


class NumpyKernels:
    """Kernels in numpy."""

    name = "numpy"

    def matmul(self, a: Array, b: Array, out: Array, accumulate: bool = False) -> None:
        """Out [m, n] = a [m, k] @ b [k, n]; added to what is there if `accumulate`."""
        out[...] = a @ b + (out if accumulate else 0)

    def matmul_at(self, a: Array, b: Array, out: Array, accumulate: bool = False) -> None:
        """Out [m, n] = a.T @ b, with a [k, m] and b [k, n]."""
        self.matmul(a.T, b, out, accumulate)

    def matmul_bt(self, a: Array, b: Array, out: Array, accumulate: bool = False) -> None:
        """Out [m, n] = a @ b.T, with a [m, k] and b [n, k]."""
        self.matmul(a, b.T, out, accumulate)

    def bias_activation(self, x: Array, bias: Array, activation: str, out: Array) -> None:
        """Out [m, n] = activation(x + bias), with bias [n]; `out` may be `x`."""
        z = x + bias
        if activation == "tanh":
            np.tanh(z, out=out)
        elif activation == "relu":
            np.maximum(z, 0, out=out)
        elif activation == "elu":
            out[...] = np.where(z > 0, z, np.expm1(np.minimum(z, 0)))
        elif activation == "silu":
            out[...] = z * _sigmoid(z)
        elif activation == "identity":
            out[...] = z
        else:
            raise unknown_activation(activation)

    def bias_activation_backward(
        self,
        x: Array,
        bias: Array,
        out: Array,
        grad_out: Array,
        activation: str,
        grad_x: Array,
        grad_bias: Array,
    ) -> None:
        """The gradient of `bias_activation`, whose arguments and result come first.

        Args:
            x: [m, n].
            bias: [n].
            out: [m, n], what `bias_activation` gave.
            grad_out: [m, n].
            activation: One of ACTIVATIONS.
            grad_x: [m, n], written; may be `grad_out`.
            grad_bias: [n], added to.
        """
        if activation == "tanh":
            slope = 1 - out * out
        elif activation == "relu":
            slope = (out > 0).astype(out.dtype)
        elif activation == "elu":
            slope = np.where(out > 0, 1, out + 1)
        elif activation == "silu":
            sigmoid = _sigmoid(x + bias)
            slope = sigmoid + out * (1 - sigmoid)
        elif activation == "identity":
            slope = np.ones_like(out)
        else:
            raise unknown_activation(activation)
        np.multiply(grad_out, slope, out=grad_x)
        grad_bias += grad_x.sum(axis=0)

    def softmax(self, x: Array, out: Array) -> None:
        """Out [m, n] = softmax of each row of x."""
        if x.size:
            np.exp(x - x.max(axis=1, keepdims=True), out=out)
            out /= out.sum(axis=1, keepdims=True)

    def softmax_backward(self, out: Array, grad_out: Array, grad_x: Array) -> None:
        """The gradient of `softmax`, from its result [m, n] and that one's gradient."""
        grad_x[...] = out * (grad_out - (out * grad_out).sum(axis=1, keepdims=True))

    def layer_norm(
        self,
        x: Array,
        gain: Array,
        bias: Array,
        eps: float,
        out: Array,
        scaled: Array,
        inv_std: Array,
    ) -> None:
        """Out [m, n] = gain * (x - mean) / sqrt(variance + eps) + bias, by rows.

        Args:
            x: [m, n].
            gain: [n].
            bias: [n].
            eps: Added to the variance.
            out: [m, n], written.
            scaled: [m, n], written: the rows before gain and bias, for the gradient.
            inv_std: [m], written: 1 / sqrt(variance + eps), for the gradient.
        """
        if x.size:
            centred = x - x.mean(axis=1, keepdims=True)
            inv_std[...] = 1 / np.sqrt((centred * centred).mean(axis=1) + eps)
            np.multiply(centred, inv_std[:, None], out=scaled)
            out[...] = scaled * gain + bias

    def layer_norm_backward(
        self,
        scaled: Array,
        inv_std: Array,
        gain: Array,
        grad_out: Array,
        grad_x: Array,
        grad_gain: Array,
        grad_bias: Array,
    ) -> None:
        """The gradient of `layer_norm`: writes grad_x [m, n], adds to grad_gain and grad_bias."""
        if not scaled.size:
            return
        grad_gain += (grad_out * scaled).sum(axis=0)
        grad_bias += grad_out.sum(axis=0)
        inner = grad_out * gain
        mean = inner.mean(axis=1, keepdims=True)
        along = (inner * scaled).mean(axis=1, keepdims=True)
        grad_x[...] = (inner - mean - scaled * along) * inv_std[:, None]

    def lstm_cell(
        self,
        x: Array,
        h: Array,
        c: Array,
        weight_x: Array,
        weight_h: Array,
        bias: Array,
        gates: Array,
        h_out: Array,
        c_out: Array,
    ) -> None:
        """One step of an LSTM (Hochreiter and Schmidhuber 1997, with forget gates).

        Args:
            x: [m, n], the input.
            h: [m, k], the output of the step before.
            c: [m, k], the cell state of the step before.
            weight_x: [n, 4 k], in the order input, forget, candidate, output gate.
            weight_h: [k, 4 k].
            bias: [4 k].
            gates: [m, 4 k], written: the gates' values, for the gradient.
            h_out: [m, k], written; must not be `h`.
            c_out: [m, k], written; must not be `c`.
        """
        z = x @ weight_x + h @ weight_h + bias
        k = h.shape[1]
        gates[...] = _sigmoid(z)
        gates[:, 2 * k : 3 * k] = np.tanh(z[:, 2 * k : 3 * k])
        i, f, g, o = (gates[:, j * k : (j + 1) * k] for j in range(4))
        c_out[...] = f * c + i * g
        h_out[...] = o * np.tanh(c_out)

    def lstm_cell_backward(
        self,
        x: Array,
        h: Array,
        c: Array,
        weight_x: Array,
        weight_h: Array,
        gates: Array,
        c_out: Array,
        grad_h_out: Array,
        grad_c_out: Array,
        grad_x: Array,
        grad_h: Array,
        grad_c: Array,
        grad_weight_x: Array,
        grad_weight_h: Array,
        grad_bias: Array,
    ) -> None:
        """The gradient of `lstm_cell`.

        Args:
            x: As in `lstm_cell`, and so are those up to `c_out`; `gates` [m, 4 k] is overwritten by
                the gradient of the gates' inputs.
            h: See there.
            c: See there.
            weight_x: See there.
            weight_h: See there.
            gates: See there.
            c_out: See there.
            grad_h_out: [m, k].
            grad_c_out: [m, k].
            grad_x: [m, n], written.
            grad_h: [m, k], written.
            grad_c: [m, k], written.
            grad_weight_x: [n, 4 k], added to.
            grad_weight_h: [k, 4 k], added to.
            grad_bias: [4 k], added to.
        """
        k = h.shape[1]
        i, f, g, o = (gates[:, j * k : (j + 1) * k].copy() for j in range(4))
        t = np.tanh(c_out)
        dc = grad_c_out + grad_h_out * o * (1 - t * t)
        gates[:, :k] = dc * g * i * (1 - i)
        gates[:, k : 2 * k] = dc * c * f * (1 - f)
        gates[:, 2 * k : 3 * k] = dc * i * (1 - g * g)
        gates[:, 3 * k :] = grad_h_out * t * o * (1 - o)
        grad_c[...] = dc * f
        grad_x[...] = gates @ weight_x.T
        grad_h[...] = gates @ weight_h.T
        grad_weight_x += x.T @ gates
        grad_weight_h += h.T @ gates
        grad_bias += gates.sum(axis=0)

    def adam(
        self,
        params: Array,
        grads: Array,
        m: Array,
        v: Array,
        step: int,
        lr: float,
        beta1: float = 0.9,
        beta2: float = 0.999,
        eps: float = 1e-5,
    ) -> None:
        """One step of Adam (Kingma and Ba 2015), in place.

        Args:
            params: [size], changed.
            grads: [size].
            m: [size], running mean of the gradient, changed.
            v: [size], running mean of its square, changed.
            step: The number of this step; the first is 1.
            lr: Learning rate.
            beta1: Decay of `m`.
            beta2: Decay of `v`.
            eps: Added to the root of `v`.
        """
        m += (1 - beta1) * (grads - m)
        v += (1 - beta2) * (grads * grads - v)
        root = np.sqrt(v / (1 - beta2**step))
        params -= lr / (1 - beta1**step) * m / (root + eps)

    def grad_norm(self, flat: Array) -> float:
        """The Euclidean norm of a flat vector; summed in double precision."""
        return math.sqrt(float(np.sum(np.square(flat, dtype=np.float64))))

    def mlp(self, shape: Shape, params: Array, part: str, x: Array) -> Array:
        """The last layer's values [n, out] of the "actor" or the "critic" for inputs [n, in]."""
        return self._forward(shape, params, part, x)[-1][1]

    def ppo_loss_and_gradient(
        self,
        shape: Shape,
        params: Array,
        grads: Array,
        observations: Array,
        actions: Array,
        logprobs: Array,
        advantages: Array,
        returns: Array,
        values: Array,
        clip_coef: float,
        ent_coef: float,
        vf_coef: float,
        clip_vloss: bool,
    ) -> dict[str, float]:
        """See `ActorCritic.ppo_loss_and_gradient`."""
        actor = self._forward(shape, params, "actor", observations)
        critic = self._forward(shape, params, "critic", observations)
        mean, value = actor[-1][1], critic[-1][1][:, 0]
        logstd = params[shape.logstd]
        n = max(len(observations), 1)

        scaled = (actions - mean) * np.exp(-logstd)
        new = -0.5 * np.square(scaled).sum(axis=1) - (logstd + HALF_LOG_2PI).sum()
        logratio = new - logprobs
        ratio = np.exp(logratio)
        unclipped = -advantages * ratio
        clipped = -advantages * np.clip(ratio, 1 - clip_coef, 1 + clip_coef)
        error = value - returns
        change = value - values
        clipped_error = values + np.clip(change, -clip_coef, clip_coef) - returns
        if not clip_vloss:
            clipped_error = error
        within = np.abs(change) <= clip_coef

        grad_logprob = np.where(unclipped >= clipped, unclipped, 0) / n
        grad_mean = grad_logprob[:, None] * scaled * np.exp(-logstd)
        square, clipped_square = np.square(error), np.square(clipped_error)
        grad_value = np.where(square >= clipped_square, error, clipped_error * within)
        grads[...] = 0
        grads[shape.logstd] = (grad_logprob[:, None] * (scaled * scaled - 1)).sum(axis=0) - ent_coef
        self._backward(shape, params, grads, "actor", observations, actor, grad_mean)
        grad_value = (grad_value * vf_coef / n)[:, None]
        self._backward(shape, params, grads, "critic", observations, critic, grad_value)
        return {
            "policy_loss": float(np.maximum(unclipped, clipped).sum() / n),
            "value_loss": float(0.5 * np.maximum(square, clipped_square).sum() / n),
            "entropy": float((logstd + 0.5 + HALF_LOG_2PI).sum()),
            "approx_kl": float((ratio - 1 - logratio).sum() / n),
            "old_approx_kl": float(-logratio.sum() / n),
            "clipfrac": float((np.abs(ratio - 1) > clip_coef).sum() / n),
        }

    def _forward(
        self, shape: Shape, params: Array, part: str, x: Array
    ) -> list[tuple[Array, Array]]:
        """The input and result [n, out] of each layer's activation."""
        layers = shape.layers(params, part)
        kept = []
        for number, (weight, bias) in enumerate(layers, 1):
            z = np.empty((len(x), len(bias)), params.dtype)
            self.matmul(x, weight, z)
            x = np.empty_like(z)
            last = number == len(layers)
            self.bias_activation(z, bias, "identity" if last else shape.activation, x)
            kept.append((z, x))
        return kept

    def _backward(
        self,
        shape: Shape,
        params: Array,
        grads: Array,
        part: str,
        x: Array,
        kept: list[tuple[Array, Array]],
        grad: Array,
    ) -> None:
        """Adds to `grads`, given the gradient [n, out] of the last layer's values."""
        layers = shape.layers(params, part)
        gradients = shape.layers(grads, part)
        for number in reversed(range(len(layers))):
            weight, bias = layers[number]
            grad_weight, grad_bias = gradients[number]
            z, out = kept[number]
            activation = "identity" if number == len(layers) - 1 else shape.activation
            self.bias_activation_backward(z, bias, out, grad, activation, grad, grad_bias)
            below = kept[number - 1][1] if number else x
            self.matmul_at(below, grad, grad_weight, accumulate=True)
            if number:
                grad_below = np.empty((len(x), len(weight)), params.dtype)
                self.matmul_bt(grad, weight, grad_below)
                grad = grad_below


def unknown_activation(activation: str) -> InvalidArgument:
    """The error for an activation that is not there."""
    return InvalidArgument(
        f"Unknown activation {activation!r}: it must be one of {', '.join(ACTIVATIONS)}."
    )


def _sigmoid(x: Array) -> Array:
    result: Array = 0.5 * np.tanh(0.5 * x) + 0.5
    return result
