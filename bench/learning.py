"""Learning curves of whole suites of runs, by the command `websim train`.

    python -m bench.learning cleanrl --backend browser --ranks 2
    python -m bench.learning fast --backend browser --ranks 2 --stop-when-reached
    python -m bench.learning search --backend browser --ranks 2
    python -m bench.learning long --backend browser --jobs 2 --seeds 1
    python -m bench.learning quadruped --backend browser --ranks 2

Every run of a suite (its tasks x seeds) is a process of its own, `--jobs` of them at a time; for
wall-clock figures leave it at 1 and the machine alone. A finished run is kept under `--runs` and
not repeated, so that a suite can be interrupted and started again: the run under way starts anew.

Writes, under docs/results/: `learning-<suite>-<backend>.json` (summary), `.csv` (curves), and
`learning-<suite>-<backend>-<task>.svg`. A return is the mean over the last 100 episodes as they
were played while learning, noise included; see `bench/curves.py`.
"""

import argparse
import contextlib
import json
import shlex
import shutil
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from bench.curves import Result, judge, machine, read_metrics, write_curves, write_summary
from websim.registry import task_class
from websim.training import checkpoints
from websim.training.evaluation import evaluate

ROOT = Path(__file__).resolve().parent.parent
RESULTS = ROOT / "docs" / "results"
DONE = "done.json"
LOOK_SECONDS = 2
GRACE_SECONDS = 120  # for the last iteration and checkpoint after Ctrl-C


@dataclass(frozen=True)
class Experiment:
    """A task and how it is learnt.

    Attributes:
        task: Task id.
        algorithm: As on the command line.
        preset: Likewise.
        total_timesteps: Environment steps; None takes the preset's.
        threshold: Return that is to be reached.
        published: What others report, with its spread, for the plot; None for wall-clock goals.
        minutes: The run is stopped after so long; None: never.
        goal: What the measure of the policy that has been learnt is to be, as `websim evaluate`
            finds it; None: it is not evaluated.
    """

    task: str
    algorithm: str
    preset: str
    total_timesteps: int | None = None
    threshold: float | None = None
    published: tuple[float, float] | None = None
    minutes: float | None = None
    goal: float | None = None

    @property
    def setting(self) -> str:
        """What it is called in tables."""
        return f"{self.algorithm} {self.preset}"


SUITES: dict[str, tuple[Experiment, ...]] = {
    # https://docs.cleanrl.dev/rl-algorithms/ppo/ : mean and deviation of 3 seeds at 1M steps. The
    # threshold is one deviation below.
    "cleanrl": tuple(
        Experiment(task, "ppo", "cleanrl", 1_000_000, threshold, published)
        for task, threshold, published in (
            ("HalfCheetah-v5", 1396, (1442.64, 46.03)),
            ("Hopper-v5", 2111, (2382.86, 271.74)),
            ("Walker2d-v5", 1716, (2287.95, 571.78)),
            ("InvertedPendulum-v5", 940, (963.09, 22.20)),
        )
    ),
    "fast": tuple(
        Experiment(task, "ppo", "fast", threshold=threshold)
        for task, threshold in (
            ("HalfCheetah-v5", 1500),
            ("Hopper-v5", 2000),
            ("Walker2d-v5", 1500),
            ("Ant-v5", 1000),
        )
    ),
    "search": (
        Experiment("Swimmer-v5", "ars", "default", 600_000, 300),
        Experiment("HalfCheetah-v5", "ars", "default", 4_000_000, 1500),
        Experiment("InvertedPendulum-v5", "es", "default", 1_000_000, 900),
    ),
    "quadruped": (
        Experiment("QuadrupedBalance-v0", "ppo", "fast", goal=0.95),
        Experiment("QuadrupedWalk-v0", "ppo", "fast", goal=0.8),
    ),
    # As many steps as an hour on one core has room for, so that the learning rate's way down to 0
    # fits into it; a slower machine is cut off. Both at once have a core each.
    "long": (
        Experiment("Ant-v5", "ppo", "fast", 5_000_000, minutes=60),
        Experiment("Humanoid-v5", "ppo", "fast", 4_000_000, minutes=60),
    ),
}


