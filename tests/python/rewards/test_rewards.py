"""Rewards and measures as code, in environments."""

from typing import Any

import numpy as np
import pytest

from websim import InvalidArgument, MujocoVectorEnv
from websim.errors import CodeFailed, TooCostly, UnsafeCode
from websim.rewards import Measure, Reward
from websim.snapshots import restore, snapshot
from websim.tasks.ant import Ant
from websim.tasks.half_cheetah import HalfCheetah
from websim.tasks.inverted_pendulum import InvertedPendulum

N = 5

RUN = """
def reward(now, before, action):
    speed = (now.qpos[:, 0] - before.qpos[:, 0]) / now.dt
    return {"speed": speed, "effort": -0.1 * np.square(action).sum(axis=1), "alive": 0.5}
"""


def reward(body: str) -> Reward:
    return Reward(f"def reward(now, before, action):\n    {body}\n")


def cheetahs(**options: Any) -> MujocoVectorEnv:
    return MujocoVectorEnv(HalfCheetah(), N, **options)


def actions(env: MujocoVectorEnv, seed: int = 0) -> np.ndarray:
    space = env.single_action_space
    rng = np.random.default_rng(seed)
    return rng.uniform(space.low, space.high, (env.num_envs, space.low.size)).astype(np.float32)


def test_it_is_paid_instead_of_the_tasks_own() -> None:
    env = cheetahs(reward=Reward(RUN))
    assert env.reward_terms == ("speed", "effort", "alive")
    env.reset(seed=0)
    for step in range(3):
        before = env.physics.data.qpos[:, 0].copy()
        action = actions(env, step)
        _, rewards, _, _, infos = env.step(action)
        speed = (env.physics.data.qpos[:, 0] - before) / 0.05
        effort = -0.1 * np.square(action).sum(axis=1)
        np.testing.assert_array_equal(infos["speed"], speed)
        np.testing.assert_array_equal(env.reward_term_values.T, [speed, effort, [0.5] * N])
        np.testing.assert_allclose(rewards, speed + effort + 0.5)
        assert "x_velocity" in infos  # what the task reports stays
        assert "reward_forward" not in infos
    env.close()


def test_what_is_observed_and_when_it_ends_stay_the_tasks() -> None:
    body = 'return {"fall": now.joint("hinge").angle ** 2}'
    own, paid = (MujocoVectorEnv(InvertedPendulum(), N, reward=r) for r in (None, reward(body)))
    for env in (own, paid):
        env.reset(seed=1)
    for step in range(30):
        a, b = (env.step(actions(env, step)) for env in (own, paid))
        np.testing.assert_array_equal(a[0], b[0])
        np.testing.assert_array_equal(a[2], b[2])


def test_only_what_is_read_is_published() -> None:
    read = 'return {"a": now.body("torso").contact_force[:, 2] - before.site("tip").height}'
    assert reward(read).fields == ("site_xpos", "cfrc_ext")
    env = cheetahs(reward=Reward(RUN), measure=Measure("def measure(now, before):\n    return 1.0"))
    assert env.physics.data.fields == ()
    env = MujocoVectorEnv(Ant(), N, reward=reward('return {"a": now.body("torso").up[:, 2]}'))
    assert env.physics.data.fields == ("xpos", "cfrc_ext", "xmat")
    with pytest.raises(AttributeError, match="no array 'xpos' is kept for this code"):
        _ = env._moments.now.xpos


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ("return 1.0", "must return a dictionary of 1 to 64 terms"),
        ("return {}", "must return a dictionary of 1 to 64 terms"),
        ('return {"a b": 1.0}', "letters, digits and _, not 'a b'"),
        ('return {"__x": 1.0}', "letters, digits and _, not '__x'"),
        ("return {1: 1.0}", "letters, digits and _, not 1"),
        (
            'return {"a": now.qpos}',
            r"'a' must have one number for each .* \(1000,\), not \(1000, 9",
        ),
        ('return {"a": "b"}', "the term 'a' is no array of numbers"),
        ('return {"a": None}', "the term 'a' is no array of numbers"),
        ('t = 1\n    for i in range(60):\n        t = (t, t)\n    return {"a": t}', "no array of"),
        ('return {"a": [[1], [1, 2]]}', "the term 'a' is no array of numbers"),
        ('return {"a": now.body("tail").height}', "line 2, column 18: The model has no body named"),
        ('return {"a": now.qpos[:, 99]}', "line 2, column 18: IndexError"),
        ('return {"a": np.zeros(10**9)}', "line 2, column 18: stopped: it makes arrays of more"),
    ],
)
def test_what_is_no_reward_says_so_before_it_is_used(body: str, told: str) -> None:
    with pytest.raises(CodeFailed, match=told):
        cheetahs(reward=reward(body))


