"""Worlds at work: the same for an environment wherever it is, and what MuJoCo does of it."""

from typing import Any

import mujoco
import numpy as np
import pytest

from websim import mjcf
from websim.errors import DamagedCheckpoint
from websim.experiments.experiment import Experiment
from websim.experiments.robot import make_robot
from websim.physics import STATE
from websim.physics.native import load_model
from websim.snapshots import restore, snapshot
from websim.worlds import EventTerm, LevelTerm, Noise, World

EVERYTHING = World(
    events=(
        EventTerm(
            mode="startup",
            target="friction",
            operation="scale",
            range=(0.5, 1.5),
            shared_random=True,
        ),
        EventTerm(mode="reset", target="mass", operation="scale", range=(0.8, 1.2), level="width"),
        EventTerm(
            mode="startup",
            target="gains",
            operation="scale",
            range=(1, 0.1),
            distribution="gaussian",
        ),
        EventTerm(
            mode="interval",
            target="dof_damping",
            operation="scale",
            range=(0.5, 2),
            distribution="log_uniform",
            interval_range_s=(0.2, 0.3),
        ),
        EventTerm(
            mode="interval",
            target="push",
            operation="add",
            range=(0, 1),
            interval_range_s=(0.2, 1),
            level="pushes",
        ),
        EventTerm(
            mode="interval",
            target="qvel",
            operation="add",
            range=(-0.1, 0.1),
            interval_range_s=(0.2, 1),
        ),
        EventTerm(mode="reset", target="qpos", operation="add", range=(-0.1, 0.1)),
        EventTerm(mode="reset", target="gravity", operation="scale", range=(0.9, 1.1)),
    ),
    levels=(
        LevelTerm(name="pushes", levels=3, curriculum="none"),
        LevelTerm(name="width", difficulty=(0.5, 1.0)),
    ),
    observation_noise=Noise(range=(0, 0.01)),
    observation_delay=(0, 3),
    action_noise=Noise(range=(-0.1, 0.1), distribution="uniform"),
    action_delay=(0, 2),
)

STEPS = 45
LIMIT = 20
"""Steps of an episode: several begin, and end, in between."""


def make(world: World | None, num_envs: int, task: str = "Ant-v5", **options: Any) -> Any:
    options = {"autoreset_mode": "SameStep", "copy": False, "max_episode_steps": LIMIT} | options
    return Experiment(task=task, world=world).make_vec(num_envs, **options)


def actions(first: int, count: int) -> Any:
    """Those of environments of a group, [STEPS, count, 8]."""
    everyone = np.random.default_rng(0).uniform(-1, 1, (STEPS, 64, 8)).astype(np.float32)
    return everyone[:, first : first + count]


def roll(env: Any, first: int, steps: range = range(STEPS)) -> dict[str, Any]:
    """All that environments show in some steps."""
    shown = []
    given = actions(first, env.num_envs)
    for step in steps:
        env.step(given[step])
        shown.append(
            {
                "observations": env.observations.copy(),
                "rewards": env.rewards.copy(),
                "final_observations": env.final_observations.copy(),
                "values": env.world.values.copy(),
                "qpos": env.physics.data.qpos.copy(),
                **{name: array.copy() for name, array in env.physics.varied.items()},
            }
        )
    return {name: np.array([one[name] for one in shown]) for name in shown[0]}


@pytest.fixture(scope="module")
def together() -> dict[str, Any]:
    env = make(EVERYTHING, 64)
    env.reset(seed=7)
    return roll(env, 0)


@pytest.mark.parametrize(("first", "count"), [(0, 4), (10, 16), (63, 1)])
def test_an_environment_is_the_same_in_any_batch(
    together: dict[str, Any], first: int, count: int
) -> None:
    env = make(EVERYTHING, count, num_threads=1)
    env.reset(seed=list(range(7 + first, 7 + first + count)))
    for name, array in roll(env, first).items():
        np.testing.assert_array_equal(array, together[name][:, first : first + count], name)


def test_environments_differ(together: dict[str, Any]) -> None:
    for name in ("body_mass", "geom_friction", "actuator_gainprm", "dof_damping", "opt.gravity"):
        assert len(np.unique(together[name][-1].reshape(64, -1), axis=0)) == 64, name


