"""Hands in a real browser: as they are natively, and through the JavaScript API."""

from typing import Any

import numpy as np
import pytest

from tests.browser.conftest import with_shared_memory
from tests.trees import leaves
from websim.experiments import archive
from websim.experiments.experiment import Simulation

from . import both_homes
from .test_parity import TOLERANCE, disagreement
from .test_training import load, pause_after, put, wait_for


@pytest.mark.parametrize("task", ["Ant-v5", "HalfCheetah-v5", "Humanoid-v5", "Reacher-v5"])
def test_pushes_and_pulls_are_as_natively(worker: Any, task: str) -> None:
    native, browser = both_homes.pushed(task, 5), worker.call("pushed", task, 5)
    assert native[0]["pulls"][1][1] > 0
    assert np.any(native[1]["xfrc_applied"])
    for a, b in zip(native, browser, strict=True):
        differences = {name: disagreement(a[name], b[name]) for name in a}
        assert max(differences.values()) < TOLERANCE, differences


def ants(sim: Any, **options: Any) -> None:
    sim.create(task="Ant-v5", numEnvs=6, numWorkers=2, controller="zero", **options)
    sim.run("sim.reset({ seed: 0 })")


def state(sim: Any, index: int) -> Any:
    return sim.run("sim.getEnvironmentState(x)", index)


def test_hands_move_the_robots_that_they_are_to_move(sim: Any) -> None:
    ants(sim)
    before = [state(sim, i)["qpos"] for i in range(6)]
    (event,) = sim.run("sim.push(4, 'torso', new Float64Array([10, 0, 0]), 0.1)")
    assert event["do"] == "push"
    assert event["environments"] == [[4, 1]]
    assert event["step"] == 0
    assert event["steps"] == 2
    assert event["point"] is None
    sim.run("sim.pull(1, 'torso', [0.5, 0, 0.75], { point: [0, 0, 0.1] })")
    for _ in range(4):
        sim.run("sim.stepOnce()")
    moved = [state(sim, i)["qpos"][0] - before[i][0] for i in range(6)]
    assert min(moved[4], moved[1]) > 0.05
    assert max(moved[0], moved[2], moved[3], moved[5]) < 0.03
    events = sim.run("sim.release({ first: 1, count: 4 })")
    assert [(e["environments"], e["step"]) for e in events] == [([[1, 2]], 4), ([[3, 2]], 4)]
    assert [e["do"] for e in sim.events("hand")] == ["push", "pull", "release", "release"]


def test_a_pose_is_seen_at_once(sim: Any) -> None:
    ants(sim)
    joints = sim.run("sim.groups[0].joints")
    assert [joint["name"] for joint in joints][:2] == ["hip_1", "ankle_1"]
    assert joints[0]["address"] == 7
    assert joints[0]["angle"]
    assert joints[0]["low"] == pytest.approx(-np.pi / 6)
    sim.run("sim.setJoint(3, 'hip_1', 0.25)")
    assert state(sim, 3)["qpos"][7] == 0.25
    pose = {"qpos": [0, 0, 2, 1, *[0] * 11], "qvel": [0] * 14}
    sim.run("sim.setPose({ first: 2, count: 2 }, x)", pose)
    for index in (2, 3):
        seen = state(sim, index)
        assert seen["qpos"] == pose["qpos"]
        assert seen["observation"][0] == 2
    heights = """sim.poseShards(0).flatMap(({ current, bodies }) =>
      [...current].filter((_, i) => i % (7 * bodies) === 9))"""
    sim.wait(f"{heights}[2] === 2 && {heights}[3] === 2")


