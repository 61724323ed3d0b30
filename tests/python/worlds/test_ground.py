"""Environments on a terrain: where they stand, what their task sees, and how levels change."""

from dataclasses import replace
from typing import Any, Literal

import mujoco
import numpy as np
import pytest

from websim.errors import DamagedCheckpoint, InvalidArgument
from websim.experiments.experiment import Experiment
from websim.experiments.robot import make_robot
from websim.experiments.sources import of_robot
from websim.mjcf import find
from websim.physics.native import load_model
from websim.snapshots import restore, snapshot
from websim.worlds import EventTerm, Scan, Terrain, World
from websim.worlds.tiles import DEPTH, KINDS

SMALL = Terrain(levels=3, seed=5)


def make(terrain: Terrain, num_envs: int, task: str = "Ant-v5", **options: Any) -> Any:
    options = {"autoreset_mode": "SameStep"} | options
    return Experiment(task=task, world=World(terrain=terrain)).make_vec(num_envs, **options)


def everywhere(env: Any) -> None:
    """Gives environments all levels of all kinds, one after the other."""
    levels, kinds = env.ground.terrain.levels, len(env.ground.terrain.kinds)
    index = np.arange(env.num_envs)
    env.ground.columns[:], env.ground.levels[:] = index % kinds, index // kinds % levels


def still(env: Any) -> Any:
    return np.zeros(env.action_space.shape, np.float32)


@pytest.mark.parametrize("task", ["Ant-v5", "Humanoid-v5", "HalfCheetah-v5", "Walker2d-v5"])
def test_robots_settle_where_the_ground_is(task: str) -> None:
    """200 steps on every kind at every level: what touches the ground does so at its height."""
    terrain = Terrain(levels=3)
    planar = task in ("HalfCheetah-v5", "Walker2d-v5")
    n = 120 if planar else len(KINDS) * terrain.levels
    env = make(terrain, n, task, max_episode_steps=-1)
    env.task.terminate_when_unhealthy = False
    env.reset(seed=0)
    if not planar:
        everywhere(env)
        env.reset()
    places = set(zip(env.ground.levels.tolist(), env.ground.columns.tolist(), strict=True))
    assert len(places) > 0.9 * len(KINDS) * terrain.levels
    for _ in range(200):
        env.step(still(env))
    assert env.bad_states == 0
    field, data = env.ground.field, env.physics.data
    model = load_model(find(env.task.xml_file), field.height_field())
    one = mujoco.MjData(model)
    touching = 0
    for i in range(n):
        if planar:
            model.body_pos[1] = env.physics.varied["body_pos"][i, 1]
        one.qpos[:], one.qvel[:] = data.qpos[i], data.qvel[i]
        mujoco.mj_forward(model, one)
        for contact in one.contact:
            if model.geom_type[contact.geom1] != mujoco.mjtGeom.mjGEOM_HFIELD:
                continue
            touching += 1
            x, y, z = contact.pos
            assert abs(float(field.at(x, y)) - z) < 0.12, (i, z)  # beside an edge it is not above
        lowest = one.geom_xpos[1:, 2] - field.at(one.geom_xpos[1:, 0], one.geom_xpos[1:, 1])
        assert lowest.min() > -0.1
    assert touching > n
    # Nobody has left its tile, and its task sees it from there.
    assert (np.abs(env.data.qpos[:, 0]) < terrain.tile / 2).all()
    origins = field.origins(env.ground.levels, env.ground.columns)
    np.testing.assert_allclose(data.qpos[:, 0] - env.data.qpos[:, 0], origins[:, 0], atol=1e-12)
    env.close()


def test_an_environment_is_the_same_in_any_batch() -> None:
    terrain = replace(SMALL, curriculum="robots", scan=Scan())
    rng = np.random.default_rng(0)
    actions = rng.uniform(-1, 1, (60, 6, 8)).astype(np.float32)

    def roll(first: int, count: int) -> list[Any]:
        env = make(terrain, count, max_episode_steps=15)
        shown = [env.reset(seed=40 + first)[0]]
        env.ground.levels[:] = 2  # so that some go past the last
        for step in actions[:, first : first + count]:
            observations, rewards, *_ = env.step(step)
            env.ground._distances[...] += (np.arange(first, first + count) % 2) * 9.0
            shown += [observations, rewards[:, None], env.ground.levels[:, None].copy()]
        env.close()
        return shown

    together, parts = roll(0, 6), [roll(0, 2), roll(2, 4)]
    for i, whole in enumerate(together):
        np.testing.assert_array_equal(whole, np.concatenate([part[i] for part in parts]))


