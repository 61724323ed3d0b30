"""The vector environment: Gymnasium's contract, its checkers and wrappers, bad input."""

import copy
import inspect
from collections.abc import Iterator
from typing import Any

import gymnasium
import numpy as np
import pytest
from gymnasium.utils import env_checker, env_match, passive_env_checker
from gymnasium.vector import AutoresetMode, VectorEnv
from gymnasium.wrappers import vector as wrappers

import websim
from websim import InvalidArgument, MujocoVectorEnv

MODES = tuple(AutoresetMode)
TASKS = websim.task_ids()


class OneOf(gymnasium.Env[Any, Any]):
    """A vector of one as a single environment: what Gymnasium's check_env takes."""

    def __init__(self, task: str) -> None:
        self._env = websim.make_vec(task, 1, autoreset_mode=AutoresetMode.DISABLED)
        self.observation_space = self._env.single_observation_space
        self.action_space = self._env.single_action_space

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Any, dict[str, Any]]:
        super().reset(seed=seed)
        observations, infos = self._env.reset(seed=seed, options=options)
        return observations[0], infos

    def step(self, action: Any) -> tuple[Any, float, bool, bool, dict[str, Any]]:
        results = self._env.step(action[np.newaxis])
        observation, reward, terminated, truncated = (result[0] for result in results[:4])
        return observation, float(reward), bool(terminated), bool(truncated), results[4]


@pytest.mark.filterwarnings("ignore:.*Box .*space.*")
@pytest.mark.filterwarnings("ignore:.*alternative render modes.*")
@pytest.mark.parametrize("task", TASKS)
def test_gymnasiums_check_env(task: str) -> None:
    env_checker.check_env(OneOf(task))


@pytest.mark.parametrize("task", [task for task in TASKS if task in gymnasium.registry])
def test_gymnasiums_environment_match(task: str) -> None:
    # Compares flags with `==` in an `if`, so that it can take vectors of one only.
    theirs = gymnasium.make_vec(task, num_envs=1, vectorization_mode="sync")
    env_match.check_environments_match(theirs, websim.make_vec(task, 1), num_steps=120)  # type: ignore[arg-type]


def test_gymnasiums_checks_that_take_vectors() -> None:
    env = websim.make_vec("Hopper-v5", 5)
    for check in (
        env_checker.check_reset_return_type,
        env_checker.check_reset_options,
        env_checker.check_seed_deprecation,
        env_checker.check_reset_return_info_deprecation,
    ):
        check(env)  # type: ignore[arg-type]
    observations, _ = env.reset(seed=1)
    passive_env_checker.check_obs(observations, env.observation_space, "reset")
    results = env.step(env.action_space.sample())
    passive_env_checker.check_obs(results[0], env.observation_space, "step")
    assert inspect.signature(env.reset).parameters["seed"].default is None


@pytest.mark.parametrize("mode", MODES)
def test_contract(mode: AutoresetMode) -> None:
    env = websim.make_vec("Walker2d-v5", 4, autoreset_mode=mode)
    assert isinstance(env, VectorEnv)
    assert env.metadata["autoreset_mode"] is mode
    assert env.num_envs == 4
    assert env.observation_space.shape == (4, 17)
    assert env.single_observation_space.dtype == np.float64
    assert env.action_space.shape == (4, 6)
    assert env.single_action_space.dtype == np.float32
    env.reset(seed=0)
    observations, rewards, terminations, truncations, infos = env.step(env.action_space.sample())
    assert observations in env.observation_space
    assert rewards.shape == terminations.shape == truncations.shape == (4,)
    assert str(rewards.dtype) == "float64"
    assert str(terminations.dtype) == "bool"
    assert set(env.reward_terms) <= infos.keys()


def test_a_vector_is_its_environments_one_by_one() -> None:
    together = websim.make_vec("Ant-v5", 3, max_episode_steps=20)
    alone = [websim.make_vec("Ant-v5", 1, max_episode_steps=20) for _ in range(3)]
    together.reset(seed=[4, 9, 2])
    for env, seed in zip(alone, (4, 9, 2), strict=True):
        env.reset(seed=seed)
    rng = np.random.default_rng(0)
    for _ in range(50):
        actions = rng.uniform(-1, 1, (3, 8)).astype(np.float32)
        results = together.step(actions)
        for i, env in enumerate(alone):
            for one, result in zip(env.step(actions[i : i + 1])[:4], results[:4], strict=True):
                np.testing.assert_array_equal(one[0], result[i])


