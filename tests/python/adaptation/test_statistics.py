"""Slopes and bounds, against their definitions and against what chance does."""

from itertools import combinations
from math import comb

import numpy as np
import pytest

from websim.adaptation.statistics import noise, theil_sen, wilson_lower


def test_slope_is_the_median_between_all_pairs() -> None:
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(2, 21))
    slopes = [(y[j] - y[i]) / (x[j] - x[i]) for i, j in combinations(range(21), 2)]
    assert theil_sen(x, y, rng).value == np.median(slopes)


def test_a_quarter_of_wild_points_does_not_move_it() -> None:
    rng = np.random.default_rng(1)
    x = np.arange(40.0)
    y = 3 * x + rng.normal(size=40)
    y[::4] += 1e6
    assert theil_sen(x, y, rng).value == pytest.approx(3, abs=0.2)


def test_interval_holds_the_true_slope_about_as_often_as_it_says() -> None:
    rng = np.random.default_rng(2)
    x = np.arange(30.0)
    inside = 0
    for _ in range(200):
        slope = theil_sen(x, 0.1 * x + rng.normal(size=30), rng)
        inside += slope.low <= 0.1 <= slope.high
    assert 0.88 <= inside / 200 <= 0.99


def test_flat_and_rising_are_told_apart() -> None:
    rng = np.random.default_rng(3)
    x = np.arange(100.0)
    assert theil_sen(x, rng.normal(size=100), rng).within_noise
    assert not theil_sen(x, 0.1 * x + rng.normal(size=100), rng).within_noise


@pytest.mark.parametrize("y", [[], [1.0, 2.0], [np.nan] * 5, [1.0, np.inf, 2.0, np.nan]])
def test_too_little_says_nothing(y: list[float]) -> None:
    slope = theil_sen(np.arange(float(len(y))), np.array(y), np.random.default_rng(0))
    assert np.isnan([slope.value, slope.low, slope.high]).all()
    assert not slope.within_noise


@pytest.mark.parametrize("share", [0.5, 0.8, 0.9])
def test_bound_is_rarely_above_the_true_share(share: float) -> None:
    """Exact, by the binomial distribution: one-sided, at a confidence of about 95%."""
    n = 50
    chance = sum(
        comb(n, k) * share**k * (1 - share) ** (n - k)
        for k in range(n + 1)
        if wilson_lower(k, n) > share
    )
    assert 0.005 < chance < 0.09


def test_bound_solves_the_equation_of_the_score_interval() -> None:
    bound = wilson_lower(46, 50)
    assert (0.92 - bound) ** 2 == pytest.approx(1.6449**2 * bound * (1 - bound) / 50)


def test_bound_without_trials_is_nothing() -> None:
    assert wilson_lower(0, 0) == 0.0
    assert 0.94 < wilson_lower(50, 50) < 1.0


def test_noise_is_a_deviation_that_outliers_do_not_move() -> None:
    values = np.random.default_rng(4).normal(scale=2.0, size=2_000)
    values[:100] = 1e9
    assert noise(values) == pytest.approx(2.0, rel=0.15)
    assert np.isnan(noise(np.array([np.nan])))