def test_going_on_from_what_was_saved_gives_the_same_bits(together: dict[str, Any]) -> None:
    env = make(EVERYTHING, 64)
    env.reset(seed=7)
    roll(env, 0, range(27))
    saved = snapshot(env)
    other = make(EVERYTHING, 64)
    restore(other, saved)
    np.testing.assert_array_equal(other.world.values, env.world.values)
    for name, array in roll(other, 0, range(27, STEPS)).items():
        if name != "final_observations":  # of episodes that ended before it was saved
            np.testing.assert_array_equal(array, together[name][27:], name)


@pytest.mark.parametrize("task", ["Ant-v5", "Humanoid-v5"])
def test_each_environment_is_one_of_mujoco_with_the_values_that_it_reports(task: str) -> None:
    world = World(
        events=tuple(
            EventTerm(
                mode="startup", target=target, operation="scale", range=(0.7, 1.3), names=names
            )
            for target, names in (
                ("friction", ("floor",)),
                ("mass", ()),
                ("gains", ()),
                ("dof_damping", ()),
                ("gravity", ()),
            )
        )
    )
    env = make(world, 3, task)
    env.reset(seed=3)
    columns = list(env.world.names)
    space, rng = env.single_action_space, np.random.default_rng(0)
    given = rng.uniform(space.low, space.high, (10, 3, space.shape[0])).astype(np.float32)
    model = load_model(mjcf.find(env.task.xml_file))
    compiled = [load_model(mjcf.find(env.task.xml_file)) for _ in range(3)]
    datas = []
    for i, own in enumerate(compiled):
        drawn = iter(env.world.values[i])
        own.geom_friction[own.geom("floor").id, 0] *= next(drawn)
        for body in np.flatnonzero(model.body_mass > 0):
            scale = next(drawn)
            own.body_mass[body] *= scale
            own.body_inertia[body] *= scale
        for actuator in range(own.nu):
            scale = next(drawn)
            own.actuator_gainprm[actuator, 0] *= scale
            own.actuator_biasprm[actuator, :3] *= scale
        for dof in range(own.nv):
            own.dof_damping[dof] *= next(drawn)
        own.opt.gravity[:] *= next(drawn)
        assert not list(drawn)
        mujoco.mj_setConst(own, mujoco.MjData(own))
        data = mujoco.MjData(own)
        data.qpos[:], data.qvel[:] = env.physics.data.qpos[i], env.physics.data.qvel[i]
        mujoco.mj_forward(own, data)
        datas.append(data)
    assert len(columns) == env.world.values.shape[1]
    for step in range(10):
        env.step(given[step])
        for i, (own, data) in enumerate(zip(compiled, datas, strict=True)):
            data.ctrl[:] = given[step, i]
            for _ in range(env.task.frame_skip):
                mujoco.mj_step(own, data)
            for name in ("qpos", "qvel"):
                there = getattr(data, name)
                np.testing.assert_allclose(
                    getattr(env.physics.data, name)[i], there, rtol=1e-12, atol=1e-12
                )


def test_a_world_of_nothing_changes_nothing() -> None:
    plain, empty = make(None, 4), make(World(), 4)
    for env in (plain, empty):
        env.reset(seed=1)
        for step in range(STEPS):
            env.step(actions(0, 4)[step])
    np.testing.assert_array_equal(empty.observations, plain.observations)
    assert plain.world is None


def test_events_follow_each_other_and_do_not_add_up() -> None:
    """Each starts from the model as it was compiled, whatever was drawn before."""
    terms = [("scale", (0.5, 0.5)), ("add", (2, 2)), ("scale", (3, 3))]
    world = World(
        events=tuple(
            EventTerm(mode="reset", target="body_mass", operation=operation, range=limits)  # type: ignore[arg-type]
            for operation, limits in terms
        )
    )
    env = make(world, 2)
    for _ in range(3):
        env.reset(seed=0)
    mass = env.physics.model.body_mass
    np.testing.assert_allclose(
        env.physics.varied["body_mass"][:, 1:], [(mass * 0.5 + 2)[1:] * 3] * 2
    )
    assert not env.physics.varied["body_mass"][:, 0].any()  # the world's


def test_startup_is_once_and_reset_every_time() -> None:
    world = World(
        events=(
            EventTerm(mode="startup", target="friction", operation="scale", range=(0.5, 1.5)),
            EventTerm(mode="reset", target="mass", operation="scale", range=(0.5, 1.5)),
        )
    )
    env = make(world, 8)
    env.reset(seed=0)
    friction, mass = (env.physics.varied[name].copy() for name in ("geom_friction", "body_mass"))
    env.reset()
    np.testing.assert_array_equal(env.physics.varied["geom_friction"], friction)
    assert (env.physics.varied["body_mass"][:, 1:] != mass[:, 1:]).all()
    env.reset(seed=0)
    np.testing.assert_array_equal(env.physics.varied["body_mass"], mass)
    env.reset(seed=100)
    assert (env.physics.varied["geom_friction"][..., 0] != friction[..., 0]).all()


