"""What every implementation of the kernels must do: run natively, and inside a browser's worker.

The truth is `NumpyKernels` in float64, whose own gradients `tests/python/test_kernels.py` compares
with finite differences. Only numpy and websim are imported here: the worker has nothing else.
"""

from collections.abc import Iterator
from typing import Any

import numpy as np

from websim.algorithms.ppo import ppo_loss
from websim.kernels import ACTIVATIONS, NumpyKernels
from websim.nn.actor_critic import ActorCritic
from websim.nn.optimizers import Adam, GradientClipping

# Empty, single, around the tiles of 6 x 8, the 256 that k is cut into, and the blocks of 48 rows.
SIZES = [
    (0, 3, 5),
    (3, 0, 5),
    (3, 5, 0),
    (1, 1, 1),
    (2, 3, 5),
    (4, 8, 16),
    (5, 9, 17),
    (7, 33, 257),
    (64, 64, 105),
    (97, 13, 300),
]

Array = np.ndarray[Any, Any]


def unaligned(array: Array) -> Array:
    """A copy whose first byte lies at an odd address."""
    memory = np.zeros(array.nbytes + 1, np.uint8)
    copy = memory[1:].view(array.dtype).reshape(array.shape)
    copy[...] = array
    return copy


def cases() -> Iterator[tuple[str, str, list[Any]]]:
    """Label, name of the kernel, and its arguments; arrays that it writes or adds to are filled."""
    rng = np.random.default_rng(0)

    def draw(*shape: int, scale: float = 1.0) -> Array:
        return (scale * rng.normal(size=shape)).astype(np.float32)

    for m, n, k in SIZES:
        size = f"{m} x {n} x {k}"
        for accumulate in (False, True):
            label = f"{size} accumulate={accumulate}"
            yield label, "matmul", [draw(m, k), draw(k, n), draw(m, n), accumulate]
            yield label, "matmul_at", [draw(k, m), draw(k, n), draw(m, n), accumulate]
            yield label, "matmul_bt", [draw(m, k), draw(n, k), draw(m, n), accumulate]
        for activation in ACTIVATIONS:
            label = f"{activation} {size}"
            x, bias, out = draw(m, n, scale=4), draw(n), draw(m, n)
            yield label, "bias_activation", [x, bias, activation, out.copy()]
            NumpyKernels().bias_activation(x, bias, activation, out)
            grads = [draw(m, n), activation, draw(m, n), draw(n)]
            yield label, "bias_activation_backward", [x, bias, out, *grads]
        yield size, "softmax", [draw(m, n, scale=20), draw(m, n)]
        yield size, "softmax_backward", [np.abs(draw(m, n)), draw(m, n), draw(m, n)]
        results = [draw(m, n), draw(m, n), draw(m)]
        yield size, "layer_norm", [draw(m, n) + 3, draw(n), draw(n), 1e-5, *results]
        kept, grads = [draw(m, n), draw(m), draw(n)], [draw(m, n), draw(m, n), draw(n), draw(n)]
        yield size, "layer_norm_backward", [*kept, *grads]
        cell = [draw(m, k), draw(m, n), draw(m, n)]
        weights = [draw(k, 4 * n, scale=0.3), draw(n, 4 * n, scale=0.3)]
        results = [draw(m, 4 * n), draw(m, n), draw(m, n)]
        yield size, "lstm_cell", [*cell, *weights, draw(4 * n), *results]
        gates = rng.uniform(size=(m, 4 * n)).astype(np.float32)
        grads = [*(draw(m, n) for _ in range(2)), draw(m, k), *(draw(m, n) for _ in range(2))]
        grads += [draw(k, 4 * n), draw(n, 4 * n), draw(4 * n)]
        yield size, "lstm_cell_backward", [*cell, *weights, gates, draw(m, n), *grads]
        flat = m * n + k
        squares = np.square(draw(flat)) + np.float32(1e-3)
        numbers = [3, 3e-4, 0.9, 0.999, 1e-5]
        yield str(flat), "adam", [draw(flat), draw(flat), draw(flat), squares, *numbers]
        yield str(flat), "grad_norm", [draw(flat)]


def distance(found: Any, true: Any) -> float:
    """The greatest difference, relative to the greatest true value where that is above 1."""
    found, true = np.asarray(found, np.float64), np.asarray(true, np.float64)
    if not found.size:
        return 0.0
    worst = float(np.max(np.abs(found - true))) / max(1.0, float(np.max(np.abs(true))))
    return worst if np.isfinite(worst) else np.inf


def errors(kernels: NumpyKernels) -> dict[str, float]:
    """How far float32 `kernels` are from float64 numpy, by case."""
    found: dict[str, float] = {}
    for label, name, arguments in cases():
        true = [x.astype(np.float64) if isinstance(x, np.ndarray) else x for x in arguments]
        expected = getattr(NumpyKernels(), name)(*true)
        for place in (np.copy, unaligned):
            here = [place(x) if isinstance(x, np.ndarray) else x for x in arguments]
            result = getattr(kernels, name)(*here)
            pairs = [(a, b) for a, b in zip(here, true, strict=True) if isinstance(a, np.ndarray)]
            if expected is not None:
                pairs.append((result, expected))
            worst = max(distance(*pair) for pair in pairs)
            found[f"{name} {label}"] = max(worst, found.get(f"{name} {label}", 0.0))
    return found


