"""What is wished of a quantity, and what a reward and a measure make of it.

| wish | a reward pays, of a term with weight 1 | it is true |
|---|---|---|
| `near` | 1 / (1 + ((x - target) / width)^2): 0 to 1 | within `tolerance` of `target` |
| `toward` | 1 - abs(x - target) / width, at least -1: also from far away | likewise |
| `ramp` | from `start` to `target` 0 to 1, beyond them flat; at least -1 | from `target` on |
| `more` | x / width, from -1 to 3 | from `target` on |
| `less` | -x / width, at least -1: a cost | - |

`near` has a long tail (as dm_control's `tolerance` may have): it is narrow at its target, and still
says from far away where that is.

How far it is true goes from 0 to 1, so that a measure shows what is nearly done.
"""

from dataclasses import dataclass

from websim.authors.terms.quantity import Quantity, number

WISHES = ("near", "toward", "ramp", "more", "less")


@dataclass(frozen=True, kw_only=True)
class Aim:
    """A term of a reward that may be a condition of a measure.

    Attributes:
        name: The term's.
        quantity: What it is about.
        wish: One of WISHES.
        target: In the quantity's unit.
        start: Where a ramp begins: what the robot has if it does nothing for it.
        width: How wide a reward is shaped; 0: the quantity's scale.
        tolerance: How far from the target is still it; 0: half the width.
        enough: What a measure is content with, of a ramp; None: the target.
        power: Of what is paid toward a target: above 1, little is paid half way, so that nobody
            settles there.
        weight: Of the term.
        goal: Whether it is what a robot has to get to, from where it is not true at all; if not, it
            is how it does that, and may multiply what it gets for goals.
        judged: Whether the measure asks for it.
    """

    name: str
    quantity: Quantity
    wish: str
    target: float = 0.0
    start: float = 0.0
    width: float = 0.0
    tolerance: float = 0.0
    enough: float | None = None
    power: int = 1
    weight: float = 1.0
    goal: bool = False
    judged: bool = True

    @property
    def is_factor(self) -> bool:
        """Whether it may multiply another term."""
        return self.wish in ("near", "ramp") and not self.goal

    def constants(self, *, judging: bool = False) -> dict[str, tuple[float, str]]:
        """Its constants: names, values and units."""
        unit, width = self.quantity.unit, self.width or self.quantity.scale
        found: dict[str, tuple[float, str]] = {}
        if self.wish != "less" and not (self.wish == "more" and not judging):
            content = self.enough if judging and self.enough is not None else self.target
            found[f"{self.name}_target"] = content, unit
        if self.wish == "ramp":
            found[f"{self.name}_start"] = self.start, unit
        elif judging and self.wish in ("near", "toward"):
            found[f"{self.name}_tolerance"] = self.tolerance or width / 2, unit
        elif not judging:
            found[f"{self.name}_width"] = width, unit
        return found

    def payment(self) -> str:
        """Code of what is paid [n], without its weight."""
        x, n = self.quantity.call, self.name
        power = f" ** {self.power}" if self.power > 1 else ""
        return {
            "near": f"1.0 / (1.0 + np.square(({x} - {n}_target) / {n}_width))",
            "toward": f"np.clip(1.0 - np.abs({x} - {n}_target) / {n}_width, -1.0, 1.0){power}",
            "ramp": f"np.clip(({x} - {n}_start) / ({n}_target - {n}_start), -1.0, 1.0)",
            "more": f"np.clip({x} / {n}_width, -1.0, 3.0)",
            "less": f"-np.clip({x} / {n}_width, 0.0, 1.0)",
        }[self.wish]

    def factor(self) -> str:
        """Code of what another term is multiplied with [n], from 0 to 1."""
        if self.wish == "ramp":
            return self.degree()
        return self.payment()

    def degree(self) -> str:
        """Code of how far it is true [n], from 0 to 1."""
        x, n = self.quantity.call, self.name
        if self.wish in ("near", "toward"):
            return f"np.clip(2.0 - np.abs({x} - {n}_target) / {n}_tolerance, 0.0, 1.0)"
        if self.wish == "ramp":
            return f"np.clip(({x} - {n}_start) / ({n}_target - {n}_start), 0.0, 1.0)"
        return f"np.clip({x} / {n}_target, 0.0, 1.0)"

    def about(self) -> str:
        """For people: "speed near 0.5 m/s"."""
        target = f"{number(self.target)} {self.quantity.unit}".rstrip().removesuffix(".0")
        words = self.name.replace("_", " ")
        if self.wish in ("near", "toward"):
            return f"{words} near {target}"
        if self.wish == "less":
            return f"little {words}"
        if self.wish == "more":
            return f"much {words}"
        return f"{words} {'up' if self.target > self.start else 'down'} to {target}"
