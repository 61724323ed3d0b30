"""Files by their names, in a folder or whatever else `fsspec` knows."""

import contextlib
import os
import secrets
from pathlib import Path

import fsspec


class Blobs:
    """Files that are there as a whole, or not at all.

    A file is written under a name of its own, brought to the disk, and then gets the name of its
    content: whoever is cut off in between leaves a part that nobody looks for.
    """

    def __init__(self, url: str) -> None:
        """Takes where they are; raises ValueError or OSError where that is no place."""
        self._files, self._root = fsspec.core.url_to_fs(url)
        self._files.makedirs(self._root, exist_ok=True)

    def put(self, name: str, data: bytes) -> None:
        """Keeps a file."""
        part = f"{self._root}/{secrets.token_hex(8)}.part"
        try:
            with self._files.open(part, "wb") as file:
                file.write(data)
                file.flush()
                # What is no file of this machine is kept as its service promises.
                with contextlib.suppress(AttributeError, OSError):
                    os.fsync(file.fileno())
            self._files.mv(part, self._path(name))
            self._sync_folder()
        except BaseException:
            with contextlib.suppress(OSError):
                self._files.rm(part)
            raise

    def get(self, name: str) -> bytes:
        """A file; raises FileNotFoundError."""
        data: bytes = self._files.cat_file(self._path(name))
        return data

    def has(self, name: str) -> bool:
        """Whether a file is there."""
        return bool(self._files.exists(self._path(name)))

    def remove(self, name: str) -> None:
        """Forgets a file, if it is there."""
        with contextlib.suppress(FileNotFoundError):
            self._files.rm(self._path(name))

    def _path(self, name: str) -> str:
        return f"{self._root}/{name}"

    def _sync_folder(self) -> None:
        """A name is kept once its folder is."""
        if not Path(self._root).is_dir():
            return
        folder = os.open(self._root, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
