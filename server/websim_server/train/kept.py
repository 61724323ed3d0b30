"""A run's last checkpoint where the run's machine is not: wherever `fsspec` reaches."""

from typing import Any

import fsspec

from websim_server.train.job import TrainError


class Kept:
    """A file that is replaced in one go.

    Attributes:
        url: Where it is, as `fsspec` writes it.
    """

    def __init__(self, url: str) -> None:
        """Takes where it is; raises TrainError where that is no place."""
        self.url = url
        self._files: Any
        try:
            self._files, self._path = fsspec.core.url_to_fs(url)
        except (ValueError, ImportError) as error:
            raise TrainError(f"{url} is no place that fsspec knows: {error}") from None

    def write(self, data: bytes) -> None:
        """Replaces it; raises whatever its service does."""
        part = f"{self._path}.part"
        self._files.makedirs(self._path.rpartition("/")[0], exist_ok=True)
        self._files.pipe_file(part, data)
        self._files.mv(part, self._path)

    def read(self) -> bytes:
        """What is there; raises TrainError."""
        try:
            data: bytes = self._files.cat_file(self._path)
        except Exception as error:  # each service has its own
            raise TrainError(f"{self.url} cannot be read: {error}") from None
        return data
