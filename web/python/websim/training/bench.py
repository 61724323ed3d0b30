"""How fast learning is: `websim bench --kernels` runs this in a browser and natively."""

import time
from collections.abc import Callable
from itertools import pairwise

import numpy as np

from websim.algorithms.ppo import ppo_loss
from websim.kernels import NumpyKernels
from websim.nn.actor_critic import ActorCritic
from websim.nn.optimizers import Adam, GradientClipping

BATCH = 2048
OBSERVATIONS, ACTIONS = 105, 8  # an Ant's


def update_flops(net: ActorCritic, batch: int) -> int:
    """Floating point operations of the matrix products of one PPO update; all else comes on top.

    Each weight is multiplied forward, for its own gradient, and, above the first layer, for that of
    the layer below.
    """
    count = 0
    for widths in (net.actor.widths, net.critic.widths):
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
    optimizer = Adam(net.flat, kernels=kernels)
    clip = GradientClipping(0.5, kernels=kernels)
    observations, noise = draw(BATCH, OBSERVATIONS), draw(BATCH, ACTIONS)
    actions, logprobs, values = net.act(observations, noise)
    advantages, returns = draw(BATCH), draw(BATCH)

    def update() -> None:
        ppo_loss(net, observations, actions, logprobs, advantages, returns, values)
        clip(net.grads)
        optimizer.step(net.grads, 0.0)

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
    net = ActorCritic(OBSERVATIONS, ACTIONS)
    return {
        "update": update_flops(net, BATCH) / measured["update"],
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
