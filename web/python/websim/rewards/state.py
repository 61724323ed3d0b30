"""What a reward sees of a batch: MuJoCo's arrays, and what they say of a body or a joint by name.

Each value has a row per environment: [n] where it is one number, [n, k] where it is several. All
are read only. Places and velocities are in the world's frame; velocities are MuJoCo's own
(mj_objectVelocity of mjOBJ_XBODY, mjOBJ_GEOM and mjOBJ_SITE).
"""

from collections.abc import Iterable, Mapping
from typing import ClassVar

import numpy as np

from websim.errors import InvalidArgument
from websim.physics import FIELDS, STATE, FloatArray, Model
from websim.physics.enums import Joint as JointType
from websim.safecode import Accessor

Table = Mapping[str, tuple[str, ...]]
"""Of each attribute the arrays that it is computed of."""


class Frame(Accessor):
    """Something that has a place and a direction: a body, a geom or a site."""

    array: ClassVar[tuple[str, str]]

    def __init__(self, state: "State", index: int, body: int) -> None:
        """Takes its id, and that of the body that moves it."""
        self._state, self._index, self._body = state, index, body
        self._root = int(state.model.body_rootid[body])

    @property
    def position(self) -> FloatArray:
        """Where it is [n, 3]."""
        return self._state.read(self.array[0])[:, self._index]

    @property
    def height(self) -> FloatArray:
        """Its z [n]."""
        return self.position[:, 2]

    @property
    def forward(self) -> FloatArray:
        """Its x axis [n, 3]."""
        return self._state.read(self.array[1])[:, self._index, 0::3]

    @property
    def up(self) -> FloatArray:
        """Its z axis [n, 3]; `up[:, 2]` is 1 upright and -1 upside down."""
        return self._state.read(self.array[1])[:, self._index, 2::3]

    @property
    def angular_velocity(self) -> FloatArray:
        """Radians per second about the world's axes [n, 3]."""
        return self._state.read("cvel")[:, self._body, :3]

    @property
    def velocity(self) -> FloatArray:
        """Metres per second [n, 3]."""
        # MuJoCo keeps it for a point that moves with the body and lies in the centre of its tree.
        center = self._state.read("subtree_com")[:, self._root]
        arm = self.position - center
        turning = np.cross(self.angular_velocity, arm)
        velocity: FloatArray = self._state.read("cvel")[:, self._body, 3:] + turning
        return velocity


def _frame(position: str, rotation: str) -> dict[str, tuple[str, ...]]:
    return {
        "position": (position,),
        "height": (position,),
        "forward": (rotation,),
        "up": (rotation,),
        "velocity": (position, "cvel", "subtree_com"),
        "angular_velocity": ("cvel",),
    }


class Body(Frame):
    """A body, at the origin of its frame."""

    array = "xpos", "xmat"
    attributes: ClassVar[Table] = {
        **_frame(*array),
        "center_of_mass": ("subtree_com",),
        "contact_force": ("cfrc_ext", "xfrc_applied"),
    }

    @property
    def center_of_mass(self) -> FloatArray:
        """Of it and all that hangs on it [n, 3]."""
        return self._state.read("subtree_com")[:, self._index]

    @property
    def contact_force(self) -> FloatArray:
        """The sum of the forces of its contacts and equality constraints, in newtons [n, 3]."""
        read = self._state.read
        force: FloatArray = (
            read("cfrc_ext")[:, self._index, 3:] - read("xfrc_applied")[:, self._index, :3]
        )
        return force


class Geom(Frame):
    """A geom, at its centre."""

    array = "geom_xpos", "geom_xmat"
    attributes: ClassVar[Table] = _frame(*array)


class Site(Frame):
    """A site."""

    array = "site_xpos", "site_xmat"
    attributes: ClassVar[Table] = _frame(*array)


class Joint(Accessor):
    """A hinge or a slide; what a free or a ball joint moves is asked as a body."""

    attributes: ClassVar[Table] = {
        "angle": ("qpos",),
        "position": ("qpos",),
        "velocity": ("qvel",),
        "acceleration": ("qacc",),
        "torque": ("qfrc_actuator",),
    }

    def __init__(self, state: "State", index: int) -> None:
        """Takes its id; raises InvalidArgument for a joint of more than one number."""
        model = state.model
        kind = JointType(int(model.jnt_type[index]))
        if kind not in (JointType.HINGE, JointType.SLIDE):
            body = model.body_names[model.jnt_bodyid[index]]
            raise InvalidArgument(
                f"The joint {model.joint_names[index]!r} is a {kind.name.lower()} joint and has no "
                f"angle: ask its body, body({body!r})."
            )
        self._state = state
        self._qpos, self._dof = int(model.jnt_qposadr[index]), int(model.jnt_dofadr[index])

    @property
    def position(self) -> FloatArray:
        """Radians of a hinge, metres of a slide [n]."""
        return self._state.read("qpos")[:, self._qpos]

    angle = position

    @property
    def velocity(self) -> FloatArray:
        """Of the same per second [n]."""
        return self._state.read("qvel")[:, self._dof]

    @property
    def acceleration(self) -> FloatArray:
        """Of the same per second squared [n]."""
        return self._state.read("qacc")[:, self._dof]

    @property
    def torque(self) -> FloatArray:
        """What all actuators together do to it [n]; the force of a slide."""
        return self._state.read("qfrc_actuator")[:, self._dof]


