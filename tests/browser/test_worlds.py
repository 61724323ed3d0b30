"""Worlds in the tab: as natively, whichever worker has an environment, and after every break."""

from typing import Any

import numpy as np
import pytest

from tests.browser.conftest import with_shared_memory
from tests.browser.test_training import experiment, last_checkpoint, resume, wait_for
from websim.experiments.experiment import from_dict
from websim.training import checkpoints
from websim.training.verification import verify

from . import both_homes
from .test_parity import TOLERANCE, disagreement


def scaled(target: str, mode: str = "startup", **more: Any) -> dict[str, Any]:
    return {"mode": mode, "target": target, "operation": "scale", "range": [0.7, 1.3], **more}


WORLD = {
    "events": [
        scaled("friction", shared_random=True, level="width"),
        scaled("mass", "reset"),
        scaled("gains", distribution="gaussian", range=[1, 0.1]),
        scaled("dof_damping", distribution="log_uniform"),
        scaled("gravity", "interval", interval_range_s=[0.1, 0.2]),
        {"mode": "reset", "target": "qpos", "operation": "add", "range": [-0.05, 0.05]},
        {
            "mode": "interval",
            "target": "push",
            "operation": "add",
            "range": [0.5, 1],
            "interval_range_s": [0.001, 0.002],
        },
    ],
    "levels": [{"name": "width", "curriculum": "none", "difficulty": [0.3, 1]}],
    "observation_noise": {"range": [0, 0.01]},
    "observation_delay": [0, 2],
    "action_noise": {"range": [-0.1, 0.1], "distribution": "uniform"},
    "action_delay": [0, 2],
}


@pytest.mark.parametrize("task", ["Ant-v5", "HalfCheetah-v5", "Humanoid-v5"])
def test_a_step_is_as_natively(worker: Any, task: str) -> None:
    """Each from a state of its own, in a model of its own, with a push."""
    states, actions = both_homes.visited_states(task, 50, seed=1)
    native = both_homes.in_world(task, WORLD, states, actions)
    browser = worker.call("in_world", task, WORLD, states, actions)
    assert browser.keys() == native.keys()
    differences = {name: disagreement(native[name], browser[name]) for name in native}
    assert max(differences.values()) < TOLERANCE, differences
    same = both_homes.in_world(task, {}, states, actions)
    moved = np.abs(np.asarray(native["qvel"]) - np.asarray(same["qvel"])).max(axis=1)
    assert np.median(moved) > 1e-2, "the world makes no difference: the comparison proves nothing"


def observed(sim: Any, count: int, index: int) -> Any:
    state = sim.run("({ ...sim.getEnvironmentState(x), qpos: 0, qvel: 0, action: 0 })", index)
    observations = np.array(list(state["observation"].values())).reshape(-1)
    return observations, state["worldValues"]


def test_an_environment_is_the_same_in_any_worker_and_after_one_is_lost(sim: Any) -> None:
    native = from_dict({"task": "HalfCheetah-v5", "world": WORLD}, {}).make_vec(6)
    there, _ = native.reset(seed=3)
    wanted = {"task": "HalfCheetah-v5", "world": WORLD}
    drawn = []
    for workers in (1, 2):
        sim.create(experiment=wanted, numEnvs=6, numWorkers=workers, speed=0.001, seed=3)
        here = np.array(sim.run("sim.reset({ seed: 3 })")).reshape(6, -1)
        np.testing.assert_allclose(here, there, atol=1e-9)
        drawn.append([sim.run("sim.getEnvironmentState(x).worldValues", i) for i in range(6)])
    assert drawn[0] == drawn[1]
    assert native.world is not None
    assert list(drawn[0][0]) == list(native.world.names)
    waiting = [name for name in drawn[0][0] if name == "gravity *"]
    for i, values in enumerate(drawn[0]):
        shown = [np.nan if value is None else value for value in values.values()]
        np.testing.assert_allclose(shown, native.world.values[i], atol=1e-9)
        assert all(np.isnan(values[name] or np.nan) for name in waiting), "not due yet"
    native.close()

    # The worker that takes its place draws the same.
    sim.lose(0)
    sim.wait("seen.some(({ event }) => event === 'workerRestart')", 30)
    sim.run("sim.play()")
    sim.wait("sim.stats().workerLoads[0].physicsStepsPerSecond > 0", 60)
    again = sim.run("sim.getEnvironmentState(0).worldValues")
    startup = [name for name in again if name.split()[0] in ("friction", "gains", "dof_damping")]
    assert len(startup) > 6
    assert {name: again[name] for name in startup} == {n: drawn[0][0][n] for n in startup}


@with_shared_memory
def test_draw_again_is_another_seed(sim: Any) -> None:
    wanted = {"task": "HalfCheetah-v5", "world": {"events": [scaled("mass")]}}
    sim.create(experiment=wanted, numEnvs=4, numWorkers=2, speed=0.001)
    values = []
    for seed in (0, 100, 0):
        sim.run("sim.reset({ seed: x })", seed)
        values.append([sim.run("sim.getEnvironmentState(x).worldValues", i) for i in range(4)])
    assert values[0] == values[2]
    assert all(a != b for a, b in zip(values[0], values[1], strict=True))


@with_shared_memory
def test_what_is_wrong_is_named_by_its_path(sim: Any) -> None:
    sim.create(task="InvertedPendulum-v5", numEnvs=1, numWorkers=2)
    event = scaled("friction", names=["wheel"])  # what only a worker with the model knows
    name, message = sim.error(
        "WebSim.create({ experiment: x, numEnvs: 2, replacing: sim })",
        {"task": "InvertedPendulum-v5", "world": {"events": [event]}},
    )
    says = "world.events[0].names: The model has no geom"
    assert (name, says in message) == ("InvalidArgument", True), message


@with_shared_memory
def test_learning_in_a_world_goes_on_to_the_same_bits(sim: Any) -> None:
    wanted = {**experiment(), "world": WORLD}
    ends = []
    for cut in (False, True):
        sim.create(
            tasks=[],
            training={"experiment": wanted},
            numWorkers=2,
            reproducible=True,
        )
        if cut:
            sim.run(
                """new Promise((resolve) => {
                  const off = sim.on('iteration', ({ iteration }) => {
                    if (iteration < 3) return;
                    off();
                    resolve(sim.training.pause());
                  });
                  sim.training.start();
                })"""
            )
            resume(sim, last_checkpoint(sim))
        sim.run("sim.training.start()")
        wait_for(sim, "finished")
        ends.append(last_checkpoint(sim))
    first, second = (checkpoints.loads(data) for data in ends)
    assert first.experiment.world == from_dict(wanted, {}).world
    for name, array in first.learner["policy"].items():
        np.testing.assert_array_equal(array, second.learner["policy"][name])
    for one, other in zip(first.ranks, second.ranks, strict=True):
        assert one is not None
        assert other is not None
        for name, array in one["env"]["world"].items():
            np.testing.assert_array_equal(array, other["env"]["world"][name], name)
    verify(second)
