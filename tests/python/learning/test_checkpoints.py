"""Checkpoints: going on gives the same curve; files that are not right are refused by name."""

import io
import json
import zipfile
from typing import Any

import numpy as np
import pytest
import safetensors.numpy

from tests.python.learning.test_ranks import together
from websim.errors import (
    CheckpointError,
    DamagedCheckpoint,
    ForeignCheckpoint,
    FutureCheckpoint,
)
from websim.experiments.experiment import Experiment
from websim.ranks import Communicator
from websim.training import checkpoints
from websim.training import safetensors as ours
from websim.training.checkpoints import Checkpoint
from websim.training.trainer import Trainer

SPEC = Experiment(
    task="Ant-v5",  # reads fields that lie one physics step behind
    hyperparameters={"num_envs": 4, "num_steps": 32, "num_minibatches": 2, "update_epochs": 2},
    seed=5,
)


def changed(data: bytes, **files: bytes | None) -> bytes:
    """A checkpoint with some files replaced, or left away; "__" stands for a dot."""
    replaced = {
        f"learner/{name.replace('__', '.').replace('_0', '-0')}": new for name, new in files.items()
    }
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(out, "w") as new:
        for name in old.namelist():
            content = replaced.get(name, old.read(name))
            if content is not None:
                new.writestr(name, content)
    return out.getvalue()


@pytest.fixture(scope="module")
def saved() -> bytes:
    trainer = Trainer(SPEC)
    data = trainer.advance(save=True).checkpoint
    trainer.close()
    assert data is not None
    return data


def run(communicator: Communicator, stop_at: int | None, iterations: int = 4) -> Any:
    """Metrics and weights of a run that is saved, ended and taken up again after `stop_at`."""
    trainer = Trainer(SPEC, communicator)
    metrics = []
    for iteration in range(iterations):
        if iteration == stop_at:
            data, *_ = communicator.gather_bytes(trainer.checkpoint() or b"")
            trainer.close()
            loaded = checkpoints.loads(data)
            trainer = Trainer(loaded.experiment, communicator, loaded)
            assert not trainer.restarted_environments
        metrics.append(trainer.advance().metrics)
    weights = trainer.algorithm.weights.copy()
    trainer.close()
    return metrics, weights


def test_going_on_gives_the_same_curve() -> None:
    np.testing.assert_equal(run(Communicator(), 2), run(Communicator(), None))


def test_going_on_with_ranks_gives_the_same_curve() -> None:
    straight = together(lambda communicator: run(communicator, None), 2)
    resumed = together(lambda communicator: run(communicator, 2), 2)
    np.testing.assert_equal(resumed, straight)


def test_another_number_of_ranks_starts_environments_anew(saved: bytes) -> None:
    loaded = checkpoints.loads(saved)

    def resume(communicator: Communicator) -> Any:
        trainer = Trainer(loaded.experiment, communicator, loaded)
        result = trainer.restarted_environments, trainer.advance().global_step
        trainer.close()
        return result

    assert together(resume, 2) == [(True, 256), (True, 256)]


def test_the_saved_policy_acts_like_the_one_that_learnt(saved: bytes) -> None:
    loaded = checkpoints.loads(saved)
    first, second = (Trainer(loaded.experiment, checkpoint=loaded) for _ in range(2))
    observations = np.random.default_rng(0).standard_normal((3, 105))
    actions = first.algorithm.policy()(observations)
    assert actions.shape == (3, 8)
    np.testing.assert_array_equal(actions, second.algorithm.policy()(observations))
    first.close()
    second.close()


def test_the_weights_are_safetensors_that_others_read(saved: bytes) -> None:
    with zipfile.ZipFile(io.BytesIO(saved)) as archive:
        tensors = safetensors.numpy.load(archive.read("learner/learner.safetensors"))
        assert json.loads(archive.read("experiment.json"))["task"] == "Ant-v5"
    assert tensors["policy/actor.0.weight"].shape == (105, 64)


def test_safetensors_both_ways() -> None:
    rng = np.random.default_rng(0)
    arrays = {
        "a/b": rng.standard_normal((3, 5)).astype(np.float32),
        "scalar": np.array(3.0),
        "empty": np.zeros((0, 4), np.int64),
        "flags": np.array([True, False, True]),
        "bytes": np.arange(7, dtype=np.uint8),
        "lengths": np.arange(3, dtype=np.int32),
    }
    theirs = safetensors.numpy.load(ours.dumps(arrays))
    back = ours.loads(safetensors.numpy.save(arrays))
    for name, array in arrays.items():
        for read in (theirs[name], back[name]):
            assert read.dtype == array.dtype
            np.testing.assert_array_equal(read, array)
    assert ours.loads(ours.dumps({})) == {}


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"1234567",
        b"\xff" * 64,
        b"\x02\0\0\0\0\0\0\0[]",
        b'\x08\0\0\0\0\0\0\0{"a": 1}',
        ours.dumps({"a": np.zeros(4)})[:-1],
        ours.dumps({"a": np.zeros(4)}) + b"\0",
        ours.dumps({"a": np.zeros(4)}).replace(b"F64", b"F16"),
        ours.dumps({"a": np.zeros(4)}).replace(b"[4]", b"[9]"),
        ours.dumps({"a": np.zeros(4)}).replace(b"[4]", b"-44"),
    ],
)
def test_damaged_safetensors(data: bytes) -> None:
    with pytest.raises(DamagedCheckpoint):
        ours.loads(data)


