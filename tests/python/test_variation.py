"""Environments with models of their own against an MjModel and an MjData for each, bit by bit."""

import copy
from operator import attrgetter
from pathlib import Path
from typing import Any

import mujoco
import numpy as np
import pytest

import websim
from tests.model_values import fields_of, values
from tests.state_models import MOTOR, NATIVE, NUM_ENVS, OWN, arm, inputs
from websim import ClosedEnvironment, InvalidArgument, ModelError
from websim.errors import DamagedCheckpoint
from websim.mjcf import Source, find
from websim.physics import FIELDS, STATE
from websim.physics.bounds import BOUNDS
from websim.physics.native import NativePhysics, load_model
from websim.physics.variation import CONSTANTS
from websim.snapshots import first_rows, restore, snapshot

LOOK = 9
ALL = np.arange(NUM_ENVS)

ROBOTS = ("ant.xml", "half_cheetah.xml", "humanoid.xml", "swimmer.xml", "pusher_v5.xml")

PAIR = arm(MOTOR, rest='<contact><pair geom1="floor" geom2="crate"/></contact>').replace(
    '<geom type="box"', '<geom name="crate" type="box"'
)

SPRINGS = arm(
    MOTOR,
    rest="""<tendon>
      <spatial name="rope" range="0 1" limited="true" stiffness="3" damping=".1">
        <site site="tip"/><site site="nail"/></spatial></tendon>""",
).replace("<worldbody>", '<worldbody><site name="nail" pos="0 0 1"/><camera mode="trackcom"/>', 1)

OTHERS = {"contact pair": PAIR, "spatial tendon": SPRINGS}

Values = dict[str, Any]


def change(model: mujoco.MjModel, given: Values, i: int) -> None:
    """Does with one model what `set_model` does with row `i`."""
    for name, rows in given.items():
        holder, _, last = name.rpartition(".")
        of = attrgetter(holder)(model) if holder else model
        if np.ndim(rows[i]):
            getattr(of, last)[...] = rows[i]
        else:
            setattr(of, last, rows[i])
    mujoco.mj_setConst(model, mujoco.MjData(model))


def check(source: Source) -> None:
    """Steps a batch, and as many models; in the middle some change once more."""
    compiled = load_model(source)
    physics = NativePhysics(source, NUM_ENVS, tuple(FIELDS), num_threads=2)
    fields = fields_of(physics)
    physics.vary(fields)
    models = [copy.copy(compiled) for _ in ALL]
    datas = [mujoco.MjData(model) for model in models]

    def set_model(indices: Any, seed: int) -> None:
        given = {name: values(physics, name, len(indices), seed) for name in fields}
        physics.set_model(indices, given)
        for k, i in enumerate(indices):
            change(models[i], given, k)
        for i, model in enumerate(models):
            for name, array in physics._arrays.items():
                np.testing.assert_array_equal(array[i], attrgetter(name)(model), name)

    set_model(ALL, seed=1)
    given = inputs(physics.model)
    physics.reset(ALL, given["qpos"], given["qvel"])
    for i, data in enumerate(datas):
        mujoco.mj_resetData(models[i], data)
        data.qpos[:], data.qvel[:] = given["qpos"][i], given["qvel"][i]
        mujoco.mj_forward(models[i], data)
    for name in given.keys() - {"qpos", "qvel", "ctrl"}:
        getattr(physics.data, name)[...] = given[name]
        for i, data in enumerate(datas):
            getattr(data, name)[...] = given[name][i]
    for step, ctrl in enumerate(given["ctrl"]):
        if step == len(given["ctrl"]) // 2:
            set_model(np.array([2, 0]), seed=2)
        physics.data.ctrl[...] = ctrl
        physics.step(1)
        for i, data in enumerate(datas):
            data.ctrl[:] = ctrl[i]
            mujoco.mj_step(models[i], data)
            mujoco.mj_rnePostConstraint(models[i], data)
            if step % LOOK:
                continue
            for name in (*STATE, *FIELDS):
                np.testing.assert_array_equal(
                    getattr(physics.data, name)[i], getattr(data, name), f"{name}, step {step}"
                )
    apart = [np.abs(physics.data.qpos[0] - physics.data.qpos[i]).max() for i in ALL[1:]]
    assert min(apart) > 1e-6, "the models do the same: the comparison proves nothing"
    physics.close()


@pytest.fixture(autouse=True)
def in_tmp_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)  # MuJoCo writes its warnings to MUJOCO_LOG.TXT.


