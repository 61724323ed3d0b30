"""Files of one function over a batch: what is paid, and what is judged by."""

import re
from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from websim.errors import CodeFailed, InvalidArgument
from websim.physics import FIELDS, BatchData, FloatArray, Model
from websim.rewards.state import Moments, State, at_rest
from websim.safecode import ENVIRONMENTS, Program

MAX_TERMS = 64

TERM = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,39}")
"""What a term may be called: metrics and columns of files are called after it."""

REDUCTIONS = ("mean", "sum", "last", "best")
"""What becomes of an episode's values."""

Terms = dict[str, FloatArray]
"""Of each named part of a reward its values [n]."""


class Code:
    """A file of one function, which is told of a batch after a step and before it.

    Attributes:
        program: The file.
        fields: The fields (`websim.physics.FIELDS`) that it reads.
        about: What its docstring says first.
    """

    def __init__(
        self, source: str, function: str, *more: str, file: str, trusted: bool = False
    ) -> None:
        """Checks and loads a file whose function takes (now, before, *more)."""
        parameters = {"now": State, "before": State, **dict.fromkeys(more)}
        self.program = Program(source, {function: parameters}, file=file, trusted=trusted)
        self.fields = tuple(name for name in FIELDS if name in self.reads("now", "before"))
        self.about = self.program.docstring(function).partition("\n\n")[0]
        self._function = function

    def reads(self, *moments: str) -> set[str]:
        """The arrays that it reads of `now` or `before`."""
        return {name for moment in moments for name in self.program.reads[moment]}

    def _call(self, moments: Moments, num_envs: int, *more: NDArray[Any]) -> Any:
        with np.errstate(all="ignore"):  # A state that blew up must not make numpy warn.
            return self.program.call(self._function, (moments.now, moments.before, *more), num_envs)

    def _at_rest(self, model: Model, dt: float) -> Moments:
        """Robots that do not move, as many as the cost of a call is judged by."""
        arrays = at_rest(model, ENVIRONMENTS, self.reads("now", "before"))
        return Moments(model, dt, arrays, self.reads("now"), self.reads("before"))

    def _values(self, values: Any, what: str, num_envs: int) -> FloatArray:
        """What the function returned, as one number an environment."""
        if not isinstance(values, int | float | np.ndarray | np.generic):
            raise CodeFailed(self.program.file, f"{what} is no array of numbers")
        array: FloatArray = np.asarray(values, dtype=np.float64)
        if array.shape not in ((), (num_envs,)):
            raise CodeFailed(
                self.program.file,
                f"{what} must have one number for each environment, the shape ({num_envs},), "
                f"not {array.shape}",
            )
        return array if array.shape else np.full(num_envs, array)


class Reward(Code):
    """What is paid instead of a task's own reward: a file with `reward(now, before, action)`.

    The function returns named terms, each [n] (or one number for all); the reward is their sum.
    What is observed and when episodes end stay the task's.
    """

    def __init__(self, source: str, *, file: str = "reward.py", trusted: bool = False) -> None:
        """Checks and loads it.

        Args:
            source: Python.
            file: What it is called in errors.
            trusted: See `websim.safecode.Program`.

        Raises:
            UnsafeCode: it says what safe code may not.
            CodeFailed: its constants cannot be computed.
        """
        super().__init__(source, "reward", "action", file=file, trusted=trusted)

    def try_out(self, model: Model, dt: float) -> tuple[str, ...]:
        """Pays robots that do not move, and returns the names of the terms.

        Raises:
            CodeFailed: it fails, or costs too much (TooCostly).
        """
        actions = np.zeros((ENVIRONMENTS, model.nu), np.float32)
        return tuple(self.terms(self._at_rest(model, dt), actions))

    def terms(
        self, moments: Moments, actions: NDArray[Any], names: Iterable[str] | None = None
    ) -> Terms:
        """The terms of a step.

        Args:
            moments: The batch; has what this reads.
            actions: [n, nu].
            names: The terms that there must be, in the order in which they are to be returned.

        Raises:
            CodeFailed: it fails, or costs too much (TooCostly).
        """
        file, num_envs = self.program.file, len(actions)
        shown = actions.view()
        shown.flags.writeable = False
        given = self._call(moments, num_envs, shown)
        if not isinstance(given, dict) or not 1 <= len(given) <= MAX_TERMS:
            raise CodeFailed(file, f"reward must return a dictionary of 1 to {MAX_TERMS} terms")
        for name in given:
            if not (isinstance(name, str) and TERM.fullmatch(name)):
                raise CodeFailed(
                    file, f"a term's name has up to 40 letters, digits and _, not {name!r}"
                )
        if names is not None and set(names) != set(given):
            raise CodeFailed(
                file,
                f"the terms must stay the same: they were {', '.join(names)}, and now are "
                f"{', '.join(given)}",
            )
        return {
            name: self._values(given[name], f"the term {name!r}", num_envs)
            for name in (given if names is None else names)
        }


class Measure(Code):
    """What success is, whatever is paid: a file with `measure(now, before)`.

    The function returns one number [n] of each step. A constant `reduce` of the file says what
    becomes of an episode's numbers: their "mean" (the default), their "sum", the "last" or the
    "best", which is the greatest.

    Attributes:
        reduce: One of REDUCTIONS.
    """

    def __init__(self, source: str, *, file: str = "measure.py", trusted: bool = False) -> None:
        """Checks and loads it; arguments and errors as of Reward.

        Raises:
            InvalidArgument: `reduce` is none of REDUCTIONS.
        """
        super().__init__(source, "measure", file=file, trusted=trusted)
        self.reduce = self.program.constants.get("reduce", "mean")
        if self.reduce not in REDUCTIONS:
            raise InvalidArgument(f"{file}: reduce must be one of {', '.join(REDUCTIONS)}.")

    def try_out(self, model: Model, dt: float) -> None:
        """Judges robots that do not move; raises CodeFailed where it fails or costs too much."""
        self.values(self._at_rest(model, dt), ENVIRONMENTS)

    def values(self, moments: Moments, num_envs: int) -> FloatArray:
        """Its numbers of a step [n]; raises CodeFailed where it fails or costs too much."""
        return self._values(self._call(moments, num_envs), "the measure", num_envs)

    def begun(self, num_envs: int) -> FloatArray:
        """What is known of episodes before their first step [n]."""
        return np.full(num_envs, 0.0 if self.reduce in ("mean", "sum") else np.nan)

    def add(self, known: FloatArray, values: FloatArray, rows: NDArray[np.bool_]) -> None:
        """Adds a step of some environments to what is known of their episodes."""
        if self.reduce == "last":
            known[rows] = values[rows]
        elif self.reduce == "best":
            known[rows] = np.fmax(known, values)[rows]
        else:
            known[rows] += values[rows]

    def result(self, known: FloatArray, lengths: NDArray[Any]) -> FloatArray:
        """What is known of episodes of so many steps, reduced [n]."""
        return known / lengths if self.reduce == "mean" else known.copy()


def moments_of(model: Model, dt: float, data: BatchData, codes: Iterable[Code]) -> Moments:
    """What several files are told of one batch."""
    codes = list(codes)
    arrays = {name: getattr(data, name) for code in codes for name in code.reads("now", "before")}
    now, before = (
        {name for code in codes for name in code.reads(moment)} for moment in ("now", "before")
    )
    return Moments(model, dt, arrays, now, before)


def sum_of(terms: Terms) -> FloatArray:
    """The reward [n]."""
    total: FloatArray = np.sum([*terms.values()], axis=0)
    return total
