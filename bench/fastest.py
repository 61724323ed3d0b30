"""Seconds to a return: the tab and the native program beside the stacks that others train with.

    python -m venv /tmp/sbx && /tmp/sbx/bin/pip install -r bench/requirements-sbx.txt
    python -m venv /tmp/envpool && /tmp/envpool/bin/pip install -r bench/requirements-envpool.txt
    python -m bench.fastest --stack sbx=/tmp/sbx/bin/python envpool=/tmp/envpool/bin/python

For each task and seed all sides learn one after the other, the tab first: the machine's speed
changes, and a run's neighbours had about the same. Preset `fast` natively, and in two workers of a
headless Chromium; see `bench/stack_sb3.py` and `bench/stack_envpool.py` for the others. Each of
their settings learns with the number of environments that a sweep finds fastest. A run ends at the
higher of a task's two marks; one of another stack also when it is of no more interest, after
`--patience` times the seconds that the tab took to the lower mark, or as many as to the higher,
whichever is more. Runs are kept under `--runs` and not repeated, so that an interrupted command
goes on when it is given again.

Writes docs/results/fastest.json, and the curves as fastest.svg (extra `bench`).
"""

import argparse
import json
import shlex
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.curves import Point, Result, judge, machine, read_metrics, write_summary
from bench.learning import Experiment, Run

ROOT = Path(__file__).resolve().parent.parent

MARKS: dict[str, tuple[float, float]] = {
    "HalfCheetah-v5": (1500, 4000),
    "Hopper-v5": (2000, 3000),
    "Walker2d-v5": (1500, 3000),
    "Ant-v5": (1000, 2500),
}

OURS = {"tab": ("browser", 2), "native": ("native", 1)}
"""Backend and ranks."""


@dataclass(frozen=True)
class Side:
    """Who learns.

    Attributes:
        name: For the table.
        run: Learns a task from a seed to a mark, for so long at most; gives the curve.
    """

    name: str
    run: Callable[[str, int, float, float], list[Point]]


def our_side(name: str, runs: Path) -> Side:
    """Preset `fast`."""
    backend, ranks = OURS[name]

    def run(task: str, seed: int, mark: float, seconds: float) -> list[Point]:
        experiment = Experiment(task, "ppo", "fast", threshold=mark)
        folder = runs / f"{task}__{name}__{seed}"
        own = Run(experiment, seed, folder, backend, ranks, stop_when_reached=True)
        if not own.finished():
            own.execute()
        (metrics,) = folder.glob("*/metrics.csv")
        return list(read_metrics(metrics))

    return Side(name, run)


def other_side(stack: str, settings: str, python: str, runs: Path) -> Side:
    """A stack with some of its settings, in an environment of its own."""

    def run(task: str, seed: int, mark: float, seconds: float) -> list[Point]:
        path = runs / f"{task}__{stack}-{settings}__{seed}.json"
        if not path.exists():
            swept = _sweeps(runs) / f"{task}__{stack}.json"
            if not swept.exists():
                swept.parent.mkdir(exist_ok=True)
                _call(python, "sweep", stack, task, swept)
            options = {"sweep": swept, "settings": settings, "seed": seed}
            options |= {"threshold": mark, "limit-seconds": f"{seconds:.0f}"}
            _call(python, "learn", stack, task, path, **options)
        return [Point(**one) for one in json.loads(path.read_text())]

    return Side(f"{stack}, {settings}", run)


def _sweeps(runs: Path) -> Path:
    return runs / "sweeps"


def _call(python: str, *words: Any, **options: Any) -> None:
    given = [word for name, value in options.items() for word in (f"--{name}", str(value))]
    command = [python, "-m", "bench.stacks", *map(str, words), *given]
    subprocess.run(command, cwd=ROOT, check=True)


SETTINGS = {"sb3": ("zoo", "usual"), "sbx": ("zoo", "usual"), "envpool": ("tuned", "usual")}

NO_ZOO = {"Ant-v5"}


def results(curves: Sequence[tuple[int, list[Point]]], mark: float) -> list[Result]:
    """Of the seeds' curves."""
    return [judge(seed, points, mark) for seed, points in curves]


def told(found: Sequence[Result]) -> str:
    """The seconds of each seed for a table."""
    return ", ".join(
        f"> {one.seconds:.0f}"
        if one.seconds_to_threshold is None
        else f"{one.seconds_to_threshold:.1f}"
        for one in found
    )


