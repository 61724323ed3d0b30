"""The quadruped: its body, what it observes, pushes and goals, what it is paid and judged by."""

from pathlib import Path
from typing import Any

import mujoco
import numpy as np
import pytest
from numpy.typing import NDArray

import websim
from websim import Experiment, InvalidArgument, MujocoVectorEnv, mjcf
from websim.algorithms.presets import preset
from websim.experiments import archive
from websim.experiments.robot import make_robot
from websim.experiments.sources import experiment_of
from websim.names import observation_names
from websim.physics.native import load_model
from websim.registry import task_class
from websim.rewards import Measure
from websim.tasks.quadruped import GOAL, PUSHES, QuadrupedBalance, QuadrupedWalk

TASKS = ("QuadrupedBalance-v0", "QuadrupedWalk-v0")


@pytest.fixture(scope="module")
def model() -> mujoco.MjModel:
    return load_model(mjcf.find("quadruped.xml"))


def hold(env: MujocoVectorEnv) -> NDArray[np.float32]:
    """Torques of springs and dampers that keep the stance."""
    data, robot = env.physics.data, env.physics.model
    torque = 40 * (robot.key_qpos[0, 7:] - data.qpos[:, 7:]) - data.qvel[:, 6:]
    actions: NDArray[np.float32] = (torque / robot.actuator_gear[:, 0]).clip(-1, 1)
    return actions.astype(np.float32)


def test_its_body_is_of_this_world(model: mujoco.MjModel) -> None:
    assert 11 < model.body_mass.sum() < 14
    assert (model.nq, model.nv, model.nu, model.nmesh) == (19, 18, 12, 0)
    data = mujoco.MjData(model)
    # However large the action, a motor's torque is limited.
    mujoco.mj_resetDataKeyframe(model, data, 0)
    data.ctrl[:] = 100
    mujoco.mj_forward(model, data)
    np.testing.assert_allclose(data.actuator_force, 1)
    np.testing.assert_allclose(data.qfrc_actuator[6:], np.tile([24, 24, 35], 4))
    # It begins on its feet, which touch the floor and hardly sink in.
    assert sorted(model.geom(max(pair)).name for pair in data.contact.geom) in (
        [],
        ["FL_foot", "FR_foot", "RL_foot", "RR_foot"],
    )
    feet = [data.geom(f"{leg}_foot").xpos[2] - 0.022 for leg in ("FL", "FR", "RL", "RR")]
    assert np.abs(feet).max() < 2e-3


def test_only_the_floor_is_touched(model: mujoco.MjModel) -> None:
    data = mujoco.MjData(model)
    mujoco.mj_resetDataKeyframe(model, data, 0)
    rng = np.random.default_rng(0)
    seen: set[str] = set()
    for _ in range(600):
        data.ctrl[:] = rng.uniform(-1, 1, 12)
        mujoco.mj_step(model, data)
        names = [{model.geom(int(i)).name for i in pair} for pair in data.contact.geom]
        assert all("floor" in pair for pair in names)
        seen.update(*names)
    assert {"floor", "trunk"} < seen
    assert seen <= {"floor", "trunk"} | {
        f"{leg}_{part}" for leg in ("FL", "FR", "RL", "RR") for part in ("foot", "knee")
    }


@pytest.mark.parametrize("task", TASKS)
def test_what_it_observes(task: str, model: mujoco.MjModel) -> None:
    env = websim.make_vec(task, 3)
    env.reset(seed=4)
    data = env.physics.data
    if task == "QuadrupedBalance-v0":
        data.userdata[:, 2] = (0.3, -0.4, 2.0)  # told to turn
    native = mujoco.MjData(model)
    for _ in range(30):
        env.step(hold(env))
        env.physics.forward(np.arange(3))
        observed = np.concatenate(env.task.observation(data), axis=1)
        for i in range(3):
            native.qpos[:], native.qvel[:] = data.qpos[i], data.qvel[i]
            mujoco.mj_forward(model, native)
            facing, away, orientation = np.zeros(4), np.zeros(4), np.zeros(4)
            mujoco.mju_axisAngle2Quat(
                facing, np.array([0.0, 0, 1]), data.userdata[i, 2] * data.time[i]
            )
            mujoco.mju_negQuat(away, facing)
            mujoco.mju_mulQuat(orientation, away, data.qpos[i, 3:7])
            velocity = np.zeros(6)
            kind = mujoco.mjtObj.mjOBJ_XBODY
            mujoco.mj_objectVelocity(model, native, kind, model.body("trunk").id, velocity, 1)
            expected = [
                *(orientation, velocity[3:], velocity[:3]),
                *(data.qpos[i, 7:], data.qvel[i, 6:], data.userdata[i, :3]),
            ]
            np.testing.assert_allclose(observed[i], np.concatenate(expected), atol=1e-12)
    names = observation_names(env.task, 3)
    assert len(names) == len(set(names)) == observed.shape[1] == 37
    joints = [name.replace("_", " ") for name in env.physics.model.joint_names[1:]]
    assert list(names[10:22]) == [f"{joint} angle" for joint in joints]
    assert list(names[22:34]) == [f"{joint} velocity" for joint in joints]
    env.close()


