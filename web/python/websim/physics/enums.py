"""MuJoCo's enumerations, as far as something depends on them."""

from enum import IntEnum


class Joint(IntEnum):
    """MuJoCo's mjtJoint."""

    FREE = 0
    BALL = 1
    SLIDE = 2
    HINGE = 3


class Geom(IntEnum):
    """MuJoCo's mjtGeom, as far as a shape is known without its size."""

    PLANE = 0
    HFIELD = 1
    SPHERE = 2
    CAPSULE = 3


class Transmission(IntEnum):
    """MuJoCo's mjtTrn, as far as it leads to something with a name."""

    JOINT = 0
    JOINTINPARENT = 1
    TENDON = 3
    SITE = 4
    BODY = 5


class Dynamics(IntEnum):
    """MuJoCo's mjtDyn, as far as it says something about the control."""

    NONE = 0
    FILTER = 2
    FILTEREXACT = 3
    MUSCLE = 4


class Gain(IntEnum):
    """MuJoCo's mjtGain, as far as the force is proportional to the control."""

    FIXED = 0


class Bias(IntEnum):
    """MuJoCo's mjtBias, as far as motors and position servos have it."""

    NONE = 0
    AFFINE = 1
