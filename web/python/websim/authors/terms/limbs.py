"""Where legs and arms are, and how they move together."""

from websim.authors.anatomy import Anatomy, Limb
from websim.authors.terms.quantity import Quantity, axis, lowest, number, position, slug

Limbs = tuple[Limb, ...]


def names_of(limbs: Limbs) -> str:
    """For people and names: "left front leg", "back legs"."""
    if len(limbs) == 1:
        return limbs[0].name
    places = {limb.place for limb in limbs}
    sides = {limb.side for limb in limbs}
    kinds = {limb.kind for limb in limbs}
    kind = f"{kinds.pop()}s" if len(kinds) == 1 else "limbs"
    side = sides.pop() if len(sides) == 1 else ""
    place = places.pop() if len(places) == 1 else ""
    return " ".join(filter(None, (side, place, kind)))


def _stacked(anatomy: Anatomy, limbs: Limbs) -> str:
    lines = ",\n    ".join(lowest(anatomy, limb.tip) for limb in limbs)
    return f"heights = np.stack([\n    {lines},\n])"


def _leg(anatomy: Anatomy) -> float:
    return max((limb.length for limb in anatomy.legs), default=anatomy.length / 4)


def lifted(anatomy: Anatomy, limbs: Limbs) -> Quantity:
    """Height of the lowest of some feet or hands."""
    names = names_of(limbs)
    return Quantity(
        name=f"lifted_{slug(names)}",
        says=f"How high the tips of the {names} are above the ground, the lowest one, in m.",
        unit="m",
        code=f"{_stacked(anatomy, limbs)}\nreturn heights.min(axis=0)",
        scale=0.5 * _leg(anatomy),
    )


def airborne(anatomy: Anatomy) -> Quantity:
    """Height of the lowest foot: above 0 nothing of it stands."""
    quantity = lifted(anatomy, anatomy.legs)
    return Quantity(
        name="airborne",
        says="How high the lowest foot is above the ground, in m.",
        unit="m",
        code=quantity.code,
        scale=0.2 * _leg(anatomy),
    )


def grounded(anatomy: Anatomy, limbs: Limbs) -> Quantity:
    """Height of the highest of some feet or hands: about 0 where all of them touch."""
    names = names_of(limbs)
    return Quantity(
        name=f"grounded_{slug(names)}",
        says=f"How high the tips of the {names} are above the ground, the highest one, in m.",
        unit="m",
        code=f"{_stacked(anatomy, limbs)}\nreturn heights.max(axis=0)",
        scale=0.2 * _leg(anatomy),
    )


def tip_height(anatomy: Anatomy, limbs: Limbs) -> Quantity:
    """Height of tips above the torso: hands that are raised."""
    names = names_of(limbs)
    torso = position(anatomy, anatomy.torso)
    ground = f" + {number(anatomy.ground)}" if anatomy.ground else ""
    return Quantity(
        name=f"raised_{slug(names)}",
        says=f"How high the tips of the {names} are above the torso, the lowest one, in m.",
        unit="m",
        code=f"{_stacked(anatomy, limbs)}\nreturn heights.min(axis=0){ground} - {torso}[:, 2]",
        scale=0.5 * max(limb.length for limb in limbs),
    )


def apart(anatomy: Anatomy, one: Limb, other: Limb) -> Quantity:
    """How far one foot is before another, along where the torso looks."""
    return Quantity(
        name="apart",
        says=f"How far the foot of the {one.name} is before that of the {other.name}, in m.",
        unit="m",
        code=f"between = now.geom_xpos[:, {one.tip}, :2] - now.geom_xpos[:, {other.tip}, :2]\n"
        f"heading = ({axis(anatomy, anatomy.forward)})[:, :2]\n"
        "length = np.linalg.norm(heading, axis=1) + 1e-6\n"
        "return (between * heading).sum(axis=1) / length",
        scale=0.5 * _leg(anatomy),
    )


def synchrony(anatomy: Anatomy, pairs: tuple[tuple[Limb, Limb], ...]) -> Quantity:
    """How differently high the feet of pairs are that should move as one."""
    parts = " + ".join(
        f"np.abs(({lowest(anatomy, a.tip)}) - ({lowest(anatomy, b.tip)}))" for a, b in pairs
    )
    return Quantity(
        name="out_of_step",
        says="How much the heights of feet differ that should move together, on average, in m.",
        unit="m",
        code=f"return ({parts}) / {len(pairs)}",
        scale=0.2 * _leg(anatomy),
    )


def alternation(anatomy: Anatomy, pairs: tuple[tuple[Limb, Limb], ...]) -> Quantity:
    """How much the feet of pairs swing against each other: one goes ahead as one goes back."""
    torso = anatomy.torso
    lines = [
        f"body = {position(anatomy, torso)}[:, 0] - {position(anatomy, torso, 'before')}[:, 0]"
    ]
    parts = []
    for k, (a, b) in enumerate(pairs):
        for letter, limb in (("a", a), ("b", b)):
            lines.append(
                f"{letter}{k} = (now.geom_xpos[:, {limb.tip}, 0]"
                f" - before.geom_xpos[:, {limb.tip}, 0] - body) / now.dt"
            )
        parts.append(f"np.abs(a{k} - b{k}) - np.abs(a{k} + b{k})")
    lines.append(f"return ({' + '.join(parts)}) / {len(pairs)}")
    return Quantity(
        name="alternation",
        says="How fast feet of pairs swing against each other, less how fast together, in m/s.",
        unit="m/s",
        code="\n".join(lines),
        scale=2.0 * (0.25 * 9.81 * _leg(anatomy)) ** 0.5,
    )


def limb_motion(anatomy: Anatomy, limbs: Limbs) -> Quantity:
    """How fast the joints of some limbs move."""
    names = names_of(limbs)
    joints = [joint for limb in limbs for group in limb.joints for joint in group]
    addresses = [int(anatomy.model.jnt_dofadr[joint]) for joint in joints]
    return Quantity(
        name=f"motion_of_{slug(names)}",
        says=f"How fast joints of the {names} move, root mean square, in rad/s.",
        unit="rad/s",
        code=f"return np.sqrt(np.square(now.qvel[:, {addresses}]).mean(axis=1))",
        scale=4.0,
    )
