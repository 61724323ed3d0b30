"""Links carry runs: what comes out is what was measured, and what arrives otherwise says so."""

import hashlib
import json
from collections.abc import Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import websim
from tests.fuzz.links import sealed
from websim.documents import as_plain
from websim.errors import CutLink, DamagedCheckpoint, FutureCheckpoint, InvalidArgument
from websim.experiments.experiment import Experiment
from websim.experiments.robot import Robot, make_robot
from websim.experiments.sources import of_robot
from websim.policies.network import Network, learner_of, network_of
from websim.sharing import distillation, envelope
from websim.sharing.dictionary import DICTIONARY
from websim.sharing.links import Draft, Link, archive_of, open_link, read_run, share
from websim.sharing.player import Player
from websim.sharing.proof import compare, verify_claim
from websim.sharing.rounding import nearest, rounded
from websim.training import checkpoints
from websim.training.checkpoints import Checkpoint
from websim.training.evaluation import evaluate
from websim.training.trainer import Trainer, policy_of
from websim_server.cli import main

TRAINED = Path(websim.__file__).parents[2] / "trained"

LOW, HIGH = np.full(1, -3, np.float32), np.full(1, 3, np.float32)

BALL = (
    b"<mujoco><worldbody><body name='ball' pos='0 0 1'><freejoint/><geom size='.1'/>"
    b"<body pos='0 0 .2'><joint name='elbow' axis='0 1 0'/><geom size='.05'/></body></body>"
    b"</worldbody><actuator><motor joint='elbow'/></actuator></mujoco>"
)

REWARD = "def reward(now, before, action):\n    return {'height': now.body('ball').height}\n"


def learnt(experiment: Experiment) -> Checkpoint:
    trainer = Trainer(experiment)
    data = trainer.advance(stop=True).checkpoint
    trainer.close()
    assert data is not None
    return checkpoints.loads(data)


@pytest.fixture(scope="module")
def run() -> Checkpoint:
    small = {"num_envs": 8, "num_steps": 64, "num_minibatches": 4, "hidden_sizes": [8]}
    return learnt(
        Experiment(
            task="InvertedPendulum-v5", hyperparameters=small, title="<b>Balance</b>", author="Ada"
        )
    )


@pytest.fixture(scope="module")
def link(run: Checkpoint) -> Link:
    return share(run, episodes=5, seed=7)


def test_what_comes_out_is_what_went_in(run: Checkpoint, link: Link) -> None:
    opened = open_link(f"https://example.org/?task=Ant-v5{link.fragment}")
    assert opened.experiment == run.experiment
    assert opened.experiment.sha256 == run.experiment.sha256
    assert opened.learner["global_step"] == run.learner["global_step"]
    assert opened.claim == link.run.claim
    np.testing.assert_equal(opened.learner, link.run.learner)
    found = evaluate(opened, 5, 7)
    assert opened.claim is not None
    assert opened.claim.mean_return == pytest.approx(found.returns.mean(), rel=1e-6)


@pytest.mark.parametrize("algorithm", ["ppo", "reinforce", "ars", "es"])
def test_every_algorithm_s_policy_is_rounded_a_little(algorithm: str) -> None:
    hyperparameters = {"num_envs": 2, **({"hidden_sizes": [6, 5]} if algorithm != "ars" else {})}
    if algorithm == "ppo":
        hyperparameters |= {"num_steps": 32, "num_minibatches": 2}
    experiment = Experiment(
        task="InvertedPendulum-v5", algorithm=algorithm, hyperparameters=hyperparameters
    )
    run = learnt(experiment)
    carried = open_link(Draft(run, "fp16").link().fragment)
    assert carried.learner["policy"].keys() <= run.learner["policy"].keys()
    for name, array in carried.learner["policy"].items():
        whole = run.learner["policy"][name]  # fp16 has ten bits of mantissa
        assert abs(array - whole).max() <= abs(whole).max() / 2**11 + 1e-7, name
    carried = open_link(Draft(run, "int8").link().fragment)
    seen = np.random.default_rng(1).uniform(-0.2, 0.2, (100, 4))
    whole, rounded = (
        policy_of(one.experiment, one.learner, LOW, HIGH)(seen) for one in (run, carried)
    )
    assert abs(rounded - whole).max() < 0.02 * (HIGH - LOW).item()


