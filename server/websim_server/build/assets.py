"""`websim assets`: brings the vendored files of the page into web/vendor, each checked by hash.

It also makes what is not fetched: the optimised MuJoCo module (`engine.py`), the learning kernels
(`kernels.py`), the native stepper (`stepper.py`), the Python image (`image.py`) and the
documents as pages (`documents.py`).
"""

import argparse
import os
from pathlib import Path

from websim_server.build import documents, engine, fetch, image, kernels, lock, stepper
from websim_server.build.compress import ENCODINGS, compress, remove_compressed, write_atomically
from websim_server.build.lock import File, Package
from websim_server.build.made import Made
from websim_server.errors import AssetError, HashMismatch
from websim_server.paths import CHECKOUT, VENDOR

COMMAND = "websim assets"


def default_mirror() -> Path | None:
    """The mirror folder that the environment names."""
    folder = os.environ.get("WEBSIM_MIRROR")
    return Path(folder) if folder else None


def missing(vendor: Path, packages: list[Package], *, by_hash: bool) -> list[tuple[Package, File]]:
    """The files that are not there, or have another size (with `by_hash`: other bytes)."""

    def is_there(package: Package, file: File) -> bool:
        path = package.path(vendor, file)
        if by_hash:
            return lock.is_intact(path, file)
        return path.is_file() and path.stat().st_size == file.bytes

    return [(p, f) for p in packages for f in p.files if not is_there(p, f)]


def _made() -> list[Made]:
    """What is not fetched but made here."""
    return [*kernels.made().values(), stepper.made(), image.made(), documents.made()]


def require(vendor: Path = VENDOR) -> None:
    """Makes sure, by name and size, that the server has what it serves.

    Only the optimised MuJoCo module may be missing: the official one then takes its place.

    Raises:
        AssetError: a file is missing.
    """
    for one in _made():
        one.find()
    fetched = [package for package in lock.read() if package.source != "binaryen"]
    if gaps := missing(vendor, fetched, by_hash=False):
        package, file = gaps[0]
        more = f" (and {len(gaps) - 1} more)" if len(gaps) > 1 else ""
        raise AssetError(
            f"{package.path(vendor, file)} is missing{more}. "
            + (f"Bring it with: {COMMAND}" if CHECKOUT else "Install mujoco-websim again")
        )


def _store(vendor: Path, package: Package, contents: dict[str, bytes]) -> None:
    for file in package.files:
        if file.name not in contents:
            continue
        path = package.path(vendor, file)
        remove_compressed(path)
        write_atomically(path, contents[file.name])
        try:
            lock.check(path, file)
        except HashMismatch:
            path.unlink()
            raise


def _remove_others(vendor: Path, packages: list[Package]) -> None:
    """Removes what is no longer in the lock, such as an older version: a wheel would carry it."""
    locked = {package.path(vendor, file) for package in packages for file in package.files}
    copies = {path.with_name(path.name + suffix) for path in locked for _, suffix in ENCODINGS}
    for path in vendor.rglob("*"):
        if path.is_file() and path not in locked | copies:
            path.unlink()


