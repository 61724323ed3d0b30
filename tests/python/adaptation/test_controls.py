"""The controls beside which adaptation is judged do what is said of them."""

import json
from pathlib import Path

import numpy as np
import pytest

from bench import adaptation
from bench.adaptation import Cell, spent_at_events, table
from bench.alp_gmm import AlpGmm, fitted
from bench.curricula import AlpGmmLevels
from bench.intervals import Interval, interquartile_mean, interval
from websim.experiments import decisions
from websim.experiments.decisions import Decision

BATCH = 2048
"""Steps of an iteration of Walker2d."""


def test_alp_gmm_goes_where_something_is_learnt() -> None:
    """A square of which one corner is learnt by practice; elsewhere there is noise and no progress.

    The corner is a sixteenth of the square: by chance a sixteenth of tasks lie there.
    """
    rng = np.random.default_rng(0)
    teacher, skill, inside = AlpGmm(2, rng), 0.0, []
    for _ in range(3000):
        task = teacher.draw()
        assert ((task >= 0) & (task <= 1)).all()
        corner = bool((task > 0.75).all())
        if corner:
            skill = min(1.0, skill + 0.001)
        # What is practised is done well now and again, more often as it is learnt.
        outcome = float(rng.random() < skill) if corner else 0.05 * rng.random()
        teacher.learn(task, outcome)
        inside.append(corner)
    assert np.mean(inside[:250]) < 0.15
    assert np.mean(inside[1000:]) > 0.25  # four times chance


def test_alp_gmm_goes_elsewhere_when_all_is_learnt_there() -> None:
    """First one half of the tasks is learnt, and then the other can be."""
    rng = np.random.default_rng(1)
    teacher, skills, upper = AlpGmm(1, rng), np.zeros(2), []
    for _ in range(6000):
        task = teacher.draw()
        half = int(task[0] > 0.5)
        if half == 0 or skills[0] >= 1:
            skills[half] = min(1.0, skills[half] + 0.001)
        teacher.learn(task, skills[half])
        upper.append(half)
    learnt = int(np.flatnonzero(np.cumsum(np.array(upper) == 0) >= 1000)[0])
    assert np.mean(upper[500:learnt]) < 0.35
    assert np.mean(upper[-500:]) > 0.5


def test_alp_gmm_goes_on_as_it_was() -> None:
    first = AlpGmm(2, np.random.default_rng(2))
    for i in range(300):
        first.learn(first.draw(), float(i % 7))
    second = AlpGmm(2, np.random.default_rng(3))
    second.load(json.loads(json.dumps(first.state())))
    for i in range(300):
        np.testing.assert_array_equal(first.draw(), second.draw())
        task = np.array([i / 300, 0.5])
        first.learn(task, 1.0)
        second.learn(task, 1.0)


def test_mixtures_find_the_gaussians_that_points_come_from() -> None:
    rng = np.random.default_rng(0)
    means = np.array([[0.2, 0.2, 0.1], [0.8, 0.3, 0.5]])
    points = np.concatenate(
        [rng.multivariate_normal(mean, 0.002 * np.eye(3), 200) for mean in means]
    )
    found = {k: fitted(points, k, rng) for k in (1, 2, 3)}
    order = np.argsort(found[2].means[:, 0])
    np.testing.assert_allclose(found[2].means[order], means, atol=0.02)
    np.testing.assert_allclose(found[2].weights, 0.5, atol=0.02)
    assert min(found, key=lambda k: found[k].aic(points)) == 2
    # The likelihood by hand.
    one = found[1]
    away = points - one.means[0]
    inverse, (_, logdet) = np.linalg.inv(one.covariances[0]), np.linalg.slogdet(one.covariances[0])
    by_hand = -0.5 * (np.sum(away @ inverse * away, axis=1) + logdet + 3 * np.log(2 * np.pi))
    np.testing.assert_allclose(one.log_densities(points)[:, 0], by_hand)


@pytest.mark.parametrize(
    ("scores", "mean"),
    [
        ([1.0, 2.0, 3.0, 4.0], 2.5),
        ([4.0, -100.0, 2.0, 3.0, 5.0, 1.0, 9.0, 100.0], 3.5),
        ([0.0, 1.0, 5.0], (0.25 * 0 + 1.0 * 1 + 0.25 * 5) / 1.5),
        ([7.0], 7.0),
    ],
)
def test_the_interquartile_mean_is_that_of_the_middle_half(
    scores: list[float], mean: float
) -> None:
    assert interquartile_mean(np.array(scores)) == pytest.approx(mean)


def test_intervals_hold_the_mean_as_often_as_they_say() -> None:
    """Of normal scores, whose interquartile mean is their mean; two robots of 20 runs each."""
    rng = np.random.default_rng(0)
    held = 0
    for i in range(100):
        strata = rng.normal([[0.4], [0.6]], 0.1, (2, 20))
        low_and_high = interval([*strata.tolist()], seed=i)
        held += low_and_high.low <= 0.5 <= low_and_high.high
    assert held >= 85
    assert Interval(2, 1.5, 2.5).above(Interval(1, 0.5, 1.4))
    assert not Interval(2, 1.5, 2.5).above(Interval(1, 0.5, 1.6))


