"""What takes a step of the weights along their gradient."""

from typing import Any

import numpy as np

from websim.kernels import Array, NumpyKernels
from websim.kernels import kernels as default_kernels
from websim.states import load_arrays


class Adam:
    """Adam (Kingma and Ba, 2015).

    Attributes:
        steps: Taken so far.
    """

    def __init__(
        self, params: Array, eps: float = 1e-5, *, kernels: NumpyKernels = default_kernels
    ) -> None:
        """Takes the parameters [size], which `step` changes, and what is added to the root of v."""
        self.steps = 0
        self._params, self._eps, self._kernels = params, eps, kernels
        self._m, self._v = np.zeros_like(params), np.zeros_like(params)

    def step(self, grads: Array, learning_rate: float) -> None:
        """One step down a gradient [size]."""
        self.steps += 1
        self._kernels.adam(
            self._params, grads, self._m, self._v, self.steps, learning_rate, eps=self._eps
        )

    def state(self) -> dict[str, Any]:
        """The running means of the gradient and of its square; `steps` are told apart."""
        return {"m": self._m, "v": self._v}

    def load(self, state: Any, steps: int) -> None:
        """Goes on from a state; raises DamagedCheckpoint where it does not fit."""
        load_arrays({"m": self._m, "v": self._v}, state)
        self.steps = steps


class GradientClipping:
    """Shortens gradients that are longer than `max_norm`."""

    def __init__(self, max_norm: float, *, kernels: NumpyKernels = default_kernels) -> None:
        """Takes the greatest Euclidean norm."""
        self.max_norm, self._kernels = max_norm, kernels

    def __call__(self, grads: Array) -> None:
        """Shortens a gradient [size] in place."""
        norm = self._kernels.grad_norm(grads)
        if norm > self.max_norm:
            grads *= np.float32(self.max_norm / (norm + 1e-6))
