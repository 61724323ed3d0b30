"""The engine: the MuJoCo module that the page runs, official, optimised or of a folder.

The optimised one is made from the official one by Binaryen's wasm-opt: debug information away, and
MuJoCo's small functions inlined into their callers. docs/engine.md says how the passes were chosen.
wasm-opt rounds nothing otherwise and gives the same bytes everywhere, so the lock file names them.
"""

import hashlib
import json
import os
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

from websim_server.build import fetch
from websim_server.build.lock import File, Package, digest
from websim_server.errors import EngineError

OFFICIAL, OPTIMISED = "official", "optimised"

#: What the official module is made of; with more, wasm-opt writes what some browsers refuse.
FEATURES = [
    "--enable-bulk-memory",
    "--enable-bulk-memory-opt",
    "--enable-mutable-globals",
    "--enable-nontrapping-float-to-int",
    "--enable-sign-ext",
]

PASSES = [
    # Inlining is what makes it faster; below level 3 Binaryen inlines next to nothing.
    "--optimize-level=3",
    "--flexible-inline-max-function-size=80",
    "--inline-functions-with-loops",
    "--remove-unused-module-elements",
    "--duplicate-function-elimination",
    "--inlining",
    # What inlining leaves behind, made smaller.
    "--optimize-instructions",
    "--simplify-locals",
    "--coalesce-locals",
    "--merge-blocks",
    "--remove-unused-brs",
    "--remove-unused-names",
    "--vacuum",
    "--reorder-locals",
    "--remove-unused-module-elements",
    "--duplicate-function-elimination",
    "--strip-debug",
]

#: Where a running wasm-opt must be stuck; on a busy machine it has taken two minutes.
_TIMEOUT_SECONDS = 900


@dataclass(frozen=True)
class Engine:
    """What the page runs, and where it is on this server."""

    name: str  #: "official", "optimised", or the name in a folder's engine.json
    version: str  #: MuJoCo's
    script: str  #: address of the JavaScript that loads the module
    wasm: str  #: address of the module
    bytes: int  #: size of the module
    folder: Path | None = None  #: where its files lie, unless in web/vendor
    #: Whether its bindings make functions from strings, which a policy must allow.
    dynamic_execution: bool = True

    def manifest(self) -> dict[str, str | int]:
        """What a worker is told."""
        return {
            "engine": self.name,
            "version": self.version,
            "script": self.script,
            "wasm": self.wasm,
            "bytes": self.bytes,
        }


def default() -> str:
    """The engine that the environment names."""
    return os.environ.get("WEBSIM_ENGINE") or OPTIMISED


def stamp(official: Path, checkout: Path) -> str:
    """The hash of what the optimised module is made of: the official one, the tool, the passes."""
    npm_lock = json.loads((checkout / "package-lock.json").read_text("utf-8"))["packages"]
    version = npm_lock["node_modules/binaryen"]["version"]
    made_of = [digest(official), version, FEATURES, PASSES]
    return hashlib.sha256(json.dumps(made_of).encode()).hexdigest()[:12]


def optimise(official: Path, checkout: Path) -> bytes:
    """Makes the optimised module.

    Args:
        official: the official module.
        checkout: the folder whose node_modules holds Binaryen; npm brings it if it is missing.

    Raises:
        AssetError: there is no npm or no Binaryen, or it fails.
    """
    tool = checkout / "node_modules" / "binaryen" / "bin" / "wasm-opt"
    if not tool.is_file():
        fetch.npm_install(checkout)
    node = fetch.node_tool("node")
    if node is None or not tool.is_file():
        missing = "Node.js" if node is None else "the npm package binaryen"
        raise EngineError(f"MuJoCo's module cannot be optimised: {missing} is not on this machine")
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder, "mujoco.wasm")
        command = [node, str(tool), str(official), *FEATURES, *PASSES, "-o", str(out)]
        try:
            done = subprocess.run(
                command, capture_output=True, text=True, timeout=_TIMEOUT_SECONDS, check=False
            )
        except subprocess.TimeoutExpired:
            raise EngineError(f"wasm-opt did not finish within {_TIMEOUT_SECONDS} s") from None
        if done.returncode or not out.is_file():
            last = done.stderr.strip().splitlines()[-1:] or [f"exit status {done.returncode}"]
            raise EngineError(f"wasm-opt could not optimise MuJoCo's module: {last[0]}")
        return out.read_bytes()


def locked(official: Package, module: Path, checkout: Path) -> Package:
    """The lock file's entry of the optimised module, made anew from `module`."""
    data = optimise(module, checkout)
    file = File(module.name, hashlib.sha256(data).hexdigest(), len(data))
    folder = f"{official.folder}-{stamp(module, checkout)}"
    return Package(
        "mujoco-optimised", official.version, "binaryen", official.project, folder, (file,)
    )


def choose(wanted: str, vendor: Path, packages: list[Package]) -> Engine:
    """The engine to serve.

    Args:
        wanted: "official", "optimised" (the official one where the optimised could not be made),
            or a folder with an engine of one's own (docs/engine.md).
        vendor: web/vendor.
        packages: the lock file's.

    Raises:
        EngineError: it is none of these.
    """
    by_name = {package.name: package for package in packages}
    official = by_name["mujoco"]
    script = f"/vendor/{official.folder}/mujoco.js"
    if wanted == OPTIMISED:
        package = by_name["mujoco-optimised"]
        path = package.path(vendor, package.files[0])
        if path.is_file() and path.stat().st_size == package.files[0].bytes:
            return _of(OPTIMISED, package, script)
        wanted = OFFICIAL
    if wanted == OFFICIAL:
        return _of(OFFICIAL, official, script)
    return _of_folder(Path(wanted))


def _of(name: str, package: Package, script: str) -> Engine:
    file = next(file for file in package.files if file.name == "mujoco.wasm")
    return Engine(
        name, package.version, script, f"/vendor/{package.folder}/{file.name}", file.bytes
    )


def _of_folder(folder: Path) -> Engine:
    names = ("engine.json", "mujoco.js", "mujoco.wasm")
    if absent := [name for name in names if not (folder / name).is_file()]:
        raise EngineError(
            f"there is no engine {str(folder)!r}: allowed are '{OPTIMISED}', '{OFFICIAL}', and a "
            f"folder with {', '.join(names)} ({absent[0]} is not there)"
        )
    try:
        about = json.loads((folder / "engine.json").read_text("utf-8"))
        name, version = about["name"], about["mujoco"]
        dynamic_execution = about["dynamicExecution"]
    except (ValueError, KeyError, TypeError) as error:
        raise EngineError(
            f"{folder / 'engine.json'} must be an object with name, mujoco (its version) and "
            f"dynamicExecution: {error!r}"
        ) from None
    content = hashlib.sha256(b"".join((folder / name).read_bytes() for name in names))
    address = f"/engine/{content.hexdigest()[:16]}"
    return Engine(
        name,
        version,
        f"{address}/mujoco.js",
        f"{address}/mujoco.wasm",
        (folder / "mujoco.wasm").stat().st_size,
        folder,
        dynamic_execution,
    )