def test_what_must_stay_above_zero_does() -> None:
    drawn = EventTerm(
        mode="reset", target="mass", operation="add", range=(0, 1e3), distribution="gaussian"
    )
    env = make(World(events=(drawn,)), 64)
    env.reset(seed=0)
    least = 0.01 * env.physics.model.body_mass
    assert (env.physics.varied["body_mass"] >= least).all()
    assert (env.physics.varied["body_mass"] == least).any()
    assert (env.physics.varied["body_inertia"][:, 1:] > 0).all()


BALL = b"""<mujoco><option gravity="0 0 0"/><worldbody><body name="ball"><freejoint/>
  <geom size=".1"/><body pos="1 0 0"><geom size=".1"/></body></body>
  <geom type="plane" size="1 1 1" pos="0 0 -9"/>
  <body name="other" pos="0 9 0"><freejoint/><geom size=".2"/></body></worldbody></mujoco>"""


def test_a_push_gives_the_speed_that_is_drawn() -> None:
    """Nothing else acts on the robots; all that hangs on the body counts."""
    pushes = EventTerm(
        mode="interval",
        target="push",
        operation="add",
        range=(2, 2),
        names=("ball",),
        interval_range_s=(0.05, 0.05),
    )
    experiment = Experiment(
        task="Robot-v0",
        task_options={"frame_skip": 5},
        robot=make_robot({"ball.xml": BALL}),
        world=World(events=(pushes,)),
    )
    env = experiment.make_vec(32, autoreset_mode="SameStep", copy=False)
    env.reset(seed=0)
    data = env.physics.data
    velocities = data.qvel.copy()
    momenta = []
    for _ in range(6):  # 0.01 s each: the sixth begins at 0.05 s
        env.step(np.zeros((32, 0), np.float32))
        own = mujoco.MjModel.from_xml_string(BALL.decode())
        for i in range(32):
            one = mujoco.MjData(own)
            one.qpos[:], one.qvel[:] = data.qpos[i], data.qvel[i]
            mujoco.mj_forward(own, one)
            mujoco.mj_subtreeVel(own, one)
            momenta.append(one.subtree_linvel[1].copy())
    after = np.array(momenta).reshape(6, 32, 3)
    still = np.abs(after[4] - after[0]).max()
    assert still < 1e-9, "nobody has pushed yet"
    kick = after[5] - after[4]
    np.testing.assert_allclose(np.linalg.norm(kick, axis=1), 2, rtol=1e-2)
    np.testing.assert_allclose(kick[:, 2], 0, atol=1e-2)
    angles = np.arctan2(kick[:, 1], kick[:, 0])
    assert np.ptp(angles) > np.pi, "in all directions"
    np.testing.assert_allclose(data.qvel[:, 6:], velocities[:, 6:], atol=1e-9)
    assert data.xfrc_applied.any(), "what acted in the step is told of"
    env.step(np.zeros((32, 0), np.float32))
    assert not data.xfrc_applied.any(), "a push lasts one step"


def test_intervals_are_as_long_as_they_say() -> None:
    term = EventTerm(
        mode="interval",
        target="dof_damping",
        operation="scale",
        range=(0.5, 2),
        interval_range_s=(0.2, 0.4),
    )
    env = make(World(events=(term,)), 16, max_episode_steps=1000, task="HalfCheetah-v5")
    env.reset(seed=0)
    before = env.physics.varied["dof_damping"].copy()
    times: list[list[float]] = [[0.0] for _ in range(16)]
    for _ in range(100):
        now = env.physics.data.time.copy()
        env.step(np.zeros((16, 6), np.float32))
        after = env.physics.varied["dof_damping"]
        for i in np.flatnonzero((after != before).any(axis=1)):
            times[i].append(now[i])
        before = after.copy()
    waits = np.concatenate([np.diff(one) for one in times])
    assert len(waits) > 16 * 10
    assert 0.2 - 0.03 < waits.min() < 0.23
    assert 0.37 < waits.max() < 0.4 + 0.03


