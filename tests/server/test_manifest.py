"""The manifest says the truth, and the Python package in it follows its source."""

import io
import json
import zipfile
from pathlib import Path
from typing import Any

import pytest

from tests.server.http_client import fetch
from websim import InvalidArgument
from websim.algorithms import ALGORITHMS
from websim.algorithms.presets import preset
from websim.training import checkpoints
from websim_server import __version__
from websim_server.paths import websim_source
from websim_server.site.package import Bundle, zip_folder
from websim_server.site.sources import Sources


@pytest.fixture
def manifest(server: str) -> dict[str, Any]:
    answer = fetch(server, "/manifest.json")
    assert answer["cache-control"] == "no-cache"
    content: dict[str, Any] = json.loads(answer.body)
    return content


def test_health(server: str) -> None:
    assert json.loads(fetch(server, "/healthz").body) == {"status": "ok", "version": __version__}


def test_sizes_are_those_of_what_is_sent(server: str, manifest: dict[str, Any]) -> None:
    def size(url: str) -> int:
        answer = fetch(server, url)
        assert answer.status == 200, url
        assert "immutable" in answer["cache-control"]
        return len(answer.body)

    assert manifest["version"] == __version__
    assert size(manifest["mujoco"]["script"]) > 0
    assert size(manifest["mujoco"]["wasm"]) == manifest["mujoco"]["bytes"]
    # What the page fetches for its workers, who import the scripts themselves.
    names = ["pyodide.asm.wasm", "python_stdlib.zip", "pyodide-lock.json"]
    index = manifest["pyodide"]["index"]
    assert sum(size(index + name) for name in names) == manifest["pyodide"]["bytes"]
    libraries = [file for files in manifest["libraries"].values() for file in files]
    for package in [
        *(manifest["image"], manifest["websim"]),
        *(*manifest["kernels"].values(), *libraries),
    ]:
        assert size(package["url"]) == package["bytes"]
    # A visit that needs none of them loads and stores none.
    assert libraries
    assert not {file["url"] for file in libraries} & set(manifest["files"])


def test_what_has_been_learnt_comes_with_the_page(server: str, manifest: dict[str, Any]) -> None:
    assert sum(run["bytes"] for run in manifest["trained"]) < 2_000_000
    for run in manifest["trained"]:
        data = fetch(server, run["url"]).body
        assert len(data) == run["bytes"]
        checkpoint = checkpoints.loads(data)
        assert (checkpoint.experiment.task, checkpoint.claim is not None) == (run["task"], True)
        assert run["url"] in manifest["sources"]["urls"]


def test_everything_to_store_is_served(server: str, manifest: dict[str, Any]) -> None:
    for url in manifest["files"]:
        answer = fetch(server, url)
        assert answer.status == 200, url
        assert "immutable" in answer["cache-control"], url
    for url in manifest["sources"]["urls"]:
        answer = fetch(server, url)
        assert answer.status == 200, url
        assert answer["cache-control"] == "no-cache", url
    assert {"/", "/sim/worker/worker.js", "/app/main.js"} < set(manifest["sources"]["urls"])
    assert manifest["image"]["url"] in manifest["files"]


def test_sources_have_another_version_when_one_changes(tmp_path: Path) -> None:
    for name in ("app", "sim"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "main.js").write_text("1")
    (tmp_path / "index.html").write_text("page")
    sources = Sources(tmp_path, True)
    first = sources.manifest()
    assert sources.manifest() == first
    assert Sources(tmp_path, False).manifest()["version"] != first["version"]
    (tmp_path / "sim" / "main.js").write_text("22")
    assert sources.manifest()["version"] != first["version"]


def test_algorithms_are_described_as_they_are(manifest: dict[str, Any]) -> None:
    """What a form needs to make every hyperparameter, and nothing that is not there."""
    assert set(manifest["algorithms"]) == set(ALGORITHMS)
    for name, described in manifest["algorithms"].items():
        kind = ALGORITHMS[name].Hyperparameters
        defaults = kind(**{h["name"]: h["default"] for h in described["hyperparameters"]})
        assert defaults == kind()
        for hyperparameter in described["hyperparameters"]:
            assert hyperparameter["help"]
            if hyperparameter["type"] in ("int", "float"):
                assert "raise it" in hyperparameter["help"], "when it should be another"
            for limit, outside in (("low", -1), ("high", 1)):
                if (value := hyperparameter[limit]) is None:
                    continue
                beyond: Any = value + outside
                if hyperparameter["type"] == "ints":
                    beyond = [beyond]
                with pytest.raises(InvalidArgument, match=hyperparameter["name"]):
                    kind(**{hyperparameter["name"]: beyond})
        for preset_name, tasks in described["presets"].items():
            for task in tasks:
                values = preset(name, preset_name, task)
                assert json.loads(json.dumps(values)) == {**tasks["*"], **tasks[task]}
                kind(**values)
    by_name = {h["name"]: h for h in manifest["algorithms"]["ppo"]["hyperparameters"]}
    types = {"learning_rate": "float", "num_envs": "int", "anneal_lr": "bool"}
    types |= {"hidden_sizes": "ints", "activation": "str", "target_kl": "float"}
    assert {n: by_name[n]["type"] for n in types} == types
    assert "tanh" in by_name["activation"]["choices"]


def test_python_package_is_importable_from_the_zip(server: str, manifest: dict[str, Any]) -> None:
    answer = fetch(server, manifest["websim"]["url"])
    names = zipfile.ZipFile(io.BytesIO(answer.body)).namelist()
    assert "websim/__init__.py" in names
    assert not [name for name in names if "__pycache__" in name or name.endswith(".so")]
    assert names == sorted(names)


def test_same_source_gives_the_same_zip() -> None:
    assert zip_folder(websim_source()) == zip_folder(websim_source())


def test_a_changed_source_has_a_new_name_and_the_old_one_stays(tmp_path: Path) -> None:
    folder = tmp_path / "websim"
    folder.mkdir()
    source = folder / "__init__.py"
    source.write_text("x = 1")
    bundle = Bundle(folder)
    first = bundle.name()
    assert bundle.name() == first
    source.write_text("x = 22")
    second = bundle.name()
    assert second != first
    old, new = bundle.get(first), bundle.get(second)
    assert old is not None
    assert new is not None
    assert zipfile.ZipFile(io.BytesIO(old)).read("websim/__init__.py") == b"x = 1"
    assert zipfile.ZipFile(io.BytesIO(new)).read("websim/__init__.py") == b"x = 22"
    assert bundle.get("websim-none.zip") is None


def test_how_robots_begin(server: str, manifest: dict[str, Any]) -> None:
    answer = fetch(server, f"{manifest['openings']}InvertedPendulum-v5.json")
    assert answer.status == 200
    assert "immutable" in answer["cache-control"]
    assert json.loads(answer.body)["about"]["sizes"]["nq"] == 2
    assert fetch(server, f"{manifest['openings']}Unknown-v0.json").status == 404
    assert fetch(server, "/openings/websim-of-another-time.zip/Ant-v5.json").status == 404
