"""`websim assets`: each file checked by hash, from a mirror folder, npm or an index like PyPI."""

import hashlib
import io
import json
import os
import shutil
import subprocess
import sys
import tarfile
import threading
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.responses import JSONResponse
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from websim_server import cli
from websim_server.build import assets, fetch, lock
from websim_server.build.lock import File, Package
from websim_server.errors import AssetError, HashMismatch
from websim_server.paths import CHECKOUT, VENDOR
from websim_server.site.serve import listen


def locked(name: str, data: bytes) -> File:
    return File(name, hashlib.sha256(data).hexdigest(), len(data))


SCRIPT, STYLE, WHEEL = b"export const x = 1;\n" * 50, b"a { color: red }\n" * 50, b"a wheel"
WHEEL_NAME = "thing-1.0-py3-none-any.whl"
MODULE = Package(
    *("module", "2.0.0", "npm", "@scope/module", "module-2.0.0"),
    files=(locked("dist/module.js", SCRIPT), locked("module.css", STYLE)),
)
PURE = Package("thing", "1.0", "pypi", "thing", "wheels", (locked(WHEEL_NAME, WHEEL),))
CARRIED = Package(
    *("thing", "1.0", "pypi", "carrier", "wheels", (locked(WHEEL_NAME, WHEEL),)),
    inside=("carrier-1.0-py3-none-any.whl", f"carrier/parts/{WHEEL_NAME}"),
)


@pytest.fixture
def vendor(tmp_path: Path) -> Path:
    return tmp_path / "vendor"


@pytest.fixture
def mirror(tmp_path: Path) -> Path:
    folder = tmp_path / "mirror"
    folder.mkdir()
    return folder


def use(monkeypatch: pytest.MonkeyPatch, *packages: Package) -> None:
    monkeypatch.setattr(lock, "read", lambda: list(packages))


def tarball(mirror: Path, **changed: bytes) -> None:
    """What `npm pack` makes of MODULE."""
    with tarfile.open(mirror / "scope-module-2.0.0.tgz", "w:gz") as archive:
        for name, data in {"dist/module.js": SCRIPT, "module.css": STYLE, **changed}.items():
            info = tarfile.TarInfo(f"package/{name}")
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))


def test_everything_in_the_lock_is_there_and_intact() -> None:
    assert assets.missing(VENDOR, lock.read(), by_hash=True) == []


def test_lock_agrees_with_what_else_pins_versions() -> None:
    assert CHECKOUT is not None
    packages = {package.name: package for package in lock.read()}
    npm = json.loads((CHECKOUT / "package-lock.json").read_text("utf-8"))["packages"]
    for package in packages.values():
        if package.source == "npm":
            assert npm[f"node_modules/{package.project}"]["version"] == package.version
    pyodide = json.loads((VENDOR / "pyodide-314.0.3/pyodide-lock.json").read_text("utf-8"))
    assert packages["numpy"].files[0].sha256 == pyodide["packages"]["numpy"]["sha256"]
    requirements = (CHECKOUT / "requirements.lock").read_text("utf-8")
    for name in ("gymnasium", "mujoco"):
        assert f"\n{name}=={packages[name].version} " in requirements


def test_locks_name_no_host() -> None:
    assert CHECKOUT is not None
    for path in (CHECKOUT / "package-lock.json", *CHECKOUT.glob("requirements*.lock")):
        content = path.read_text("utf-8")
        assert "resolved" not in content
        assert "index-url" not in content


@pytest.mark.parametrize("layout", ["tarball", "vendor folder"])
def test_mirror_of_an_npm_package(
    vendor: Path, mirror: Path, monkeypatch: pytest.MonkeyPatch, layout: str
) -> None:
    if layout == "tarball":
        tarball(mirror)
    else:
        for name, data in (("dist/module.js", SCRIPT), ("module.css", STYLE)):
            path = mirror / "module-2.0.0" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
    use(monkeypatch, MODULE)
    assets.provide(vendor, None, mirror)
    assert (vendor / "module-2.0.0/dist/module.js").read_bytes() == SCRIPT
    assert (vendor / "module-2.0.0/module.css").read_bytes() == STYLE