class _Origins:
    """Where the files of packages come from when they are not there.

    Args:
        vendor: web/vendor.
        checkout: the folder with package-lock.json, if this is one.
        mirror: a folder to look in first.
    """

    def __init__(self, vendor: Path, checkout: Path | None, mirror: Path | None):
        self._vendor = vendor
        self._checkout = checkout
        self._mirror = mirror
        self._ran_npm = False

    def bring(self, package: Package, step: str) -> str:
        """Brings the files of one package and says where they came from.

        Raises:
            AssetError: a file cannot be had.
        """
        origin = ""
        if self._mirror is not None:
            _store(self._vendor, package, fetch.from_mirror(self._mirror, package))
            origin = f"from the mirror {self._mirror}"
        gaps = missing(self._vendor, [package], by_hash=True)
        if not gaps:
            return origin
        if package.source == "binaryen":
            origin = "optimised by Binaryen"
            print(f"{step} optimising, once: half a minute, more if busy ...", flush=True)
        else:
            size = sum(file.bytes for _, file in gaps) / 1e6
            origin = "from npm" if package.source == "npm" else "from PyPI"
            print(f"{step} fetching {size:.2f} MB {origin} ...", flush=True)
        _store(self._vendor, package, self._contents(package))
        if missing(self._vendor, [package], by_hash=True):
            raise AssetError("not what the lock file names")
        return origin

    def _contents(self, package: Package) -> dict[str, bytes]:
        if package.source == "pypi":
            return fetch.from_pypi(package)
        if self._checkout is None:
            raise AssetError("an installed package has no package-lock.json")
        if package.source == "binaryen":
            (official,) = (p for p in lock.read() if p.name == "mujoco")
            (file,) = package.files
            return {
                file.name: engine.optimise(
                    self._vendor / official.folder / file.name, self._checkout
                )
            }
        contents = fetch.from_node_modules(self._checkout, package)
        if len(contents) < len(package.files) and not self._ran_npm:
            fetch.npm_install(self._checkout)
            self._ran_npm = True
            contents = fetch.from_node_modules(self._checkout, package)
        return contents


def provide(
    vendor: Path, checkout: Path | None, mirror: Path | None, wanted: str = engine.OPTIMISED
) -> None:
    """Brings every file of the lock into `vendor`, and writes the compressed copies.

    Files that are there with the right bytes stay; for the others the mirror is asked first, then
    the installed npm packages, then npm and PyPI. What is not in the lock is removed. The optimised
    MuJoCo module is made only where `wanted`; where that fails, a message says so.

    Raises:
        AssetError: a file cannot be had; says how to supply it by hand.
    """
    if mirror is not None and not mirror.is_dir():
        raise AssetError(f"the mirror folder {mirror} does not exist")
    locked = lock.read()
    packages = [p for p in locked if p.source != "binaryen" or wanted == engine.OPTIMISED]
    origins = _Origins(vendor, checkout, mirror)
    for number, package in enumerate(packages, 1):
        step = f"[{number:2}/{len(packages)}] {package.name} {package.version}:"
        if missing(vendor, [package], by_hash=True):
            try:
                print(step, origins.bring(package, step), flush=True)
            except AssetError as error:
                if package.source == "binaryen":
                    print(
                        f"{step} {error}.\nThe page will use the official module instead: the same "
                        "results, twice the bytes. To choose that: WEBSIM_ENGINE=official",
                        flush=True,
                    )
                    continue
                gap = missing(vendor, [package], by_hash=True)[0][1]
                said = f"{error}.\n{fetch.how_to_supply(package, gap)}"
                raise type(error)(said) from error
        for file in package.files:
            compress(package.path(vendor, file))
    _remove_others(vendor, locked)
    size = sum(file.bytes for package in packages for file in package.files) / 1e6
    print(f"{len(packages)} third-party packages ({size:.0f} MB) are as locked", flush=True)


def add_command(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Registers the command."""
    parser = commands.add_parser(
        "assets", help="fetch third-party files of the page, build kernels"
    )
    parser.add_argument(
        "--mirror",
        type=Path,
        default=default_mirror(),
        metavar="FOLDER",
        help="a folder to take files from first (default: the variable WEBSIM_MIRROR)",
    )
    parser.add_argument(
        "--relock",
        action="store_true",
        help="write the lock file anew, for the versions in package-lock.json and relock.py",
    )
    parser.add_argument(
        "--engine",
        choices=[engine.OPTIMISED, engine.OFFICIAL],
        help="whether to make the optimised MuJoCo module (default: optimised, or what the "
        "variable WEBSIM_ENGINE says)",
    )
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> None:
    """Runs the command."""
    if arguments.relock:
        from websim_server.build.relock import relock

        relock()
    provide(VENDOR, CHECKOUT, arguments.mirror, arguments.engine or engine.default())
    for one in _made():
        one.provide()
