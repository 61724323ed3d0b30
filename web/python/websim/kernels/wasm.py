"""The kernels of `wasm-build/`, called by ctypes on numpy's own memory. Only in Pyodide."""

import ctypes
import math
from functools import cache
from itertools import pairwise
from pathlib import Path

import numpy as np

from websim.errors import InvalidArgument
from websim.kernels.reference import (
    ACTIVATIONS,
    Array,
    NumpyKernels,
    aligned,
    unknown_activation,
)

_SUMS = ("policy_loss", "value_loss", "entropy", "approx_kl", "old_approx_kl", "clipfrac")


class WasmKernels(NumpyKernels):
    """The same kernels in C with SIMD; arrays must be float32 and C-contiguous.

    Args:
        library: A module that `websim assets` has built, as a file of Pyodide's.

    Raises:
        InvalidArgument: by every kernel, for an array of another type or shape; C would write over
            whatever lies behind it.
    """

    def __init__(self, library: Path) -> None:
        self.name = library.stem
        self._library = ctypes.CDLL(str(library))
        self._library.sum_of_squares.restype = ctypes.c_double
        self._workspaces: dict[tuple[tuple[int, ...], ...], Array] = {}

    def matmul(self, a: Array, b: Array, out: Array, accumulate: bool = False) -> None:
        """See `NumpyKernels`."""
        (m, k), n = a.shape, out.shape[1]
        self._multiply("matmul", a, (m, k), b, (k, n), out, (m, n), k, accumulate)

    def matmul_at(self, a: Array, b: Array, out: Array, accumulate: bool = False) -> None:
        """See `NumpyKernels`."""
        (k, m), n = a.shape, out.shape[1]
        self._multiply("matmul_at", a, (k, m), b, (k, n), out, (m, n), k, accumulate)

    def matmul_bt(self, a: Array, b: Array, out: Array, accumulate: bool = False) -> None:
        """See `NumpyKernels`."""
        (m, k), n = a.shape, out.shape[1]
        self._multiply("matmul_bt", a, (m, k), b, (n, k), out, (m, n), k, accumulate)

    def _multiply(
        self,
        name: str,
        a: Array,
        a_shape: tuple[int, ...],
        b: Array,
        b_shape: tuple[int, ...],
        out: Array,
        out_shape: tuple[int, ...],
        k: int,
        accumulate: bool,
    ) -> None:
        arrays = (_at(a, *a_shape), _at(b, *b_shape), _at(out, *out_shape))
        self._library[name](*arrays, *out_shape, k, int(accumulate))

    def bias_activation(self, x: Array, bias: Array, activation: str, out: Array) -> None:
        """See `NumpyKernels`."""
        m, n = x.shape
        self._library.bias_activation(
            _at(x, m, n), _at(bias, n), _number(activation), _at(out, m, n), m, n
        )

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
        """See `NumpyKernels`."""
        m, n = x.shape
        self._library.bias_activation_backward(
            _at(x, m, n),
            _at(bias, n),
            _at(out, m, n),
            _at(grad_out, m, n),
            _number(activation),
            _at(grad_x, m, n),
            _at(grad_bias, n),
            m,
            n,
        )

    def softmax(self, x: Array, out: Array) -> None:
        """See `NumpyKernels`."""
        m, n = x.shape
        if n:
            self._library.softmax(_at(x, m, n), _at(out, m, n), m, n)

    def softmax_backward(self, out: Array, grad_out: Array, grad_x: Array) -> None:
        """See `NumpyKernels`."""
        m, n = out.shape
        self._library.softmax_backward(_at(out, m, n), _at(grad_out, m, n), _at(grad_x, m, n), m, n)

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
        """See `NumpyKernels`."""
        m, n = x.shape
        if n:
            self._library.layer_norm(
                _at(x, m, n),
                _at(gain, n),
                _at(bias, n),
                ctypes.c_float(eps),
                _at(out, m, n),
                _at(scaled, m, n),
                _at(inv_std, m),
                m,
                n,
            )

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
        """See `NumpyKernels`."""
        m, n = scaled.shape
        if n:
            self._library.layer_norm_backward(
                _at(scaled, m, n),
                _at(inv_std, m),
                _at(gain, n),
                _at(grad_out, m, n),
                _at(grad_x, m, n),
                _at(grad_gain, n),
                _at(grad_bias, n),
                m,
                n,
            )

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
        """See `NumpyKernels`."""
        (m, n), k = x.shape, h.shape[1]
        self._library.lstm_cell(
            _at(x, m, n),
            _at(h, m, k),
            _at(c, m, k),
            _at(weight_x, n, 4 * k),
            _at(weight_h, k, 4 * k),
            _at(bias, 4 * k),
            _at(gates, m, 4 * k),
            _at(h_out, m, k),
            _at(c_out, m, k),
            m,
            n,
            k,
        )

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
        """See `NumpyKernels`."""
        (m, n), k = x.shape, h.shape[1]
        self._library.lstm_cell_backward(
            _at(x, m, n),
            _at(h, m, k),
            _at(c, m, k),
            _at(weight_x, n, 4 * k),
            _at(weight_h, k, 4 * k),
            _at(gates, m, 4 * k),
            _at(c_out, m, k),
            _at(grad_h_out, m, k),
            _at(grad_c_out, m, k),
            _at(grad_x, m, n),
            _at(grad_h, m, k),
            _at(grad_c, m, k),
            _at(grad_weight_x, n, 4 * k),
            _at(grad_weight_h, k, 4 * k),
            _at(grad_bias, 4 * k),
            m,
            n,
            k,
        )

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
        """See `NumpyKernels`."""
        size = len(params)
        numbers = (lr / (1 - beta1**step), beta1, beta2, (1 - beta2**step) ** -0.5, eps)
        self._library.adam(
            *(_at(array, size) for array in (params, grads, m, v)),
            size,
            *map(ctypes.c_float, numbers),
        )

    def grad_norm(self, flat: Array) -> float:
        """See `NumpyKernels`."""
        return math.sqrt(self._library.sum_of_squares(_at(flat, len(flat)), len(flat)))

    def mlp(self, widths: tuple[int, ...], activation: str, params: Array, x: Array) -> Array:
        """See `NumpyKernels`."""
        out = np.empty((len(x), widths[-1]), np.float32)
        self._library.infer(
            _integers(widths),
            len(widths) - 1,
            _number(activation),
            _at(params, _size(widths)),
            _at(x, len(x), widths[0]),
            len(x),
            _at(out, *out.shape),
            self._workspace(widths),
        )
        return out

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
    ) -> dict[str, float]:
        """See `NumpyKernels`."""
        n, size = len(observations), _size(actor) + actor[-1] + _size(critic)
        sums = (ctypes.c_double * len(_SUMS))()
        self._library.ppo_loss_and_gradient(
            _integers(actor),
            _integers(critic),
            len(actor) - 1,
            _number(activation),
            _at(params, size),
            _at(grads, size),
            _at(observations, n, actor[0]),
            _at(actions, n, actor[-1]),
            *(_at(array, n) for array in (logprobs, advantages, returns, values)),
            n,
            ctypes.c_float(clip_coef),
            ctypes.c_float(ent_coef),
            ctypes.c_float(vf_coef),
            int(clip_vloss),
            self._workspace(actor, critic),
            ctypes.byref(sums),
        )
        losses = dict(zip(_SUMS, sums, strict=True))
        return {k: v if k == "entropy" else v / max(n, 1) for k, v in losses.items()}

    def _workspace(self, *networks: tuple[int, ...]) -> int:
        """The address of memory for `infer` with one network, for PPO's loss with two."""
        memory = self._workspaces.get(networks)
        if memory is None:
            needed = self._library[("infer_workspace", "ppo_workspace")[len(networks) - 1]]
            size = needed(*map(_integers, networks), len(networks[0]) - 1)
            memory = self._workspaces[networks] = aligned(size)
        return _at(memory, len(memory))


def _at(array: Array, *shape: int) -> int:
    """The address of an array, once it is what the C code takes it for."""
    if array.shape != shape or array.dtype != np.float32 or not array.flags.c_contiguous:
        layout = "" if array.flags.c_contiguous else ", not C-contiguous"
        raise InvalidArgument(
            f"A kernel needs a C-contiguous float32 array {list(shape)}, "
            f"but got {array.dtype} {list(array.shape)}{layout}."
        )
    address: int = array.__array_interface__["data"][0]
    return address


def _number(activation: str) -> int:
    if activation not in ACTIVATIONS:
        raise unknown_activation(activation)
    return ACTIVATIONS.index(activation)


@cache
def _size(widths: tuple[int, ...]) -> int:
    """Parameters of layers of these widths."""
    return sum((rows + 1) * columns for rows, columns in pairwise(widths))


@cache
def _integers(values: tuple[int, ...]) -> "ctypes.Array[ctypes.c_int]":
    return (ctypes.c_int * len(values))(*values)