def test_what_was_saved_goes_on_to_the_same_bits() -> None:
    terrain = replace(SMALL, curriculum="robots", speed=5.0, scan=Scan())
    for task in ("Ant-v5", "Hopper-v5"):
        env, other = (make(terrain, 5, task, max_episode_steps=20) for _ in range(2))
        env.reset(seed=3)
        rng = np.random.default_rng(0)
        actions = rng.uniform(-1, 1, (90, *env.action_space.shape)).astype(np.float32)
        for action in actions[:50]:
            env.step(action)
        saved = snapshot(env)
        restore(other, saved)
        for action in actions[50:]:
            for a, b in zip(env.step(action)[:4], other.step(action)[:4], strict=True):
                np.testing.assert_array_equal(a, b)
        np.testing.assert_array_equal(env.ground.levels, other.ground.levels)
        np.testing.assert_array_equal(env.physics.data.qpos, other.physics.data.qpos)
        columns = saved["ground"]["columns"]
        for damaged in (columns - 99, columns + 99, columns[:2], columns.astype(np.float32)):
            with pytest.raises(DamagedCheckpoint, match="The saved columns of the terrain"):
                restore(other, {**saved, "ground": {"columns": damaged}})
        with pytest.raises(DamagedCheckpoint, match="of the terrain are damaged"):
            restore(other, {name: value for name, value in saved.items() if name != "ground"})
        env.close()
        other.close()


def test_tasks_see_heights_above_the_ground() -> None:
    env = make(SMALL, 400)
    env.reset(seed=0)
    everywhere(env)
    first, _ = env.reset(seed=0)
    flat: Any = Experiment(task="Ant-v5").make_vec(400, autoreset_mode="SameStep")
    level, _ = flat.reset(seed=0)
    # The noise is the task's own, and nothing yet tells of the ground.
    np.testing.assert_allclose(first[:, :13], level[:, :13], atol=1e-9)
    np.testing.assert_allclose(env.data.xpos[:, 1:], flat.physics.data.xpos[:, 1:], atol=1e-9)
    for _ in range(25):
        env.step(env.action_space.sample())
    data, field = env.physics.data, env.ground.field
    x, y, z = data.qpos[:, :3].T
    np.testing.assert_allclose(env.data.qpos[:, 2], z - field.walked_at(x, y), atol=1e-12)
    shift = data.qpos[:, :3] - env.data.qpos[:, :3]
    np.testing.assert_allclose(data.xpos - env.data.xpos, shift[:, None] + 0 * data.xpos)
    np.testing.assert_array_equal(env.data.qpos[:, 3:], data.qpos[:, 3:])
    assert env.data.qvel is data.qvel
    np.testing.assert_allclose(env.observations[:, 0], env.data.qpos[:, 2])
    env.close()
    flat.close()


def test_a_gap_is_no_height_and_a_fall_into_it_is_deep() -> None:
    terrain = Terrain(kinds=("gaps",), levels=1, difficulty=(1.0, 1.0))
    env = make(terrain, 2)
    env.reset(seed=0)
    in_gap = terrain.platform / 2 + 0.5
    height = float(env.ground.field.at(np.array(in_gap), np.array(0.0)))
    np.testing.assert_allclose(height, -DEPTH, atol=1e-6)
    for above, healthy in ((0.7, True), (-0.5, False)):
        env.physics.data.qpos[:, :3] = in_gap, 0, above
        env.physics.data.qvel[:] = 0
        *_, terminations, _, _ = env.step(still(env))
        np.testing.assert_array_equal(terminations, not healthy)
    env.close()


