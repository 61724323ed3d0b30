"""A robot of the user's own: MJCF or URDF, the files that it names, a floor if it needs one."""

import atexit
import hashlib
import posixpath
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from websim.errors import InvalidArgument, ModelError
from websim.experiments import files as robot_files
from websim.physics import Model, Physics, make_physics
from websim.physics.enums import Joint

FLOOR_NAME = "floor that WebSim added"
"""By which the page knows it: it has the page's look."""

FLOOR = (
    f'<mujoco><include file="{{main}}"/><worldbody><geom name="{FLOOR_NAME}" type="plane" '
    'pos="0 0 {height:.9g}" size="0 0 1" contype="1" conaffinity="1" condim="3" '
    'friction="1 0.005 0.0001" rgba="0.8 0.8 0.8 1"/></worldbody></mujoco>'
)
"""A robot and a floor: MuJoCo joins the parts. No defaults of the robot's apply to the floor."""

_SCENE = "websim-scene.xml"


@dataclass(frozen=True)
class Robot:
    """A model and all the files that it consists of.

    Attributes:
        main: Path of the model among the files.
        files: Contents by path, with forward slashes.
        floor: Height in m of a floor that is added; None adds none.
    """

    main: str
    files: Mapping[str, bytes] = field(repr=False)
    floor: float | None = None

    @cached_property
    def hashes(self) -> dict[str, str]:
        """sha256 of each file, by path."""
        return {path: hashlib.sha256(self.files[path]).hexdigest() for path in sorted(self.files)}

    @property
    def name(self) -> str:
        """The main file's, without its ending."""
        return posixpath.splitext(posixpath.basename(self.main))[0]

    def path(self) -> Path:
        """The model as a file on this machine, or in this tab, for as long as the process lives."""
        folder = _unpacked(self)
        main = folder / self.main
        if self.floor is None:
            return main
        scene = main.with_name(_SCENE)
        scene.write_text(FLOOR.format(main=main.name, height=self.floor))
        return scene


def read_robot(path: str | Path, main: str | None = None) -> Robot:
    """Reads a robot from an MJCF or URDF file, a folder or a zip archive.

    Args:
        path: Where it is.
        main: Which file is the model, where a folder or an archive has several.

    Raises:
        ModelError: there is no such file, it lacks files, or MuJoCo cannot compile it.
        InvalidArgument: more files than is allowed.
    """
    place = Path(path).expanduser()
    if place.is_dir():
        return make_robot(robot_files.from_folder(place), main)
    try:
        if place.suffix.lower() == ".zip":
            return make_robot(robot_files.from_zip(place.read_bytes()), main)
        return _with_floor(*_from_file(place.absolute()))
    except OSError as error:
        raise ModelError(f"{path} cannot be read: {error.strerror}.") from None


def make_robot(files: Mapping[str, bytes], main: str | None = None) -> Robot:
    """Makes a robot of files, of which those that it does not need are left out.

    Args:
        files: Contents by path; a zip archive stands for what it holds.
        main: Which is the model, where there are several.

    Raises:
        MissingFiles: files that it names are not among them.
        SeveralModels: it is not clear which is the model.
        ModelError: there is none, or MuJoCo cannot compile it.
        InvalidArgument: a path that is none, or more files than is allowed.
    """
    unpacked: dict[str, bytes] = {}
    for path, content in files.items():
        zipped = path.lower().endswith(".zip")
        unpacked |= robot_files.from_zip(content) if zipped else {path: content}
        robot_files.check_sizes(unpacked)
    files = {robot_files.plain_path(path): content for path, content in unpacked.items()}
    main = robot_files.main_of(files) if main is None else robot_files.plain_path(main)
    return _with_floor(main, robot_files.complete(main, files))


def _from_file(main: Path) -> tuple[str, dict[str, bytes]]:
    """A model's path within the folder that holds all of its files, and those."""

    def read(path: str) -> bytes | None:
        place = Path(path)
        return place.read_bytes() if place.is_file() else None

    reached = robot_files.reach(main.as_posix(), read)
    if missing := reached.missing():
        raise robot_files.MissingFiles(list(missing))
    folder = posixpath.commonpath([posixpath.dirname(path) for path in reached.files])
    found = {posixpath.relpath(path, folder): data for path, data in reached.files.items()}
    return posixpath.relpath(main.as_posix(), folder), found


