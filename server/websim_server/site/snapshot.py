"""What is below a folder, and whether it has changed: looked at with each visit, so quickly."""

import os
from pathlib import Path
from typing import NamedTuple


class Seen(NamedTuple):
    """A file as it was when it was looked at."""

    path: str
    changed: int
    bytes: int


def snapshot(folder: Path) -> list[Seen]:
    """The sources below a folder, in the order of their paths.

    What was made of them for this machine, and hidden files, are left out. `os.scandir` takes a
    fifth of the time of `Path.rglob`.
    """
    found: list[Seen] = []
    folders = [os.fspath(folder)]
    while folders:
        with os.scandir(folders.pop()) as entries:
            for entry in entries:
                if entry.name.startswith(".") or entry.name == "__pycache__":
                    continue
                if entry.is_dir():
                    folders.append(entry.path)
                elif not entry.name.endswith(".so") and entry.is_file():
                    about = entry.stat()
                    found.append(Seen(entry.path, about.st_mtime_ns, about.st_size))
    return sorted(found)
