"""Errors of the server and its commands; the command line prints them without a traceback."""


class ServerError(Exception):
    """Base of all errors of this package."""


class AssetError(ServerError):
    """Raised when a vendored file is missing or cannot be had."""


class HashMismatch(AssetError):
    """Raised when a file's bytes are not those that the lock file names."""


class AddressError(ServerError):
    """Raised when the server cannot listen at the address that it was given."""


class OpenError(ServerError):
    """Raised when a file that is to be served with the page cannot be read."""


class OriginError(ServerError):
    """Raised when what is to name the origin of a page does not."""


class CompilerError(AssetError):
    """Raised when what is to be compiled cannot be."""


class EngineError(AssetError):
    """Raised when the module that the page is to run cannot be made, or is not there."""
