"""The C half of native physics: builds native-build/ for this machine.

The library lies beside `websim/physics/stepper.py`, which loads it.
"""

import sysconfig
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

from websim_server.build.compiler import compile_c, zig
from websim_server.build.made import Made, stamp
from websim_server.paths import CHECKOUT, websim_source

SOURCES = CHECKOUT / "native-build" if CHECKOUT else None
LIBRARY = "stepper-*.so"

_FLAGS = [
    "-mcpu=baseline",  # any machine of this kind: the time goes to MuJoCo, not here
    *("-std=gnu11", "-O2", "-fPIC", "-shared", "-s", "-fvisibility=hidden", "-Wall", "-Wextra"),
]


def made(
    folder: Path | None = None, sources: Path | None = SOURCES, mujoco: str | None = None
) -> Made:
    """The library for this machine.

    Args:
        folder: Where it belongs; None: beside the installed `websim/physics/stepper.py`.
        sources: The C files; None in an installed package.
        mujoco: The version of MuJoCo that it is for; None: the installed one.
    """

    def current() -> str:
        assert sources is not None
        recipe = (_FLAGS, mujoco or version("mujoco"), sysconfig.get_platform())
        return stamp(recipe, sorted(sources.glob("*.c")))

    def make() -> bytes:
        assert sources is not None
        package = find_spec("mujoco")
        assert package is not None  # it has a version
        assert package.origin is not None  # it is no namespace
        headers = f"-I{Path(package.origin).parent / 'include'}"
        files = sorted(sources.glob("*.c"))
        return compile_c("the native stepper", zig(), [*_FLAGS, headers], files)

    belongs = folder or websim_source() / "physics"
    return Made("native stepper", belongs, LIBRARY, current if sources else None, make)
