"""Random numbers of environments' own, for a whole batch at once.

A number is a function of the environment's key, of what it is for (`stream`), of how often that has
been drawn (`counter`), and of its place among those drawn together. Nothing else is remembered, so
that it does not depend on which environments are drawn for together. The function is the mixer of
SplitMix64 (Steele, Lea, Flood: Fast splittable pseudorandom number generators, 2014), applied to
one after the other of these.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Words = NDArray[np.uint64]
FloatArray = NDArray[np.float64]
Counters = NDArray[np.int64]

_GOLDEN = 0x9E3779B97F4A7C15
_STEPS = ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB))


def keys_of(seeds: Sequence[int]) -> Counters:
    """Keys [n] of environments with these seeds (integers of at least 0)."""
    words = np.array([(seed + _GOLDEN) % (1 << 64) for seed in seeds], np.uint64)
    return _mixed(words).view(np.int64)


def uniform(keys: Counters, stream: int, counters: Counters, size: int) -> FloatArray:
    """Numbers [n, size] from 0 to 1, which they never are.

    Args:
        keys: [n].
        stream: What they are for.
        counters: [n], how often that has been drawn.
        size: How many each.
    """
    golden = np.uint64(_GOLDEN)
    words = _mixed(keys.view(np.uint64) + np.uint64(_GOLDEN * (stream + 1) % (1 << 64)))
    words = _mixed(words ^ _mixed(counters.astype(np.uint64) * golden + np.uint64(1)))
    lanes = np.arange(1, size + 1, dtype=np.uint64) * golden
    bits = _mixed(words[:, np.newaxis] + lanes) >> np.uint64(12)
    numbers: FloatArray = (bits.astype(np.float64) + 0.5) / (1 << 52)
    return numbers


def draw(
    distribution: str,
    range: tuple[float, float] | tuple[FloatArray, FloatArray],
    keys: Counters,
    stream: int,
    counters: Counters,
    size: int,
) -> FloatArray:
    """Numbers [n, size] of a distribution of `websim.worlds.world`; see `uniform`.

    The range is that of all, or [n, 1] each.
    """
    low, high = range
    if distribution == "gaussian":
        both = uniform(keys, stream, counters, 2 * size)  # Box and Muller's
        # Contiguous: elsewhere numpy's functions may round otherwise, depending on the batch.
        radii, angles = (np.ascontiguousarray(half) for half in np.hsplit(both, 2))
        normal: FloatArray = np.sqrt(-2 * np.log(radii)) * np.cos(2 * np.pi * angles)
        return low + high * normal
    numbers = uniform(keys, stream, counters, size)
    if distribution == "log_uniform":
        logarithms: FloatArray = np.log(low) + (np.log(high) - np.log(low)) * numbers
        return np.exp(logarithms)
    return low + (high - low) * numbers


def _mixed(words: Words) -> Words:
    """Each word as one that tells nothing of it."""
    mixed = words.copy()
    for shift, factor in _STEPS:
        mixed ^= mixed >> np.uint64(shift)
        mixed *= np.uint64(factor)
    mixed ^= mixed >> np.uint64(31)
    return mixed
