"""What words mean for one robot: from a request to aims about quantities of its body.

Each action and each manner is a method of `_Meaning` that adds aims. Sizes come from the robot:
heights from how high it stands, speeds from the length of its legs (a Froude number).
"""

from collections.abc import Sequence
from copy import deepcopy
from dataclasses import dataclass, field, replace
from math import pi

from websim.authors import terms
from websim.authors.anatomy import Anatomy, Limb
from websim.authors.grammar import Clause, Part, Request
from websim.authors.terms import Aim
from websim.authors.terms.limbs import names_of
from websim.authors.terms.motion import walking_speed
from websim.authors.terms.quantity import slug
from websim.authors.terms.turning import MAX_TURNS, can_turn
from websim.errors import NotUnderstood

SLOWER, FASTER = 0.4, 2.5
"""Of a walking speed: what slow and fast are."""


@dataclass
class Meaning:
    """What words mean for a robot.

    Attributes:
        aims: What is to be true, or what is first to be done.
        ended: The aim after which the later ones count; None: there is no later.
        later: What is to be true then.
        heights: Least and greatest height that the torso has in it, in m.
        tilts: Whether the torso is to leave its upright range.
        sees_place: Whether the policy has to see where the robot is.
        notes: What people should know, as sentences.
    """

    aims: list[Aim] = field(default_factory=list)
    ended: Aim | None = None
    later: list[Aim] = field(default_factory=list)
    heights: tuple[float, float] = (float("inf"), 0.0)
    tilts: bool = False
    sees_place: bool = False
    notes: list[str] = field(default_factory=list)


def mean(request: Request, anatomy: Anatomy) -> Meaning:
    """What a request means for a robot.

    Raises:
        NotUnderstood: the robot cannot do it, or an order whose first part nobody sees end.
    """
    if not anatomy.model.nu:
        raise NotUnderstood("This robot has no motors: there is nothing that it could do.")
    meaning = _mean(request, anatomy)
    if request.left_out:
        words = ", ".join(repr(word) for word in request.left_out)
        meaning.notes.append(f"Not understood and left out: {words}.")
    if idle := [*map(repr, request.vague), *_idle(request, anatomy, meaning)]:
        meaning.notes.append(f"Changes nothing here: {', '.join(idle)}.{_no_clock(idle)}")
    meaning.notes += anatomy.unclear
    return meaning


def _mean(request: Request, anatomy: Anatomy) -> Meaning:
    clauses = deepcopy(request.clauses)
    first = _Clause(clauses[0], anatomy)
    first.read()
    meaning = first.meaning
    for clause in clauses[1:]:
        if meaning.ended is None:
            first.end_by_itself()
        if meaning.ended is None:
            raise NotUnderstood(
                "What comes first has to have an end that can be seen in the robot: a turn, a "
                "flip, or a distance in metres. A reward has no memory, and the robot no clock."
            )
        after = _Clause(clause, anatomy, after=first.actions)
        after.read()
        if after.meaning.ended is not None:
            raise NotUnderstood("One thing after another is understood, but no third.")
        meaning.later += after.meaning.aims
        first.widen(*after.meaning.heights)
        meaning.tilts |= after.meaning.tilts
        meaning.sees_place |= after.meaning.sees_place
    if meaning.ended is not None and not meaning.later:
        rest = _Clause(Clause(actions=["still"]), anatomy)
        rest.read()
        meaning.later = rest.meaning.aims
    meaning.aims, meaning.later = _once(meaning.aims), _once(meaning.later)
    if not meaning.aims:
        raise NotUnderstood("This asks for nothing that this robot can do or leave.")
    if not any(aim.goal for aim in (*meaning.aims, *meaning.later)):
        meaning.aims = _with_goal(meaning.aims)
    return meaning


UNITS = {"speed": "m/s", "angle": "rad", "length": "m", "rate": "rad/s", "time": "s"}

DIRECTIONS = ("forward", "backward", "left", "right", "up", "down")


def _no_clock(idle: list[str]) -> str:
    if not any(word.endswith(" s") for word in idle):
        return ""
    return (
        " A policy has no clock and a reward no memory, so what is asked for is asked for as long "
        "as an episode lasts."
    )


