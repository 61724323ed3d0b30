"""The files of a robot, wherever they come from: bounded, and no more than it needs."""

import io
import posixpath
import re
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from xml.parsers import expat

from websim.errors import InvalidArgument, ModelError

MAX_BYTES = 64 << 20
"""Of a robot's files together."""

MAX_FILES = 4096

MAX_PATH = 240
"""Characters of a file's path."""

MAX_DEPTH = 256
"""Elements within each other; MuJoCo's reader would go as deep as a file does."""

MODEL_SUFFIXES = (".xml", ".mjcf", ".urdf")

_ROOTS = ("mujoco", "robot")
"""Root elements of a whole model: MJCF's and URDF's; MuJoCo lets parts begin with MJCF's too."""

_SCHEME = re.compile(r"^\w+://")
"""URDF names files by package, or by file."""

_FOLDERS = ("meshdir", "texturedir", "assetdir")

Read = Callable[[str], bytes | None]
"""Gives a file's content, or None where there is none of that path."""


@dataclass
class Mentions:
    """What an XML file says of other files.

    Attributes:
        root: Its root element.
        files: What it names, as it is written.
        folders: In which such are to be looked for.
    """

    root: str = ""
    files: list[str] = field(default_factory=list)
    folders: list[str] = field(default_factory=list)


def mentions(path: str, content: bytes) -> Mentions:
    """Reads what an XML file names.

    Raises:
        ModelError: it is no XML, or nested deeper than MAX_DEPTH.
    """
    found = Mentions()
    depth = 0

    def start(tag: str, attributes: dict[str, str]) -> None:
        nonlocal depth
        depth += 1
        if depth > MAX_DEPTH:
            raise ModelError(f"{path} has elements more than {MAX_DEPTH} deep.")
        found.root = found.root or tag
        for name, value in attributes.items():
            if name in _FOLDERS:
                found.folders.append(value)
            elif name.startswith("file"):  # file, and fileright and so on of a texture
                found.files.append(_SCHEME.sub("", value))

    def end(_: str) -> None:
        nonlocal depth
        depth -= 1

    parser = expat.ParserCreate()
    parser.StartElementHandler, parser.EndElementHandler = start, end
    try:
        parser.Parse(content, True)
    except expat.ExpatError as error:
        raise ModelError(f"{path} is no XML: {error}.") from None
    return found


@dataclass
class Reached:
    """What a model leads to.

    Attributes:
        main: Path of the model.
        files: It and all that it and its parts name, by path.
        told: What each XML file of them says.
    """

    main: str
    files: dict[str, bytes] = field(default_factory=dict)
    told: dict[str, Mentions] = field(default_factory=dict)

    def places(self, path: str, name: str) -> list[str]:
        """Where MuJoCo could look for what an XML file names: by its own folder or the model's."""
        folders = dict.fromkeys(["", *(f for said in self.told.values() for f in said.folders)])
        bases = dict.fromkeys((posixpath.dirname(self.main), posixpath.dirname(path)))
        tails = dict.fromkeys((name.replace("\\", "/"), posixpath.basename(name)))
        return [
            posixpath.normpath(posixpath.join(base, folder, tail))
            for base in bases
            for folder in folders
            for tail in tails
        ]

    def missing(self) -> dict[str, list[str]]:
        """What is named but nowhere, and where each could be."""
        nowhere: dict[str, list[str]] = {}
        for path, said in self.told.items():
            for name in said.files:
                places = self.places(path, name)
                if self.files.keys().isdisjoint(places):
                    nowhere.setdefault(name, []).extend(places)
        return nowhere


def reach(main: str, read: Read) -> Reached:
    """Follows what a model names.

    Where exactly MuJoCo looks is its own business: a file is taken wherever it could.

    Args:
        main: Path of the model, with forward slashes.
        read: Gives files by path; paths may go above the model's folder.

    Raises:
        ModelError: one of the XML files cannot be read.
        InvalidArgument: there are more files than is allowed.
    """
    content = read(main)
    if content is None:
        raise ModelError(f"There is no file {main}.")
    reached = Reached(main, {main: content})
    while True:
        new = [path for path in reached.files if is_model(path) and path not in reached.told]
        if not new:
            return reached
        for path in new:
            reached.told[path] = mentions(path, reached.files[path])
        for path, said in list(reached.told.items()):
            for name in said.files:
                for place in reached.places(path, name):
                    if place not in reached.files and (content := read(place)) is not None:
                        reached.files[place] = content
                        check_sizes(reached.files)


