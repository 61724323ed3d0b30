"""A job of a tournament: it learns as a run does, and what cannot be learnt from says why."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from websim.algorithms.presets import PRESETS, preset
from websim.authors.candidates import Candidate
from websim.authors.tournament import archive
from websim.authors.tournament.learning import Learning, Order, carry_out, order_of, settled
from websim.authors.tournament.records import Job, Settings
from websim.authors.tournament.tournament import Tournament
from websim.errors import CheckpointError, FutureCheckpoint
from websim.experiments import decisions
from websim.experiments.experiment import Experiment
from websim.training import checkpoints
from websim.training.evaluation import evaluate
from websim.training.trainer import Trainer

REWARD = """import numpy as np

forward_weight = 2.0
effort_weight = -0.1


def reward(now, before, action):
    return {
        "forward": forward_weight * now.qvel[:, 0],
        "effort": effort_weight * np.square(action).sum(axis=1),
    }
"""
MEASURE = (
    'reduce = "sum"\n\n\ndef measure(now, before):\n    return now.qpos[:, 0] - before.qpos[:, 0]\n'
)

EXPERIMENT = Experiment(
    task="Hopper-v5",
    hyperparameters={"num_envs": 4, "num_steps": 32, "num_minibatches": 4, "update_epochs": 2},
)
CANDIDATE = Candidate(name="forward", reward=REWARD, measure=MEASURE, why="A test.")


def job(**changes: Any) -> Job:
    given = Job(
        number=0, entry=0, origin=None, steps=1280, seconds=60.0, episodes=4, episode_seed=7
    )
    return replace(given, **changes)


def order(reward: str = REWARD, measure: str = MEASURE, **changes: Any) -> Order:
    checkpoint = changes.pop("checkpoint", None)
    candidate = replace(CANDIDATE, reward=reward, measure=measure)
    return order_of(job(**changes), candidate, EXPERIMENT, checkpoint)


@pytest.mark.parametrize(
    ("task", "log_std_init"), [("HalfCheetah-v5", 0.0), ("Ant-v5", -1.0), ("Walker2d-v5", None)]
)
def test_who_learns_what_somebody_wrote_explores_widely(
    task: str, log_std_init: float | None
) -> None:
    chosen = settled(Experiment(task=task)).hyperparameters
    narrow = preset("ppo", "fast", task)
    assert chosen.get("log_std_init") == log_std_init
    assert chosen.keys() == narrow.keys()
    given = Experiment(task=task, hyperparameters={"num_envs": 8})
    assert settled(given) is given


def test_a_task_that_brings_one_preset_learns_with_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(PRESETS["ppo"]["fast"], "Swimmer-v5", {"total_timesteps": 12_345})
    assert settled(Experiment(task="Swimmer-v5")).hyperparameters["total_timesteps"] == 12_345


def test_snapshots_say_what_the_run_itself_says() -> None:
    result, checkpoint = carry_out(order())
    assert result.failure == ""
    assert checkpoint is not None
    trainer = Trainer(order().experiment)
    metrics = [trainer.advance().metrics for _ in range(10)]
    trainer.close()
    assert [s.global_step for s in result.snapshots] == [128 * (i + 1) for i in range(10)]
    for snapshot, own in zip(result.snapshots, metrics, strict=True):
        for term in ("forward", "effort"):
            least, mean, greatest = snapshot.terms[term]
            assert mean == pytest.approx(own[f"rewards/{term}"], rel=1e-5)
            assert least <= mean <= greatest
            assert abs(mean) <= snapshot.sizes[term] <= max(-least, greatest)
        assert snapshot.episodic_return == pytest.approx(
            own["charts/episodic_return"], nan_ok=True, rel=1e-5
        )
        assert snapshot.episodic_length == pytest.approx(own["charts/episodic_length"], nan_ok=True)
        # Paid 2 a metre a second, less than 0.1 a step for effort: what is meant follows.
        if snapshot.episodic_length == snapshot.episodic_length:
            effort = 0.1 * 3 * snapshot.episodic_length
            gap = abs(snapshot.measure - 0.008 * snapshot.episodic_return / 2)
            assert gap < 0.004 * effort + 0.01 * snapshot.episodic_length
    judged = result.judgement
    assert judged is not None
    own_evaluation = evaluate(checkpoints.loads(checkpoint), 4, 7)
    assert judged.measure == own_evaluation.measures.mean()
    assert judged.standard_error == pytest.approx(own_evaluation.measures.std(ddof=1) / 2)


def test_two_jobs_are_one() -> None:
    _, whole = carry_out(order())
    first, half = carry_out(order(steps=640))
    second, both = carry_out(order(steps=640, checkpoint=half))
    assert (first.steps, second.steps, second.global_step) == (640, 640, 1280)
    assert whole is not None
    assert both is not None
    one, other = (checkpoints.loads(data).learner["policy"] for data in (whole, both))
    for name in one:
        np.testing.assert_array_equal(one[name], other[name])


def test_a_policy_goes_on_under_another_reward() -> None:
    _, run = carry_out(order())
    slower = REWARD.replace("2.0", "-2.0")
    result, other = carry_out(order(reward=slower, checkpoint=run))
    assert result.failure == ""
    assert other is not None
    assert checkpoints.loads(other).experiment.reward == slower
    assert result.global_step == 2560


def test_what_is_written_can_go_on_as_a_run_of_its_own() -> None:
    _, run = carry_out(order())
    assert run is not None
    read = checkpoints.loads(run)
    trainer = Trainer(read.experiment, checkpoint=read)
    assert not trainer.advance().finished
    trainer.close()


@pytest.mark.parametrize(
    ("reward", "why"),
    [
        ("def reward(now, before, action):\n    return {'a': 1.0, 'b': 2.0}\n", "always the same"),
        (REWARD.replace("now.qvel[:, 0]", "np.log(now.qvel[:, 0])"), "is NaN"),
        (REWARD.replace("now.qvel[:, 0]", "np.exp(1e4 * now.qvel[:, 0])"), "finite"),
        (REWARD.replace("now.qvel[:, 0]", "np.where(now.qpos[:, 1] > 1.25, 1, np.nan)"), "NaN"),
        (REWARD.replace("now.qvel[:, 0]", "now.nothing"), "nothing"),
        ("import os\n" + REWARD, "line 1"),
        ("def reward(now:", "line 1"),
        (REWARD.replace("2.0", "1e200"), "explodes"),
    ],
)
def test_a_reward_that_cannot_be_learnt_from_says_why(reward: str, why: str) -> None:
    result, checkpoint = carry_out(order(reward=reward))
    assert why in result.failure
    assert len(result.failure) < 600
    assert checkpoint is None
    assert not result.lost


def test_one_that_fails_in_the_middle_does_not_go_on_under_the_reward_before() -> None:
    _, run = carry_out(order(steps=128))
    failing = REWARD.replace(
        "return {", "x = np.zeros((3, 3))\n    y = x[np.where(now.qpos[:, 1] < 1.2, 9, 0), 0]\n"
        "    return {", 1
    )  # fmt: skip
    result, _ = carry_out(order(reward=failing, checkpoint=run))
    assert "reward.py" in result.failure


def test_a_measure_that_is_no_number_is_a_failure() -> None:
    wrong = "def measure(now, before):\n    return now.qpos[:, 0] / (now.qpos[:, 0] * 0)\n"
    result, _ = carry_out(order(measure=wrong))
    assert "its measure is no number" in result.failure


def test_what_takes_too_long_is_out_and_what_takes_a_little_longer_is_judged_as_it_is() -> None:
    result, _ = carry_out(order(steps=1_000_000, seconds=0.2))
    assert "takes too long" in result.failure
    calls = iter([False, False, True])
    result, run = carry_out(order(steps=100_000), lambda: next(calls))
    assert (result.failure, result.steps) == ("", 3 * 128)
    assert result.judgement is not None
    assert run is not None


def test_without_steps_it_is_judged_only() -> None:
    first, run = carry_out(order())
    again, same = carry_out(order(steps=0, checkpoint=run, episode_seed=7))
    assert same == run
    assert again.judgement == first.judgement
    assert again.steps == 0


def test_an_iteration_at_a_time() -> None:
    learning = Learning(order(steps=256))
    steps = []
    while learning.advance():
        steps.append(learning.global_step)
    assert steps == [128, 256]
    assert learning.result.judgement is not None


@pytest.fixture(scope="module")
def half_way() -> tuple[Tournament, dict[int, bytes]]:
    """A tournament of two, in the middle of its first halving."""
    settings = Settings(words="go", candidates=2, steps=2000, episodes=2)
    tournament = Tournament.begin(EXPERIMENT, settings)
    other = replace(CANDIDATE, name="faster", reward=REWARD.replace("2.0", "3.0"))
    tournament.answer([CANDIDATE, other])
    runs: dict[int, bytes] = {}
    for one in tournament.jobs():
        candidate = tournament.entry(one.entry).candidate
        small = replace(one, steps=256, episodes=2)
        result, run = carry_out(order_of(small, candidate, EXPERIMENT, None))
        assert run is not None
        runs[one.number] = run
        tournament.report(one.number, result)
    return tournament, runs


def test_its_file_is_the_best_run_and_leads_on(
    half_way: tuple[Tournament, dict[int, bytes]],
) -> None:
    tournament, runs = half_way
    data = archive.dump(tournament, runs)
    best = tournament.best
    assert best is not None
    read = checkpoints.loads(data)
    assert read.experiment.reward == best.entry.candidate.reward
    again, kept = archive.load(data)
    assert again.state == tournament.state
    assert again.experiment == EXPERIMENT
    assert kept == {number: runs[number] for number in tournament.needed()}


def test_decisions_are_a_line_each(half_way: tuple[Tournament, dict[int, bytes]]) -> None:
    tournament, _ = half_way
    written = decisions.dump(tournament.state.decisions)
    assert decisions.load(written) == tournament.state.decisions
    assert written.count(b"\n") == len(tournament.state.decisions) >= 1
    with pytest.raises(ValueError, match="no decision"):
        decisions.load(b'{"what": 1}\n')


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (b'"stage"', b'"stagf"'),
        (b'"halving"', b'"havling"'),
        (b'"origin": 0', b'"origin": 7'),
        (b'"entry": 1', b'"entry": 9'),
        (b'"task": "Hopper-v5"', b'"task": ["opper-v5"]'),
        (b'"words": "go"', b'"words": "  "'),
    ],
)
def test_a_damaged_tournament_is_refused(
    half_way: tuple[Tournament, dict[int, bytes]], before: bytes, after: bytes
) -> None:
    data = altered(archive.dump(*half_way), before, after)
    with pytest.raises(CheckpointError):
        archive.load(data)


def test_a_newer_one_says_so(half_way: tuple[Tournament, dict[int, bytes]]) -> None:
    data = altered(
        archive.dump(*half_way), b'tournament", "version": 1', b'tournament", "version": 9'
    )
    with pytest.raises(FutureCheckpoint, match="newer"):
        archive.load(data)


def test_a_run_without_a_tournament_says_so() -> None:
    _, run = carry_out(order(steps=128))
    assert run is not None
    with pytest.raises(CheckpointError, match="no tournament"):
        archive.load(run)


def altered(data: bytes, before: bytes, after: bytes) -> bytes:
    """The file with other words in what the tournament knows."""
    import io
    import zipfile

    file = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(file, "w") as new:
        for name in old.namelist():
            content = old.read(name)
            if name == archive.NAME:
                assert before in content
                content = content.replace(before, after)
            new.writestr(name, content)
    return file.getvalue()
