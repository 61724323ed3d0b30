"""How fast a robot turns, and how far it has turned.

How far is read from the state alone, so it needs no memory. A hinge of a root counts turns without
end. MuJoCo's quaternions are continuous and come back after two turns, not after one: from a third
of a turn backwards to one and a half forwards, angles about one axis are told apart.
"""

import numpy as np

from websim.authors.anatomy import Anatomy
from websim.authors.terms.quantity import Quantity, angle_of, angular_velocity, component

AXES = {"roll": 0, "pitch": 1, "yaw": 2}

DIRECTIONS = {
    ("roll", 1): "to the right, over its side",
    ("roll", -1): "to the left, over its side",
    ("pitch", 1): "nose down",
    ("pitch", -1): "nose up",
    ("yaw", 1): "to the left",
    ("yaw", -1): "to the right",
}

MAX_TURNS = 1.25
"""How far a free body's quaternion tells, in turns."""


def can_turn(anatomy: Anatomy, about: str) -> bool:
    """Whether the torso can turn about an axis at all."""
    return anatomy.freedom == "free" or about in anatomy.root


def _reversed(sign: int) -> str:
    return "_back" if sign < 0 else ""


def spin_rate(anatomy: Anatomy, about: str, sign: int = 1) -> Quantity:
    """About one of the world's axes: yaw to the left, pitch nose down, roll to the right."""
    minus = "-" if sign < 0 else ""
    return Quantity(
        name=f"{about}_rate{_reversed(sign)}",
        says=f"How fast the torso turns ({DIRECTIONS[about, sign]}), in rad/s.",
        unit="rad/s",
        code=f"return {minus}{angular_velocity(anatomy, anatomy.torso)}[:, {AXES[about]}]",
        scale=2.0,
    )


def turned(anatomy: Anatomy, about: str, sign: int = 1) -> Quantity:
    """Since an episode began, in one direction."""
    if about in anatomy.root:
        joint, direction = anatomy.root[about]
        minus = "-" if sign * direction < 0 else ""
        code = f"return {minus}{angle_of(anatomy, joint)}"
    else:
        # Of the quaternion, which is (cos a/2, sin a/2 n): back after two turns.
        minus = "-" if sign < 0 else ""
        code = (
            f"quaternion = now.xquat[:, {anatomy.torso}]\n"
            f"half = np.arctan2({minus}quaternion[:, {AXES[about] + 1}], quaternion[:, 0])\n"
            "return np.mod(2 * half + 2 * np.pi / 3, 4 * np.pi) - 2 * np.pi / 3"
        )
    return Quantity(
        name=f"{about}_turned{_reversed(sign)}",
        says=f"How far the torso has turned ({DIRECTIONS[about, sign]}) since it began, in rad.",
        unit="rad",
        code=code,
        scale=float(2 * np.pi),
    )


def off_heading(anatomy: Anatomy) -> Quantity:
    """Between where it looks and where it looked at the beginning."""
    return Quantity(
        name="off_heading",
        says="How far the torso looks away from where it looked at first: 0 not, 2 backwards.",
        unit="",
        code=f"return 1.0 - {component(anatomy, anatomy.forward, 0)}",
        scale=0.5,
    )
