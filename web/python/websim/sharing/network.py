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
from collections.abc import Sequence
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from websim.algorithms.base import MAX_LAYERS, MAX_WIDTH
from websim.errors import DamagedCheckpoint, InvalidArgument
from websim.policies.network import Array, Network
from websim.sharing.rounding import Steps, half

Precision = Literal["int8", "fp16"]

_INT8, _WIDE, _BIASES, _LOGSTD = 1, 2, 4, 8

MAX_OBSERVATION = 65_535

_EXACT = 1e-2
"""Means in fp16 may be so many standard deviations off; else statistics are in fp32."""


def dumps(network: Network, steps: Sequence[tuple[Steps, Steps | None]] | None) -> bytes:
    """Writes a network.

    Args:
        network: What acts.
        steps: Weight and bias of each layer in int8; None: they are written in fp16.

    Raises:
        InvalidArgument: numbers have no place in it.
    """
    mean, std = network.mean, network.std
    with np.errstate(over="ignore"):
        rounded = mean.astype("<f2").astype(np.float64), std.astype("<f2").astype(np.float64)
    narrow = np.isfinite(rounded).all() and (abs(rounded[0] - mean) <= _EXACT * std).all()
    biased = network.layers[0][1] is not None
    flags = (
        _INT8 * (steps is not None)
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
    for array in itertools.chain(*(network.layers if steps is None else steps)):
        if isinstance(array, Steps):
            parts += [array.scales.tobytes(), array.values.tobytes()]
        elif array is not None:
            parts.append(half(array).tobytes())
    if network.logstd is not None:
        parts.append(half(network.logstd).tobytes())
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
