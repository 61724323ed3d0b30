"""What is simulated and learnt, as plain data: all that decides what happens."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from typing import Any

from websim import plain
from websim.errors import ForeignCheckpoint, InvalidArgument
from websim.experiments.robot import Robot, robot_as_dict, robot_from_dict
from websim.hands import read_events
from websim.registry import task_class
from websim.rewards import Measure, Reward
from websim.task import Task, make_task
from websim.tasks import own
from websim.tasks.robot import RobotTask
from websim.vector import MujocoVectorEnv
from websim.worlds import World
from websim.worlds.world import world_as_dict, world_from_dict

FORMAT = "mujoco-websim experiment"

VERSION = 1
"""Raised when a reader of the version before would misunderstand what is written."""

MAX_TITLE = 200

CODE = ("reward", "measure", "task_code")
"""What of an experiment is Python."""


@dataclass(kw_only=True)
class Simulation:
    """How robots were simulated that did not learn, and on which hands acted.

    Attributes:
        num_envs: how many there were.
        seed: environment i was seeded with seed + i.
        controller: what moved them, of `websim.browser.controllers.CONTROLLERS`.
        workers: among how many they were divided, for random controllers draw by worker.
    """

    num_envs: int
    seed: int
    controller: str
    workers: int


@dataclass(kw_only=True)
class Experiment:
    """The definition of a run; with the number of ranks it decides every number of it.

    Attributes:
        task: Task id.
        task_options: The task's constructor options.
        task_code: Python that registers the task, where it is one of the user's own.
        robot: In place of the task's own; `websim.tasks.robot.RobotTask` needs one.
        reward: Code that pays in place of the task (`websim.rewards.Reward`).
        measure: Code that says what success is (`websim.rewards.Measure`).
        world: What differs from robot to robot, and disturbs them.
        algorithm: A name of `websim.algorithms.ALGORITHMS`.
        hyperparameters: Those of the algorithm that are not its defaults.
        adaptation: When the run changes its own course, and how
            (`websim.adaptation.settings.Adaptation`); None: never.
        seed: Of weights, environments and everything random.
        title: What people call it.
        author: Who made it, if that is said.
        parent: The sha256 of the run's file that it was made of.
        hands: What hands do to the robots that learn, and when (`websim.hands.Event`).
        simulation: Where it is given, `hands` act on robots that do not learn.
        trusted: Which of CODE may be code that is not safe, and may do anything. It is somebody's
            word, given here and now: no document holds it.
    """

    task: str
    task_options: dict[str, Any] = field(default_factory=dict)
    task_code: str | None = None
    robot: Robot | None = None
    reward: str | None = None
    measure: str | None = None
    world: World | None = None
    algorithm: str = "ppo"
    hyperparameters: dict[str, Any] = field(default_factory=dict)
    adaptation: dict[str, Any] | None = None
    seed: int = 1
    title: str = ""
    author: str | None = None
    parent: str | None = None
    hands: list[dict[str, Any]] | None = None
    simulation: Simulation | None = None
    trusted: list[str] = field(default_factory=list, compare=False)

    def make_task(self) -> Task:
        """Makes the task.

        Raises:
            UnknownTask: there is no such task.
            InvalidArgument: an option that it does not have, or a robot that is missing.
            UnsafeCode, TaskError: its code is not trusted, or fails.
        """
        kind = self.task_class()
        options = self.task_options
        if self.robot is not None:
            options = {**options, "xml_file": str(self.robot.path())}
        elif kind is RobotTask and "xml_file" not in options:
            raise InvalidArgument(f"{kind.id} has no robot of its own: bring one.")
        return make_task(kind, options)

    def task_class(self) -> type[Task]:
        """The class of the task; raises UnknownTask, UnsafeCode, TaskError: see `make_task`."""
        if self.task_code is not None:
            return own.chosen(self.task_code, self.task, trusted="task_code" in self.trusted)
        return RobotTask if self.task == RobotTask.id else task_class(self.task)

    def make_vec(self, num_envs: int, **options: Any) -> MujocoVectorEnv:
        """Makes environments; the options are those of `MujocoVectorEnv`.

        Raises:
            UnknownTask, InvalidArgument, ModelError: see `make_task` and `MujocoVectorEnv`.
            UnsafeCode: reward or measure do more than calculate, and are not trusted.
            CodeFailed: one of them fails on robots that do not move.
        """
        reward, measure = self.make_code()
        env = MujocoVectorEnv(
            self.make_task(),
            num_envs,
            reward=reward,
            measure=measure,
            world=self.world,
            **options,
        )
        if self.simulation is not None:
            try:
                env.hands.play(self.hands or [])
            except BaseException:
                env.close()
                raise
        return env

    def for_learning(self) -> "Experiment":
        """The same without what hands did to robots that did not learn."""
        return self if self.simulation is None else replace(self, simulation=None, hands=None)

    def make_code(self) -> tuple[Reward | None, Measure | None]:
        """Loads reward and measure, where it has them; raises UnsafeCode."""
        return (
            None if self.reward is None else Reward(self.reward, trusted="reward" in self.trusted),
            None
            if self.measure is None
            else Measure(self.measure, trusted="measure" in self.trusted),
        )

    def with_code(self, **code: str | None) -> "Experiment":
        """The same with other code; trust was in what there was, not in what takes its place."""
        changed = [name for name in code if code[name] != getattr(self, name)]
        trusted = [name for name in self.trusted if name not in changed]
        return replace(self, **code, trusted=trusted)  # type: ignore[arg-type]

    @property
    def sha256(self) -> str:
        """Its identity: of its canonical form."""
        return hashlib.sha256(canonical(document(self))).hexdigest()


def as_dict(experiment: Experiment) -> dict[str, Any]:
    """Its fields as plain data, without those that are None; a robot's files by their sha256."""
    values = {entry.name: getattr(experiment, entry.name) for entry in fields(experiment)}
    if experiment.robot is not None:
        values["robot"] = robot_as_dict(experiment.robot)
    if experiment.world is not None:
        values["world"] = world_as_dict(experiment.world)
    if experiment.simulation is not None:
        values["simulation"] = asdict(experiment.simulation)
    del values["trusted"]
    return {name: value for name, value in values.items() if value is not None}


