"""Hands on robots: pushes, pulls, and poses set from outside; recorded, and done again.

What hands do to an environment ends with its episode.
"""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from websim import plain
from websim.errors import InvalidArgument
from websim.forces import Forces
from websim.physics import FloatArray, IndexArray, Physics
from websim.physics.enums import Joint

Event = dict[str, Any]
"""Something that a hand does, as JSON can say it: `do` says what, `iteration` and `step` when
(after so many steps of the iteration; where nothing learns, since all began with a seed),
`environments` to which ([first, count] each), and the others how (KINDS)."""

Environments = int | Sequence[int] | IndexArray | None
"""Indices of environments; None: all."""

KINDS: dict[str, tuple[str, ...]] = {
    "push": ("body", "force", "torque", "point", "steps"),
    "pull": ("body", "point", "target", "relative"),
    "move": ("body", "point", "target", "relative"),
    "release": (),
    "pose": ("qpos", "qvel"),
    "keyframe": ("keyframe",),
}
"""What hands do, and what has to be said of it."""

MAX_BYTES = 1 << 20
"""Of events as JSON: more are not recorded, and therefore refused."""

MAX_NUMBER = 1e10
"""MuJoCo takes a state with greater ones for a bad one."""

MAX_STEPS = 2**31 - 1


class Hands:
    """The hands of a batch of environments.

    Attributes:
        first: Number of the first environment among all that learn together.
        recorded: What has been done, where it is recorded; None: it is not.
    """

    def __init__(
        self,
        physics: Physics,
        forces: Forces,
        dt: float,
        place: Callable[[IndexArray, FloatArray], object] | None,
        on_placed: Callable[[IndexArray], object],
    ) -> None:
        """Takes the physics.

        Args:
            physics: Of the environments.
            forces: What acts on their bodies.
            dt: Seconds of a step.
            place: Moves positions [k, nq] from where a task sees environments [k] to where they
                are, in place; None: there they are.
            on_placed: Told of environments whose state has been set.
        """
        self._physics, self._forces, self._dt = physics, forces, dt
        self._to_where_they_are, self._on_placed = place, on_placed
        self.first = 0
        self.recorded: list[Event] | None = None
        self._script: dict[tuple[int, int], list[Event]] = {}
        self._played_bytes = self._recorded_bytes = 0
        self._iteration = self._step = 0

    def begin(self, iteration: int) -> None:
        """Steps are counted from here; does what is due.

        That is also what has been done here and recorded: episodes may have begun anew since.
        """
        self._iteration, self._step = iteration, 0
        new: list[Event] = []
        for event in reversed(self.recorded or ()):
            if (event["iteration"], event["step"]) != (iteration, 0):
                break
            new.append(event)
        self._do_due()
        for event in reversed(new):
            self._do(event)

    def start(self) -> None:
        """Everything begins anew with a seed: what was recorded belongs to what was before."""
        if self.recorded is not None:
            self.recorded.clear()
            self._recorded_bytes = 0
        self.begin(0)

    def play(self, events: Sequence[Event]) -> None:
        """Does again what was recorded, each at its time; what lies in the past is left out.

        To be called before `begin`.

        Raises:
            InvalidArgument: an event that these robots have no body, joints or keyframe for.
        """
        pulled = set()
        for i, event in enumerate(read_events(events)):
            self._check(event, f"hands[{i}].")
            if event["do"] == "pull" and event["body"] not in pulled:
                pulled.add(event["body"])
                try:
                    self._grasp(np.zeros(1, np.intp), event)
                except InvalidArgument as error:
                    raise InvalidArgument(f"hands[{i}].body: {error}") from None
            self._played_bytes += len(json.dumps(event))
            self._script.setdefault((event["iteration"], event["step"]), []).append(event)

    def after_step(self) -> None:
        """Does what is due."""
        self._step += 1
        if self._script:
            self._do_due()

    def _do_due(self) -> None:
        for event in self._script.get((self._iteration, self._step), ()):
            self._do(event)

    def push(
        self,
        environments: Environments,
        body: int | str,
        force: Any,
        *,
        torque: Any = (0.0, 0.0, 0.0),
        point: Any = None,
        seconds: float | None = None,
        steps: int | None = None,
    ) -> Event:
        """See `MujocoVectorEnv.apply_force`."""
        if (seconds is None) == (steps is None):
            raise InvalidArgument("Say how long: either seconds or steps.")
        if seconds is not None:
            if not _is_number(seconds) or not 0 < seconds <= MAX_STEPS * self._dt:
                raise InvalidArgument(f"seconds must be a number above 0, not {seconds!r:.99}.")
            steps = max(1, round(seconds / self._dt))
        what = {"body": body, "force": force, "torque": torque, "point": point, "steps": steps}
        return self._act("push", environments, what)

    def pull(
        self,
        environments: Environments,
        body: int | str,
        target: Any,
        *,
        point: Any = (0.0, 0.0, 0.0),
        relative: bool = False,
    ) -> Event:
        """See `MujocoVectorEnv.pull`."""
        what = {"body": body, "point": point, "target": target, "relative": relative}
        return self._act("pull", environments, what)

    def move(
        self,
        environments: Environments,
        body: int | str,
        target: Any,
        *,
        point: Any = (0.0, 0.0, 0.0),
        relative: bool = False,
    ) -> Event:
        """See `MujocoVectorEnv.move`."""
        what = {"body": body, "point": point, "target": target, "relative": relative}
        return self._act("move", environments, what)

    def release(self, environments: Environments) -> Event:
        """See `MujocoVectorEnv.release`."""
        return self._act("release", environments, {})

    def pose(self, environments: Environments, qpos: Any, qvel: Any) -> Event:
        """See `MujocoVectorEnv.set_state`."""
        return self._act("pose", environments, {"qpos": qpos, "qvel": qvel})

    def keyframe(self, environments: Environments, keyframe: int | str) -> Event:
        """See `MujocoVectorEnv.set_keyframe`."""
        return self._act("keyframe", environments, {"keyframe": keyframe})

    def _act(self, do: str, environments: Environments, what: Mapping[str, Any]) -> Event:
        """Does something, and records it."""
        indices = _indices(environments, self._physics.num_envs)
        given = {name: _plain(value) for name, value in what.items()}
        when = {"iteration": self._iteration, "step": self._step}
        runs = _runs(indices + self.first)
        event = read_event({"do": do, **when, "environments": runs, **given})
        self._check(event, "")
        size = 0 if self.recorded is None else len(json.dumps(event))
        if size and self._played_bytes + self._recorded_bytes + size > MAX_BYTES:
            raise InvalidArgument(
                f"What hands do to these robots is recorded, and has filled the "
                f"{MAX_BYTES:,} bytes that there are for it: begin anew."
            )
        self._do(event)
        if self.recorded is not None:
            self.recorded.append(event)
            self._recorded_bytes += size
        return event

    def _check(self, event: Event, path: str) -> None:
        """Raises InvalidArgument for what these robots have not."""
        model = self._physics.model
        if "body" in event and not self._body(event["body"], path):
            raise InvalidArgument(f"{path}body: the world can be neither pushed nor pulled.")
        if event["do"] == "move":
            self._floating(event["body"], path)
        for name, size in (("qpos", model.nq), ("qvel", model.nv)):
            if name in event and np.shape(event[name])[-1] != size:
                raise InvalidArgument(
                    f"{path}{name} must have {size} numbers, not {np.shape(event[name])[-1]}."
                )
        if "keyframe" in event:
            self._key(event["keyframe"], path)

    def _body(self, body: int | str, path: str = "") -> int:
        try:
            return self._physics.model.body_id(body)
        except InvalidArgument as error:
            raise InvalidArgument(f"{path}body: {error}") from None

    def _floating(self, body: int | str, path: str = "") -> int:
        """Where in qpos the place is of the tree that a body belongs to, which floats."""
        model = self._physics.model
        (joints,) = np.nonzero(model.jnt_bodyid == model.body_rootid[self._body(body, path)])
        if len(joints) != 1 or Joint(int(model.jnt_type[joints[0]])) is not Joint.FREE:
            raise InvalidArgument(
                f"{path}body: {body!r} cannot be moved, only pulled: its robot has no free joint."
            )
        return int(model.jnt_qposadr[joints[0]])

    def _key(self, key: int | str, path: str = "") -> int:
        names = self._physics.model.key_names
        if key in names and key != "":
            return names.index(str(key))
        if isinstance(key, int) and 0 <= key < len(names):
            return key
        there = ", ".join(name or str(i) for i, name in enumerate(names)) or "none"
        raise InvalidArgument(f"{path}keyframe must be one of the model's ({there}), not {key!r}.")

    def _do(self, event: Event) -> None:
        """Does what an event says to those of its environments that are here."""
        numbers = np.concatenate(
            [np.arange(first, first + n) for first, n in event["environments"]]
        )
        here = (numbers >= self.first) & (numbers < self.first + self._physics.num_envs)
        indices = numbers[here] - self.first
        if not len(indices):
            return

        def rows(name: str) -> FloatArray:
            value = np.asarray(event[name], np.float64)
            return np.tile(value, (len(indices), 1)) if value.ndim == 1 else value[here]

        match event["do"]:
            case "push":
                self._push(indices, event, rows("force"), rows("torque"))
            case "pull":
                self._pull(indices, event, rows("target"))
            case "move":
                self._move(indices, event, rows("target"))
            case "release":
                self._forces.release(indices)
            case "pose":
                self._place(indices, rows("qpos"), rows("qvel"))
            case "keyframe":
                self._place_as(indices, self._key(event["keyframe"]))

    def _push(
        self, indices: IndexArray, event: Event, force: FloatArray, torque: FloatArray
    ) -> None:
        body = self._body(event["body"])
        if event["point"] is not None:
            grasped = self._physics.grasp(indices, body, np.array(event["point"], np.float64))
            torque = torque + np.cross(grasped[:, 1:4] - grasped[:, 4:7], force)
        wrenches = np.concatenate([force, torque], axis=1)
        self._forces.push(indices, body, wrenches, event["steps"])

    def _pull(self, indices: IndexArray, event: Event, target: FloatArray) -> None:
        body = self._body(event["body"])
        point = np.array(event["point"], np.float64)
        pulls = self._physics.pulls
        held = (pulls[indices, 0] == body) & (pulls[indices, 1] > 0)
        held &= (pulls[indices, 2:5] == point).all(axis=1)
        new = indices[~held]
        if len(new):
            grasped = self._grasp(new, event)
            pulls[new, 0] = body
            pulls[new, 1] = grasped[:, 0]
            pulls[new, 2:5] = point
            pulls[new, 8:11] = grasped[:, 1:4]
        pulls[indices, 5:8] = target + pulls[indices, 8:11] if event["relative"] else target
        self._forces.refresh()

    def _move(self, indices: IndexArray, event: Event, target: FloatArray) -> None:
        start = self._floating(event["body"])
        data = self._physics.data
        qpos, by = data.qpos[indices], target
        if not event["relative"]:
            point = np.array(event["point"], np.float64)
            by = target - self._physics.grasp(indices, self._body(event["body"]), point)[:, 1:4]
        qpos[:, start : start + 3] += by
        self._put(indices, qpos, data.qvel[indices])

    def _grasp(self, indices: IndexArray, event: Event) -> FloatArray:
        """What a pull takes hold of; raises InvalidArgument where that cannot move."""
        point = np.array(event["point"], np.float64)
        grasped = self._physics.grasp(indices, self._body(event["body"]), point)
        if not (grasped[:, 0] > 0).all():
            raise InvalidArgument(f"body {event['body']!r} cannot move: it cannot be pulled.")
        return grasped

    def _place(self, indices: IndexArray, qpos: FloatArray, qvel: FloatArray) -> None:
        if self._to_where_they_are is not None:
            self._to_where_they_are(indices, qpos)
        self._put(indices, qpos, qvel)

    def _put(self, indices: IndexArray, qpos: FloatArray, qvel: FloatArray) -> None:
        data = self._physics.data
        data.qpos[indices], data.qvel[indices] = qpos, qvel
        self._physics.forward(indices)
        self._on_placed(indices)

    def _place_as(self, indices: IndexArray, key: int) -> None:
        model, data = self._physics.model, self._physics.data
        data.act[indices] = model.key_act[key]
        self._place(
            indices,
            np.tile(model.key_qpos[key], (len(indices), 1)),
            np.tile(model.key_qvel[key], (len(indices), 1)),
        )


