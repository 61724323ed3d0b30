"""Runs that change their own course, in the page's workers: as natively, and whatever breaks."""

import json
from dataclasses import replace
from typing import Any

import pytest

from tests.browser.conftest import with_shared_memory
from tests.browser.test_training import (
    create,
    equal,
    last_checkpoint,
    load,
    pause_after,
    resume,
    wait_for,
)
from tests.python.adaptation.test_trainer import BATCH, SLOWER, experiment
from tests.python.learning.test_ranks import together
from websim.adaptation.trainer import AdaptiveTrainer
from websim.experiments.decisions import decisions_of
from websim.experiments.experiment import Experiment, as_dict
from websim.ranks import Communicator
from websim.training import checkpoints
from websim.worlds import Terrain, World

FASTER = {"act": "rescale", "hyperparameter": "learning_rate", "factor": 1000.0}


def begin(sim: Any, given: Experiment, **options: Any) -> None:
    create(sim, training={"experiment": as_dict(given)}, **options)


def finish(sim: Any) -> None:
    sim.run("sim.training.start()")
    wait_for(sim, "finished")


def natively(given: Experiment, ranks: int) -> bytes:
    def run(communicator: Communicator) -> bytes | None:
        trainer = AdaptiveTrainer(given, communicator)
        iteration = trainer.advance()
        while not iteration.done:
            iteration = trainer.advance()
        trainer.close()
        return iteration.checkpoint

    data: bytes | None = together(run, ranks)[0]
    assert data is not None
    return data


@with_shared_memory
def test_it_decides_as_natively_and_resumed_as_without_a_break(sim: Any) -> None:
    """A rate at which nothing is learnt is made greater: what helps goes on."""
    given = experiment(FASTER, every=1, trial=6, hyperparameters={"learning_rate": 1e-6})
    begin(sim, given)
    ranks = sim.run("sim.training.ranks")
    assert ranks == 2
    finish(sim)
    data = last_checkpoint(sim)
    here, there = decisions_of(data), decisions_of(natively(given, ranks))
    assert len(here) == len(there) == 2
    for one, other in zip(here, there, strict=True):
        assert (one.what, one.taken) == (other.what, other.taken)
        assert (one.when, one.cost["steps"]) == (other.when, other.cost["steps"])
        assert one.evidence["schedule"] == other.evidence["schedule"]
    # Kernels round otherwise than numpy: what is learnt drifts apart, slowly.
    assert here[0].evidence["with"] == pytest.approx(there[0].evidence["with"], rel=0.1)
    assert here[0].taken  # and is what the page shows from then on
    assert sim.run("sim.getEnvironmentState(0).qpos.length") == 2
    assert sim.events("scene") == []  # they stand where they stood
    told = sim.run("sim.training.decisions")
    assert [one["outcome"] for one in told] == [one.outcome for one in here]
    rate = sim.run("sim.training.experiment.hyperparameters.learning_rate")
    assert rate == checkpoints.loads(data).experiment.hyperparameters["learning_rate"] > 1e-6

    whole = load(sim)
    for iteration in (2, 3):  # as something is noticed, and while it is tried
        begin(sim, given)
        pause_after(sim, iteration)
        resume(sim, last_checkpoint(sim))
        finish(sim)
        equal(load(sim), whole)
        assert decisions_of(last_checkpoint(sim)) == here


@with_shared_memory
def test_a_lost_worker_ends_a_trial_and_the_run_goes_on(sim: Any) -> None:
    given = experiment(SLOWER, trial=25, hyperparameters={"total_timesteps": 35 * BATCH})
    begin(sim, given)
    sim.run("sim.training.start()")
    sim.wait("sim.training.course.trying", 60)
    sim.lose(1)
    sim.wait("sim.training.decisions.length", 60)
    (one,) = sim.run("sim.training.decisions")
    assert one["outcome"] == "It was given up: a rank was lost."
    sim.wait("seen.some(({ event }) => event === 'workerRestart')", 30)
    sim.wait("sim.training.course.trying && sim.training.decisions.length === 1", 60)
    assert sim.run("sim.training.ranks") == 2
    # Lost in a pause, in the middle of a trial: all go on from its beginning.
    sim.run("sim.training.pause()")
    sim.lose(0)
    sim.wait("seen.filter(({ event }) => event === 'workerRestart').length === 2", 30)
    sim.run("sim.ready()")
    sim.run("sim.training.start()")
    wait_for(sim, "finished", 200)
    assert len(load(sim).ranks) == 2
    assert sim.run("sim.training.decisions.length") > 1


@with_shared_memory
def test_it_asks_and_goes_back_and_other_ground_is_shown(sim: Any) -> None:
    ground = World(terrain=Terrain(kinds=("rough",), levels=2, difficulty=(0.0, 0.1)))
    given = experiment(
        {"act": "harder", "by": 0.5},
        task="Hopper-v5",
        world=ground,
        hyperparameters={"total_timesteps": 400 * BATCH},
    )
    begin(sim, replace(given, adaptation={**(given.adaptation or {}), "ask": True}))
    name, message = sim.error("sim.training.answer(true)")
    assert (name, "do not learn" in message) == ("InvalidArgument", True)
    sim.run("sim.training.start()")
    sim.wait("sim.training.course.proposed", 60)
    assert sim.run("sim.training.course.proposed.act") == {
        "act": "harder",
        "by": 0.5,
        "of": "terrain",
    }
    sim.run("sim.training.answer(false)")
    (one,) = sim.run("sim.training.decisions")
    assert one["outcome"] == "Not tried: somebody said no."
    sim.wait("sim.training.course.proposed", 60)
    sim.run("sim.training.answer(true)")
    sim.wait("sim.training.decisions.length === 2", 60)
    two = sim.run("sim.training.decisions[1]")
    assert two["event"] == "schedule"
    assert sim.run("sim.training.course.undoable") == [1]
    rise = "sim.groups[0].scene.hfields[0].size[2]"  # of heights from 0 to 1, in m
    before = sim.run(rise)
    sim.page.evaluate("() => { seen.length = 0; }")
    sim.run("sim.training.undo(1)")
    sim.wait("seen.some(({ event }) => event === 'scene')", 30)
    after = sim.run(rise)
    assert (after < before) is two["taken"]
    name, message = sim.error("sim.training.undo(1)")
    assert name == "InvalidArgument"
    assert "of these it is: 2" in message
    low, _ = sim.run("sim.training.experiment.world.terrain.difficulty")
    assert low == (0.0 if two["taken"] else 0.5)
    sim.run("sim.training.stop()")
    assert [one.event for one in decisions_of(last_checkpoint(sim))] == ["schedule"] * 2 + ["undo"]


@with_shared_memory
def test_what_fails_is_dropped_and_told(sim: Any) -> None:
    wild = {"act": "rescale", "hyperparameter": "vf_coef", "factor": 1e200}
    given = experiment(wild)
    begin(sim, given)
    finish(sim)
    (first, *_) = decisions_of(last_checkpoint(sim))
    assert first.outcome.startswith("Left away, for it failed: After ")
    adapted = load(sim)
    begin(sim, replace(given, adaptation=None))
    finish(sim)
    equal(adapted, load(sim))  # without a trace
    assert json.dumps(sim.run("sim.training.decisions")) == "[]"
