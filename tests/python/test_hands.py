"""Pushes and pulls: against an MjData for each environment, bit by bit; recorded, and repeated."""

import json
from dataclasses import replace
from typing import Any

import mujoco
import numpy as np
import pytest

import websim
from tests.state_models import arm
from tests.trees import leaves
from websim import Experiment, InvalidArgument, MujocoVectorEnv, ResetNeeded, mjcf
from websim.experiments.archive import dump, load
from websim.experiments.experiment import Simulation, from_dict
from websim.hands import MAX_BYTES, read_events
from websim.physics import FIELDS, STATE, make_physics
from websim.physics.native import load_model
from websim.training import checkpoints
from websim.training.trainer import Trainer
from websim.worlds import EventTerm, World

N = 3

TASKS = ("Ant-v5", "HalfCheetah-v5", "Humanoid-v5", "Reacher-v5")


def made(task: str, num_envs: int = N, **options: Any) -> MujocoVectorEnv:
    env = websim.make_vec(task, num_envs, **{"autoreset_mode": "SameStep", **options})
    env.reset(seed=0)
    return env


class Oracle:
    """The same environments as an MjData each, pushed by MuJoCo's own means."""

    def __init__(self, env: MujocoVectorEnv) -> None:
        self.env = env
        self.model = load_model(mjcf.find(env.task.xml_file))
        self.datas = [mujoco.MjData(self.model) for _ in range(env.num_envs)]
        for i, data in enumerate(self.datas):
            data.time = env.physics.data.time[i]
            for name in STATE:
                if name != "time":
                    getattr(data, name)[...] = getattr(env.physics.data, name)[i]
        self.pulls: dict[int, Any] = {}

    def grab(self, i: int, body: int, point: Any) -> Any:
        """What mjv_initPerturb makes of it."""
        model, data = self.model, self.datas[i]
        copy = mujoco.MjData(model)
        copy.qpos[:], copy.qvel[:] = data.qpos, data.qvel
        mujoco.mj_forward(model, copy)
        scene = mujoco.MjvScene(model, 100)
        camera = mujoco.MjvCamera()
        mujoco.mjv_updateScene(
            model, copy, mujoco.MjvOption(), None, camera, mujoco.mjtCatBit.mjCAT_ALL, scene
        )
        perturb = mujoco.MjvPerturb()
        perturb.select = body
        perturb.localpos = point
        mujoco.mjv_initPerturb(model, copy, scene, perturb)
        perturb.active = int(mujoco.mjtPertBit.mjPERT_TRANSLATE)
        return perturb

    def step(self, actions: Any, applied: Any = None) -> None:
        """With forces and torques [n, nbody, 6] on bodies, beside those of pulls."""
        if applied is None:
            applied = np.zeros((self.env.num_envs, self.model.nbody, 6))
        for i, data in enumerate(self.datas):
            data.ctrl[:] = actions[i]
            data.xfrc_applied[:] = applied[i]
            if i in self.pulls:
                mujoco.mj_kinematics(self.model, data)
                mujoco.mj_comPos(self.model, data)
                mujoco.mj_comVel(self.model, data)
            for _ in range(self.env.task.frame_skip):
                if i in self.pulls:
                    body = self.pulls[i].select
                    mujoco.mjv_applyPerturbForce(self.model, data, self.pulls[i])
                    data.xfrc_applied[body] += applied[i, body]
                mujoco.mj_step(self.model, data)
            mujoco.mj_rnePostConstraint(self.model, data)

    def check(self) -> None:
        for i, data in enumerate(self.datas):
            for name in STATE:
                array = getattr(self.env.physics.data, name)[i]
                np.testing.assert_array_equal(array, getattr(data, name), f"{name} of {i}")


def actions_of(env: MujocoVectorEnv, rng: Any) -> Any:
    space = env.single_action_space
    size = (env.num_envs, *space.shape)
    return rng.uniform(space.low, space.high, size).astype(np.float32)


