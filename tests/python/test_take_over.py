"""Environments go on from where others have stepped them to."""

import json
from types import SimpleNamespace

import mujoco
import numpy as np
import pytest

import websim
from websim import MujocoVectorEnv, mjcf
from websim.browser.overture import take_over
from websim.browser.shard import Shard
from websim.physics import STATE
from websim.rewards import Reward
from websim.tasks.half_cheetah import HalfCheetah
from websim_server.site import openings
from websim_server.site.openings import STATES, opening


@pytest.mark.parametrize("task", ["Ant-v5", "Humanoid-v5", "Hopper-v5", "QuadrupedBalance-v0"])
def test_goes_on_as_if_it_had_been_there(task: str) -> None:
    n = 3
    there, here = (websim.make_vec(task, n, copy=False) for _ in range(2))
    there.reset(seed=1)
    here.reset(seed=2)
    rng = np.random.default_rng(0)
    actions = rng.uniform(-0.4, 0.4, (8, n, there.single_action_space.shape[0])).astype(np.float32)
    for k in range(4):
        there.step(actions[k])
    data = there.physics.data
    state = {name: getattr(data, name).ravel() for name in (*STATE, *data.fields)}
    take_over(here, state, there.episode_lengths)
    np.testing.assert_array_equal(here.observations, there.observations)
    for k in range(4, 8):
        observations, rewards, terminations, _, _ = there.step(actions[k])
        again = here.step(actions[k])
        np.testing.assert_array_equal(again[0], observations)
        np.testing.assert_array_equal(again[1], rewards)
        np.testing.assert_array_equal(again[2], terminations)
    assert (here.episode_lengths == there.episode_lengths).all()
    there.close()
    here.close()


def test_a_reward_may_read_more_than_was_computed_there() -> None:
    n = 3
    pays_height = Reward(
        "def reward(now, before, action):\n    return {'height': now.body('torso').height}\n"
    )
    there, here = (
        MujocoVectorEnv(HalfCheetah(), n, copy=False, reward=reward)
        for reward in (None, pays_height)
    )
    there.reset(seed=1)
    here.reset(seed=2)
    rng = np.random.default_rng(0)
    actions = rng.uniform(-1, 1, (8, n, 6)).astype(np.float32)
    for k in range(6):
        there.step(actions[k])
    data = there.physics.data
    assert "xpos" not in data.fields
    state = {name: getattr(data, name).copy() for name in (*STATE, *data.fields)}
    take_over(here, {name: array.ravel() for name, array in state.items()}, there.episode_lengths)
    for name in state:
        np.testing.assert_array_equal(getattr(here.physics.data, name), state[name])
    model = mujoco.MjModel.from_xml_string(str(mjcf.find(here.task.xml_file)))
    for i in range(n):
        one = mujoco.MjData(model)
        one.qpos[:], one.qvel[:] = state["qpos"][i], state["qvel"][i]
        mujoco.mj_forward(model, one)
        np.testing.assert_allclose(here.physics.data.xpos[i], one.xpos, rtol=0, atol=1e-12)
    for k in range(6, 8):
        observations, *_ = there.step(actions[k])
        again, rewards, *_ = here.step(actions[k])
        np.testing.assert_array_equal(again, observations)
        np.testing.assert_array_equal(rewards, here.physics.data.xpos[:, 1, 2])
    there.close()
    here.close()


def test_episodes_taken_over_are_not_told() -> None:
    """Nobody knows their returns; those that begin afterwards are told as ever."""
    told: list[tuple[int, float, int]] = []
    shard = Shard("InvertedPendulum-v5", 4, on_episode=lambda *episode: told.append(episode))
    shard.reset(0)
    data = shard.env.physics.data
    state = {name: getattr(data, name).copy() for name in (*STATE, *data.fields)}
    shard.take_over(state, np.full(4, 7))
    shard.step()
    assert (shard.env.episode_returns == 1).all(), "counted from here on"
    assert (shard.env.unrewarded_steps == 7).all()
    ended = 0
    while ended < 12:
        shard.step()
        ended += int(shard.env.terminations.sum())
    assert not shard.env.unrewarded_steps.any()
    shard.close()
    assert len(told) == ended - 4
    assert np.isfinite([episode_return for _, episode_return, _ in told]).all()


@pytest.mark.parametrize("task", ["Hopper-v5", "QuadrupedWalk-v0"])
def test_openings(task: str) -> None:
    content = opening(task)
    assert content is not None
    told = json.loads(content)
    env = websim.make_vec(task, STATES)
    env.reset(seed=0)
    for name in ("qpos", "qvel", "userdata"):
        np.testing.assert_array_equal(told[name], getattr(env.physics.data, name).ravel())
    env.close()


def test_how_long_episodes_of_openings_are() -> None:
    # Random Hoppers fall over in a fraction of a second, cheetahs do not fall at all.
    hopper = opening("Hopper-v5")
    assert hopper is not None
    assert 5 <= json.loads(hopper)["episodeSteps"] <= 40
    cheetah = opening("HalfCheetah-v5")
    assert cheetah is not None
    assert json.loads(cheetah)["episodeSteps"] is None
    assert opening("Unknown-v0") is None


def test_robots_with_files_of_their_own_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    files = SimpleNamespace(load=lambda _: ("<mujoco/>", {"leg.obj": b""}))
    monkeypatch.setattr(openings, "mjcf", files)
    assert openings._made.__wrapped__("InvertedPendulum-v5") == b"null"
