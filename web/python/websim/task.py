"""What a robot sees, earns and dies of: the base class of all tasks.

A task is a dataclass: its fields are its options, its class variables what never changes. It says
everything with numpy over a leading environment axis n, and knows nothing of MuJoCo, of workers
or of episodes.
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from types import MappingProxyType
from typing import Any, ClassVar, NamedTuple

import numpy as np
from numpy.typing import NDArray

from websim.action_ranges import ActionRanges, action_ranges
from websim.errors import InvalidArgument
from websim.physics import BatchData, FloatArray, Model

Range = tuple[float, float]
"""An interval (low, high)."""

Actions = NDArray[np.floating[Any]]
"""Actions [n, nu], float32 as a policy gives them (float64 is kept as it is)."""


class Outcome(NamedTuple):
    """What one environment step brought, for n environments.

    Attributes:
        rewards: [n].
        terms: The named parts of the reward, each [n]; keys as in the task's `reward_terms`.
        terminated: [n] bool, True where the episode ended for a reason of the task's; False where
            a task knows no such reason.
        infos: Anything else worth reporting, each [n, ...].
    """

    rewards: NDArray[Any]
    terms: dict[str, NDArray[Any]]
    terminated: NDArray[np.bool_] | bool = False
    infos: Mapping[str, NDArray[Any]] = MappingProxyType({})


@dataclass(kw_only=True)
class Task:
    """Base class of all tasks; see docs/tasks.md for one from start to end.

    Attributes:
        id: Name and version, as in Gymnasium: "Ant-v5".
        max_episode_steps: Environment steps after which an episode is truncated.
        fields: Names of MjData arrays that the task reads besides the state (qpos, qvel, ...);
            `websim.physics.FIELDS` lists what there is.
        observation_names: What the numbers of the observation are called; empty: as
            `websim.names.observation_names` finds out.
        reward_terms: Names of the parts of the reward, in the order in which they are shown; empty
            where `reward_code` pays.
        commands: Names of what the robot is told, the first numbers of its userdata: worlds may
            change them (`websim.worlds.targets`).
        reward_code: What `outcome` pays with default options as code (docs/rewards.md), as a start
            for other rewards; or, where it pays nothing, what is paid. "" where there is none.
        measure_code: What episodes are judged by, whatever is paid; "" where there is none.
        xml_file: A file of Gymnasium's MuJoCo assets, a path (starting with ".", "/" or "~"), or
            the MJCF text itself.
        frame_skip: Physics steps per environment step.
        model: The compiled model; there after `bind`.
        dt: Seconds per environment step; there after `bind`.
    """

    id: ClassVar[str]
    max_episode_steps: ClassVar[int] = 1000
    fields: ClassVar[tuple[str, ...]] = ()
    observation_names: ClassVar[tuple[str, ...]] = ()
    reward_terms: ClassVar[tuple[str, ...]] = ()
    commands: ClassVar[tuple[str, ...]] = ()
    reward_code: ClassVar[str] = ""
    measure_code: ClassVar[str] = ""

    xml_file: str
    frame_skip: int = 5

    def __post_init__(self) -> None:
        """Checks the options against their types; raises InvalidArgument."""
        for field in fields(self):
            setattr(self, field.name, _checked(field.name, getattr(self, field.name), field.type))

    def bind(self, model: Model) -> None:
        """Called once when the model is compiled: the place to look up ids."""
        self.model = model
        self.dt = model.timestep * self.frame_skip

    def action_ranges(self) -> ActionRanges:
        """The bounds of actions: the model's own; override it for others."""
        return action_ranges(self.model)

    def initial_state(self, rng: np.random.Generator) -> tuple[FloatArray, FloatArray]:
        """Draws qpos [nq] and qvel [nv] of one new episode."""
        raise NotImplementedError

    def initial_userdata(self, rng: np.random.Generator) -> FloatArray:
        """Draws MuJoCo's userdata [nuserdata] of one new episode: what else it has to itself.

        Asked after `initial_state`, where the model has userdata (`<size nuserdata="3"/>`).
        """
        return np.zeros(self.model.nuserdata)

    def before(self, data: BatchData) -> Any:
        """What `outcome` has to know of the time before the step; copy what physics overwrites.

        Here a task may also change the state: push a robot, say.
        """
        return None

    def outcome(self, data: BatchData, before: Any, actions: Actions) -> Outcome:
        """Judges the step that physics has just made.

        Args:
            data: The batch after the step.
            before: What `before` returned ahead of it.
            actions: [n, nu].
        """
        raise NotImplementedError

    def observation(self, data: BatchData) -> tuple[FloatArray, ...]:
        """The parts of the observation, each [n, k]; they are joined in this order."""
        raise NotImplementedError

    def reset_infos(self, data: BatchData) -> dict[str, NDArray[Any]]:
        """What there is to report of new episodes, each [n, ...]."""
        return {}

    def uniform_noise(
        self, rng: np.random.Generator, scale: float
    ) -> tuple[FloatArray, FloatArray]:
        """qpos0 and rest, both with uniform noise of +-`scale`."""
        return (
            self.model.qpos0 + rng.uniform(-scale, scale, self.model.nq),
            rng.uniform(-scale, scale, self.model.nv),
        )

    def normal_noise(self, rng: np.random.Generator, scale: float) -> tuple[FloatArray, FloatArray]:
        """qpos0 with uniform noise of +-`scale`, and velocities of standard deviation `scale`."""
        return (
            self.model.qpos0 + rng.uniform(-scale, scale, self.model.nq),
            scale * rng.standard_normal(self.model.nv),
        )