@pytest.mark.parametrize("task", TASKS)
def test_pushes_are_xfrc_applied(task: str) -> None:
    env = made(task, max_episode_steps=-1)
    oracle, rng = Oracle(env), np.random.default_rng(0)
    bodies = [1, env.physics.model.nbody - 1]
    force, torque = rng.normal(size=(N, 3)), rng.normal(size=(N, 3))
    env.apply_force(None, bodies[0], force, torque=torque, steps=4)
    env.apply_force([1], bodies[1], [0, 0, 2], seconds=2 * env.task.dt)
    for step in range(7):
        applied = np.zeros((N, env.physics.model.nbody, 6))
        if step < 4:
            applied[:, bodies[0]] = np.concatenate([force, torque], axis=1)
        if step < 2:
            applied[1, bodies[1], 2] = 2
        actions = actions_of(env, rng)
        env.step(actions)
        if env.terminations.any():
            break
        oracle.step(actions, applied)
        oracle.check()
    assert step >= 4
    env.close()


@pytest.mark.parametrize("task", TASKS)
def test_pulls_are_those_of_mujocos_viewer(task: str) -> None:
    env = made(task, max_episode_steps=-1)
    rng = np.random.default_rng(1)
    for _ in range(3):
        env.step(actions_of(env, rng))
    oracle = Oracle(env)
    body, point = env.physics.model.nbody - 1, [0.02, 0.01, -0.03]
    mujoco.mj_forward(oracle.model, oracle.datas[0])
    goal = oracle.datas[0].xpos[body] + [0.1, 0.05, 0.1]
    oracle = Oracle(env)
    oracle.pulls[0] = oracle.grab(0, body, point)
    env.pull(0, body, goal, point=point)
    np.testing.assert_allclose(env.physics.pulls[0, 1], oracle.pulls[0].localmass, rtol=1e-9)
    oracle.pulls[0].localmass = env.physics.pulls[0, 1]  # bits of sums in another order
    oracle.pulls[0].refselpos = goal
    for step in range(6):
        if step == 3:  # moved, with the mass as it was
            goal = goal + np.array([0, 0, 0.05])
            env.pull(0, body, goal, point=point)
            oracle.pulls[0].refselpos = goal
        if step == 5:
            env.release(0)
            del oracle.pulls[0]
        actions = actions_of(env, rng)
        env.step(actions)
        if env.terminations.any():
            break
        oracle.step(actions)
        oracle.check()
    assert step >= 4
    env.close()


PUSHES = World(
    events=(
        EventTerm(
            mode="interval",
            target="push",
            operation="add",
            range=(0.5, 1),
            interval_range_s=(0.02, 0.06),
        ),
    )
)


@pytest.mark.parametrize("task", ["Ant-v5", "Humanoid-v5"])
def test_a_world_and_hands_push_and_pull_the_same_body_at_once(task: str) -> None:
    """All of it adds up, ends each in its time, and is in contact forces no more than once."""
    paid = "now.body('torso').contact_force[:, 2]"
    given = Experiment(
        task=task,
        task_options={"terminate_when_unhealthy": False},
        world=PUSHES,
        reward=f"def reward(now, before, action):\n    return {{'force': {paid}}}\n",
    )
    options: Any = {"autoreset_mode": "SameStep", "max_episode_steps": -1}
    env, alone = given.make_vec(N, **options), given.make_vec(N, **options)
    for one in (env, alone):
        one.reset(seed=0)
    oracle, rng = Oracle(env), np.random.default_rng(2)
    force = rng.normal(size=(N, 3))
    both = 0
    for step in range(14):
        if step == 1:
            env.apply_force(None, 1, force, steps=9)
        if step == 2:
            env.pull([0, 2], 1, [0.3, 0.1, 0.4], relative=True)
            for i in (0, 2):
                oracle.pulls[i] = oracle.grab(i, 1, [0, 0, 0])
                oracle.pulls[i].localmass = env.physics.pulls[i, 1]
                oracle.pulls[i].refselpos = env.physics.pulls[i, 5:8]
        if step == 6:
            env.release(2)
            del oracle.pulls[2]
        actions = actions_of(env, rng)
        alone.step(actions)  # what the world does by itself
        env.step(actions)
        applied = alone.physics.data.xfrc_applied.copy()
        both += int(applied[0].any() and step > 1)
        for i in range(N):
            if 1 <= step < 10 and not (i == 2 and step >= 6):
                applied[i, 1, :3] += force[i]
        oracle.step(actions, applied)
        oracle.check()
        for i, data in enumerate(oracle.datas):
            mujoco.mj_rnePostConstraint(oracle.model, data)
            pushed = data.xfrc_applied[1, 2]
            np.testing.assert_allclose(env.rewards[i], data.cfrc_ext[1, 5] - pushed, atol=1e-9)
    assert both > 2
    for one in (env, alone):
        one.close()


