"""What a store may answer instead."""

from websim_server.errors import ServerError


class StoreError(ServerError):
    """Raised when a store cannot do what is asked of it."""


class NotStored(StoreError):
    """Raised when there is no such run."""


class NotAllowed(StoreError):
    """Raised when somebody may not do this: another's run, or a store that only reads."""


class NoRun(StoreError):
    """Raised when a file is no run that could be shared."""


class StoreFull(StoreError):
    """Raised when there is no room."""
