"""Running statistics: beside numpy over all data, merged over ranks, beside Gymnasium's."""

from typing import Any

import gymnasium
import numpy as np
import pytest
from gymnasium.wrappers.utils import RunningMeanStd as Theirs

import websim
from tests.python.learning.test_ranks import together
from websim.nn.normalization import Moments, NormalizeObservation, NormalizeReward, RunningMeanStd
from websim.ranks import Communicator


def test_moments_are_those_of_all_data() -> None:
    data = np.random.default_rng(0).normal(3, 5, (1000, 4))
    moments = Moments(4)
    for part in np.split(data, [1, 10, 600]):
        moments.update(part)
    np.testing.assert_allclose(moments.mean, data.mean(axis=0), rtol=1e-12)
    np.testing.assert_allclose(moments.m2 / moments.count, data.var(axis=0), rtol=1e-12)


@pytest.mark.parametrize("size", [1, 2, 3])
def test_merged_over_ranks_they_are_those_of_all_data(size: int) -> None:
    data = np.random.default_rng(0).normal(3, 5, (2, 3, 500, 4))  # [merges, ranks, n, k]

    def run(communicator: Communicator) -> tuple[np.ndarray, np.ndarray]:
        rms = RunningMeanStd(4)
        for merge in range(2):
            for part in np.split(data[merge, communicator.rank], 5):
                rms.update(part)
            rms.merge(communicator)
        return rms.mean, rms.var

    results = together(run, size)
    seen = data[:, :size].reshape(-1, 4)
    for mean, var in results:
        np.testing.assert_array_equal(mean, results[0][0])
        np.testing.assert_array_equal(var, results[0][1])
        # The first 1e-4 of a sample is zeros, as in Gymnasium.
        np.testing.assert_allclose(mean, seen.mean(axis=0), rtol=1e-6)
        np.testing.assert_allclose(var, seen.var(axis=0), rtol=1e-6)


def test_one_rank_does_what_gymnasium_does() -> None:
    data = np.random.default_rng(0).normal(-2, 3, (50, 8, 3))
    ours = RunningMeanStd(3)
    theirs: Any = Theirs(shape=(3,))  # type: ignore[no-untyped-call]
    for number, batch in enumerate(data):
        ours.update(batch)
        theirs.update(batch)
        if number % 7 == 0:
            ours.merge(Communicator())
        np.testing.assert_allclose(ours.mean, theirs.mean, rtol=1e-10)
        np.testing.assert_allclose(ours.var, theirs.var, rtol=1e-10)


def test_observations_are_those_of_gymnasiums_wrapper() -> None:
    env: Any = gymnasium.wrappers.vector.NormalizeObservation(websim.make_vec("Swimmer-v5", 5))
    plain = websim.make_vec("Swimmer-v5", 5)
    normalize = NormalizeObservation(8, clip=1e9)
    theirs, _ = env.reset(seed=3)
    ours, _ = plain.reset(seed=3)
    rng = np.random.default_rng(0)
    for _ in range(20):
        np.testing.assert_allclose(normalize(ours, update=True), theirs, rtol=1e-5, atol=1e-5)
        actions = rng.uniform(-1, 1, (5, 2)).astype(np.float32)
        theirs = env.step(actions)[0]
        ours = plain.step(actions)[0]
    env.close()
    plain.close()


def test_rewards_are_divided_by_the_deviation_of_the_return() -> None:
    rng = np.random.default_rng(0)
    rewards, ended = rng.normal(1, 2, (200, 4)), rng.random((200, 4)) < 0.05
    normalize = NormalizeReward(4, 0.9)
    seen = []
    returns = np.zeros(4)
    for reward, end in zip(rewards, ended, strict=True):
        scaled = normalize(reward, end)
        returns = 0.9 * returns + reward
        seen.append(returns)
        expected = reward / np.sqrt(np.var(seen))
        if len(seen) > 10:
            np.testing.assert_allclose(scaled, np.clip(expected, -10, 10), rtol=1e-3)
        returns = np.where(end, 0, returns)


def test_observations_are_clipped() -> None:
    normalize = NormalizeObservation(2)
    normalize(np.zeros((10, 2)), update=True)
    assert normalize(np.array([[1e9, -1e9]])).tolist() == [[10.0, -10.0]]
