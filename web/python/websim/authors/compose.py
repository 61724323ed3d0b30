"""From aims to code: several structures of a reward, and one measure for all of them.

A structure says how the same aims are put together:

- *sum*: each aim is paid for itself.
- *product*: the goal is paid as far as the other aims are true; these are paid a little besides.
- *all at once*: what is paid is how far everything is true.

The measure is never a sum of terms. It says of each step how far all of it is true, 0 to 1, the
least of its aims, and of an episode the mean over all the steps that it may have, so that falling
early is not doing it.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from websim.authors import terms
from websim.authors.anatomy import Anatomy
from websim.authors.meanings import Meaning
from websim.authors.terms import Aim, Quantity
from websim.authors.terms.quantity import number

COMBINATIONS = {
    "product": "the goal counts as far as the rest is true",
    "sum": "each aim is paid for itself",
    "all at once": "what is paid is how far everything is true",
}


@dataclass(frozen=True)
class Structure:
    """How aims become a reward.

    Attributes:
        combination: One of COMBINATIONS.
        goal: "": as it is; "by progress": a turn is paid by how far it has got, not by how fast it
            goes; "uncapped": the more, the better; "own heading": along where the robot
            looks.
        costs: Whether effort and the like are paid against.
    """

    combination: str
    goal: str = ""
    costs: bool = True

    @property
    def name(self) -> str:
        """For people."""
        more = [self.goal] if self.goal else []
        more += [] if self.costs else ["no costs"]
        return ", ".join((self.combination, *more))


def structures(meaning: Meaning) -> list[Structure]:
    """All that there are for a meaning, the most promising first."""
    goals = [""]
    aims = [aim for aim in (*meaning.aims, *meaning.later) if aim.goal]
    if any(aim.power > 1 for aim in aims):
        goals.append("by progress")
    if any(_has_uncapped(aim) for aim in aims):
        goals.append("uncapped")
    if any(_has_heading(aim) for aim in aims):
        goals.append("own heading")
    return [
        Structure(combination, goal, costs)
        for costs in (True, False)
        for goal in goals
        for combination in COMBINATIONS
    ]


def _has_uncapped(aim: Aim) -> bool:
    """Of a speed: postures and heights end by themselves, and without a cap are the same reward."""
    return aim.wish == "ramp" and aim.target > aim.start and aim.quantity.unit.endswith("/s")


def _has_heading(aim: Aim) -> bool:
    return aim.quantity.name in ("speed_forward", "speed_backward")


def variant(aims: Iterable[Aim], structure: Structure, anatomy: Anatomy) -> list[Aim]:
    """Aims as a structure has them."""
    found = []
    for aim in aims:
        if aim.wish == "less" and not structure.costs:
            continue
        if aim.goal and structure.goal == "uncapped" and _has_uncapped(aim):
            aim = replace(aim, wish="more", width=aim.target - aim.start)
        elif structure.goal == "by progress" and aim.power > 1:
            aim = replace(aim, power=1)
        elif structure.goal == "by progress" and aim.wish == "more":
            aim = replace(aim, weight=aim.weight / 3)
        elif aim.goal and structure.goal == "own heading" and _has_heading(aim):
            direction = aim.quantity.name.removeprefix("speed_")
            aim = replace(aim, quantity=terms.heading_speed(anatomy, direction))
        found.append(aim)
    return found


def reward_code(
    meaning: Meaning, structure: Structure, anatomy: Anatomy, says: str, *, alive: bool
) -> str:
    """The source of a reward.

    Args:
        meaning: What is paid.
        structure: How.
        anatomy: The robot.
        says: The docstring.
        alive: Whether each step is paid besides, because episodes end early.
    """
    aims = variant(meaning.aims, structure, anatomy)
    later = [
        replace(aim, name=f"then_{aim.name}")
        for aim in variant(meaning.later, structure, anatomy)
        if aim.wish != "less"
    ]
    ended = meaning.ended
    if ended is not None:  # Costs count all the time; they are in both.
        later = [
            aim
            for aim in later
            if aim.quantity.name not in {a.quantity.name for a in aims} or aim.wish != "less"
        ]
    constants: dict[str, tuple[float, str]] = {}
    for aim in (*aims, *later):
        constants |= aim.constants()
    lines: list[str] = []
    pays: dict[str, str] = {}
    weights: dict[str, float] = {}

    if ended is not None:
        end = next(aim for aim in aims if aim.name == ended.name)
        constants["done_width"] = 2 * (end.tolerance or end.width / 4), end.quantity.unit
        lines.append(
            f"done = np.exp(-np.square(({end.quantity.call} - {end.name}_target) / done_width))"
        )
        if any(aim.wish == "more" for aim in aims):
            lines.append(f"ahead = (1.0 - done) * ({end.quantity.call} < {end.name}_target)")
    for aims_then, done in ((aims, False), (later, True)):
        goals = [aim for aim in aims_then if aim.wish != "less" and not aim.is_factor]
        factors = [aim for aim in aims_then if aim.is_factor]
        if structure.combination == "all at once" and len(goals) + len(factors) > 1:
            judged = [aim for aim in aims_then if aim.wish in ("near", "ramp", "toward")]
            rest = [aim for aim in aims_then if aim not in judged]
            parts = [f"{aim.name}_true" for aim in judged]
            for aim in judged:
                lines.append(f"{aim.name}_true = {_truth(aim)}")
            name = "then_all" if done else "all"
            mean = f"({' + '.join(parts)}) / {len(parts)}"
            together = parts[0] if len(parts) == 1 else _least(parts)
            # The mean leads the way where one of them is still 0.
            pays[name] = f"0.5 * {together} + 0.5 * {mean}" if len(parts) > 1 else together
            weights[name] = 2.0
            for aim in rest:
                ahead = "ahead * " if ended is not None and aim.wish == "more" else ""
                pays[aim.name], weights[aim.name] = f"{ahead}{aim.payment()}", aim.weight
            if done:
                pays[name] = f"done * ({pays[name]})"
            continue
        multiply = structure.combination == "product" and factors and (goals or done)
        if multiply:
            for aim in factors:
                lines.append(f"{aim.name}_true = {aim.factor()}")
            how = "then_rest" if done else "rest"
            product = " * ".join(f"{aim.name}_true" for aim in factors if aim.judged) or "1.0"
            lines.append(f"{how} = {product}")
            if not goals:
                pays[how], weights[how] = f"done * {how}", 2.0
        for aim in aims_then:
            pay, weight = aim.payment(), aim.weight
            if multiply and aim in goals:
                pay = f"{how} * {pay}"
            elif multiply and aim in factors:
                pay, weight = f"{aim.name}_true", 0.4 * aim.weight
            if done:
                pay = f"done * {pay}"
            elif ended is not None and aim.wish == "more":
                pay = f"ahead * {pay}"
            pays[aim.name], weights[aim.name] = pay, weight
    if alive:
        pays["alive"], weights["alive"] = "np.ones(len(action))", 0.5

    quantities = [aim.quantity for aim in (*aims, *later)]
    head = [f"{name}_weight = {number(weight)}" for name, weight in weights.items()]
    body = [f'"""{says}"""', *lines, "return {"]
    body += [f'    "{name}": {name}_weight * {_wrapped(pay)},' for name, pay in pays.items()]
    body += ["}"]
    return _file(
        head, _used(constants, "\n".join(body)), quantities, "reward", "now, before, action", body
    )


def measure_code(meaning: Meaning, episode_steps: int, says: str) -> str:
    """The source of a meaning's measure: 1 for an episode in which all is true all the time."""
    ended = [meaning.ended] if meaning.ended is not None else []
    aims = [*ended, *meaning.later] if ended else meaning.aims
    if ended:  # How it is done counts as long as it is done; at the end, what comes then.
        known = {aim.quantity.name for aim in aims}
        aims += [
            aim
            for aim in meaning.aims
            if aim.name == "on_the_spot" and aim.quantity.name not in known
        ]
    aims = [aim for aim in aims if aim.judged and aim.wish != "less"]
    constants: dict[str, tuple[float, str]] = {}
    for aim in aims:
        constants |= aim.constants(judging=True)
    body = [f'"""{says}"""']
    names = []
    for aim in aims:
        body.append(f"{aim.name}_true = {aim.degree()}")
        names.append(f"{aim.name}_true")
    body.append(f"return {_least(names)} / episode_steps")
    head = ['reduce = "sum"', f"episode_steps = {episode_steps}"]
    code = "\n".join(body)
    return _file(
        head, _used(constants, code), [aim.quantity for aim in aims], "measure", "now, before", body
    )