WRONG = [
    ("sim.push(6, 'torso', [0, 0, 1], 1)", "the index of an environment must be a whole number"),
    ("sim.push({ first: 5, count: 2 }, 'torso', [0, 0, 1], 1)", "count must be a whole number"),
    ("sim.push('some', 'torso', [0, 0, 1], 1)", "must be one of all, driven"),
    ("sim.push(0, 'tors', [0, 0, 1], 1)", "no body named 'tors'"),
    ("sim.push(0, 0, [0, 0, 1], 1)", "the world can be neither pushed nor pulled"),
    ("sim.push(0, 1, [0, NaN, 1], 1)", "force must be finite"),
    ("sim.push(0, 1, [0, 1e300, 1], 1)", "no greater than"),
    ("sim.push(0, 1, [0, 1], 1)", "force must be 3 numbers"),
    ("sim.push(0, 1, [0, 0, 1], NaN)", "seconds must be a number above 0"),
    ("sim.push(0, 1, [0, 0, 1], 1, { where: 1 })", "no options of a hand named 'where'"),
    ("sim.pull(0, 1, 'up')", "target must be 3 numbers"),
    ("sim.pull(0, 1, [0, 0, 1], { point: [1] })", "point must be 3 numbers"),
    ("sim.setJoint(0, 'knee', 1)", "joint must be one of hip_1, ankle_1"),
    ("sim.setJoint(0, 'hip_1', Infinity)", "qpos must be finite"),
    ("sim.setJoint(0, 'hip_1', 'x')", "value must be a number"),
    ("sim.setPose(0, { qpos: [1], qvel: [1] })", "qpos must have 15 numbers"),
    ("sim.setKeyframe(0, 'home')", "keyframe must be one of the model's (none)"),
]


@with_shared_memory
def test_bad_input_is_named(sim: Any) -> None:
    ants(sim)
    before = state(sim, 0)["qpos"]
    for expression, expected in WRONG:
        name, message = sim.error(expression)
        assert name == "InvalidArgument", (expression, name, message)
        assert expected in message, expression
    sim.run("sim.stepOnce()")
    assert np.abs(np.subtract(state(sim, 0)["qpos"], before))[:3].max() < 0.1


def save(sim: Any) -> bytes:
    text = sim.run("sim.saveExperiment().then((data) => [...new Uint8Array(data)])")
    return bytes(text)


@with_shared_memory
def test_a_simulation_with_hands_is_saved_and_does_it_again(sim: Any) -> None:
    whole = "[0, 1, 2, 3, 4, 5].map((i) => sim.getEnvironmentState(i).qpos)"
    options = {"numWorkers": 2, "seed": 7, "controller": "random"}
    sim.create(task="Ant-v5", numEnvs=6, **options)
    sim.run("sim.push('all', 'torso', [50, 0, 0], 0.2)")
    for step in range(6):
        if step == 2:
            sim.run("sim.pull({ first: 2, count: 3 }, 'torso', [0.5, 0, 0.1], { relative: true })")
        if step == 4:
            sim.run("sim.setJoint(5, 'hip_1', 0.2)")
        sim.run("sim.stepOnce()")
    places, data = sim.run(whole), save(sim)
    experiment = archive.load(data)
    assert [e["step"] for e in experiment.hands or ()] == [0, 0, 2, 2, 4]
    assert experiment.simulation == Simulation(num_envs=6, seed=7, controller="random", workers=2)

    put(sim, data)
    own = sim.run("sim.readRun(data).then((run) => (window.own = run.experiment))")
    assert own["simulation"]["seed"] == 7
    sim.page.evaluate(
        """async (options) => {
          window.sim = await WebSim.create({
            experiment: own, numEnvs: 6, ...options, replacing: window.sim,
          });
        }""",
        options,
    )
    for _ in range(2):
        for _ in range(6):
            sim.run("sim.stepOnce()")
        assert sim.run(whole) == places
        assert len(archive.load(save(sim)).hands or ()) == 5
        sim.run("sim.reset({ seed: 7 })")

    sim.run("sim.setAction(0, x)", [0] * 8)
    name, message = sim.error("sim.saveExperiment()")
    assert name == "InvalidArgument"
    assert "because actions were held" in message


SMALL = {"num_envs": 4, "num_steps": 32, "num_minibatches": 2, "total_timesteps": 2048}

PENDULUMS = {"task": "InvertedPendulum-v5", "hyperparameters": SMALL, "seed": 2}

#: Two iterations, long enough to have a hand in one.
LONG: dict[str, dict[str, Any]] = {
    "ppo": {
        "num_envs": 100,
        "num_steps": 200,
        "num_minibatches": 1,
        "update_epochs": 1,
        "total_timesteps": 40_000,
    },
    "es": {"num_envs": 10, "total_timesteps": 20_000},
}

