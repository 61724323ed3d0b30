"""Levels as a document: how hard something is for each environment, and what moves it."""

import re
from dataclasses import dataclass
from typing import Any, Literal, get_args

import numpy as np

from websim import plain
from websim.errors import InvalidArgument
from websim.physics import FloatArray

Curriculum = Literal["none", "robots", "progress"]

MAX_LEVELS = 100
MAX_THRESHOLD = 1e9

TERRAIN = "terrain"
"""The name of the levels that are rows of the ground."""

_NAME = re.compile("[a-z][a-z0-9_]{0,31}")


@dataclass(frozen=True, kw_only=True)
class Levels:
    """How many levels there are, and who is on which.

    Attributes:
        levels: From the easiest to the hardest.
        difficulty: Of the first and of the last, within 0 to 1; those between are evenly spaced.
        curriculum: `none`: an environment keeps the level that it draws as it is seeded. `robots`:
            all begin on the first; at the end of an episode one goes up or down by what its robot
            achieved, and past the last to a random one (legged_gym's rule). `progress`: each
            episode's level is drawn, those the more often on which the most is learnt or forgotten.
    """

    levels: int = 10
    difficulty: tuple[float, float] = (0.0, 1.0)
    curriculum: Curriculum = "none"

    def __post_init__(self) -> None:
        """Raises InvalidArgument; the message begins with the path."""
        if not plain.is_count(self.levels, 1, MAX_LEVELS):
            raise InvalidArgument(
                f"levels must be an integer from 1 to {MAX_LEVELS}, not {self.levels!r:.99}."
            )
        check_pair("difficulty", self.difficulty, 0.0, 1.0)
        if self.difficulty[0] > self.difficulty[1]:
            raise InvalidArgument(
                f"difficulty must be two numbers (low, high), not {self.difficulty!r:.99}."
            )
        check_choice("curriculum", self.curriculum, get_args(Curriculum))
        object.__setattr__(self, "difficulty", tuple(map(float, self.difficulty)))

    @property
    def difficulties(self) -> FloatArray:
        """Of each level [levels]."""
        low, high = self.difficulty
        difficulties: FloatArray = low + (high - low) * np.arange(self.levels) / max(
            1, self.levels - 1
        )
        return difficulties


@dataclass(frozen=True, kw_only=True)
class LevelTerm(Levels):
    """Levels by which events are wide: the difficulty is the part of their range that is drawn of.

    What a robot achieved is the measure of its episode, or where nothing is measured the part of
    the longest episode that it lasted.

    Attributes:
        name: As events have it.
        up: Of what was achieved, from which a robot goes up a level.
        down: Below which it goes down one.
    """

    name: str
    curriculum: Curriculum = "robots"
    up: float = 0.8
    down: float = 0.4

    def __post_init__(self) -> None:
        """Raises InvalidArgument; the message begins with the path."""
        super().__post_init__()
        check_level_name("name", self.name)
        for name in ("up", "down"):
            check_number(name, getattr(self, name), -MAX_THRESHOLD, MAX_THRESHOLD)
        if self.down > self.up:
            raise InvalidArgument(f"down must be at most up ({self.up:g}), not {self.down:g}.")


def check_level_name(path: str, name: Any) -> None:
    """Raises InvalidArgument for what cannot be a name of levels."""
    if not isinstance(name, str) or not _NAME.fullmatch(name) or name == TERRAIN:
        raise InvalidArgument(
            f"{path} must be a name of small letters, digits and _, 32 at most, other than "
            f"{TERRAIN}, not {name!r:.99}."
        )


def check_choice(name: str, value: Any, choices: tuple[str, ...]) -> None:
    """Raises InvalidArgument for what is none of the choices."""
    if not isinstance(value, str) or value not in choices:
        raise InvalidArgument(f"{name} must be one of {', '.join(choices)}, not {value!r:.99}.")


def check_number(name: str, value: Any, low: float, high: float) -> None:
    """Raises InvalidArgument for what is no number within limits."""
    if not _is_number(value) or not low <= value <= high:
        raise InvalidArgument(
            f"{name} must be a number from {low:g} to {high:g}, not {value!r:.99}."
        )


def check_pair(name: str, value: Any, low: float, high: float) -> None:
    """Raises InvalidArgument for what is not two numbers within limits."""
    if (
        not isinstance(value, list | tuple)
        or len(value) != 2
        or not all(_is_number(number) and low <= number <= high for number in value)
    ):
        raise InvalidArgument(
            f"{name} must be two numbers from {low:g} to {high:g}, not {value!r:.99}."
        )


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