@pytest.mark.parametrize("task", ["HalfCheetah-v5", "Hopper-v5", "Walker2d-v5"])
def test_rounded_weights_make_up_for_each_other(task: str) -> None:
    """On states that the rounding has not seen."""
    run = read_run(TRAINED / f"{task}.websim")
    with closing(Player(run)) as player:
        seen, unseen = np.split(player.play(500), 2)
    network = network_of(run.learner, (64, 64))
    alone = [
        (nearest(weight).matrix, nearest(bias[:, np.newaxis]).matrix[:, 0])
        for weight, bias in network.layers
        if bias is not None
    ]
    together = [
        (weight.matrix, bias.matrix[:, 0])
        for weight, bias in rounded(network, "tanh", seen)
        if bias is not None
    ]

    def act(layers: Sequence[tuple[Any, Any]]) -> Any:
        x: Any = unseen.astype(np.float64)
        for weight, bias in layers[:-1]:
            x = np.tanh(x @ weight + bias)
        return x @ layers[-1][0] + layers[-1][1]

    whole = act(network.layers)
    errors = [((act(layers) - whole) ** 2).mean() ** 0.5 for layers in (alone, together)]
    assert errors[1] < 0.7 * errors[0]


def test_what_never_changes_and_what_never_acts_is_rounded() -> None:
    """Inputs that are always 0, outputs of no weight at all."""
    weight = np.zeros((3, 2), np.float32)
    weight[:, 0] = [1.0, 0.3, -0.2]
    network = Network([(weight, None)], None, 1, np.zeros(3), np.ones(3))
    for seen in (np.zeros((5, 3), np.float32), np.eye(3, dtype=np.float32)):
        ((steps, bias),) = rounded(network, "tanh", seen)
        assert bias is None
        assert abs(steps.matrix - weight).max() < 1 / 127


