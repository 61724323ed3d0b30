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


class ResetNeeded(WebSimError, gymnasium.error.ResetNeeded):
    """Raised when an environment is stepped before its first reset, or after its episode ended."""


class ClosedEnvironment(WebSimError, gymnasium.error.ClosedEnvironmentError):
    """Raised when something that was closed is used again."""