def test_rewards_as_code_see_them_too() -> None:
    code = (
        "def reward(now, before, action):\n"
        "    return {'height': now.body('torso').height, 'z': now.qpos[:, 2],\n"
        "        'speed': (now.body('torso').position[:, 0] - before.body('torso').position[:, 0])"
        " / now.dt}\n"
    )
    terrain = Terrain(kinds=("slope_up",), levels=1, difficulty=(1.0, 1.0))
    experiment = Experiment(task="Ant-v5", reward=code, world=World(terrain=terrain))
    env: Any = experiment.make_vec(4, autoreset_mode="SameStep")
    env.reset(seed=0)
    assert (env.physics.data.qpos[:, 2] < 0).all()  # the platform lies deep
    before = env.physics.data.xpos[:, 1, 0].copy()
    env.step(still(env))
    height, z, speed = env.reward_term_values.T
    np.testing.assert_allclose(height, env.data.xpos[:, 1, 2])
    np.testing.assert_allclose(z, env.data.qpos[:, 2])
    np.testing.assert_allclose(speed, (env.physics.data.xpos[:, 1, 0] - before) / env.task.dt)
    assert ((z > 0.2) & (z < 1.0)).all()
    env.close()


def test_levels_follow_what_was_walked() -> None:
    terrain = Terrain(levels=3, curriculum="robots", speed=0.4)
    env = make(terrain, 6, max_episode_steps=20)  # 1 s: 0.2 m are half of what is asked
    env.reset(seed=0)
    np.testing.assert_array_equal(env.ground.levels, 0)
    assert len(set(env.ground.columns.tolist())) > 1
    env.ground.levels[:] = [0, 0, 1, 1, 2, 2]
    env.reset()
    levels = env.ground.levels.copy()

    def end(distances: list[float]) -> Any:
        """Ends all episodes so far from where they began."""
        env.reset()
        env.episode_lengths[:] = 19
        origins = env.ground.field.origins(levels, env.ground.columns)
        data = env.physics.data
        data.qvel[:] = 0
        data.qpos[:, :2] = origins[:, :2]
        data.qpos[:, 0] += distances
        data.qpos[:, 2] = 3 + origins[:, 2]
        *_, truncations, infos = env.step(still(env))
        assert truncations.all()
        np.testing.assert_array_equal(infos["terrain_level"], env.ground.levels)
        assert infos["_terrain_level"].all()
        return env.ground.levels.copy()

    # Further than half a tile of 8 m: up; less than 0.2 m: down; else it stays.
    levels = end([4.2, 3.8, 0.1, 0.3, 0.1, 3.8])
    np.testing.assert_array_equal(levels, [1, 0, 0, 1, 1, 2])
    levels = end([0.1, 0.1, 0.1, 4.2, 4.2, 3.0])
    np.testing.assert_array_equal(levels, [0, 0, 0, 2, 2, 2])
    seen = {tuple(end([3.0, 3.0, 3.0, 4.2, 4.2, 4.2])[3:]) for _ in range(4)}
    assert len(seen) > 1  # past the last: a random one
    assert (env.ground.levels < 3).all()
    env.close()


def test_levels_stay_without_a_curriculum_and_after_a_bad_state() -> None:
    curricula: tuple[Literal["none", "robots"], ...] = ("none", "robots")
    for curriculum in curricula:
        env = make(replace(SMALL, curriculum=curriculum), 50, max_episode_steps=5)
        env.reset(seed=0)
        env.ground.levels[:] = levels = env.ground.levels * 0 + 1
        env.reset()
        before = levels.copy()
        if curriculum == "robots":
            env.physics.data.qvel[:] = 1e12  # MuJoCo puts them to the middle of the world
            env.step(still(env))
            assert env.bad_states == 50
        else:
            for _ in range(20):
                env.step(still(env))
        np.testing.assert_array_equal(env.ground.levels, before)
        env.close()


def test_who_leaves_the_ground_is_truncated() -> None:
    env = make(SMALL, 3)
    env.reset(seed=0)
    rows, columns = env.ground.field.heights.shape
    half = SMALL.resolution / 2 * np.array([columns - 1, rows - 1])
    env.physics.data.qpos[0, :2] = half - 0.3
    env.physics.data.qpos[1, :2] = half[0] + 0.5, 0
    env.physics.data.qpos[2, :2] = 0, -half[1] - 0.5
    *_, truncations, _ = env.step(still(env))
    np.testing.assert_array_equal(truncations, [False, True, True])
    assert env.ground.field.holds(*env.physics.data.qpos[:, :2].T).all()  # begun anew
    env.close()


