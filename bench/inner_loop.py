"""Where the time of a batch goes in a worker, and what a batch allocates, in Chromium.

    python -m bench.inner_loop [--seconds 3] [--output docs/results]

For each task and number of environments one worker runs freely, with random actions, in a page that
shows nothing, three times:

- With nothing attached. Physics' share of a batch is that of the worker's own counters: the time in
  the physics loop (state swapped in, `mj_step`, state swapped out) of the time in which a batch is
  stepped and published.
- Under Chromium's sampling profiler. Functions are told apart by the file that they are of:
  MuJoCo's WASM module, Pyodide's, numpy's libraries, the scripts. What the browser does for a
  script (a copy, a message) counts as the script's.
- Under its allocation profiler. It counts the JavaScript objects made, garbage included; what the
  heap has grown by is measured with garbage collected before and after. Python's side: memory
  blocks that there are before and after many steps, and, by tracemalloc, the most bytes that one
  step holds on top of what was there before it: numpy's temporary arrays.

Writes inner_loop.json and inner_loop.md.
"""

import argparse
import statistics
from pathlib import Path
from typing import Any

from tqdm import tqdm

from bench.browser import Blank, head, write
from bench.devtools import WorkerThread, allocation, self_times
from websim_server.browser import open_browser

TASKS = ("Ant-v5", "HalfCheetah-v5", "Humanoid-v5", "InvertedPendulum-v5")
SIZES = (64, 256, 1000)
WARM_UP_SECONDS = 1.5
LEAST_BATCHES = 2  # of a run, however slow the machine is
GOALS = {"Ant-v5": 0.9, "HalfCheetah-v5": 0.75, "Humanoid-v5": 0.9}
GOAL_SIZE = 256

PARTS = {
    "MuJoCo (WASM)": ("mujoco.wasm",),
    "calls of it (embind)": ("mujoco.js",),
    "state in and out": ("physics.js",),
    "numpy": ("wasm://",),
    "Python's interpreter": ("pyodide.asm.wasm",),
    "between JavaScript and Python": ("pyodide.asm.mjs",),
    "publishing": ("shard.js",),
    "loop and messages": ("worker.js", "scheduler.js", "handlers.js", "news.js", "clock.js"),
    "garbage collector": ("(garbage collector)",),
}
"""What a batch consists of, and the ends of the files' names that it is in."""
REST = "the browser itself"
IDLE = "(idle)"

COUNTS = """(() => {
  const { environmentSteps, workerLoads: [{ physicsSeconds, busySeconds }] } = sim.stats();
  return { environmentSteps, physicsSeconds, busySeconds };
})()"""

PYTHON_STEPS = 30

PYTHON = f"""
import gc, sys, tracemalloc
from websim.browser.shard import Shard
shard = Shard("{{task}}", {{envs}})
shard.reset(0)
for _ in range(5):
    shard.step()
gc.collect()
before = sys.getallocatedblocks()
for _ in range({PYTHON_STEPS}):
    shard.step()
gc.collect()
blocks = sys.getallocatedblocks() - before
tracemalloc.start()
shard.step()
held, _ = tracemalloc.get_traced_memory()
tracemalloc.reset_peak()
shard.step()
_, peak = tracemalloc.get_traced_memory()
tracemalloc.stop()
shard.close()
dict(blocks=blocks, temporary_bytes=peak - held)
"""


def part_of(source: str, function: str) -> str:
    """The part of a batch that a function belongs to."""
    place = "wasm://" if source.startswith("wasm://") else source or function
    return next((part for part, ends in PARTS.items() if place.endswith(ends)), REST)


