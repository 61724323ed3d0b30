"""An installed package works from any folder and carries all assets."""

import json
import shutil
import subprocess
import sys
import sysconfig
import venv
from pathlib import Path

import pytest

from tests.server.http_client import fetch
from websim_server.paths import CHECKOUT, WEB


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A virtual environment with the wheel of this checkout; the dependencies are lent."""
    assert CHECKOUT is not None
    folder = tmp_path_factory.mktemp("install")
    checkout = folder / "checkout"
    # A copy, so that the vendored files are reused but nothing is written beside them.
    ignored = shutil.ignore_patterns("__pycache__", "tests", "node_modules", ".*")
    shutil.copytree(CHECKOUT, checkout, ignore=ignored)
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet"]
    build = ["wheel", "--no-deps", "--no-build-isolation", "--no-index", "--wheel-dir", str(folder)]
    subprocess.run([*pip, *build, str(checkout)], check=True)
    shutil.rmtree(checkout)
    environment = folder / "venv"
    venv.create(environment, symlinks=True)
    (wheel,) = folder.glob("*.whl")
    python = str(environment / "bin/python")
    install = ["--python", python, "install", "--no-deps", "--no-index", str(wheel)]
    subprocess.run([*pip, *install], check=True)
    (packages,) = environment.glob("lib/python*/site-packages")
    # A path that stands in a .pth file is added without the .pth files in it: without the checkout.
    (packages / "lent.pth").write_text(sysconfig.get_path("purelib") + "\n")
    return environment


def test_installed_package_serves_from_any_folder(environment: Path, tmp_path: Path) -> None:
    command = [str(environment / "bin/websim"), "serve", "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=tmp_path) as process:
        try:
            assert process.stdout is not None
            server = process.stdout.readline().split(" is at ")[1].split()[0]
            assert fetch(server, "/").body == (WEB / "index.html").read_bytes()
            assert fetch(server, "/sim/worker/worker.js").status == 200
            manifest = json.loads(fetch(server, "/manifest.json").body)
            wasm = fetch(server, manifest["mujoco"]["wasm"], accept_encoding="br")
            assert wasm["content-encoding"] == "br"
            packages = [manifest["image"], manifest["websim"], *manifest["kernels"].values()]
            for package in packages:
                assert len(fetch(server, package["url"]).body) == package["bytes"]
        finally:
            process.terminate()


def test_installed_package_steps_robots(environment: Path, tmp_path: Path) -> None:
    code = """
import numpy as np, websim
env = websim.make_vec("Ant-v5", 3)
env.reset(seed=0)
for _ in range(3):
    print(env.step(np.zeros((3, 8), np.float32))[0].shape)
"""
    command = [str(environment / "bin/python"), "-c", code]
    result = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert result.stdout.splitlines() == ["(3, 105)"] * 3, result.stderr


def test_installed_package_is_the_one_that_ran(environment: Path, tmp_path: Path) -> None:
    code = "import websim, websim_server.paths as p; print(websim.__file__, p.WEB, p.CHECKOUT)"
    command = [str(environment / "bin/python"), "-c", code]
    said = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True).stdout
    package, web, checkout = said.split()
    assert package.startswith(str(environment))
    assert web.startswith(str(environment))
    assert checkout == "None"


def test_installed_assets_are_intact(environment: Path, tmp_path: Path) -> None:
    command = [str(environment / "bin/websim"), "assets"]
    result = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert result.returncode == 0, result.stderr
    assert "are as locked" in result.stdout
    assert "kernels' module is there" in result.stdout