def test_a_scan_is_what_rays_meet() -> None:
    terrain = replace(SMALL, difficulty=(0.5, 1.0), scan=Scan(size=(1.2, 0.8), spacing=0.4))
    env = make(terrain, 27)
    env.reset(seed=0)
    everywhere(env)
    env.reset()
    for _ in range(30):
        env.step(env.action_space.sample())
    assert len(env.observation_names()) == env.observations.shape[1]
    assert env.observation_names()[-12] == "ground -0.60 -0.40"
    model = load_model(find("ant.xml"), env.ground.field.height_field())
    data, met = mujoco.MjData(model), np.zeros(1, np.int32)
    for i in range(env.num_envs):
        data.qpos[:] = env.physics.data.qpos[i]
        mujoco.mj_forward(model, data)
        forward = data.xmat[1].reshape(3, 3)[:2, 0]
        forward = forward / np.linalg.norm(forward)
        points = [(x, y) for x in (-0.6, -0.2, 0.2, 0.6) for y in (-0.4, 0.0, 0.4)]
        expected = []
        for x, y in points:
            at = data.xpos[1, :2] + x * forward + y * np.array([-forward[1], forward[0]])
            from_above = np.array([*at, 9.0])
            only_ground = np.array([1, 0, 0, 0, 0, 0], np.uint8)
            model.geom_group[:] = 1
            model.geom_group[0] = 0
            down = np.array([0, 0, -1.0])
            ray = mujoco.mj_ray(model, data, from_above, down, only_ground, 1, -1, met, None)
            expected.append(data.xpos[1, 2] - (9.0 - ray))
        np.testing.assert_allclose(env.observations[i, -12:], expected, atol=1e-9)
    env.close()


def test_a_scan_of_robots_that_do_not_turn() -> None:
    env = make(replace(SMALL, kinds=("stairs_up",), scan=Scan()), 9, "HalfCheetah-v5")
    env.reset(seed=0)
    scan = env.ground.scan()
    np.testing.assert_array_equal(scan, env.observations[:, 17:])
    assert scan.shape == (9, 54)
    # The cheetah's root is where the model has it, 0.7 m above the floor.
    np.testing.assert_allclose(scan[:, 27], 0.7 + env.data.qpos[:, 1], atol=1e-6)
    env.close()


def test_hands_put_robots_on_their_tile() -> None:
    """Where a task sees them is where they are put, over the ground that is there."""
    given = EventTerm(mode="reset", target="qvel", operation="add", range=(0, 0))
    world = World(terrain=replace(SMALL, difficulty=(1.0, 1.0)), events=(given,))
    paid = "{'x': now.body('torso').position[:, 0] - before.body('torso').position[:, 0]}"
    reward = f"def reward(now, before, action):\n    return {paid}\n"
    env: Any = Experiment(task="Ant-v5", world=world, reward=reward).make_vec(
        27, autoreset_mode="SameStep"
    )
    env.reset(seed=0)
    everywhere(env)
    env.reset()
    there = env.data.qpos.copy()
    there[:, :2] += np.linspace(-3, 3, 27)[:, np.newaxis]
    there[:, 2] = 0.9
    env.set_state(None, there, np.zeros((27, 14)))
    np.testing.assert_allclose(env.data.qpos, there, atol=1e-12)
    true, field = env.physics.data, env.ground.field
    ground = field.walked_at(true.qpos[:, 0], true.qpos[:, 1])
    assert np.ptp(ground) > 0.5
    np.testing.assert_allclose(true.qpos[:, 2], 0.9 + ground, atol=1e-12)
    origins = field.origins(env.ground.levels, env.ground.columns)
    np.testing.assert_allclose(true.qpos[:, :2] - origins[:, :2], there[:, :2], atol=1e-12)
    np.testing.assert_array_equal(true.xpos[:, 1], true.qpos[:, :3])
    env.step(still(env))
    assert np.abs(env.rewards).max() < 0.05, "being put somewhere is not walking there"
    env.close()


def test_a_keyframe_is_that_of_the_tile() -> None:
    key = '<keyframe><key qpos="0.5 0 1.2 1 0 0 0"/></keyframe></mujoco>'
    xml = BALL.format(world=FLOOR, inside="").replace("</mujoco>", key)
    robot = make_robot({"ball.xml": xml.encode()})
    terrain = replace(SMALL, kinds=("slope_down", "slope_up"))
    env: Any = replace(of_robot(robot), world=World(terrain=terrain)).make_vec(6)
    env.reset(seed=0)
    env.set_keyframe(None, 0)
    origins = env.ground.field.origins(env.ground.levels, env.ground.columns)
    assert np.ptp(origins[:, 2]) > 0.1
    np.testing.assert_allclose(
        env.physics.data.qpos[:, :3], origins + np.array([0.5, 0.0, 1.2]), atol=1e-12
    )
    env.close()


