"""The learning kernels are built when their sources change, and failures say what to do."""

import shutil
from pathlib import Path

import pytest

from websim_server.build import compiler, kernels
from websim_server.errors import AssetError, CompilerError


@pytest.fixture
def sources(tmp_path: Path) -> Path:
    folder = tmp_path / "wasm-build"
    folder.mkdir()
    (folder / "one.c").write_text(
        '__attribute__((visibility("default"), used)) int one(void) { return 1; }\n'
    )
    return folder


def provide(folder: Path, sources: Path) -> None:
    for one in kernels.made(folder, sources).values():
        one.provide()


def test_built_once_for_the_same_sources(
    sources: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "kernels"
    provide(folder, sources)
    said = capsys.readouterr().out
    assert said.count("Compiling") == 2
    first = kernels.manifest(folder)
    for entry in first.values():
        module = folder / Path(entry["url"]).name
        assert module.read_bytes()[:4] == b"\0asm"
        assert module.stat().st_size == entry["bytes"]
    provide(folder, sources)
    assert "Compiling" not in capsys.readouterr().out
    with (sources / "one.c").open("a") as stream:
        stream.write("/* changed */\n")
    provide(folder, sources)
    second = kernels.manifest(folder)
    assert second["plain"]["url"] != first["plain"]["url"]
    assert len(list(folder.glob("*.wasm"))) == 2  # the old ones are gone


def test_compiler_errors_are_passed_on(sources: Path, tmp_path: Path) -> None:
    (sources / "one.c").write_text("int one(void) { return two; }\n")
    with pytest.raises(CompilerError, match="two"):
        provide(tmp_path / "kernels", sources)
    assert not list(tmp_path.glob("kernels/*.wasm"))


def test_no_compiler(sources: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda name: None)
    monkeypatch.setattr(compiler, "find_spec", lambda name: None)
    with pytest.raises(CompilerError, match="ziglang"):
        provide(tmp_path / "kernels", sources)


def test_missing_kernels_are_told(tmp_path: Path) -> None:
    with pytest.raises(AssetError, match="websim assets"):
        kernels.manifest(tmp_path)
