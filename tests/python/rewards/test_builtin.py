"""The built-in tasks' rewards as code, and what their episodes are judged by."""

import numpy as np
import pytest

import websim
from websim import MujocoVectorEnv
from websim.registry import task_class
from websim.rewards import Measure, Reward
from websim.task import make_task

TASKS = websim.task_ids()[:11]
N = 6


def run(env: MujocoVectorEnv, steps: int = 60) -> list[np.ndarray]:
    """Rewards and terms of random steps."""
    env.reset(seed=3)
    rng = np.random.default_rng(5)
    space = env.single_action_space
    seen = []
    for _ in range(steps):
        env.step(rng.uniform(space.low, space.high, (N, space.low.size)).astype(np.float32))
        seen.append(np.concatenate([env.rewards[:, None], env.reward_term_values], axis=1))
    return seen


@pytest.mark.parametrize("task_id", TASKS)
def test_rewards_as_code_pay_the_same(task_id: str) -> None:
    kind = task_class(task_id)
    own = MujocoVectorEnv(make_task(kind, {}), N, copy=False)
    reward = Reward(kind.reward_code)
    coded = MujocoVectorEnv(make_task(kind, {}), N, reward=reward, copy=False)
    assert coded.reward_terms[: len(own.reward_terms)] == own.reward_terms
    assert reward.about
    for here, there in zip(run(coded), run(own), strict=True):
        columns = there.shape[1]
        np.testing.assert_allclose(here[:, :columns], there, rtol=1e-12, atol=1e-12)


EXPECTED = {
    "Ant-v5": "Metres that the torso got forward.",
    "HumanoidStandup-v5": "Metres that the torso is above the ground, on average.",
    "InvertedPendulum-v5": "Seconds that the pole stood upright.",
    "Reacher-v5": "Metres from the fingertip to the target at the end, negative: at best 0.",
}


@pytest.mark.parametrize("task_id", TASKS)
def test_every_task_has_a_measure(task_id: str) -> None:
    measure = Measure(task_class(task_id).measure_code)
    assert measure.about == EXPECTED.get(task_id, measure.about)
    assert measure.about
    env = MujocoVectorEnv(
        make_task(task_class(task_id), {}), N, measure=measure, copy=False, max_episode_steps=25
    )
    run(env)
    assert np.isfinite(env.final_measures).all()


def test_measures_say_what_happened() -> None:
    env = MujocoVectorEnv(
        make_task(task_class("InvertedPendulum-v5"), {}),
        N,
        measure=Measure(task_class("InvertedPendulum-v5").measure_code),
        autoreset_mode="SameStep",
        copy=False,
    )
    run(env, 40)
    assert (env.final_lengths > 0).all()
    # The step in which the pole fell was none of it upright.
    np.testing.assert_allclose(env.final_measures, (env.final_lengths - 1) * env.task.dt)

    cheetah = task_class("HalfCheetah-v5")
    env = MujocoVectorEnv(
        make_task(cheetah, {}), N, measure=Measure(cheetah.measure_code), max_episode_steps=20
    )
    env.reset(seed=0)
    start = env.physics.data.qpos[:, 0].copy()
    for _ in range(20):
        env.step(np.ones((N, 6), np.float32))
    np.testing.assert_allclose(env.final_measures, env.physics.data.qpos[:, 0] - start)
