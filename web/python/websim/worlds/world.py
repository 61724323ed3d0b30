"""The world as a document: which events change what, and how signals are disturbed.

The words are those of Isaac Lab and mjlab (`EventTermCfg`, `NoiseCfg`, delays in control steps).
"""

from collections.abc import Mapping
from dataclasses import MISSING, asdict, dataclass, fields, replace
from typing import Any, Literal, TypeVar, get_args

from websim import plain
from websim.errors import InvalidArgument
from websim.physics import FloatArray
from websim.worlds.levels import LevelTerm, check_choice, check_level_name
from websim.worlds.targets import TARGETS
from websim.worlds.terrain import Scan, Terrain

Mode = Literal["startup", "reset", "interval"]
Operation = Literal["abs", "scale", "add"]
Distribution = Literal["uniform", "log_uniform", "gaussian"]

Span = TypeVar("Span", float, FloatArray)
"""An end of a range, or those of environments."""

MAX_EVENTS = 64
MAX_NAMES = 256
MAX_LAG = 100
"""Steps of delay, at most: each keeps a batch of observations or actions."""


@dataclass(frozen=True, kw_only=True)
class EventTerm:
    """Something that is drawn anew for each environment.

    What is drawn changes the value that the model has; several events change one after the other.

    Attributes:
        mode: When it is drawn: once, when environments are seeded; as each episode begins; or again
            and again in it.
        target: What it changes: a quantity of `websim.worlds.targets.TARGETS`, or a field of the
            model.
        operation: The number drawn takes the place of the value, or is multiplied with it or added.
        range: Least and greatest; of a gaussian, mean and standard deviation.
        distribution: Of the numbers.
        names: Of the bodies, joints, geoms, tendons or actuators that it changes; none: all.
        shared_random: One number for all of them, instead of one each.
        interval_range_s: Least and greatest time between two, in s, where the mode is interval.
        level: Name of the levels by which the range widens about what changes nothing, see
            `range_at`; None: all environments draw from the whole range.
    """

    mode: Mode
    target: str
    operation: Operation
    range: tuple[float, float]
    distribution: Distribution = "uniform"
    names: tuple[str, ...] = ()
    shared_random: bool = False
    interval_range_s: tuple[float, float] | None = None
    level: str | None = None

    def __post_init__(self) -> None:
        """Raises InvalidArgument; the message begins with the path."""
        check_choice("mode", self.mode, get_args(Mode))
        check_choice("operation", self.operation, get_args(Operation))
        check_choice("target", self.target, tuple(TARGETS))
        target = TARGETS[self.target]
        if self.mode not in target.modes:
            raise InvalidArgument(
                f"mode of {self.target} must be one of {', '.join(target.modes)}, not "
                f"{self.mode!r}."
            )
        if self.operation not in target.operations:
            raise InvalidArgument(
                f"operation of {self.target} must be one of {', '.join(target.operations)}, not "
                f"{self.operation!r}."
            )
        _check_drawn(self.distribution, self.range)
        bounded = self.operation != "add" and self.distribution != "gaussian"
        if bounded and target.least == 0 and self.range[0] < 0:
            raise InvalidArgument(f"range of {self.target} must not go below 0.")
        if not isinstance(self.names, list | tuple) or not all(
            isinstance(name, str) and name for name in self.names
        ):
            raise InvalidArgument(f"names must be a list of texts, not {self.names!r:.99}.")
        if len(self.names) > MAX_NAMES or len(set(self.names)) < len(self.names):
            raise InvalidArgument(f"names may be {MAX_NAMES}, and none twice.")
        if self.names and target.kind is None:
            raise InvalidArgument(f"names must be empty: {self.target} is of no part of the model.")
        if not isinstance(self.shared_random, bool):
            raise InvalidArgument(
                f"shared_random must be true or false, not {self.shared_random!r:.99}."
            )
        if (self.mode == "interval") != (self.interval_range_s is not None):
            raise InvalidArgument("interval_range_s must be there if the mode is interval.")
        if self.interval_range_s is not None:
            _check_pair("interval_range_s", self.interval_range_s)
            if not self.interval_range_s[0] > 0:
                raise InvalidArgument("interval_range_s must be above 0.")
            object.__setattr__(self, "interval_range_s", tuple(self.interval_range_s))
        if self.level is not None:
            check_level_name("level", self.level)
        object.__setattr__(self, "range", tuple(self.range))
        object.__setattr__(self, "names", tuple(self.names))

    def range_at(self, difficulty: Span) -> tuple[Span, Span]:
        """A part of the range, or more than it, about what changes nothing.

        That is 1 for a factor and 0 for a summand; what takes the value's place has the range about
        its own middle. A Gaussian keeps its mean.

        Args:
            difficulty: Of the range; 1: all of it. A number, or an array of any shape.

        Returns:
            Least and greatest; of a Gaussian mean and standard deviation.
        """
        low, high = self.range
        if self.distribution == "gaussian":
            return low + 0 * difficulty, high * difficulty
        if self.operation == "scale" and low > 0:
            return low**difficulty, high**difficulty
        middle = {"scale": 1.0, "add": 0.0, "abs": (low + high) / 2}[self.operation]
        return middle + (low - middle) * difficulty, middle + (high - middle) * difficulty


