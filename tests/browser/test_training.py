"""Training in the page: it repeats itself bit by bit, goes on after every kind of break, and is
never touched by what is played beside it.
"""

import base64
import dataclasses
import hashlib
from typing import Any

import numpy as np
import pytest

from tests.browser.conftest import with_shared_memory
from websim.experiments.experiment import Experiment, as_dict
from websim.training import checkpoints
from websim.training.checkpoints import Checkpoint

SPEC = Experiment(
    task="Hopper-v5",
    hyperparameters={
        "num_envs": 8,
        "num_steps": 32,
        "num_minibatches": 4,
        "update_epochs": 2,
        "total_timesteps": 7 * 256,  # 56 gradient steps
    },
)


def experiment(task: str = "Hopper-v5", **hyperparameters: Any) -> dict[str, Any]:
    return as_dict(
        dataclasses.replace(SPEC, task=task, hyperparameters=SPEC.hyperparameters | hyperparameters)
    )


def create(sim: Any, *, beside: int = 0, **options: Any) -> None:
    options = {
        "training": {"experiment": experiment()},
        "numWorkers": 2,
        "reproducible": True,
        **options,
    }
    sim.create(tasks=[{"task": "Hopper-v5", "numEnvs": beside}] if beside else [], **options)


def wait_for(sim: Any, state: str, seconds: float = 120) -> None:
    sim.wait(f"['{state}', 'failed'].includes(sim.training.state)", seconds)
    assert sim.run("sim.training.state") == state, sim.events("training")[-1]


def wait_for_iteration(sim: Any, iteration: int) -> None:
    sim.wait(f"sim.training.iteration >= {iteration}", 120)


def pause_after(sim: Any, iteration: int) -> None:
    """Pauses a run that is waiting to start. The page asks: a short run is over in no time."""
    sim.run(
        """new Promise((resolve) => {
          const off = sim.on('iteration', (event) => {
            if (event.iteration < x) return;
            off();
            resolve(sim.training.pause());
          });
          sim.training.start();
        })""",
        iteration,
    )
    assert sim.run("sim.training.state") == "paused"


def last_checkpoint(sim: Any) -> bytes:
    text = sim.run(
        """new Promise((resolve) => {
          const reader = new FileReader();
          reader.onload = () => resolve(reader.result.split(',')[1]);
          const { data } = seen.findLast(({ event }) => event === 'checkpoint');
          reader.readAsDataURL(new Blob([data]));
        })"""
    )
    return base64.b64decode(text)


def load(sim: Any) -> Checkpoint:
    return checkpoints.loads(last_checkpoint(sim))


def put(sim: Any, data: bytes) -> None:
    """Makes a checkpoint `window.data` of the page."""
    sim.page.evaluate(
        """(text) => {
          window.data = Uint8Array.from(atob(text), (c) => c.charCodeAt(0)).buffer;
        }""",
        base64.b64encode(data).decode(),
    )


def resume(sim: Any, data: bytes, **options: Any) -> None:
    put(sim, data)
    sim.page.evaluate("(options) => { window.wanted = options; }", options)
    sim.page.evaluate(
        """async () => {
          const { training, ...others } = wanted;
          window.sim = await WebSim.create({
            training: { checkpoint: data, ...training },
            numWorkers: 2, reproducible: true, ...others,
            replacing: window.sim,
          });
          window.seen = [];
          const names = ['notice', 'workerRestart', 'error', 'iteration', 'training', 'checkpoint'];
          for (const name of names) {
            sim.on(name, (detail) => seen.push({ event: name, ...detail }));
          }
        }"""
    )


def metrics(sim: Any) -> list[dict[str, Any]]:
    """Of each iteration, without those that were given up."""
    return [event["metrics"] for event in sim.events("iteration") if event["metrics"]]


def whole_run(sim: Any) -> tuple[Checkpoint, list[dict[str, Any]]]:
    create(sim)
    sim.run("sim.training.start()")
    wait_for(sim, "finished")
    return load(sim), metrics(sim)


def equal(first: Checkpoint, second: Checkpoint) -> None:
    np.testing.assert_equal(first.learner, second.learner)
    np.testing.assert_equal(first.ranks, second.ranks)


