"""The learning kernels: builds the C of wasm-build/ into two WASM modules below web/kernels.

"plain" is the SIMD of every browser and gives the same bits on every machine; "relaxed" fuses
multiplication and addition where browser and machine can. Which one a worker loads is decided in
`sim/boot.js`.
"""

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from websim_server.compress import compress, write_atomically
from websim_server.errors import AssetError
from websim_server.paths import CHECKOUT, WEB

KERNELS = WEB / "kernels"
SOURCES = CHECKOUT / "wasm-build" if CHECKOUT else None

VARIANTS = {"plain": [], "relaxed": ["-mrelaxed-simd"]}

# Contraction is left to the sources: what the compiler does on its own differs between versions.
_FLAGS = ["-O3", "-msimd128", "-ffp-contract=off", "-fvisibility=hidden", "-Wall", "-Wextra"]
_ZIG_FLAGS = [
    "-target",
    "wasm32-freestanding",
    "-fPIC",
    "-nostdlib",
    "-shared",
    "-Wl,--no-entry",
    "-s",
]
_EMCC_FLAGS = ["-fPIC", "-sSIDE_MODULE=2"]


class KernelError(AssetError):
    """Raised when the kernels are missing or cannot be built."""


def stamp(sources: Path) -> str:
    """The hash of the sources and of how they are compiled; the modules carry it in their names."""
    digest = hashlib.sha256(repr((VARIANTS, _FLAGS, _ZIG_FLAGS, _EMCC_FLAGS)).encode())
    for path in sorted(sources.glob("*.[ch]")):
        digest.update(f"{path.name}\0{path.stat().st_size}\0".encode() + path.read_bytes())
    return digest.hexdigest()[:16]


def wanted(folder: Path, sources: Path) -> dict[str, Path]:
    """Where the module of each variant belongs, for the sources as they are now."""
    current = stamp(sources)
    return {variant: folder / f"{variant}-{current}.wasm" for variant in VARIANTS}


def are_built(folder: Path, sources: Path) -> bool:
    """Whether the modules are there and no older than their sources."""
    return all(path.is_file() for path in wanted(folder, sources).values())


def manifest(folder: Path = KERNELS) -> dict[str, dict[str, Any]]:
    """Address and size of each variant.

    Raises:
        KernelError: one is missing.
    """
    found = {}
    for variant in VARIANTS:
        paths = sorted(folder.glob(f"{variant}-*.wasm"), key=lambda path: path.stat().st_mtime)
        if not paths:
            raise KernelError(
                f"the {variant} learning kernels are missing in {folder}. "
                + ("Build them with: websim assets" if CHECKOUT else "Install mujoco-websim again")
            )
        path = paths[-1]
        found[variant] = {"url": f"/kernels/{path.name}", "bytes": path.stat().st_size}
    return found


def provide(folder: Path = KERNELS, sources: Path | None = SOURCES) -> None:
    """Builds what is missing or older than its source; an installed package has no sources.

    Raises:
        KernelError: there is no compiler, or it fails; says what to do.
    """
    if sources is None:
        manifest(folder)
        print("The learning kernels are there", flush=True)
        return
    paths = wanted(folder, sources)
    if are_built(folder, sources):
        print("The learning kernels are those of their sources", flush=True)
    else:
        for variant, path in paths.items():
            write_atomically(path, _build(sources, variant))
    for path in paths.values():
        compress(path)
    names = {path.stem for path in paths.values()}
    for path in folder.iterdir():
        if path.name.split(".")[0] not in names:
            path.unlink()


def _compilers() -> dict[str, list[str]]:
    """Name and command of the C compilers for WASM on this machine, the one to try first first."""
    found = {}
    if emcc := shutil.which("emcc"):
        found["emcc"] = [emcc, *_EMCC_FLAGS]
    if find_spec("ziglang"):
        found["zig"] = [sys.executable, "-m", "ziglang", "cc", *_ZIG_FLAGS]
    return found


def _build(sources: Path, variant: str) -> bytes:
    compilers = _compilers()
    if not compilers:
        raise KernelError(
            "the learning kernels need a C compiler for WebAssembly: "
            "pip install 'mujoco-websim[assets]' brings one (the package ziglang)"
        )
    files = sorted(map(str, sources.glob("*.c")))
    errors = []
    for name, command in compilers.items():
        print(f"Compiling the learning kernels ({variant}) with {name} ...", flush=True)
        with tempfile.TemporaryDirectory() as folder:
            out = Path(folder, "kernels.wasm")
            caches = {f"ZIG_{kind}_CACHE_DIR": folder for kind in ("LOCAL", "GLOBAL")}
            done = subprocess.run(
                [*command, *_FLAGS, *VARIANTS[variant], "-o", str(out), *files],
                capture_output=True,
                text=True,
                env={**os.environ, **caches},
            )
            if done.returncode == 0:
                return out.read_bytes()
            errors.append(f"{name} could not compile them:\n{done.stderr.strip()}")
            print(errors[-1], file=sys.stderr, flush=True)
    raise KernelError(f"the learning kernels ({variant}): {'; '.join(errors)}")
