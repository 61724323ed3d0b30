"""The kernels in numpy: the implementation of the native home, and the oracle of the tests."""

import math
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import DTypeLike, NDArray

from websim.errors import InvalidArgument

#: float32 for the WASM kernels; the numpy ones take float64 as well, which the tests use.
Array: TypeAlias = NDArray[Any]

#: Names of activations; the index is the number that the C code knows them by.
ACTIVATIONS = ("identity", "tanh", "relu", "elu", "silu")


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

    def mlp(
        self, widths: tuple[int, ...], activation: str, params: Array, x: Array
    ) -> Array | None:
        """A whole perceptron in one call, as a fast path of `websim.nn.layers.MLP`.

        Args:
            widths: Of its layers, from the inputs to the results.
            activation: After each layer but the last.
            params: [size], for each layer its weight [in, out], then its bias [out].
            x: [n, in].

        Returns:
            The results [n, out]; None where there is no such kernel.
        """
        return None

    def ppo_loss_and_gradient(
        self,
        actor: tuple[int, ...],
        critic: tuple[int, ...],
        activation: str,
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
    ) -> dict[str, float] | None:
        """PPO's loss and gradient in one call, as a fast path of `websim.algorithms.ppo.ppo_loss`.

        Args:
            actor: Widths of the actor's layers.
            critic: Widths of the critic's, as many.
            activation: After each layer but the last of both.
            params: [size], as `websim.nn.actor_critic.ActorCritic` lays them out.
            grads: [size], overwritten.
            observations: See `ppo_loss`, and so with all that follow.
            actions: [n, action_size].
            logprobs: [n].
            advantages: [n].
            returns: [n].
            values: [n].
            clip_coef: A number.
            ent_coef: A number.
            vf_coef: A number.
            clip_vloss: Whether to.

        Returns:
            What `ppo_loss` does; None where there is no such kernel.
        """
        return None


def unknown_activation(activation: str) -> InvalidArgument:
    """The error for an activation that is not there."""
    return InvalidArgument(
        f"Unknown activation {activation!r}: it must be one of {', '.join(ACTIVATIONS)}."
    )


def _sigmoid(x: Array) -> Array:
    result: Array = 0.5 * np.tanh(0.5 * x) + 0.5
    return result
