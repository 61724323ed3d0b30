"""ONNX out and in, beside ONNX's own checker and runtime."""

import json
import subprocess
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
import pytest
from numpy.typing import NDArray

from websim.algorithms.base import MAX_CLIP
from websim.errors import ForeignPolicy
from websim.exchange.imports import run_from
from websim.exchange.onnx import export, perceptrons
from websim.experiments.experiment import Experiment
from websim.training import checkpoints
from websim.training.checkpoints import Checkpoint
from websim.training.trainer import Trainer, policy_of

ROOT = Path(__file__).resolve().parents[3]

DEFAULTS = {"clip_obs": 10.0, "squash_output": False, "hidden_sizes": [64, 64]}

SMALL = {"num_envs": 4, "num_steps": 64, "num_minibatches": 4}

#: Every kind of policy that there is.
KINDS: dict[str, Experiment] = {
    **{
        f"ppo {activation}": Experiment(
            task="HalfCheetah-v5", hyperparameters={**SMALL, "activation": activation}
        )
        for activation in ("tanh", "relu", "elu", "silu", "identity")
    },
    "squashed": Experiment(
        task="Humanoid-v5", hyperparameters={**SMALL, "squash_output": True, "clip_obs": 5}
    ),
    "unclipped": Experiment(task="Ant-v5", hyperparameters={**SMALL, "clip_obs": MAX_CLIP}),
    "reinforce": Experiment(
        task="InvertedPendulum-v5", algorithm="reinforce", hyperparameters={"num_envs": 4}
    ),
    "es": Experiment(
        task="InvertedPendulum-v5",
        algorithm="es",
        hyperparameters={"num_envs": 4, "hidden_sizes": [6, 5]},
    ),
    "ars": Experiment(
        task="Hopper-v5", algorithm="ars", hyperparameters={"num_envs": 4, "hidden_sizes": []}
    ),
}


def learnt(experiment: Experiment) -> tuple[Checkpoint, NDArray[np.float64]]:
    """A run that has learnt a little, and 1,000 observations of its robots."""
    trainer = Trainer(experiment)
    trainer.advance()
    data = trainer.checkpoint()
    trainer.close()
    assert data is not None
    run = checkpoints.loads(data)
    # Weights as after much learning, so that actions meet their bounds.
    for name, array in run.learner["policy"].items():
        array += 0.3 * np.random.default_rng(len(name)).standard_normal(array.shape)
    env = experiment.make_vec(20)
    env.reset(seed=1)
    rng = np.random.default_rng(2)
    space = env.single_action_space
    seen = []
    for _ in range(50):
        env.step(rng.uniform(space.low, space.high, (20, space.low.size)).astype(np.float32))
        seen.append(env.observations.copy())
    env.close()
    return run, np.concatenate(seen)


def ours(run: Checkpoint, observations: NDArray[np.float64]) -> NDArray[np.float32]:
    env = run.experiment.make_vec(1)
    space = env.single_action_space
    env.close()
    return policy_of(run.experiment, run.learner, space.low, space.high)(observations)


def session(data: bytes) -> onnxruntime.InferenceSession:
    return onnxruntime.InferenceSession(data, providers=["CPUExecutionProvider"])


Exported = dict[str, tuple[Checkpoint, NDArray[np.float64], bytes]]


@pytest.fixture(scope="module")
def exported() -> Exported:
    """A run of each kind, 1,000 observations, and its model."""
    runs = {kind: learnt(experiment) for kind, experiment in KINDS.items()}
    return {kind: (run, seen, export.export(run)) for kind, (run, seen) in runs.items()}


@pytest.mark.parametrize("kind", KINDS)
def test_onnxruntime_does_what_ours_do(kind: str, exported: Exported) -> None:
    run, observations, data = exported[kind]
    model = onnx.load_from_string(data)
    onnx.checker.check_model(model, full_check=True)
    assert model.opset_import[0].version == 17

    theirs = session(data)
    (action,) = theirs.run(None, {"observation": observations[:1]})
    (actions,) = theirs.run(None, {"observation": observations})
    assert abs(actions - ours(run, observations)).max() < 1e-5
    assert abs(action - actions[:1]).max() < 1e-5
    if kind != "ppo identity":  # its layers become one
        again = run_from(perceptrons.read(data), run.experiment)
        assert abs(ours(again, observations) - actions).max() < 1e-5
        for name in ("clip_obs", "squash_output", "hidden_sizes"):
            args = run.experiment.hyperparameters
            assert again.experiment.hyperparameters[name] == args.get(name, DEFAULTS[name])

    told = theirs.get_modelmeta().custom_metadata_map
    assert told["task"] == run.experiment.task
    assert told["experiment_sha256"] == run.experiment.sha256
    assert len(json.loads(told["observation_names"])) == observations.shape[1]
    assert len(json.loads(told["action_names"])) == actions.shape[1]


