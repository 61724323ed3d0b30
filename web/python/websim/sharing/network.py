"""A policy's network in few bytes: weights in int8 by output channel or in fp16, and statistics.

    byte 0    flags: 1 int8 weights (else fp16), 2 statistics in fp32 (else fp16),
              4 layers have biases, 8 there are log standard deviations of actions
    byte 1    number of layers L
    then      L + 1 widths, from observations to actions, 2 bytes each
    8 bytes   how many observations the statistics are of, a float64
    then      mean, then standard deviation of observations
    each layer: int8: scales of its outputs in fp16, then weights [in, out] as multiples of them;
              fp16: weights. Then its biases: int8: one scale, then multiples of it; fp16: biases
    at last   log standard deviations in fp16

All numbers are little-endian.
"""

import itertools
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from websim.algorithms.base import MAX_LAYERS, MAX_WIDTH
from websim.errors import DamagedCheckpoint, InvalidArgument
from websim.nn.layers import TinyMLP
from websim.nn.normalization import EPSILON
from websim.states import StateDict

Array = NDArray[np.float32]

Precision = Literal["int8", "fp16"]

_INT8, _WIDE, _BIASES, _LOGSTD = 1, 2, 4, 8

_MOST = 127

MAX_OBSERVATION = 65_535

_EXACT = 1e-2
"""Means in fp16 may be so many standard deviations off; else statistics are in fp32."""


@dataclass
class Network:
    """What acts.

    Attributes:
        layers: Weight [in, out] and bias [out] of each; all have a bias, or none.
        logstd: Logarithms of the standard deviations of actions; None where it knows none.
        count: Observations that the statistics are of.
        mean: Of observations.
        std: Likewise, as they are divided by it.
    """

    layers: list[tuple[Array, Array | None]]
    logstd: Array | None
    count: float
    mean: NDArray[np.float64]
    std: NDArray[np.float64]

    @property
    def widths(self) -> tuple[int, ...]:
        """From observations to actions."""
        return (len(self.layers[0][0]), *(weight.shape[1] for weight, _ in self.layers))


def network_of(learner: StateDict, hidden: tuple[int, ...]) -> Network:
    """The network of a run's policy.

    Args:
        learner: `Checkpoint.learner`.
        hidden: Widths of its hidden layers.
    """
    policy, saved = learner["policy"], learner["normalize_observation"]
    logstd = policy.get("actor.logstd")
    layers: list[tuple[Array, Array | None]]
    if "weights" in policy:
        layers = list(
            _tiny(saved["mean"].size, policy["weights"].size, hidden).views(policy["weights"])
        )
    else:
        layers = [
            (policy[f"actor.{i}.weight"], policy[f"actor.{i}.bias"]) for i in range(len(hidden) + 1)
        ]
    std = np.sqrt(saved["m2"] / saved["count"] + EPSILON)
    return Network(layers, logstd, float(saved["count"]), saved["mean"], std)


def learner_of(network: Network, *, flat: bool) -> StateDict:
    """The part of `Checkpoint.learner` that acts.

    Args:
        network: Its network.
        flat: Whether the algorithm keeps all weights in one vector, as ES and ARS do.
    """
    policy: dict[str, NDArray[Any]] = {}
    if flat:
        arrays = [array.ravel() for layer in network.layers for array in layer if array is not None]
        policy["weights"] = np.concatenate(arrays)
    else:
        for i, (weight, bias) in enumerate(network.layers):
            policy[f"actor.{i}.weight"] = weight
            policy[f"actor.{i}.bias"] = (
                np.zeros(weight.shape[1], np.float32) if bias is None else bias
            )
        size = network.widths[-1]
        policy["actor.logstd"] = (
            np.zeros(size, np.float32) if network.logstd is None else network.logstd
        )
    m2 = np.maximum(0.0, np.square(network.std) - EPSILON) * network.count
    statistics = {"count": network.count, "mean": network.mean, "m2": m2}
    return {"policy": policy, "normalize_observation": statistics}