def played(first: int, count: int, task: str, steps: int = 260) -> list[NDArray[Any]]:
    """Observations and rewards of some environments of a group, which stand as they are."""
    env = websim.make_vec(task, count, autoreset_mode="SameStep", copy=False)
    env.reset(seed=list(range(10 + first, 10 + first + count)))
    shown = []
    for _ in range(steps):
        env.step(hold(env))
        shown.append(np.column_stack([env.observations, env.rewards, env.physics.data.userdata]))
    env.close()
    return shown


@pytest.mark.parametrize("task", TASKS)
def test_pushes_and_goals_do_not_depend_on_how_many_workers_there_are(task: str) -> None:
    alone = played(0, 5, task)
    divided = zip(played(0, 2, task), played(2, 3, task), strict=True)
    for whole, parts in zip(alone, divided, strict=True):
        np.testing.assert_array_equal(whole, np.concatenate(parts))


def test_a_push_comes_when_it_is_due_and_is_as_hard_as_drawn() -> None:
    n = 8
    env = MujocoVectorEnv(QuadrupedBalance(), n, copy=False, max_episode_steps=-1)
    env.reset(seed=0)
    data, dt = env.physics.data, env.task.dt
    pushes = data.userdata[:, GOAL:].reshape(n, PUSHES, 3).copy()
    times = pushes[:, :, 0]
    waited = np.diff(times, axis=1, prepend=0)
    assert ((waited >= 2) & (waited <= 4)).all()
    speeds = np.linalg.norm(pushes[:, :, 1:], axis=2)
    assert ((speeds >= 0.5) & (speeds <= 1.1)).all()
    assert len(np.unique(times)) == n * PUSHES, "each environment has its own"

    steps = int(1.5 * times[:, -1].max() / dt)
    came: list[list[NDArray[Any]]] = [[] for _ in range(n)]
    for k in range(steps):
        data.time[:] = k * dt
        data.qvel[:] = 0
        env.task.before(data)
        for pushed in np.flatnonzero(data.qvel.any(axis=1)):
            assert not data.qvel[pushed, 2:].any()
            came[pushed].append(np.array([k * dt, *data.qvel[pushed, :2]]))
    for i in range(n):
        found = np.array(came[i])
        assert len(found) > PUSHES, "they begin again"
        after = found[:PUSHES, 0] - times[i]
        assert ((after > -1e-9) & (after < dt + 1e-9)).all()
        expected = np.concatenate([pushes[i], pushes[i]])[: len(found), 1:]
        np.testing.assert_allclose(found[:, 1:], expected)
    env.close()


def test_goals_are_drawn_within_their_ranges() -> None:
    env = MujocoVectorEnv(QuadrupedWalk(), 200)
    env.reset(seed=0)
    goals = env.physics.data.userdata[:, :GOAL]
    ranges = np.array([(0.5, 0.9), (-0.2, 0.2), (-0.5, 0.5)])
    assert (ranges[:, 0] <= goals).all()
    assert (goals <= ranges[:, 1]).all()
    np.testing.assert_allclose(goals.mean(axis=0), ranges.mean(axis=1), atol=0.06)
    assert not env.physics.data.userdata[:, GOAL:].any()
    env.close()
    still = MujocoVectorEnv(QuadrupedBalance(), 3)
    still.reset(seed=0)
    assert not still.physics.data.userdata[:, :GOAL].any()
    still.close()


def test_an_episode_ends_where_it_falls_and_balance_counts_those_that_do_not() -> None:
    """Those that are pushed over fail, those whose motors hold stand; a limp robot sinks down."""
    for hardest, standing in ((0.0, 1.0), (4.0, 0.0)):
        task = QuadrupedBalance(push_velocity=(hardest, hardest))
        measure = Measure(task.measure_code)
        env = MujocoVectorEnv(
            task, 20, measure=measure, autoreset_mode="SameStep", copy=False, num_threads=1
        )
        env.reset(seed=0)
        over = np.zeros(20, np.bool_)
        for _ in range(task.max_episode_steps):
            env.step(hold(env))
            new = (env.terminations | env.truncations) & ~over
            np.testing.assert_array_equal(env.final_measures[new], ~env.terminations[new])
            over |= new
            if over.all():
                break
        assert over.all()
        assert abs(env.final_measures.mean() - standing) <= 0.1
        env.close()
    limp = websim.make_vec("QuadrupedBalance-v0", 4, autoreset_mode="SameStep", copy=False)
    limp.reset(seed=0)
    for _ in range(50):
        limp.step(np.zeros((4, 12), np.float32))
    assert (limp.final_lengths > 0).all(), "nobody stands without doing anything"
    limp.close()