def from_dict(given: Mapping[str, Any], files: Mapping[str, bytes]) -> Experiment:
    """Makes an experiment of plain data.

    Args:
        given: As `as_dict` gives it, and `trusted`; what is left out is as by default.
        files: The robot's, by path.

    Raises:
        InvalidArgument: a value that is not allowed; the message begins with its path.
    """
    values = {name: value for name, value in given.items() if value is not None}
    known = [entry.name for entry in fields(Experiment)]
    for name in values:
        if name not in known:
            raise InvalidArgument(f"{name!s:.99} is unknown; there are: {', '.join(known)}.")
    if "task" not in values:
        raise InvalidArgument("task is missing.")
    for name, kind in _KINDS.items():
        if name in values and not isinstance(values[name], kind):
            raise InvalidArgument(f"{name} must be {_WORDS[kind]}, not {values[name]!r:.99}.")
    for name in ("task_options", "hyperparameters", "adaptation"):
        _check_plain(name, values.get(name, {}))
    for name in values.get("trusted", []):
        if name not in CODE:
            raise InvalidArgument(f"trusted names {', '.join(CODE)}, not {name!r:.99}.")
    if not plain.is_count(values.get("seed", 1)):
        raise InvalidArgument(f"seed must be an integer of at least 0, not {values['seed']!r:.99}.")
    for name in ("title", "author"):
        if len(values.get(name, "")) > MAX_TITLE:
            raise InvalidArgument(f"{name} may have {MAX_TITLE} characters.")
    if "hands" in values:
        values["hands"] = read_events(values["hands"])
    if "simulation" in values:
        values["simulation"] = _simulation(values["simulation"])
    if "robot" in values:
        values["robot"] = robot_from_dict(values["robot"], files)
    if "world" in values:
        values["world"] = world_from_dict(values["world"])
    return Experiment(**values)


