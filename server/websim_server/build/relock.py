"""Writes the lock file of the vendored files, for those who raise a version."""

import hashlib
import json
from dataclasses import asdict
from typing import Any

from websim_server.build import engine, fetch, lock
from websim_server.build.lock import LOCK_FILE, File, Package, digest
from websim_server.errors import AssetError
from websim_server.paths import CHECKOUT

#: npm package -> the files of it that the page loads, and licences where the package has one.
NPM = {
    **{
        project: ["LICENSE", "dist/index.js"]
        for project in (
            "@codemirror/autocomplete",
            "@codemirror/commands",
            "@codemirror/lang-python",
            "@codemirror/language",
            "@codemirror/lint",
            "@codemirror/search",
            "@codemirror/state",
            "@codemirror/streamparser",
            "@codemirror/view",
            "@lezer/common",
            "@lezer/highlight",
            "@lezer/lr",
            "@lezer/python",
        )
    },
    "@marijn/find-cluster-break": ["LICENSE", "src/index.js"],
    "@mujoco/mujoco": ["mujoco.js", "mujoco.wasm"],
    "crelt": ["LICENSE", "index.js"],
    "fflate": ["LICENSE", "esm/browser.js"],
    "gifenc": ["LICENSE.md", "dist/gifenc.esm.js"],
    "idb": ["LICENSE", "build/index.js"],
    "pyodide": [
        "pyodide-lock.json",
        "pyodide.asm.mjs",
        "pyodide.asm.wasm",
        "pyodide.mjs",
        "python_stdlib.zip",
    ],
    "style-mod": ["LICENSE", "src/style-mod.js"],
    "three": [
        "LICENSE",
        "build/three.core.js",
        "build/three.module.js",
        "examples/jsm/controls/OrbitControls.js",
        "examples/jsm/utils/BufferGeometryUtils.js",
    ],
    "uplot": ["LICENSE", "dist/uPlot.esm.js", "dist/uPlot.min.css"],
    "uqr": ["LICENSE", "dist/index.mjs"],
    "w3c-keyname": ["LICENSE", "index.js"],
}

#: What few visits need, and a page fetches when it does: the same, the file to be imported first.
LATER = {
    "onnxruntime-web": [
        "dist/ort-wasm-simd-threaded.mjs",
        "dist/ort-wasm-simd-threaded.wasm",
    ],
    "h5wasm": ["dist/esm/hdf5_hl.js", "dist/esm/hdf5_util.js", "LICENSE.txt"],
    "mediabunny": ["dist/bundles/mediabunny.min.mjs", "LICENSE"],
}

#: Wheels that run as they are in Pyodide: name, version.
PURE_WHEELS = [
    ("cloudpickle", "3.1.2"),
    ("cmaes", "0.13.1"),
    ("farama_notifications", "0.0.6"),
    ("gymnasium", "1.3.0"),
    ("typing_extensions", "4.16.0"),
]

#: PyPI does not have Pyodide's numpy under its own name, but this wheel carries it.
NUMPY_CARRIER = ("open-webui", "open_webui-0.12.4-py3-none-any.whl", "open_webui/frontend/pyodide/")


def _wheel(name: str, version: str, filename: str, project: str, **more: Any) -> Package:
    package = Package(name, version, "pypi", project, "wheels", (File(filename, "", 0),), **more)
    (data,) = fetch.from_pypi(package).values()
    file = File(filename, hashlib.sha256(data).hexdigest(), len(data))
    return Package(name, version, "pypi", project, "wheels", (file,), **more)


def relock() -> None:
    """Writes the lock file for the versions of package-lock.json and of this module.

    Raises:
        AssetError: not run in a checkout; or numpy's wheel is not the one that Pyodide names.
    """
    if CHECKOUT is None:
        raise AssetError("the lock file can only be made in a checkout")
    fetch.npm_install(CHECKOUT)
    npm_lock = json.loads((CHECKOUT / "package-lock.json").read_text("utf-8"))["packages"]
    packages = []
    for project, names in {**NPM, **LATER}.items():
        version = npm_lock[f"node_modules/{project}"]["version"]
        name = project.rpartition("/")[2]
        folder = CHECKOUT / "node_modules" / project
        files = tuple(
            File(file, digest(folder / file), (folder / file).stat().st_size) for file in names
        )
        place = f"{lock.LATER if project in LATER else ''}{name}-{version}"
        packages.append(Package(name, version, "npm", project, place, files))
    (mujoco,) = (package for package in packages if package.name == "mujoco")
    module = CHECKOUT / "node_modules" / mujoco.project / "mujoco.wasm"
    packages.append(engine.locked(mujoco, module, CHECKOUT))

    pyodide_lock = (CHECKOUT / "node_modules/pyodide/pyodide-lock.json").read_text("utf-8")
    numpy = json.loads(pyodide_lock)["packages"]["numpy"]
    project, carrier, folder_inside = NUMPY_CARRIER
    inside = (carrier, folder_inside + numpy["file_name"])
    wheel = _wheel("numpy", numpy["version"], numpy["file_name"], project, inside=inside)
    if wheel.files[0].sha256 != numpy["sha256"]:
        raise AssetError("numpy's wheel has another sha256 than pyodide-lock.json names")
    packages.append(wheel)
    packages += [
        _wheel(name, version, f"{name}-{version}-py3-none-any.whl", name.replace("_", "-"))
        for name, version in PURE_WHEELS
    ]

    content = [{k: v for k, v in asdict(package).items() if v is not None} for package in packages]
    LOCK_FILE.write_text(json.dumps({"packages": content}, indent=2) + "\n", "utf-8")
