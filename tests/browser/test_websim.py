"""The JavaScript API in Chromium: with shared memory, and by messages."""

import math
from typing import Any

import gymnasium
import mujoco
import numpy as np
import pytest

import websim
from tests import model_files
from tests.browser.conftest import with_shared_memory

STATS = {
    "environments",
    "workers",
    "physicsSteps",
    "physicsStepsPerSecond",
    "environmentSteps",
    "environmentStepsPerSecond",
    "framesPerSecond",
    "episodes",
    "meanReturn",
    "meanLength",
    "workerRestarts",
    "isolated",
}


def test_lock_step_equals_native(sim: Any) -> None:
    """Observations, rewards, flags and autoresets, with environments dealt to three workers."""
    task, n, steps = "Hopper-v5", 7, 30
    sim.create(task=task, numEnvs=n, numWorkers=3, seed=5)
    env = websim.make_vec(task, n, autoreset_mode="SameStep")
    expected, _ = env.reset(seed=5)
    np.testing.assert_allclose(sim.run("sim.reset({ seed: 5 })"), expected.ravel(), atol=1e-9)
    rng = np.random.default_rng(0)
    ended = 0
    for _ in range(steps):
        actions = rng.uniform(-1, 1, (n, 3)).astype(np.float32)
        result = sim.run("sim.step(x)", actions.ravel().tolist())
        observations, rewards, terminations, truncations, infos = env.step(actions)
        np.testing.assert_allclose(result["observations"], observations.ravel(), atol=1e-8)
        np.testing.assert_allclose(result["rewards"], rewards, atol=1e-8)
        assert result["terminations"] == terminations.astype(int).tolist()
        assert result["truncations"] == truncations.astype(int).tolist()
        final = np.reshape(result["finalObservations"], (n, -1))
        for i in np.flatnonzero(terminations):
            np.testing.assert_allclose(final[i], infos["final_obs"][i], atol=1e-8)
        ended += int(terminations.sum())
    env.close()
    assert ended > 0
    assert len(sim.events("episode")) == ended
    assert sim.run("sim.stats().episodes") == ended
    assert sim.run("sim.stats().environmentSteps") == n * steps


def test_free_running(sim: Any) -> None:
    sim.create(task="InvertedPendulum-v5", numEnvs=20, numWorkers=2, controller="random")
    assert not sim.run("sim.running")
    sim.run("sim.play()")
    sim.wait("sim.stats().episodes > 100 && sim.stats().physicsStepsPerSecond > 0")
    stats = sim.run("sim.stats()")
    assert stats.keys() >= STATS
    assert stats["environments"] == 20
    assert stats["workers"] == 2
    assert stats["physicsSteps"] == 2 * stats["environmentSteps"]  # its frame_skip
    # The pendulum's reward is 1 a step that it stands, and none for that in which it falls.
    assert stats["meanReturn"] == pytest.approx(stats["meanLength"] - 1)
    assert [load["environments"] for load in stats["workerLoads"]] == [10, 10]
    sim.run("sim.pause()")
    sim.run("sim.stepOnce()")  # answered when the steps before it are done
    still = sim.run("sim.stats().environmentSteps")
    for _ in range(10):  # in which robots that run would step thousands of times
        sim.run("sim.stepOnce()")
    assert sim.run("sim.stats().environmentSteps") == still + 10 * 20
    assert [e["running"] for e in sim.events("state")] == [True, False]


def test_controllers_and_held_actions(sim: Any) -> None:
    sim.create(task="Reacher-v5", numEnvs=4, numWorkers=2, controller="zero")
    state = "sim.getEnvironmentState"
    sim.run("sim.stepOnce()")
    assert sim.run(f"{state}(3).action") == [0, 0]
    sim.run("sim.setAction(3, [0.5, -0.25])")
    sim.run("sim.stepOnce()")
    assert sim.run(f"{state}(3).action") == [0.5, -0.25]
    assert sim.run(f"{state}(2).action") == [0, 0]
    sim.run("sim.setAction(3, null)")
    sim.run("sim.setController('sinusoid')")
    sim.run("sim.stepOnce()")
    actions = [sim.run(f"{state}({i}).action") for i in range(4)]
    assert len({tuple(action) for action in actions}) == 4  # each with phases of its own