def _simulation(given: Any) -> Simulation:
    names = [entry.name for entry in fields(Simulation)]
    if not isinstance(given, Mapping) or set(given) != set(names):
        raise InvalidArgument(f"simulation must have {', '.join(names)}.")
    for name, low in (("num_envs", 1), ("seed", 0), ("workers", 1)):
        if not plain.is_count(given[name], low=low):
            raise InvalidArgument(f"simulation.{name} must be an integer of at least {low}.")
    if not isinstance(given["controller"], str) or len(given["controller"]) > MAX_TITLE:
        raise InvalidArgument("simulation.controller must be a name.")
    return Simulation(**given)


def document(experiment: Experiment) -> dict[str, Any]:
    """What is written down of an experiment."""
    return {"format": FORMAT, "version": VERSION, **as_dict(experiment)}


def from_document(document: Any, files: Mapping[str, bytes]) -> Experiment:
    """Reads what was written down.

    Args:
        document: As `document` gives it.
        files: The robot's, by path.

    Raises:
        ForeignCheckpoint: it is no experiment.
        FutureCheckpoint: of a newer version.
        InvalidArgument: a value that is not allowed; the message begins with its path.
    """
    if not isinstance(document, Mapping) or document.get("format") != FORMAT:
        raise ForeignCheckpoint(f"This is no experiment: its format is not {FORMAT!r}.")
    plain.check_version("experiment", document.get("version"), VERSION)
    values = {name: value for name, value in document.items() if name not in ("format", "version")}
    if "trusted" in values:
        raise InvalidArgument("trusted is nothing that a document can say.")
    return from_dict(values, files)


_KINDS: dict[str, type] = {
    "task": str,
    "task_options": dict,
    "task_code": str,
    "reward": str,
    "measure": str,
    "algorithm": str,
    "hyperparameters": dict,
    "adaptation": dict,
    "title": str,
    "author": str,
    "parent": str,
    "trusted": list,
}

_WORDS: dict[type, str] = {str: "a text", dict: "an object", list: "a list"}


def canonical(document: Any) -> bytes:
    """JSON of one form: keys in order, no space, whole numbers without a point.

    Raises:
        InvalidArgument: a number that is not finite.
    """
    try:
        text = json.dumps(
            _whole(document),
            sort_keys=True,
            separators=(",", ":"),
            ensure_ascii=False,
            allow_nan=False,
        )
    except ValueError:
        raise InvalidArgument("An experiment has finite numbers only.") from None
    return text.encode()


def _whole(value: Any) -> Any:
    """JavaScript makes no difference between 1 and 1.0."""
    if isinstance(value, float) and value.is_integer() and abs(value) <= plain.MAX_INTEGER:
        return int(value)
    if isinstance(value, Mapping):
        return {str(key): _whole(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_whole(inner) for inner in value]
    return value


def _check_plain(path: str, value: Any) -> None:
    """Raises InvalidArgument for what JSON has no form for."""
    if isinstance(value, Mapping):
        for key, inner in value.items():
            _check_plain(f"{path}.{key}", inner)
    elif isinstance(value, list | tuple):
        for i, inner in enumerate(value):
            _check_plain(f"{path}[{i}]", inner)
    elif isinstance(value, float):
        if value != value or value in (float("inf"), float("-inf")):
            raise InvalidArgument(f"{path} must be finite, not {value!r}.")
    elif value is not None and not isinstance(value, str | int):
        raise InvalidArgument(f"{path} must be plain data, not {value!r:.99}.")
