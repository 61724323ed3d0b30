"""Where a robot goes, and how fast."""

from websim.authors.anatomy import Anatomy
from websim.authors.terms.quantity import Quantity, axis, number, position

GRAVITY = 9.81


def walking_speed(anatomy: Anatomy) -> float:
    """Metres a second at which animals of its size walk: a Froude number of 0.25."""
    leg = max((leg.length for leg in anatomy.legs), default=anatomy.length / 4)
    return float((0.25 * GRAVITY * leg) ** 0.5)


def _displacement(anatomy: Anatomy) -> str:
    torso = anatomy.torso
    return f"moved = {position(anatomy, torso)} - {position(anatomy, torso, 'before')}"


def speed(anatomy: Anatomy, direction: str = "forward") -> Quantity:
    """Along one of the world's axes: forward is x, as the robot looks at the beginning."""
    column, sign = {
        "forward": (0, ""),
        "backward": (0, "-"),
        "left": (1, ""),
        "right": (1, "-"),
        "up": (2, ""),
        "down": (2, "-"),
    }[direction]
    return Quantity(
        name=f"speed_{direction}",
        says=f"How fast the torso moves {direction}, in m/s.",
        unit="m/s",
        code=f"{_displacement(anatomy)}\nreturn {sign}moved[:, {column}] / now.dt",
        scale=walking_speed(anatomy),
    )


def heading_speed(anatomy: Anatomy, direction: str = "forward") -> Quantity:
    """Along where the torso looks now, over the ground."""
    sign = "-" if direction == "backward" else ""
    return Quantity(
        name=f"heading_speed_{direction}",
        says=f"How fast the torso moves {direction} along its own heading, in m/s.",
        unit="m/s",
        code=f"{_displacement(anatomy)}\n"
        f"heading = {axis(anatomy, anatomy.forward)}\n"
        "length = np.linalg.norm(heading[:, :2], axis=1) + 1e-6\n"
        f"return {sign}(moved[:, :2] * heading[:, :2]).sum(axis=1) / length / now.dt",
        scale=walking_speed(anatomy),
    )


def ground_speed(anatomy: Anatomy) -> Quantity:
    """In any direction over the ground."""
    return Quantity(
        name="ground_speed",
        says="How fast the torso moves over the ground, in m/s.",
        unit="m/s",
        code=f"{_displacement(anatomy)}\nreturn np.linalg.norm(moved[:, :2], axis=1) / now.dt",
        scale=walking_speed(anatomy),
    )


def climb(anatomy: Anatomy) -> Quantity:
    """Upwards; falling counts as nothing, so that a jump is paid what it gains in height."""
    return Quantity(
        name="climb",
        says="How fast the torso rises, in m/s; 0 where it falls.",
        unit="m/s",
        code=f"{_displacement(anatomy)}\nreturn np.maximum(moved[:, 2], 0.0) / now.dt",
        scale=walking_speed(anatomy),
    )


def distance(anatomy: Anatomy, direction: str = "forward") -> Quantity:
    """From where the robot begins, along one of the world's axes."""
    column, sign = {
        "forward": (0, ""),
        "backward": (0, "-"),
        "left": (1, ""),
        "right": (1, "-"),
    }[direction]
    start = anatomy.start[column]
    return Quantity(
        name=f"distance_{direction}",
        says=f"How far {direction} the torso is of where it began, in m.",
        unit="m",
        code=f"return {sign}({position(anatomy, anatomy.torso)}[:, {column}] - {number(start)})",
        scale=anatomy.length,
    )


def drift(anatomy: Anatomy) -> Quantity:
    """From where the robot begins, over the ground."""
    x, y = (number(value) for value in anatomy.start[:2])
    return Quantity(
        name="drift",
        says="How far over the ground the torso is from where it began, in m.",
        unit="m",
        code=f"place = {position(anatomy, anatomy.torso)}\n"
        f"return np.hypot(place[:, 0] - {x}, place[:, 1] - {y})",
        scale=anatomy.length / 2,
    )


def sideways_drift(anatomy: Anatomy) -> Quantity:
    """From the straight line on which it begins."""
    return Quantity(
        name="sideways_drift",
        says="How far the torso is from the line along which it looked at first, in m.",
        unit="m",
        code=f"return np.abs({position(anatomy, anatomy.torso)}[:, 1]"
        f" - {number(anatomy.start[1])})",
        scale=anatomy.length / 2,
    )


def stillness(anatomy: Anatomy) -> Quantity:
    """How much it moves as a whole: torso over the ground and about its axes, and joints."""
    return Quantity(
        name="unrest",
        says="How much it moves: the root mean square of its velocities, in 1/s and m/s.",
        unit="1/s",
        code="return np.sqrt(np.square(now.qvel).mean(axis=1))",
        scale=1.5,
    )
