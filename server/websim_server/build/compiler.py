"""C compilers, for what is built when the project is installed."""

import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path

from websim_server.errors import CompilerError


def zig() -> dict[str, list[str]]:
    """Name and command of the compiler from PyPI, if it is installed."""
    return {"zig": [sys.executable, "-m", "ziglang", "cc"]} if find_spec("ziglang") else {}


def compile_c(
    what: str,
    compilers: Mapping[str, Sequence[str]],
    flags: Sequence[str],
    sources: Sequence[Path],
) -> bytes:
    """Compiles C files into one library.

    Args:
        what: Its name in messages.
        compilers: Name and command of each, the one to try first first.
        flags: Of all of them.
        sources: The files.

    Returns:
        The library.

    Raises:
        CompilerError: there is no compiler, or all of them fail; says what to do.
    """
    if not compilers:
        raise CompilerError(
            f"{what} needs a C compiler: "
            "pip install 'mujoco-websim[assets]' brings one (the package ziglang)"
        )
    errors = []
    for name, command in compilers.items():
        print(f"Compiling {what} with {name} ...", flush=True)
        with tempfile.TemporaryDirectory() as folder:
            out = Path(folder, "library")
            caches = {f"ZIG_{kind}_CACHE_DIR": folder for kind in ("LOCAL", "GLOBAL")}
            done = subprocess.run(
                [*command, *flags, "-o", str(out), *map(str, sources)],
                capture_output=True,
                text=True,
                env={**caches, **os.environ},  # who builds often has a place for them
            )
            if done.returncode == 0:
                return out.read_bytes()
            errors.append(f"{name} could not compile it:\n{done.stderr.strip()}")
            print(errors[-1], file=sys.stderr, flush=True)
    raise CompilerError(f"{what}: {'; '.join(errors)}")
