"""The optimised MuJoCo module, the choice of an engine, and what happens where none can be made."""

import json
import subprocess
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from websim_server import cli
from websim_server.build import assets, engine, fetch, lock
from websim_server.build.lock import Package
from websim_server.errors import EngineError
from websim_server.paths import CHECKOUT, VENDOR
from websim_server.site.app import create_app

MAX_BYTES, MAX_COMPRESSED_BYTES = 4_500_000, 1_300_000

PACKAGES = {package.name: package for package in lock.read()}
OFFICIAL, OPTIMISED = PACKAGES["mujoco"], PACKAGES["mujoco-optimised"]


def module(package: Package) -> Path:
    return VENDOR / package.folder / "mujoco.wasm"


def custom_sections(wasm: bytes) -> set[str]:
    """The names of a WASM file's custom sections: debug information is in such ones."""
    at, names = 8, set()

    def leb128() -> int:
        nonlocal at
        value = shift = 0
        while True:
            byte = wasm[at]
            at += 1
            value |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                return value

    while at < len(wasm):
        kind = wasm[at]
        at += 1
        size = leb128()
        end = at + size
        if kind == 0:
            length = leb128()
            names.add(wasm[at : at + length].decode())
        at = end
    return names


def test_optimised_module_is_small_and_without_debug_information() -> None:
    path = module(OPTIMISED)
    assert path.stat().st_size <= MAX_BYTES
    assert path.with_name("mujoco.wasm.br").stat().st_size <= MAX_COMPRESSED_BYTES
    assert custom_sections(path.read_bytes()) == set()
    assert ".debug_info" in custom_sections(module(OFFICIAL).read_bytes())


def test_lock_is_of_these_passes() -> None:
    assert CHECKOUT is not None
    stamp = engine.stamp(module(OFFICIAL), CHECKOUT)
    assert OPTIMISED.folder.endswith(f"-{stamp}"), "websim assets --relock"


@pytest.mark.parametrize("name", ["optimised", "official"])
def test_engine_by_flag(name: str) -> None:
    told = TestClient(create_app(engine=name)).get("/manifest.json").json()["mujoco"]
    package = OPTIMISED if name == "optimised" else OFFICIAL
    assert told["engine"] == name
    assert told["wasm"] == f"/vendor/{package.folder}/mujoco.wasm"


def test_engine_by_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WEBSIM_ENGINE", "official")
    assert engine.default() == "official"
    # What make passes on when nothing was said.
    monkeypatch.setenv("WEBSIM_ENGINE", "")
    assert engine.default() == "optimised"


def test_official_takes_the_place_of_a_missing_optimised_one(tmp_path: Path) -> None:
    assert engine.choose("optimised", tmp_path, lock.read()).name == "official"