def test_environment_state(sim: Any) -> None:
    sim.create(task="Ant-v5", numEnvs=5, numWorkers=2, seed=3)
    for _ in range(12):
        sim.run("sim.stepOnce()")
    state = sim.run("sim.getEnvironmentState(4)")
    env = websim.make_vec("Ant-v5", 1)
    assert len(state["observation"]) == env.single_observation_space.shape[0]
    assert list(state["rewardTerms"]) == list(env.reward_terms)
    assert state["reward"] == pytest.approx(sum(state["rewardTerms"].values()))
    assert state["episodeLength"] == 12
    assert len(state["qpos"]) == 15
    assert state["time"] == pytest.approx(0.6)
    assert state["observation"][:13] == state["qpos"][2:]
    model: mujoco.MjModel = gymnasium.make("Ant-v5").unwrapped.model  # type: ignore[attr-defined]
    data = mujoco.MjData(model)
    data.qpos, data.qvel = state["qpos"], state["qvel"]
    data.ctrl = state["action"]
    mujoco.mj_forward(model, data)
    force, expected = np.zeros(6), []
    for i, contact in enumerate(data.contact):
        mujoco.mj_contactForce(model, data, i, force)
        expected.append([*contact.pos, *contact.frame.reshape(3, 3).T @ force[:3]])
    contacts = np.reshape(sim.run("sim.contacts(4)"), (-1, 6))
    assert len(contacts) > 0, "it has come down"
    np.testing.assert_allclose(contacts, expected, atol=1e-3)
    shards = sim.run("sim.poseShards(0)")
    assert [(s["first"], s["count"]) for s in shards] == [(0, 3), (3, 2)]
    assert sum(len(s["current"]) for s in shards) == 5 * 14 * 7
    # The last environment's torso; xpos is one physics step behind qpos.
    torso = shards[1]["current"][(14 + 1) * 7 :][:7]
    assert np.linalg.norm(np.subtract(torso[:3], state["qpos"][:3])) < 0.1
    assert np.linalg.norm(torso[3:]) == pytest.approx(1, abs=1e-5)


@with_shared_memory
def test_speed_is_kept(sim: Any) -> None:
    sim.create(task="InvertedPendulum-v5", numEnvs=2, numWorkers=1, speed=2, controller="zero")
    sim.run("sim.play()")
    sim.wait("sim.stats().environmentSteps > 10")
    start = sim.run("[performance.now(), sim.stats().environmentSteps]")
    sim.page.wait_for_timeout(3000)
    end = sim.run("[performance.now(), sim.stats().environmentSteps]")
    seconds = (end[1] - start[1]) / 2 * sim.run("sim.groups[0].dt")
    assert seconds / ((end[0] - start[0]) / 1000) == pytest.approx(2, rel=0.25)


def test_several_robot_types(sim: Any) -> None:
    tasks = [{"task": "Ant-v5", "numEnvs": 5}, {"task": "InvertedPendulum-v5", "numEnvs": 6}]
    sim.create(tasks=tasks, numWorkers=2, controller="zero")
    groups = sim.run("sim.groups.map(({ task, numEnvs, offset }) => [task, numEnvs, offset])")
    assert groups == [["Ant-v5", 5, 0], ["InvertedPendulum-v5", 6, 5]]
    observations = sim.run("sim.reset({ seed: 0 })")
    assert [len(o) for o in observations] == [5 * 105, 6 * 4]
    actions = [[0.0] * 40, [0.0] * 6]
    results = sim.run("sim.step(x)", actions)
    assert [len(r["rewards"]) for r in results] == [5, 6]
    assert sim.run("sim.getEnvironmentState(5).task") == "InvertedPendulum-v5"
    loads = sim.run("sim.stats().workerLoads.map(({ environments }) => environments)")
    assert sum(loads) == 11
    sim.run("sim.play()")
    sim.wait("sim.getEnvironmentState(0).time > 0.2 && sim.getEnvironmentState(10).time > 0.1")


