"""Targets of events in a model: which numbers of which arrays they are."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from websim.errors import InvalidArgument
from websim.physics import FloatArray, IndexArray, Model, Physics
from websim.physics.bounds import scalable
from websim.physics.enums import Gain, Joint
from websim.physics.variation import VARIABLE
from websim.worlds.targets import TARGETS, Target

LEAST_SHARE = 0.01
"""What must stay above 0 keeps at least this share of what the model has."""

_DOFS = {Joint.FREE: 6, Joint.BALL: 3}
_POSITIONS = {Joint.FREE: 7, Joint.BALL: 4}


@dataclass(frozen=True)
class Part:
    """The numbers of a model that an event changes.

    Attributes:
        labels: What each is of, [size]; "" where the environment has one.
        array: In which they lie.
        places: [size], of each in the flat array.
        floor: [size], below which none may fall.
        followers: Of other arrays, what changes in the same proportion: places [size, k].
    """

    labels: tuple[str, ...]
    array: str
    places: IndexArray
    floor: FloatArray
    followers: Mapping[str, IndexArray] = field(default_factory=dict)

    def change(self, arrays: Mapping[str, FloatArray], operation: str, drawn: FloatArray) -> None:
        """Changes arrays [m, ...] by numbers drawn, [m, size] or [m, 1], in place."""
        numbers = _flat(arrays[self.array])
        old = numbers[:, self.places]
        new = np.maximum(changed(old, operation, drawn), self.floor)
        numbers[:, self.places] = new
        for name, places in self.followers.items():
            ratio = np.divide(new, old, out=np.ones_like(old), where=old != 0)
            _flat(arrays[name])[:, places] *= ratio[:, :, np.newaxis]


class Gravity(Part):
    """How strong gravity is, whatever its direction."""

    def change(self, arrays: Mapping[str, FloatArray], operation: str, drawn: FloatArray) -> None:
        """See Part."""
        vectors = arrays[self.array]
        old = lengths(vectors)
        vectors[old[:, 0] == 0] = (0, 0, -1)
        new = np.maximum(changed(old, operation, drawn), self.floor)
        vectors *= new / np.where(old == 0, 1, old)


def changed(old: FloatArray, operation: str, drawn: FloatArray) -> FloatArray:
    """Values after an operation: all [m, size], drawn ones [m, 1] where they are shared."""
    if operation == "scale":
        return old * drawn
    return old + drawn if operation == "add" else drawn + np.zeros_like(old)


def part_of(physics: Physics, target: Target, names: Sequence[str]) -> Part:
    """Where a target's numbers lie.

    Args:
        physics: Of the model.
        target: One that has fields.
        names: As of an EventTerm.

    Raises:
        InvalidArgument: the model has no such thing.
    """
    array = target.fields[0]
    compiled = physics.model_array(array)
    if not compiled.size:
        raise InvalidArgument(f"target: the model has no {array}.")
    if target.name == "gravity":
        return Gravity(("",), array, np.zeros(1, np.intp), np.full(1, target.least))
    columns = compiled[0].size if compiled.ndim > 1 else 1
    rows, labels = _rows(physics, target, names, len(np.atleast_1d(compiled)))
    followers = {}
    if target.name in TARGETS and target.name not in VARIABLE:
        places = rows * columns
        if target.name == "mass":
            followers["body_inertia"] = rows[:, np.newaxis] * 3 + np.arange(3)
        elif target.name == "gains":
            followers["actuator_biasprm"] = places[:, np.newaxis] + np.arange(3)
    else:
        places = (rows[:, np.newaxis] * columns + np.arange(columns)).ravel()
        if columns > 1:
            labels = [f"{label}[{k}]" for label in labels for k in range(columns)]
    values, kind = compiled.ravel()[places], VARIABLE[array]
    floor = np.where(kind.positive & (values > 0), LEAST_SHARE * values, target.least)
    return Part(tuple(labels), array, places, floor, followers)


def bodies_of(model: Model, names: Sequence[str]) -> IndexArray:
    """Bodies that can be pushed; by default those that carry all others.

    Raises:
        InvalidArgument: the model has no such body, or it cannot move.
    """
    moving = np.unique(model.body_rootid[model.jnt_bodyid])
    bodies = np.array([model.body(name) for name in names], np.intp) if names else moving
    if not len(bodies) or not np.isin(model.body_rootid[bodies], moving).all():
        raise InvalidArgument("names: no such body can move.")
    return bodies.astype(np.intp)


def positions_of(model: Model, names: Sequence[str]) -> IndexArray:
    """Places in qpos of joints; raises InvalidArgument where the model has no such joint."""
    return _addresses(model, _joints(model, names), model.jnt_qposadr, _POSITIONS)


def velocities_of(model: Model, names: Sequence[str]) -> IndexArray:
    """Places in qvel, likewise."""
    return _addresses(model, _joints(model, names), model.jnt_dofadr, _DOFS)


def quaternions_of(model: Model) -> IndexArray:
    """Places in qpos of quaternions, [k, 4]."""
    first = [
        address + (3 if kind == Joint.FREE else 0)
        for kind, address in zip(model.jnt_type, model.jnt_qposadr, strict=True)
        if kind in (Joint.FREE, Joint.BALL)
    ]
    return np.array(first, np.intp).reshape(-1, 1) + np.arange(4)


def _rows(
    physics: Physics, target: Target, names: Sequence[str], count: int
) -> tuple[IndexArray, list[str]]:
    """Rows of a target's array, and what each is of."""
    model, everything = physics.model, np.arange(count)
    if target.kind is None:
        return everything, [str(i) if count > 1 else "" for i in everything]
    if target.kind == "joint":
        joints = _joints(model, names)
        if target.name == "jnt_range" and not names:
            joints = joints[model.jnt_limited[joints]]
        rows, owners = joints, joints
        if target.name.startswith("dof"):
            rows = _addresses(model, joints, model.jnt_dofadr, _DOFS)
            counts = [_DOFS.get(Joint(int(model.jnt_type[j])), 1) for j in joints]
            owners = np.repeat(joints, counts)
        labels = _labels("joint", model.joint_names, owners)
    elif target.kind == "actuator":
        rows = _named(model, "actuator", names, model.actuator_labels)
        if target.name == "gains":
            fixed = physics.model_array("actuator_gaintype") == Gain.FIXED
            if names and not fixed[rows].all():
                raise InvalidArgument(
                    "names: gains are those of motors and servos, not of muscles."
                )
            rows = rows[fixed[rows]]
        labels = [model.actuator_labels[i] for i in rows]
    else:
        all_names = getattr(model, f"{target.kind}_names")
        rows = _named(model, target.kind, names, all_names)
        if not names and target.kind == "body":
            rows = rows[1:] if target.name != "mass" else rows[model.body_mass > 0]
        elif target.name == "geom_size":
            able = scalable(physics.model_array)[rows]
            if names and not able.all():
                wrong = ", ".join(name for name, can in zip(names, able, strict=True) if not can)
                raise InvalidArgument(f"names: the size of {wrong} cannot differ.")
            rows = rows[able]
        labels = _labels(target.kind, all_names, rows)
    if not len(rows):
        raise InvalidArgument(f"target: the model has nothing of which {target.name} can differ.")
    if rows.max() >= count:
        raise InvalidArgument(f"target: {target.name} of this model cannot be told apart by names.")
    return rows, labels


