"""What a reward sees by name, against an MjData for each environment."""

import mujoco
import numpy as np
import pytest

from tests.state_models import arm
from websim import InvalidArgument, mjcf
from websim.physics import FIELDS, STATE, FloatArray, Physics, make_physics
from websim.physics.native import load_model
from websim.rewards.state import Moments, State, at_rest

N = 5
SENSORS = (
    '<jointpos name="elbow angle" joint="elbow"/><accelerometer name="felt" site="tip"/>'
    '<framequat name="turned" objtype="body" objname="box"/>'
)
ARM = arm(
    '<motor name="lift" joint="shoulder" gear="20"/><position joint="elbow" kp="9"/>'
    '<motor name="pull" tendon="string"/>',
    SENSORS,
    '<tendon><fixed name="string"><joint joint="elbow" coef="0.5"/></fixed></tendon>'
    '<contact><exclude body1="upper" body2="lower"/></contact>',
)
MODELS = {"arm": ARM, "humanoid": mjcf.find("humanoid.xml"), "ant": mjcf.find("ant.xml")}


class Both:
    """A batch, and as many MjData in the same states."""

    def __init__(self, source: mjcf.Source) -> None:
        self.physics: Physics = make_physics(source, N, tuple(FIELDS))
        model = self.physics.model
        self.model = load_model(source)
        self.datas = [mujoco.MjData(self.model) for _ in range(N)]
        rng = np.random.default_rng(0)
        qpos = model.qpos0 + rng.uniform(-0.3, 0.3, (N, model.nq))
        qvel = rng.normal(size=(N, model.nv))
        self.physics.reset(np.arange(N), qpos, qvel)
        ctrl = rng.uniform(-1, 1, (N, model.nu))
        push = rng.normal(size=(N, model.nbody, 6))
        self.physics.data.ctrl[...] = ctrl
        self.physics.data.xfrc_applied[...] = push
        for i, data in enumerate(self.datas):
            data.qpos[:], data.qvel[:] = qpos[i], qvel[i]
            mujoco.mj_forward(self.model, data)
            data.ctrl[:], data.xfrc_applied[:] = ctrl[i], push[i]
        self.step(60)
        self.now = self.moments().now

    def step(self, count: int) -> None:
        self.physics.step(count)
        for data in self.datas:
            for _ in range(count):
                mujoco.mj_step(self.model, data)
            mujoco.mj_rnePostConstraint(self.model, data)

    def moments(self) -> Moments:
        arrays = {name: getattr(self.physics.data, name) for name in (*STATE, *FIELDS)}
        return Moments(self.physics.model, 0.05, arrays, arrays, arrays)

    def each(self, function: object) -> FloatArray:
        return np.array([function(data) for data in self.datas])  # type: ignore[operator]


@pytest.fixture(scope="module", params=MODELS)
def both(request: pytest.FixtureRequest) -> Both:
    return Both(MODELS[request.param])


def close(here: FloatArray, there: FloatArray) -> None:
    np.testing.assert_allclose(here, there, rtol=1e-9, atol=1e-9)


def test_velocities_are_mujocos(both: Both) -> None:
    model, now = both.physics.model, both.now
    kinds = {
        "body": (model.body_names, mujoco.mjtObj.mjOBJ_XBODY),
        "geom": (model.geom_names, mujoco.mjtObj.mjOBJ_GEOM),
        "site": (model.site_names, mujoco.mjtObj.mjOBJ_SITE),
    }
    seen = 0
    for kind, (names, code) in kinds.items():
        for i, name in enumerate(names):
            if not name:
                continue

            def velocity(data: mujoco.MjData, code: int = code, i: int = i) -> FloatArray:
                result: FloatArray = np.zeros(6)
                mujoco.mj_objectVelocity(both.model, data, code, i, result, 0)
                return result

            part = getattr(now, kind)(name)
            close(part.angular_velocity, both.each(velocity)[:, :3])
            close(part.velocity, both.each(velocity)[:, 3:])
            seen += 1
    assert seen > 5


def test_places_and_directions(both: Both) -> None:
    for name in filter(None, both.physics.model.body_names):
        body = both.now.body(name)
        close(body.position, both.each(lambda data, name=name: data.body(name).xpos))
        close(body.height, body.position[:, 2])
        matrix = both.each(lambda data, name=name: data.body(name).xmat.reshape(3, 3))
        close(body.forward, matrix @ [1, 0, 0])
        close(body.up, matrix @ [0, 0, 1])
        close(body.center_of_mass, both.each(lambda data, name=name: data.body(name).subtree_com))
    close(both.now.center_of_mass, both.each(lambda data: data.subtree_com[0]))


def test_contact_forces_are_those_of_contacts(both: Both) -> None:
    """Pushes (xfrc_applied), of which there are some on every body, are none."""

    def forces(data: mujoco.MjData) -> FloatArray:
        total: FloatArray = np.zeros((both.model.nbody, 3))
        for k in range(data.ncon):
            contact, wrench = data.contact[k], np.zeros(6)
            mujoco.mj_contactForce(both.model, data, k, wrench)
            force = contact.frame.reshape(3, 3).T @ wrench[:3]
            for geom, sign in zip(contact.geom, (-1, 1), strict=True):
                total[both.model.geom_bodyid[geom]] += sign * force
        return total

    expected = both.each(forces)
    assert np.abs(expected).max() > 1
    for i, name in enumerate(both.physics.model.body_names):
        if i and name:
            close(both.now.body(name).contact_force, expected[:, i])