@pytest.mark.parametrize("name", OWN | NATIVE | OTHERS)
def test_every_kind_of_state(name: str) -> None:
    check((OWN | NATIVE | OTHERS)[name])


@pytest.mark.parametrize("name", ROBOTS)
def test_robots(name: str) -> None:
    check(find(name))


@pytest.mark.parametrize("source", [*(OWN | OTHERS).values(), *map(find, ROBOTS)])
def test_nothing_else_is_computed_of_them(source: Source) -> None:
    """But what is not read in a step."""
    model = load_model(source)
    physics = NativePhysics(source, 1, ())
    fields = fields_of(physics)
    given = {name: values(physics, name, 1, seed=1) for name in fields}
    before = copy.copy(model)
    change(model, given, 0)
    numbers = ["meaninertia", "meanmass", "meansize", "extent"]
    names = [name for name in dir(model) if isinstance(getattr(model, name), np.ndarray | int)]
    names = [name for name in names if not name.startswith("_")]
    names += [f"stat.{name}" for name in numbers]
    changed = {
        name for name in names if np.any(attrgetter(name)(model) != attrgetter(name)(before))
    }
    drawn = {"light_poscom0", "light_pos0", "light_dir0", "stat.meansize", "stat.extent"}
    sleep = {"dof_length"}
    assert changed <= {*fields, *CONSTANTS, *drawn, *sleep, "stat.meanmass"}
    physics.close()


def test_a_damping_ratio_becomes_a_damping() -> None:
    xml = arm('<position joint="elbow" kp="5" ctrlrange="-1 1"/>')
    physics = NativePhysics(xml, 2, ())
    physics.vary(["actuator_biasprm", "body_mass", "body_inertia"])
    mass = np.array(physics.varied["body_mass"]) * [[1], [4]]
    inertia = np.array(physics.varied["body_inertia"]) * [[[1]], [[4]]]
    bias = np.array(physics.varied["actuator_biasprm"])
    bias[:, 0, 2] = 1.0
    given = {"body_mass": mass, "body_inertia": inertia, "actuator_biasprm": bias}
    physics.set_model(np.arange(2), given)
    damping = -physics.varied["actuator_biasprm"][:, 0, 2]
    assert damping[0] > 0
    assert damping[1] == pytest.approx(2 * damping[0])
    physics.close()


def pile(scale: float) -> str:
    """Bodies of one geom and of several that fall onto each other; inertias do not follow sizes."""

    def size(*numbers: float) -> str:
        return " ".join(repr(number * scale) for number in numbers)

    inertial = '<inertial pos=".01 .02 .03" mass="1" diaginertia=".01 .02 .03" euler="10 20 30"/>'
    geoms = (
        f'<geom type="capsule" size="{size(0.03, 0.1)}" euler="0 90 0"/>',
        f'<geom type="cylinder" size="{size(0.03, 0.1)}" euler="90 0 0"/>',
        f'<geom type="box" size="{size(0.03, 0.04, 0.05)}" pos="0 0 .1" euler="10 20 30"/>',
        f'<geom type="ellipsoid" size="{size(0.03, 0.04, 0.05)}" pos="0 .1 .1" euler="30 20 10"/>',
        f'<geom type="sphere" size="{size(0.04)}" pos="0 0 -.1"/>',
    )
    parts = [*geoms, "".join(geoms), "".join(geoms[:3])]
    bodies = "".join(
        f'<body pos="{0.05 * k} {0.03 * k} {0.2 + 0.2 * k}" euler="{20 * k} 30 {10 * k}">'
        f"<freejoint/>{inertial}{part}</body>"
        for k, part in enumerate(parts)
    )
    return f'''<mujoco><option timestep="0.005"/><worldbody>
      <geom type="plane" size="2 2 .1"/>
      <geom type="box" size="{size(0.2, 0.2, 0.1)}" euler="10 20 0"/>{bodies}
      </worldbody></mujoco>'''