def test_it_repeats_itself_bit_by_bit_whatever_is_played_beside_it(sim: Any) -> None:
    first, curve = whole_run(sim)
    assert first.learner["gradient_steps"] >= 50
    assert len(first.ranks) == (2 if sim.run("sim.isolated") else 1)
    assert first.learner["best"]["mean_return"] > 0
    assert [e["reason"] for e in sim.events("checkpoint")][-1] == "end"
    assert len(curve) == 7

    create(sim, beside=6)
    sim.run("sim.play()")
    sim.run("sim.training.start()")
    for iteration, name in enumerate(["current", "zero", "best"], 1):
        wait_for_iteration(sim, iteration)
        sim.wait("sim.getEnvironmentState(13).episodeReturn !== 0")  # since the last reset
        sim.run(f"sim.setController('{name}', {{ first: 8 + {iteration}, count: 3 }})")
        sim.run("sim.setAction(9, [0.1, 0.2, 0.3])")
        sim.run("sim.reset({ seed: 3 })")
    wait_for(sim, "finished")
    equal(load(sim), first)
    assert metrics(sim) == curve

    # Paused and resumed; saved, and gone on with in another simulation.
    create(sim, training={"experiment": experiment(), "checkpointSeconds": 1e9})
    pause_after(sim, 2)
    paused = sim.run("sim.training.iteration")
    assert paused < 7
    reasons = [event["reason"] for event in sim.events("checkpoint")]
    assert reasons == ["interval", "pause"]  # one after the first iteration
    saved = last_checkpoint(sim)
    sim.run("sim.training.start()")
    wait_for(sim, "finished")
    equal(load(sim), first)

    # By somebody else: it says what it was made of, and is the same but for that.
    forked = {**experiment(), "parent": hashlib.sha256(saved).hexdigest()}
    resume(sim, saved, training={"experiment": forked})
    assert sim.run("sim.training.experiment") == forked
    sim.run("sim.training.start()")
    wait_for(sim, "finished")
    equal(load(sim), first)
    assert load(sim).experiment.parent == forked["parent"]
    assert metrics(sim) == curve[paused:]


def test_what_the_page_sees_of_learners(sim: Any) -> None:
    create(sim, beside=2, training={"experiment": experiment(total_timesteps=10**6)})
    groups = sim.run(
        "sim.groups.map(({ task, numEnvs, offset, learns }) => [numEnvs, offset, learns])"
    )
    assert groups == [[8, 0, True], [2, 8, False]]
    assert sim.run("sim.numEnvs") == 10
    assert sim.run("sim.training.state") == "waiting"
    assert sim.run("sim.controllers") == ["random", "zero", "sinusoid", "current", "best"]
    sim.run("sim.training.start()")
    sim.wait("seen.some(({ event, index }) => event === 'episode' && index < 8)", 60)
    sim.wait("sim.getEnvironmentState(7).qvel.some((v) => v !== 0)")
    before = sim.run("[sim.poseShards(0)[0].sequence, sim.stats().environmentSteps]")
    sim.wait(f"sim.poseShards(0)[0].sequence > {before[0]}")
    sim.wait(f"sim.stats().environmentSteps > {before[1]}")
    assert sim.run("sim.getEnvironmentState(0).controller") is None
    for expression, says in [
        ("(async () => sim.setAction(0, [0, 0, 0]))()", "environment 0 learns"),
        ("(async () => sim.setController('zero', { first: 7, count: 2 }))()", "0 to 7 learn"),
        ("(async () => sim.setController('zero', { first: 8, count: 3 }))()", "1 to 2"),
        ("(async () => sim.setController('mine'))()", "random, zero, sinusoid, current, best"),
        ("sim.step([1, 2])", "6 numbers"),
        ("sim.joinRanks()", "ranks"),
    ]:
        name, message = sim.error(expression)
        assert name in ("InvalidArgument", "WorkerError")
        assert says in message
    data = sim.run("sim.training.save().then((data) => data.byteLength)")
    assert data > 1000
    assert "asked" in [event["reason"] for event in sim.events("checkpoint")]
    sim.run("sim.training.stop()")
    assert sim.run("sim.training.state") == "stopped"
    assert sim.events("checkpoint")[-1]["reason"] == "end"
    assert sim.error("(async () => sim.training.start())()")[0] == "InvalidArgument"
    assert sim.run("sim.stats().workerRestarts") == 0
    # A run under way does not keep its workers from doing something else.
    create(sim)
    sim.run("sim.training.start()")
    wait_for_iteration(sim, 1)
    sim.create(task="Hopper-v5", numEnvs=2, numWorkers=2, reproducible=True)
    assert sim.python("import websim_js; websim_js.embindObjects()") == 2
    assert sim.run("sim.training") is None
    assert sim.run("sim.controllers") == ["random", "zero", "sinusoid"]


