"""Graphs that are no perceptrons, beside ONNX Runtime itself: they act, and are not learnt on."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import pytest
from numpy.typing import NDArray

import websim
from tests.graphs import attention, convolution, graph, op, recurrent, weights
from websim.algorithms import learner_class
from websim.authors.picks import record
from websim.errors import ForeignPolicy, InvalidArgument
from websim.exchange.exports import EXPORTS
from websim.exchange.imports import READERS, run_from
from websim.experiments.experiment import Experiment
from websim.onnx.model import MAX_BYTES
from websim.policies import Playing
from websim.sharing.distillation import distil
from websim.sharing.links import archive_of, share
from websim.training import checkpoints
from websim.training.checkpoints import Checkpoint
from websim.training.evaluation import evaluate
from websim.training.trainer import policy_of
from websim.trajectories.recorder import Recorder

HOPPER = Experiment(task="Hopper-v5")
OBS, ACT = 11, 3


def taken(data: bytes, **how: Any) -> Checkpoint:
    """The run of a graph, through its file."""
    return checkpoints.loads(archive_of(run_from(READERS["onnx"](data), HOPPER, **how)))


def policy(run: Checkpoint) -> Any:
    ones = np.ones(ACT, np.float32)
    return policy_of(run.experiment, run.learner, -ones, ones)


def runtime(data: bytes) -> onnxruntime.InferenceSession:
    return onnxruntime.InferenceSession(data, providers=["CPUExecutionProvider"])


def observed(count: int) -> NDArray[np.float32]:
    return np.random.default_rng(0).standard_normal((count, OBS)).astype(np.float32)


def rows() -> bytes:
    """A layer for each number alone, and one for all: layers, and yet no perceptron."""
    return graph(
        [
            op("Unsqueeze", "obs", "last", to="column"),
            op("MatMul", "column", "w", to="pairs"),
            op("Flatten", "pairs", to="flat"),
            op("Gemm", "flat", "weight", to="mu"),
        ],
        {"obs": ["n", OBS]},
        {"mu": ["n", ACT]},
        {"last": np.array([2]), "w": weights(1, 2), "weight": weights(2 * OBS, ACT)},
    )


GRAPHS = {"conv": convolution(OBS, ACT), "heed": attention(OBS, ACT), "rows": rows()}


@pytest.mark.parametrize("data", GRAPHS.values(), ids=GRAPHS)
@pytest.mark.parametrize("actions", ["as-is", "normalized", "squashed"])
def test_it_acts_as_in_onnxruntime(data: bytes, actions: Any) -> None:
    name = {"squashed": "mu"}.get(actions, "")
    seen = observed(1000)
    session = runtime(data)
    (said,) = session.run([session.get_outputs()[-1].name], {"obs": seen})
    wanted = np.tanh(said) if actions == "squashed" else np.clip(said, -1, 1)
    assert name or 0.05 < (abs(said) > 1).mean() < 0.95
    assert abs(policy(taken(data, actions=actions))(seen.astype(np.float64)) - wanted).max() < 1e-5


def test_statistics_beside_it_come_first() -> None:
    mean, var = np.linspace(-1, 1, OBS), np.linspace(0.5, 2, OBS)
    beside = f'{{"mean": {mean.tolist()}, "var": {var.tolist()}, "clip": 1.5, "epsilon": 0}}'
    data, seen = convolution(OBS, ACT), observed(1000).astype(np.float64)
    normal = np.clip((seen - mean) / np.sqrt(var), -1.5, 1.5).astype(np.float32)
    (said,) = runtime(data).run(None, {"obs": normal})
    ours = policy(taken(data, statistics=beside.encode()))(seen)
    assert abs(ours - np.clip(said, -1, 1)).max() < 1e-5


def alone(data: bytes, seen: NDArray[np.float64]) -> NDArray[np.float32]:
    """What an LSTM does in one episode, by hand."""
    session = runtime(data)
    state = [np.zeros((1, 1, 16), np.float32)] * 2
    actions = []
    for row in seen.astype(np.float32):
        given = {"obs": row[None], "h0": state[0], "c0": state[1]}
        action, *state = session.run(["actions", "hn", "cn"], given)
        actions.append(action[0])
    bounded: NDArray[np.float32] = np.clip(actions, -1, 1)
    return bounded


@pytest.mark.parametrize("batch", ["batch", 1])
def test_what_remembers_begins_anew_with_each_episode(batch: int | str) -> None:
    data = recurrent(OBS, ACT, batch)
    run = taken(data)
    recorder = Recorder(run.experiment, run.learner, 100)
    episodes = list(recorder.play())
    recorder.close()
    assert len({len(episode.rewards) for episode in episodes}) > 3  # they end at different times
    for episode in episodes:
        wanted = alone(data, episode.observations[:-1])
        assert abs(episode.actions - wanted).max() < 1e-5
    returns = {episode.seed: episode.rewards.sum() for episode in episodes}
    assert abs(evaluate(run, 20).returns - [returns[i] for i in range(20)]).max() < 1e-6

    first = Playing(policy(run))
    seen = episodes[0].observations[:2]
    assert (first(seen[:1], True) == first(seen[:1], True)).all()
    assert (first(seen[1:], False) != policy(run)(seen[1:])).any()


def test_a_loaded_run_remembers(tmp_path: Path) -> None:
    file = tmp_path / "lstm.websim"
    file.write_bytes(archive_of(taken(recurrent(OBS, ACT))))
    run = websim.load(file)
    seen = observed(60).astype(np.float64)
    wanted = alone(recurrent(OBS, ACT), seen)
    one_by_one = [run.act(row, started=i == 0) for i, row in enumerate(seen)]
    assert abs(np.array(one_by_one) - wanted).max() < 1e-5

    # Two environments at once; the second begins anew after 20 steps.
    pairs = zip(seen[:40], np.concatenate([seen[:20], seen[:20]]), strict=True)
    both = [run.act(pair, started=[False, i == 20]) for i, pair in enumerate(pairs)]
    found = np.array(both)
    assert abs(found[:, 0] - wanted[:40]).max() < 1e-5
    assert abs(found[:, 1] - np.concatenate([wanted[:20], wanted[:20]])).max() < 1e-5
    for wrong in ([True], "yes", [1, 0]):
        with pytest.raises(InvalidArgument, match="2 booleans"):
            run.act(seen[:2], started=wrong)


def test_it_is_told_where_episodes_begin() -> None:
    """As recurrent policies of sb3-contrib are; the state doubles what it is, and forgets."""
    data = graph(
        [
            op("Sub", "one", "episode_starts", to="going"),
            op("Unsqueeze", "going", "last", to="column"),
            op("Mul", "state_in_0", "column", to="kept"),
            op("Add", "kept", "one", to="state_out_0"),
            op("Concat", *["state_out_0"] * ACT, to="action", axis=1),
        ],
        {"obs": ["n", OBS], "state_in_0": ["n", 1], "episode_starts": ["n"]},
        {"state_out_0": ["n", 1], "action": ["n", ACT]},
        {"one": np.ones(1), "last": np.array([1])},
    )
    wide = np.full(ACT, 9, np.float32)
    run = taken(data)
    play = Playing(policy_of(run.experiment, run.learner, -wide, wide))
    seen = np.zeros((2, OBS))
    told = [play(seen, np.array(started))[:, 0].tolist() for started in STARTED]
    assert told == [[1, 1], [2, 2], [3, 1], [1, 2]]


STARTED = [[True, True], [False, False], [False, True], [True, False]]


def test_what_cannot_keep_a_batch_apart_plays_one_by_one() -> None:
    data = graph(
        [op("ReduceSum", "obs", to="sum", keepdims=1), op("Expand", "sum", "shape", to="action")],
        {"obs": ["n", OBS]},
        {"action": ["n", ACT]},
        {"shape": np.array([1, ACT])},
    )
    seen = 0.05 * observed(7).astype(np.float64)
    wanted = np.repeat(seen.sum(axis=1, keepdims=True), ACT, axis=1)
    assert abs(policy(taken(data))(seen) - np.clip(wanted, -1, 1)).max() < 1e-5


def test_nothing_learns_on_it_and_that_is_said() -> None:
    run = taken(convolution(OBS, ACT))
    with pytest.raises(InvalidArgument, match=r"cannot be learnt on.*websim clone"):
        learner_class(run.experiment.algorithm)
    for export in EXPORTS.values():
        with pytest.raises(ForeignPolicy, match="only perceptrons go into links"):
            export(run)
    with pytest.raises(ForeignPolicy, match="only perceptrons go into links"):
        share(run)
    with pytest.raises(InvalidArgument, match="or made smaller"):
        distil(run, "linear")
    with pytest.raises(InvalidArgument, match="cannot be learnt on"):
        record(run.experiment, run)  # scenes of which somebody picks


def outside() -> bytes:
    import onnx

    model = onnx.load_from_string(convolution(OBS, ACT))
    onnx.external_data_helper.set_external_data(model.graph.initializer[1], "/etc/hostname")
    return bytes(model.SerializeToString())


def softly(name: str) -> bytes:
    data = convolution(OBS, ACT)
    return data.replace(b"LeakyRelu", name.encode().ljust(9, b"X"))


REFUSED: dict[str, tuple[Callable[[], bytes], str]] = {
    "other sizes": (lambda: convolution(9, 2), r"of 11 numbers.*obs \(float32 \[batch, 9\]\)"),
    "other actions": (lambda: attention(OBS, 2), r"of 3 numbers.*mu \(float32 \[n, 2\]\)"),
    "a batch of 64": (lambda: convolution(OBS, ACT, 64), r"a batch of any size, or 1"),
    "unknown operator": (lambda: softly("Leaky"), "LeakyXXXX"),
    "elsewhere": (outside, "in another file"),
    "huge": (lambda: bytes(MAX_BYTES + 1), "may have 268,435,456"),
    "half": (lambda: convolution(OBS, ACT)[:300], "cut off"),
    "another input": (
        lambda: graph(
            [op("Add", "obs", "goal", to="x"), op("MatMul", "x", "w", to="action")],
            {"obs": ["n", OBS], "goal": ["n", OBS]},
            {"action": ["n", ACT]},
            {"w": weights(OBS, ACT)},
        ),
        r"not clear what goes into goal.*goal \(float32 \[n, 11\]\)",
    ),
    "NaN": (
        lambda: graph(
            [op("Erf", "obs", to="x"), op("MatMul", "x", "w", to="action")],
            {"obs": ["n", OBS]},
            {"action": ["n", ACT]},
            {"w": np.full((OBS, ACT), np.nan)},
        ),
        "no finite actions",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_cannot_be_played_is_refused_in_words(case: str) -> None:
    make, said = REFUSED[case]
    with pytest.raises(ForeignPolicy, match=said):
        taken(make())


@pytest.mark.parametrize("make", [convolution, recurrent])
def test_any_bytes_end_in_a_named_error(make: Callable[[int, int], bytes]) -> None:
    rng = np.random.default_rng(0)
    good = np.frombuffer(make(OBS, ACT), np.uint8)
    outcomes = set()
    for _ in range(100):
        spoilt = good.copy()
        where = rng.choice([300, len(spoilt)])
        spoilt[rng.integers(where, size=rng.choice([1, 1, 4]))] = rng.integers(256)
        try:
            taken(spoilt.tobytes())
            outcomes.add("read")
        except ForeignPolicy as error:
            outcomes.add(str(error)[:30])
    assert len(outcomes) > 3