def _idle(request: Request, anatomy: Anatomy, meaning: Meaning) -> list[str]:
    """What was understood, and makes no difference to what is paid and judged.

    A number is such if another one means the same, a direction if all others do, anything else if
    leaving it out does.
    """
    found: list[str] = []
    for i, clause in enumerate(request.clauses):

        def same(i: int = i, clause: Clause = clause, **change: object) -> bool:
            changed = [*request.clauses]
            changed[i] = replace(clause, **change)  # type: ignore[arg-type]
            try:
                return _asks(_mean(Request(changed, []), anatomy)) == _asks(meaning)
            except NotUnderstood:
                return False

        for kind, value in clause.numbers.items():
            if same(numbers={**clause.numbers, kind: 0.6 * value}):
                found.append(f"{value:g} {UNITS[kind]}")
        if clause.count and same(count=clause.count + 0.2):
            found.append(f"{clause.count:g} times")
        if clause.direction and all(same(direction=other) for other in DIRECTIONS):
            found.append(clause.direction)
        for manner in clause.manners:
            if same(manners=[name for name in clause.manners if name != manner]):
                found.append(manner)
        for action in clause.avoided:
            others = [name for name in clause.avoided if name != action]
            if (clause.actions or others) and same(avoided=others):
                found.append(f"not to {action}")
        for claim in clause.claims:
            if same(claims=[one for one in clause.claims if one != claim]):
                found.append(" ".join((claim[1], *sorted(claim[0].sides), claim[0].kind)).strip())
    return found


def _asks(meaning: Meaning) -> object:
    return replace(meaning, notes=[])


def _once(aims: list[Aim]) -> list[Aim]:
    """Each term once; the first counts."""
    return list({aim.name: aim for aim in reversed(aims)}.values())[::-1]


def _with_goal(aims: list[Aim]) -> list[Aim]:
    return [replace(aims[0], goal=True), *aims[1:]]