@dataclass(frozen=True, kw_only=True)
class Noise:
    """Noise of a signal, drawn for each of its numbers in each step.

    Attributes:
        range: Least and greatest; of a gaussian, mean and standard deviation.
        distribution: Of the numbers.
        operation: They are added to the signal, or multiplied with it.
    """

    range: tuple[float, float]
    distribution: Distribution = "gaussian"
    operation: Literal["add", "scale"] = "add"

    def __post_init__(self) -> None:
        """Raises InvalidArgument; the message begins with the path."""
        _check_drawn(self.distribution, self.range)
        check_choice("operation", self.operation, ("add", "scale"))
        object.__setattr__(self, "range", tuple(self.range))


@dataclass(frozen=True, kw_only=True)
class World:
    """What differs from environment to environment, and what disturbs it.

    All of it is drawn by generators of the environments' own, so that environment i is the same
    however many there are and wherever it is simulated.

    Attributes:
        terrain: The ground in place of a level floor.
        events: In the order in which they change the model.
        levels: By which events are wide; what events name and is not here is as `LevelTerm` has it.
        observation_noise: Of what is observed, before it is delayed. Rewards know nothing of it.
        observation_delay: Least and greatest, in steps; drawn as an episode begins.
        action_noise: Of what the actuators are told.
        action_delay: As that of observations.
    """

    terrain: Terrain | None = None
    events: tuple[EventTerm, ...] = ()
    levels: tuple[LevelTerm, ...] = ()
    observation_noise: Noise | None = None
    observation_delay: tuple[int, int] | None = None
    action_noise: Noise | None = None
    action_delay: tuple[int, int] | None = None

    def __post_init__(self) -> None:
        """Raises InvalidArgument; the message begins with the path."""
        if self.terrain is not None and not isinstance(self.terrain, Terrain):
            raise InvalidArgument(f"world.terrain must be a Terrain, not {self.terrain!r:.99}.")
        if not isinstance(self.events, list | tuple) or len(self.events) > MAX_EVENTS:
            raise InvalidArgument(f"world.events must be a list of at most {MAX_EVENTS}.")
        for i, event in enumerate(self.events):
            if not isinstance(event, EventTerm):
                raise InvalidArgument(f"world.events[{i}] must be an EventTerm, not {event!r:.99}.")
        object.__setattr__(self, "events", tuple(self.events))
        self._check_levels()
        for name in ("observation_noise", "action_noise"):
            noise = getattr(self, name)
            if noise is not None and not isinstance(noise, Noise):
                raise InvalidArgument(f"world.{name} must be a Noise, not {noise!r:.99}.")
        for name in ("observation_delay", "action_delay"):
            delay = getattr(self, name)
            if delay is None:
                continue
            if (
                not isinstance(delay, list | tuple)
                or len(delay) != 2
                or not all(plain.is_count(lag, high=MAX_LAG) for lag in delay)
                or delay[0] > delay[1]
            ):
                raise InvalidArgument(
                    f"world.{name} must be two whole numbers of steps (low, high) from 0 to "
                    f"{MAX_LAG}, not {delay!r:.99}."
                )
            object.__setattr__(self, name, tuple(delay))

    def _check_levels(self) -> None:
        if not isinstance(self.levels, list | tuple) or len(self.levels) > MAX_EVENTS:
            raise InvalidArgument(f"world.levels must be a list of at most {MAX_EVENTS}.")
        used = [event.level for event in self.events]
        for i, term in enumerate(self.levels):
            path = f"world.levels[{i}]"
            if not isinstance(term, LevelTerm):
                raise InvalidArgument(f"{path} must be a LevelTerm, not {term!r:.99}.")
            if term.name in [other.name for other in self.levels[:i]]:
                raise InvalidArgument(f"{path}.name must be another one: {term.name} is there.")
            if term.name not in used:
                raise InvalidArgument(f"{path}.name must be the level of an event.")
        object.__setattr__(self, "levels", tuple(self.levels))

    @property
    def level_terms(self) -> tuple[LevelTerm, ...]:
        """Of all names that events have, in their order."""
        known = {term.name: term for term in self.levels}
        names = dict.fromkeys(event.level for event in self.events if event.level is not None)
        return tuple(known.get(name) or LevelTerm(name=name) for name in names)

    @property
    def on_all_levels(self) -> "World":
        """The same, but environments draw their levels once, evenly: what is played to judge."""
        terrain = self.terrain and replace(self.terrain, curriculum="none")
        levels = tuple(replace(term, curriculum="none") for term in self.level_terms)
        return replace(self, terrain=terrain, levels=levels)