def dumps(network: Network, precision: Precision) -> bytes:
    """Writes a network; raises InvalidArgument for numbers that have no place in it."""
    mean, std = network.mean, network.std
    with np.errstate(over="ignore"):
        rounded = mean.astype("<f2").astype(np.float64), std.astype("<f2").astype(np.float64)
    narrow = np.isfinite(rounded).all() and (abs(rounded[0] - mean) <= _EXACT * std).all()
    biased = network.layers[0][1] is not None
    flags = (
        _INT8 * (precision == "int8")
        + _WIDE * (not narrow)
        + _BIASES * biased
        + _LOGSTD * (network.logstd is not None)
    )
    if max(network.widths) > MAX_OBSERVATION:
        raise InvalidArgument(f"A link's layers may be {MAX_OBSERVATION:,} wide.")
    kind = "<f2" if narrow else "<f4"
    parts = [
        bytes([flags, len(network.layers)]),
        np.array(network.widths, "<u2").tobytes(),
        np.array([network.count], "<f8").tobytes(),
        mean.astype(kind).tobytes(),
        std.astype(kind).tobytes(),
    ]
    for weight, bias in network.layers:
        if precision == "int8":
            parts += _steps(weight)
            parts += [] if bias is None else _steps(bias[:, np.newaxis])
        else:
            parts.append(_half(weight))
            parts += [] if bias is None else [_half(bias)]
    if network.logstd is not None:
        parts.append(_half(network.logstd))
    return b"".join(parts)


def loads(data: bytes) -> Network:
    """Reads a network; raises DamagedCheckpoint for what is none."""
    reader = _Reader(data)
    take = reader.take
    flags, count = take("u1", 2).tolist()
    if flags > 15 or not 1 <= count <= MAX_LAYERS + 1:
        raise DamagedCheckpoint(f"The link is damaged: a network of {count} layers, flags {flags}.")
    widths = take("<u2", count + 1).tolist()
    if min(widths) < 1 or max(widths[1:]) > MAX_WIDTH:
        raise DamagedCheckpoint(f"The link is damaged: layers may be 1 to {MAX_WIDTH} wide.")
    (seen,) = take("<f8", 1).tolist()
    kind = "<f4" if flags & _WIDE else "<f2"
    mean, std = (take(kind, widths[0]).astype(np.float64) for _ in range(2))
    layers: list[tuple[Array, Array | None]] = []
    for rows, columns in itertools.pairwise(widths):
        weight = reader.matrix(rows, columns, flags & _INT8)
        bias = reader.matrix(columns, 1, flags & _INT8).ravel() if flags & _BIASES else None
        layers.append((weight, bias))
    logstd = take("<f2", widths[-1]).astype(np.float32) if flags & _LOGSTD else None
    if reader.left:
        raise DamagedCheckpoint("The link is damaged: something is behind its network.")
    network = Network(layers, logstd, seen, mean, std)
    arrays = [mean, std, *itertools.chain(*layers), logstd]
    finite = all(np.isfinite(array).all() for array in arrays if array is not None)
    if not (finite and np.isfinite(seen) and seen > 0 and (std > 0).all()):
        raise DamagedCheckpoint("The link is damaged: its network has numbers that are none.")
    return network


class _Reader:
    """Arrays one behind the other, each looked for before it is made."""

    def __init__(self, data: bytes) -> None:
        self._data, self._at = data, 0

    @property
    def left(self) -> int:
        return len(self._data) - self._at

    def take(self, kind: str, count: int) -> NDArray[Any]:
        """The next `count` numbers; raises DamagedCheckpoint where they are not there."""
        size = np.dtype(kind).itemsize * count
        if size > self.left:
            raise DamagedCheckpoint("The link is damaged: its network is incomplete.")
        start, self._at = self._at, self._at + size
        return np.frombuffer(self._data[start : self._at], kind)

    def matrix(self, rows: int, columns: int, steps: int) -> Array:
        """The next one, written as multiples of a scale of each column, or as it is."""
        scale = self.take("<f2", columns).astype(np.float32) if steps else np.float32(1)
        values = self.take("i1" if steps else "<f2", rows * columns).reshape(rows, columns)
        with np.errstate(invalid="ignore"):  # it is looked at afterwards
            matrix: Array = np.multiply(values, scale, dtype=np.float32)
        return matrix


def _steps(array: Array) -> list[bytes]:
    """Each column as multiples of a scale of its own: the scales, then the multiples."""
    scale = abs(array).max(axis=0) / np.float32(_MOST)
    written = _half(scale)
    scale = np.frombuffer(written, "<f2").astype(np.float32)
    steps = np.divide(array, scale, out=np.zeros_like(array), where=scale > 0)
    return [written, np.clip(np.rint(steps), -_MOST, _MOST).astype("i1").tobytes()]


def _half(array: Array) -> bytes:
    with np.errstate(over="ignore"):
        half = array.astype("<f2")
    if not np.isfinite(half).all():
        raise InvalidArgument("The policy has weights beyond 65,504: a link cannot carry them.")
    return half.tobytes()


def _tiny(observations: int, size: int, hidden: tuple[int, ...]) -> TinyMLP:
    """The perceptron of so many weights."""
    inner = (observations, *hidden)
    before = sum((rows + 1) * columns for rows, columns in itertools.pairwise(inner))
    return TinyMLP(observations, (size - before) // (inner[-1] + bool(hidden)), hidden)