def _with_floor(main: str, files: Mapping[str, bytes]) -> Robot:
    """The robot, on a floor if something of it would fall for ever; raises ModelError."""
    robot = Robot(main, files)
    try:
        physics = _compiled(robot)
    except ModelError:
        # Perhaps a file lies where MuJoCo could look, and does not.
        robot = Robot(main, robot_files.everywhere(main, files))
        physics = _compiled(robot)
    try:
        model = physics.model
        free = (model.jnt_type == Joint.FREE).any()
        if not free or np.isin(model.geom_type, (_PLANE, _HFIELD)).any():
            return robot
        start = model.key_qpos[:1] if model.nkey else model.qpos0[np.newaxis]
        physics.reset(np.array([0]), start, np.zeros((1, model.nv)))
        return replace(robot, floor=min(0.0, _lowest(model, physics.data)))
    finally:
        physics.close()


def _compiled(robot: Robot) -> Physics:
    try:
        return make_physics(robot.path(), 1, ("geom_xpos", "geom_xmat"))
    except ModelError as error:
        # MuJoCo names files by where they were unpacked.
        raise ModelError(str(error).replace(f"{_unpacked(robot)}/", "")) from None


_PLANE, _HFIELD = 0, 1
"""MuJoCo's mjtGeom, as far as something can stand on it without end."""


def _lowest(model: Model, data: Any) -> float:
    """Height of the lowest point of all geoms' boxes."""
    centers, sizes = model.geom_aabb[:, :3], model.geom_aabb[:, 3:]
    up = data.geom_xmat[0].reshape(-1, 3, 3)[:, 2]  # how high the axes of each geom point
    heights = data.geom_xpos[0, :, 2] + np.vecdot(up, centers) - np.vecdot(np.abs(up), sizes)
    return float(heights.min(initial=np.inf))


_folders: dict[tuple[str, ...], Path] = {}
"""Where robots are unpacked, by their files."""


def _unpacked(robot: Robot) -> Path:
    key = tuple(f"{path} {digest}" for path, digest in robot.hashes.items())
    if key not in _folders:
        folder = Path(tempfile.mkdtemp(prefix="websim-"))
        atexit.register(shutil.rmtree, folder, ignore_errors=True)
        for path, content in robot.files.items():
            place = folder / robot_files.plain_path(path)
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(content)
        _folders[key] = folder
    return _folders[key]


@dataclass(kw_only=True)
class RobotDocument:
    """What a document says of a robot.

    Attributes:
        main: Path of the model among the files.
        files: sha256 of each file, by path.
        floor: Height in m of a floor that is added.
    """

    main: str
    files: dict[str, str]
    floor: float | None = None


def robot_from_dict(value: Any, files: Mapping[str, bytes]) -> Robot:
    """The robot that a document describes.

    Args:
        value: What `robot_as_dict` gave.
        files: Contents by path.

    Raises:
        InvalidArgument: something is missing or not what the document says; names its path in it.
    """
    if not isinstance(value, Mapping):
        raise InvalidArgument(f"robot must be an object, not {value!r:.99}.")
    known = [entry.name for entry in fields(RobotDocument)]
    for name in value:
        if name not in known:
            raise InvalidArgument(f"robot.{name!s:.99} is unknown; there are: {', '.join(known)}.")
    main: Any = value.get("main")
    hashes, floor = value.get("files"), value.get("floor")
    if not isinstance(hashes, Mapping) or not hashes:
        raise InvalidArgument("robot.files must be an object of sha256 by path.")
    if not isinstance(main, str) or main not in hashes:
        raise InvalidArgument(f"robot.main must be one of its files, not {main!r:.99}.")
    if floor is not None and not (type(floor) in (int, float) and abs(floor) < 1e6):
        raise InvalidArgument(f"robot.floor must be a height in m or null, not {floor!r:.99}.")
    robot_files.check_sizes(files)
    for path in hashes:
        robot_files.plain_path(path)
        if path not in files:
            raise InvalidArgument(f"robot.files: {path} is missing.")
    robot = Robot(main, {path: files[path] for path in hashes}, floor)
    for path, digest in robot.hashes.items():
        if digest != hashes[path]:
            raise InvalidArgument(f"robot.files: {path} is not what the document says (sha256).")
    return robot


def robot_as_dict(robot: Robot) -> dict[str, Any]:
    """What a document says of a robot, its files by their sha256."""
    return asdict(RobotDocument(main=robot.main, files=robot.hashes, floor=robot.floor))
