"""Simulations that blow up: only they end, are counted, marked and reset."""

import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pytest
from gymnasium.vector import AutoresetMode

import websim
from websim import MujocoVectorEnv, Outcome
from websim.physics import BatchData
from websim.tasks.inverted_pendulum import InvertedPendulum


@pytest.fixture(autouse=True)
def _log_elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.chdir(tmp_path)  # MuJoCo writes its warnings to MUJOCO_LOG.TXT.
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        yield


def nan_position(data: BatchData) -> None:
    data.qpos[1, 3] = np.nan


def huge_velocity(data: BatchData) -> None:
    data.qvel[1, 2] = 1e12


def infinite_position(data: BatchData) -> None:
    data.qpos[1, 0] = np.inf


@pytest.mark.parametrize("damage", [nan_position, huge_velocity, infinite_position])
@pytest.mark.parametrize("mode", list(AutoresetMode))
def test_only_the_one_that_blew_up(
    mode: AutoresetMode, damage: Callable[[BatchData], None]
) -> None:
    def make() -> MujocoVectorEnv:
        env = websim.make_vec("HalfCheetah-v5", 3, autoreset_mode=mode)
        env.reset(seed=0)
        env.step(np.zeros((3, 6), np.float32))
        return env

    env, healthy = make(), make()
    actions = np.full((3, 6), 0.5, np.float32)
    good = env.observations[1].copy()
    damage(env.physics.data)
    observations, rewards, terminations, truncations, infos = env.step(actions)
    expected = healthy.step(actions)

    np.testing.assert_array_equal(truncations, [False, True, False])
    np.testing.assert_array_equal(infos["bad_state"], truncations)
    np.testing.assert_array_equal(infos["_bad_state"], truncations)
    assert not terminations.any()
    assert rewards[1] == 0.0
    assert env.bad_states == 1
    assert not env.reward_term_values[1].any()
    others = [0, 2]
    np.testing.assert_array_equal(observations[others], expected[0][others])
    np.testing.assert_array_equal(rewards[others], expected[1][others])
    np.testing.assert_array_equal(infos["_reward_forward"], [True, False, True])
    if mode is AutoresetMode.SAME_STEP:
        np.testing.assert_array_equal(infos["final_obs"][1], good)
        np.testing.assert_array_equal(infos["_final_obs"], truncations)
        assert infos["final_info"] == {}
        assert np.abs(observations[1]).max() < 1, "a new episode"
    else:
        np.testing.assert_array_equal(observations[1], good)

    if mode is AutoresetMode.DISABLED:
        env.reset(options={"reset_mask": truncations})
    for _ in range(5):
        observations, _, _, truncations, infos = env.step(actions)
        expected = healthy.step(actions)
        assert np.isfinite(observations).all()
        assert not truncations.any()
        assert "bad_state" not in infos
        np.testing.assert_array_equal(observations[others], expected[0][others])
    assert env.bad_states == 1


def test_in_place_mode_marks_them_too() -> None:
    env = websim.make_vec("Ant-v5", 2, autoreset_mode="SameStep", copy=False)
    env.reset(seed=0)
    env.physics.data.qvel[0] = np.nan
    *_, infos = env.step(np.zeros((2, 8), np.float32))
    np.testing.assert_array_equal(infos["bad_state"], [True, False])
    np.testing.assert_array_equal(infos["_episode"], [True, False])
    np.testing.assert_array_equal(infos["episode"]["l"], [1, 0])
    assert np.isfinite(env.observations).all()


@dataclass(kw_only=True)
class Overflowing(InvertedPendulum):
    """Physics is fine, but what the task makes of it is not."""

    id: ClassVar[str] = "Overflowing-v0"

    def observation(self, data: BatchData) -> tuple[Any, ...]:
        return (*super().observation(data), 1.0 / (data.time[:, None] < 0.1))

    def outcome(self, data: BatchData, before: None, actions: Any) -> Outcome:
        return Outcome(np.log(0.3 - data.time), {"reward_survive": data.time})


def test_a_task_that_gives_something_infinite() -> None:
    env = MujocoVectorEnv(Overflowing(), 2)
    env.reset(seed=0)
    truncated = [env.step(np.zeros((2, 1), np.float32))[3].tolist() for _ in range(4)]
    assert truncated == [[False] * 2, [False] * 2, [True] * 2, [False] * 2]
    assert env.bad_states == 2


def test_nothing_is_left_of_a_blow_up_in_the_shared_data() -> None:
    env = websim.make_vec("Hopper-v5", 2)
    env.reset(seed=0)
    env.physics.data.qpos[0] = np.nan
    env.physics.step(1)
    np.testing.assert_array_equal(env.physics.bad, [True, False])
    env.physics.step(1)
    assert not env.physics.bad.any()