def test_seeds() -> None:
    env = websim.make_vec("Hopper-v5", 3)
    first, _ = env.reset(seed=5)
    second, _ = env.reset()
    assert not np.array_equal(first, second), "without a seed the generators go on"
    again, _ = env.reset(seed=[5, 6, 7])
    np.testing.assert_array_equal(first, again)
    assert env.np_random_seed == (5, 6, 7)
    assert env.np_random[1] is not env.np_random[2]
    partly, _ = env.reset(seed=[5, None, None])
    np.testing.assert_array_equal(first[0], partly[0])
    np.testing.assert_array_equal(second[1:], partly[1:])
    assert len(np.unique(websim.make_vec("Hopper-v5", 50).reset()[0], axis=0)) == 50


def test_reset_mask_leaves_the_others_alone() -> None:
    env = websim.make_vec("Hopper-v5", 3, autoreset_mode=AutoresetMode.DISABLED)
    env.reset(seed=0)
    before = env.step(env.action_space.sample())[0]
    options = {"reset_mask": np.array([False, True, False])}
    after, infos = env.reset(options=options)
    assert "reset_mask" in options, "the caller's dictionary stays as it is"
    np.testing.assert_array_equal(before[[0, 2]], after[[0, 2]])
    assert not np.array_equal(before[1], after[1])
    np.testing.assert_array_equal(infos["_x_position"], options["reset_mask"])
    np.testing.assert_array_equal(env.episode_lengths, [1, 0, 1])


def test_disabled_autoreset_waits_for_a_reset() -> None:
    env = websim.make_vec("Reacher-v5", 2, autoreset_mode="Disabled", max_episode_steps=1)
    env.reset(seed=0)
    env.step(env.action_space.sample())
    with pytest.raises(websim.ResetNeeded, match=r"environments \[0, 1\] have ended"):
        env.step(env.action_space.sample())
    env.reset(options={"reset_mask": np.array([True, False])})
    with pytest.raises(websim.ResetNeeded, match=r"environments \[1\] have ended"):
        env.step(env.action_space.sample())
    env.reset(options={"reset_mask": np.array([False, True])})
    env.step(env.action_space.sample())


def test_time_limit() -> None:
    env = websim.make_vec("HalfCheetah-v5", 2, max_episode_steps=3)
    env.reset(seed=0)
    actions = env.action_space.sample()
    assert [env.step(actions)[3].all() for _ in range(8)] == [0, 0, 1, 0, 0, 0, 1, 0]
    endless = websim.make_vec("Reacher-v5", 1, max_episode_steps=-1)
    endless.reset(seed=0)
    actions = endless.action_space.sample()
    assert not any(endless.step(actions)[3][0] for _ in range(60))


def test_results_are_copies_unless_asked_otherwise() -> None:
    env = websim.make_vec("Hopper-v5", 2)
    first, _ = env.reset(seed=0)
    kept = copy.deepcopy(first)
    results = env.step(env.action_space.sample())
    kept_results = copy.deepcopy(results)
    env.step(env.action_space.sample())
    np.testing.assert_array_equal(first, kept)
    assert env_checker.data_equivalence(results, kept_results, exact=True)


def test_in_place_mode_never_rebinds() -> None:
    env = websim.make_vec("Hopper-v5", 8, autoreset_mode="SameStep", copy=False)
    names = [
        "observations",
        "rewards",
        "terminations",
        "truncations",
        "reward_term_values",
        "episode_returns",
        "episode_lengths",
        "final_observations",
        "final_returns",
        "final_lengths",
    ]
    addresses = {name: getattr(env, name).ctypes.data for name in names}
    assert env.reset(seed=0)[0] is env.observations
    episodes = 0
    returns, lengths = np.zeros(8), np.zeros(8, int)
    for _ in range(60):
        *results, infos = env.step(env.action_space.sample())
        arrays = env.observations, env.rewards, env.terminations, env.truncations
        assert all(result is array for result, array in zip(results, arrays, strict=True))
        np.testing.assert_allclose(env.reward_term_values.sum(axis=1), env.rewards)
        returns += env.rewards
        lengths += 1
        ended = env.terminations | env.truncations
        assert ("episode" in infos) == ended.any()
        if ended.any():
            episodes += int(ended.sum())
            np.testing.assert_array_equal(infos["_episode"], ended)
            np.testing.assert_allclose(infos["episode"]["r"][ended], returns[ended])
            np.testing.assert_array_equal(infos["episode"]["l"][ended], lengths[ended])
            # The last observation of an episode fell; the first of the next stands upright.
            assert (np.abs(env.final_observations[ended, 1]) > 0.1).all()
            assert (np.abs(env.observations[ended, 1]) < 0.01).all()
            returns[ended] = lengths[ended] = 0
        np.testing.assert_allclose(env.episode_returns, returns)
        np.testing.assert_array_equal(env.episode_lengths, lengths)
    assert episodes > 3
    assert addresses == {name: getattr(env, name).ctypes.data for name in names}