@pytest.mark.parametrize("task", ["Ant-v5", "Humanoid-v5"])
def test_robots_are_moved_as_in_a_paused_viewer(task: str) -> None:
    env = made(task)
    oracle, rng = Oracle(env), np.random.default_rng(0)
    body, point = env.physics.model.nbody - 1, [0.02, 0.01, -0.03]
    by, qvel = rng.normal(size=(N, 3)), env.physics.data.qvel.copy()
    for i, data in enumerate(oracle.datas):
        mujoco.mj_forward(oracle.model, data)
        perturb = oracle.grab(i, body, point)
        perturb.refpos += by[i]
        mujoco.mjv_applyPerturbPose(oracle.model, data, perturb, 1)
        mujoco.mj_forward(oracle.model, data)
    goals = [
        data.xpos[body] + data.xmat[body].reshape(3, 3) @ point for data in oracle.datas
    ]  # fmt: skip
    env.move([0, 1], body, by[:2], point=point, relative=True)
    env.move(2, body, goals[2], point=point)
    for i, data in enumerate(oracle.datas):
        moved = env.physics.data.qpos[i].copy()
        moved[3:7] /= np.linalg.norm(moved[3:7])  # as MuJoCo does when it goes on
        np.testing.assert_allclose(moved, data.qpos, atol=1e-12)
    np.testing.assert_array_equal(env.physics.data.qvel, qvel)
    env.close()


def test_a_pull_brings_a_body_to_its_target() -> None:
    """In a world of its own: without gravity, contacts and other joints it is a damped spring."""
    xml = """<mujoco><option gravity="0 0 0" timestep="0.002"/><worldbody><body name="ball">
      <freejoint/><geom size=".1"/></body></worldbody></mujoco>"""
    physics = make_physics(xml, 2, tuple(FIELDS))
    grasped = physics.grasp(np.arange(2), 1, np.zeros(3))
    mass = physics.model.body_mass[1]
    np.testing.assert_allclose(grasped[:, 0], mass, rtol=1e-12)
    physics.pulls[0] = [1, mass, 0, 0, 0, 1, 2, 3, 0, 0, 0]
    position, velocity = np.zeros(3), np.zeros(3)
    for _ in range(1000):
        physics.data.xfrc_applied[:] = 0
        physics.step(1)
        velocity = velocity + 0.002 * (100 * ([1, 2, 3] - position) - 10 * velocity)
        position = position + 0.002 * velocity
        np.testing.assert_allclose(physics.data.qpos[0, :3], position, atol=1e-9)
    np.testing.assert_allclose(position, [1, 2, 3], atol=1e-3)
    assert not physics.data.qpos[1, :3].any(), "the other one is left alone"
    physics.close()


def test_a_point_off_the_centre_turns_the_body() -> None:
    env = made("Ant-v5")
    model, data = load_model(mjcf.find(env.task.xml_file)), None
    point = [0.1, -0.2, 0.05]
    env.apply_force(1, "torso", [0, 0, 5], torque=[1, 0, 0], point=point, steps=1)
    data = mujoco.MjData(model)
    data.qpos[:], data.qvel[:] = env.physics.data.qpos[1], env.physics.data.qvel[1]
    mujoco.mj_forward(model, data)
    where = data.xpos[1] + data.xmat[1].reshape(3, 3) @ point
    torque = np.array([1, 0, 0]) + np.cross(where - data.xipos[1], [0, 0, 5])
    env.step(np.zeros((N, 8), np.float32))
    applied = env.physics.data.xfrc_applied[1, 1]
    np.testing.assert_allclose(applied, [0, 0, 5, *torque], rtol=1e-12, atol=1e-12)
    env.close()


