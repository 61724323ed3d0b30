"""The arithmetic of learning: matrix products, activations, Adam.

There are two implementations with the same signatures. `reference.NumpyKernels` is numpy: it runs
natively, and the tests take it, in float64, as the truth. `wasm.WasmKernels` calls the C of
`wasm-build/`, which the browser's workers load beside Python; it is some ten times as fast there.

The functions of this module are those of the implementation that fits where they run:

    matmul(a, b, out)            and matmul_at, matmul_bt with one side transposed
    bias_activation(x, bias, activation, out)
    softmax(x, out)              layer_norm(x, gain, bias, eps, out, scaled, inv_std)
    lstm_cell(x, h, c, weight_x, weight_h, bias, gates, h_out, c_out)
    adam(params, grads, m, v, step, lr, beta1, beta2, eps)    grad_norm(flat)

and, but for the last two, the same names with `_backward`. Arrays are float32 and C-contiguous, a
row for each element of the batch; results are written into the arrays given for them.

The C has two whole passes besides: a perceptron (`mlp`) and PPO's loss with its gradient
(`ppo_loss_and_gradient`), which `websim.nn.layers` and `websim.algorithms.ppo` take where they are.
"""

from websim.kernels.default import kernels
from websim.kernels.reference import (
    ACTIVATIONS,
    Array,
    NumpyKernels,
    aligned,
    unknown_activation,
)

__all__ = [
    "ACTIVATIONS",
    "Array",
    "NumpyKernels",
    "adam",
    "aligned",
    "bias_activation",
    "bias_activation_backward",
    "grad_norm",
    "kernels",
    "layer_norm",
    "layer_norm_backward",
    "lstm_cell",
    "lstm_cell_backward",
    "matmul",
    "matmul_at",
    "matmul_bt",
    "softmax",
    "softmax_backward",
    "unknown_activation",
]

matmul = kernels.matmul
matmul_at = kernels.matmul_at
matmul_bt = kernels.matmul_bt
bias_activation = kernels.bias_activation
bias_activation_backward = kernels.bias_activation_backward
softmax = kernels.softmax
softmax_backward = kernels.softmax_backward
layer_norm = kernels.layer_norm
layer_norm_backward = kernels.layer_norm_backward
lstm_cell = kernels.lstm_cell
lstm_cell_backward = kernels.lstm_cell_backward
adam = kernels.adam
grad_norm = kernels.grad_norm
