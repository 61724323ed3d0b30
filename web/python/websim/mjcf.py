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
            Gymnasium's MuJoCo assets or in `websim/robots`.

    Returns:
        The text, or the path. What has a name is text: it refers to no files.

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
    folders = files("gymnasium") / "envs" / "mujoco" / "assets", files("websim") / "robots"
    named = {
        file.name: file for one in folders for file in one.iterdir() if file.name.endswith(".xml")
    }
    if xml_file not in named:
        raise ModelError(
            f"There is no model {xml_file!r}; there are {', '.join(sorted(named))}. A path of your "
            "own starts with '.', '/' or '~'."
        )
    return named[xml_file].read_text()