def test_walking_is_judged_by_the_speed_that_is_missed() -> None:
    env = MujocoVectorEnv(
        QuadrupedWalk(), 6, measure=Measure(QuadrupedWalk.measure_code), max_episode_steps=40
    )
    env.reset(seed=0)
    values = []
    for _ in range(40):
        env.step(hold(env))
        goal = env.physics.data.userdata[:, :2]
        velocity = env.physics.data.sensordata[:, :2]
        wanted = np.hypot(*goal.T)
        along = (velocity * goal).sum(axis=1) / wanted
        values.append(1 - np.abs(along - wanted) / wanted)
    assert env.truncations.all()
    np.testing.assert_allclose(env.final_measures, np.mean(values, axis=0))
    assert (env.final_measures < 0.5).all(), "who stands does not go as he is told"
    env.close()


@pytest.mark.parametrize("task", TASKS)
def test_terms_of_the_reward(task: str) -> None:
    env = websim.make_vec(task, 4, copy=False)
    env.reset(seed=1)
    assert env.reward is not None, "it is paid by code"
    data = env.physics.data
    rng = np.random.default_rng(0)
    for _ in range(40):
        actions = (hold(env) + 0.1 * rng.standard_normal((4, 12))).astype(np.float32)
        before = data.qvel.copy()
        env.step(actions)
        terms = dict(zip(env.reward_terms, env.reward_term_values.T, strict=True))
        np.testing.assert_allclose(env.rewards, sum(terms.values()), atol=1e-12)
        goal, velocity = data.userdata[:, :3], data.sensordata
        bent = data.qpos[:, 7:] - np.tile([0, 0.8, -1.6], 4)
        jerked = (data.qvel[:, 6:] - before[:, 6:]) / env.task.dt
        spent = actions.clip(-1, 1).astype(np.float64)
        expected = {
            "stance": -(bent**2).sum(axis=1),
            "effort": -(spent**2).sum(axis=1),
            "smooth": -(jerked**2).sum(axis=1),
        }
        for name, raw in expected.items():
            weight = terms[name] / raw
            np.testing.assert_allclose(weight, weight[0], rtol=1e-5)
            assert weight[0] > 0
        if task == "QuadrupedWalk-v0":
            missed = ((velocity[:, :2] - goal[:, :2]) ** 2).sum(axis=1)
            paid = np.log(terms["velocity"])
            np.testing.assert_allclose(np.diff(paid) / np.diff(missed), -10, rtol=1e-6)
    env.close()


@pytest.mark.parametrize("task", TASKS)
def test_another_robot_must_have_what_it_needs(task: str) -> None:
    with pytest.raises(InvalidArgument, match=r'keyframe to begin in, and <size nuserdata="18"/>'):
        websim.make_vec(task, 1, xml_file="ant.xml")


@pytest.mark.parametrize("task", TASKS)
def test_a_whole_experiment_in_a_file_is_the_same(task: str, tmp_path: Path) -> None:
    kind = task_class(task)
    xml = mjcf.find("quadruped.xml")
    assert isinstance(xml, str)
    experiment = Experiment(
        task=task,
        robot=make_robot({"quadruped.xml": xml.encode()}),
        reward=kind.reward_code,
        measure=kind.measure_code,
        hyperparameters=preset("ppo", "fast", task),
    )
    file = tmp_path / "quadruped.websim"
    file.write_bytes(archive.dump(experiment))
    assert experiment_of(file).sha256 == experiment.sha256
    own, built_in = websim.make_vec(file, 3), websim.make_vec(task, 3)
    np.testing.assert_array_equal(own.reset(seed=0)[0], built_in.reset(seed=0)[0])
    for _ in range(20):
        actions = hold(built_in)
        for here, there in zip(own.step(actions)[:4], built_in.step(actions)[:4], strict=True):
            np.testing.assert_array_equal(here, there)
    assert own.reward_terms == built_in.reward_terms
    own.close()
    built_in.close()


def test_its_tasks_are_registered() -> None:
    assert websim.task_ids()[11:13] == TASKS
    assert [task_class(task) for task in TASKS] == [QuadrupedBalance, QuadrupedWalk]
