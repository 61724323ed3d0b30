"""A robot and a reward of one's own in the tab: read, simulated, learnt, given to new workers."""

import base64
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import BrowserContext

from tests.browser.conftest import Sim, open_blank, with_shared_memory
from tests.browser.test_training import (
    equal,
    last_checkpoint,
    load,
    pause_after,
    put,
    resume,
    wait_for,
)
from tests.server.test_opened import TASKS
from websim.experiments.robot import make_robot
from websim.experiments.sources import of_robot
from websim.training import checkpoints
from websim.training.checkpoints import Checkpoint
from websim.training.verification import verify
from websim.worlds.world import world_from_dict

REWARD = """
def reward(now, before, action):
    return {"height": now.body("ball").height, "effort": -0.1 * np.square(action).sum(axis=1)}
"""

SMALL = {"num_envs": 4, "num_steps": 32, "num_minibatches": 2, "total_timesteps": 512}

ARM = b"""<mujoco><asset><mesh name="foot" file="foot.obj"/></asset><worldbody><body name="ball"
  pos="0 0 1"><freejoint/><geom size=".1"/><body pos="0 0 .2"><joint name="elbow" axis="0 1 0"/>
  <geom type="mesh" mesh="foot"/></body></body></worldbody>
  <actuator><motor joint="elbow"/></actuator></mujoco>"""

FOOT = b"v 0 0 0\nv .2 0 0\nv 0 .2 0\nv 0 0 .2\nf 1 3 2\nf 1 2 4\nf 1 4 3\nf 2 3 4\n"

FILES = {
    "robot.xml": b'<mujoco><include file="arm.xml"/></mujoco>',
    "arm.xml": ARM,
    "foot.obj": FOOT,
}


WORLD = {
    "terrain": {"kinds": ["rough", "stairs_up"], "levels": 3, "curriculum": "robots", "scan": {}},
    "events": [
        {"mode": "reset", "target": "mass", "operation": "scale", "range": [0.8, 1.2]},
        {
            "mode": "interval",
            "target": "push",
            "operation": "add",
            "range": [0, 1],
            "interval_range_s": [0.05, 0.1],
        },
    ],
    "observation_noise": {"range": [0, 0.02]},
    "action_delay": [0, 2],
}


def give(sim: Any, files: dict[str, bytes]) -> None:
    """Puts files into `window.files`."""
    texts = {path: base64.b64encode(content).decode() for path, content in files.items()}
    sim.page.evaluate(
        """(texts) => {
          const bytes = (text) => Uint8Array.from(atob(text), (c) => c.charCodeAt(0)).buffer;
          const contents = Object.entries(texts).map(([path, text]) => [path, bytes(text)]);
          window.files = Object.fromEntries(contents);
        }""",
        texts,
    )


def read(sim: Any, *main: str) -> Any:
    return sim.run(
        "sim.readRobot(files, ...x).then((reading) => (window.own = reading.experiment, reading))",
        list(main),
    )


def make(sim: Any, options: str, argument: Any = None) -> None:
    """Another simulation, of options in JavaScript; some events go to `window.seen`."""
    sim.page.evaluate(
        f"""async (x) => {{
          window.sim = await WebSim.create({{ ...{options}, numWorkers: 2, replacing: sim }});
          window.seen = [];
          for (const event of ['training', 'checkpoint', 'iteration', 'workerRestart']) {{
            sim.on(event, (detail) => seen.push({{ event, ...detail }}));
          }}
        }}""",
        argument,
    )


@with_shared_memory
def test_a_robot_is_read_stands_there_and_learns(sim: Any) -> None:
    sim.create(task="InvertedPendulum-v5", numEnvs=1, numWorkers=2)
    give(sim, {path: content for path, content in FILES.items() if path != "foot.obj"})
    assert read(sim) == {
        "experiment": None,
        "missing": ["foot.obj"],
        "models": [],
        "kind": "robot",
    }
    give(sim, {**FILES, "other.xml": ARM})
    assert read(sim)["models"] == ["other.xml", "robot.xml"]
    give(sim, {"a.xml": b"<mujoco><wheel/></mujoco>"})
    name, message = sim.error("sim.readRobot(files)")
    assert name == "ModelError"
    assert "wheel" in message
    give(sim, {**FILES, "notes.txt": b"not needed"})
    native = of_robot(make_robot(FILES))
    assert native.robot is not None
    found = read(sim)["experiment"]
    assert found["robot"] == {"main": "robot.xml", "floor": 0, "files": native.robot.hashes}

    make(sim, "{ experiment: own, numEnvs: 6 }")
    assert sim.run("sim.groups[0].title") == "robot"
    here = np.array(sim.run("sim.reset({ seed: 0 })")).reshape(6, -1)
    env = native.make_vec(6)
    there, _ = env.reset(seed=0)
    np.testing.assert_allclose(here, there, atol=1e-9)
    env.close()
    sim.lose(0)
    sim.wait("seen.some(({ event }) => event === 'workerRestart')", 30)
    sim.run("sim.play()")
    sim.wait("sim.stats().workerLoads[0].physicsStepsPerSecond > 0", 60)
    assert sim.run("sim.getEnvironmentState(0).qpos.length") == 8

    learnt = {"reward": REWARD, "hyperparameters": SMALL}
    make(sim, "{ training: { experiment: { ...own, ...x } }, tasks: [] }", learnt)
    sim.run("sim.training.start()")
    wait_for(sim, "finished")
    metrics = next(event["metrics"] for event in sim.events("iteration") if event["metrics"])
    assert metrics["rewards/height"] > 0 >= metrics["rewards/effort"]
    saved = checkpoints.loads(last_checkpoint(sim))
    assert saved.experiment == replace(native, reward=REWARD, hyperparameters=SMALL)
    verify(saved)  # natively, with the robot and the reward that are in the file