def world_as_dict(world: World) -> dict[str, Any]:
    """What a document says of a world, without what is not set."""
    document: dict[str, Any] = _plain(asdict(world))
    return document


def world_from_dict(value: Any) -> World:
    """The world that a document describes; what is left out is as by default.

    Raises:
        InvalidArgument: a value that is not allowed; the message begins with its path.
    """
    given = _given("world", value, World)
    made: dict[str, Any] = dict(given)
    if "terrain" in given:
        terrain = _given("world.terrain", given["terrain"], Terrain)
        if "scan" in terrain:
            terrain["scan"] = _made("world.terrain.scan", terrain["scan"], Scan)
        made["terrain"] = _made("world.terrain", terrain, Terrain)
    for name, kind in (("events", EventTerm), ("levels", LevelTerm)):
        terms = given.get(name, [])
        if not isinstance(terms, list | tuple):
            raise InvalidArgument(f"world.{name} must be a list, not {terms!r:.99}.")
        made[name] = [_made(f"world.{name}[{i}]", term, kind) for i, term in enumerate(terms)]
    for name in ("observation_noise", "action_noise"):
        if name in given:
            made[name] = _made(f"world.{name}", given[name], Noise)
    return World(**made)


def _made(path: str, value: Any, kind: type[Any]) -> Any:
    """A part of a world; errors begin with its path."""
    given = _given(path, value, kind)
    try:
        return kind(**given)
    except InvalidArgument as error:
        raise InvalidArgument(f"{path}.{error}") from None


def _given(path: str, value: Any, kind: type[Any]) -> dict[str, Any]:
    """The fields that are there, if they are those of a kind and none is missing."""
    if not isinstance(value, Mapping):
        raise InvalidArgument(f"{path} must be an object, not {value!r:.99}.")
    known = {entry.name: entry for entry in fields(kind)}
    for name in value:
        if name not in known:
            raise InvalidArgument(f"{path}.{name!s:.99} is unknown; there are: {', '.join(known)}.")
    given = {name: inner for name, inner in value.items() if inner is not None}
    for name, entry in known.items():
        if entry.default is MISSING and name not in given:
            raise InvalidArgument(f"{path}.{name} is missing.")
    return given


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _plain(inner) for key, inner in value.items() if inner is not None}
    return [_plain(inner) for inner in value] if isinstance(value, tuple) else value


def _check_drawn(distribution: Any, range: Any) -> None:
    """Raises InvalidArgument for a range that a distribution cannot have."""
    check_choice("distribution", distribution, get_args(Distribution))
    if distribution == "gaussian":
        if not _are_numbers(range) or range[1] < 0:
            raise InvalidArgument(
                "range of a gaussian must be a mean and a standard deviation of at least 0, not "
                f"{range!r:.99}."
            )
        return
    _check_pair("range", range)
    if distribution == "log_uniform" and not range[0] > 0:
        raise InvalidArgument(f"range of a log_uniform must be above 0, not {range!r:.99}.")


def _check_pair(name: str, value: Any) -> None:
    if not _are_numbers(value) or value[0] > value[1]:
        raise InvalidArgument(f"{name} must be two numbers (low, high), not {value!r:.99}.")


def _are_numbers(value: Any) -> bool:
    return (
        isinstance(value, list | tuple)
        and len(value) == 2
        and all(
            isinstance(number, int | float)
            and not isinstance(number, bool)
            and abs(number) <= MAX_NUMBER
            for number in value
        )
    )


MAX_NUMBER = 1e9
"""Of a range, either way: what is further away MuJoCo takes for a bad state."""
