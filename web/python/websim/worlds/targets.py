"""What events can change: quantities, fields of the model, and the state."""

import math
from dataclasses import dataclass
from typing import Literal

from websim.physics.variation import VARIABLE

Kind = Literal["body", "joint", "geom", "tendon", "actuator", "command"]


@dataclass(frozen=True)
class Target:
    """What an event can change.

    Attributes:
        name: As a document says it.
        help: What it is, and its unit.
        kind: Of what it has a value each; None: the environment has one.
        fields: Of the model, those that change.
        least: No value may be below it.
        modes: When it may be drawn.
        operations: What may be done with the number drawn.
    """

    name: str
    help: str
    kind: Kind | None
    fields: tuple[str, ...] = ()
    least: float = -math.inf
    modes: tuple[str, ...] = ("startup", "reset", "interval")
    operations: tuple[str, ...] = ("abs", "scale", "add")


_QUANTITIES = (
    Target("mass", "kg; the inertia follows", "body", ("body_mass", "body_inertia"), 0),
    Target("friction", "sliding friction", "geom", ("geom_friction",), 0),
    Target(
        "gains",
        "strength of motors and servos: kp, with kv and bias in proportion",
        "actuator",
        ("actuator_gainprm", "actuator_biasprm"),
        0,
    ),
    Target("gravity", "m/s², in its direction", None, ("opt.gravity",), 0),
    Target(
        "qpos",
        "m or rad, of the state in which an episode begins",
        "joint",
        modes=("reset",),
    ),
    Target("qvel", "m/s or rad/s", "joint", modes=("reset", "interval")),
    Target(
        "push",
        "m/s that a body and all that hangs on it get, sideways",
        "body",
        modes=("interval",),
        operations=("add",),
    ),
    Target("command", "m/s or rad/s that the robot is told to go", "command", modes=("reset",)),
)

_KINDS: dict[str, Kind] = {
    "body": "body",
    "jnt": "joint",
    "dof": "joint",
    "geom": "geom",
    "tendon": "tendon",
    "actuator": "actuator",
}

TARGETS: dict[str, Target] = {
    **{target.name: target for target in _QUANTITIES},
    **{
        name: Target(
            name,
            "of the model, as MuJoCo calls it",
            _KINDS.get(name.split("_")[0]),
            (name,),
            kind.least,
        )
        for name, kind in VARIABLE.items()
    },
}
"""By name: quantities, and all fields that may differ by environment."""
