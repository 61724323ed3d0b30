"""What the numbers of a robot are called: its actions, and what it observes.

A task need not say it twice: it is asked to observe names in place of numbers, and whatever it
picks, clips or computes is written down.
"""

import copy
import math
from collections.abc import Iterable, Iterator
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from websim.physics import FIELDS, STATE, BatchData, Model
from websim.physics.enums import Joint
from websim.task import Task

XYZ = ("x", "y", "z")
QUATERNION = ("qw", "qx", "qy", "qz")
LINEAR_AND_ANGULAR = (*XYZ, *(f"rotation {axis}" for axis in XYZ))

COMPONENTS: dict[str, tuple[str, ...]] = {
    "xpos": XYZ,
    "xipos": XYZ,
    "xquat": QUATERNION,
    "subtree_com": tuple(f"subtree {axis}" for axis in XYZ),
    "geom_xpos": XYZ,
    "site_xpos": XYZ,
    "cinert": ("Ixx", "Iyy", "Izz", "Ixy", "Ixz", "Iyz", "mass x", "mass y", "mass z", "mass"),
    "cvel": tuple(
        f"com {kind} {axis}" for kind in ("angular velocity", "velocity") for axis in XYZ
    ),
    "cacc": tuple(
        f"com {kind} {axis}" for kind in ("angular acceleration", "acceleration") for axis in XYZ
    ),
    "cfrc_int": tuple(f"inner {kind} {axis}" for kind in ("torque", "force") for axis in XYZ),
    "cfrc_ext": tuple(f"{kind} {axis}" for kind in ("torque", "force") for axis in XYZ),
    "qacc": ("acceleration",),
    "qfrc_bias": ("bias force",),
    "qfrc_passive": ("passive force",),
    "qfrc_actuator": ("motor force",),
    "qfrc_constraint": ("constraint force",),
    "actuator_length": ("length",),
    "actuator_velocity": ("velocity",),
    "actuator_force": ("force",),
    "ten_length": ("length",),
    "ten_velocity": ("velocity",),
}
"""What an array of MjData has of each body, degree of freedom and so on."""


def action_names(model: Model) -> tuple[str, ...]:
    """Of each control: the actuator's label, with a number where it has several."""
    return tuple(_numbered(model.actuator_labels, model.actuator_ctrlnum))


def _numbered(labels: Iterable[str], counts: Iterable[int]) -> Iterator[str]:
    for label, count in zip(labels, counts, strict=True):
        yield from (label if count == 1 else f"{label} {i}" for i in range(count))


def observation_names(task: Task, num_envs: int) -> tuple[str, ...]:
    """What each number of a task's observation is.

    Args:
        task: Bound to its model; stays as it is.
        num_envs: As many environments as it observes otherwise.

    Returns:
        As many names as there are numbers, "" where one is not known; none at all where the task
        does to its numbers what cannot be written down.
    """
    if task.observation_names:
        return task.observation_names
    named = {array: _named(task.model, array) for array in (*STATE, *task.fields)}
    data = SimpleNamespace(
        **{array: np.stack([names] * num_envs) for array, names in named.items()}
    )
    try:
        parts = copy.copy(task).observation(cast(BatchData, data))
        row = np.concatenate([np.asarray(part, object)[0] for part in parts])
        return tuple(str(name) if isinstance(name, _Name) else "" for name in row)
    except Exception:  # A task may do anything with what it takes for numbers.
        return ()


class _Name:
    """Stands for a number, and becomes the formula of what is computed of it."""

    def __init__(self, text: str) -> None:
        self.text = text

    def __str__(self) -> str:
        return self.text

    def __getattr__(self, function: str) -> Any:
        # numpy calls `sin` of an object for `np.sin`.
        if function.startswith("_"):
            raise AttributeError(function)
        return lambda *others: _Name(f"{function}({', '.join(map(str, (self, *others)))})")

    def __neg__(self) -> "_Name":
        return _Name(f"-{self}")

    def __abs__(self) -> "_Name":
        return _Name(f"|{self}|")

    def __add__(self, other: object) -> "_Name":
        return _Name(f"{self} + {other}")

    def __sub__(self, other: object) -> "_Name":
        return _Name(f"{self} - {other}")

    def __mul__(self, other: object) -> "_Name":
        return _Name(f"{self} * {other}")

    def __truediv__(self, other: object) -> "_Name":
        return _Name(f"{self} / {other}")

    # Within all limits: what is clipped keeps its name.
    def __lt__(self, other: object) -> bool:
        return True

    __gt__ = __le__ = __ge__ = __lt__


def _named(model: Model, array: str) -> NDArray[np.object_]:
    """The names of an array's numbers, in its shape for one environment."""
    shape = model.shape(array)
    size = math.prod(shape)
    if array == "qpos":
        names = list(_positions(model))
    elif array == "qvel":
        names = list(_velocities(model))
    elif array == "ctrl":
        names = [f"action {name}" for name in action_names(model)]
    else:
        owners = _owners(model, array)
        components = COMPONENTS.get(array, ())
        names = [f"{owner} {component}" for owner in owners for component in components]
    if len(names) != size:
        names = [f"{array} {i}" for i in range(size)]
    named = np.empty(size, object)
    named[:] = [_Name(name) for name in names]
    return named.reshape(shape)


def _owners(model: Model, array: str) -> list[str]:
    """What an array has numbers of: bodies, degrees of freedom and so on."""
    (kind, *_) = FIELDS.get(array, ("",))
    if kind == "nv":
        return list(_degrees(model))
    kinds = {
        "nbody": ("body", model.body_names),
        "ngeom": ("geom", model.geom_names),
        "nsite": ("site", model.site_names),
        "nout": ("actuator", tuple(_numbered(model.actuator_labels, model.actuator_outnum))),
        "ntendon": ("tendon", model.tendon_names),
    }
    what, names = kinds.get(str(kind), ("", ()))
    return [name or f"{what} {i}" for i, name in enumerate(names)]


def _joints(model: Model) -> Iterator[tuple[Joint, str]]:
    """Kind and name of each joint; a free one is called by its body, which it moves as a whole."""
    bodies = _owners(model, "xpos")
    for i, (kind, body, name) in enumerate(
        zip(model.jnt_type, model.jnt_bodyid, model.joint_names, strict=True)
    ):
        joint = Joint(int(kind))
        yield joint, bodies[body] if joint is Joint.FREE else name or f"joint {i}"


def _positions(model: Model) -> Iterator[str]:
    for kind, name in _joints(model):
        parts = {
            Joint.FREE: (*XYZ, *QUATERNION),
            Joint.BALL: QUATERNION,
            Joint.SLIDE: ("position",),
            Joint.HINGE: ("angle",),
        }[kind]
        yield from (f"{name} {part}" for part in parts)


def _velocities(model: Model) -> Iterator[str]:
    for kind, name in _joints(model):
        parts = {
            Joint.FREE: (
                *(f"velocity {axis}" for axis in XYZ),
                *(f"angular velocity {axis}" for axis in XYZ),
            ),
            Joint.BALL: tuple(f"angular velocity {axis}" for axis in XYZ),
            Joint.SLIDE: ("velocity",),
            Joint.HINGE: ("angular velocity",),
        }[kind]
        yield from (f"{name} {part}" for part in parts)


def _degrees(model: Model) -> Iterator[str]:
    for kind, name in _joints(model):
        parts = {Joint.FREE: LINEAR_AND_ANGULAR, Joint.BALL: LINEAR_AND_ANGULAR[3:]}.get(kind)
        yield from (f"{name} {part}" for part in parts) if parts else (name,)
