"""The errors that websim raises, each with the line that says when."""

from collections.abc import Sequence
from typing import NamedTuple

import gymnasium.error


class WebSimError(Exception):
    """Base of every error that websim raises on purpose."""


class InvalidArgument(WebSimError, ValueError):
    """Raised when an argument has a value, shape or type that is not allowed."""


class UnknownTask(InvalidArgument):
    """Raised when a task id is not registered."""


class TaskError(WebSimError):
    """Raised when Python that is to register tasks fails, or registers none; names the line."""


class ModelError(WebSimError, ValueError):
    """Raised when MuJoCo cannot read or compile an MJCF model; carries MuJoCo's own message."""


class MissingLibrary(WebSimError):
    """Raised when a compiled part has not been built, or an optional library is not installed."""


class InvalidRecording(WebSimError, ValueError):
    """Raised when recorded episodes cannot be read, or are of another robot."""


class TabLost(WebSimError, ConnectionError):
    """Raised when the tab in which environments live has gone, or did not come."""


class ResetNeeded(WebSimError, gymnasium.error.ResetNeeded):
    """Raised when an environment is stepped before its first reset, or after its episode ended."""


class ClosedEnvironment(WebSimError, gymnasium.error.ClosedEnvironmentError):
    """Raised when something that was closed is used again."""


class RankLost(WebSimError):
    """Raised in a collective when a rank did not come; `ranks` says which."""

    def __init__(self, message: str, ranks: tuple[int, ...]) -> None:
        """Takes the message and the ranks that are lost."""
        super().__init__(message)
        self.ranks = ranks


class RankRefused(WebSimError):
    """Raised when a rank cannot join a group: nobody is there, or the token is another one."""


class GroupEnded(WebSimError):
    """Raised in a rank when whoever holds its group together is gone."""


class TrainingDiverged(WebSimError):
    """Raised when a loss or a weight is no longer finite, or nothing pays any longer."""


class CheckpointError(WebSimError, ValueError):
    """Base of what can be wrong with a checkpoint; reading one changes nothing."""


class DamagedCheckpoint(CheckpointError):
    """Raised when a checkpoint is incomplete, altered or contradicts itself."""


class CutLink(DamagedCheckpoint):
    """Raised when only the beginning of a link is there; says how much is missing."""


class ForeignCheckpoint(CheckpointError):
    """Raised when a file is no checkpoint of websim's, or one of another task or algorithm."""


class FutureCheckpoint(CheckpointError):
    """Raised when a checkpoint was written by a newer version, in a format not known here."""


class ForeignPolicy(WebSimError, ValueError):
    """Raised when a policy of another program cannot be read, or is none that ours can be."""


class NoPerceptron(ForeignPolicy):
    """Raised when a policy of another program is sound, and none that our learners have."""


class Problem(NamedTuple):
    """Something that safe code may not say.

    Attributes:
        line: From 1.
        column: From 1.
        refused: What is not allowed, as a part of a sentence.
        allowed: What is, as a sentence.
    """

    line: int
    column: int
    refused: str
    allowed: str

    def __str__(self) -> str:
        return f"line {self.line}, column {self.column}: {self.refused}. {self.allowed}"


class UnsafeCode(WebSimError, ValueError):
    """Raised when code says what safe code may not; `problems` says where, and what it may."""

    def __init__(self, file: str, problems: Sequence[Problem]) -> None:
        """Takes the file's name and what was found in it."""
        super().__init__("\n".join(f"{file}, {problem}" for problem in problems))
        self.problems = tuple(problems)


class CodeFailed(WebSimError):
    """Raised when a reward or a measure fails as it runs; `line` and `column` say where."""

    def __init__(self, file: str, message: str, line: int = 0, column: int = 0) -> None:
        """Takes the file's name, what went wrong, and the place (0: in no line of it)."""
        place = f", line {line}, column {column}" if line else ""
        super().__init__(f"{file}{place}: {message}")
        self.file, self.line, self.column = file, line, column


class TooCostly(CodeFailed):
    """Raised when a reward or a measure takes more time or memory than it may, and was stopped."""


class NotUnderstood(WebSimError, ValueError):
    """Raised when words say nothing that an author can make a reward of.

    Attributes:
        words: Those that are not understood.
    """

    def __init__(self, message: str, words: Sequence[str] = ()) -> None:
        """Takes the message, which says what is understood, and the words."""
        super().__init__(message)
        self.words = tuple(words)


class AuthorFailed(WebSimError):
    """Raised when an author cannot be asked, or has written nothing that can be learnt from."""