class Actuator(Accessor):
    """An actuator: values [n], or [n, k] for one with several controls or outputs."""

    attributes: ClassVar[Table] = {
        "control": ("ctrl",),
        "force": ("actuator_force",),
        "length": ("actuator_length",),
        "velocity": ("actuator_velocity",),
    }

    def __init__(self, state: "State", index: int) -> None:
        """Takes its id."""
        model = state.model
        self._state = state
        self._controls = _columns(model.actuator_ctrladr[index], model.actuator_ctrlnum[index])
        self._outputs = _columns(model.actuator_outadr[index], model.actuator_outnum[index])

    @property
    def control(self) -> FloatArray:
        """What it is told."""
        return self._state.read("ctrl")[:, self._controls]

    @property
    def force(self) -> FloatArray:
        """What it exerts."""
        return self._state.read("actuator_force")[:, self._outputs]

    @property
    def length(self) -> FloatArray:
        """The angle or length that it acts on."""
        return self._state.read("actuator_length")[:, self._outputs]

    @property
    def velocity(self) -> FloatArray:
        """How fast that changes."""
        return self._state.read("actuator_velocity")[:, self._outputs]


class Sensor(Accessor):
    """A sensor."""

    attributes: ClassVar[Table] = {"value": ("sensordata",)}

    def __init__(self, state: "State", index: int) -> None:
        """Takes its id."""
        model = state.model
        self._state = state
        self._columns = _columns(model.sensor_adr[index], model.sensor_dim[index])

    @property
    def value(self) -> FloatArray:
        """What it shows: [n], or [n, k] for one of several numbers."""
        return self._state.read("sensordata")[:, self._columns]


class Tendon(Accessor):
    """A tendon."""

    attributes: ClassVar[Table] = {"length": ("ten_length",), "velocity": ("ten_velocity",)}

    def __init__(self, state: "State", index: int) -> None:
        """Takes its id."""
        self._state, self._index = state, index

    @property
    def length(self) -> FloatArray:
        """Metres [n]."""
        return self._state.read("ten_length")[:, self._index]

    @property
    def velocity(self) -> FloatArray:
        """Metres per second [n]."""
        return self._state.read("ten_velocity")[:, self._index]


def _columns(start: int, count: int) -> int | slice:
    return int(start) if count == 1 else slice(int(start), int(start) + int(count))


class State(Accessor):
    """A batch at one time: `now` and `before` of a reward.

    The arrays of `websim.physics.STATE` and FIELDS are its attributes, and these:

    Attributes:
        model: Sizes, names and constants.
        dt: Seconds of an environment step.
    """

    attributes: ClassVar[Table] = {
        **{name: (name,) for name in (*STATE, *FIELDS)},
        "center_of_mass": ("subtree_com",),
        "dt": (),
    }
    methods: ClassVar = {
        "body": Body,
        "joint": Joint,
        "geom": Geom,
        "site": Site,
        "sensor": Sensor,
        "actuator": Actuator,
        "tendon": Tendon,
    }

    def __init__(self, model: Model, dt: float, arrays: Mapping[str, FloatArray]) -> None:
        """Takes arrays that stay where they are, by name."""
        self.model, self.dt = model, dt
        self._arrays: dict[str, FloatArray] = {}
        for name, array in arrays.items():
            view = array.view()
            view.flags.writeable = False
            self._arrays[name] = view

    def read(self, name: str) -> FloatArray:
        """An array [n, ...]."""
        return self._arrays[name]

    def __getattr__(self, name: str) -> FloatArray:
        arrays: dict[str, FloatArray] = self.__dict__.get("_arrays", {})
        if name not in arrays:
            raise AttributeError(f"no array {name!r} is kept for this code")
        return arrays[name]

    @property
    def center_of_mass(self) -> FloatArray:
        """Of all bodies together [n, 3]."""
        return self.read("subtree_com")[:, 0]

    def body(self, name: str) -> Body:
        """A body by its name."""
        index = self.model.body(name)
        return Body(self, index, index)

    def geom(self, name: str) -> Geom:
        """A geom by its name."""
        index = self.model.geom(name)
        return Geom(self, index, int(self.model.geom_bodyid[index]))

    def site(self, name: str) -> Site:
        """A site by its name."""
        index = self.model.site(name)
        return Site(self, index, int(self.model.site_bodyid[index]))

    def joint(self, name: str) -> Joint:
        """A joint by its name."""
        return Joint(self, self.model.joint(name))

    def sensor(self, name: str) -> Sensor:
        """A sensor by its name."""
        return Sensor(self, self.model.sensor(name))

    def actuator(self, name: str) -> Actuator:
        """An actuator by its name."""
        return Actuator(self, self.model.actuator(name))

    def tendon(self, name: str) -> Tendon:
        """A tendon by its name."""
        return Tendon(self, self.model.tendon(name))


class Moments:
    """A batch after a step and before it, as far as code reads them.

    Attributes:
        now: The batch as it stands.
        before: As it was when `remember` was called.
    """

    def __init__(
        self,
        model: Model,
        dt: float,
        arrays: Mapping[str, FloatArray],
        now: Iterable[str],
        before: Iterable[str],
    ) -> None:
        """Takes a batch's arrays, and the names of those that are read of it."""
        kept = {name: arrays[name].copy() for name in before}
        self._kept = [(arrays[name], copy) for name, copy in kept.items()]
        self.now = State(model, dt, {name: arrays[name] for name in now})
        self.before = State(model, dt, kept)

    def remember(self) -> None:
        """Keeps what `before` has: physics writes into the same arrays."""
        for array, copy in self._kept:
            copy[...] = array


def at_rest(model: Model, num_envs: int, names: Iterable[str]) -> dict[str, FloatArray]:
    """Arrays of environments in the model's first position, as far as that needs no physics."""
    arrays = {name: np.zeros((num_envs, *model.shape(name))) for name in names}
    for name, array in arrays.items():
        if name == "qpos":
            array[...] = model.qpos0
        elif name.endswith("mat"):
            array[..., 0::4] = 1.0
        elif name.endswith("quat"):
            array[..., 0] = 1.0
    return arrays