def _truth(aim: Aim) -> str:
    """How far an aim is true as a reward shapes it: without the flat ends of a measure."""
    if aim.wish == "toward":
        return f"np.clip({aim.payment()}, 0.0, 1.0)"
    return aim.factor()


def _least(names: list[str]) -> str:
    if len(names) == 1:
        return names[0]
    if len(names) == 2:
        return f"np.minimum({names[0]}, {names[1]})"
    return f"np.min(np.stack([{', '.join(names)}]), axis=0)"


def _wrapped(code: str) -> str:
    return f"({code})" if " + " in code and not code.startswith(("1.0 /", "np.")) else code


def _used(constants: dict[str, tuple[float, str]], code: str) -> dict[str, tuple[float, str]]:
    """Those that a body names."""
    return {name: value for name, value in constants.items() if name in code}


def _file(
    head: list[str],
    constants: dict[str, tuple[float, str]],
    quantities: list[Quantity],
    function: str,
    arguments: str,
    body: list[str],
) -> str:
    lines = ["import numpy as np", "", *head]
    if constants:
        lines.append("")
    for name, (value, unit) in constants.items():
        lines.append(f"{name} = {number(value)}" + (f"  # {unit}" if unit else ""))
    parts = ["\n".join(lines) + "\n"]
    named: dict[str, Quantity] = {}
    for quantity in quantities:
        if quantity.call in "\n".join(body):
            named.setdefault(quantity.name, quantity)
    parts += [quantity.function() for quantity in named.values()]
    text = "\n".join(f"    {line}" for line in body)
    parts.append(f"def {function}({arguments}):\n{text}\n")
    return "\n\n".join(parts)