@with_shared_memory
def test_many_workers(sim: Any) -> None:
    sim.create(task="Reacher-v5", numEnvs=30, numWorkers=4)
    assert sim.run("sim.numWorkers") == 4
    sim.run("sim.play()")
    sim.wait("sim.stats().workerLoads.every(({ physicsStepsPerSecond: rate }) => rate > 0)")


@with_shared_memory
def test_scene_is_the_model(sim: Any) -> None:
    sim.create(task="Ant-v5", numEnvs=1, numWorkers=1)
    small = "scene.textures.map(({ data, ...others }) => others)"  # pictures are large in JSON
    scene = sim.run(f"(({{ scene }}) => ({{ ...scene, textures: {small} }}))(sim.groups[0])")
    kinds = [geom["type"] for geom in scene["geoms"]]
    assert kinds.count("capsule") == 12
    assert kinds.count("sphere") == 1
    assert kinds.count("plane") == 1
    assert scene["bodyNames"][1] == "torso"
    floor = scene["geoms"][kinds.index("plane")]
    material = scene["materials"][floor["material"]]
    texture = scene["textures"][material["texture"]]
    size = sim.run("sim.groups[0].scene.textures[x].data.length", material["texture"])
    assert size == texture["width"] * texture["height"] * texture["channels"]
    assert scene["trackBody"] == 1
    assert scene["travels"]
    assert scene["undrawn"] == []


@with_shared_memory
def test_meshes_and_height_fields_reach_the_scene(sim: Any) -> None:
    xml = """<mujoco><asset>
      <mesh name="wedge" vertex="0 0 0  1 0 0  0 1 0  0 0 1"/>
      <hfield name="hill" nrow="2" ncol="3" elevation="0 1 0  0 2 0" size="3 2 1 .1"/>
    </asset><worldbody>
      <geom type="hfield" hfield="hill"/><site name="top" pos="0 0 5" group="4"/>
      <body pos="0 0 3"><freejoint/><geom type="mesh" mesh="wedge" rgba="1 0 0 1"/>
        <geom type="ellipsoid" size=".1 .2 .3"/><site name="hook"/>
        <body><joint name="hinge"/><geom type="cylinder" size=".1 .2"/></body></body>
    </worldbody><actuator><motor joint="hinge" forcerange="-3 3"/></actuator><tendon>
      <spatial><site site="top"/><site site="hook"/></spatial>
      <fixed><joint joint="hinge" coef="1"/></fixed>
    </tendon></mujoco>"""
    sim.create(task="Ant-v5", numEnvs=2, numWorkers=1, taskOptions={"xml_file": xml})
    group = "{low: [...sim.groups[0].actionLow], sources: sim.groups[0].actionSources}"
    assert sim.run(group) == {"low": [-3], "sources": ["forcerange"]}
    scene = sim.run("sim.groups[0].scene")
    assert [geom["type"] for geom in scene["geoms"]] == ["hfield", "mesh", "ellipsoid", "cylinder"]
    assert scene["geoms"][1]["rgba"] == [1, 0, 0, 1]
    mesh, hfield = scene["meshes"][0], scene["hfields"][0]
    assert len(mesh["vertices"]) == 12
    assert len(mesh["faces"]) == 12
    assert len(mesh["normals"]) == 36
    assert hfield["data"] == pytest.approx([0, 1, 0, 0, 0.5, 0])  # MJCF's last row is the first
    assert not scene["travels"], "it is on terrain"
    assert scene["undrawn"] == []
    (tendon,) = scene["tendons"]
    assert tendon["paths"] == [[{"body": 0, "pos": [0, 0, 5]}, {"body": 1, "pos": [0, 0, 0]}]]
    assert len(scene["sites"]) == 1, "the other one is in a group that MuJoCo hides"
    assert [joint["turns"] for joint in scene["joints"]] == [True]