@pytest.mark.parametrize("mode", MODES)
def test_record_episode_statistics(mode: AutoresetMode) -> None:
    def episodes(env: Any) -> Iterator[tuple[int, float, int]]:
        env = wrappers.RecordEpisodeStatistics(env)
        env.reset(seed=3)
        env.action_space.seed(3)
        for _ in range(80):
            *_, terminations, truncations, infos = env.step(env.action_space.sample())
            for i in np.flatnonzero(infos.get("_episode", [])):
                yield int(i), infos["episode"]["r"][i], infos["episode"]["l"][i]
            if mode is AutoresetMode.DISABLED and (terminations | truncations).any():
                env.reset(options={"reset_mask": terminations | truncations})

    ours = websim.make_vec("Hopper-v5", 3, autoreset_mode=mode)
    if mode is AutoresetMode.DISABLED:
        # Gymnasium's SyncVectorEnv takes the mask out of the options that its wrapper looks at.
        recorded = []
        for i, episode_return, length in episodes(ours):
            assert (ours.final_returns[i], ours.final_lengths[i]) == (episode_return, length)
            recorded.append((i, episode_return, length))
    else:
        theirs = gymnasium.make_vec(
            "Hopper-v5",
            num_envs=3,
            vectorization_mode="sync",
            vector_kwargs={"autoreset_mode": mode},
        )
        recorded = list(episodes(ours))
        assert recorded == list(episodes(theirs))
    assert len(recorded) > 3


@pytest.mark.filterwarnings("ignore:.*precision lowered by casting.*")
@pytest.mark.parametrize(
    "wrap",
    [
        wrappers.NormalizeObservation,
        wrappers.NormalizeReward,
        wrappers.DictInfoToList,
        wrappers.FlattenObservation,
        wrappers.ClipAction,
        lambda env: wrappers.RescaleAction(env, -0.5, 0.5),
        lambda env: wrappers.ClipReward(env, -1, 1),
        lambda env: wrappers.DtypeObservation(env, np.float32),
        lambda env: wrappers.TransformObservation(env, np.negative),
    ],
)
def test_gymnasiums_vector_wrappers(wrap: Any) -> None:
    def results(env: Any) -> list[Any]:
        env = wrap(env)
        env.action_space.seed(0)
        return [env.reset(seed=0)] + [env.step(env.action_space.sample()) for _ in range(60)]

    theirs = results(gymnasium.make_vec("Hopper-v5", num_envs=2, vectorization_mode="sync"))
    ours = results(websim.make_vec("Hopper-v5", 2))
    for expected, actual in zip(theirs, ours, strict=True):
        assert env_checker.data_equivalence(expected, actual, exact=True)