def test_random_acts_come_when_trials_have_spent_as_much() -> None:
    made = [
        Decision(when={"steps": 100.0}, what="", cost={"steps": 30.0, "judging_steps": 5.0}),
        Decision(when={"steps": 200.0}, what="", cost={}),
        Decision(when={"steps": 300.0}, what="", cost={"steps": 30.0}),
    ]
    assert spent_at_events(made) == [100.0, 235.0, 335.0]


@pytest.fixture
def tiny(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[Cell]:
    """Methods for two iterations on little ground, judged by an episode; one tries something."""
    monkeypatch.setattr(adaptation, "TIMES", "scheduled_trials")
    monkeypatch.setattr(adaptation, "ROWS", tmp_path / "rows")
    test = {**adaptation.PROTOCOL["test"], "difficulties": [0.5], "episodes": 1}
    monkeypatch.setitem(adaptation.PROTOCOL, "test", test)
    ground = {**adaptation.PROTOCOL["ground"], "kinds": ["rough"], "levels": 2}
    monkeypatch.setitem(adaptation.PROTOCOL, "ground", ground)
    budget = {"seeds": [1], "steps": {"walker2d": 2 * BATCH}}
    monkeypatch.setitem(adaptation.PROTOCOL["budget"], "tiny", budget)
    return list(adaptation.cells("tiny", ["walker2d"]))


def test_cells_stop_and_go_on_and_make_a_table(tiny: list[Cell], tmp_path: Path) -> None:
    """Stopped after each iteration, all come to a row."""
    assert [cell.method for cell in tiny] == [
        adaptation.TIMES,
        *(method for method in adaptation.METHODS if method != adaptation.TIMES),
    ]
    assert not tiny[0].beside("random").ready()
    learnt = [cell for cell in tiny if cell.method in (adaptation.TIMES, "random", "alp_gmm")]
    for cell in learnt:
        assert cell.ready()
        assert not adaptation.run(cell, tmp_path, 0.0, [])  # no time is left: one iteration
        while not adaptation.run(cell, tmp_path, 0.0, []):
            pass
    found = [json.loads(cell.row.read_text()) for cell in learnt]
    for row in found:
        assert row["spent"] >= 2 * BATCH
        assert list(row["scores"]) == ["0.5"]
        assert 0 <= row["score"] <= 1
    (decided,) = decisions.load(tiny[0].decisions.read_bytes())
    assert found[0]["spent"] == 2 * BATCH + sum(decided.cost.values())
    (random,) = (row for row in found if row["method"] == "random")
    assert len(random["acts"]) == 1
    lines = table("tiny", found).splitlines()
    for cell in tiny:
        (line,) = (line for line in lines if line.startswith(f"| {cell.method}: "))
        known = [row["score"] for row in found if row["method"] == cell.method]
        assert line.endswith(f"| {known[0]:.3f} |" if cell in learnt else "| not run |")
    assert lines[-1] == "walker2d: too few seeds to compare."
    more = [{**row, "seed": seed} for row in found for seed in range(3)]
    assert "random: " in table("tiny", more)
    assert "0.000 (0.000 to 0.000)" in table("tiny", [{**row, "score": 0.0} for row in more])


@pytest.mark.parametrize("method", ["schedule", "alp_gmm", "random", "even"])
def test_levels_move_as_the_control_says_and_kinds_stay(method: str) -> None:
    cell = Cell("walker2d", method, 1, 100 * BATCH)
    curriculum = cell.curriculum()
    assert curriculum is not None
    env = cell.experiment().make_vec(64, autoreset_mode="SameStep")
    env.reset(seed=1)
    assert env.ground is not None
    kinds = env.ground.columns.copy()
    share = 0.0
    curriculum.teach(env, lambda: round(share * cell.steps))
    curriculum.begin(env)
    seen = {share: set(env.ground.levels.tolist())}
    ended, seconds = np.ones(64, np.bool_), np.full(64, 10.0)
    for share in (0.25, 0.5, 1.0):
        before = env.ground.levels.copy()
        env.ground.judge(ended, seconds, env.final_measures)
        seen[share] = set(env.ground.levels.tolist())
        if method == "random":
            assert np.abs(env.ground.levels - before).max() <= 1
    np.testing.assert_array_equal(env.ground.columns, kinds)
    if method == "schedule":
        assert [max(levels) for levels in seen.values()] == [0, 3, 6, 9]
    elif method == "even":
        assert all(len(levels) == 10 for levels in seen.values())
    elif method == "random":
        assert [max(levels) for levels in seen.values()] == [0, 1, 2, 3]
    else:
        assert len(seen[0.0]) > 5  # evenly, before anything is known
        assert isinstance(curriculum, AlpGmmLevels)
        assert len(curriculum.teacher.tasks) == 3 * 64
    env.close()