def read_events(given: Any, path: str = "hands") -> list[Event]:
    """Checks events that were written down.

    Raises:
        InvalidArgument: one that is not allowed; the message begins with its path.
    """
    if not isinstance(given, list):
        raise InvalidArgument(f"{path} must be a list of events.")
    return [read_event(event, f"{path}[{i}]") for i, event in enumerate(given)]


def read_event(given: Any, path: str = "") -> Event:
    """Checks one event; the message of an InvalidArgument begins with the path."""
    path = path and f"{path}."
    if not isinstance(given, dict) or given.get("do") not in KINDS:
        raise InvalidArgument(f"{path}do must be one of {', '.join(KINDS)}.")
    names = ("do", "iteration", "step", "environments", *KINDS[given["do"]])
    if given.keys() != set(names):
        odd = sorted(map(str, given.keys() ^ set(names)))
        raise InvalidArgument(
            f"{path or 'An event '}has or lacks {', '.join(odd)!s:.99}; it has: {', '.join(names)}."
        )
    for name in ("iteration", "step"):
        if not plain.is_count(given[name]):
            raise InvalidArgument(f"{path}{name} must be a whole number of at least 0.")
    count = _check_runs(given["environments"], f"{path}environments")
    for name in KINDS[given["do"]]:
        _check_value(name, given[name], f"{path}{name}", count)
    return given