def test_models_of_their_own_have_masses_of_their_own() -> None:
    env = made("Ant-v5")
    env.physics.vary(["body_mass", "body_inertia"])
    heavier = {name: 2 * env.physics.varied[name][:1] for name in ("body_mass", "body_inertia")}
    env.physics.set_model(np.array([1]), heavier)
    env.pull(None, "torso", [0, 0, 1])
    masses = env.physics.pulls[:, 1]
    assert masses[1] > 1.2 * masses[0]
    env.close()


@pytest.mark.parametrize("mode", ["SameStep", "NextStep"])
def test_what_hands_do_ends_with_the_episode(mode: str) -> None:
    env = made("Ant-v5", autoreset_mode=mode, max_episode_steps=2)
    env.pull(0, "torso", [0, 0, 1], relative=True)
    env.apply_force(1, 2, [1, 0, 0], steps=100)
    for _ in range(3):
        env.step(np.zeros((N, 8), np.float32))
    data = env.physics.data
    assert not data.xfrc_applied.any()
    assert not env.physics.pulls.any()
    assert not env.forces.steps.any()
    env.close()


def test_poses_and_keyframes() -> None:
    xml = arm(
        '<motor joint="shoulder"/>',
        rest='<keyframe><key name="up" qpos=".5 .2 1 1 1 1 0 0 0"/><key qpos="0 0 0 0 1 1 0 0 0"/>'
        "</keyframe>",
    )
    env = MujocoVectorEnv(robot_task(xml), 2, autoreset_mode="SameStep")
    env.reset(seed=0)
    env.set_keyframe(1, "up")
    model = env.physics.model
    assert model.key_names == ("up", "")
    np.testing.assert_array_equal(env.physics.data.qpos[1], model.key_qpos[0])
    env.set_keyframe([0], 1)
    np.testing.assert_array_equal(env.physics.data.qpos[0], model.key_qpos[1])
    qpos = model.key_qpos[0] + 0.1
    env.set_state(0, qpos, np.ones(model.nv))
    np.testing.assert_array_equal(env.physics.data.qpos[0], qpos)
    expected = np.concatenate(env.task.observation(env.physics.data), axis=1)
    np.testing.assert_array_equal(env.observations, expected)
    with pytest.raises(InvalidArgument, match=r"keyframe must be one of the model's \(up, 1\)"):
        env.set_keyframe(0, "down")
    env.close()


def robot_task(xml: str) -> Any:
    from websim.experiments.robot import Robot

    return Experiment(
        task="Robot-v0", robot=Robot("main.xml", {"main.xml": xml.encode()})
    ).make_task()


WRONG: list[tuple[str, Any, str]] = [
    ("apply_force", ((9,), "torso", [0, 0, 1]), "environments must be indices from 0 to 2"),
    ("apply_force", ([1, 0], "torso", [0, 0, 1]), "in order and none twice"),
    ("apply_force", (0, "tors", [0, 0, 1]), "no body named 'tors'"),
    ("apply_force", (0, 99, [0, 0, 1]), "no body 99"),
    ("apply_force", (0, 1.5, [0, 0, 1]), "body must be a name or an id"),
    ("apply_force", (0, 0, [0, 0, 1]), "the world can be neither pushed nor pulled"),
    ("apply_force", (0, 1, [0, 1]), "force must be 3 numbers"),
    ("apply_force", ([0, 1], 1, [[0, 0, 1]]), "for each of the 2 environments"),
    ("apply_force", (0, 1, [0, np.nan, 1]), "force must be finite"),
    ("apply_force", (0, 1, [0, 1e300, 1]), "no greater than 1e.10"),
    ("apply_force", (0, 1, [10**400, 0, 1]), "no greater than 1e.10"),
    ("apply_force", (0, 1, "up"), "force must be 3 numbers"),
    ("pull", (0, 1, [np.inf, 0, 0]), "target must be finite"),
    ("move", (0, 0, [0, 0, 1]), "the world can be"),
    ("move", (0, 1, [np.nan, 0, 1]), "target must be finite"),
    ("pull", (None, -1, [0, 0, 0]), "body must be a name or an id"),
    ("set_state", (0, [1.0], [0.0] * 14), "qpos must have 15 numbers, not 1"),
    ("set_keyframe", (0, 0), r"one of the model's \(none\)"),
]


