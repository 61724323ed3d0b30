"""The learning kernels: builds the C of wasm-build/ into two WASM modules below web/kernels.

"plain" is the SIMD of every browser and gives the same bits on every machine; "relaxed" fuses
multiplication and addition where browser and machine can. Which one a worker loads is decided in
`sim/worker/boot.js`.
"""

import hashlib
import shutil
from pathlib import Path
from typing import Any

from websim_server.build.compiler import compile_c, zig
from websim_server.build.compress import compress, write_atomically
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
        AssetError: one is missing.
    """
    found = {}
    for variant in VARIANTS:
        paths = sorted(folder.glob(f"{variant}-*.wasm"), key=lambda path: path.stat().st_mtime)
        if not paths:
            raise AssetError(
                f"the {variant} learning kernels are missing in {folder}. "
                + ("Build them with: websim assets" if CHECKOUT else "Install mujoco-websim again")
            )
        path = paths[-1]
        found[variant] = {"url": f"/kernels/{path.name}", "bytes": path.stat().st_size}
    return found


def provide(folder: Path = KERNELS, sources: Path | None = SOURCES) -> None:
    """Builds what is missing or older than its source; an installed package has no sources.

    Raises:
        CompilerError: there is no compiler, or it fails; says what to do.
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


def _build(sources: Path, variant: str) -> bytes:
    compilers = {name: [*command, *_ZIG_FLAGS] for name, command in zig().items()}
    if emcc := shutil.which("emcc"):
        compilers = {"emcc": [emcc, *_EMCC_FLAGS], **compilers}
    return compile_c(
        f"the {variant} learning kernels' module",
        compilers,
        [*_FLAGS, *VARIANTS[variant]],
        sorted(sources.glob("*.c")),
    )
