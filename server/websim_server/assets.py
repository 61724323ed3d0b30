"""`websim assets`: brings the vendored files of the page into web/vendor, each checked by hash.

It also builds the learning kernels (`kernels.py`) and the Python image (`image.py`).
"""

import argparse
import os
from pathlib import Path

from websim_server import fetch, image, kernels, lock
from websim_server.compress import ENCODINGS, compress, remove_compressed, write_atomically
from websim_server.errors import AssetError, HashMismatch
from websim_server.lock import File, Package
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


def require(vendor: Path = VENDOR) -> None:
    """Makes sure, by name and size, that the server has what it serves.

    Raises:
        AssetError: a file is missing.
    """
    kernels.manifest()
    image.manifest()
    if gaps := missing(vendor, lock.read(), by_hash=False):
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


def provide(vendor: Path, checkout: Path | None, mirror: Path | None) -> None:
    """Brings every file of the lock into `vendor`, and writes the compressed copies.

    Files that are there with the right bytes stay; for the others the mirror is asked first, then
    the installed npm packages, then npm and PyPI. What is not in the lock is removed.

    Raises:
        AssetError: a file cannot be had; says how to supply it by hand.
    """
    if mirror is not None and not mirror.is_dir():
        raise AssetError(f"the mirror folder {mirror} does not exist")
    packages = lock.read()
    ran_npm = False
    for number, package in enumerate(packages, 1):
        step = f"[{number:2}/{len(packages)}] {package.name} {package.version}:"
        gaps = [file for _, file in missing(vendor, [package], by_hash=True)]
        origin = None
        if gaps and mirror is not None:
            _store(vendor, package, fetch.from_mirror(mirror, package))
            gaps = [file for _, file in missing(vendor, [package], by_hash=True)]
            origin = f"from the mirror {mirror}"
        if gaps:
            size = sum(file.bytes for file in gaps) / 1e6
            origin = "from npm" if package.source == "npm" else "from PyPI"
            print(f"{step} fetching {size:.2f} MB {origin} ...", flush=True)
            try:
                if package.source == "pypi":
                    contents = fetch.from_pypi(package)
                else:
                    if checkout is None:
                        raise AssetError("an installed package has no package-lock.json")
                    contents = fetch.from_node_modules(checkout, package)
                    if len(contents) < len(package.files) and not ran_npm:
                        fetch.npm_install(checkout)
                        ran_npm = True
                        contents = fetch.from_node_modules(checkout, package)
                _store(vendor, package, contents)
                gaps = [file for _, file in missing(vendor, [package], by_hash=True)]
                if gaps:
                    raise AssetError("not what the lock file names")
            except AssetError as error:
                raise AssetError(f"{error}.\n{fetch.how_to_supply(package, gaps[0])}") from error
        for file in package.files:
            compress(package.path(vendor, file))
        if origin:
            print(step, origin, flush=True)
    _remove_others(vendor, packages)
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
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> None:
    """Runs the command."""
    if arguments.relock:
        from websim_server.relock import relock

        relock()
    provide(VENDOR, CHECKOUT, arguments.mirror)
    kernels.provide()
    image.provide()
