"""Whether a robot can stand on a terrain, and where the numbers lie that put it somewhere."""

from typing import NamedTuple

import numpy as np

from websim.errors import InvalidArgument
from websim.mjcf import Source
from websim.physics import FloatArray, Physics, make_physics
from websim.physics.enums import Joint
from websim.physics.heightfield import HeightField
from websim.worlds.field import Field
from websim.worlds.terrain import Terrain

_HFIELD = 1
"""MuJoCo's mjtGeom."""

_UPRIGHT = (1.0, 0.0, 0.0, 0.0)


class Root(NamedTuple):
    """Where the numbers lie that put a tree of bodies somewhere.

    Attributes:
        body: Its first one.
        columns: Of qpos, for x, y and z; that of y is None where it moves in a plane.
        start: Where the body is over the floor where these are 0 [3].
        rotation: The column of qpos where a quaternion begins; None: it does not turn about z.
    """

    body: int
    columns: tuple[int, int | None, int]
    start: FloatArray
    rotation: int | None


class Site:
    """A terrain in place of the floor of a robot's model.

    Attributes:
        field: Its heights.
        floor: The same as MuJoCo has it.
        roots: Of the robot and of whatever moves besides; the robot's is the first.
    """

    def __init__(self, terrain: Terrain, name: str, source: Source) -> None:
        """Makes the ground, and looks whether the robot can stand on it.

        Args:
            terrain: The ground.
            name: Of the robot's task, for errors.
            source: Its model.

        Raises:
            InvalidArgument: it cannot; says why, and what can.
            ModelError: MuJoCo cannot compile it.
        """
        self.field = Field(terrain)
        self.floor: HeightField = self.field.height_field()
        shapes = ("xpos", "geom_xpos", "geom_xmat")
        physics = make_physics(source, 1, shapes, floor=self.floor)
        try:
            model = physics.model
            physics.reset(np.array([0]), model.qpos0[np.newaxis], np.zeros((1, model.nv)))
            height = _check_floor(name, physics) - self.floor.lowest
            self.roots = tuple(_roots(name, physics, height))
            if not self.roots:
                raise _unfit(name, "nothing of it can move about")
            _check_reach(name, physics, self.roots[0], terrain)
        finally:
            physics.close()


def _unfit(name: str, why: str) -> InvalidArgument:
    return InvalidArgument(
        f"{name} cannot stand on terrain: {why}. What can: robots on a floor that is a plane, "
        "whose first body has a free joint, as Ant-v5, Humanoid-v5 and HumanoidStandup-v5, or "
        "slides along x and z, as HalfCheetah-v5, Hopper-v5 and Walker2d-v5."
    )


def _check_floor(name: str, physics: Physics) -> float:
    """The z of the one level floor; raises InvalidArgument where anything else stays in place."""
    model = physics.model
    floors = np.flatnonzero(model.geom_type == _HFIELD)
    if not len(floors):
        raise _unfit(name, "it has no floor")
    if len(floors) > 1:
        raise _unfit(name, "it has several floors or walls")
    [floor] = floors
    if model.geom_bodyid[floor] or not np.allclose(
        physics.model_array("geom_quat")[floor], _UPRIGHT
    ):
        raise _unfit(name, "its floor is tilted or hangs on a body")
    if model.nmocap:
        raise _unfit(name, "it has mocap bodies, which would stay where they are")
    fixed = physics.model_array("body_weldid")[model.geom_bodyid] == 0
    solid = physics.model_array("geom_contype") + physics.model_array("geom_conaffinity") > 0
    others = [i for i in np.flatnonzero(fixed & solid) if i != floor]
    if others:
        names = ", ".join(model.geom_names[i] or f"geom {i}" for i in others)
        raise _unfit(name, f"parts of its world would stay where they are: {names:.200}")
    return float(physics.model_array("geom_pos")[floor, 2])


def _roots(name: str, physics: Physics, floor: float) -> list[Root]:
    """The root of each tree that moves, over a floor at this height."""
    model = physics.model
    parents = physics.model_array("body_parentid")
    moving = set(model.body_rootid[model.jnt_bodyid].tolist())
    return [
        _root(name, physics, body, floor)
        for body in range(1, model.nbody)
        if parents[body] == 0 and body in moving
    ]


def _root(name: str, physics: Physics, body: int, floor: float) -> Root:
    model = physics.model
    called = model.body_names[body] or f"body {body}"
    joints = np.flatnonzero(model.jnt_bodyid == body)
    if len(joints) and model.jnt_type[joints[0]] == Joint.FREE:
        at = int(model.jnt_qposadr[joints[0]])
        return Root(body, (at, at + 1, at + 2), np.array([0.0, 0.0, -floor]), at + 3)
    columns: list[int | None] = [None, None, None]
    axes = physics.model_array("jnt_axis")
    upright = np.allclose(physics.model_array("body_quat")[body], _UPRIGHT)
    for joint in joints:
        if model.jnt_type[joint] != Joint.SLIDE or not upright:
            break
        if model.jnt_limited[joint]:
            raise _unfit(name, f"{model.joint_names[joint] or 'a slide'} of {called} has limits")
        for axis, direction in enumerate(np.eye(3)):
            if np.allclose(axes[joint], direction):
                columns[axis] = int(model.jnt_qposadr[joint])
    x, y, z = columns
    if x is None or z is None:
        raise _unfit(name, f"{called} cannot move along x and z")
    start = physics.data.xpos[0, body] - [0.0, 0.0, floor]
    for axis, column in enumerate(columns):
        if column is not None:
            start[axis] -= model.qpos0[column]
    return Root(body, (x, y, z), start, None)


def _check_reach(name: str, physics: Physics, root: Root, terrain: Terrain) -> None:
    """Raises InvalidArgument for a platform on which a robot does not fit as it begins."""
    model, data = physics.model, physics.data
    moved = physics.model_array("body_weldid")[model.geom_bodyid] > 0
    turned = np.abs(data.geom_xmat[0].reshape(-1, 3, 3)[:, :2])
    centers = data.geom_xpos[0, :, :2] - data.xpos[0, root.body, :2]
    sizes = np.abs(model.geom_aabb[:, :3]) + model.geom_aabb[:, 3:]
    reach = np.abs(centers) + np.vecdot(turned, sizes[:, np.newaxis])
    needed = 2 * float(reach[moved].max(initial=0.0))
    if needed > terrain.platform:
        raise InvalidArgument(
            f"world.terrain.platform must be at least {np.ceil(needed * 10) / 10:g} m for {name}, "
            f"which begins there, not {terrain.platform:g} m."
        )