@pytest.mark.parametrize(
    ("task", "why"),
    [
        ("Swimmer-v5", "torso cannot move along x and z"),
        ("Reacher-v5", "cannot move along x and z"),
        ("Pusher-v5", "cannot move along x and z"),
        ("InvertedPendulum-v5", "it has no floor"),
        ("InvertedDoublePendulum-v5", "would stay where they are: rail"),
    ],
)
def test_who_cannot_stand_on_terrain_is_told(task: str, why: str) -> None:
    with pytest.raises(InvalidArgument, match=f"{task} cannot stand on terrain: .*{why}.* Ant-v5"):
        make(SMALL, 1, task)


BALL = """<mujoco><worldbody>{world}<body name="ball" pos="0 0 1"><freejoint/>
  <geom size="0.2"/>{inside}</body></worldbody></mujoco>"""
FLOOR = '<geom name="ground" type="plane" size="0 0 1"/>'


@pytest.mark.parametrize(
    ("world", "why"),
    [
        (FLOOR + '<geom name="wall" type="box" size="1 1 1"/>', "would stay where they are: wall"),
        (FLOOR + '<geom type="plane" size="0 0 1" euler="0 90 0"/>', "several floors or walls"),
        ('<geom type="plane" size="0 0 1" euler="0 10 0"/>', "its floor is tilted"),
        (
            FLOOR + '<body mocap="true"><geom size=".1" contype="0" conaffinity="0"/></body>',
            "mocap",
        ),
    ],
)
def test_worlds_that_do_not_move_along_are_refused(world: str, why: str) -> None:
    robot = make_robot({"ball.xml": BALL.format(world=world, inside="").encode()})
    experiment = replace(of_robot(robot), world=World(terrain=SMALL))
    with pytest.raises(InvalidArgument, match=f"Robot-v0 cannot stand on terrain: .*{why}"):
        experiment.make_vec(1)


def test_a_robot_larger_than_its_platform_is_refused() -> None:
    with pytest.raises(
        InvalidArgument, match=r"world.terrain.platform must be at least 1.9 m for Ant-v5, .* 1 m"
    ):
        make(replace(SMALL, platform=1.0), 1)


def test_an_event_may_not_move_what_the_terrain_puts() -> None:
    event = EventTerm(mode="reset", target="body_pos", operation="add", range=(0, 0.1))
    world = World(terrain=SMALL, events=(event,))
    with pytest.raises(InvalidArgument, match=r"world.events\[0\].target: body_pos is where"):
        Experiment(task="Hopper-v5", world=world).make_vec(1)
    Experiment(task="Ant-v5", world=world).make_vec(1).close()


def test_a_robot_of_ones_own_on_the_floor_that_it_got() -> None:
    """Its floor lies where its lowest point is, below 0."""
    xml = BALL.format(world="", inside='<geom size="0.1" pos="0 0 -1.3"/>')
    robot = make_robot({"ball.xml": xml.encode()})
    assert robot.floor is not None
    np.testing.assert_allclose(robot.floor, -0.4)
    terrain = replace(SMALL, kinds=("slope_down",), scan=Scan(size=(0, 0)))
    env: Any = replace(of_robot(robot), world=World(terrain=terrain)).make_vec(6)
    observations, _ = env.reset(seed=0)
    np.testing.assert_allclose(env.data.qpos[:, 2], 1.0, atol=1e-6)
    np.testing.assert_allclose(observations[:, -1], 1.4, atol=1e-6)
    contacts = env.physics.data.qpos[:, 2] - 1.0
    origins = env.ground.field.origins(env.ground.levels, env.ground.columns)
    np.testing.assert_allclose(contacts, origins[:, 2], atol=1e-12)
    assert origins[:, 2].max() > 0.1
    env.close()


def test_a_hostile_document_costs_no_memory() -> None:
    """Nothing is made of a terrain before it is known to be small enough."""
    for change in (
        {"levels": 10**9},
        {"tile": 1e300},
        {"resolution": 1e-300},
        {"kinds": ("flat",) * 10**6},
        {"levels": 100, "kinds": ("flat",) * 100, "tile": 100.0, "resolution": 0.01},
    ):
        with pytest.raises(InvalidArgument):
            Terrain(**change)
