"""Random numbers of environments' own: independent of the batch, and distributed as they say."""

from typing import Any

import numpy as np
import pytest

from websim.worlds.draws import draw, keys_of, uniform


def zeros(n: int) -> Any:
    return np.zeros(n, np.int64)


def distance(sample: Any, other: Any) -> float:
    """Kolmogorov and Smirnov's, of two samples."""
    both = np.sort(np.concatenate([sample, other]))
    shares = [
        np.searchsorted(np.sort(one), both, side="right") / len(one) for one in (sample, other)
    ]
    return float(np.abs(shares[0] - shares[1]).max())


@pytest.mark.parametrize("distribution", ["uniform", "log_uniform", "gaussian"])
def test_numbers_do_not_depend_on_the_batch(distribution: str) -> None:
    keys, counters = keys_of(range(64)), np.arange(64) % 5
    whole = draw(distribution, (0.5, 2), keys, 7, counters, 9)
    for rows in (slice(4), slice(17, 20), slice(63, 64), [3, 60, 2]):
        part = draw(distribution, (0.5, 2), keys[rows], 7, counters[rows], 9)
        np.testing.assert_array_equal(part, whole[rows])


@pytest.mark.parametrize("distribution", ["uniform", "log_uniform", "gaussian"])
@pytest.mark.parametrize("over", ["environments", "counters", "lanes", "streams"])
def test_distributions_are_those_of_numpy(distribution: str, over: str) -> None:
    """Along each of the ways on which numbers are drawn one after the other."""
    n, low, high = 20_000, 0.5, 2.0
    one = keys_of([5])
    ways: dict[str, Any] = {
        "environments": lambda: draw(distribution, (low, high), keys_of(range(n)), 3, zeros(n), 1),
        "counters": lambda: draw(distribution, (low, high), one.repeat(n), 3, np.arange(n), 1),
        "lanes": lambda: draw(distribution, (low, high), one, 3, zeros(1), n),
        "streams": lambda: np.concatenate(
            [draw(distribution, (low, high), one, s, zeros(1), 1) for s in range(2000)]
        ),
    }
    sample = ways[over]().ravel()
    rng = np.random.default_rng(0)
    theirs: dict[str, Any] = {
        "uniform": lambda: rng.uniform(low, high, n),
        "log_uniform": lambda: np.exp(rng.uniform(np.log(low), np.log(high), n)),
        "gaussian": lambda: rng.normal(low, high, n),
    }
    other = theirs[distribution]()
    # Greater by chance once in a thousand times.
    limit = 1.95 * np.sqrt((len(sample) + n) / (len(sample) * n))
    assert distance(sample, other) < limit
    error = 5 * other.std() / np.sqrt(len(sample))
    assert abs(sample.mean() - other.mean()) < error + 5 * other.std() / np.sqrt(n)
    assert abs(sample.std() / other.std() - 1) < 0.1
    # One after the other they know nothing of each other.
    assert abs(np.corrcoef(sample[:-1], sample[1:])[0, 1]) < 5 / np.sqrt(len(sample))
    if distribution != "gaussian":
        assert low < sample.min() < low + 0.01
        assert high - 0.01 < sample.max() < high


def test_no_two_numbers_are_alike() -> None:
    """Neighbouring seeds, streams, counters and lanes do not meet."""
    n = 16
    seeds, streams, counters = (grid.ravel() for grid in np.meshgrid(*[np.arange(n)] * 3))
    keys = keys_of(range(n))
    found = np.concatenate(
        [uniform(keys[seeds[streams == s]], s, counters[streams == s], n).ravel() for s in range(n)]
    )
    assert len(np.unique(found)) == n**4


def test_seeds_may_be_as_large_as_gymnasium_makes_them() -> None:
    keys = keys_of([0, 2**32, 2**64 + 7, 2**127 + 3])
    assert len(np.unique(keys)) == 4
