"""Nothing brings the simulation down: each way in which a worker can be lost, and bad states."""

from typing import Any

from tests.browser.conftest import with_shared_memory

OTHERS_RUN_ON = "sim.stats().workerLoads[1].physicsStepsPerSecond > 0"


def start(sim: Any, environments: int = 6, speed: float = 1) -> None:
    # Not as fast as they can: it is a while until a worker that does not answer is given up.
    sim.create(task="Swimmer-v5", numEnvs=environments, numWorkers=2, seed=1, speed=speed)
    sim.run("sim.setAction(1, [1, 1])")
    sim.run("sim.play()")
    sim.wait("sim.stats().environmentSteps > 100")


def check_replaced(sim: Any, says: str, environments: int = 6) -> None:
    """Worker 0 has been replaced once, its environments restarted; worker 1 never stopped."""
    last = f"sim.getEnvironmentState({environments - 1})"
    progress = f"{last}.time + 1000 * {last}.episodeReturn"
    with sim.hurrying(3):  # one that is silent is given up after 10 s
        sim.wait("sim.stats().workerRestarts === 1", 25)
    sim.wait(OTHERS_RUN_ON)
    other = sim.run(progress)
    sim.wait("sim.stats().workerLoads[0].state === 'running'", 40)
    restart = sim.events("workerRestart")
    assert [e["worker"] for e in restart] == [0]
    assert says in restart[0]["reason"]
    assert any(e["level"] == "warning" and says in e["message"] for e in sim.events("notice"))
    sim.wait(f"{progress} !== {other}")  # the other worker did not stand still
    steps = sim.run("sim.stats().environmentSteps")
    sim.wait("sim.stats().workerLoads[0].physicsStepsPerSecond > 0")
    sim.wait(f"sim.stats().environmentSteps > {steps}")
    sim.wait("sim.getEnvironmentState(1).action.join() === '1,1'")  # held actions outlive workers
    assert sim.run("sim.stats().environments") == environments
    assert sim.events("error") == []


def test_killed(sim: Any) -> None:
    start(sim)
    sim.run("sim.workers[0].terminate()")
    check_replaced(sim, "did not answer")


@with_shared_memory
def test_hung(sim: Any) -> None:
    start(sim)
    sim.page.evaluate("void sim.runPython('while True: pass').catch(() => {})")
    check_replaced(sim, "did not answer")


SLOW_FILES = """from pyodide.code import run_js
import pyodide_js
run_js('''(FS) => {
  const { open } = FS;
  FS.open = (path, ...how) => {
    if (path.endsWith('m.obj') && how.length === 1) { // MuJoCo does
      const end = performance.now() + 5000;
      while (performance.now() < end);
    }
    return open(path, ...how);
  };
}''')(pyodide_js.FS)"""


@with_shared_memory
def test_a_robot_may_take_long_to_compile(sim: Any) -> None:
    """Its mesh takes seconds to be read, which on the page's clock are many."""
    sim.create(task="Swimmer-v5", numEnvs=2, numWorkers=1, seed=1)
    sim.python(SLOW_FILES)
    xml = """<mujoco><asset><mesh name="m" file="m.obj"/></asset><worldbody><body><freejoint/>
      <geom type="mesh" mesh="m"/></body></worldbody></mujoco>"""
    obj = "v 0 0 0\nv 1 0 0\nv 0 1 0\nv 0 0 1\nf 1 3 2\nf 1 2 4\nf 1 4 3\nf 2 3 4\n"
    with sim.hurrying(4):
        robot = sim.run(
            """sim.readRobot(Object.fromEntries(Object.entries(x)
              .map(([name, text]) => [name, new TextEncoder().encode(text).buffer])))""",
            {"main.xml": xml, "m.obj": obj},
        )
    assert robot["experiment"]
    assert sim.events("workerRestart") == []
    told = [e["message"] for e in sim.events("notice") if "compiling" in e["message"]]
    assert len(told) == 1


@with_shared_memory
def test_out_of_memory(sim: Any) -> None:
    # Many: a step then needs more than what telling of the errors leaves free again.
    start(sim, environments=4000, speed=0.05)
    sim.python("import numpy as np; hogs = None")
    # A call each, and untouched memory: the worker must not hang.
    for shift in (27, 22, 17, 13):
        code = f"while True: hogs = (np.empty(1 << {shift}, np.uint8), hogs)"
        sim.error("sim.runPython(x)", code)
    check_replaced(sim, "Error", environments=4000)  # MemoryError, or what Pyodide makes of it
    sim.errors.clear()  # Pyodide itself broke, until its worker was gone


@with_shared_memory
def test_lost_in_lock_step(sim: Any) -> None:
    """A step that a worker does not survive ends the episodes of its environments."""
    sim.create(task="Swimmer-v5", numEnvs=4, numWorkers=2, seed=1)
    actions = [0.1] * 8
    sim.run("sim.step(x)", actions)
    sim.run("sim.workers[0].terminate()")
    with sim.hurrying(3):
        result = sim.run("sim.step(x)", actions)
    assert result["truncations"] == [1, 1, 0, 0]
    assert sim.run("sim.getEnvironmentState(0).episodeLength") == 0
    assert sim.run("sim.getEnvironmentState(3).episodeLength") == 2
    assert sim.run("sim.step(x)", actions)["truncations"] == [0, 0, 0, 0]


@with_shared_memory
def test_bad_state_resets_that_environment_only(sim: Any) -> None:
    sim.create(task="Ant-v5", numEnvs=4, numWorkers=1, controller="zero")
    for _ in range(3):
        sim.run("sim.stepOnce()")
    spoil = "import gc, websim.browser.shard\n" + (
        "shard = next(o for o in gc.get_objects() if isinstance(o, websim.browser.shard.Shard))\n"
        "shard.env.physics.data.qvel[2, 0] = float('nan')"
    )
    sim.python(spoil)
    sim.run("sim.stepOnce()")
    lengths = [sim.run(f"sim.getEnvironmentState({i}).episodeLength") for i in range(4)]
    assert lengths == [4, 4, 0, 4]
    assert sim.run("sim.stats().badStates") == 1
    sim.wait("seen.some(({ event }) => event === 'badState')")
    state = sim.run("sim.getEnvironmentState(2)")
    assert all(value is not None for value in state["observation"])  # NaN would be null
    sim.run("sim.play()")
    sim.wait("sim.getEnvironmentState(2).time > 0.2")


@with_shared_memory
def test_a_page_that_slept_does_not_blame_its_workers(sim: Any) -> None:
    start(sim)
    # What a suspended tab looks like to the page: a late tick after long silence.
    sim.page.evaluate(
        """() => {
          const now = performance.now.bind(performance);
          let shift = 0;
          performance.now = () => now() + shift;
          shift = 60000;
        }"""
    )
    sim.page.wait_for_timeout(1500)  # it looks after its workers once a second
    assert sim.run("sim.stats().workerRestarts") == 0


@with_shared_memory
def test_a_python_that_has_died_is_a_lost_worker(sim: Any) -> None:
    start(sim)
    sim.error("sim.runPython(x)", "import json; json.loads('[' * 200_000)")
    check_replaced(sim, "RangeError")
    sim.errors.clear()  # Pyodide told of its own end