def _joints(model: Model, names: Sequence[str]) -> IndexArray:
    return _named(model, "joint", names, model.joint_names)


def _named(model: Model, kind: str, names: Sequence[str], there: Sequence[str]) -> IndexArray:
    """Ids of what is named; all where nothing is."""
    if not names:
        return np.arange(len(there))
    try:
        return np.array([getattr(model, kind)(name) for name in names], np.intp)
    except InvalidArgument as error:
        raise InvalidArgument(f"names: {error}") from None


def _labels(kind: str, names: Sequence[str], ids: IndexArray) -> list[str]:
    return [names[i] or f"{kind} {i}" for i in ids]


def _addresses(
    model: Model, joints: IndexArray, first: NDArray[np.int32], sizes: Mapping[Joint, int]
) -> IndexArray:
    """Places of joints in a state."""
    places = [first[j] + np.arange(sizes.get(Joint(int(model.jnt_type[j])), 1)) for j in joints]
    return np.concatenate([np.empty(0, np.intp), *places]).astype(np.intp)


def lengths(vectors: FloatArray) -> FloatArray:
    """Lengths [m, 1] of vectors [m, k], to the bit the same in any batch."""
    sums = sum(vectors[:, k] ** 2 for k in range(vectors.shape[1]))
    return np.sqrt(sums)[:, np.newaxis]


def _flat(array: FloatArray) -> FloatArray:
    """A view [m, k]."""
    return array.reshape(len(array), -1)