def test_terms_stay_the_same() -> None:
    body = 'return {"a": 1.0} if now.time[0] < 0.06 else {"b": 1.0}'
    env = cheetahs(reward=reward(body))
    env.reset(seed=0)
    env.step(actions(env))
    with pytest.raises(CodeFailed, match="must stay the same: they were a, and now are b"):
        env.step(actions(env))


def test_a_reward_that_fails_or_costs_too_much_later_is_stopped() -> None:
    slow = "if now.time[0] > 0.06:\n        x = np.zeros(10**9)\n    return {'a': 1.0}"
    env = cheetahs(reward=reward(slow))
    env.reset(seed=0)
    env.step(actions(env))
    with pytest.raises(TooCostly, match="line 3, column 13: stopped"):
        env.step(actions(env))


def test_code_that_is_not_safe_runs_if_somebody_trusts_it() -> None:
    source = "import math\n" + RUN.replace("0.5", "math.sqrt(0.25)")
    with pytest.raises(UnsafeCode, match="line 1, column 1: this import is not allowed"):
        Reward(source)
    trusted, safe = (cheetahs(reward=r) for r in (Reward(source, trusted=True), Reward(RUN)))
    for env in (trusted, safe):
        env.reset(seed=0)
        env.step(actions(env))
    np.testing.assert_array_equal(trusted.rewards, safe.rewards)
    with pytest.raises(CodeFailed, match="line 4, column 39: NameError"):
        cheetahs(reward=Reward(RUN.replace("0.5", "nothing").replace("-0.1", "no"), trusted=True))


def test_a_reward_that_explodes_gives_way() -> None:
    env = cheetahs(reward=Reward(RUN))
    exploding = reward('return {"far": np.exp(400.0 * now.time)}')
    still = np.zeros((N, 6), np.float32)
    env.reset(seed=0)
    env.use(env.tried(exploding, None))
    for _ in range(10):
        env.step(still)
        assert (np.abs(env.rewards) <= 1e12).all()
    assert "explodes" in str(env.failure)
    env.fall_back()
    env.step(still)
    assert env.failure is None
    assert list(env.reward_terms) != ["far"]

    env = cheetahs(reward=exploding)  # there is nothing to go back to
    env.reset(seed=0)
    env.step(still)
    with pytest.raises(CodeFailed, match=r"explodes: far is 2.35e\+17 \(up to 1e\+12 is allowed\)"):
        env.step(still)


def test_a_reward_that_is_not_finite_ends_the_episode() -> None:
    env = cheetahs(reward=reward('return {"a": np.where(now.qpos[:, 0] > 0, np.nan, 1.0)}'))
    env.reset(seed=0)
    env.physics.data.qpos[:, 0] = [-5, 5, -5, -5, 5]
    _, rewards, _, truncations, infos = env.step(actions(env))
    np.testing.assert_array_equal(truncations, [0, 1, 0, 0, 1])
    np.testing.assert_array_equal(infos["bad_state"], truncations)
    np.testing.assert_array_equal(rewards, [1, 0, 1, 1, 0])
    assert env.unpaid == ("reward.py", [1, 4], ["a"], "NaN")
    assert (env.unpaid_states, env.bad_states) == (2, 0)
    env.physics.data.qvel[0] = np.nan  # that is not the reward's fault
    env.step(actions(env))
    assert (env.unpaid_states, env.bad_states) == (2, 1)


def test_a_reward_that_is_no_number_for_most_robots_has_failed() -> None:
    env = cheetahs(reward=reward('return {"b": 1.0, "a": np.log(0.0 * now.time)  * 0.0}'))
    env.reset(seed=0)
    with pytest.raises(CodeFailed, match="is no number: a is NaN for most robots"):
        env.step(actions(env))