@with_shared_memory
@pytest.mark.parametrize("layout", model_files.LAYOUTS)
def test_files_of_a_model_are_found(sim: Any, layout: str) -> None:
    main, contents = model_files.LAYOUTS[layout]
    sim.create(task="Ant-v5", numEnvs=1, numWorkers=1)
    folder = sim.python(
        f"import tempfile, pathlib; folder = pathlib.Path(tempfile.mkdtemp())\n"
        f"for name, text in {contents!r}.items():\n"
        "    (folder / name).parent.mkdir(parents=True, exist_ok=True)\n"
        "    (folder / name).write_text(text)\n"
        "str(folder)"
    )
    # The worker is taken over, with its files.
    options = {"xml_file": f"{folder}/{main}"}
    sim.create(task="HalfCheetah-v5", numEnvs=2, numWorkers=1, taskOptions=options)
    assert sim.run("sim.groups[0].scene.meshes.length") == 1
    sim.python(f"import shutil; shutil.rmtree({folder + '/' + main.partition('/')[0]!r}, True)")


@with_shared_memory
def test_what_a_model_lacks_in_the_browser_is_said(sim: Any) -> None:
    sim.create(task="Ant-v5", numEnvs=1, numWorkers=1)
    for inside, says in [
        ("<extension><plugin plugin='mujoco.pid'/></extension>", "no plugins in the browser"),
        ("<asset><mesh name='hull' file='gone.obj'/></asset>", "gone.obj"),
        ("<size memory='3G'/>", "2 GiB"),
        ("<asset><texture name='a' builtin='flat' width='30000' height='30000'/></asset>", "2 GiB"),
    ]:
        xml = f"<mujoco>{inside}<worldbody/></mujoco>"
        code = f"import websim; websim.make_vec('Ant-v5', 1, xml_file={xml!r})"
        name, message = sim.error("sim.runPython(x)", code)
        assert (name, says in message) == ("ModelError", True), message
    sim.close()  # its worker has no memory left for others


@with_shared_memory
@pytest.mark.parametrize(
    ("options", "name", "says"),
    [
        ({"task": "Ant-v4"}, "UnknownTask", "Ant-v5"),
        ({"numEnvs": 0}, "InvalidArgument", "1 to 4096"),
        ({"numEnvs": 10**6}, "InvalidArgument", "1 to 4096"),
        ({"numEnvs": 2.5}, "InvalidArgument", "2.5"),
        ({"numWorkers": 65}, "InvalidArgument", "1 to 64"),
        ({"numWorkers": "many"}, "InvalidArgument", "'auto'"),
        ({"seed": -1}, "InvalidArgument", "seed"),
        ({"controller": "brain"}, "InvalidArgument", "random, zero, sinusoid"),
        ({"speed": 0}, "InvalidArgument", "above 0"),
    ],
)
def test_bad_options(sim: Any, options: dict[str, Any], name: str, says: str) -> None:
    raised, message = sim.error("WebSim.create(x)", options)
    assert raised == name
    assert says in message


def test_bad_calls(sim: Any) -> None:
    sim.create(task="Reacher-v5", numEnvs=2, numWorkers=1)
    for expression, says in [
        ("sim.step(new Float32Array(3))", "4 numbers"),
        ("sim.step()", "4 numbers"),
        ("sim.step([0, NaN, 0, 0])", "finite"),
        ("sim.step([0, Infinity, 0, 0])", "finite"),
        ("(async () => sim.setAction(2, [0, 0]))()", "0 to 1"),
        ("(async () => sim.setAction(0, [0]))()", "2 numbers"),
        ("(async () => sim.getEnvironmentState(-1))()", "0 to 1"),
        ("(async () => sim.setController('x'))()", "sinusoid"),
        ("(async () => sim.setSpeed(-1))()", "above 0"),
        ("sim.reset({ seed: 0.5 })", "seed"),
        ("sim.runPython('1', { worker: 1 })", "worker"),
    ]:
        name, message = sim.error(expression)
        assert name == "InvalidArgument", expression
        assert says in message, expression
    assert len(sim.run("sim.step([0, 0, 0, 0])")["rewards"]) == 2  # all is as it was