class _Clause:
    def __init__(self, clause: Clause, anatomy: Anatomy, after: Sequence[str] = ()) -> None:
        self.clause, self.anatomy = clause, anatomy
        self.after = bool(after)
        self.landing = bool({"flip", "roll", "jump", "hop"} & set(after))
        self.meaning = Meaning()
        self.legs = anatomy.legs
        self.leg = max((leg.length for leg in anatomy.legs), default=anatomy.length / 4)
        self.stands = anatomy.freedom in ("free", "upright plane") and bool(self.legs)
        self.actions = list(clause.actions)
        self.manners = list(clause.manners)

    def read(self) -> None:
        self.combine()
        for action in self.actions:
            getattr(self, f"do_{action}")()
        for action in self.clause.avoided:
            self.avoid(action)
        for manner in self.manners:
            if method := getattr(self, f"be_{manner}", None):
                method()
        for part, claim in self.clause.claims:
            self.claim(part, claim)
        if self.clause.spot and self.can_go:
            self.on_the_spot()
        self.keep_standing()
        self.costs()

    @property
    def can_go(self) -> bool:
        return self.anatomy.freedom != "fixed"

    def add(self, name: str, quantity: terms.Quantity, wish: str, **more: object) -> Aim:
        aim = Aim(name=name, quantity=quantity, wish=wish, **more)  # type: ignore[arg-type]
        self.meaning.aims.append(aim)
        return aim

    def widen(self, low: float, high: float) -> None:
        least, greatest = self.meaning.heights
        self.meaning.heights = min(least, low), max(greatest, high)

    def select(self, part: Part) -> tuple[Limb, ...]:
        """The limbs that a part means; raises NotUnderstood where the robot has none."""
        kind = {"knee": "leg"}.get(part.kind, part.kind)
        limbs = self.anatomy.limbs
        if kind == "all":
            found = tuple(limb for limb in limbs if limb.kind in ("leg", "arm"))
        elif kind == "arm" and not self.anatomy.arms:
            found = tuple(leg for leg in self.legs if leg.place == "front")
        else:
            found = tuple(limb for limb in limbs if limb.kind == kind)
        if len({limb.place for limb in found}) > 1 or part.sides & {"left", "right"}:
            found = tuple(x for x in found if part.sides <= {x.side, x.place})
        if not found:
            names = ", ".join(limb.name for limb in limbs) or "no limbs"
            wanted = " ".join((*sorted(part.sides), part.kind))
            raise NotUnderstood(f"This robot has no {wanted}; it has: {names}.", [wanted])
        return found[:1] if part.one else found

    # What several words mean together.

    def combine(self) -> None:
        clause, actions, manners = self.clause, self.actions, self.manners
        supported = {
            place
            for part, claim in clause.claims
            if claim == "support" and part.kind == "leg"
            for place in part.sides
        }
        arms_support = any(
            p.kind == "arm" and c in ("support", "grounded") for p, c in clause.claims
        )
        if not actions and ({"angle", "rate"} & set(clause.numbers) or clause.count):
            actions.append("spin")
        if not actions and (
            clause.direction not in ("", "up", "down") or "speed" in clause.numbers
        ):
            actions.append("walk")
        if not actions and (supported or self.after):
            actions.append("stand")
        if not actions and clause.spot:
            actions.append("still")
        if not actions and clause.direction == "up":
            actions.append("jump")
        if self.anatomy.biped and self.anatomy.arms:
            straight = {"upright", "straight", "level"} & set(manners) or "stretch" in actions
            down = "lie" in actions or {"prone", "level"} & set(manners)
            held_up = any(p.kind == "torso" and c == "lifted" for p, c in clause.claims)
            if (down and (straight or arms_support or held_up)) or (arms_support and straight):
                actions[:] = ["plank"]
        if "prone" in manners and not actions:
            actions.append("lie")
        one_leg = any(
            part.kind in ("leg", "knee") and (part.one or part.sides) for part, _ in clause.claims
        )
        if self.anatomy.biped and "crouch" in actions and one_leg:
            actions[:] = ["lunge"]
        if "lunge" in actions or "plank" in actions:
            actions[:] = [name for name in actions if name in ("lunge", "plank")]
            clause.claims[:] = [] if "plank" in actions else clause.claims
            manners[:] = [name for name in manners if name in ("smooth", "efficient", "soft")]
        if {"hop", "jump"} & set(actions):
            ahead = clause.direction in ("forward", "backward", "left", "right")
            in_place = clause.spot or {"walk", "leave"} & set(clause.avoided)
            upwards = clause.direction == "up" or "high" in manners
            if in_place or (not ahead and ("jump" in actions or upwards)):
                actions[:] = ["jump", *(a for a in actions if a not in ("hop", "jump", "walk"))]
                clause.spot = True
            else:
                actions[:] = ["hop", *(a for a in actions if a not in ("hop", "jump"))]
        if not self.anatomy.biped and self.stands:
            tall = (
                "upright" in manners
                and not self.landing
                and (not actions or {"stand", "still"} & set(actions))
            )
            if {"stand", "still"} & set(actions) and any(
                part.sides == {"front"} and not part.one and claim == "lifted"
                for part, claim in clause.claims
            ):
                supported.add("back")
            if tall or ({"stand", "still"} & set(actions) and "back" in supported):
                actions[:] = ["rear", *(a for a in actions if a not in ("stand", "still"))]
                manners[:] = [name for name in manners if name != "upright"]
            elif {"stand", "still"} & set(actions) and "front" in supported:
                actions[:] = ["handstand"]
        if "rear" in actions or "handstand" in actions:
            clause.claims[:] = []
            actions[:] = [name for name in actions if name not in ("stand", "lift")]
            manners[:] = [name for name in manners if name not in ("high", "upright")]
        if {"walk", "run", "crawl"} & set(actions) and "stand" in actions:
            actions.remove("stand")
        ends = clause.direction in ("forward", "backward")
        if "spin" in actions and (
            "flip" in actions or (ends and not can_turn(self.anatomy, "yaw"))
        ):
            actions.remove("spin")
            actions.extend(() if "flip" in actions else ("flip",))
        if "flip" in actions or "roll" in actions or "spin" in actions:
            actions[:] = [name for name in actions if name != "walk"] or actions
            if {"jump", "hop"} & set(actions):
                actions[:] = [name for name in actions if name not in ("jump", "hop")]
                clause.spot = False
        if "low" in manners and "crouch" in actions and len(actions) > 1:
            actions.remove("crouch")
        if {"crawl", "spin", "walk", "run"} & set(actions) and "crouch" in actions:
            actions.remove("crouch")
            manners.append("low")
        if "crawl" in actions:
            manners.append("low")
            actions[:] = [name for name in actions if name not in ("walk", "run", "lie")]
        if "run" in actions and "walk" in actions:
            actions.remove("walk")

    # Actions.

    def pace(self) -> float:
        speed = walking_speed(self.anatomy)
        if "slow" in self.manners:
            speed *= SLOWER
        if "fast" in self.manners:
            speed *= FASTER
        return speed

    def go(self, speed: float, *, capped: bool = False) -> None:
        """Gets on in the direction that is said, or forward."""
        if not self.can_go:
            raise NotUnderstood("This robot's torso is fixed: it cannot go anywhere.")
        clause, anatomy = self.clause, self.anatomy
        direction = clause.direction if clause.direction not in ("", "up", "down") else "forward"
        if direction in ("left", "right") and "y" not in anatomy.root and anatomy.freedom != "free":
            raise NotUnderstood("This robot lives in a plane: it goes forward and backward only.")
        if "length" in clause.numbers:
            far = clause.numbers["length"]
            aim = self.add(
                f"{direction}_distance",
                terms.distance(anatomy, direction),
                "toward",
                target=far,
                width=max(far, 0.1),
                tolerance=max(0.15 * far, 0.2),
                goal=True,
            )
            self.meaning.ended, self.meaning.sees_place = aim, True
            return
        name, quantity = f"{direction}_speed", terms.speed(anatomy, direction)
        if "speed" in clause.numbers:
            wanted = clause.numbers["speed"]
            width = max(0.3 * abs(wanted), 0.1)
            close = max(0.3 * abs(wanted), 0.1)
            self.add(
                name,
                quantity,
                "near",
                target=wanted,
                width=width,
                tolerance=close,
                goal=True,
                weight=2.0,
            )
        elif capped or {"slow", "steady"} & set(self.manners):
            self.add(
                name,
                quantity,
                "near",
                target=speed,
                width=0.6 * speed,
                tolerance=0.6 * speed,
                goal=True,
                weight=2.0,
            )
        else:
            self.add(
                name, quantity, "ramp", target=speed, enough=0.4 * speed, goal=True, weight=2.0
            )
        if anatomy.freedom == "free":
            if direction in ("forward", "backward"):
                self.add(
                    "straight_ahead",
                    terms.sideways_drift(anatomy),
                    "near",
                    weight=0.2,
                    judged="straight" in self.manners,
                )
            if anatomy.biped:
                self.add("heading", terms.off_heading(anatomy), "near", weight=0.2, judged=False)

    def do_walk(self) -> None:
        self.go(self.pace())

    def do_swim(self) -> None:
        self.go(self.pace())

    def do_run(self) -> None:
        self.go(FASTER * walking_speed(self.anatomy))

    def do_crawl(self) -> None:
        self.go(self.pace() * SLOWER, capped=True)

    def do_trot(self) -> None:
        self.go(self.pace())
        pairs = self.pairs(diagonal=True)
        if pairs:
            self.in_step(pairs)
        self.alternate()

    def do_pace(self) -> None:
        self.go(self.pace())
        sides = [tuple(x for x in self.legs if x.side == side) for side in ("left", "right")]
        pairs = tuple((pair[0], pair[1]) for pair in sides if len(pair) == 2)
        if pairs:
            self.in_step(pairs)

    def do_hop(self) -> None:
        self.need_legs()
        self.go(self.pace())
        self.fly(0.12 * self.leg, 0.05 * self.leg)

    def do_jump(self) -> None:
        self.need_legs()
        part = 0.45 if "high" in self.manners else 0.3
        self.fly(part * self.leg, 0.5 * part * self.leg)
        self.add("climb", terms.climb(self.anatomy), "more", weight=2.0, judged=False)
        if not self.clause.spot:
            self.on_the_spot()
        self.widen(self.anatomy.height, self.anatomy.height + 2 * part * self.leg)

    def fly(self, target: float, enough: float) -> None:
        self.add(
            "airborne",
            terms.airborne(self.anatomy),
            "ramp",
            target=target,
            enough=enough,
            goal=True,
            weight=2.0,
        )

    def do_spin(self) -> None:
        self.rotate("yaw", -1 if self.clause.direction == "right" else 1)

    def do_flip(self) -> None:
        self.rotate("pitch", 1 if self.clause.direction == "forward" else -1)

    def do_roll(self) -> None:
        if not can_turn(self.anatomy, "roll") and can_turn(self.anatomy, "pitch"):
            self.do_flip()  # in a plane there is no other
            return
        self.rotate("roll", -1 if self.clause.direction == "left" else 1)

    def rotate(self, about: str, sign: int) -> None:
        anatomy, clause = self.anatomy, self.clause
        if not can_turn(anatomy, about):
            raise NotUnderstood(
                f"This robot cannot turn that way ({about}): it moves in {anatomy.freedom!r}."
            )
        angle = clause.numbers.get("angle", 0.0) or 2 * pi * clause.count
        if not angle and about != "yaw" and not {"fast", "steady"} & set(self.manners):
            angle = 2 * pi
        if angle:
            if about not in anatomy.root and angle > 2 * pi * MAX_TURNS:
                raise NotUnderstood(
                    f"How often this robot has turned can be seen up to {MAX_TURNS} turns; for "
                    "more say that it should spin."
                )
            self.meaning.ended = self.add(
                f"{about}_angle",
                terms.turned(anatomy, about, sign),
                "toward",
                target=angle,
                width=angle,
                tolerance=min(0.25 * angle, pi / 6),
                power=3,
                goal=True,
                weight=2.0,
            )
            self.add(
                f"{about}_speed",
                terms.spin_rate(anatomy, about, sign),
                "more",
                judged=False,
                weight=1.5,
                width=4.0 if about == "pitch" else 2.0,
            )
        else:
            rate = clause.numbers.get("rate", 0.0)
            if rate:
                self.add(
                    f"{about}_speed",
                    terms.spin_rate(anatomy, about, sign),
                    "near",
                    target=rate,
                    width=0.5 * rate,
                    tolerance=0.3 * rate,
                    goal=True,
                    weight=2.0,
                )
            else:
                fast = "fast" in self.manners
                rate = 4.0 if fast else 0.5 if "slow" in self.manners else 1.5
                self.add(
                    f"{about}_speed",
                    terms.spin_rate(anatomy, about, sign),
                    "ramp",
                    target=rate,
                    enough=0.5 * rate,
                    goal=True,
                    weight=2.0,
                )
        if about == "yaw":
            if not clause.direction:
                self.on_the_spot()
        else:
            self.meaning.tilts = True
            self.widen(0.0, 2 * anatomy.height)

    def end_by_itself(self) -> None:
        """Gives an action an end that comes before another and has none.

        How long it lasts is how far it gets: that can be seen.
        """
        turns = {"spin", "flip", "roll"} & set(self.actions)
        seconds = self.clause.numbers.get("time", 0.0)
        goal = next((aim for aim in self.meaning.aims if aim.goal), None)
        moves = goal is not None and goal.quantity.unit in ("m/s", "rad/s")
        if seconds and moves and goal is not None:
            what = "angle" if goal.quantity.unit == "rad/s" else "length"
            far = abs(goal.target) * seconds
            self.clause.numbers[what] = far
            self.meaning.notes.append(
                f"For {seconds:g} s: until it has got {far:.3g} {UNITS[what]}, at "
                f"{abs(goal.target):.3g} {goal.quantity.unit}; a policy has no clock."
            )
        elif turns:
            self.clause.count = 1.0
        else:
            return
        self.meaning.aims.clear()
        self.read()

    def do_stand(self) -> None:
        self.need_legs()
        if not self.supports():
            self.rest()

    def do_still(self) -> None:
        self.rest()

    def rest(self) -> None:
        """Does not move: judged by the torso, joints only cost."""
        anatomy = self.anatomy
        if self.can_go:
            slow = 0.15 * walking_speed(anatomy)
            self.add("still", terms.ground_speed(anatomy), "near", width=4 * slow, tolerance=slow)
        if can_turn(anatomy, "yaw") and anatomy.freedom == "free":
            self.add(
                "not_turning",
                terms.spin_rate(anatomy, "yaw"),
                "near",
                width=1.0,
                tolerance=0.3,
                weight=0.5,
            )
        if can_turn(anatomy, "pitch") and anatomy.freedom == "upright plane":
            self.add(
                "not_turning",
                terms.spin_rate(anatomy, "pitch"),
                "near",
                width=2.0,
                tolerance=0.8,
                weight=0.5,
            )
        self.add(
            "quiet_joints", terms.joint_speed(anatomy), "near", width=4.0, weight=0.3, judged=False
        )

    def supports(self) -> tuple[Limb, ...]:
        found: list[Limb] = []
        for part, claim in self.clause.claims:
            if claim == "support" and part.kind in ("leg", "arm"):
                found += self.select(part)
        return tuple(found) if len(found) < len(self.legs) else ()

    def do_rear(self) -> None:
        self.rise("back", 1)

    def do_handstand(self) -> None:
        self.rise("front", -1)

    def rise(self, place: str, sign: int) -> None:
        """Stands on the legs of one end, the other end up."""
        anatomy = self.anatomy
        below = tuple(leg for leg in self.legs if leg.place == place)
        above = tuple(leg for leg in self.legs if leg.place != place)
        if not below or not above:
            if anatomy.biped and sign > 0:
                self.do_stand()
                return
            raise NotUnderstood("This robot has no front and back legs to stand on.")
        planar = anatomy.freedom == "upright plane"
        tilt = 0.95 if planar else 0.7
        self.add(
            "tilt",
            terms.nose_up(anatomy),
            "ramp",
            target=sign * tilt,
            enough=sign * 0.75 * tilt,
            goal=True,
            weight=2.0,
        )
        self.add(
            "lifted",
            terms.lifted(anatomy, above),
            "ramp",
            goal=True,
            target=anatomy.height,
            enough=0.75 * anatomy.height,
        )
        self.add(
            "standing",
            terms.grounded(anatomy, below),
            "near",
            width=0.3 * self.leg,
            tolerance=0.1 * self.leg,
            weight=0.5,
        )
        if not {"walk", "run", "hop"} & set(self.actions):
            slow = 0.3 * walking_speed(anatomy)
            self.add(
                "still",
                terms.ground_speed(anatomy),
                "near",
                width=4 * slow,
                tolerance=2 * slow,
                weight=0.5,
            )
        self.meaning.tilts = True
        self.widen(0.5 * anatomy.height, 3 * anatomy.height)

    def do_plank(self) -> None:
        anatomy = self.anatomy
        self.need_legs()
        if not anatomy.biped or not anatomy.arms:
            raise NotUnderstood("A plank takes arms, and legs to stretch back: it has none such.")
        self.add(
            "face_down",
            terms.nose_up(anatomy),
            "ramp",
            target=-0.95,
            enough=-0.85,
            goal=True,
            weight=2.0,
        )
        self.add(
            "down",
            terms.height(anatomy),
            "ramp",
            goal=True,
            start=anatomy.height,
            target=0.25 * anatomy.height,
            enough=0.45 * anatomy.height,
        )
        self.add(
            "off_the_ground",
            terms.belly(anatomy),
            "ramp",
            target=0.15 * self.leg,
            enough=0.08 * self.leg,
        )
        self.add(
            "straight", terms.straightness(anatomy, self.legs), "near", width=0.8, tolerance=0.35
        )
        self.quiet(0.5)
        self.meaning.tilts = True
        self.widen(0.0, anatomy.height)

    def do_lunge(self) -> None:
        anatomy = self.anatomy
        self.need_legs()
        if not anatomy.biped or len(self.legs) != 2:
            raise NotUnderstood("A lunge takes two legs beside each other.")
        one, other = self.legs
        if any(
            part.kind in ("leg", "knee") and part.sides == {"right"}
            for part, _ in self.clause.claims
        ):
            one, other = other, one
        self.clause.claims.clear()
        self.add(
            "apart",
            terms.apart(anatomy, one, other),
            "ramp",
            target=0.75 * self.leg,
            enough=0.6 * self.leg,
            goal=True,
            weight=1.5,
        )
        self.add(
            "bent_knee",
            terms.bend(anatomy, (one,), "front_knee"),
            "ramp",
            goal=True,
            target=1.4,
            enough=1.15,
        )
        self.add(
            "height",
            terms.height(anatomy),
            "near",
            target=0.78 * anatomy.height,
            width=0.2 * anatomy.height,
            tolerance=0.15 * anatomy.height,
        )
        self.quiet(0.5)
        self.widen(0.5 * anatomy.height, anatomy.height)

    def quiet(self, weight: float) -> None:
        slow = 0.2 * walking_speed(self.anatomy)
        self.add(
            "still",
            terms.ground_speed(self.anatomy),
            "near",
            width=4 * slow,
            tolerance=slow,
            weight=weight,
        )

    def do_crouch(self) -> None:
        self.need_legs()
        anatomy = self.anatomy
        self.be_low()
        if any(leg.joints for leg in self.legs):
            self.add(
                "bent",
                terms.bend(anatomy, self.legs),
                "ramp",
                target=1.0,
                weight=0.3,
                judged=False,
            )
        if len(self.actions) == 1:
            self.quiet(0.5)

    def do_sit(self) -> None:
        self.need_legs()
        anatomy = self.anatomy
        self.add(
            "down",
            terms.height(anatomy),
            "ramp",
            start=anatomy.height,
            target=1.1 * anatomy.lying,
            enough=1.25 * anatomy.lying,
            goal=True,
            weight=2.0,
        )
        self.quiet(0.5)
        self.widen(anatomy.lying, anatomy.height)

    def do_lie(self) -> None:
        anatomy = self.anatomy
        low = 0.15 * anatomy.height if anatomy.biped else 1.1 * anatomy.lying
        self.add(
            "down",
            terms.height(anatomy),
            "ramp",
            start=anatomy.height,
            target=low,
            enough=1.5 * low,
            goal=True,
            weight=2.0,
        )
        self.quiet(0.5)
        self.meaning.tilts = True
        self.widen(0.0, anatomy.height)

    do_fall = do_lie

    def do_lift(self) -> None:
        """Said of a part, which claims it."""

    do_touch = do_lift

    def do_leave(self) -> None:
        self.go(self.pace())

    def do_wave(self) -> None:
        limbs = [
            limb
            for part, _ in self.clause.claims
            if part.kind != "torso"
            for limb in self.select(part)
        ]
        limbs = limbs or [*self.anatomy.arms] or [*self.legs[:1]] or [*self.anatomy.limbs[:1]]
        if not limbs:
            raise NotUnderstood("This robot has no limb that it could move so.")
        self.add(
            "swinging",
            terms.limb_motion(self.anatomy, tuple(limbs)),
            "ramp",
            target=6.0 if "fast" in self.manners else 3.0,
            enough=2.0,
            goal=True,
            weight=2.0,
        )

    def do_stretch(self) -> None:
        limbs = [
            limb
            for part, _ in self.clause.claims
            if part.kind in ("leg", "arm", "knee")
            for limb in self.select(part)
        ] or [*self.legs]
        if not any(limb.joints for limb in limbs):
            raise NotUnderstood("This robot has no limb that it could stretch.")
        self.add(
            "straight",
            terms.straightness(self.anatomy, tuple(limbs)),
            "near",
            width=0.8,
            tolerance=0.3,
            goal=True,
        )

    def do_lean(self) -> None:
        back = self.clause.direction == "backward"
        self.add(
            "lean",
            terms.nose_up(self.anatomy),
            "near",
            target=0.5 if back else -0.5,
            width=0.4,
            tolerance=0.2,
            goal=True,
            weight=2.0,
        )
        self.quiet(0.5)
        self.meaning.tilts = True

    def do_limp(self) -> None:
        self.need_legs()
        self.go(self.pace())
        if not any(claim == "lifted" for _, claim in self.clause.claims):
            self.lift(self.legs[:1])

    # What is not to be.

    def avoid(self, action: str) -> None:
        anatomy = self.anatomy
        if action in ("walk", "run", "leave", "swim", "crawl"):
            if self.actions and self.can_go:
                self.on_the_spot()
            elif not self.actions:
                self.rest()
        elif action in ("hop", "jump") and self.legs:
            self.add(
                "on_its_feet",
                terms.airborne(anatomy),
                "near",
                width=0.1 * self.leg,
                tolerance=0.03 * self.leg,
                weight=0.5,
            )
        elif action in ("spin",) and anatomy.freedom == "free":
            self.add("heading", terms.off_heading(anatomy), "near", weight=0.5)
        elif action in ("flip", "roll", "fall", "lie", "lean", "sit", "crouch"):
            self.upright()
        elif action == "wave":
            self.rest()
        elif action == "stretch" and self.legs:
            self.add("bent", terms.bend(anatomy, self.legs), "ramp", target=0.8, enough=0.4)

    # How.

    def be_low(self) -> None:
        anatomy = self.anatomy
        if not self.stands:
            return
        room = anatomy.height - anatomy.lying
        low = anatomy.lying + 0.2 * room
        self.add(
            "low",
            terms.height(anatomy),
            "ramp",
            start=1.3 * anatomy.height,
            target=low,
            enough=low + 0.4 * room,
        )
        self.widen(0.9 * low, anatomy.height)

    def be_high(self) -> None:
        if not self.stands or {"jump", "hop"} & set(self.actions):
            return
        self.tall()

    def tall(self) -> None:
        anatomy = self.anatomy
        self.add(
            "tall",
            terms.height(anatomy),
            "ramp",
            start=0.6 * anatomy.height,
            target=0.95 * anatomy.height,
            enough=0.85 * anatomy.height,
            weight=0.5,
        )

    def be_upright(self) -> None:
        if not self.stands:
            return
        if not self.anatomy.biped and {"walk", "run"} & set(self.actions):
            self.do_rear()
            return
        self.upright(strict=True)
        if self.anatomy.biped:
            self.tall()

    def be_level(self) -> None:
        if self.stands:
            self.add("level", terms.nose_up(self.anatomy), "near", width=0.4, tolerance=0.2)

    def be_smooth(self) -> None:
        self.add("smooth", terms.smoothness(self.anatomy), "less", weight=0.4, judged=False)

    def be_steady(self) -> None:
        self.add("smooth", terms.smoothness(self.anatomy), "less", weight=0.2, judged=False)
        goes = {"forward_speed", "backward_speed"} & {aim.name for aim in self.meaning.aims}
        if goes and self.anatomy.freedom == "free":
            width = 0.2 * walking_speed(self.anatomy)
            sideways = terms.speed(self.anatomy, "left")
            self.add("sway", sideways, "near", width=width, judged=False)

    def be_soft(self) -> None:
        self.add("soft", terms.impact(self.anatomy), "less", weight=0.5, judged=False)

    def be_efficient(self) -> None:
        self.add("power", terms.power(self.anatomy), "less", weight=0.5, judged=False)

    def be_still(self) -> None:
        if not self.actions:
            self.rest()

    def be_circling(self) -> None:
        if "spin" not in self.actions and can_turn(self.anatomy, "yaw"):
            self.add(
                "circling",
                terms.spin_rate(self.anatomy, "yaw"),
                "near",
                target=0.6,
                width=0.4,
                tolerance=0.3,
            )
            self.meaning.aims = [
                aim for aim in self.meaning.aims if aim.name not in ("straight_ahead", "heading")
            ]

    def be_together(self) -> None:
        if pairs := self.pairs():
            self.in_step(pairs)

    be_symmetric = be_together

    def be_alternate(self) -> None:
        self.alternate()

    def pairs(self, *, diagonal: bool = False) -> tuple[tuple[Limb, Limb], ...]:
        """Left and right legs of each place; or left front with right back and so on."""
        found = []
        for one in self.legs:
            for other in self.legs:
                sides = (one.side, other.side) == ("left", "right")
                if sides and (one.place != other.place) == diagonal:
                    found.append((one, other))
        if not found and not diagonal and len(self.legs) == 2:
            found = [(self.legs[0], self.legs[1])]
        return tuple(found)

    def in_step(self, pairs: tuple[tuple[Limb, Limb], ...]) -> None:
        self.add(
            "in_step",
            terms.synchrony(self.anatomy, pairs),
            "near",
            width=0.2 * self.leg,
            tolerance=0.1 * self.leg,
            weight=0.5,
        )

    def alternate(self) -> None:
        if pairs := self.pairs():
            self.add(
                "alternating",
                terms.alternation(self.anatomy, pairs),
                "more",
                weight=0.3,
                target=0.5,
                judged=False,
            )

    # Parts.

    def claim(self, part: Part, claim: str) -> None:
        if part.kind in ("torso", "head", "tail") or not claim:
            return
        limbs = self.select(part)
        if claim == "support":
            others = tuple(leg for leg in self.legs if leg not in limbs)
            if others:
                self.lift(others)
                self.ground(limbs)
        elif claim == "lifted":
            if set(limbs) >= set(self.legs) and self.legs:
                self.fly(0.12 * self.leg, 0.05 * self.leg)
            else:
                self.lift(limbs)
        else:
            self.ground(limbs)

    def lift(self, limbs: tuple[Limb, ...]) -> None:
        anatomy = self.anatomy
        if all(limb.kind == "arm" for limb in limbs):
            self.add(
                f"raised_{slug(names_of(limbs))}",
                terms.tip_height(anatomy, limbs),
                "ramp",
                goal=True,
                start=-0.5 * limbs[0].length,
                target=0.3 * limbs[0].length,
            )
            return
        self.add(
            f"lifted_{slug(names_of(limbs))}",
            terms.lifted(anatomy, limbs),
            "ramp",
            goal=True,
            target=0.3 * self.leg,
            enough=0.15 * self.leg,
        )

    def ground(self, limbs: tuple[Limb, ...]) -> None:
        self.add(
            f"down_{slug(names_of(limbs))}",
            terms.grounded(self.anatomy, limbs),
            "near",
            width=0.2 * self.leg,
            tolerance=0.05 * self.leg,
            weight=0.5,
        )

    # What goes without saying.

    def on_the_spot(self) -> None:
        anatomy = self.anatomy
        room = max(0.5 * self.leg, 0.1)
        self.add(
            "on_the_spot",
            terms.drift(anatomy),
            "near",
            width=1.5 * room,
            tolerance=room,
            weight=0.5,
        )
        self.meaning.sees_place = True

    def upright(self, *, strict: bool = False) -> None:
        if not self.stands:
            return
        target = 0.95 if strict else 0.8
        self.add(
            "upright",
            terms.upright(self.anatomy),
            "ramp",
            start=0.0 if not strict else 0.5,
            target=target,
            enough=target - 0.1,
            weight=0.5,
        )

    def keep_standing(self) -> None:
        """Whatever it does it does not fall over, unless that is what was said."""
        anatomy = self.anatomy
        if not self.stands or self.meaning.tilts:
            return
        names = {aim.name for aim in self.meaning.aims}
        self.upright()
        bends = {"low", "down", "height", "tall", "climb"}  # who jumps has to bend first
        if (anatomy.biped and not names & bends) or (
            {"stand", "still"} & set(self.actions) and "low" not in names
        ):
            self.tall()

    def costs(self) -> None:
        self.add("effort", terms.effort(self.anatomy), "less", weight=0.1, judged=False)

    def need_legs(self) -> None:
        if not self.stands:
            raise NotUnderstood("This robot has no legs to do that with.")
