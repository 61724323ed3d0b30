"""The rule by which learning curves are judged, beside the plain definition."""

import csv
import json
from pathlib import Path

import numpy as np
import pytest

from bench.curves import Point, judge, rolling, write_curves, write_summary


def single(returns: list[float]) -> list[Point]:
    """A point for each episode, of 10 steps and a second."""
    return [Point(10 * i, float(i), 1, value) for i, value in enumerate(returns, 1)]


def test_beside_the_mean_of_the_last_100_episodes() -> None:
    returns = np.random.default_rng(0).normal(size=350).cumsum().tolist()
    curve = rolling(single(returns))
    assert [one.step for one in curve] == [10 * n for n in range(100, 351)]
    expected = [np.mean(returns[n - 100 : n]) for n in range(100, 351)]
    np.testing.assert_allclose([one.value for one in curve], expected)


def test_of_a_point_with_many_episodes_only_the_missing_count() -> None:
    points = [Point(1, 1.0, 90, 0.0), Point(2, 2.0, 0, 0.0), Point(3, 3.0, 60, 10.0)]
    (only,) = rolling(points)
    assert only.step == 3
    assert only.value == pytest.approx(6.0)
    assert rolling([*points, Point(4, 4.0, 300, 7.0)])[-1].value == pytest.approx(7.0)


def test_a_run_is_judged_by_its_first_time_at_the_threshold() -> None:
    points = single([float(n) for n in range(200)] + [0.0] * 150)
    result = judge(3, points, 120.0)
    # The mean of n - 100 to n - 1 is n - 50.5.
    assert (result.steps_to_threshold, result.seconds_to_threshold) == (1710, 171.0)
    assert (result.best, result.final, result.steps) == (149.5, 0.0, 3500)
    assert (result.curve[0].step, result.curve[-1].step) == (1000, 3500)
    never = judge(3, points, 150.0)
    assert (never.steps_to_threshold, never.seconds_to_threshold) == (None, None)


def test_what_is_written_down(tmp_path: Path) -> None:
    runs = [judge(seed, single([float(seed)] * 120), 1.5) for seed in (1, 3)]
    row = {"task": "Ant-v5", "setting": "ppo fast", "runs": runs}
    write_summary(tmp_path / "deep" / "x", {"command": "c"}, [row])
    write_curves(tmp_path / "deep" / "x", [row])
    summary = json.loads((tmp_path / "deep" / "x.json").read_text())
    (task,) = summary["tasks"]
    assert task["final"] == {"mean": 2.0, "std": pytest.approx(2**0.5)}
    assert task["seconds_to_threshold"] == {"mean": None, "std": None}  # one seed never got there
    assert [run["seconds_to_threshold"] for run in task["runs"]] == [None, 100.0]
    with (tmp_path / "deep" / "x.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert {row["seed"] for row in rows} == {"1", "3"}
    assert rows[-1]["return"] == "3.0"