def test_checkpoints_of_version_1_are_runs(saved: bytes) -> None:
    """What was trained stood in the checkpoint's header, and all lay in one folder."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(saved)) as new, zipfile.ZipFile(out, "w") as old:
        trained = json.loads(new.read("experiment.json"))
        header = json.loads(new.read("learner/checkpoint.json"))
        names = ("task", "algorithm", "task_options", "hyperparameters", "seed")
        spec = {name: trained[name] for name in names}
        old.writestr("checkpoint.json", json.dumps({**header, **spec, "version": 1}))
        for name in new.namelist():
            if name not in ("experiment.json", "learner/checkpoint.json"):
                old.writestr(name.removeprefix("learner/"), new.read(name))
    first, second = checkpoints.loads(out.getvalue()), checkpoints.loads(saved)
    assert first.experiment == second.experiment == SPEC
    np.testing.assert_equal(first.learner, second.learner)
    np.testing.assert_equal(first.ranks, second.ranks)


def test_foreign_files(saved: bytes) -> None:
    zipped = io.BytesIO()
    with zipfile.ZipFile(zipped, "w") as archive:
        archive.writestr("policy.pth", b"")
    stranger = json.dumps({"format": "something else", "version": 1}).encode()
    for data in (b"", b"\x80\x04.", zipped.getvalue(), changed(saved, checkpoint__json=stranger)):
        with pytest.raises(ForeignCheckpoint, match="no checkpoint of websim's"):
            checkpoints.loads(data)


def test_a_file_of_the_future(saved: bytes) -> None:
    header = json.dumps({"format": checkpoints.FORMAT, "version": 99}).encode()
    with pytest.raises(FutureCheckpoint, match="version 99"):
        checkpoints.loads(changed(saved, checkpoint__json=header))


def test_damaged_files(saved: bytes) -> None:
    with zipfile.ZipFile(io.BytesIO(saved)) as archive:
        weights = archive.read("learner/learner.safetensors")
    middle = len(saved) // 2
    flipped = bytes([saved[middle] ^ 0x55])
    for data in (
        saved[:middle],
        saved[:middle] + flipped + saved[middle + 1 :],
        changed(saved, checkpoint__json=b"{"),
        changed(saved, checkpoint__json=b'{"format": "mujoco-websim checkpoint"}'),
        changed(saved, learner__json=b"[]"),
        changed(saved, learner__safetensors=weights[:-8]),
        changed(saved, rank_0__json=None),
    ):
        with pytest.raises(DamagedCheckpoint):
            checkpoints.loads(data)


def test_every_cut_is_noticed(saved: bytes) -> None:
    for end in range(0, len(saved), len(saved) // 50):
        with pytest.raises(CheckpointError):
            checkpoints.loads(saved[:end])


def without(tree: dict[str, Any], *path: str) -> dict[str, Any]:
    """A tree without one entry."""
    first, *rest = path
    if not rest:
        return {key: value for key, value in tree.items() if key != first}
    return {**tree, first: without(tree[first], *rest)}


@pytest.mark.parametrize(
    "path",
    [
        ("policy",),
        ("policy", "actor.logstd"),
        ("adam", "m"),
        ("normalize_observation",),
        ("iteration",),
    ],
)
def test_a_learner_that_lacks_something(saved: bytes, path: tuple[str, ...]) -> None:
    loaded = checkpoints.loads(saved)
    broken = Checkpoint(loaded.experiment, without(loaded.learner, *path), loaded.ranks)
    with pytest.raises(DamagedCheckpoint):
        Trainer(loaded.experiment, checkpoint=broken)


@pytest.mark.parametrize("path", [("env",), ("env", "qpos"), ("env", "generators"), ("rng",)])
def test_environments_that_lack_something(saved: bytes, path: tuple[str, ...]) -> None:
    loaded = checkpoints.loads(saved)
    (rank,) = loaded.ranks
    assert rank is not None
    broken = Checkpoint(loaded.experiment, loaded.learner, [without(rank, *path)])
    with pytest.raises(DamagedCheckpoint):
        Trainer(loaded.experiment, checkpoint=broken)


def test_environments_saved_before_all_of_the_state_was(saved: bytes) -> None:
    loaded = checkpoints.loads(saved)
    (rank,) = loaded.ranks
    assert rank is not None
    older = rank
    for name in ("history", "qfrc_applied", "xfrc_applied", "eq_active", "plugin_state"):
        older = without(older, "env", name)
    trainer = Trainer(
        loaded.experiment, checkpoint=Checkpoint(loaded.experiment, loaded.learner, [older])
    )
    env = trainer.algorithm.env
    np.testing.assert_array_equal(env.physics.data.qpos, rank["env"]["qpos"])
    assert not env.physics.data.xfrc_applied.any()
    trainer.close()


def test_another_network_does_not_fit(saved: bytes) -> None:
    loaded = checkpoints.loads(saved)
    loaded.experiment.hyperparameters["hidden_sizes"] = (32,)
    with pytest.raises(DamagedCheckpoint, match="actor"):
        Trainer(loaded.experiment, checkpoint=loaded)
