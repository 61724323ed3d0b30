"""The learning kernels: builds the C of wasm-build/ into two WASM modules below web/kernels.

"plain" is the SIMD of every browser and gives the same bits on every machine; "relaxed" fuses
multiplication and addition where browser and machine can. Which one a worker loads is decided in
`sim/worker/boot.js`.
"""

import shutil
from pathlib import Path
from typing import Any

from websim_server.build.compiler import compile_c, zig
from websim_server.build.made import Made, stamp
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


def made(folder: Path = KERNELS, sources: Path | None = SOURCES) -> dict[str, Made]:
    """The module of each variant."""
    return {variant: _module(variant, folder, sources) for variant in VARIANTS}


def _module(variant: str, folder: Path, sources: Path | None) -> Made:
    def current() -> str:
        assert sources is not None
        recipe = (VARIANTS, _FLAGS, _ZIG_FLAGS, _EMCC_FLAGS)
        return stamp(recipe, sorted(sources.glob("*.[ch]")))

    def make() -> bytes:
        assert sources is not None
        return _build(sources, variant)

    what = f"{variant} learning kernels' module"
    return Made(what, folder, f"{variant}-*.wasm", current if sources else None, make)


def manifest(folder: Path = KERNELS) -> dict[str, dict[str, Any]]:
    """Address and size of each variant; raises AssetError where one is missing."""
    return {variant: one.manifest() for variant, one in made(folder).items()}


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