@with_shared_memory
def test_a_reward_that_does_more_than_calculate_is_refused(sim: Any) -> None:
    sim.create(task="InvertedPendulum-v5", numEnvs=1, numWorkers=2)
    experiment = {
        "task": "InvertedPendulum-v5",
        "reward": "def reward(now, before, action):\n    return open('x')\n",
    }
    name, message = sim.error(
        "WebSim.create({ experiment: x, numEnvs: 2, replacing: sim })", experiment
    )
    assert name == "UnsafeCode", message
    assert "open" in message

    experiment["reward"] = (
        "import math\ndef reward(now, before, action):\n    return {'pi': math.pi}\n"
    )
    name, message = sim.error(
        "WebSim.create({ experiment: x, numEnvs: 2, replacing: sim })", experiment
    )
    assert "import" in message
    make(sim, "{ experiment: { ...x, trusted: ['reward'] }, numEnvs: 2 }", experiment)
    sim.run("sim.stepOnce()")
    assert sim.run("sim.getEnvironmentState(1).rewardTerms") == {"pi": np.pi}


@with_shared_memory
def test_tasks_that_the_page_defines_are_simulated_and_outlive_workers(sim: Any) -> None:
    sim.create(task="InvertedPendulum-v5", numEnvs=2, numWorkers=2)
    assert sim.run("sim.defineTasks(x)", TASKS) == ["Drop-v0"]
    name, message = sim.error("sim.defineTasks(x)", "import websim\nwebsim.register(7)\n")
    assert (name, "tasks.py, line 2" in message) == ("TaskError", True), message
    make(sim, "{ task: 'Drop-v0', numEnvs: 6 }")
    assert sim.run("sim.groups[0].rewardTerms") == ["height"]
    sim.lose(1)
    sim.wait("seen.some(({ event }) => event === 'workerRestart')", 30)
    sim.run("sim.ready()")
    sim.run("sim.play()")
    sim.wait("sim.stats().workerLoads.every((load) => load.physicsStepsPerSecond > 0)", 60)
    make(sim, "{ training: { experiment: x }, tasks: [] }", {"task": "Drop-v0"})
    assert sim.run("sim.groups[0].task") == "Drop-v0"


@pytest.fixture(scope="module")
def tabs(visitor: BrowserContext, server: str) -> Iterator[list[Sim]]:
    """Two that know nothing of each other."""
    with visitor.new_page() as one, visitor.new_page() as two:
        sims = [open_blank(page, server) for page in (one, two)]
        for sim in sims:
            sim.create(task="InvertedPendulum-v5", numEnvs=1, numWorkers=2, reproducible=True)
        yield sims
        for sim in sims:
            sim.close()


def test_a_robot_a_reward_and_a_world_of_ones_own_give_the_same_bits_in_two_tabs_and_after_a_resume(
    tabs: list[Sim],
) -> None:
    """Learners compare equal in every weight, average, environment and random generator."""
    found: list[Checkpoint] = []
    halfway = b""
    for sim in tabs:
        give(sim, FILES)
        read(sim)
        if halfway:  # from where the other tab was halfway, to its end
            resume(sim, halfway)
            sim.run("sim.training.start()")
            wait_for(sim, "finished")
            found.append(load(sim))
        longer = {**SMALL, "total_timesteps": 1024}
        learnt = {"reward": REWARD, "world": WORLD, "hyperparameters": longer}
        options = "{ training: { experiment: { ...own, ...x } }, tasks: [], reproducible: true }"
        make(sim, options, learnt)
        if not halfway:
            pause_after(sim, 2)
            halfway = last_checkpoint(sim)
        sim.run("sim.training.start()")
        wait_for(sim, "finished")
        found.append(load(sim))
    whole, resumed, again = found
    assert len(whole.ranks) == 2
    assert whole.learner["iteration"] == 8 > checkpoints.loads(halfway).learner["iteration"]
    robot = whole.experiment.robot
    assert robot is not None
    assert dict(robot.files) == FILES
    assert whole.experiment.world == world_from_dict(WORLD)
    equal(resumed, whole)
    equal(again, whole)


def test_a_run_of_a_task_of_ones_own_goes_on_in_a_tab_that_does_not_know_it(
    tabs: list[Sim],
) -> None:
    """Only where its code is trusted, and then to the same bits."""
    found: list[Checkpoint] = []
    halfway = b""
    experiment = {
        "task": "Drop-v0",
        "task_code": TASKS,
        "trusted": ["task_code"],
        "hyperparameters": SMALL,
    }
    for sim in tabs:
        if not halfway:
            begun = "{ training: { experiment: x }, tasks: [], reproducible: true }"
            make(sim, begun, experiment)
            pause_after(sim, 1)
            halfway = last_checkpoint(sim)
        else:
            put(sim, halfway)
            name, message = sim.error("WebSim.create({ training: { checkpoint: data } })")
            assert (name, "task.py" in message) == ("UnsafeCode", True), message
            sim.run("sim.readRun(data, { trusted: true }).then((run) => (window.run = run, 0))")
            trusted = "{ checkpoint: data, experiment: run.experiment }"
            make(sim, f"{{ training: {trusted}, reproducible: true }}")
        sim.run("sim.training.start()")
        wait_for(sim, "finished")
        found.append(load(sim))
    whole, resumed = found
    assert checkpoints.loads(halfway, most=1 << 30).learner["iteration"] < 4
    assert whole.learner["iteration"] == 4
    equal(resumed, whole)
