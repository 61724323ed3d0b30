"""Where a task's model comes from."""

from importlib.resources import files
from pathlib import Path

from websim.errors import ModelError

Source = str | Path
"""MJCF text, or a file; what a file includes or names MuJoCo looks for itself."""


def find(xml_file: str) -> Source:
    """Finds a model.

    Args:
        xml_file: MJCF text; a path that starts with ".", "/" or "~"; or the name of a file among
            Gymnasium's MuJoCo assets.

    Returns:
        The text, or the path. Gymnasium's are texts: they refer to no files.

    Raises:
        ModelError: no such file.
    """
    if xml_file.lstrip().startswith("<"):
        return xml_file
    if xml_file.startswith((".", "/", "~")):
        path = Path(xml_file).expanduser().absolute()
        if not path.is_file():
            raise ModelError(f"The model file {xml_file} does not exist.")
        return path
    # Read as files: importing gymnasium.envs.mujoco would import the native mujoco package.
    assets = files("gymnasium") / "envs" / "mujoco" / "assets"
    found = assets / xml_file
    if not found.is_file():
        models = ", ".join(sorted(f.name for f in assets.iterdir() if f.name.endswith(".xml")))
        raise ModelError(
            f"Gymnasium has no model {xml_file!r}; it has {models}. A path of your own starts "
            "with '.', '/' or '~'."
        )
    return found.read_text()