def functions(kernels: NumpyKernels) -> dict[str, float]:
    """Each activation over the whole range, and exp as softmax has it: the greatest error."""
    x = np.concatenate([np.linspace(-30, 30, 200_001), np.logspace(-8, 1, 1000)])[None]
    x = x.astype(np.float32)
    zero = np.zeros(x.shape[1], np.float32)
    found = {}
    for activation in ACTIVATIONS:
        out, true = np.empty_like(x), np.empty(x.shape)
        kernels.bias_activation(x, zero, activation, out)
        NumpyKernels().bias_activation(x.astype(np.float64), zero, activation, true)
        found[activation] = float(np.max(np.abs(out - true) / np.maximum(1, np.abs(true))))
    out = np.empty_like(x)
    kernels.bias_activation(x, zero, "tanh", out)
    true = np.tanh(x.astype(np.float64))
    some = np.abs(x) > 1e-7
    found["tanh, relative"] = float(np.max(np.abs(out - true)[some] / np.abs(true[some])))
    found["tanh above 1"] = float(np.max(np.abs(out)) - 1)
    return found


def not_finite(kernels: NumpyKernels) -> bool:
    """Whether NaN comes out where it goes in, and infinity saturates."""
    x = np.array([[np.nan, np.inf, -np.inf, 0, np.nan]], np.float32)
    zero = np.zeros(5, np.float32)
    fine = True
    for activation in ACTIVATIONS:
        out = np.empty_like(x)
        kernels.bias_activation(x, zero, activation, out)
        fine &= bool(np.isnan(out[0, 0]) and np.isnan(out[0, 4]) and not np.isnan(out[0, 3]))
    kernels.bias_activation(x, zero, "tanh", out)
    return fine and bool(np.allclose(out[0, 1:4], [1, -1, 0]))


NETWORKS: list[tuple[int, int, int, tuple[int, ...], str, bool]] = [
    (0, 3, 2, (4,), "tanh", True),
    (1, 1, 1, (1,), "tanh", True),
    (3, 4, 2, (), "tanh", True),
    (49, 11, 3, (7, 5, 9), "relu", False),
    (47, 17, 6, (16,), "elu", True),
    (130, 9, 5, (13, 30), "silu", True),
    (200, 105, 8, (64, 64), "tanh", True),
]


def minibatch(n: int, observations: int, actions: int) -> dict[str, Any]:
    """Arguments of `ppo_loss`, so that all its branches are taken."""
    rng = np.random.default_rng(n)

    def draw(*shape: int) -> Array:
        return rng.normal(size=shape).astype(np.float32)

    return {
        "observations": draw(n, observations),
        "actions": draw(n, actions),
        "logprobs": -1.4 * actions + 0.3 * draw(n) - 0.1,
        "advantages": draw(n),
        "returns": draw(n),
        "values": 0.5 * draw(n),
    }


def network_errors(kernels: NumpyKernels) -> dict[str, float]:
    """`act` and PPO's loss and gradient against float64 numpy, by network."""
    found = {}
    for n, observations, actions, hidden, activation, clip_vloss in NETWORKS:
        net = ActorCritic(observations, actions, hidden, activation, kernels=kernels)
        true = ActorCritic(
            observations, actions, hidden, activation, kernels=NumpyKernels(), dtype=np.float64
        )
        noise = np.random.default_rng(1).normal(size=net.flat.shape)
        net.flat += 0.1 * noise
        true.flat[...] = net.flat
        batch = minibatch(n, observations, actions)
        # Near the present policy, so that some ratios are clipped and others are not.
        means = net.mean(batch["observations"])
        batch["actions"] += means
        batch["logprobs"] = -net.logstd.sum() - 0.5 * np.square(
            (batch["actions"] - means) / np.exp(net.logstd)
        ).sum(axis=1)
        batch["logprobs"] += 0.2 * batch["returns"] - 0.918938533 * actions
        batch = {name: unaligned(array.astype(np.float32)) for name, array in batch.items()}
        exact = {name: array.astype(np.float64) for name, array in batch.items()}
        options: dict[str, Any] = {
            "clip_coef": 0.2,
            "ent_coef": 0.01,
            "vf_coef": 0.5,
            "clip_vloss": clip_vloss,
        }
        net.grads[...] = np.nan  # what was there must not matter
        losses = ppo_loss(net, **batch, **options)
        expected = ppo_loss(true, **exact, **options)
        done = net.act(batch["observations"], batch["actions"])
        acted = true.act(exact["observations"], exact["actions"])
        pairs: list[tuple[Any, Any]] = [(losses[name], expected[name]) for name in expected]
        pairs += [(net.grads, true.grads), *zip(done, acted, strict=True)]
        found[f"{n} x {observations} -> {hidden} -> {actions} {activation}"] = max(
            distance(a, b) for a, b in pairs
        )
    return found


def learns(kernels: NumpyKernels) -> bytes:
    """The weights after 50 updates on one minibatch, to compare runs bit by bit."""
    net = ActorCritic(9, 3, (16, 16), kernels=kernels)
    optimizer = Adam(net.flat, kernels=kernels)
    clip = GradientClipping(0.5, kernels=kernels)
    batch = minibatch(100, 9, 3)
    for _ in range(50):
        ppo_loss(net, **batch)
        clip(net.grads)
        optimizer.step(net.grads, 3e-4)
    return net.flat.tobytes()
