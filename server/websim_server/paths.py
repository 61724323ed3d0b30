"""Where the files are that the server serves, in a checkout and in an installed package."""

from importlib.util import find_spec
from pathlib import Path

PACKAGE = Path(__file__).resolve().parent
_CHECKOUT = PACKAGE.parents[1]

#: The folder with package-lock.json, or None in an installed package, which carries its assets.
CHECKOUT: Path | None = _CHECKOUT if (_CHECKOUT / "package-lock.json").is_file() else None

#: index.html, app/, sim/ and vendor/.
WEB = CHECKOUT / "web" if CHECKOUT else PACKAGE / "web"
VENDOR = WEB / "vendor"


def websim_source() -> Path:
    """The folder of the Python package that is sent to the browser."""
    if CHECKOUT:
        return CHECKOUT / "web" / "python" / "websim"
    # find_spec does not run the package: the server needs its files, not its imports.
    spec = find_spec("websim")
    if spec is None or not spec.submodule_search_locations:
        raise ModuleNotFoundError("the package websim is not installed beside websim_server")
    return Path(spec.submodule_search_locations[0])
