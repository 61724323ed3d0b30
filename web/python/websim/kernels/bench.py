"""How fast the kernels are: `websim bench --kernels` runs this in a browser and natively."""

import time
from collections.abc import Callable
from itertools import pairwise

import numpy as np

from websim.kernels.actor_critic import ActorCritic
from websim.kernels.reference import NumpyKernels, Shape

BATCH = 2048
OBSERVATIONS, ACTIONS = 105, 8  # an Ant's


def update_flops(shape: Shape, batch: int) -> int:
    """Floating point operations of the matrix products of one PPO update; all else comes on top.

    Each weight is multiplied forward, for its own gradient, and, above the first layer, for that of
    the layer below.
    """
    count = 0
    for widths in (shape.actor, shape.critic):
        for number, (rows, columns) in enumerate(pairwise(widths)):
            count += rows * columns * (3 if number else 2)
    return 2 * batch * count


def measure(kernels: NumpyKernels, seconds: float) -> dict[str, float]:
    """The fastest of each of four things within `seconds`, in ns; for tanh of one element.

    `update` is a whole PPO step on a minibatch: loss, gradient, its norm and clipping, Adam.
    """
    rng = np.random.default_rng(0)

    def draw(*shape: int) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
        return rng.normal(size=shape).astype(np.float32)

    net = ActorCritic(OBSERVATIONS, ACTIONS, kernels=kernels)
    m, v = np.zeros_like(net.flat), np.zeros_like(net.flat)
    observations, noise = draw(BATCH, OBSERVATIONS), draw(BATCH, ACTIONS)
    actions, logprobs, values = net.act(observations, noise)
    advantages, returns = draw(BATCH), draw(BATCH)

    def update() -> None:
        net.ppo_loss_and_gradient(observations, actions, logprobs, advantages, returns, values)
        norm = kernels.grad_norm(net.grads)
        net.grads *= np.float32(min(1.0, 0.5 / (norm + 1e-6)))
        kernels.adam(net.flat, net.grads, m, v, 1, 0.0)

    a, b, out = draw(BATCH, 64), draw(64, 64), draw(BATCH, 64)
    zeros = np.zeros(64, np.float32)
    return {
        "update": _nanoseconds(update, seconds),
        "matmul": _nanoseconds(lambda: kernels.matmul(a, b, out), seconds),
        "tanh": _nanoseconds(lambda: kernels.bias_activation(a, zeros, "tanh", out), seconds)
        / out.size,
        "act": _nanoseconds(lambda: net.act(observations, noise), seconds),
    }


def gflops(measured: dict[str, float]) -> dict[str, float]:
    """GFLOP/s of the update and of the product [2048, 64] x [64, 64]."""
    shape = ActorCritic(OBSERVATIONS, ACTIONS).shape
    return {
        "update": update_flops(shape, BATCH) / measured["update"],
        "matmul": 2 * BATCH * 64 * 64 / measured["matmul"],
    }


def _nanoseconds(call: Callable[[], object], seconds: float) -> float:
    """The fastest call: others were interrupted by whatever else the machine does."""
    fastest = float("inf")
    end = time.perf_counter() + seconds
    while (start := time.perf_counter()) < end:
        call()
        fastest = min(fastest, time.perf_counter() - start)
    return fastest * 1e9