def test_a_cut_link_says_by_how_much(link: Link) -> None:
    whole = len(link.fragment) - len("#r=")
    for left in (0, 1, 5, 11, 12, 13, 14, whole // 2, whole - 1):
        with pytest.raises(CutLink) as caught:
            open_link(link.fragment[: len("#r=") + left])
        if left >= 12:
            assert (
                f"{left:,} of its {whole:,} characters are here, {whole - left:,} are missing"
                in (str(caught.value))
            )


def test_every_changed_character_is_noticed(link: Link) -> None:
    for at in range(3, len(link.fragment)):
        other = "A" if link.fragment[at] != "A" else "B"
        with pytest.raises(DamagedCheckpoint):
            open_link(link.fragment[:at] + other + link.fragment[at + 1 :])
    with pytest.raises(DamagedCheckpoint, match="1 characters are behind its end"):
        open_link(link.fragment + "A")
    with pytest.raises(DamagedCheckpoint, match=r"'\.', is none that a link has"):
        open_link(link.fragment + ".")


def test_bombs_and_the_future_are_refused() -> None:
    packed = envelope.encode([b"\0" * envelope.MAX_BYTES])
    assert len(packed) < 3000
    assert len(envelope.decode(packed)) == envelope.MAX_BYTES
    with pytest.raises(InvalidArgument, match="may carry 1,048,576 bytes"):
        envelope.encode([b"\0" * (envelope.MAX_BYTES + 1)])
    with pytest.raises(FutureCheckpoint, match="version 2"):
        envelope.decode(sealed(b"", 2))


def test_the_dictionary_stays_as_it_is() -> None:
    assert (
        hashlib.sha256(DICTIONARY).hexdigest()
        == "1ddcb189a2140f6b6214815ec23fe580ec8f1d2cbe8464e96bc46d465f255cfa"
    )


def test_own_robots_and_rewards_travel_and_meshes_do_not() -> None:
    experiment = replace(of_robot(make_robot({"ball.xml": BALL})), reward=REWARD)
    experiment.hyperparameters = {"num_envs": 2, "num_steps": 16, "num_minibatches": 2}
    run = learnt(experiment)
    opened = open_link(share(run, max_characters=20_000, episodes=2).fragment)
    assert opened.experiment == experiment
    assert opened.experiment.robot is not None
    assert opened.experiment.robot.files == {"ball.xml": BALL}
    meshed = Robot("ball.xml", {"ball.xml": BALL, "meshes/shell.stl": b"solid"})
    run.experiment = replace(experiment, robot=meshed)
    with pytest.raises(InvalidArgument, match=r"meshes/shell\.stl"):
        Draft(run, "int8")


def test_the_better_precision_that_fits_is_taken(run: Checkpoint) -> None:
    fine = share(run, episodes=1, max_characters=5000)
    assert fine.precision == "fp16"
    coarse = share(run, episodes=1, max_characters=len(fine.fragment) - 1)
    assert coarse.precision == "int8"
    assert len(coarse.fragment) < len(fine.fragment)
    with pytest.raises(InvalidArgument, match="and may have 100"):
        share(run, episodes=1, max_characters=100)


def test_what_is_claimed_is_measured_again(link: Link) -> None:
    proof = verify_claim(open_link(link.fragment))
    assert proof.holds
    assert proof.measured == proof.claim


@pytest.mark.parametrize("forged", ["score", "measure", "seed", "weights"])
def test_what_is_forged_is_told(link: Link, forged: str) -> None:
    run = open_link(link.fragment)
    claim = run.claim
    assert claim is not None
    if forged == "score":
        run.claim = replace(claim, mean_return=claim.mean_return * 1.01)
    elif forged == "measure":
        run.claim = replace(claim, mean_measure=claim.mean_measure * 1.01)
    elif forged == "seed":
        run.claim = replace(claim, seed=8)
    else:
        run.learner["policy"]["actor.1.weight"] *= 1.5
    proof = verify_claim(run)
    assert not proof.holds
    assert "The same engine gives the same numbers" in proof.why


def test_another_engine_may_differ_by_chance_only(link: Link) -> None:
    claim = link.run.claim
    assert claim is not None
    error = claim.return_std / claim.episodes**0.5
    other = replace(claim, engine="another", mean_return=claim.mean_return + error)
    assert compare(other, claim).holds
    assert "Another engine" in compare(other, claim).why
    assert not compare(replace(other, mean_return=claim.mean_return + 9 * error), claim).holds


def balancing() -> Checkpoint:
    """A pendulum that two layers of 64 balance by four gains."""
    std = np.array([0.05, 0.02, 0.3, 0.5])
    layers = [
        (np.zeros((rows, columns), np.float32), np.zeros(columns, np.float32))
        for rows, columns in ((4, 64), (64, 64), (64, 1))
    ]
    layers[0][0][:, 0] = np.array([0.5, 5, 0.75, 1]) * std / 100
    layers[1][0][0, 0] = 1
    layers[2][0][0, 0] = 100
    network = Network([*layers], np.zeros(1, np.float32), 1e4, np.zeros(4), std)
    learner = {"iteration": 1, "global_step": 1, **learner_of(network, flat=False)}
    return Checkpoint(Experiment(task="InvertedPendulum-v5"), learner, [])


@pytest.mark.parametrize("size", ["32x32", "linear"])
def test_a_smaller_policy_does_what_the_large_one_does(
    size: distillation.Size, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(distillation, "STEPS", 100)
    monkeypatch.setattr(distillation, "UPDATES", 100)
    large = balancing()
    work = distillation.Distillation(large, size)
    assert work.progress == 0
    assert not work.advance(0)
    assert 0 < work.progress < 1
    assert work.advance()
    assert work.progress == 1
    work.close()
    small = open_link(Draft(work.run, "int8").link().fragment)
    assert small.experiment.hyperparameters["hidden_sizes"] == [*distillation.SIZES[size]]
    assert evaluate(small, 10).returns.mean() == evaluate(large, 10).returns.mean() == 1000
    Trainer(small.experiment, checkpoint=small).close()  # it can be learnt on from
    with pytest.raises(InvalidArgument, match=f"no larger than {size}"):
        distillation.Distillation(small, size)


def test_a_linear_population_is_distilled_without_bias() -> None:
    small = {"num_envs": 2, "hidden_sizes": [40, 40]}
    large = learnt(Experiment(task="InvertedPendulum-v5", algorithm="es", hyperparameters=small))
    opened = open_link(Draft(distillation.distil(large, "linear"), "fp16").link().fragment)
    assert opened.learner["policy"]["weights"].shape == (4,)


def test_links_stand_where_files_do(
    link: Link, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert websim.load(link.fragment).act(np.zeros(4)).shape == (1,)
    assert main(["verify", link.fragment, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["holds"] is True
    assert main(["evaluate", link.fragment, "--episodes", "2"]) == 0
    assert "<b>Balance</b>" in capsys.readouterr().out
    file = tmp_path / "run.websim"
    file.write_bytes(archive_of(open_link(link.fragment)))
    again = [
        "share",
        str(file),
        "--episodes",
        "3",
        "--title",
        "Mine",
        "--url",
        "https://a.example/",
    ]
    assert main([*again, "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    opened = open_link(told["link"])
    assert told["link"].startswith("https://a.example/#r=")
    assert (opened.experiment.title, opened.experiment.author) == ("Mine", "Ada")
    assert as_plain(opened.claim) == told["claim"]
    assert main(["verify", str(file)]) == 0
    file.write_bytes(archive_of(balancing()))
    assert main(["share", str(file), "--episodes", "3", "--distil", "linear", "--json"]) == 0
    told = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert told["return_before"] == told["claim"]["mean_return"] == 1000


def test_a_forged_file_is_no_proof(
    link: Link, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = open_link(link.fragment)
    assert run.claim is not None
    run.claim = replace(run.claim, mean_return=1e6)
    file = tmp_path / "run.websim"
    file.write_bytes(archive_of(run))
    assert main(["verify", str(file)]) == 1
    told = capsys.readouterr()
    assert "claimed 1,000,000.00, measured here" in told.out
    assert "what is claimed is not what was measured" in told.err
