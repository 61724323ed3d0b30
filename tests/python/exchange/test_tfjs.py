"""TensorFlow.js's models, as it wrote and as it played them (`bench/tfjs.mjs`), and ours for it."""

import io
import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.python.exchange.test_onnx import KINDS, learnt, ours
from websim.errors import ForeignPolicy
from websim.exchange.imports import program_of, run_from
from websim.exchange.tfjs import bundle, export, models
from websim.experiments.experiment import Experiment

MODELS = Path(__file__).parent / "models"

HOPPER = Experiment(task="Hopper-v5")


@pytest.mark.parametrize("name", ["layers-model", "graph-model"])
def test_they_act_as_in_tensorflow_js(name: str, tmp_path: Path) -> None:
    data = (MODELS / f"tfjs-{name}.zip").read_bytes()
    assert program_of(data) == "tfjs"
    known = json.loads((MODELS / f"tfjs-{name}.json").read_text())
    observations, theirs = np.array(known["observations"]), np.array(known["actions"])
    found = ours(run_from(models.read(data), HOPPER), observations)
    assert abs(found - theirs).max() < 1e-5
    assert theirs.std() > 0.1

    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        archive.extractall(tmp_path)
    beside = models.read(bundle.packed(tmp_path / "model.json"))
    np.testing.assert_array_equal(ours(run_from(beside, HOPPER), observations), found)


@pytest.mark.parametrize("kind", ["ppo tanh", "ppo silu", "squashed", "unclipped", "es", "ars"])
def test_what_is_written_is_read_again(kind: str) -> None:
    run, observations = learnt(KINDS[kind])
    again = run_from(models.read(export.export(run)), run.experiment)
    # All is float32 there, and some of what a Humanoid sees hardly varies.
    most = 5e-4 if run.experiment.task == "Humanoid-v5" else 1e-5
    assert abs(ours(again, observations) - ours(run, observations)).max() < most


def changed(change: Callable[[dict[str, Any]], None], name: str = "layers-model") -> bytes:
    made = io.BytesIO()
    with (
        zipfile.ZipFile(MODELS / f"tfjs-{name}.zip") as archive,
        zipfile.ZipFile(made, "w") as other,
    ):
        for member in archive.namelist():
            data = archive.read(member)
            if member == "model.json":
                content = json.loads(data)
                change(content)
                data = json.dumps(content).encode()
            other.writestr(member, data)
    return made.getvalue()


def layer(content: dict[str, Any], number: int) -> dict[str, Any]:
    topology = content["modelTopology"]
    found: dict[str, Any] = topology.get("model_config", topology)["config"]["layers"][number]
    return found


def weight(content: dict[str, Any], number: int = 0) -> dict[str, Any]:
    found: dict[str, Any] = content["weightsManifest"][0]["weights"][number]
    return found


REFUSED: dict[str, tuple[Callable[[], bytes], str]] = {
    "no file": (lambda: b"", "no model of TensorFlow.js"),
    "no manifest": (lambda: changed(lambda c: c.pop("weightsManifest")), "weightsManifest"),
    "no topology": (lambda: changed(lambda c: c.pop("modelTopology")), "no modelTopology"),
    "no shard": (
        lambda: changed(lambda c: c["weightsManifest"][0].update(paths=["a.bin"])),
        "weights are missing",
    ),
    "too few": (lambda: changed(lambda c: weight(c).update(shape=[99999])), "end before"),
    "a dtype": (lambda: changed(lambda c: weight(c).update(dtype="string")), "not known"),
    "a layer": (lambda: changed(lambda c: layer(c, 1).update(class_name="LSTM")), "'LSTM'"),
    "an activation": (
        lambda: changed(lambda c: layer(c, 1)["config"].update(activation="selu")),
        "'selu'",
    ),
    "two inputs": (
        lambda: changed(
            lambda c: layer(c, 1).update(inbound_nodes=[[["a", 0, 0, {}], ["b", 0, 0, {}]]])
        ),
        "ours are chains",
    ),
    "no weights": (lambda: changed(lambda c: layer(c, 1)["config"].update(name="x")), "lacks"),
    "an operator": (
        lambda: changed(lambda c: c["modelTopology"]["node"][-1].update(op="Erf"), "graph-model"),
        "'Erf' cannot become",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_cannot_be_read_is_refused_in_words(case: str) -> None:
    make, said = REFUSED[case]
    with pytest.raises(ForeignPolicy, match=said):
        run_from(models.read(make()), HOPPER)


def test_any_bytes_end_in_a_named_error() -> None:
    rng = np.random.default_rng(0)
    outcomes = set()
    for name in ("layers-model", "graph-model"):
        with zipfile.ZipFile(MODELS / f"tfjs-{name}.zip") as archive:
            files = {member: archive.read(member) for member in archive.namelist()}
        for _ in range(150):
            text = np.frombuffer(files["model.json"], np.uint8).copy()
            text[rng.integers(len(text), size=rng.choice([1, 4]))] = rng.integers(32, 127)
            made = io.BytesIO()
            with zipfile.ZipFile(made, "w") as archive:
                for member, data in (files | {"model.json": text.tobytes()}).items():
                    archive.writestr(member, data)
            try:
                run_from(models.read(made.getvalue()), HOPPER)
                outcomes.add("read")
            except ForeignPolicy as error:
                outcomes.add(str(error)[:20])
    assert len(outcomes) > 3