@pytest.fixture(scope="module")
def arms() -> Both:
    return Both(ARM)


def test_joints_sensors_actuators_and_tendons(arms: Both) -> None:
    now = arms.now
    for name in ("shoulder", "elbow"):
        joint = now.joint(name)
        close(joint.angle, arms.each(lambda data, name=name: data.joint(name).qpos[0]))
        close(joint.position, joint.angle)
        close(joint.velocity, arms.each(lambda data, name=name: data.joint(name).qvel[0]))
        close(joint.acceleration, arms.each(lambda data, name=name: data.joint(name).qacc[0]))
        close(joint.torque, arms.each(lambda data, name=name: data.joint(name).qfrc_actuator[0]))
    close(now.sensor("elbow angle").value, arms.each(lambda data: data.sensor(0).data[0]))
    for name, size in {"felt": 3, "turned": 4}.items():
        assert now.sensor(name).value.shape == (N, size)
        close(now.sensor(name).value, arms.each(lambda data, name=name: data.sensor(name).data))
    pull = now.actuator("pull")
    close(pull.control, arms.each(lambda data: data.ctrl[2]))
    close(pull.force, arms.each(lambda data: data.actuator_force[2]))
    close(pull.length, arms.each(lambda data: data.actuator_length[2]))
    close(pull.velocity, arms.each(lambda data: data.actuator_velocity[2]))
    close(now.tendon("string").length, arms.each(lambda data: data.ten_length[0]))
    close(now.tendon("string").velocity, arms.each(lambda data: data.ten_velocity[0]))
    close(now.time, arms.each(lambda data: data.time))
    assert now.dt == 0.05


def test_a_robots_own_center_of_mass() -> None:
    """As Humanoid-v5 computes it."""
    both = Both(MODELS["humanoid"])
    mass = both.model.body_mass
    com = np.einsum("b,nbj->nj", mass, both.physics.data.xipos) / mass.sum()
    np.testing.assert_allclose(both.now.center_of_mass, com, rtol=1e-12)


def test_before_stays_as_it_was(arms: Both) -> None:
    moments = arms.moments()
    arms.step(1)
    moments.remember()
    angle = moments.now.joint("elbow").angle.copy()
    arms.step(1)
    np.testing.assert_array_equal(moments.before.joint("elbow").angle, angle)
    assert (moments.now.joint("elbow").angle != angle).all()


def test_nobody_writes_into_the_simulation(arms: Both) -> None:
    for array in (arms.now.qpos, arms.now.body("upper").up, arms.now.sensor("felt").value):
        with pytest.raises(ValueError, match="read-only"):
            array[:] = 0


@pytest.mark.parametrize(
    ("ask", "told"),
    [
        (lambda now: now.body("uper"), "no body named 'uper'; it has: upper, world, lower, box, "),
        (lambda now: now.joint("knee"), "no joint named 'knee'; it has: shoulder, elbow"),
        (lambda now: now.sensor("feld"), "no sensor named 'feld'; it has: felt, elbow angle"),
        (lambda now: now.site(""), "no site named ''; it has: tip"),
        (lambda now: now.tendon("rope"), "no tendon named 'rope'; it has: string"),
    ],
)
def test_unknown_names_say_what_there_is(arms: Both, ask: object, told: str) -> None:
    with pytest.raises(InvalidArgument, match=told):
        ask(arms.now)  # type: ignore[operator]


def test_a_free_joint_has_no_angle() -> None:
    model = make_physics(mjcf.find("ant.xml"), 1, ()).model
    state = State(model, 0.05, {})
    with pytest.raises(InvalidArgument, match=r"'root' is a free .* body\('torso'\)"):
        state.joint("root")
    with pytest.raises(AttributeError, match="no array 'cvel' is kept"):
        _ = state.cvel


def test_attributes_read_what_they_say(arms: Both) -> None:
    """Each works with no more arrays than it is said to be computed of."""
    model, data = arms.physics.model, arms.physics.data
    names = {"body": "upper", "geom": "floor", "site": "tip", "joint": "elbow", "actuator": "lift"}
    names |= {"sensor": "felt", "tendon": "string"}
    for attribute, arrays in State.attributes.items():
        alone = State(model, 0.05, {name: getattr(data, name) for name in arrays})
        np.testing.assert_array_equal(getattr(alone, attribute), getattr(arms.now, attribute))
    for method, kind in State.methods.items():
        for attribute, arrays in kind.attributes.items():
            alone = State(model, 0.05, {name: getattr(data, name) for name in arrays})
            values = (
                getattr(getattr(s, method)(names[method]), attribute) for s in (alone, arms.now)
            )
            np.testing.assert_array_equal(*values)


def test_environments_at_rest() -> None:
    model = make_physics(mjcf.find("ant.xml"), 1, ()).model
    state = State(model, 0.05, at_rest(model, 3, ("qpos", "xmat", "xquat", "xpos")))
    np.testing.assert_array_equal(state.qpos, [model.qpos0] * 3)
    np.testing.assert_array_equal(state.body("torso").up, [[0, 0, 1]] * 3)
    np.testing.assert_array_equal(state.xquat[:, 1], [[1, 0, 0, 0]] * 3)