def test_gymnasiums_make_vec() -> None:
    env = gymnasium.make_vec(
        "websim/Ant-v5", num_envs=3, ctrl_cost_weight=0.1, autoreset_mode=AutoresetMode.SAME_STEP
    )
    assert isinstance(env, MujocoVectorEnv)
    assert env.spec is not None
    assert (env.num_envs, env.spec.id) == (3, "websim/Ant-v5")
    assert env.task.ctrl_cost_weight == 0.1  # type: ignore[attr-defined]
    assert env.autoreset_mode is AutoresetMode.SAME_STEP
    twin = gymnasium.make_vec(env.spec)
    np.testing.assert_array_equal(env.reset(seed=0)[0], twin.reset(seed=0)[0])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"num_envs": 0}, "num_envs must be an integer from 1 to 65536, not 0"),
        ({"num_envs": 10**6}, "num_envs must be an integer from 1 to 65536, not 1000000"),
        ({"num_envs": 2.5}, "num_envs must be an integer"),
        ({"num_envs": True}, "num_envs must be an integer"),
        ({"num_threads": 0}, "num_threads must be an integer of at least 1 or None, not 0"),
        ({"num_threads": 1.5}, "num_threads must be an integer"),
        ({"max_episode_steps": 0}, "max_episode_steps must be an integer of at least 1"),
        ({"autoreset_mode": "sometimes"}, "'NextStep', 'SameStep', 'Disabled', not 'sometimes'"),
        ({"ctrl_cost": 1}, "Ant-v5 has no option 'ctrl_cost'; its options are: xml_file, frame"),
        ({"frame_skip": 0}, "frame_skip must be an integer from 1 to 10000, not 0"),
        ({"frame_skip": True}, "frame_skip must be an integer"),
        ({"ctrl_cost_weight": "0.5"}, "ctrl_cost_weight must be a number, not '0.5'"),
        ({"ctrl_cost_weight": float("nan")}, "ctrl_cost_weight must be a number"),
        ({"healthy_z_range": (1.0, 0.2)}, "healthy_z_range must be two numbers"),
        ({"healthy_z_range": 1.0}, "healthy_z_range must be two numbers"),
        ({"terminate_when_unhealthy": 1}, "terminate_when_unhealthy must be True or False"),
        ({"main_body": "tail"}, "no body named 'tail'; it has: world, torso"),
        ({"main_body": 14}, "no body 14; ids go from 0 to 13"),
        ({"xml_file": 3}, "xml_file must be of type str"),
    ],
)
def test_bad_arguments(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidArgument) as error:
        websim.make_vec("Ant-v5", **arguments)
    assert message in str(error.value)


@pytest.mark.parametrize(
    ("actions", "message"),
    [
        (np.zeros((3, 8), np.float32), r"the shape \(2, 8\), not \(3, 8\)"),
        (np.zeros(8, np.float32), r"the shape \(2, 8\), not \(8,\)"),
        (np.zeros((2, 8), int), "float32 or float64, not int64"),
        ([["a"] * 8] * 2, "float32 or float64"),
        (np.array([[0.0] * 8, [np.nan] * 8]), r"finite; those of environments \[1\] are not"),
        (np.full((2, 8), np.inf, np.float32), r"finite; those of environments \[0, 1\] are not"),
    ],
)
def test_bad_actions(actions: Any, message: str) -> None:
    env = websim.make_vec("Ant-v5", 2)
    observations, _ = env.reset(seed=0)
    with pytest.raises(InvalidArgument, match=message):
        env.step(actions)
    np.testing.assert_array_equal(env.observations, observations)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"seed": [1, 2, 3]}, "one for each of the 2 environments, not 3"),
        ({"seed": -1}, "integer of at least 0, not -1"),
        ({"seed": 1.5}, "seed must be an integer, a list of them or None, not 1.5"),
        ({"seed": [1, "2"]}, "integer of at least 0, not '2'"),
        ({"options": {"mask": 1}}, "knows only the option 'reset_mask', not 'mask'"),
        ({"options": {"reset_mask": [True, False]}}, "a bool array of shape"),
        ({"options": {"reset_mask": np.zeros(2, np.bool_)}}, "at least one True"),
        ({"options": {"reset_mask": np.ones(3, np.bool_)}}, "a bool array of shape"),
    ],
)
def test_bad_resets(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidArgument, match=message):
        websim.make_vec("Ant-v5", 2).reset(**arguments)


def test_step_before_reset() -> None:
    env = websim.make_vec("Ant-v5", 2)
    actions = env.action_space.sample()
    with pytest.raises(gymnasium.error.ResetNeeded):
        env.step(actions)
    env.reset(options={"reset_mask": np.array([True, False])})
    with pytest.raises(websim.ResetNeeded):
        env.step(actions)
    env.reset()
    env.step(actions)


def test_close() -> None:
    env = websim.make_vec("Ant-v5", 2)
    env.reset()
    env.close()
    env.close()
    with pytest.raises(gymnasium.error.ClosedEnvironmentError):
        env.reset()
    with pytest.raises(websim.ClosedEnvironment):
        env.step(np.zeros((2, 8), np.float32))