def test_so_does_that_of_the_tab(exported: Exported, tmp_path: Path) -> None:
    for kind, (_, observations, data) in exported.items():
        (tmp_path / f"{kind}.onnx").write_bytes(data)
        (tmp_path / f"{kind}.f64").write_bytes(observations.tobytes())
    subprocess.run(["node", "tests/unit/onnx_actions.mjs", str(tmp_path)], check=True, cwd=ROOT)
    for kind, (run, observations, _) in exported.items():
        actions = np.fromfile(tmp_path / f"{kind}.f32", np.float32).reshape(len(observations), -1)
        assert abs(actions - ours(run, observations)).max() < 1e-5, kind


def written(
    nodes: list[onnx.NodeProto], constants: dict[str, Any], inputs: int = 1, output: str = "actions"
) -> bytes:
    """A model of Reacher's policies, as other programs may write it."""
    node = onnx.helper
    slots = [
        node.make_tensor_value_info(name, onnx.TensorProto.FLOAT, ["n", size])
        for name, size in [("obs", 10), ("state", 4)][:inputs]
    ]
    graph = node.make_graph(
        nodes,
        "theirs",
        slots,
        [node.make_tensor_value_info(output, onnx.TensorProto.FLOAT, ["n", 2])],
        [
            onnx.numpy_helper.from_array(np.asarray(array, np.float32), name)
            for name, array in constants.items()
        ],
    )
    opset = node.make_opsetid("", 17)
    model = node.make_model(graph, opset_imports=[opset], ir_version=8)
    return bytes(model.SerializeToString())


def random(*shape: int) -> NDArray[np.float32]:
    return np.random.default_rng(shape).standard_normal(shape).astype(np.float32) * 0.3


def op(name: str, *inputs: str, to: str, **attributes: Any) -> onnx.NodeProto:
    return onnx.helper.make_node(name, list(inputs), [to], **attributes)


WEIGHTS = {"w0": random(16, 10), "b0": random(16), "w1": random(2, 16), "b1": random(2)}
"""As torch has them: [out, in]."""

#: As PyTorch writes them: Linear as Gemm, SiLU as two operators, the normaliser inside.
TORCH = [
    op("Flatten", "obs", to="flat"),
    op("Sub", "flat", "mean", to="centred"),
    op("Div", "centred", "std", to="scaled"),
    op("Clip", "scaled", "low", "high", to="clipped"),
    op("Gemm", "clipped", "w0", "b0", to="z", transB=1),
    op("Sigmoid", "z", to="gate"),
    op("Mul", "z", "gate", to="h"),
    op("Gemm", "h", "w1", "b1", to="actions", transB=1),
]
STATISTICS = {"mean": random(10), "std": 1 + abs(random(10)), "low": -2.0, "high": 2.0}

#: As tf2onnx and Keras do: MatMul and Add, weights [in, out]; scaled by what is computed of others.
KERAS = [
    op("Sqrt", "var", to="std"),
    op("Sub", "obs", "mean", to="centred"),
    op("Div", "centred", "std", to="scaled"),
    op("Transpose", "w0", to="k0", perm=[1, 0]),
    op("MatMul", "scaled", "k0", to="z"),
    op("Add", "b0", "z", to="zb"),
    op("Elu", "zb", to="h"),
    op("Transpose", "w1", to="k1", perm=[1, 0]),
    op("MatMul", "h", "k1", to="y"),
    op("Add", "y", "b1", to="u"),
    op("Tanh", "u", to="actions"),
]