@pytest.mark.parametrize("lost", [0, 1])
def test_a_lost_worker_is_replaced_and_training_goes_on(sim: Any, lost: int) -> None:
    if lost and not sim.run("crossOriginIsolated"):
        pytest.skip("one worker learns there")
    create(
        sim,
        beside=2,
        training={"experiment": experiment(total_timesteps=10**6), "checkpointSeconds": 1},
    )
    alone = sim.run("sim.training.ranks") == 1
    sim.run("sim.training.start()")
    wait_for_iteration(sim, 3)
    if lost:  # it says so
        sim.lose(1)
    else:  # it falls silent
        sim.run("sim.workers[0].terminate()")
    with sim.hurrying(3):
        sim.wait("seen.some(({ event }) => event === 'workerRestart')", 60)
    if not alone:  # the survivor goes on at once
        now = sim.run("sim.training.iteration")
        wait_for_iteration(sim, now + 3)
    sim.wait("sim.stats().workerLoads.every(({ state }) => state !== 'restarting')", 120)
    now = sim.run("sim.training.iteration")
    sim.wait(f"sim.training.iteration > {now} + 3", 120)
    if not alone:
        # All are ranks again: an iteration is 256 steps.
        steps = [e["globalStep"] for e in sim.events("iteration") if e["metrics"]]
        sim.wait("seen.filter(({ event, lost }) => event === 'iteration' && lost.length).length", 5)
        assert steps[-1] - steps[-2] == 256
        assert 128 in np.diff(steps)
    sim.run("sim.training.pause()")
    state = load(sim)
    assert len(state.ranks) == (1 if alone else 2)
    assert None not in state.ranks
    assert sim.events("error") == []


def test_a_worker_lost_while_paused(sim: Any) -> None:
    """What it had is in the checkpoint of the pause: the run is as if nothing had happened."""
    first, _ = whole_run(sim)
    create(sim)
    pause_after(sim, 2)
    sim.lose(0)
    sim.wait("seen.some(({ event }) => event === 'workerRestart')", 60)
    sim.run("sim.ready()")
    sim.run("sim.training.start()")
    wait_for(sim, "finished")
    equal(load(sim), first)


SPOIL = """
import gc, websim.training.trainer
for trainer in [o for o in gc.get_objects() if isinstance(o, websim.training.trainer.Trainer)]:
    trainer.algorithm.optimizer.state()["m"][:] = float("nan")
"""


def test_what_is_not_finite_ends_at_the_last_good_checkpoint(sim: Any) -> None:
    create(
        sim,
        beside=2,
        training={"experiment": experiment(total_timesteps=10**6)},
        controller="current",
    )
    sim.run("sim.play()")
    sim.run("sim.training.start()")
    wait_for_iteration(sim, 2)
    sim.python(SPOIL)
    sim.wait("sim.training.state === 'failed'", 60)
    assert "no longer finite" in sim.events("training")[-1]["message"]
    assert sim.events("checkpoint")[-1]["reason"] == "failed"
    good = load(sim)
    assert all(np.isfinite(array).all() for array in good.learner["policy"].values())
    steps = sim.run("sim.getEnvironmentState(8).time")
    sim.wait(f"sim.getEnvironmentState(8).time !== {steps}")  # the others play on
    assert sim.run("sim.stats().workerRestarts") == 0
    resume(sim, last_checkpoint(sim))
    sim.run("sim.training.start()")
    wait_for_iteration(sim, good.learner["iteration"] + 1)