def plot(found: dict[str, dict[str, list[Result]]], path: Path) -> None:
    """Draws the curves over wall-clock: a panel for each task, a colour for each side."""
    import matplotlib

    matplotlib.use("svg")
    matplotlib.rcParams["svg.hashsalt"] = "websim"  # the same curves give the same file
    from matplotlib import pyplot

    figure, panels = pyplot.subplots(
        1, len(found), figsize=(5.2 * len(found), 3.6), squeeze=False, layout="constrained"
    )
    names = list(dict.fromkeys(name for sides in found.values() for name in sides))
    labels = {}
    for panel, (task, sides) in zip(panels[0], found.items(), strict=True):
        for name, several in sides.items():
            for one in several:
                seconds = [point.seconds for point in one.curve]
                values = [point.value for point in one.curve]
                (line,) = panel.plot(seconds, values, color=f"C{names.index(name)}", linewidth=1)
                labels[name] = line
        for mark in MARKS[task]:
            panel.axhline(mark, color="gray", linewidth=0.8)
        panel.set(title=task, xlabel="seconds")
        panel.grid(alpha=0.3)
    panels[0, 0].set_ylabel("mean return of 100 episodes")
    figure.legend(labels.values(), labels, loc="outside lower center", ncols=3)
    figure.savefig(path, metadata={"Date": None})
    pyplot.close(figure)


def main() -> None:
    """Runs what has not run yet, and prints a table for each task."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--stack", nargs="*", default=[], metavar="NAME=PYTHON", help=f"of {', '.join(SETTINGS)}"
    )
    parser.add_argument("--settings", nargs="*", help="of the stacks, only these")
    parser.add_argument("--tasks", nargs="+", choices=MARKS, default=list(MARKS))
    parser.add_argument("--seeds", nargs="+", type=int, default=[1, 2, 3])
    parser.add_argument("--lower", action="store_true", help="to the lower marks alone")
    parser.add_argument("--patience", type=float, default=3.0, help="(3)")
    parser.add_argument("--runs", type=Path, default=ROOT / "runs" / "bench" / "fastest")
    parser.add_argument("--results", type=Path, default=ROOT / "docs" / "results" / "fastest")
    arguments = parser.parse_args()
    arguments.runs.mkdir(parents=True, exist_ok=True)
    sides = [our_side(name, arguments.runs) for name in OURS]
    for given in arguments.stack:
        stack, _, python = given.partition("=")
        if stack not in SETTINGS or not python:
            parser.error(f"{given}: a stack is NAME=PYTHON, with one of {', '.join(SETTINGS)}")
        sides += [
            other_side(stack, settings, python, arguments.runs)
            for settings in SETTINGS[stack]
            if not arguments.settings or settings in arguments.settings
        ]

    rows: list[dict[str, Any]] = []
    drawn: dict[str, dict[str, list[Result]]] = {}
    for task in arguments.tasks:
        lower, higher = MARKS[task]
        marks = [lower] if arguments.lower else [lower, higher]
        here = [side for side in sides if not (task in NO_ZOO and side.name.endswith("zoo"))]
        curves: dict[str, list[tuple[int, list[Point]]]] = {side.name: [] for side in here}
        for seed in arguments.seeds:
            seconds = 0.0  # ours end by themselves
            for side in here:
                points = side.run(task, seed, marks[-1], seconds)
                if side.name == "tab":
                    low, high = (judge(seed, points, mark) for mark in (lower, marks[-1]))
                    first = low.seconds_to_threshold or low.seconds
                    seconds = max(arguments.patience * first, high.seconds)
                curves[side.name].append((seed, points))
                one = judge(seed, points, marks[-1])
                print(f"{task} {side.name} seed {seed}: {one.steps} steps, {one.seconds:.0f} s")
        print(f"\n| {task}, seconds to | {' | '.join(f'{mark:g}' for mark in marks)} |")
        print("|---" * (1 + len(marks)) + "|")
        drawn[task] = {name: results(several, marks[-1]) for name, several in curves.items()}
        for name, several in curves.items():
            found = [results(several, mark) for mark in marks]
            print(f"| {name} | {' | '.join(map(told, found))} |", flush=True)
            rows += [
                {"task": task, "setting": name, "threshold": mark, "runs": one}
                for mark, one in zip(marks, found, strict=True)
            ]
        print()
    about = {"command": shlex.join(["python", "-m", "bench.fastest", *sys.argv[1:]]), **machine()}
    about["steps/s"] = {
        path.stem: json.loads(path.read_text())
        for path in sorted(_sweeps(arguments.runs).glob("*.json"))
        if path.stem.partition("__")[0] in arguments.tasks
    }
    write_summary(arguments.results, about, rows)
    plot(drawn, arguments.results.with_suffix(".svg"))


if __name__ == "__main__":
    main()
