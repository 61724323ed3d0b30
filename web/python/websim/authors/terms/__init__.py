"""The library of terms: what can be said about a robot's step, in the field's words.

A term is a **quantity**, a number [n] of each step with a unit, and a **wish** about it (`wishes`).
Each quantity is a short function of safe code that is written for one robot: bodies, joints and
feet by their names, or by their number where they have none.

To add one, write a function from an `Anatomy` to a `Quantity` in the file of its family. Nothing
else has to know of it but the meaning (`websim.authors.meanings`) that uses it.
"""

from websim.authors.terms.effort import effort, impact, joint_speed, power, smoothness
from websim.authors.terms.limbs import (
    airborne,
    alternation,
    apart,
    grounded,
    lifted,
    limb_motion,
    synchrony,
    tip_height,
)
from websim.authors.terms.motion import (
    climb,
    distance,
    drift,
    ground_speed,
    heading_speed,
    sideways_drift,
    speed,
    stillness,
)
from websim.authors.terms.posture import (
    angle,
    belly,
    bend,
    height,
    nose_up,
    posture,
    side_up,
    straightness,
    upright,
)
from websim.authors.terms.quantity import Quantity
from websim.authors.terms.turning import off_heading, spin_rate, turned
from websim.authors.terms.wishes import Aim

__all__ = [
    "Aim",
    "Quantity",
    "airborne",
    "alternation",
    "angle",
    "apart",
    "belly",
    "bend",
    "climb",
    "distance",
    "drift",
    "effort",
    "ground_speed",
    "grounded",
    "heading_speed",
    "height",
    "impact",
    "joint_speed",
    "lifted",
    "limb_motion",
    "nose_up",
    "off_heading",
    "posture",
    "power",
    "side_up",
    "sideways_drift",
    "smoothness",
    "speed",
    "spin_rate",
    "stillness",
    "straightness",
    "synchrony",
    "tip_height",
    "turned",
    "upright",
]