def test_environments_are_dealt_evenly_or_it_is_said(sim: Any) -> None:
    create(sim, numWorkers=4, training={"experiment": experiment(num_envs=6)})
    isolated = sim.run("sim.isolated")
    assert sim.run("[sim.training.ranks, sim.numWorkers]") == ([3, 3] if isolated else [1, 1])
    said = " ".join(event["message"] for event in sim.events("notice"))
    assert ("3 workers of 4" if isolated else "cross-origin isolated") in said
    # A checkpoint of another number of ranks: environments start anew.
    sim.run("sim.training.start()")
    wait_for_iteration(sim, 1)
    sim.run("sim.training.stop()")
    resume(sim, last_checkpoint(sim), numWorkers=1)
    restarted = any("start anew" in e["message"] for e in sim.events("notice"))
    assert restarted == isolated


@with_shared_memory
def test_mistakes_are_named(sim: Any) -> None:
    create(sim, training={"experiment": experiment(), "checkpointSeconds": 1e9})
    sim.run("sim.training.start()")
    wait_for(sim, "finished")
    saved = last_checkpoint(sim)
    for training, name, says in [
        ({"experiment": experiment("Ant-v4")}, "UnknownTask", "Ant-v5"),
        ({}, "InvalidArgument", "experiment"),
        ({"experiment": experiment(), "checkpoint": "x"}, "InvalidArgument", "ArrayBuffer"),
        ({"experiment": experiment(), "checkpointSeconds": 0}, "InvalidArgument", "above 0"),
    ]:
        raised = sim.error("WebSim.create({ training: x, replacing: sim })", training)
        assert raised[0] == name
        assert says in raised[1]
    # What only Python knows: the error keeps its name.
    options = {
        "training": {"experiment": experiment(gamma=2)},
        "numWorkers": 2,
        "reproducible": True,
    }
    raised = sim.error("WebSim.create({ ...x, replacing: sim })", options)
    assert raised == ("InvalidArgument", "gamma must be a number from 0 to 1, not 2.0.")
    put(sim, saved)
    wrong = "WebSim.create({ training: { checkpoint: data.slice(0, 999) }, replacing: sim })"
    assert sim.error(wrong)[0] == "DamagedCheckpoint"
    assert sim.run("sim.training.state") == "finished"  # it is still there

    tasks = [{"task": "Hopper-v5", "numEnvs": 4}, {"task": "Swimmer-v5", "numEnvs": 2}]
    sim.create(tasks=tasks, numWorkers=2, reproducible=True)
    put(sim, saved)
    info = sim.run("sim.readRun(data)")
    given, complete = experiment(), info["experiment"]
    # Hyperparameters are told completely, those that were left away too.
    assert complete["hyperparameters"].items() >= given.pop("hyperparameters").items()
    assert {name: complete[name] for name in given} == given
    assert (info["iteration"], info["globalStep"]) == (7, 1792)
    sim.run("sim.addPolicy('mine', data)")
    sim.run("sim.setController('mine')")  # where it fits
    sim.run("sim.stepOnce()")
    states = [sim.run(f"sim.getEnvironmentState({i}).controller") for i in range(6)]
    assert states == ["mine"] * 4 + ["random"] * 2
    assert sim.run("sim.controller") is None
    for expression, name, says in [
        (
            "(async () => sim.setController('mine', { first: 3, count: 2 }))()",
            "InvalidArgument",
            "Swimmer-v5",
        ),
        ("sim.addPolicy('zero', data)", "InvalidArgument", "zero"),
        ("sim.addPolicy('x', 'data')", "InvalidArgument", "ArrayBuffer"),
        ("sim.addPolicy('x', new ArrayBuffer(9))", "ForeignCheckpoint", "zip"),
        ("sim.readRun(data.slice(0, 2000))", "DamagedCheckpoint", "damaged"),
    ]:
        raised = sim.error(expression)
        assert raised[0] == name, raised
        assert says in raised[1]
    sim.create(task="Ant-v5", numEnvs=1, numWorkers=2, reproducible=True)
    name, message = sim.error("sim.addPolicy('mine', data)")
    assert (name, "Hopper-v5" in message) == ("InvalidArgument", True)
    assert sim.run("sim.close()") == {"embindObjects": 0}
