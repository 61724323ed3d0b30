"""`websim bench`: how fast the page is, in a headless Chromium, beside native MuJoCo.

Three things are measured in turn, round by round, so that a machine whose speed drifts slows all of
them alike: the page as users have it, dashboard and drawing included; the same simulation in a page
that shows nothing, which also counts the time that its workers spend in the physics loop alone; and
native MuJoCo on one core.
"""

import argparse
import json
import platform
import statistics
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from websim_server.browser import open_browser
from websim_server.errors import ServerError

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

ROUNDS = 4
SETTLE_SECONDS = 0.5  # after play, before counting
WARM_UP_SECONDS = 8  # drawing has settled and V8 has optimised
NATIVE_SECONDS = 2.0  # a round
NATIVE_STATES = 256
BOOT_SECONDS = 300  # many workers on few cores


class BenchError(ServerError):
    """Raised when the page cannot be measured."""


def add_command(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Registers the command."""
    parser = commands.add_parser("bench", help="measure the page, beside native MuJoCo")
    parser.add_argument("--task", default="Ant-v5", help="task id (%(default)s)")
    parser.add_argument("--envs", type=int, default=1000, help="environments (%(default)s)")
    parser.add_argument("--workers", default="2", help="workers, or auto (%(default)s)")
    parser.add_argument(
        "--seconds", type=float, default=20, help="of the page, in all (%(default)s)"
    )
    parser.add_argument(
        "--kernels", action="store_true", help="measure the learning kernels instead of the page"
    )
    parser.add_argument(
        "--boot", action="store_true", help="measure the start of the page instead, stage by stage"
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there as well")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> None:
    """Runs the command."""
    from tqdm import tqdm

    from websim import make_vec

    make_vec(arguments.task, 1).close()  # a wrong task is told at once
    if arguments.kernels:
        _run_kernels(arguments.json)
        return
    if arguments.boot:
        _run_boot(arguments)
        return
    total = WARM_UP_SECONDS + 2 * arguments.seconds + ROUNDS * NATIVE_SECONDS
    bar = tqdm(
        total=round(total), unit="s", bar_format="{desc:28}{percentage:3.0f}%|{bar}| {elapsed}"
    )
    with bar, open_browser() as (browser, address):
        figures = _measure(browser, address, arguments, bar)
    print(_table(figures))
    if arguments.json:
        arguments.json.write_text(json.dumps(figures, indent=2) + "\n")


def _run_kernels(json_file: Path | None) -> None:
    from tqdm import tqdm

    from websim_server.bench import kernels as bench_kernels

    bar = tqdm(
        total=bench_kernels.ROUNDS * len(bench_kernels.NAMES),
        bar_format="{desc:28}{percentage:3.0f}%|{bar}| {elapsed}",
    )
    with bar, open_browser() as (browser, address):
        machine = f"Chromium {browser.version}, {_machine()}"
        rounds = bench_kernels.measure(browser.new_page(), address, bar)
    print(bench_kernels.table(rounds, machine))
    if json_file:
        bench_kernels.write_json(json_file, rounds, machine)


def _run_boot(arguments: argparse.Namespace) -> None:
    from tqdm import tqdm

    from websim_server.bench import boot as bench_boot

    bar = tqdm(total=bench_boot.ROUNDS * len(bench_boot.VISITS), desc="start of the page")
    with bar, open_browser() as (browser, address):
        task, envs, workers = arguments.task, arguments.envs, int(arguments.workers)
        url = f"{address}/?task={task}&envs={envs}&workers={workers}"
        visits = bench_boot.measure(browser, url, workers, bar)
        about = (
            f"{task}, {envs} environments, {workers} workers; "
            f"Chromium {browser.version}; {_machine()}"
        )
    print(bench_boot.table(visits, about))
    if arguments.json:
        bench_boot.write_json(arguments.json, visits, about)


def _measure(
    browser: "Browser", address: str, arguments: argparse.Namespace, bar: Any
) -> dict[str, Any]:
    task, envs, workers = arguments.task, arguments.envs, arguments.workers
    seconds = arguments.seconds / ROUNDS

    bar.set_description("starting the page")
    started = time.monotonic()
    page = browser.new_page(viewport={"width": 1280, "height": 800})
    page.goto(f"{address}/?task={task}&envs={envs}&workers={workers}")
    _wait(page, "window.websim?.running && websim.stats().environmentSteps > 0")
    first_motion = time.monotonic() - started
    page.evaluate(WATCH_LONG_TASKS)
    _pass(page, WARM_UP_SECONDS, bar, "warming up")
    renderer_mb = _largest_renderer_mb(browser)
    workers = page.evaluate("websim.numWorkers")
    page.evaluate("websim.pause()")

    bar.set_description("starting the bare page")
    bare = browser.new_page()
    bare.goto(f"{address}/healthz")
    bare.evaluate(
        """async (options) => {
          const { WebSim } = await import('/sim/websim.js');
          window.websim = await WebSim.create(options);
        }""",
        {"task": task, "numEnvs": envs, "numWorkers": workers},
    )
    native = _Native(task)

    rounds: list[dict[str, float]] = []
    for _ in range(ROUNDS):
        page.bring_to_front()
        page.evaluate("longTasks.length = 0")
        with_dashboard = _rates(page, seconds, bar, "page with dashboard")
        long_tasks = page.evaluate("longTasks.splice(0)")
        alone = _rates(bare, seconds, bar, "workers alone")
        bar.set_description("native MuJoCo")
        native_rate = native.rate(NATIVE_SECONDS)
        bar.update(NATIVE_SECONDS)
        rounds.append(
            {
                "physics_steps_per_second": with_dashboard["physics"],
                "environment_steps_per_second": with_dashboard["environment"],
                "frames_per_second": with_dashboard["frames"],
                "without_dashboard_steps_per_second": alone["physics"],
                "physics_only_steps_per_second": alone["physics_only"],
                "native_steps_per_second": native_rate,
                "long_tasks": len(long_tasks),
                "longest_task_ms": max(long_tasks, default=0),
            }
        )
    bar.set_description("done")
    return {
        "task": task,
        "environments": envs,
        "workers": workers,
        **{name: statistics.mean(r[name] for r in rounds) for name in rounds[0]},
        "long_tasks": int(sum(r["long_tasks"] for r in rounds)),
        "longest_task_ms": max(r["longest_task_ms"] for r in rounds),
        "share_of_physics_only": statistics.mean(
            r["physics_steps_per_second"] / r["physics_only_steps_per_second"] for r in rounds
        ),
        "physics_only_of_native": statistics.mean(
            r["physics_only_steps_per_second"] / workers / r["native_steps_per_second"]
            for r in rounds
        ),
        "renderer_mb": renderer_mb,
        "first_motion_seconds": first_motion,
        "rounds": rounds,
        "browser": f"Chromium {browser.version}",
        "machine": _machine(),
    }


WATCH_LONG_TASKS = """() => {
  window.longTasks = [];
  new PerformanceObserver((list) => {
    for (const { duration } of list.getEntries()) longTasks.push(duration);
  }).observe({ type: 'longtask' });
}"""


def _wait(page: "Page", condition: str) -> None:
    """Waits for something in the page; its policy forbids Playwright's own wait (eval)."""
    deadline = time.monotonic() + BOOT_SECONDS
    while not page.evaluate(f"() => Boolean({condition})"):
        if time.monotonic() > deadline:
            raise BenchError(f"the page did not start within {BOOT_SECONDS} s")
        page.wait_for_timeout(20)


def _pass(page: "Page", seconds: float, bar: Any, what: str) -> None:
    """Lets time pass while the page runs."""
    bar.set_description(what)
    end = time.monotonic() + seconds
    while (left := end - time.monotonic()) > 0:
        slice_seconds = min(1.0, left)
        page.wait_for_timeout(slice_seconds * 1000)
        bar.update(slice_seconds)


_COUNTS = """() => {
  const { environmentSteps, physicsSteps, frames, workerLoads } = websim.stats();
  return { time: performance.now() / 1000, environmentSteps, physicsSteps, frames, workerLoads };
}"""


def _rates(page: "Page", seconds: float, bar: Any, what: str) -> dict[str, float]:
    """Steps a second over all workers, those of their physics loops alone, and frames a second."""
    page.evaluate("websim.play()")
    page.wait_for_timeout(SETTLE_SECONDS * 1000)
    a = page.evaluate(_COUNTS)
    _pass(page, seconds, bar, what)
    b = page.evaluate(_COUNTS)
    page.evaluate("websim.pause()")
    elapsed = b["time"] - a["time"]
    return {
        "environment": (b["environmentSteps"] - a["environmentSteps"]) / elapsed,
        "physics": (b["physicsSteps"] - a["physicsSteps"]) / elapsed,
        "frames": (b["frames"] - a["frames"]) / elapsed,
        "physics_only": sum(
            (later["physicsSteps"] - earlier["physicsSteps"])
            / (later["physicsSeconds"] - earlier["physicsSeconds"])
            for earlier, later in zip(a["workerLoads"], b["workerLoads"], strict=True)
        ),
    }


class _Native:
    """Native MuJoCo on one core: mj_step from states that random actions lead to."""

    def __init__(self, task: str) -> None:
        import mujoco
        import numpy as np

        from websim import make_vec, mjcf
        from websim.physics import POST_CONSTRAINT_FIELDS
        from websim.physics.native import load_model

        env = make_vec(task, NATIVE_STATES, autoreset_mode="SameStep")
        env.reset(seed=0)
        env.action_space.seed(0)
        for _ in range(20):
            env.step(env.action_space.sample())
        self._mujoco = mujoco
        self._model = load_model(mjcf.find(env.task.xml_file))
        self._data = mujoco.MjData(self._model)
        self._frame_skip = env.task.frame_skip
        self._post_constraint = not POST_CONSTRAINT_FIELDS.isdisjoint(env.task.fields)
        state = env.physics.data
        self._ctrl = env.action_space.sample()
        self._states = [
            np.concatenate([state.qpos[i], state.qvel[i], state.act[i]])
            for i in range(NATIVE_STATES)
        ]
        self._warmstarts = state.qacc_warmstart.copy()
        env.close()

    def rate(self, seconds: float) -> float:
        """Physics steps a second."""
        mujoco, model, data = self._mujoco, self._model, self._data
        kind = mujoco.mjtState.mjSTATE_PHYSICS
        steps, start = 0, time.perf_counter()
        while (elapsed := time.perf_counter() - start) < seconds:
            for state, warmstart, ctrl in zip(
                self._states, self._warmstarts, self._ctrl, strict=True
            ):
                mujoco.mj_setState(model, data, state, kind)
                data.qacc_warmstart = warmstart
                data.ctrl = ctrl
                mujoco.mj_step(model, data, self._frame_skip)
                if self._post_constraint:
                    mujoco.mj_rnePostConstraint(model, data)
            steps += NATIVE_STATES * self._frame_skip
        return steps / elapsed


def _largest_renderer_mb(browser: "Browser") -> float | None:
    """Proportional set size of the largest renderer, in MB; None where there is no /proc."""
    session = browser.new_browser_cdp_session()
    processes = session.send("SystemInfo.getProcessInfo")["processInfo"]
    session.detach()
    sizes = []
    for process in processes:
        rollup = Path(f"/proc/{process['id']}/smaps_rollup")
        if process["type"] == "renderer" and rollup.exists():
            pss = next(line for line in rollup.read_text().splitlines() if line.startswith("Pss:"))
            sizes.append(int(pss.split()[1]) * 1024 / 1e6)
    return max(sizes, default=None)


def _machine() -> str:
    return f"{platform.system()} {platform.machine()}, {_cores()} cores"


def _cores() -> int:
    import os

    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _table(figures: dict[str, Any]) -> str:
    rounds = figures["rounds"]

    def row(label: str, name: str) -> str:
        values = [r[name] for r in rounds]
        return f"{label:40}{figures[name]:12,.0f}   {min(values):,.0f} to {max(values):,.0f}"

    renderer = figures["renderer_mb"]
    return "\n".join(
        [
            f"{figures['task']}, {figures['environments']} environments, "
            f"{figures['workers']} workers; {figures['browser']}; {figures['machine']}",
            f"{'':40}{'mean':>12}   over {len(rounds)} rounds",
            row("physics steps/s, page with dashboard", "physics_steps_per_second"),
            row("environment steps/s, likewise", "environment_steps_per_second"),
            row("physics steps/s, without dashboard", "without_dashboard_steps_per_second"),
            row("physics steps/s, physics loop only", "physics_only_steps_per_second"),
            row("physics steps/s, native, one core", "native_steps_per_second"),
            f"{'page / physics loop only':40}{figures['share_of_physics_only']:12.2f}",
            f"{'physics loop, one worker / native':40}{figures['physics_only_of_native']:12.2f}",
            f"{'renderer memory (PSS), MB':40}"
            + (f"{renderer:12.0f}" if renderer else "     unknown"),
            f"{'tasks over 50 ms on the main thread':40}{figures['long_tasks']:12d}"
            f"   longest {figures['longest_task_ms']:.0f} ms",
            f"{'frames/s drawn':40}{figures['frames_per_second']:12.1f}",
            f"{'navigation to first step, s':40}{figures['first_motion_seconds']:12.1f}",
        ]
    )