@with_shared_memory
def test_bad_task_options_carry_python_s_error(sim: Any) -> None:
    options = {"task": "Ant-v5", "numEnvs": 1, "taskOptions": {"wheels": 4}}
    name, message = sim.error("WebSim.create(x)", options)
    assert name == "InvalidArgument"
    assert "wheels" in message


@with_shared_memory
def test_python_in_the_page(sim: Any) -> None:
    sim.create(task="Reacher-v5", numEnvs=1, numWorkers=1)
    code = """
import websim
env = websim.make_vec("Swimmer-v5", num_envs=3)
observations, infos = env.reset(seed=0)
env.close()
observations.shape
"""
    assert sim.python(code) == [3, 8]
    name, message = sim.error("sim.runPython('1 / 0')")
    assert (name, message) == ("ZeroDivisionError", "division by zero")


def test_chance_is_another_in_each_worker(sim: Any) -> None:
    """All start from one image of Python's memory, whose generators had been seeded."""
    sim.create(task="Reacher-v5", numEnvs=2, numWorkers=2)
    code = """
import os, random, uuid
import numpy as np
{
    "random": random.random(),
    "random.Random": random.Random().random(),
    "np.random": np.random.random(),
    "np.random.default_rng": np.random.default_rng().random(),
    "os.urandom": os.urandom(8).hex(),
    "uuid": str(uuid.uuid4()),
}
"""
    one, two = (sim.python(code, worker) for worker in range(2))
    for source, value in one.items():
        assert value != two[source], source


def test_close_frees_everything(sim: Any) -> None:
    sim.create(task="Reacher-v5", numEnvs=4, numWorkers=2)
    held = sim.python("import websim_js; websim_js.embindObjects()")
    assert held == 2  # MjModel and MjData
    code = """
import websim, websim_js
for _ in range(20):
    env = websim.make_vec("Ant-v5", num_envs=2)
    env.reset(seed=0)
    env.close()
websim_js.embindObjects()
"""
    assert sim.python(code) == held
    assert sim.run("sim.close()") == {"embindObjects": 0}
    assert sim.run("sim.workers") == [None, None]
    name, _ = sim.error("sim.step([])")
    assert name == "ClosedError"


@with_shared_memory
def test_replacing_takes_workers_over(sim: Any) -> None:
    """Python that was booted goes on: what it holds tells."""
    sim.create(task="Ant-v5", numEnvs=8, numWorkers=2, controller="zero")
    sim.run("sim.play()")
    for worker in range(2):
        sim.python(f"booted = {worker}", worker)
    sim.page.evaluate("window.former = sim")
    sim.create(task="Reacher-v5", numEnvs=3, numWorkers=2)
    assert [sim.python("booted", worker) for worker in range(2)] == [0, 1]
    assert sim.python("import websim_js; websim_js.embindObjects()") == 2  # the ants are freed
    assert not sim.run("sim.running")
    sim.run("sim.stepOnce()")
    assert sim.run("sim.stats().environmentSteps") == 3
    sim.run("sim.play()")
    sim.wait("sim.stats().environmentSteps > 300")
    assert sim.error("former.stepOnce()")[0] == "ClosedError"
    assert sim.run("former.close()") == {"embindObjects": 0}

    sim.create(task="Reacher-v5", numEnvs=3, numWorkers=1)  # one is ended
    assert sim.python("booted") == 0
    sim.create(task="Swimmer-v5", numEnvs=4, numWorkers=3)  # two are booted besides
    assert sim.python("booted") == 0
    assert sim.python("'booted' in globals()", 2) is False
    loads = sim.run("sim.stats().workerLoads.map(({ environments }) => environments)")
    assert sorted(loads) == [1, 1, 2]

    sim.create(task="Swimmer-v5", numEnvs=1, numWorkers=1, reproducible=True)  # other kernels
    assert sim.python("'booted' in globals()") is False
    # What can be seen to be wrong at once leaves the one that was to be replaced as it is.
    assert sim.error("WebSim.create({ task: 'Ant-v4', replacing: sim })")[0] == "UnknownTask"
    sim.run("sim.stepOnce()")
    assert sim.run("sim.close()") == {"embindObjects": 0}