@pytest.fixture
def only_mujoco(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A vendor folder that holds the official module, beside a lock of that and the optimised."""
    monkeypatch.setattr(lock, "read", lambda: [OFFICIAL, OPTIMISED])
    for file in OFFICIAL.files:
        path = OFFICIAL.path(tmp_path, file)
        path.parent.mkdir(exist_ok=True)
        path.write_bytes((VENDOR / OFFICIAL.folder / file.name).read_bytes())
        # Compressing is not what is tested here.
        for suffix in (".br", ".gz"):
            path.with_name(path.name + suffix).write_bytes(b"")
    return tmp_path


def checkout_with(tmp_path: Path, script: str) -> Path:
    """A checkout whose wasm-opt is this script."""
    tool = tmp_path / "node_modules/binaryen/bin/wasm-opt"
    tool.parent.mkdir(parents=True)
    tool.write_text(script)
    return tmp_path


@pytest.mark.parametrize(
    ("script", "said"),
    [
        ("console.error('Fatal: out of memory'); process.exit(1)", "Fatal: out of memory"),
        (
            "require('fs').writeFileSync(process.argv.at(-1), 'something else')",
            "but the lock file says",
        ),
    ],
)
def test_failed_optimisation_leaves_the_official_module(
    only_mujoco: Path,
    tmp_path_factory: pytest.TempPathFactory,
    capsys: pytest.CaptureFixture[str],
    script: str,
    said: str,
) -> None:
    checkout = checkout_with(tmp_path_factory.mktemp("checkout"), script)
    assets.provide(only_mujoco, checkout, None)
    printed = capsys.readouterr().out
    assert said in printed
    assert "will use the official module instead" in printed
    assert not (only_mujoco / OPTIMISED.folder / "mujoco.wasm").exists()
    assert (only_mujoco / OFFICIAL.folder / "mujoco.wasm").exists()


def test_no_npm_leaves_the_official_module(
    only_mujoco: Path,
    tmp_path_factory: pytest.TempPathFactory,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(fetch, "node_tool", lambda name: None)
    assets.provide(only_mujoco, tmp_path_factory.mktemp("checkout"), None)
    printed = capsys.readouterr().out
    assert "there is no npm on this machine" in printed
    assert "will use the official module instead" in printed


def test_official_alone_when_that_is_wanted(
    only_mujoco: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assets.provide(only_mujoco, None, None, "official")
    assert capsys.readouterr().out == "1 third-party packages (11 MB) are as locked\n"


def test_optimised_module_from_a_mirror(only_mujoco: Path) -> None:
    assets.provide(only_mujoco, None, VENDOR)
    assert (only_mujoco / OPTIMISED.folder / "mujoco.wasm").read_bytes() == module(
        OPTIMISED
    ).read_bytes()


@pytest.fixture
def own_engine(tmp_path: Path) -> Path:
    folder = tmp_path / "engine"
    folder.mkdir()
    (folder / "mujoco.js").write_text("export default () => {};\n")
    (folder / "mujoco.wasm").write_bytes(b"\0asm\1\0\0\0")
    about = {"name": "mine", "mujoco": "3.14.0", "dynamicExecution": False}
    (folder / "engine.json").write_text(json.dumps(about))
    return folder


def test_own_engine(own_engine: Path) -> None:
    client = TestClient(create_app(engine=str(own_engine)))
    told = client.get("/manifest.json").json()["mujoco"]
    assert (told["engine"], told["version"], told["bytes"]) == ("mine", "3.14.0", 8)
    assert client.get(told["wasm"]).content == b"\0asm\1\0\0\0"
    assert client.get(told["script"]).headers["content-type"].startswith("text/javascript")
    policy = client.get("/sim/worker/worker.js").headers["content-security-policy"]
    assert "'unsafe-eval'" not in policy
    assert "'wasm-unsafe-eval'" in policy


def test_own_engine_that_evaluates(own_engine: Path) -> None:
    about = {"name": "mine", "mujoco": "3.14.0", "dynamicExecution": True}
    (own_engine / "engine.json").write_text(json.dumps(about))
    client = TestClient(create_app(engine=str(own_engine)))
    assert "'unsafe-eval'" in client.get("/sim/worker/worker.js").headers["content-security-policy"]


def test_wrong_engine_is_told(own_engine: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["serve", "--port", "0", "--engine", "fastest"]) == 1
    said = capsys.readouterr().err
    assert "there is no engine 'fastest'" in said
    assert "'optimised', 'official'" in said
    (own_engine / "engine.json").write_text('{"name": "mine"}')
    with pytest.raises(EngineError, match=r"engine\.json must be an object with name, mujoco"):
        create_app(engine=str(own_engine))


def test_make_passes_the_engine_on() -> None:
    assert CHECKOUT is not None
    for setting, expected in (["ENGINE=official"], "official"), ([], ""):
        printed = subprocess.run(
            ["make", "--silent", "--eval", "show: ; @echo $$WEBSIM_ENGINE", "show", *setting],
            cwd=CHECKOUT,
            capture_output=True,
            text=True,
            env={"PATH": "/usr/bin:/bin"},
        )
        assert printed.stdout.strip() == expected, printed.stderr
