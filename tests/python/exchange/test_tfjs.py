"""TensorFlow.js's models, as it wrote and as it played them (`bench/tfjs.mjs`), and ours for it."""

import base64
import io
import json
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import pytest
from numpy.typing import NDArray

from tests.python.exchange.test_onnx import KINDS, learnt, ours
from websim.errors import ForeignPolicy
from websim.exchange.imports import program_of, run_from
from websim.exchange.tfjs import bundle, export, layers, models, operators
from websim.experiments.experiment import Experiment
from websim.onnx.model import dumps
from websim.policies import Playing
from websim.training.trainer import policy_of

MODELS = Path(__file__).parent / "models"

HOPPER = Experiment(task="Hopper-v5")


@pytest.mark.parametrize("name", ["layers-model", "graph-model"])
def test_they_act_as_in_tensorflow_js(name: str, tmp_path: Path) -> None:
    data, observations, theirs = known(name)
    assert program_of(data) == "tfjs"
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


PARTS = json.loads((MODELS / "tfjs-parts.json").read_text())

#: Other names for what there is a part of, or of older versions.
ALIKE = {"BatchMatMul", "FusedDepthwiseConv2dNative", "FusedBatchNorm", "FusedBatchNormV2"}
ALIKE |= {"Gather", "Snapshot", "Acosh"}


@pytest.mark.parametrize("kind", PARTS)
def test_each_part_does_what_it_does_there(kind: str) -> None:
    for name, part in PARTS[kind].items():
        files: dict[str, bytes | str] = {
            "model.json": json.dumps(
                {
                    "modelTopology": part["modelTopology"],
                    "weightsManifest": [{"paths": ["w.bin"], "weights": part["weightSpecs"]}],
                }
            ),
            "w.bin": base64.b64decode(part["weights"]),
        }
        data = dumps(models.graph_of(bundle.read(zipped(files))))
        session = onnxruntime.InferenceSession(data, providers=["CPUExecutionProvider"])
        given = {session.get_inputs()[0].name: np.array(part["seen"], np.float32)}
        (made, *_) = session.run(None, given)
        np.testing.assert_allclose(made, part["made"], atol=1e-5, err_msg=name)
    if kind == "operators":
        tried = {n["op"] for p in PARTS[kind].values() for n in p["modelTopology"]["node"]}
        assert set(operators.OPERATORS) <= tried | ALIKE
    else:
        text = json.dumps(PARTS[kind])
        assert all(f'"class_name": "{layer}"' in text for layer in layers.LAYERS)


def test_what_is_no_perceptron_acts_as_in_tensorflow_js() -> None:
    data, observations, theirs = known("convolution")
    run = run_from(models.read(data), HOPPER)
    assert run.experiment.algorithm == "graph"
    assert abs(ours(run, observations) - theirs).max() < 1e-5


def test_its_states_are_remembered_until_an_episode_begins() -> None:
    data, observations, theirs = known("lstm")
    run = run_from(models.read(data), HOPPER)
    high = np.full(3, 9, np.float32)
    playing = Playing(policy_of(run.experiment, run.learner, -high, high))
    for _ in range(2):
        started = [i == 0 for i in range(len(observations))]
        steps = zip(observations[:, None], started, strict=True)
        found = np.concatenate([playing(row, np.array([first])) for row, first in steps])
        assert abs(found - theirs).max() < 1e-5


def known(name: str) -> tuple[bytes, NDArray[np.float64], NDArray[np.float64]]:
    """A model, observations, and what it does in TensorFlow.js."""
    told = json.loads((MODELS / f"tfjs-{name}.json").read_text())
    data = (MODELS / f"tfjs-{name}.zip").read_bytes()
    return data, np.array(told["observations"]), np.array(told["actions"])


def zipped(files: Mapping[str, bytes | str]) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return made.getvalue()


def changed(change: Callable[[dict[str, Any]], None], name: str = "layers-model") -> bytes:
    with zipfile.ZipFile(MODELS / f"tfjs-{name}.zip") as archive:
        files = {member: archive.read(member) for member in archive.namelist()}
    content = json.loads(files["model.json"])
    change(content)
    return zipped(files | {"model.json": json.dumps(content).encode()})


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
    "a layer": (lambda: changed(lambda c: layer(c, 1).update(class_name="Mine")), "'Mine' is not"),
    "an activation": (
        lambda: changed(lambda c: layer(c, 1)["config"].update(activation="cube")),
        "'cube' is not known; known are tanh",
    ),
    "two inputs": (
        lambda: changed(
            lambda c: layer(c, 1).update(inbound_nodes=[[["a", 0, 0, {}], ["b", 0, 0, {}]]])
        ),
        "A chain's layer takes a, b",
    ),
    "no weights": (lambda: changed(lambda c: layer(c, 1)["config"].update(name="x")), "lacks"),
    "an operator": (
        lambda: changed(lambda c: c["modelTopology"]["node"][-1].update(op="FFT"), "graph-model"),
        "'FFT' of TensorFlow is not known. Known are",
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
    for name in ("layers-model", "graph-model", "lstm"):
        with zipfile.ZipFile(MODELS / f"tfjs-{name}.zip") as archive:
            files = {member: archive.read(member) for member in archive.namelist()}
        for _ in range(150):
            text = np.frombuffer(files["model.json"], np.uint8).copy()
            text[rng.integers(len(text), size=rng.choice([1, 4]))] = rng.integers(32, 127)
            try:
                run_from(models.read(zipped(files | {"model.json": text.tobytes()})), HOPPER)
                outcomes.add("read")
            except ForeignPolicy as error:
                outcomes.add(str(error)[:20])
    assert len(outcomes) > 3