CHEETAHS = {"task": "HalfCheetah-v5", "seed": 2}


def train(sim: Any, experiment: dict[str, Any], hands: Any = None) -> None:
    workers = 2 if sim.run("crossOriginIsolated") else 1
    sim.create(
        training={"experiment": {**experiment, **({"hands": hands} if hands else {})}},
        tasks=[{"task": experiment["task"], "numEnvs": 2}],
        numWorkers=workers,
        reproducible=True,
    )


def same(run: Any, other: Any) -> None:
    """Everything that was learnt, and the environments, bit by bit."""
    assert run.experiment == other.experiment
    leaves(run.learner, other.learner)
    for own, its in zip(run.ranks, other.ranks, strict=True):
        leaves(own, its)


def test_a_run_with_pushes_repeats_itself_bit_by_bit(sim: Any) -> None:
    train(sim, PENDULUMS)
    sim.run("sim.push('driven', 'pole', [1, 0, 0], 0.1)")
    assert {e["group"] for e in sim.events("hand")} == {1}
    pause_after(sim, 1)
    paused = sim.run("sim.training.iteration")
    sim.run("sim.push('all', 'pole', [20, 0, 0], 0.2)")
    sim.run("sim.pull(3, 'cart', [0.5, 0, 0], { relative: true })")
    sim.run("sim.training.start()")
    wait_for(sim, "finished")
    pushed = load(sim)
    hands = pushed.experiment.hands
    assert hands
    assert {e["do"] for e in hands} == {"push", "pull"}
    assert {(e["iteration"], e["step"]) for e in hands} == {(paused, 0)}

    train(sim, PENDULUMS, hands)
    sim.run("sim.training.start()")
    wait_for(sim, "finished")
    same(load(sim), pushed)

    train(sim, PENDULUMS)
    sim.run("sim.training.start()")
    wait_for(sim, "finished")
    with pytest.raises(AssertionError):
        leaves(pushed.learner, load(sim).learner)


@pytest.mark.parametrize("algorithm", LONG)
def test_hands_act_in_the_middle_of_an_iteration(sim: Any, algorithm: str) -> None:
    if algorithm == "es" and not sim.run("crossOriginIsolated"):
        pytest.skip("after an iteration it is no other than with PPO")
    experiment = {**CHEETAHS, "algorithm": algorithm, "hyperparameters": LONG[algorithm]}
    train(sim, experiment)
    learners = sim.run("sim.groups[0].numEnvs")
    sim.run("sim.training.start()")
    first = "sim.training.iteration === 0"
    sim.wait(f"!({first}) || sim.stats().environmentSteps > {learners}")
    inside = sim.run(
        f"""Promise.all([
          sim.pull(1, 'torso', [0.5, 0, 0.2], {{ relative: true }}),
          sim.push('all', 'torso', [30, 0, 0], 0.5),
          sim.setJoint(0, 'bthigh', 0.4),
        ]).then(() => {first})"""
    )
    wait_for(sim, "finished")
    pushed = load(sim)
    hands = pushed.experiment.hands
    assert hands
    assert {e["do"] for e in hands} == {"push", "pull", "pose"}
    if sim.run("crossOriginIsolated"):
        assert inside, "they were heard only when the iteration was over"
        assert all(e["iteration"] == 0 and e["step"] > 0 for e in hands)
    else:
        assert all(e["iteration"] > 0 and e["step"] == 0 for e in hands)

    train(sim, experiment, hands)
    sim.run("sim.training.start()")
    wait_for(sim, "finished")
    same(load(sim), pushed)


@with_shared_memory
def test_what_is_wrong_is_told_in_the_middle_of_an_iteration(sim: Any) -> None:
    train(sim, {**CHEETAHS, "algorithm": "es", "hyperparameters": LONG["es"]})
    sim.run("sim.training.start()")
    name, message = sim.error("sim.push(0, 'tors', [0, 0, 1], 1)")
    assert sim.run("sim.training.iteration") == 0
    assert name == "InvalidArgument"
    assert "no body named 'tors'" in message