@dataclass(frozen=True)
class Run:
    """One run of an experiment: a folder, whose DONE is written when it is over."""

    experiment: Experiment
    seed: int
    folder: Path
    backend: str
    ranks: int
    stop_when_reached: bool

    @property
    def arguments(self) -> list[str]:
        """Of `websim`."""
        one = self.experiment
        total = [] if one.total_timesteps is None else ["--total-timesteps", one.total_timesteps]
        return [
            *("train", one.task, "--algo", one.algorithm, "--preset", one.preset, *map(str, total)),
            *("--seed", str(self.seed), "--backend", self.backend, "--ranks", str(self.ranks)),
        ]

    def finished(self) -> bool:
        """Whether it is over, and was the same run."""
        try:
            done = json.loads((self.folder / DONE).read_text())
        except (OSError, ValueError):
            return False
        return bool(done["arguments"] == self.arguments)

    def execute(self) -> None:
        """Runs it from the start; raises RuntimeError where `websim train` fails."""
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir(parents=True)
        command = [sys.executable, "-m", "websim_server", *self.arguments]
        minutes = self.experiment.minutes
        started = time.monotonic()
        with (self.folder / "output.txt").open("w") as output:
            process = subprocess.Popen(
                [*command, "--output", str(self.folder)], stdout=output, stderr=output, cwd=ROOT
            )
            try:
                while process.poll() is None:
                    late = minutes is not None and time.monotonic() - started > 60 * minutes
                    if late or (self.stop_when_reached and self.reached()):
                        process.send_signal(signal.SIGINT)  # as Ctrl-C: it saves, and ends with 0
                        break
                    time.sleep(LOOK_SECONDS)
                status = process.wait(GRACE_SECONDS)
            except BaseException:
                process.terminate()
                raise
        if status:
            tail = (self.folder / "output.txt").read_text()[-1000:]
            raise RuntimeError(f"websim {shlex.join(self.arguments)} failed:\n{tail}")
        done = {"arguments": self.arguments, "seconds": time.monotonic() - started, **machine()}
        (self.folder / DONE).write_text(json.dumps(done, indent=2) + "\n")

    def result(self) -> Result:
        """What its metrics say."""
        (metrics,) = self.folder.glob("*/metrics.csv")
        return judge(self.seed, list(read_metrics(metrics)), self.experiment.threshold)

    def measured(self) -> dict[str, float]:
        """Mean measure of the policy without noise, and the part of episodes without a fall."""
        (file,) = self.folder.glob("*/checkpoint.websim")
        found = evaluate(checkpoints.loads(file.read_bytes()))
        whole = found.lengths == task_class(self.experiment.task).max_episode_steps
        return {"measure": float(found.measures.mean()), "whole": float(whole.mean())}

    def reached(self) -> bool:
        """Whether it has been at its threshold; it may be running, and its last row be half."""
        with contextlib.suppress(ValueError, TypeError):
            return self.result().seconds_to_threshold is not None
        return False


def main() -> None:
    """Runs a suite, and writes what came out."""
    parser = argparse.ArgumentParser(description="Learning curves of a suite of runs.")
    parser.add_argument("suite", choices=SUITES)
    parser.add_argument("--backend", choices=("native", "browser"), default="native")
    parser.add_argument("--ranks", type=int, default=1)
    parser.add_argument("--tasks", nargs="+", help="only these of the suite's tasks")
    parser.add_argument("--seeds", nargs="+", type=int, default=[1, 2, 3])
    parser.add_argument("--jobs", type=int, default=1, help="runs at a time")
    parser.add_argument(
        "--stop-when-reached", action="store_true", help="end a run at its threshold"
    )
    parser.add_argument("--total-timesteps", type=float, help="instead of the suite's")
    parser.add_argument("--runs", type=Path, default=ROOT / "runs" / "bench")
    parser.add_argument("--results", type=Path, default=RESULTS)
    arguments = parser.parse_args()

    suite = SUITES[arguments.suite]
    if unknown := set(arguments.tasks or ()) - {one.task for one in suite}:
        tasks = ", ".join(one.task for one in suite)
        parser.error(f"{', '.join(sorted(unknown))}: not in the suite, which has {tasks}")
    if arguments.total_timesteps is not None:
        suite = tuple(replace(one, total_timesteps=int(arguments.total_timesteps)) for one in suite)
    folder = arguments.runs / f"{arguments.suite}-{arguments.backend}"
    runs = {
        one: [
            Run(
                one,
                seed,
                folder / f"{one.task}__{one.algorithm}__{one.preset}__{seed}",
                arguments.backend,
                arguments.ranks,
                arguments.stop_when_reached,
            )
            for seed in arguments.seeds
        ]
        for one in suite
        if arguments.tasks is None or one.task in arguments.tasks
    }
    waiting = [run for several in runs.values() for run in several if not run.finished()]
    with ThreadPoolExecutor(arguments.jobs) as pool:
        try:
            for run, _ in zip(waiting, pool.map(Run.execute, waiting), strict=True):
                show(run)
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise

    rows = [row(one, several) for one, several in runs.items()]
    stem = arguments.results / f"learning-{arguments.suite}-{arguments.backend}"
    command = shlex.join(["python", "-m", "bench.learning", *sys.argv[1:]])
    write_summary(stem, {"command": command, **machine()}, rows)
    write_curves(stem, rows)
    for one, several in runs.items():
        plot(one, several, stem.with_name(f"{stem.name}-{one.task.partition('-')[0]}.svg".lower()))
    print(f"Written: {stem}.json, its curves as .csv, and a plot of each task")