@with_shared_memory
def test_what_is_left_open_is_chosen(sim: Any) -> None:
    sim.create(task="InvertedPendulum-v5", numEnvs="auto", numWorkers=2)
    assert sim.run("sim.choice") == {
        "workers": 2,
        "environments": 1000,
        "reason": "2 workers, as asked. 1000 environments: 500 for each worker.",
    }
    assert sim.run("sim.groups[0].numEnvs") == 1000


def test_rates_are_finite_from_the_start(sim: Any) -> None:
    sim.create(task="Reacher-v5", numEnvs=1, numWorkers=1)
    stats = sim.run("sim.stats()")
    assert all(math.isfinite(stats[k]) for k in ("physicsStepsPerSecond", "framesPerSecond"))


def test_robots_move_before_python_is_up(sim: Any) -> None:
    """They begin when MuJoCo is there, and go on from there when Python is."""
    sim.run("window.sim?.close()")
    sim.page.evaluate(
        """async () => {
          const poses = () => early.poseShards(0).map(({ current }) => Array.from(current));
          window.shown = [];
          window.sim = await WebSim.create({
            task: 'Ant-v5', numEnvs: 6, numWorkers: 2,
            onOverture(started) {
              window.early = started;
              window.watch = setInterval(() => shown.push(poses()), 10);
            },
          });
          clearInterval(watch);
          shown.push(poses());
        }"""
    )
    shown = sim.run("shown")
    assert len({str(poses) for poses in shown}) > 1
    states = sim.run("[0, 1, 2, 3, 4, 5].map((i) => sim.getEnvironmentState(i))")
    # What is shown is what Python goes on from: poses lag behind the state by one physics step.
    torsos = np.reshape(shown[-1], (6, -1, 7))[:, 1, :3]
    np.testing.assert_allclose(torsos, [state["qpos"][:3] for state in states], atol=0.1)
    assert all(s["time"] == pytest.approx(0.05 * s["episodeLength"]) for s in states)
    assert max(state["episodeLength"] for state in states) > 0  # some may just have begun anew
    # Nobody has counted what they earned.
    assert all(s["unrewardedSteps"] == s["episodeLength"] for s in states)
    times = [state["time"] for state in states]
    sim.run("sim.setController('zero')")
    sim.run("sim.stepOnce()")
    gone_on = sim.run("[0, 1, 2, 3, 4, 5].map((i) => sim.getEnvironmentState(i).time)")
    assert np.allclose(gone_on, np.array(times) + 0.05) or min(gone_on) == 0  # or its episode ended
    assert sim.run("sim.stats().badStates") == 0


@with_shared_memory
def test_other_robots_wait_for_python(sim: Any) -> None:
    """Several types, another controller, options of the task, or workers that are up already."""
    for options in (
        "{ tasks: [{ task: 'Hopper-v5', numEnvs: 2 }, { task: 'Reacher-v5', numEnvs: 2 }] }",
        "{ task: 'Hopper-v5', numEnvs: 2, controller: 'zero' }",
        "{ task: 'Hopper-v5', numEnvs: 2, taskOptions: { ctrl_cost_weight: 1 } }",
        "{ task: 'Hopper-v5', numEnvs: 2 }",
    ):
        begun = sim.run(
            f"""(async () => {{
              let begun = false;
              const replacing = window.sim;
              const onOverture = () => (begun = true);
              window.sim = await WebSim.create(
                {{ numWorkers: 1, ...{options}, replacing, onOverture }});
              return begun;
            }})()"""
        )
        assert not begun, options