@pytest.mark.parametrize("scale", [0.5, 1.0, 1.8])
def test_sizes_are_as_if_compiled(scale: float) -> None:
    """With the bounds by which pairs that may touch are found."""
    scaled = load_model(pile(scale))
    physics = NativePhysics(pile(1), 2, tuple(FIELDS))
    physics.vary(["geom_size"])
    sizes = np.array(physics.varied["geom_size"])
    sizes[1] = scaled.geom_size
    physics.set_model(np.arange(2), {"geom_size": sizes})
    for name in BOUNDS[:2]:  # trees of other sizes have other branches
        np.testing.assert_allclose(physics._arrays[name][1], getattr(scaled, name), rtol=1e-12)
    model = physics.model
    physics.reset(np.arange(2), np.tile(model.qpos0, (2, 1)), np.zeros((2, model.nv)))
    data = mujoco.MjData(scaled)
    mujoco.mj_forward(scaled, data)
    touched = 0
    for step in range(400):
        physics.step(1)
        mujoco.mj_step(scaled, data)
        touched = max(touched, data.ncon)
        if step % LOOK == 0:
            np.testing.assert_array_equal(physics.data.qpos[1], data.qpos, f"step {step}")
    assert touched > 8
    physics.close()


def test_what_may_not_differ_is_named() -> None:
    physics = NativePhysics(OWN["tendon"], 2, ())
    with pytest.raises(InvalidArgument, match=r"'geom_pos' cannot differ .* geom_friction"):
        physics.vary(["geom_pos"])
    with pytest.raises(InvalidArgument, match="'pair_friction' cannot differ: the model has none"):
        physics.vary(["body_mass", "pair_friction"])
    assert not physics.varied
    physics.vary(["body_mass", "geom_size"])
    mass = np.array(physics.varied["body_mass"])
    every = np.arange(2)
    for wrong, told in (
        ({"geom_friction": mass}, r"'geom_friction' does not differ .* body_mass, geom_size"),
        ({"body_mass": mass[:1]}, r"shape \(2, 5\), not \(1, 5\)"),
        ({"body_mass": mass * np.nan}, "body_mass must be finite"),
        ({"body_mass": -mass}, "body_mass must be at least 0, not -"),
        ({"geom_size": physics.varied["geom_size"] * 2}, r"not of the geoms \[0\]"),
    ):
        with pytest.raises(InvalidArgument, match=told):
            physics.set_model(every, wrong)
    with pytest.raises(InvalidArgument, match="Indices of environments go from 0 to 1"):
        physics.set_model(np.array([2]), {"body_mass": mass[:1]})
    with pytest.raises(InvalidArgument, match="body_mass must be above 0 where"):
        physics.set_model(every, {"body_mass": mass * 0})
    np.testing.assert_array_equal(physics.varied["body_mass"], mass)
    with pytest.raises(ValueError, match="read-only"):
        physics.varied["body_mass"][...] = 1
    physics.close()
    with pytest.raises(ClosedEnvironment):
        physics.vary(["body_pos"])


def test_saved_environments_have_their_models() -> None:
    def make() -> Any:
        env = websim.make_vec("Hopper-v5", 3, autoreset_mode="SameStep")
        env.reset(seed=1)
        return env

    env, other = make(), make()
    env.physics.vary(["body_mass", "geom_friction"])
    given = {name: values(env.physics, name, 3, seed=1) for name in env.physics.varied}
    env.physics.set_model(ALL, given)
    actions = np.full((3, 3), 0.3, np.float32)
    for _ in range(20):
        env.step(actions)
    saved = snapshot(env)
    restore(other, saved)
    for _ in range(100):
        for a, b in zip(env.step(actions)[:4], other.step(actions)[:4], strict=True):
            np.testing.assert_array_equal(a, b)
    assert first_rows(saved, 3, 2)["model"]["body_mass"].shape[0] == 2
    for damage in ({"body_mass": given["body_mass"][:2]}, {"jnt_pos": np.zeros((3, 4, 3))}, 7):
        with pytest.raises(DamagedCheckpoint):
            restore(make(), saved | {"model": damage})


def test_nothing_is_changed_where_mujoco_gives_up(monkeypatch: pytest.MonkeyPatch) -> None:
    physics = NativePhysics(OWN["tendon"], 2, ())
    physics.vary(["body_mass"])
    before = {name: array.copy() for name, array in physics._arrays.items()}

    def give_up(indices: Any) -> None:
        physics._arrays["dof_M0"][indices] = 7
        raise ModelError("too small")

    monkeypatch.setattr(physics, "_set_constants", give_up)
    with pytest.raises(ModelError, match="too small"):
        physics.set_model(np.array([1]), {"body_mass": before["body_mass"][1:] * 2})
    for name, array in physics._arrays.items():
        np.testing.assert_array_equal(array, before[name], name)
    physics.close()
