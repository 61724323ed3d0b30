"""Stable-Baselines3's and CleanRL's files, as they wrote them (`bench/foreign_policies.py`)."""

import io
import json
import pickle
import random
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import safetensors.numpy
from numpy.typing import NDArray

from websim.errors import ForeignPolicy
from websim.exchange import cleanrl, normalizer, pickles, sb3, tensors, torch
from websim.exchange.imports import READERS, program_of, run_from
from websim.experiments.experiment import Experiment
from websim.training.checkpoints import Checkpoint
from websim.training.trainer import policy_of

MODELS = Path(__file__).parent / "models"

TASKS = {
    "ppo": "InvertedPendulum-v5",
    "a2c": "Reacher-v5",
    "sac": "Pusher-v5",
    "td3": "Reacher-v5",
    "ddpg": "Reacher-v5",
    "tqc": "Hopper-v5",
    "agent": "Hopper-v5",
}


SQUASHED = ("sac", "td3", "ddpg", "tqc")


def imported(name: str) -> Checkpoint:
    program, suffix = ("cleanrl", "cleanrl_model") if name == "agent" else ("sb3", "zip")
    statistics = (MODELS / "ppo.pkl").read_bytes() if name == "ppo" else None
    found = READERS[program]((MODELS / f"{name}.{suffix}").read_bytes())
    return run_from(found, Experiment(task=TASKS[name]), statistics=statistics)


@pytest.mark.parametrize("name", TASKS)
def test_they_act_as_where_they_were_learnt(name: str) -> None:
    run = imported(name)
    env = run.experiment.make_vec(1)
    space = env.single_action_space
    env.close()
    with np.load(MODELS / f"{name}.npz") as file:
        observations, theirs = file["observations"], file["actions"]
    ours = policy_of(run.experiment, run.learner, space.low, space.high)(observations)
    assert abs(ours - theirs).max() < 1e-5
    assert theirs.std() > 1e-3
    hyperparameters = run.experiment.hyperparameters
    assert hyperparameters["squash_output"] is (name in SQUASHED)
    assert hyperparameters["activation"] == {
        **dict.fromkeys(SQUASHED, "relu"),
        "ppo": "elu",
    }.get(name, "tanh")
    if name == "agent":
        np.testing.assert_allclose(run.learner["policy"]["actor.logstd"], -0.5)


def test_an_agent_leaves_as_safetensors_and_comes_back() -> None:
    run = imported("agent")
    data = tensors.export(run)
    theirs = safetensors.numpy.load(data)
    original = torch.state_dict((MODELS / "agent.cleanrl_model").read_bytes())
    for name in original:
        if name.startswith("actor"):
            np.testing.assert_allclose(theirs[name], original[name], atol=1e-7)
    again = run_from(READERS[program_of(data)](data), run.experiment, statistics=data)
    for name, array in run.learner["policy"].items():
        np.testing.assert_allclose(again.learner["policy"][name], array, atol=1e-6)
    with pytest.raises(ForeignPolicy, match="this policy has relu and squashes"):
        tensors.export(imported("sac"))
    with pytest.raises(ForeignPolicy, match="damaged"):
        cleanrl.read(data[:-8])


class Bomb:
    """What does something as it is unpickled."""

    def __reduce__(self) -> tuple[Any, ...]:
        return (Path.write_text, (Path("exploded"), "boom"))


def members(name: str) -> dict[str, bytes]:
    with zipfile.ZipFile(MODELS / name) as archive:
        return {one: archive.read(one) for one in archive.namelist()}