class Case:
    """One task and number of environments."""

    def __init__(self, blank: Blank, thread: WorkerThread, task: str, envs: int) -> None:
        """Makes the environments and lets them run until V8 has optimised."""
        self._blank, self._thread, self._envs = blank, thread, envs
        self._task = task
        # The worker stays, with the developer tools attached and the code optimised.
        blank.run(
            "WebSim.create({ ...x, replacing: sim }).then((made) => { window.sim = made; })",
            {"task": task, "numEnvs": envs, "numWorkers": 1},
        )
        self.run(WARM_UP_SECONDS)

    def run(self, seconds: float) -> dict[str, float]:
        """Runs for so long, or longer; by how much the counters grew, and the batches."""
        before = self._blank.run(COUNTS)
        self._blank.run("sim.play()")
        end = before["environmentSteps"] + LEAST_BATCHES * self._envs
        while True:
            self._blank.pass_time(seconds)
            if self._blank.run(COUNTS)["environmentSteps"] >= end:
                break
        self._blank.run("sim.pause()")
        # A pause is answered between two batches: what is counted are whole ones.
        after = self._blank.run(COUNTS)
        grown = {name: after[name] - before[name] for name in after}
        return {**grown, "batches": grown["environmentSteps"] / self._envs}

    def measure(self, seconds: float) -> dict[str, Any]:
        """The figures."""
        shares = []
        for _ in range(2):
            counted = self.run(seconds / 2)
            shares.append(counted["physicsSeconds"] / counted["busySeconds"])
        times: dict[tuple[str, str], float] = {}
        with self_times(self._thread, times):
            profiled = self.run(seconds)
        microseconds = dict.fromkeys([*PARTS, REST], 0.0)
        for (source, function), elapsed in times.items():
            if function != IDLE:
                microseconds[part_of(source, function)] += elapsed / profiled["batches"]
        with allocation(self._thread) as javascript:
            allocated = self.run(seconds / 2)
        (python,) = self._blank.python(PYTHON.format(task=self._task, envs=self._envs), [0])
        return {
            "envs": self._envs,
            "physics_shares": shares,
            "microseconds": microseconds,
            "profiled_batches": profiled["batches"],
            "allocated_bytes": sum(javascript.allocated.values()) / allocated["batches"],
            "kept_bytes": javascript.kept,
            "allocation_batches": allocated["batches"],
            "python": python,
        }


def tables(figures: dict[str, Any]) -> str:
    """The figures as Markdown."""
    lines = [
        f"{figures['date']}; {figures['browser']}; {figures['machine']}; one worker, random "
        f"actions, {figures['seconds']:g} s a figure. Microseconds of a batch (share of it).",
    ]
    for task, cases in figures["tasks"].items():
        lines += [
            "",
            f"| {task} | " + " | ".join(f"{case['envs']:,} environments" for case in cases) + " |",
            "|---" * (len(cases) + 1) + "|",
        ]
        totals = [sum(case["microseconds"].values()) for case in cases]
        for part in [*PARTS, REST]:
            cells = [
                f"{case['microseconds'][part]:,.0f} ({case['microseconds'][part] / total:.1%})"
                for case, total in zip(cases, totals, strict=True)
            ]
            lines.append(f"| {part} | " + " | ".join(cells) + " |")
        rows = {
            "a batch in all": [f"{total:,.0f}" for total in totals],
            "physics' share, by the worker's counters": [
                f"{statistics.mean(case['physics_shares']):.1%}" for case in cases
            ],
            "JavaScript allocated, bytes a batch": [
                f"{case['allocated_bytes']:,.0f}" for case in cases
            ],
            "JavaScript kept, bytes after so many batches": [
                f"{case['kept_bytes']:,} after {case['allocation_batches']:,.0f}" for case in cases
            ],
            f"Python, blocks kept after {PYTHON_STEPS} batches": [
                f"{case['python']['blocks']}" for case in cases
            ],
            "Python, most temporary KB in a batch": [
                f"{case['python']['temporary_bytes'] / 1e3:,.0f}" for case in cases
            ],
        }
        lines += [f"| {label} | " + " | ".join(cells) + " |" for label, cells in rows.items()]
    lines.append("")
    for task, goal in GOALS.items():
        case = next(case for case in figures["tasks"][task] if case["envs"] == GOAL_SIZE)
        share = statistics.mean(case["physics_shares"])
        lines.append(
            f"- Physics' share of a batch of {GOAL_SIZE} {task}: {share:.1%}; the goal is "
            f"{goal:.0%}."
        )
    return "\n".join(lines) + "\n"


def main() -> None:
    """Runs the measurement."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=3.0, help="of each figure")
    parser.add_argument(
        "--output", type=Path, default=Path(__file__).parents[1] / "docs" / "results"
    )
    arguments = parser.parse_args()
    bar = tqdm(total=len(TASKS) * len(SIZES))
    with bar, open_browser() as (browser, address):
        blank = Blank(browser, address)
        blank.create(task=TASKS[0], numEnvs=1, numWorkers=1)  # starts the worker of all cases
        thread = WorkerThread(blank.page)
        tasks: dict[str, list[dict[str, Any]]] = {task: [] for task in TASKS}
        for task in TASKS:
            for envs in SIZES:
                tasks[task].append(Case(blank, thread, task, envs).measure(arguments.seconds))
                bar.update()
        figures = {**head(browser), "seconds": arguments.seconds, "tasks": tasks}
    write(arguments.output, "inner_loop", figures, tables(figures))


if __name__ == "__main__":
    main()