def test_mirror_of_a_wheel_by_the_environment(
    mirror: Path, vendor: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (mirror / WHEEL_NAME).write_bytes(WHEEL)
    use(monkeypatch, CARRIED)
    monkeypatch.setattr(assets, "VENDOR", vendor)
    monkeypatch.setattr(assets, "_made", lambda: [])  # the image needs the real packages
    monkeypatch.setenv("WEBSIM_MIRROR", str(mirror))
    assert cli.main(["assets"]) == 0
    assert (vendor / "wheels" / WHEEL_NAME).read_bytes() == WHEEL
    assert f"from the mirror {mirror}" in capsys.readouterr().out


def test_mirror_folder_must_exist(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["assets", "--mirror", "/no/such/folder"]) == 1
    assert "the mirror folder /no/such/folder does not exist" in capsys.readouterr().err


def test_wrong_bytes_are_refused_and_leave_nothing(
    vendor: Path, mirror: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tarball(mirror, **{"module.css": b"something else"})
    use(monkeypatch, MODULE)
    with pytest.raises(HashMismatch, match=r"module\.css has 14 bytes with sha256 .* lock file"):
        assets.provide(vendor, None, mirror)
    assert not (vendor / "module-2.0.0/module.css").exists()


def test_damaged_file_is_brought_anew_with_its_compressed_copies(
    vendor: Path, mirror: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    tarball(mirror)
    use(monkeypatch, MODULE)
    assets.provide(vendor, None, mirror)
    script = vendor / "module-2.0.0/dist/module.js"
    packed = script.with_name("module.js.br")
    good = packed.read_bytes()
    assert script.with_name("module.js.gz").exists()

    capsys.readouterr()
    assets.provide(vendor, None, mirror)
    assert capsys.readouterr().out == "1 third-party packages (0 MB) are as locked\n"

    script.write_bytes(SCRIPT.replace(b"1", b"2"))
    packed.write_bytes(b"stale")
    assets.provide(vendor, None, mirror)
    assert (script.read_bytes(), packed.read_bytes()) == (SCRIPT, good)


def test_older_versions_are_removed(
    vendor: Path, mirror: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = vendor / "module-1.0.0/module.css"
    old.parent.mkdir(parents=True)
    old.write_bytes(STYLE)
    tarball(mirror)
    use(monkeypatch, MODULE)
    assets.provide(vendor, None, mirror)
    assert not old.exists()
    names = sorted(path.name for path in vendor.rglob("module*") if path.is_file())
    assert names == [n + s for n in ("module.css", "module.js") for s in ("", ".br", ".gz")]


def test_missing_is_seen_before_serving(vendor: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    use(monkeypatch, PURE)
    with pytest.raises(
        AssetError, match=rf"{WHEEL_NAME} is missing\. Bring it with: websim assets"
    ):
        assets.require(vendor)
    (vendor / "wheels").mkdir(parents=True)
    (vendor / "wheels" / WHEEL_NAME).write_bytes(WHEEL)
    assets.require(vendor)


@pytest.fixture
def index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A package index on this machine, which serves the files of a folder."""
    folder = tmp_path / "index"
    folder.mkdir()

    def page(request: object) -> JSONResponse:
        files = [
            {"filename": p.name, "url": f"/files/{p.name}", "hashes": {}} for p in folder.iterdir()
        ]
        return JSONResponse(
            {"meta": {"api-version": "1.0"}, "name": "any", "files": files},
            media_type="application/vnd.pypi.simple.v1+json",
        )

    app = Starlette(
        routes=[Route("/simple/{project}/", page), Mount("/files", StaticFiles(directory=folder))]
    )
    server = uvicorn.Server(uvicorn.Config(app, log_level="error"))
    with listen("127.0.0.1", 0) as listener:
        port = listener.getsockname()[1]
        monkeypatch.setenv("PIP_INDEX_URL", f"http://127.0.0.1:{port}/simple/")
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        try:
            yield folder
        finally:
            server.should_exit = True
            thread.join()


def test_wheel_from_the_index(vendor: Path, index: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (index / WHEEL_NAME).write_bytes(WHEEL)
    use(monkeypatch, PURE)
    assets.provide(vendor, None, None)
    assert (vendor / "wheels" / WHEEL_NAME).read_bytes() == WHEEL


def test_wheel_inside_of_another_wheel(index: Path) -> None:
    assert CARRIED.inside is not None
    name, member = CARRIED.inside
    with zipfile.ZipFile(index / name, "w") as archive:
        archive.writestr(member, WHEEL)
        archive.writestr("carrier/much_else", bytes(1 << 20))
    assert fetch.from_pypi(CARRIED) == {WHEEL_NAME: WHEEL}


def test_index_without_the_project(index: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PIP_INDEX_URL", os.environ["PIP_INDEX_URL"].replace("simple", "none"))
    with pytest.raises(AssetError, match=r"NoSuchProjectError.*thing"):
        fetch.from_pypi(PURE)


def test_index_without_the_file(index: Path) -> None:
    with pytest.raises(AssetError, match=f"does not list {WHEEL_NAME}"):
        fetch.from_pypi(PURE)


def test_pip_is_asked_for_its_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config = tmp_path / "pip.conf"
    config.write_text("[global]\nindex-url = http://127.0.0.1:1/simple/\n")
    monkeypatch.setenv("PIP_CONFIG_FILE", str(config))
    monkeypatch.delenv("PIP_INDEX_URL", raising=False)
    assert fetch.pip_setting("index-url") == "http://127.0.0.1:1/simple/"
    monkeypatch.setenv("PIP_INDEX_URL", "http://127.0.0.1:2/simple/")
    assert fetch.pip_setting("index-url") == "http://127.0.0.1:2/simple/"
    assert fetch.pip_setting("no-such-setting") is None


def test_failed_download_says_which_file_and_how_to_supply_it(
    vendor: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PIP_INDEX_URL", "http://user:secret@127.0.0.1:1/simple/")
    use(monkeypatch, CARRIED)
    with pytest.raises(AssetError) as raised:
        assets.provide(vendor, None, None)
    said = str(raised.value)
    assert WHEEL_NAME in said
    assert "on PyPI" in said
    assert "websim assets --mirror FOLDER" in said
    assert PURE.files[0].sha256 in said
    assert "secret" not in said


def test_failed_npm_says_so(tmp_path: Path, vendor: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    use(monkeypatch, MODULE)
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(AssetError, match=r"(?s)no npm on this machine.*scope-module-2\.0\.0\.tgz"):
        assets.provide(vendor, tmp_path, None)


@pytest.mark.skipif(shutil.which("unshare") is None, reason="needs unshare to take the network")
def test_second_start_needs_no_network() -> None:
    offline = ["unshare", "--net", "--map-root-user"]
    if subprocess.run([*offline, "true"], capture_output=True).returncode:
        pytest.skip("this user may not take the network from a process")
    command = [*offline, sys.executable, "-m", "websim_server", "assets"]
    result = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert result.returncode == 0, result.stderr
    assert "are as locked" in result.stdout