def norm(vectors: FloatArray) -> FloatArray:
    """Euclidean lengths [n] of vectors [n, k], as `numpy.linalg.norm` of each would give them."""
    lengths: FloatArray = np.sqrt(np.vecdot(vectors, vectors))
    return lengths


def between(values: FloatArray, limits: Range) -> NDArray[np.bool_]:
    """Whether values are inside an open interval."""
    return (limits[0] < values) & (values < limits[1])


def flat(arrays: FloatArray) -> FloatArray:
    """Arrays [n, bodies, k] as [n, bodies * k]."""
    return arrays.reshape(len(arrays), -1)


def options_of(task: type[Task]) -> dict[str, Any]:
    """The options of a task and their defaults."""
    return {field.name: field.default for field in fields(task)}


def make_task(task: type[Task], options: Mapping[str, Any]) -> Task:
    """Makes a task; raises InvalidArgument for an option that it does not have."""
    allowed = options_of(task)
    unknown = [name for name in options if name not in allowed]
    if unknown:
        raise InvalidArgument(
            f"{task.id} has no option {', '.join(map(repr, unknown))}; "
            f"its options are: {', '.join(allowed)}."
        )
    return task(**options)


def _checked(name: str, value: Any, kind: Any) -> Any:
    """Returns an option's value if it is of the kind that the task's definition says."""
    if kind is bool:
        valid, wanted = isinstance(value, bool | np.bool_), "True or False"
    elif kind is int:
        valid = isinstance(value, int | np.integer) and value is not True
        valid, wanted = valid and 1 <= int(value) <= 10_000, "an integer from 1 to 10000"
    elif kind is float:
        valid, wanted = _is_number(value), "a number"
    elif kind == Range:
        wanted = "two numbers (low, high) with low <= high"
        valid = (
            isinstance(value, tuple | list)
            and len(value) == 2
            and all(map(_is_number, value))
            and value[0] <= value[1]
        )
    else:
        valid, wanted = isinstance(value, kind), f"of type {getattr(kind, '__name__', kind)}"
    if not valid:
        raise InvalidArgument(f"Option {name} must be {wanted}, not {value!r}.")
    return value


def _is_number(value: Any) -> bool:
    number = isinstance(value, int | float | np.number) and not isinstance(value, bool)
    return number and value == value