def _check_runs(runs: Any, path: str) -> int:
    """How many environments there are in [first, count] each; raises InvalidArgument."""
    valid = isinstance(runs, list) and all(
        isinstance(run, list)
        and len(run) == 2
        and plain.is_count(run[0])
        and plain.is_count(run[1], low=1)
        for run in runs
    )
    ends = [first + count for first, count in runs] if valid else []
    # In order, so that none is named twice.
    if not ends or any(run[0] < end for run, end in zip(runs[1:], ends, strict=False)):
        raise InvalidArgument(f"{path} must be [first, count] each, in order.")
    if ends[-1] > _MOST:
        raise InvalidArgument(f"{path} must be below {_MOST:,}.")
    return sum(count for _, count in runs)


def _check_value(name: str, value: Any, path: str, count: int) -> None:
    """Raises InvalidArgument for what an event cannot say."""
    if name in ("body", "keyframe"):
        if not isinstance(value, str) and not plain.is_count(value):
            raise InvalidArgument(f"{path} must be a name or an id, not {value!r:.99}.")
    elif name == "relative":
        if not isinstance(value, bool):
            raise InvalidArgument(f"{path} must be True or False, not {value!r:.99}.")
    elif name == "steps":
        if not plain.is_count(value, low=1) or value > MAX_STEPS:
            raise InvalidArgument(
                f"{path} must be a whole number from 1 to {MAX_STEPS}, not {value!r:.99}."
            )
    elif name != "point" or value is not None:
        _check_numbers(name, value, path, count)


