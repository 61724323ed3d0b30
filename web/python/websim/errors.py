"""The errors that websim raises, each with the line that says when."""

import gymnasium.error


class WebSimError(Exception):
    """Base of every error that websim raises on purpose."""


class InvalidArgument(WebSimError, ValueError):
    """Raised when an argument has a value, shape or type that is not allowed."""


class UnknownTask(InvalidArgument):
    """Raised when a task id is not registered."""


class ModelError(WebSimError, ValueError):
    """Raised when MuJoCo cannot read or compile an MJCF model; carries MuJoCo's own message."""


class MissingLibrary(WebSimError):
    """Raised when a part that is compiled for this machine has not been built."""


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


class TrainingDiverged(WebSimError):
    """Raised when a loss or a weight is no longer finite."""


class CheckpointError(WebSimError, ValueError):
    """Base of what can be wrong with a checkpoint; reading one changes nothing."""


class DamagedCheckpoint(CheckpointError):
    """Raised when a checkpoint is incomplete, altered or contradicts itself."""


class ForeignCheckpoint(CheckpointError):
    """Raised when a file is no checkpoint of websim's, or one of another task or algorithm."""


class FutureCheckpoint(CheckpointError):
    """Raised when a checkpoint was written by a newer version, in a format not known here."""