def complete(main: str, files: Mapping[str, bytes]) -> dict[str, bytes]:
    """The files that a model needs of those that there are.

    A file that is named in one folder and lies in another (URDF names packages; files are dropped
    one by one) is put where MuJoCo could look for it, if there is only one of its name.

    Raises:
        MissingFiles: some are nowhere.
        ModelError: see `reach`.
    """
    named: dict[str, list[bytes]] = {}
    for path, content in files.items():
        named.setdefault(posixpath.basename(path), []).append(content)
    files = dict(files)
    while missing := (reached := reach(main, files.get)).missing():
        single = {
            place: named[posixpath.basename(name)][0]
            for name, places in missing.items()
            for place in places
            if len(named.get(posixpath.basename(name), ())) == 1 and not place.startswith("..")
        }
        if not single:
            raise MissingFiles(list(missing))
        files |= single
    return reached.files


def everywhere(main: str, files: Mapping[str, bytes]) -> dict[str, bytes]:
    """The same files, each also wherever else MuJoCo could look for it, if there is only one."""
    reached = reach(main, files.get)
    spread = dict(files)
    for path, said in reached.told.items():
        for name in said.files:
            places = [place for place in reached.places(path, name) if not place.startswith("..")]
            there = {files[place] for place in places if place in files}
            if len(there) == 1:
                spread |= dict.fromkeys(places, *there)
    return spread


class MissingFiles(ModelError):
    """Raised when a model names files that are not there; `names` are they."""

    def __init__(self, names: list[str]) -> None:
        """Takes the names."""
        super().__init__(f"The model names files that are not there: {', '.join(names)}.")
        self.names = names


class SeveralModels(ModelError):
    """Raised when it is not clear which of several models is meant; `names` are they."""

    def __init__(self, names: list[str]) -> None:
        """Takes the names."""
        super().__init__(f"There are several models; say which is meant: {', '.join(names)}.")
        self.names = names


def main_of(files: Mapping[str, bytes]) -> str:
    """The one whole model among files: the XML that no other one names.

    Raises:
        ModelError: there is none.
        SeveralModels: there are several.
    """
    told = {path: mentions(path, content) for path, content in files.items() if is_model(path)}
    parts = {posixpath.basename(name) for said in told.values() for name in said.files}
    models = [path for path, said in told.items() if said.root in _ROOTS]
    if not models:
        raise ModelError("There is no model among the files: no MJCF or URDF.")
    whole = [path for path in models if posixpath.basename(path) not in parts] or models
    if len(whole) > 1:
        raise SeveralModels(sorted(whole))
    return whole[0]


def from_zip(data: bytes) -> dict[str, bytes]:
    """The files of a zip archive.

    Raises:
        InvalidArgument: it is damaged, or holds more than is allowed.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            members = [info for info in archive.infolist() if not info.is_dir()]
            sizes = {plain_path(info.filename): info.file_size for info in members}
            check_count(len(members), sum(sizes.values()))
            return {plain_path(info.filename): archive.read(info) for info in members}
    except InvalidArgument:
        raise
    except Exception as error:  # of zipfile and zlib: each has its own
        raise InvalidArgument(f"The zip archive is damaged: {error}.") from None


def from_folder(folder: Path) -> dict[str, bytes]:
    """The files of a folder and of those in it, without archives, which may hold the same again.

    Raises:
        InvalidArgument: more files than is allowed.
    """
    files: dict[str, bytes] = {}
    size = 0
    for path in sorted(folder.rglob("*")):
        hidden = any(part.startswith(".") for part in path.parts[1:])
        if path.is_file() and not hidden and path.suffix.lower() != ".zip":
            size += path.stat().st_size
            check_count(len(files) + 1, size)
            files[path.relative_to(folder).as_posix()] = path.read_bytes()
    return files


def plain_path(path: str) -> str:
    """A path within a robot's folder, with forward slashes and nothing to go through.

    Raises:
        InvalidArgument: it leads out of the folder, or is none.
    """
    parts = path.replace("\\", "/").split("/")
    plain = "/".join(part for part in parts if part not in ("", "."))
    if not plain or path.startswith(("/", "\\")) or ".." in parts or ":" in parts[0]:
        raise InvalidArgument(f"{path!r:.99} is no path within a folder.")
    if len(plain) > MAX_PATH or not plain.isprintable():
        raise InvalidArgument(
            f"{path!r:.99} is no path: it may have {MAX_PATH} printable characters."
        )
    return plain


def check_sizes(files: Mapping[str, bytes]) -> None:
    """Raises InvalidArgument where files are more, or larger, than is allowed."""
    check_count(len(files), sum(map(len, files.values())))


def is_model(path: str) -> bool:
    """Whether a path is of an XML file that may name others."""
    return path.lower().endswith(MODEL_SUFFIXES)


def check_count(count: int, size: int) -> None:
    """Raises InvalidArgument where so many files of so many bytes are more than is allowed."""
    if count > MAX_FILES or size > MAX_BYTES:
        raise InvalidArgument(
            f"A robot may have {MAX_FILES:,} files of {MAX_BYTES >> 20} MB together, "
            f"not {count:,} of {size / (1 << 20):,.1f} MB."
        )