@pytest.mark.parametrize(
    "data",
    [
        written(TORCH, WEIGHTS | STATISTICS),
        written(TORCH, WEIGHTS | STATISTICS | {"low": -1.0}),
        written(KERAS, WEIGHTS | {"mean": random(10), "var": 0.5 + abs(random(10))}),
    ],
    ids=["torch", "lopsided", "keras"],
)
def test_what_others_write_acts_as_in_onnxruntime(data: bytes) -> None:
    onnx.checker.check_model(onnx.load_from_string(data), full_check=True)
    run = run_from(perceptrons.read(data), Experiment(task="Reacher-v5"))
    observations = 3 * np.random.default_rng(0).standard_normal((1000, 10)).astype(np.float32)
    (actions,) = session(data).run(None, {"obs": observations})
    assert abs(ours(run, observations.astype(np.float64)) - np.clip(actions, -1, 1)).max() < 1e-5

    small = run.experiment.hyperparameters | SMALL
    trainer = Trainer(replace(run.experiment, hyperparameters=small))
    trainer.rejoin(trainer.communicator, run)
    trainer.advance()  # it can be learnt on
    trainer.close()


def changed(
    index: int, node: onnx.NodeProto | None = None, **constants: Any
) -> Callable[[], bytes]:
    nodes = list(TORCH)
    if node is not None:
        nodes[index] = node
    return lambda: written(nodes, WEIGHTS | STATISTICS | constants)


REFUSED: dict[str, tuple[Callable[[], bytes], str]] = {
    "no file": (lambda: b"", "no ONNX"),
    "a text": (lambda: b"hello, this is no model", "no ONNX"),
    "half of it": (lambda: written(TORCH, WEIGHTS | STATISTICS)[:900], "a field is cut off"),
    "NaN": (changed(0, w0=np.full((16, 10), np.nan)), "not finite"),
    "infinite": (changed(0, b1=[np.inf, 0]), "not finite"),
    "no deviation": (changed(0, std=np.zeros(10)), "not finite"),
    "negative deviation": (changed(0, std=-np.ones(10)), "above 0"),
    "another task": (changed(0, w0=random(16, 9)), "takes 9 observations"),
    "layers apart": (changed(0, w0=random(15, 10), b0=random(15)), "do not fit"),
    "a bias too long": (changed(0, b0=random(15)), "its bias does not fit"),
    "an operator": (changed(6, op("Softplush", "z", to="h")), "'Softplush' cannot become"),
    "a shortcut": (changed(6, op("Add", "z", "clipped", to="h")), "2 results of others"),
    "a circle": (changed(4, op("Gemm", "h", "w0", "b0", to="z", transB=1)), "in circles"),
    "a hole": (changed(4, op("Gemm", "void", "w0", "b0", to="z", transB=1)), "makes 'void'"),
    "no layer": (lambda: written([op("Tanh", "obs", to="actions")], {}), "no layer"),
    "it remembers": (lambda: written(TORCH, WEIGHTS | STATISTICS, inputs=2), "2 inputs"),
    "narrow": (
        lambda: written(
            [*TORCH, op("Clip", "actions", "less", "more", to="bounded")],
            WEIGHTS | STATISTICS | {"less": -0.5, "more": 0.5},
            output="bounded",
        ),
        "clips its actions to -0.5 to 0.5",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_cannot_be_read_is_refused_in_words(case: str) -> None:
    make, said = REFUSED[case]
    with pytest.raises(ForeignPolicy, match=said):
        run_from(perceptrons.read(make()), Experiment(task="Reacher-v5"))


def test_any_bytes_end_in_a_named_error() -> None:
    rng = np.random.default_rng(0)
    good = np.frombuffer(written(TORCH, WEIGHTS | STATISTICS), np.uint8)
    reacher = Experiment(task="Reacher-v5")
    outcomes = set()
    for _ in range(300):
        spoilt = good.copy()
        # Weights are most of a file: what says what they are is hit as often.
        where = rng.choice([600, len(spoilt)])
        spoilt[rng.integers(where, size=rng.choice([1, 1, 4]))] = rng.integers(256)
        try:
            run_from(perceptrons.read(spoilt.tobytes()), reacher)
            outcomes.add("read")
        except ForeignPolicy as error:
            outcomes.add(str(error)[:20])
    assert len(outcomes) > 3