def _check_numbers(name: str, value: Any, path: str, count: int) -> None:
    size = None if name in ("qpos", "qvel") else 3
    shape = _shape(value)
    shapes = [(size,)] if name == "point" else [(size,), (count, size)]
    if not any(
        shape is not None
        and len(shape) == len(one)
        and all(b in (None, a) for a, b in zip(shape, one, strict=True))
        for one in shapes
    ):
        of = "numbers" if size is None else f"{size} numbers"
        each = "" if name == "point" else f", or {of} for each of the {count} environments"
        raise InvalidArgument(f"{path} must be {of}{each}.")
    if not all(abs(number) <= MAX_NUMBER for number in _flat(value)):  # NaN neither
        raise InvalidArgument(f"{path} must be finite, and no greater than {MAX_NUMBER:g}.")


def _shape(value: Any) -> tuple[int, ...] | None:
    """That of numbers in lists; None: it is something else."""
    if not isinstance(value, list):
        return None
    if all(_is_number(item) for item in value):
        return (len(value),)
    inner = {_shape(item) for item in value}
    (one,) = inner if len(inner) == 1 else (None,)
    return None if one is None else (len(value), *one)


def _flat(value: Any) -> Iterator[float]:
    for item in value:
        yield from _flat(item) if isinstance(item, list) else (item,)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


_MOST = 1 << 20
"""Environments of a run, by far."""


def _plain(value: Any) -> Any:
    """As JSON says it."""
    if isinstance(value, np.ndarray | np.generic):
        return value.tolist()
    if isinstance(value, tuple | list):
        return [_plain(item) for item in value]
    return value


def _indices(environments: Environments, num_envs: int) -> IndexArray:
    """The environments, in order; raises InvalidArgument."""
    if environments is None:
        return np.arange(num_envs)
    array = np.asarray(environments)
    if (
        array.ndim > 1
        or not array.size
        or not np.issubdtype(array.dtype, np.integer)
        or not (array >= 0).all()
        or not (array < num_envs).all()
        or (np.diff(np.atleast_1d(array)) <= 0).any()
    ):
        raise InvalidArgument(
            f"environments must be indices from 0 to {num_envs - 1}, in order and none twice, or "
            f"None for all, not {environments!r:.99}."
        )
    return np.atleast_1d(array).astype(np.intp)


def _runs(indices: IndexArray) -> list[list[int]]:
    """[first, count] of those that follow each other."""
    starts = np.flatnonzero(np.diff(indices, prepend=indices[0] - 2) != 1)
    counts = np.diff(starts, append=len(indices))
    return [[int(indices[s]), int(n)] for s, n in zip(starts, counts, strict=True)]