@pytest.mark.parametrize(("method", "arguments", "message"), WRONG)
def test_bad_input_is_named_and_changes_nothing(method: str, arguments: Any, message: str) -> None:
    env = made("Ant-v5")
    before = {name: getattr(env.physics.data, name).copy() for name in STATE}
    more = {"steps": 1} if method == "apply_force" else {}
    with pytest.raises(InvalidArgument, match=message):
        getattr(env, method)(*arguments, **more)
    for name, array in before.items():
        np.testing.assert_array_equal(getattr(env.physics.data, name), array)
    assert not env.physics.pulls.any()
    env.close()


def test_what_does_not_float_cannot_be_moved() -> None:
    env = made("HalfCheetah-v5")
    before = env.physics.data.qpos.copy()
    with pytest.raises(InvalidArgument, match=r"cannot be moved, only pulled: .* no free joint"):
        env.move(0, "torso", [0, 0, 1])
    np.testing.assert_array_equal(env.physics.data.qpos, before)
    env.close()


def test_how_long_is_said_once_and_sanely() -> None:
    env = made("Ant-v5")
    wrong: Any
    for wrong in ({}, {"steps": 1, "seconds": 1.0}):
        with pytest.raises(InvalidArgument, match="either seconds or steps"):
            env.apply_force(0, 1, [0, 0, 1], **wrong)
    seconds: Any
    for seconds in (0, -1, np.nan, np.inf, True, "1"):
        with pytest.raises(InvalidArgument, match="seconds must be"):
            env.apply_force(0, 1, [0, 0, 1], seconds=seconds)
    steps: Any
    for steps in (0, 1.5, True, 2**40):
        with pytest.raises(InvalidArgument, match="steps must be"):
            env.apply_force(0, 1, [0, 0, 1], steps=steps)
    env.close()
    fresh = websim.make_vec("Ant-v5", 1)
    with pytest.raises(ResetNeeded):
        fresh.apply_force(0, 1, [0, 0, 1], steps=1)
    fresh.close()


def test_a_body_that_cannot_move_cannot_be_pulled() -> None:
    xml = """<mujoco><worldbody><body name="post"><geom size="1"/></body>
      <body><freejoint/><geom size=".1"/></body></worldbody></mujoco>"""
    env = MujocoVectorEnv(robot_task(xml), 1)
    env.reset(seed=0)
    with pytest.raises(InvalidArgument, match="'post' cannot move"):
        env.pull(0, "post", [0, 0, 0])
    event = env.pull(0, 2, [0, 0, 0])
    with pytest.raises(InvalidArgument, match=r"hands\[0\].body: body 'post' cannot move"):
        env.hands.play([event | {"body": "post"}])
    env.close()


def test_a_record_repeats_to_the_same_bits() -> None:
    env = made("Ant-v5", 4)
    env.hands.recorded = []

    def rollout(env: MujocoVectorEnv, hands: bool) -> Any:
        rng = np.random.default_rng(3)
        env.reset(seed=5)
        seen = []
        for step in range(12):
            if hands and step == 2:
                env.apply_force([0, 2], "torso", [[1, 2, 3], [0, 9, 0]], point=[0, 0, 1], steps=3)
            if hands and step in (4, 5):
                env.pull([1, 2], 4, [0.1, 0, 0.1 * step], relative=True)
            if hands and step == 7:
                env.release(2)
                env.set_state(3, env.physics.data.qpos[0], env.physics.data.qvel[0])
                env.move([0, 3], 1, [0.1, 0, 0.2], relative=True)
            seen.append(env.observations.copy())
            env.step(actions_of(env, rng))
        return np.array(seen)

    first = rollout(env, True)
    events = json.loads(json.dumps(env.hands.recorded))
    assert [(e["do"], e["step"]) for e in events] == [
        ("push", 2), ("pull", 4), ("pull", 5), ("release", 7), ("pose", 7), ("move", 7),
    ]  # fmt: skip
    assert np.abs(first - rollout(env, False)).max() > 1e-3, "hands make no difference"
    again = made("Ant-v5", 4)
    again.hands.play(events)
    np.testing.assert_array_equal(rollout(again, False), first)
    env.close()
    again.close()


