"""Tournaments in the page's workers: what comes of one, hands on it, lost workers, mistakes.

Each of their workers learns alone, with shared memory or without: the last test sees to that.
"""

import base64
from typing import Any

import pytest

from tests.browser.conftest import with_shared_memory
from websim.authors.tournament import archive
from websim.experiments.experiment import Experiment, as_dict
from websim.training import checkpoints
from websim.training.evaluation import evaluate

EXPERIMENT = as_dict(
    Experiment(
        task="Hopper-v5",
        hyperparameters={"num_envs": 32, "num_steps": 64, "num_minibatches": 4, "update_epochs": 1},
    )
)
MEASURE = "def measure(now, before):\n    return now.qvel[:, 0]\n"


def written(name: str, speed: float) -> dict[str, str]:
    source = (
        f"speed_weight = {speed}\n\n\ndef reward(now, before, action):\n"
        '    return {"speed": speed_weight * now.qvel[:, 0]}\n'
    )
    return {"name": name, "reward": source, "measure": MEASURE}


CONSTANT = {
    "name": "constant",
    "reward": "def reward(now, before, action):\n    return {'nothing': 1.0}\n",
    "measure": MEASURE,
}


def begin(sim: Any, *rewards: dict[str, str], **options: Any) -> None:
    given = {
        "words": "go on",
        "experiment": EXPERIMENT,
        "author": "hand",
        "rewards": [one["reward"] for one in rewards],
        "measure": MEASURE,
        "candidates": len(rewards),
        "steps": 30_000,
        "episodes": 2,
        **options,
    }
    sim.run("sim.author(x).then((made) => void (window.tournament = made))", given)


def standing(sim: Any) -> dict[str, Any]:
    told: dict[str, Any] = sim.run("tournament.standing")
    return told


def saved(sim: Any) -> bytes:
    text = sim.run(
        """tournament.save().then((data) => new Promise((resolve) => {
          const reader = new FileReader();
          reader.onload = () => resolve(reader.result.split(',')[1]);
          reader.readAsDataURL(new Blob([data]));
        }))"""
    )
    return base64.b64decode(text)


@with_shared_memory
def test_one_from_start_to_end_beside_robots_that_move(sim: Any) -> None:
    sim.create(task="Hopper-v5", numEnvs=8, numWorkers=2, speed=1)
    sim.run("sim.play()")
    begin(sim, written("back", -1.0), written("forth", 1.0), CONSTANT)
    sim.wait("tournament.over", 200)
    told = standing(sim)
    assert told["failure"] == ""
    assert told["stage"] == "over"
    assert told["contenders"][2]["out"].startswith("what it pays is always the same")
    best = told["contenders"][told["best"]]
    assert best["weights"].keys() == {"speed"}
    assert len(best["curve"]) == len(best["curveSteps"]) > 3
    data = saved(sim)
    read = checkpoints.loads(data)
    assert read.experiment.reward == best["reward"]
    assert read.experiment.title == "go on"
    assert archive.load(data)[0].over
    # What the tab measured holds here, by the very same episodes.
    again = evaluate(read, 8, 1_000_001)
    assert again.measures.mean() == pytest.approx(told["bestMeasure"], abs=0.05)
    assert sim.run("sim.stats().badStates") == 0
    assert len(sim.events("episode")) > 0, "the robots have moved meanwhile"


@with_shared_memory
def test_hands_on_it_a_pause_and_a_worker_that_dies(sim: Any) -> None:
    sim.create(task="Hopper-v5", numEnvs=4, numWorkers=2)
    begin(sim, written("a", 1.0), written("b", 1.5), written("c", 2.0), steps=10_000_000)
    sim.wait("tournament.standing.running.length === sim.numWorkers", 60)
    sim.run("tournament.pause()")
    sim.wait("tournament.standing.running.length === 0", 60)
    assert not sim.run("tournament.running")
    before = standing(sim)["steps"]
    sim.run("tournament.takeOut(0)")
    sim.run("tournament.keep(1)")
    sim.run("tournament.add(x, 1)", written("mine", 3.0))
    told = standing(sim)
    assert [one["out"] for one in told["contenders"]] == ["taken out by hand", "", "", ""]
    assert told["contenders"][1]["kept"]
    assert told["contenders"][3]["parent"] == 1
    sim.run("tournament.start()")
    sim.wait("tournament.standing.running.length > 0", 60)
    sim.lose(0)
    sim.wait("tournament.standing.stage === 'halving'", 200)
    assert len(sim.events("workerRestart")) == 1
    assert standing(sim)["steps"] >= before + 2 * 8192
    sim.run("tournament.stop()")
    sim.wait("tournament.over", 60)
    told = standing(sim)
    assert told["ending"] == "It was stopped by hand."
    assert told["best"] in (1, 2, 3)
    sim.errors.clear()


def test_mistakes_are_told_and_leave_nothing_behind(sim: Any) -> None:
    sim.create(task="Hopper-v5", numEnvs=4, numWorkers=1)
    reward = written("a", 1.0)["reward"]
    options = {
        "words": "go", "experiment": EXPERIMENT, "author": "hand", "rewards": [reward],
        "measure": MEASURE,
    }  # fmt: skip
    for change, said in (
        ({"words": "  "}, "words must say"),
        ({"candidates": 0}, "candidates must be a whole number from 1 to 64"),
        ({"rewards": []}, "Rewards by hand are needed"),
        ({"author": "offline"}, "writes rewards itself"),
        ({"author": "offline", "rewards": [], "words": "flumm the grok"}, "flumm"),
        ({"experiment": {"task": "Nothing-v0"}}, "Nothing-v0"),
        ({"minutes": -1}, "minutes must be a number above 0"),
        ({"what": 1}, "what"),
    ):
        name, message = sim.error("sim.author(x)", options | change)
        assert said in message, (name, message)
    begin(sim, written("a", 1.0), steps=10_000_000)
    assert "there is a tournament already" in sim.error("sim.author(x)", options)[1]
    sim.create(task="Hopper-v5", numEnvs=4, numWorkers=1)  # in place of it, in the middle
    assert sim.run("tournament.over")
    begin(sim, written("a", 1.0), steps=10_000)
    sim.wait("tournament.over", 100)
