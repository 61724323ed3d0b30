"""The native stepper is built when its source or MuJoCo changes, and failures say what to do."""

import ctypes
import shutil
from pathlib import Path

import pytest

from websim_server.build import compiler, stepper
from websim_server.errors import AssetError, CompilerError


@pytest.fixture(autouse=True)
def compiler_cache(
    tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The C library's part of each build, which takes seconds, is compiled once."""
    monkeypatch.setenv("ZIG_GLOBAL_CACHE_DIR", str(tmp_path_factory.getbasetemp() / "zig"))


@pytest.fixture
def sources(tmp_path: Path) -> Path:
    assert stepper.SOURCES is not None
    return Path(shutil.copytree(stepper.SOURCES, tmp_path / "native-build"))


def test_built_once_for_the_same_sources(
    sources: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    first = stepper.made(tmp_path, sources).provide()
    assert "Compiling" in capsys.readouterr().out
    assert ctypes.CDLL(str(first)).run_job
    assert stepper.made(tmp_path, sources).provide() == stepper.made(tmp_path).find() == first
    assert "Compiling" not in capsys.readouterr().out
    with (sources / "stepper.c").open("a") as stream:
        stream.write("// changed\n")
    second = stepper.made(tmp_path, sources).provide()
    assert list(tmp_path.glob(stepper.LIBRARY)) == [second] != [first]
    assert stepper.made(tmp_path, sources, "0.0.0").wanted() != second


def test_compiler_errors_are_passed_on(sources: Path, tmp_path: Path) -> None:
    (sources / "stepper.c").write_text("int one(void) { return two; }\n")
    with pytest.raises(CompilerError, match="two"):
        stepper.made(tmp_path, sources).provide()
    assert not list(tmp_path.glob(stepper.LIBRARY))


def test_no_compiler(sources: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compiler, "find_spec", lambda name: None)
    with pytest.raises(CompilerError, match=r"the native stepper needs .* ziglang"):
        stepper.made(tmp_path, sources).provide()


def test_a_missing_library_is_told(tmp_path: Path) -> None:
    with pytest.raises(AssetError, match="websim assets"):
        stepper.made(tmp_path).find()