def test_a_simulation_with_hands_is_a_document() -> None:
    env = made("Ant-v5")
    env.hands.recorded = []
    env.reset(seed=4)
    rng = np.random.default_rng(0)
    actions = [actions_of(env, rng) for _ in range(8)]
    seen = []
    for step, action in enumerate(actions):
        if step == 0:
            env.apply_force(2, "torso", [300, 0, 0], steps=2)
        if step == 3:
            env.pull([0, 1], "torso", [0.5, 0, 0.2], relative=True)
        env.step(action)
        seen.append(env.observations.copy())
    simulation = Simulation(num_envs=N, seed=4, controller="zero", workers=1)
    experiment = Experiment(task="Ant-v5", hands=env.hands.recorded, simulation=simulation)
    env.close()

    again = load(dump(experiment))
    assert again == experiment
    env = again.make_vec(N, autoreset_mode="SameStep")
    for _ in range(2):  # with each reset
        env.reset(seed=4)
        for action, expected in zip(actions, seen, strict=True):
            env.step(action)
            np.testing.assert_array_equal(env.observations, expected)
    env.close()

    hyperparameters = {"num_envs": 4, "num_steps": 8, "num_minibatches": 1, "total_timesteps": 32}
    trainer = Trainer(replace(experiment, hyperparameters=hyperparameters))
    data = trainer.advance().checkpoint
    assert data
    assert checkpoints.loads(data).experiment.hands is None, "they are not for those that learn"
    trainer.close()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"num_envs": 0}, r"simulation.num_envs must be an integer of at least 1"),
        ({"seed": 1.5}, r"simulation.seed must be an integer"),
        ({"workers": True}, r"simulation.workers must be"),
        ({"controller": 3}, r"simulation.controller must be a name"),
        ({"more": 3}, r"simulation must have num_envs, seed, controller, workers"),
    ],
)
def test_a_simulation_in_a_document_is_looked_at(change: Any, message: str) -> None:
    simulation = {"num_envs": 2, "seed": 0, "controller": "zero", "workers": 1}
    with pytest.raises(InvalidArgument, match=message):
        from_dict({"task": "Ant-v5", "simulation": simulation | change}, {})


