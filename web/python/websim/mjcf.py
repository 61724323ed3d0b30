"""Where a task's MJCF comes from."""

import re
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path

from websim.errors import ModelError


def load(xml_file: str) -> tuple[str, dict[str, bytes]]:
    """Reads a model.

    Args:
        xml_file: MJCF text; a path that starts with ".", "/" or "~"; or the name of a file among
            Gymnasium's MuJoCo assets.

    Returns:
        The MJCF text, and the files that it refers to (includes, meshes, textures, height
        fields) by the name that MuJoCo looks them up with.

    Raises:
        ModelError: no such file.
    """
    if xml_file.lstrip().startswith("<"):
        return xml_file, {}
    if xml_file.startswith((".", "/", "~")):
        path = Path(xml_file).expanduser()
        if not path.is_file():
            raise ModelError(f"The model file {xml_file} does not exist.")
        return path.read_text(), dict(_referenced(path, path.parent))
    # Read as files: importing gymnasium.envs.mujoco would import the native mujoco package.
    assets = files("gymnasium") / "envs" / "mujoco" / "assets"
    found = assets / xml_file
    if not found.is_file():
        models = ", ".join(sorted(f.name for f in assets.iterdir() if f.name.endswith(".xml")))
        raise ModelError(
            f"Gymnasium has no model {xml_file!r}; it has {models}. A path of your own starts "
            "with '.', '/' or '~'."
        )
    return found.read_text(), {}


def _referenced(model: Path, root: Path) -> Iterator[tuple[str, bytes]]:
    """Finds the files that a model names, through its includes."""
    text = model.read_text()
    folders = [root, *(root / d for d in re.findall(r'(?:mesh|texture|asset)dir="([^"]+)"', text))]
    for name in re.findall(r'\bfile="([^"]+)"', text):
        for folder in folders:
            path = folder / name
            if path.is_file():
                yield path.relative_to(root).as_posix(), path.read_bytes()
                if path.suffix == ".xml":
                    yield from _referenced(path, root)
                break
