"""What a robot is made of, read from its model: trunk, limbs, feet, joints, and how large it is.

Nothing is known of robots by name: a limb is a leg because it reaches the ground in the rest pose,
and it is the left one because it is on the left there. Names decide only where places cannot, as
with the two legs of a walker that lives in a plane. What cannot be told stands in `unclear`.

The rest pose is the model's first keyframe, or its first position, with joints brought into their
ranges. The world's x axis is forward there and z is up, as Gymnasium's robots have it.
"""

from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

import numpy as np

from websim import mjcf
from websim.physics import FloatArray, Model, make_physics
from websim.physics.enums import Geom, Joint
from websim.task import Task

FIELDS_AT_REST = ("xpos", "xmat", "geom_xpos", "geom_xmat", "subtree_com")

MIN_BRANCH = 0.02
"""A part of the robot's mass below which a branch is a finger or a toe, not a limb."""

NEAR_GROUND = 0.2
"""A limb is a leg if it ends below this part of the standing height."""

SAME_JOINT = 0.25
"""Joints nearer to each other than this part of a limb's length are one joint of several axes."""


@dataclass(frozen=True)
class Limb:
    """A chain of bodies that hangs on the trunk.

    Attributes:
        kind: "leg", "arm", "head", "tail" or "limb", which is none of these.
        bodies: From the trunk on; all that hang on it.
        tip: The geom in which it ends: a foot's, a hand's.
        side: "left", "right" or "".
        place: "front", "middle", "back" or "": where it begins along the trunk.
        joints: Hinges of each joint from the trunk on: hip, knee and ankle of a leg. Hinges in
            nearly one place are one joint.
        length: Metres from its first joint to its tip, along it.
    """

    kind: str
    bodies: tuple[int, ...]
    tip: int
    side: str
    place: str
    joints: tuple[tuple[int, ...], ...]
    length: float

    @property
    def name(self) -> str:
        """For people: "left front leg"."""
        return " ".join(filter(None, (self.side, self.place, self.kind)))


@dataclass(frozen=True)
class Anatomy:
    """A robot.

    Attributes:
        model: Its model.
        torso: The body that carries the others; 0 where nothing moves.
        trunk: The torso and the bodies that limbs hang on.
        limbs: Its limbs; legs from front to back, left before right.
        freedom: How the torso moves: "free", "upright plane" (x, z and pitch), "flat plane"
            (x, y and yaw), "slide", or "fixed".
        root: Of a torso in a plane or on a slide the joint of each motion: "x", "y", "z", "roll",
            "pitch", "yaw", with the sign of its axis.
        height: Metres of the torso's origin above the ground in the rest pose, on its lowest point.
        lying: Likewise if only the trunk were there: as low as it gets.
        length: Metres of its greatest extent in the rest pose.
        start: Where the torso is in the rest pose [3].
        ground: z of the ground.
        forward: Which axis of the torso's frame looks forward (0, 1, 2), and its sign.
        up: Likewise up.
        actuated: Joints that actuators move.
        unclear: What cannot be told, as sentences.
    """

    model: Model
    torso: int
    trunk: tuple[int, ...]
    limbs: tuple[Limb, ...]
    freedom: str
    root: dict[str, tuple[int, int]]
    height: float
    lying: float
    length: float
    start: tuple[float, float, float]
    ground: float
    forward: tuple[int, int]
    up: tuple[int, int]
    actuated: tuple[int, ...]
    unclear: tuple[str, ...]

    @cached_property
    def legs(self) -> tuple[Limb, ...]:
        """Limbs that reach the ground."""
        return tuple(limb for limb in self.limbs if limb.kind == "leg")

    @cached_property
    def arms(self) -> tuple[Limb, ...]:
        """Limbs in pairs that do not."""
        return tuple(limb for limb in self.limbs if limb.kind == "arm")

    @property
    def biped(self) -> bool:
        """Whether it stands upright: no two of its legs begin in different places along it."""
        return len({leg.place for leg in self.legs}) == 1

    def hinges(self) -> tuple[int, ...]:
        """Joints of its limbs and within its trunk that are hinges."""
        model = self.model
        bodies = {*self.trunk, *(body for limb in self.limbs for body in limb.bodies)}
        own = {joint for joint, _ in self.root.values()}
        return tuple(
            joint
            for joint in range(model.njnt)
            if model.jnt_type[joint] == Joint.HINGE
            and model.jnt_bodyid[joint] in bodies
            and joint not in own
        )

    def describe(self) -> str:
        """In a few lines, for people and language models."""
        name = self.model.body_names[self.torso] or f"body {self.torso}"
        lines = [
            f"torso: {name}, {self.height:.2f} m above the ground, {self.freedom}; "
            f"{self.model.body_mass.sum():.3g} kg, {self.length:.2f} m long"
        ]
        for limb in self.limbs:
            joints = "; ".join(
                ", ".join(self.model.joint_names[j] or f"joint {j}" for j in group)
                for group in limb.joints
            )
            lines.append(f"{limb.name}: {limb.length:.2f} m, joints: {joints or 'none'}")
        return "\n".join((*lines, *self.unclear))


