"""Contests: who competes with whom."""

from dataclasses import replace
from typing import Any

import pytest

from tests.python.sharing.test_links import BALL, REWARD
from websim.errors import InvalidArgument, UnsafeCode
from websim.experiments.experiment import Experiment
from websim.experiments.robot import make_robot
from websim.experiments.sources import of_robot
from websim.registry import task_class
from websim.sharing.contest import contest_of, counts, name_of
from websim.worlds import World

ANT = Experiment(task="Ant-v5")

HEIGHT = '"""How high it is."""\n\n\ndef measure(now, before):\n    return now.qpos[:, 2]\n'

PUSHES = {"events": [{"kind": "push", "interval": [1, 2], "force": [10, 20]}]}


def key(**change: Any) -> str:
    return contest_of(replace(ANT, **change)).sha256


@pytest.mark.parametrize(
    "change",
    [
        {"reward": "def reward(now, before, action):\n    return {}\n"},
        {"algorithm": "es", "hyperparameters": {"sigma": 0.1}},
        {"seed": 7, "title": "Mine", "author": "Ada", "parent": "0" * 64},
        {"measure": task_class("Ant-v5").measure_code},
    ],
)
def test_how_a_run_has_learnt_is_its_own_business(change: dict[str, Any]) -> None:
    assert key(**change) == key()


def test_what_differs_in_robot_task_measure_or_world_never_meets() -> None:
    keys = [
        key(),
        key(measure=HEIGHT),
        key(measure=HEIGHT.replace("2]", "1]")),
        key(task_options={"frame_skip": 4}),
        key(task="Hopper-v5"),
        key(world=World()),
        contest_of(replace(of_robot(make_robot({"b.xml": BALL})), measure=HEIGHT)).sha256,
    ]
    assert len(set(keys)) == len(keys)


def test_a_contest_has_a_name_and_says_what_counts() -> None:
    contest = contest_of(replace(ANT, measure=HEIGHT, task_options={"frame_skip": 4}))
    assert name_of(contest) == "Ant-v5, frame_skip=4"
    assert counts(contest) == "How high it is."
    assert contest_of(contest) == contest


def test_where_nothing_judges_nobody_competes() -> None:
    ball = replace(of_robot(make_robot({"ball.xml": BALL})), reward=REWARD)
    with pytest.raises(InvalidArgument, match="has no measure"):
        contest_of(ball)
    with pytest.raises(UnsafeCode):
        contest_of(replace(ANT, task_code="import os\n"))
