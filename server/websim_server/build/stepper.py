"""The C half of native physics: builds native-build/ for this machine.

The library lies beside `websim/physics/stepper.py`, which loads it.
"""

import hashlib
import sysconfig
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

from websim_server.build.compiler import compile_c, zig
from websim_server.build.compress import write_atomically
from websim_server.errors import AssetError
from websim_server.paths import CHECKOUT, websim_source

SOURCES = CHECKOUT / "native-build" if CHECKOUT else None
LIBRARY = "stepper-*.so"

_FLAGS = [
    "-mcpu=baseline",  # any machine of this kind: the time goes to MuJoCo, not here
    *("-std=gnu11", "-O2", "-fPIC", "-shared", "-s", "-fvisibility=hidden", "-Wall", "-Wextra"),
]


def folder() -> Path:
    """Where the library belongs."""
    return websim_source() / "physics"


def wanted(folder: Path, sources: Path, mujoco: str) -> Path:
    """Where it belongs as the sources are now, with this version of MuJoCo, on this machine."""
    digest = hashlib.sha256(repr((_FLAGS, mujoco, sysconfig.get_platform())).encode())
    for path in sorted(sources.glob("*.c")):
        digest.update(path.read_bytes())
    return folder / LIBRARY.replace("*", digest.hexdigest()[:16])


def find(folder: Path) -> Path:
    """The library that is there.

    Raises:
        AssetError: it is missing.
    """
    for path in folder.glob(LIBRARY):
        return path
    raise AssetError(
        f"{LIBRARY}, which steps robots outside the browser, is missing in {folder}. "
        + ("Build it with: websim assets" if CHECKOUT else "Install mujoco-websim again")
    )


def provide(folder: Path, sources: Path | None = SOURCES) -> Path:
    """Builds it if it is missing or older than its source; an installed package has no sources.

    Returns:
        Where it is.

    Raises:
        AssetError: it is missing from an installed package.
        CompilerError: there is no compiler, or it fails; says what to do.
    """
    if sources is None:
        path = find(folder)
        print("The native stepper is there", flush=True)
        return path
    path = wanted(folder, sources, version("mujoco"))
    if path.is_file():
        print("The native stepper is that of its sources", flush=True)
        return path
    package = find_spec("mujoco")
    assert package is not None  # it has a version
    assert package.origin is not None  # it is no namespace
    headers = f"-I{Path(package.origin).parent / 'include'}"
    library = compile_c(
        "the native stepper", zig(), [*_FLAGS, headers], sorted(sources.glob("*.c"))
    )
    write_atomically(path, library)
    for other in folder.glob(LIBRARY):
        if other != path:
            other.unlink()
    return path