def read_anatomy(task: Task) -> Anatomy:
    """Reads the robot of a task.

    Raises:
        ModelError: MuJoCo cannot compile its model.
    """
    physics = make_physics(mjcf.find(task.xml_file), 1, FIELDS_AT_REST)
    try:
        model = physics.model
        qpos = (model.key_qpos[0] if model.nkey else model.qpos0).copy()
        for joint in range(model.njnt):
            if model.jnt_limited[joint] and model.jnt_type[joint] in (Joint.SLIDE, Joint.HINGE):
                address = model.jnt_qposadr[joint]
                qpos[address] = qpos[address].clip(*model.jnt_range[joint])
        physics.reset(np.array([0]), qpos[np.newaxis], np.zeros((1, model.nv)))
        rest = {name: getattr(physics.data, name)[0].copy() for name in FIELDS_AT_REST}
        return _Reader(model, rest).anatomy()
    finally:
        physics.close()


class _Reader:
    def __init__(self, model: Model, rest: dict[str, FloatArray]) -> None:
        self.model = model
        self.position = rest["xpos"]
        self.rotation = rest["xmat"].reshape(-1, 3, 3)
        self.geom_position = rest["geom_xpos"]
        self.geom_rotation = rest["geom_xmat"].reshape(-1, 3, 3)
        self.children: list[list[int]] = [[] for _ in range(model.nbody)]
        for body in range(1, model.nbody):
            self.children[model.body_parentid[body]].append(body)
        self.mass = model.body_mass.copy()
        for body in range(model.nbody - 1, 0, -1):
            self.mass[model.body_parentid[body]] += self.mass[body]
        self.unclear: list[str] = []

    def anatomy(self) -> Anatomy:
        model = self.model
        actuated = self.actuated()
        chain = self.root_chain(actuated)
        torso = chain[-1] if chain else 0
        trunk = self.trunk(torso)
        inside = self.below(torso)
        solid = self.geoms(inside)
        own_trunk = self.geoms(trunk)
        ground = self.ground()
        lowest = min(map(self.lowest, solid), default=float(self.position[torso, 2]))
        height = float(self.position[torso, 2] - lowest)
        belly = min(map(self.lowest, own_trunk), default=lowest)
        freedom, root = self.freedom(chain)
        corners = np.concatenate([self.corners(geom) for geom in solid] or [np.zeros((1, 3))])
        if freedom == "fixed":
            self.unclear.append("Its torso is fixed: it cannot go anywhere.")
        self.stands = freedom in ("free", "upright plane")
        limbs = self.limbs(trunk, lowest, height)
        x, y, z = self.position[torso]
        if self.stands:
            self.look(limbs, height, float(np.ptp(corners, axis=0).max()))
        return Anatomy(
            model=model,
            torso=torso,
            trunk=tuple(trunk),
            limbs=limbs,
            freedom=freedom,
            root=root,
            height=height,
            lying=float(self.position[torso, 2] - belly),
            length=float(np.ptp(corners, axis=0).max()),
            start=(float(x), float(y), float(z)),
            ground=ground,
            forward=self.axis(torso, 0),
            up=self.axis(torso, 2),
            actuated=actuated,
            unclear=tuple(self.unclear),
        )

    def look(self, limbs: tuple[Limb, ...], height: float, length: float) -> None:
        """Says what makes the reading of a robot doubtful that should stand."""
        legs = [limb for limb in limbs if limb.kind == "leg"]
        if not legs:
            self.unclear.append("No limb of it stands on the ground.")
            return
        if height < 0.2 * length:
            self.unclear.append(
                "It lies in its rest pose: what is a leg and what an arm is uncertain."
            )
        spread = np.ptp([self.middle(leg.tip) for leg in legs], axis=0)
        sideways = [joint for leg in legs for joint in leg.joints[0]]
        planar = all(abs(self.model.jnt_axis[joint][1]) > 0.99 for joint in sideways)
        if len(legs) == 2 and not planar and spread[1] < 0.05 * height < 0.1 * spread[0]:
            self.unclear.append(
                "Its legs stand beside each other along x: it seems to look along y, and forward "
                "is taken to be x."
            )

    def actuated(self) -> tuple[int, ...]:
        """Joints with an actuator, by the forces that one on a joint has (mjtTrn 0 and 1)."""
        model = self.model
        targets = zip(model.actuator_trntype, model.actuator_trnid[:, 0], strict=True)
        return tuple(dict.fromkeys(int(target) for kind, target in targets if kind in (0, 1)))

    def joints_of(self, body: int) -> list[int]:
        return [int(j) for j in np.flatnonzero(self.model.jnt_bodyid == body)]

    def below(self, body: int) -> list[int]:
        """A body and all that hang on it."""
        found = [body]
        for one in found:
            found.extend(self.children[one])
        return found

    def root_chain(self, actuated: tuple[int, ...]) -> list[int]:
        """From the world to the torso: bodies with no mass of their own lead to it."""
        driven = set(self.model.jnt_bodyid[list(actuated)]) if actuated else set()

        def worth(body: int) -> tuple[bool, float]:
            inside = self.below(body)
            return bool(driven & set(inside)), float(self.mass[body])

        moving = [b for b in self.children[0] if any(self.joints_of(i) for i in self.below(b))]
        if not moving:
            return []
        chain = [max(moving, key=worth)]
        while len(self.children[chain[-1]]) == 1 and (
            self.model.body_mass[chain[-1]] < 0.01 * self.mass[chain[-1]]
        ):
            chain += self.children[chain[-1]]
        return chain

    def trunk(self, torso: int) -> list[int]:
        """The torso, and what leads from it to where limbs part."""
        total = self.mass[torso]

        def parts(body: int) -> list[int]:
            return [c for c in self.children[body] if self.mass[c] >= MIN_BRANCH * total]

        def branches(body: int) -> bool:
            heavy = parts(body)
            return len(heavy) > 1 or any(branches(child) for child in heavy)

        trunk = [torso]
        for body in trunk:
            for child in self.children[body]:
                rigid = not any(self.joints_of(b) for b in self.below(child))
                if rigid or (self.mass[child] >= MIN_BRANCH * total and branches(child)):
                    trunk.append(child)
        return trunk

    def geoms(self, bodies: list[int]) -> list[int]:
        """Geoms that can touch something; all where none can."""
        model = self.model
        own = [int(g) for g in np.flatnonzero(np.isin(model.geom_bodyid, bodies))]
        solid = [g for g in own if model.geom_contype[g] or model.geom_conaffinity[g]]
        return solid or own

    def ground(self) -> float:
        """Height of the world's own plane or height field."""
        kinds = (Geom.PLANE, Geom.HFIELD)
        flat = [
            float(self.geom_position[g, 2])
            for g in range(self.model.ngeom)
            if self.model.geom_type[g] in kinds and self.model.geom_bodyid[g] == 0
        ]
        return min(flat, default=0.0)

    def extent(self, geom: int) -> FloatArray:
        """How far a geom reaches along the world's axes from its centre [3]; capsules exactly."""
        model, rotation = self.model, np.abs(self.geom_rotation[geom])
        half = model.geom_aabb[geom, 3:]
        reach: FloatArray
        if model.geom_type[geom] == Geom.SPHERE:
            reach = half.copy()
        elif model.geom_type[geom] == Geom.CAPSULE:
            reach = half[0] + rotation[:, 2] * (half[2] - half[0])
        else:
            reach = rotation @ half
        return reach

    def middle(self, geom: int) -> FloatArray:
        offset = self.model.geom_aabb[geom, :3]
        middle: FloatArray = self.geom_position[geom] + self.geom_rotation[geom] @ offset
        return middle

    def corners(self, geom: int) -> FloatArray:
        middle, reach = self.middle(geom), self.extent(geom)
        return np.stack([middle - reach, middle + reach])

    def lowest(self, geom: int) -> float:
        return float(self.middle(geom)[2] - self.extent(geom)[2])

    def axis(self, body: int, world: int) -> tuple[int, int]:
        """Which axis of a body's frame lies along one of the world's, and its sign."""
        along = self.rotation[body, world]
        column = int(np.abs(along).argmax())
        if abs(along[column]) < 0.9:
            self.unclear.append(
                f"No axis of the torso looks {'forward' if world == 0 else 'up'} in the rest pose; "
                "the nearest is taken."
            )
        return column, 1 if along[column] > 0 else -1

    def freedom(self, chain: list[int]) -> tuple[str, dict[str, tuple[int, int]]]:
        """How a torso moves against the world, and by which joints."""
        model = self.model
        root: dict[str, tuple[int, int]] = {}
        for body in chain:
            for joint in self.joints_of(body):
                kind = model.jnt_type[joint]
                if kind == Joint.FREE:
                    return "free", {}
                if kind == Joint.BALL:
                    continue
                axis = self.rotation[body] @ model.jnt_axis[joint]
                largest = int(np.abs(axis).argmax())
                names = ("x", "y", "z") if kind == Joint.SLIDE else ("roll", "pitch", "yaw")
                root[names[largest]] = joint, 1 if axis[largest] > 0 else -1
        if {"x", "z"} <= set(root):
            return "upright plane", root
        if {"x", "y"} <= set(root):
            return "flat plane", root
        return ("slide" if "x" in root else "fixed"), root

    def limbs(self, trunk: list[int], lowest: float, height: float) -> tuple[Limb, ...]:
        """All that hangs on the trunk by a joint."""
        starts = [
            child
            for body in trunk
            for child in self.children[body]
            if child not in trunk and any(self.joints_of(b) for b in self.below(child))
        ]
        center = np.mean([self.position[body] for body in trunk], axis=0)
        found = [self.limb(start, center, lowest, height) for start in starts]
        legs = [limb for limb in found if limb.kind == "leg"]
        found = [self.placed(limb, legs if limb.kind == "leg" else [limb]) for limb in found]
        found = self.sides_by_name(found)
        order = {"front": 0, "middle": 1, "": 1, "back": 2}
        found.sort(key=lambda limb: (limb.kind != "leg", order[limb.place], limb.side == "right"))
        return tuple(found)

    def limb(self, start: int, center: FloatArray, lowest: float, height: float) -> Limb:
        bodies = self.below(start)
        first = next(b for b in bodies if self.joints_of(b))
        origin = self.anchor(self.joints_of(first)[0])
        solid = self.geoms(bodies)
        deepest = min(map(self.lowest, solid), default=float(self.position[start, 2]))
        is_leg = self.stands and bool(solid) and deepest - lowest < NEAR_GROUND * max(height, 1e-6)
        if is_leg:
            tip = min(solid, key=self.lowest)
        elif solid:
            tip = max(solid, key=lambda g: float(np.linalg.norm(self.middle(g) - origin)))
        else:
            tip = -1
        end = self.middle(tip) if tip >= 0 else self.position[bodies[-1]]
        path = self.path(start, int(self.model.geom_bodyid[tip]) if tip >= 0 else bodies[-1])
        joints, length = self.joints_along(path, end)
        side = self.side(float(end[1] - center[1]), height)
        kind = "leg" if is_leg else self.kind(bodies, end - center, side, height)
        return Limb(kind, tuple(bodies), tip, side, "", joints, length)

    def kind(self, bodies: list[int], reach: FloatArray, side: str, height: float) -> str:
        """Of a limb that does not stand: by where it reaches, or by its name."""
        names = " ".join(self.model.body_names[body] for body in bodies).lower()
        for kind, words in (
            ("head", ("head", "neck", "skull")),
            ("tail", ("tail", "coccyx")),
            ("arm", ("arm", "hand", "shoulder")),
            ("leg", ("leg", "foot", "thigh")),
        ):
            if any(word in names for word in words):
                return kind
        if side or not self.stands:
            return "arm" if side else "limb"
        if reach[2] > 0.1 * height and abs(reach[2]) > abs(reach[0]):
            return "head"
        if abs(reach[0]) > 0.1 * height:
            return "head" if reach[0] > 0 else "tail"
        return "limb"

    def path(self, start: int, end: int) -> list[int]:
        """The bodies from one to another that hangs on it."""
        path = [end]
        while path[-1] != start:
            path.append(int(self.model.body_parentid[path[-1]]))
        return path[::-1]

    def anchor(self, joint: int) -> FloatArray:
        body = self.model.jnt_bodyid[joint]
        point: FloatArray = self.position[body] + self.rotation[body] @ self.model.jnt_pos[joint]
        return point

    def joints_along(
        self, path: list[int], end: FloatArray
    ) -> tuple[tuple[tuple[int, ...], ...], float]:
        """Hinges of each joint, and the length from the first one to the end."""
        hinges = [
            joint
            for body in path
            for joint in self.joints_of(body)
            if self.model.jnt_type[joint] == Joint.HINGE
        ]
        if not hinges:
            return (), float(np.linalg.norm(end - self.position[path[0]]))
        points = [*map(self.anchor, hinges), end]
        steps = [float(np.linalg.norm(b - a)) for a, b in pairwise(points)]
        length = sum(steps)
        groups = [[hinges[0]]]
        for joint, step in zip(hinges[1:], steps[:-1], strict=True):
            if step < SAME_JOINT * length:
                groups[-1].append(joint)
            else:
                groups.append([joint])
        return tuple(map(tuple, groups)), length

    @staticmethod
    def side(left: float, height: float) -> str:
        if abs(left) < 0.02 * height:
            return ""
        return "left" if left > 0 else "right"

    def placed(self, limb: Limb, others: list[Limb]) -> Limb:
        """Says where along the trunk a limb begins, among those of its kind."""
        xs = [self.beginning(other) for other in others]
        span = max(xs) - min(xs)
        if span < 0.15 * max(other.length for other in others):
            return limb
        part = (self.beginning(limb) - min(xs)) / span
        place = "front" if part > 2 / 3 else "back" if part < 1 / 3 else "middle"
        return Limb(limb.kind, limb.bodies, limb.tip, limb.side, place, limb.joints, limb.length)

    def beginning(self, limb: Limb) -> float:
        """Where its first joint is along x."""
        return float(self.anchor(limb.joints[0][0])[0]) if limb.joints else 0.0

    def sides_by_name(self, limbs: list[Limb]) -> list[Limb]:
        """Two of a kind in one place are told apart by their names."""
        model = self.model
        result = list(limbs)
        for kind in ("leg", "arm"):
            pair = [i for i, limb in enumerate(limbs) if limb.kind == kind and not limb.side]
            if len(pair) != 2 or limbs[pair[0]].place != limbs[pair[1]].place:
                continue
            names = [
                " ".join(model.body_names[body] for body in limbs[i].bodies).lower() for i in pair
            ]
            said = ["left" if "left" in n else "right" if "right" in n else "" for n in names]
            if len(set(said)) == 1:
                self.unclear.append(f"Which {kind} is the left one cannot be told.")
                continue
            other = {"left": "right", "right": "left"}
            sides = [said[i] or other[said[1 - i]] for i in range(2)]
            for i, side in zip(pair, sides, strict=True):
                one = limbs[i]
                result[i] = Limb(
                    one.kind, one.bodies, one.tip, side, one.place, one.joints, one.length
                )
        return result