@pytest.mark.parametrize("mode", ["SameStep", "NextStep", "Disabled"])
def test_observations_are_late_and_noisy_by_what_was_drawn(mode: str) -> None:
    """The same states as without: only what is observed of them differs."""
    plain = make(None, 16, "HalfCheetah-v5", autoreset_mode=mode, max_episode_steps=None)
    late = make(
        World(observation_delay=(0, 3)),
        16,
        "HalfCheetah-v5",
        autoreset_mode=mode,
        max_episode_steps=None,
    )
    noisy = make(
        World(observation_noise=Noise(range=(0, 0.1))), 16, "HalfCheetah-v5", autoreset_mode=mode
    )
    rng = np.random.default_rng(0)
    given = rng.uniform(-1, 1, (12, 16, 6)).astype(np.float32)
    seen: dict[str, list[Any]] = {}
    for name, env in (("plain", plain), ("late", late), ("noisy", noisy)):
        env.reset(seed=5)
        seen[name] = [env.observations.copy()]
        for step in given:
            env.step(step)
            seen[name].append(env.observations.copy())
    (lags,) = late.world.values.T
    assert set(lags) == {0, 1, 2, 3}
    for step in range(13):
        for i, lag in enumerate(lags.astype(int)):
            np.testing.assert_array_equal(
                seen["late"][step][i], seen["plain"][max(step - lag, 0)][i]
            )
    noise = np.array(seen["noisy"]) - np.array(seen["plain"])
    assert abs(noise.std() - 0.1) < 0.01
    assert abs(noise.mean()) < 0.01
    assert len(np.unique(noise)) == noise.size
    np.testing.assert_array_equal(noisy.rewards, plain.rewards)


def test_actions_are_late_and_noisy_on_their_way_to_the_actuators() -> None:
    late = make(World(action_delay=(0, 2)), 16)
    noisy = make(World(action_noise=Noise(range=(0, 0.1))), 16)
    given = actions(0, 16)
    told: dict[str, list[Any]] = {"late": [], "noisy": []}
    for name, env in (("late", late), ("noisy", noisy)):
        env.reset(seed=5)
        for step in range(10):
            env.step(given[step])
            told[name].append(env.physics.data.ctrl.copy())
    (lags,) = late.world.values.T
    for i, lag in enumerate(lags.astype(int)):
        for step in range(10):
            if env.episode_lengths[i] == 10:
                np.testing.assert_array_equal(told["late"][step][i], given[max(step - lag, 0), i])
    noise = np.array(told["noisy"]) - given[:10]
    assert abs(noise.std() - 0.1) < 0.01


def test_a_state_that_blew_up_leaves_no_trace() -> None:
    env = make(EVERYTHING, 4)
    env.reset(seed=0)
    env.physics.data.qvel[1] = 1e12
    _, _, _, truncations, infos = env.step(actions(0, 4)[0])
    assert truncations.tolist() == [False, True, False, False]
    assert infos["bad_state"].tolist() == [False, True, False, False]
    state = snapshot(env)
    assert all(np.isfinite(array).all() for array in state["world"].values())
    assert np.isfinite(env.observations).all()
    assert not env.physics.data.xfrc_applied.any()


def damaged(state: dict[str, Any], part: str, name: str, value: Any) -> dict[str, Any]:
    return {**state, part: {**state[part], name: value}}


@pytest.mark.parametrize(
    ("part", "name", "value"),
    [
        ("world", "keys", None),
        ("world", "keys", np.zeros(3, np.int64)),
        ("world", "keys", np.zeros(4)),
        ("world", "drawn", np.full((4, 8), -1)),
        ("world", "due", np.full((4, 8), np.nan)),
        ("world", "observation_lags", np.full(4, 4)),
        ("world", "observation_count", np.full(4, -1)),
        ("world", "action_kept", np.full((4, 3, 8), np.inf)),
        ("model", "body_mass", np.zeros((4, 2))),
        ("model", "body_mass", np.full((4, 14), -1.0)),
    ],
)
def test_damaged_worlds_are_refused(part: str, name: str, value: Any) -> None:
    env = make(EVERYTHING, 4)
    env.reset(seed=0)
    state = damaged(snapshot(env), part, name, value)
    before = {name: getattr(env.physics.data, name).copy() for name in STATE}
    with pytest.raises(DamagedCheckpoint):
        restore(env, state)
    for element, array in before.items():
        np.testing.assert_array_equal(getattr(env.physics.data, element), array)
    without = snapshot(env)
    del without[part]
    with pytest.raises(DamagedCheckpoint):
        restore(env, without)
