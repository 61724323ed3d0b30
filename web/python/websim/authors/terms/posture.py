"""How a robot holds its trunk and its joints."""

import numpy as np

from websim.authors.anatomy import Anatomy, Limb
from websim.authors.terms.quantity import (
    Quantity,
    above_ground,
    angle_of,
    axis,
    columns,
    component,
    lowest,
    number,
    position,
)


def height(anatomy: Anatomy) -> Quantity:
    """Of the torso above the ground."""
    torso = position(anatomy, anatomy.torso)
    return Quantity(
        name="height",
        says="How high the torso is above the ground, in m.",
        unit="m",
        code=f"return {above_ground(anatomy, f'{torso}[:, 2]')}",
        scale=max(anatomy.height - anatomy.lying, 0.1 * anatomy.length),
    )


def belly(anatomy: Anatomy) -> Quantity:
    """Of the trunk's lowest point above the ground."""
    geoms = trunk_geoms(anatomy)
    parts = ", ".join(lowest(anatomy, geom) for geom in geoms)
    return Quantity(
        name="belly",
        says="How high the lowest point of the trunk is above the ground, in m.",
        unit="m",
        code=f"return np.min(np.stack([{parts}]), axis=0)",
        scale=max(anatomy.height - anatomy.lying, 0.1 * anatomy.length),
    )


def trunk_geoms(anatomy: Anatomy) -> list[int]:
    """Up to eight geoms of the trunk, the largest ones."""
    model = anatomy.model
    own = [int(g) for g in np.flatnonzero(np.isin(model.geom_bodyid, anatomy.trunk))]
    solid = [g for g in own if model.geom_contype[g] or model.geom_conaffinity[g]] or own
    return sorted(solid, key=lambda g: -float(model.geom_aabb[g, 3:].max()))[:8]


def upright(anatomy: Anatomy) -> Quantity:
    """1 as it stands at rest, 0 on its side, -1 upside down."""
    return Quantity(
        name="upright",
        says="How upright the torso is: 1 as it stands at rest, 0 on its side, -1 upside down.",
        unit="",
        code=f"return {component(anatomy, anatomy.up, 2)}",
        scale=0.5,
    )


def nose_up(anatomy: Anatomy) -> Quantity:
    """1 where the torso's front looks up, -1 where it looks down, 0 level."""
    return Quantity(
        name="nose_up",
        says="How far the torso's front looks up: 1 straight up, 0 level, -1 straight down.",
        unit="",
        code=f"return {component(anatomy, anatomy.forward, 2)}",
        scale=0.5,
    )


def side_up(anatomy: Anatomy) -> Quantity:
    """1 where the torso's left side looks up, -1 where its right side does."""
    up, forward = axis(anatomy, anatomy.up), axis(anatomy, anatomy.forward)
    return Quantity(
        name="side_up",
        says="How far the torso's left side looks up: 1 straight up, -1 straight down.",
        unit="",
        code=f"return np.cross({up}, {forward}, axis=1)[:, 2]",
        scale=0.5,
    )


def posture(anatomy: Anatomy) -> Quantity:
    """How far joints are from where they are at rest."""
    hinges = anatomy.hinges()
    addresses = [int(anatomy.model.jnt_qposadr[j]) for j in hinges]
    rest = ", ".join(number(rest_angle(anatomy, joint)) for joint in hinges)
    return Quantity(
        name="off_posture",
        says="How far joints are from their places at rest, root mean square, in rad.",
        unit="rad",
        code=f"rest = np.array(({rest},))\n"
        f"return np.sqrt(np.square(now.qpos[:, {columns(addresses)}] - rest).mean(axis=1))",
        scale=0.5,
    )


def rest_angle(anatomy: Anatomy, joint: int) -> float:
    """A joint's angle in the rest pose."""
    model = anatomy.model
    first = model.key_qpos[0] if model.nkey else model.qpos0
    angle = float(first[model.jnt_qposadr[joint]])
    if model.jnt_limited[joint]:
        low, high = map(float, model.jnt_range[joint])
        angle = min(max(angle, low), high)
    return angle


def bent_angle(anatomy: Anatomy, joint: int, degrees: float) -> float:
    """A joint's angle when it is bent so far from rest, to the side on which it has more room."""
    model, rest = anatomy.model, rest_angle(anatomy, joint)
    amount = float(np.deg2rad(degrees))
    if not model.jnt_limited[joint]:
        return rest + amount
    low, high = map(float, model.jnt_range[joint])
    return min(rest + amount, high) if high - rest >= rest - low else max(rest - amount, low)


def angle(anatomy: Anatomy, joint: int) -> Quantity:
    """Of one joint."""
    name = anatomy.model.joint_names[joint]
    plain = name if name.isidentifier() and name.isascii() else f"joint_{joint}"
    return Quantity(
        name=f"angle_of_{plain}"[:39],
        says="The angle of one joint, in rad.",
        unit="rad",
        code=f"return {angle_of(anatomy, joint)}",
        scale=0.5,
    )


def knees(limbs: tuple[Limb, ...]) -> list[int]:
    """The joint in the middle of each limb: knee or elbow; a limb with one joint has that."""
    return [
        (limb.joints[1] if len(limb.joints) > 1 else limb.joints[0])[-1]
        for limb in limbs
        if limb.joints
    ]


def bend(anatomy: Anatomy, limbs: tuple[Limb, ...], name: str = "bend") -> Quantity:
    """How far knees or elbows are bent from where they are at rest, on average."""
    joints = knees(limbs)
    parts = " + ".join(
        f"np.abs({angle_of(anatomy, joint)} - {number(rest_angle(anatomy, joint))})"
        for joint in joints
    )
    return Quantity(
        name=name,
        says="How far knees or elbows are bent from where they are at rest, on average, in rad.",
        unit="rad",
        code=f"return ({parts}) / {len(joints)}",
        scale=1.0,
    )


def straightness(anatomy: Anatomy, limbs: tuple[Limb, ...]) -> Quantity:
    """How far limbs are from being straight as at rest: all of their hinges."""
    joints = [joint for limb in limbs for group in limb.joints for joint in group]
    addresses = [int(anatomy.model.jnt_qposadr[j]) for j in joints]
    rest = ", ".join(number(rest_angle(anatomy, joint)) for joint in joints)
    return Quantity(
        name="off_straight",
        says="How far the legs' joints are from straight, root mean square, in rad.",
        unit="rad",
        code=f"straight = np.array(({rest},))\n"
        f"return np.sqrt(np.square(now.qpos[:, {columns(addresses)}] - straight).mean(axis=1))",
        scale=0.5,
    )
