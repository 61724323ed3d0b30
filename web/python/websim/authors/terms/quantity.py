"""A number of each step, as a function of safe code."""

from collections.abc import Iterable
from dataclasses import dataclass

from websim.authors.anatomy import Anatomy
from websim.physics.enums import Geom


@dataclass(frozen=True, kw_only=True)
class Quantity:
    """Something that can be measured of a step.

    Attributes:
        name: Of its function.
        says: What it is, with its unit, as a phrase.
        unit: As people write it; "" for a number without one.
        code: The function's body; its last line returns [n].
        scale: How much of it is much, in its unit: rewards are scaled and shaped by it.
        of_action: Whether it is a function of the action; measures have none.
    """

    name: str
    says: str
    unit: str
    code: str
    scale: float
    of_action: bool = False

    @property
    def arguments(self) -> str:
        """What its function takes."""
        return "now, before, action" if self.of_action else "now, before"

    @property
    def call(self) -> str:
        """Code that calls it."""
        return f"{self.name}({self.arguments})"

    def function(self) -> str:
        """Code that defines it."""
        lines = "\n".join(f"    {line}" if line else "" for line in self.code.splitlines())
        return f'def {self.name}({self.arguments}):\n    """{self.says}"""\n{lines}\n'


def number(value: float) -> str:
    """A number as code: as few digits as it takes."""
    text = f"{value:.4g}"
    return text if any(letter in text for letter in ".en") else f"{text}.0"


def slug(text: str) -> str:
    """Words as a name."""
    return "_".join(text.split()).replace("-", "_")


def _named(name: str) -> bool:
    return name.isprintable() and 0 < len(name) <= 100 and not set(name) & set("'\"\\")


def position(anatomy: Anatomy, body: int, state: str = "now") -> str:
    """Code of a body's place [n, 3]."""
    name = anatomy.model.body_names[body]
    return f'{state}.body("{name}").position' if _named(name) else f"{state}.xpos[:, {body}]"


def angular_velocity(anatomy: Anatomy, body: int) -> str:
    """Code of how a body turns [n, 3]."""
    name = anatomy.model.body_names[body]
    if _named(name):
        return f'now.body("{name}").angular_velocity'
    return f"now.cvel[:, {body}, :3]"


def axis(anatomy: Anatomy, which: tuple[int, int]) -> str:
    """Code of the direction [n, 3] of one of the torso's axes, given with its sign."""
    column, sign = which
    name = anatomy.model.body_names[anatomy.torso]
    if _named(name) and column in (0, 2):
        code = f'now.body("{name}").{"forward" if column == 0 else "up"}'
    else:
        code = f"now.xmat[:, {anatomy.torso}, {column}::3]"
    return code if sign > 0 else f"-{code}"


def component(anatomy: Anatomy, which: tuple[int, int], world: int) -> str:
    """Code of how far one of the torso's axes points along one of the world's [n]."""
    code = axis(anatomy, which)
    return f"-{code[1:]}[:, {world}]" if code.startswith("-") else f"{code}[:, {world}]"


def angle_of(anatomy: Anatomy, joint: int, state: str = "now") -> str:
    """Code of a hinge's angle [n]."""
    name = anatomy.model.joint_names[joint]
    if _named(name):
        return f'{state}.joint("{name}").angle'
    return f"{state}.qpos[:, {int(anatomy.model.jnt_qposadr[joint])}]"


def columns(indices: Iterable[int]) -> str:
    """Code that picks columns: a slice where they follow each other."""
    found = sorted(indices)
    if found == list(range(found[0], found[-1] + 1)):
        return f"{found[0]}:{found[-1] + 1}"
    return str(found)


def lowest(anatomy: Anatomy, geom: int) -> str:
    """Code of the height [n] of a geom's lowest point above the ground, exact for capsules."""
    model = anatomy.model
    name = model.geom_names[geom]
    if _named(name):
        height, matrix = f'now.geom("{name}").height', f"now.geom_xmat[:, {geom}, "
        up = f'now.geom("{name}").up[:, 2]'
    else:
        height, matrix = f"now.geom_xpos[:, {geom}, 2]", f"now.geom_xmat[:, {geom}, "
        up = f"{matrix}8]"
    x, y, z = (float(half) for half in model.geom_aabb[geom, 3:])
    if model.geom_type[geom] == Geom.SPHERE:
        reach = number(x)
    elif model.geom_type[geom] == Geom.CAPSULE:
        reach = f"{number(z - x)} * np.abs({up}) - {number(x)}"
    else:
        reach = " - ".join(
            f"{number(half)} * np.abs({matrix}{6 + k}])" for k, half in enumerate((x, y, z))
        )
    ground = f" - {number(anatomy.ground)}" if anatomy.ground else ""
    return f"{height} - {reach}{ground}"


def above_ground(anatomy: Anatomy, code: str) -> str:
    """Code of a height above the ground."""
    return f"{code} - {number(anatomy.ground)}" if anatomy.ground else code
