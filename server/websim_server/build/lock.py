"""The lock file of the vendored files: what the browser gets, byte by byte."""

import hashlib
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from websim_server.errors import HashMismatch
from websim_server.paths import PACKAGE

LOCK_FILE = PACKAGE / "build" / "assets.lock.json"

#: Below web/vendor: what a page fetches only when it is needed.
LATER = "later/"


@dataclass(frozen=True)
class File:
    """One vendored file."""

    name: str  #: path inside its package's folder
    sha256: str
    bytes: int

    @property
    def is_licence(self) -> bool:
        """Whether it says under which terms the others are passed on."""
        return self.name.startswith("LICENSE")


@dataclass(frozen=True)
class Package:
    """One vendored package: an npm package, a wheel from PyPI, or what is made of one."""

    name: str
    version: str
    #: "binaryen": made here from the npm package `project` (`engine.py`); the page can do without.
    source: Literal["npm", "pypi", "binaryen"]
    project: str  #: what the source calls the package
    folder: str  #: below web/vendor
    files: tuple[File, ...]
    #: For a wheel that is only to be had inside another one: that wheel's name, and where in it.
    inside: tuple[str, str] | None = field(default=None)

    @property
    def is_later(self) -> bool:
        """Whether pages fetch it only when it is needed."""
        return self.folder.startswith(LATER)

    def address(self, file: File) -> str:
        """Of `file`, on the server."""
        return f"/vendor/{self.folder}/{file.name}"

    def path(self, vendor: Path, file: File) -> Path:
        """Where `file` lies on disk."""
        return vendor / self.folder / file.name


def read(lock_file: Path = LOCK_FILE) -> list[Package]:
    """Reads the lock file."""
    packages: list[dict[str, Any]] = json.loads(lock_file.read_text("utf-8"))["packages"]
    return [
        Package(
            **{
                **package,
                "files": tuple(File(**file) for file in package["files"]),
                "inside": tuple(package["inside"]) if "inside" in package else None,
            }
        )
        for package in packages
    ]


def digest(path: Path) -> str:
    """The sha256 of a file, in hexadecimal."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def check(path: Path, file: File) -> None:
    """Compares the bytes at `path` with the lock.

    Raises:
        HashMismatch: they differ.
    """
    found = digest(path)
    if found != file.sha256:
        raise HashMismatch(
            f"{path.name} has {path.stat().st_size} bytes with sha256 {found}, "
            f"but the lock file says {file.bytes} bytes with sha256 {file.sha256}"
        )


def is_intact(path: Path, file: File) -> bool:
    """Whether the file is there with the bytes that the lock names."""
    return path.is_file() and path.stat().st_size == file.bytes and digest(path) == file.sha256