# Measures.

REDUCE = {
    "mean": lambda values: np.mean(values, axis=0),
    "sum": lambda values: np.sum(values, axis=0),
    "last": lambda values: values[-1],
    "best": lambda values: np.max(values, axis=0),
}


def measure(reduce: str | None = None) -> Measure:
    constant = "" if reduce is None else f'reduce = "{reduce}"\n\n'
    return Measure(constant + "def measure(now, before):\n    return now.qpos[:, 0] ** 2\n")


@pytest.mark.parametrize("reduce", REDUCE)
@pytest.mark.parametrize("mode", ["NextStep", "SameStep", "Disabled"])
def test_measures_are_reduced_over_episodes(reduce: str, mode: str) -> None:
    env = cheetahs(measure=measure(reduce), autoreset_mode=mode, max_episode_steps=7)
    env.reset(seed=0)
    seen: list[np.ndarray] = []
    judge = env.measure
    assert judge is not None
    values = judge.values
    judge.values = lambda *a: seen.append(values(*a)) or seen[-1]  # type: ignore[method-assign, func-returns-value]
    for _ in range(2):
        seen.clear()
        for step in range(7):
            env.step(actions(env, step))
        np.testing.assert_allclose(env.final_measures, REDUCE[reduce](seen), rtol=1e-12)
        if mode == "Disabled":
            env.reset(options={"reset_mask": np.ones(N, np.bool_)})
        elif mode == "NextStep":
            env.step(actions(env))  # which resets


def test_the_mean_is_the_default_and_others_are_refused() -> None:
    assert measure().reduce == "mean"
    with pytest.raises(InvalidArgument, match="reduce must be one of mean, sum, last, best"):
        measure("most")
    with pytest.raises(CodeFailed, match=r"the measure must have one number .* not \(1000, 9\)"):
        cheetahs(measure=Measure("def measure(now, before):\n    return now.qpos"))
    with pytest.raises(UnsafeCode, match=r"It is called as measure\(now, before\)"):
        Measure("def measure(now, before, action):\n    return now.qpos")


def test_without_a_measure_there_is_nothing_to_say() -> None:
    env = cheetahs(max_episode_steps=1)
    env.reset(seed=0)
    env.step(actions(env))
    assert np.isnan(env.final_measures).all()


def test_what_blew_up_is_not_measured() -> None:
    env = cheetahs(measure=measure("best"), max_episode_steps=5)
    env.reset(seed=0)
    env.step(actions(env))
    env.physics.data.qvel[1] = np.nan
    env.step(actions(env))
    assert env.bad_states == 1
    assert np.isfinite(env.final_measures[1])


def test_measures_of_running_episodes_are_saved() -> None:
    def env() -> MujocoVectorEnv:
        return cheetahs(
            reward=reward('return {"up": now.body("torso").height}'),
            measure=measure("sum"),
            autoreset_mode="SameStep",
            max_episode_steps=9,
        )

    first, second = env(), env()
    first.reset(seed=0)
    for step in range(6):
        first.step(actions(first, step))
    restore(second, snapshot(first))
    for step in range(6):
        for one in (first, second):
            one.step(actions(one, step))
        np.testing.assert_array_equal(first.rewards, second.rewards)
    np.testing.assert_array_equal(first.final_measures, second.final_measures)
    assert np.isfinite(first.final_measures).all()


def test_environments_go_on_under_another_reward() -> None:
    """Which reads what was not saved."""
    first = cheetahs(reward=Reward(RUN))
    first.reset(seed=0)
    first.step(actions(first))
    read = 'return {"up": now.body("torso").height - before.body("torso").height}'
    second = cheetahs(reward=reward(read), measure=measure())
    restore(second, snapshot(first))
    np.testing.assert_array_equal(first.physics.data.qpos, second.physics.data.qpos)
    assert (second.physics.data.xpos[:, 1, 2] > 0.1).all()
    for env in (first, second):
        env.step(actions(env))
    np.testing.assert_array_equal(first.physics.data.qpos, second.physics.data.qpos)
    assert (np.abs(second.rewards) < 0.5).all()