def show(run: Run) -> None:
    """Prints a line about a run that has ended."""
    result = run.result()
    reached = result.seconds_to_threshold
    final = "no 100 episodes" if result.final is None else f"return {result.final:.0f}"
    goal = run.experiment.goal
    measure = "" if goal is None else f"; measure {run.measured()['measure']:.3f}, goal {goal:g}"
    print(
        f"{run.experiment.task} {run.experiment.setting} seed {run.seed}: {final}, "
        f"{result.steps} steps, {result.seconds:.0f} s"
        + ("" if reached is None else f"; {run.experiment.threshold:g} after {reached:.1f} s")
        + measure,
        flush=True,
    )


def row(experiment: Experiment, runs: list[Run]) -> dict[str, Any]:
    """What is written down of an experiment."""
    return {
        "task": experiment.task,
        "setting": experiment.setting,
        "backend": runs[0].backend,
        "ranks": runs[0].ranks,
        "threshold": experiment.threshold,
        "published": experiment.published,
        "runs": [run.result() for run in runs],
        **({} if experiment.goal is None else {"goal": experiment.goal}),
        **({} if experiment.goal is None else {"evaluated": [run.measured() for run in runs]}),
    }


def plot(experiment: Experiment, runs: list[Run], path: Path) -> None:
    """Draws the seeds' curves, over steps and over wall-clock."""
    import matplotlib

    matplotlib.use("svg")
    matplotlib.rcParams["svg.hashsalt"] = "websim"  # the same curves give the same file
    from matplotlib import pyplot

    figure, (steps, seconds) = pyplot.subplots(1, 2, figsize=(9, 3.2), sharey=True)
    for run in runs:
        curve = run.result().curve
        values = [one.value for one in curve]
        steps.plot([one.step for one in curve], values, label=f"seed {run.seed}")
        seconds.plot([one.seconds for one in curve], values)
    for axes in (steps, seconds):
        if experiment.published is not None:
            mean, deviation = experiment.published
            axes.axhline(mean, color="gray", linewidth=0.8, label="CleanRL's mean and deviation")
            axes.axhspan(mean - deviation, mean + deviation, color="gray", alpha=0.15, linewidth=0)
        elif experiment.threshold is not None:
            axes.axhline(experiment.threshold, color="gray", linewidth=0.8, label="goal")
        axes.grid(alpha=0.3)
    steps.set(xlabel="environment steps", ylabel="mean return of 100 episodes")
    steps.legend(fontsize="small")
    ranks = f"{runs[0].ranks} rank{'s' if runs[0].ranks > 1 else ''}"
    seconds.set(xlabel=f"seconds, {runs[0].backend}, {ranks}")
    figure.suptitle(f"{experiment.task}, {experiment.setting}", fontsize="medium")
    figure.tight_layout()
    figure.savefig(path, metadata={"Date": None})
    pyplot.close(figure)


if __name__ == "__main__":
    main()