ALGORITHMS = {
    "ppo": {"num_envs": 4, "num_steps": 16, "num_minibatches": 2, "total_timesteps": 256},
    "ars": {"num_envs": 4, "total_timesteps": 1_000},
    "es": {"num_envs": 4, "total_timesteps": 1_000},
    "reinforce": {"num_envs": 4, "total_timesteps": 1_000},
}


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_a_run_with_pushes_repeats_and_resumes(algorithm: str) -> None:
    task = "InvertedPendulum-v5"
    experiment = Experiment(
        task=task, algorithm=algorithm, hyperparameters=ALGORITHMS[algorithm], seed=3
    )
    trainer = Trainer(experiment)
    env = trainer.algorithm.env

    class Hand:
        """Is at work in the middle of iterations, and after their last steps."""

        steps = 0

        def stepped(self, ended: Any) -> None:
            self.steps += 1
            if self.steps in (5, 20):
                env.apply_force([1], "pole", [0.5 * self.steps, 0, 0], steps=3)
            if self.steps == 16:  # after the last step of PPO's first iteration
                env.set_state([2], [0.1, 0.05], [0, 0])

        def updated(self) -> None: ...

    trainer.algorithm.observer = Hand()
    halfway = trainer.advance(save=True).checkpoint
    env.pull(0, "cart", [0.3, 0, 0], relative=True)  # between two iterations
    last = trainer.advance(stop=True).checkpoint
    trainer.close()
    assert halfway
    assert last
    run = checkpoints.loads(last)
    events = run.experiment.hands
    assert events
    assert [e["iteration"] for e in events] == sorted(e["iteration"] for e in events)
    assert {"push", "pose", "pull"} == {e["do"] for e in events}
    assert next(e["step"] for e in events if e["iteration"] == 0) == 5
    assert run.experiment.sha256 != experiment.sha256

    anew = Trainer(replace(experiment, hands=events))
    anew.advance()
    repeated = anew.advance(stop=True).checkpoint
    anew.close()
    resumed = Trainer(replace(experiment, hands=events), checkpoint=checkpoints.loads(halfway))
    later = resumed.advance(stop=True).checkpoint
    resumed.close()
    bare = Trainer(experiment)
    bare.advance()
    without = bare.advance(stop=True).checkpoint
    bare.close()
    for other in (repeated, later):
        assert other
        same(run, checkpoints.loads(other))
    assert without
    with pytest.raises(AssertionError):
        same(run, checkpoints.loads(without))


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_what_takes_hold_between_iterations_acts_in_the_next(algorithm: str) -> None:
    trainer = Trainer(
        Experiment(
            task="InvertedPendulum-v5", algorithm=algorithm, hyperparameters=ALGORITHMS[algorithm]
        )
    )
    env = trainer.algorithm.env
    trainer.advance()
    env.pull(None, "cart", [0.3, 0, 0], relative=True)
    env.apply_force(None, "pole", [0.1, 0, 0], steps=100)
    seen: list[Any] = []

    class Eye:
        def stepped(self, ended: Any) -> None:
            seen.append((env.physics.pulls[:, 1].any(), env.forces.steps.max()))

        def updated(self) -> None: ...

    trainer.algorithm.observer = Eye()
    trainer.advance()
    assert seen[0] == (True, 99)
    trainer.close()


def same(a: Any, b: Any) -> None:
    """Everything but what has not been the same kind of run: who recorded what."""
    leaves(a.learner, b.learner)
    for own, other in zip(a.ranks, b.ranks, strict=True):
        leaves(own, other)


def test_events_of_a_document_are_looked_at() -> None:
    good = {
        "do": "push", "iteration": 0, "step": 3, "environments": [[0, 1]], "body": "torso",
        "force": [0, 0, 1], "torque": [0, 0, 0], "point": None, "steps": 2,
    }  # fmt: skip
    assert read_events([good]) == [good]
    for change, message in (
        ({"do": "hit"}, r"hands\[0\].do must be one of push, pull"),
        ({"step": -1}, r"hands\[0\].step must be a whole number"),
        ({"environments": [[0, 2], [1, 1]]}, r"hands\[0\].environments must be"),
        ({"environments": [[0, 2**40]]}, r"hands\[0\].environments must be below"),
        ({"environments": []}, r"hands\[0\].environments must be"),
        ({"force": [0, 0]}, r"hands\[0\].force must be 3 numbers"),
        ({"force": [[0, 0, 1], [0, 0, 1]]}, r"hands\[0\].force must be 3 numbers"),
        ({"extra": 1}, r"hands\[0\].has or lacks extra"),
        ({"body": None}, r"hands\[0\].body must be a name or an id"),
    ):
        with pytest.raises(InvalidArgument, match=message):
            read_events([good | change])
    with pytest.raises(InvalidArgument, match=r"hands\[0\].body: .* no body named 'leg'"):
        Trainer(Experiment(task="InvertedPendulum-v5", hands=[good | {"body": "leg"}]))


def test_no_more_is_recorded_than_can_be_kept() -> None:
    env = made("Ant-v5")
    env.hands.recorded = []
    force = [[0.123456789012345] * 3] * N
    with pytest.raises(InvalidArgument, match="begin anew"):  # noqa: PT012
        while True:
            env.apply_force(None, 1, force, steps=1)
    assert MAX_BYTES - 1000 < len(json.dumps(env.hands.recorded)) < 1.1 * MAX_BYTES
    env.close()