def zipped(files: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return out.getvalue()


def with_weights(change: Callable[[dict[str, bytes]], None]) -> bytes:
    """SB3's PPO with another `policy.pth`."""
    model = members("ppo.zip")
    with zipfile.ZipFile(io.BytesIO(model["policy.pth"])) as archive:
        inner = {one: archive.read(one) for one in archive.namelist()}
    change(inner)
    return zipped({**model, "policy.pth": zipped(inner)})


def named(inner: dict[str, bytes], suffix: str) -> str:
    return next(name for name in inner if name.endswith(suffix))


def nan(inner: dict[str, bytes]) -> None:
    name = named(inner, "data/0")
    for one in [one for one in inner if "/data/" in one]:
        inner[one] = b"\xff" * len(inner[one])
    assert name


def short(inner: dict[str, bytes]) -> None:
    name = named(inner, "data/0")
    inner[name] = inner[name][:4]
    for one in [one for one in inner if "/data/" in one]:
        inner[one] = inner[one][:4]


def code(inner: dict[str, bytes]) -> None:
    inner[named(inner, "data.pkl")] = pickle.dumps(Bomb())


def bomb() -> bytes:
    return zipped({**members("ppo.zip"), "data": b"\0" * (600 << 20)})


REFUSED: dict[str, tuple[str, Callable[[], bytes], str]] = {
    "no zip": ("sb3", lambda: b"hello", "no model of Stable-Baselines3"),
    "another zip": ("sb3", lambda: zipped({"a": b""}), "no data or no policy.pth"),
    "cut": ("sb3", lambda: (MODELS / "ppo.zip").read_bytes()[:9000], "no model of"),
    "its agent": ("cleanrl", lambda: (MODELS / "ppo.zip").read_bytes(), "no data.pkl"),
    "their agent": (
        "cleanrl",
        lambda: members("ppo.zip")["policy.pth"],
        "no agent of CleanRL's",
    ),
    "NaN": ("sb3", lambda: with_weights(nan), "not finite"),
    "short": ("sb3", lambda: with_weights(short), "cannot be read|is no tensor"),
    "code": ("sb3", lambda: with_weights(code), "whose code would have to be run"),
    "data": ("sb3", lambda: zipped({**members("ppo.zip"), "data": b"[1"}), "data are damaged"),
    "pictures": (
        "sb3",
        lambda: zipped({**members("ppo.zip"), "data": json.dumps({"policy_kwargs": 3}).encode()}),
        "data are damaged|no dictionary",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_cannot_be_read_is_refused_in_words(
    case: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    program, make, said = REFUSED[case]
    with pytest.raises(ForeignPolicy, match=said):
        run_from(READERS[program](make()), Experiment(task="InvertedPendulum-v5"))
    assert not list(tmp_path.iterdir())


def test_no_code_of_a_pickle_is_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
        with pytest.raises(ForeignPolicy):
            normalizer.read(pickle.dumps(Bomb(), protocol))
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_plain_pickles_and_arrays_are_read_as_they_are(protocol: int) -> None:
    plain = {"a": [1, 2.5, None, True], "b": ("x", b"y", {3, 4}), -7: 2**70}
    if protocol >= 4:
        assert pickles.read(pickle.dumps(plain, protocol)) == plain
    array: NDArray[Any]
    for array in (np.arange(6.0).reshape(2, 3), np.asfortranarray(np.eye(3, dtype=np.float32))):
        if protocol < 3:
            continue  # bytes are written as text and a call of Python's own encoder there
        read = pickles.array_of(pickles.read(pickle.dumps(array, protocol)))
        assert read is not None
        np.testing.assert_array_equal(read, array)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"{}", "lack mean and var"),
        (b'{"mean": [0, 1], "var": [1]}', "2 means and 1 variances"),
        (b'{"mean": [0], "var": [NaN]}', "not finite"),
        (b'{"mean": "x", "var": [1]}', "must be numbers"),
        (b"PK\x03\x04nothing", "damaged"),
        (pickle.dumps([1, 2]), "no statistics"),
        (b"\x80\x05garbage", "no pickle, or damaged"),
    ],
)
def test_statistics_that_are_none(content: bytes, said: str) -> None:
    with pytest.raises(ForeignPolicy, match=said):
        normalizer.read(content)


def test_statistics_of_npz_and_json_are_the_same() -> None:
    mean, var = np.array([1.0, -2.0]), np.array([4.0, 0.25])
    out = io.BytesIO()
    np.savez(out, mean=mean, var=var, clip=5.0, count=10.0)
    text = json.dumps({"mean": mean.tolist(), "var": var.tolist(), "clip": 5, "count": 10})
    one, other = normalizer.read(out.getvalue()), normalizer.read(text.encode())
    assert one.count == other.count == 10
    for ours, theirs in zip(one.steps, other.steps, strict=True):
        for name, array in vars(ours).items():
            np.testing.assert_array_equal(array, vars(theirs)[name])


def test_any_bytes_end_in_a_named_error() -> None:
    rng = random.Random(0)
    files: list[tuple[Callable[[bytes], Any], bytes]] = [
        (cleanrl.read, (MODELS / "agent.cleanrl_model").read_bytes()),
        (sb3.read, (MODELS / "ppo.zip").read_bytes()),
        (normalizer.read, (MODELS / "ppo.pkl").read_bytes()),
    ]
    refused = 0
    for _ in range(400):
        read, data = rng.choice(files)
        spoilt = bytearray(data)
        for _ in range(rng.choice([1, 1, 5])):
            spoilt[rng.randrange(len(spoilt))] = rng.randrange(256)
        try:
            read(bytes(spoilt[: rng.choice([len(spoilt), rng.randrange(len(spoilt))])]))
        except ForeignPolicy:
            refused += 1
    assert refused > 100
