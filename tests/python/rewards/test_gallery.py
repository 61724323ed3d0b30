"""Worked rewards are safe code, and pay and judge the robots that they are for."""

import numpy as np
import pytest
from imageio.v3 import imread

from websim.browser.code import check, vocabulary
from websim.experiments.experiment import Experiment
from websim.registry import task_ids
from websim.rewards.gallery import Worked, gallery
from websim_server.paths import WEB

CASES = [(worked, task) for worked in gallery() for task in worked.tasks]


def test_there_is_one_of_each_kind() -> None:
    assert {worked.name for worked in gallery()} == {
        "hop_on_one_leg",
        "reach_a_height",
        "run_backwards",
        "slow_and_smooth",
        "spin",
        "stand_up",
    }
    assert all(worked.about.endswith(".") and worked.title for worked in gallery())
    assert {task for _, task in CASES} <= set(task_ids())


@pytest.mark.parametrize(("worked", "task"), CASES, ids=[f"{w.name}-{t}" for w, t in CASES])
def test_it_pays_and_judges(worked: Worked, task: str) -> None:
    env = Experiment(task=task, reward=worked.source, measure=worked.source).make_vec(
        8, max_episode_steps=25
    )
    env.reset(seed=0)
    env.action_space.seed(0)
    seen = np.zeros(len(env.reward_terms))
    for _ in range(30):
        env.step(env.action_space.sample())
        assert np.isfinite(env.reward_term_values).all()
        seen += np.abs(env.reward_term_values).sum(axis=0)
    assert (seen > 0).sum() >= 2  # some pay only later: what is high, or stands on one leg
    assert np.isfinite(env.final_measures).all()
    assert check(env, "reward", worked.source) == []
    assert worked.title in [offered["title"] for offered in vocabulary(env)["gallery"]]
    env.close()


def test_each_has_a_picture() -> None:
    pictures = WEB / "app" / "code" / "gallery"
    for worked in gallery():
        assert imread(pictures / f"{worked.name}.jpg").shape == (160, 240, 3)
