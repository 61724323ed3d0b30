"""A stack that others train with, in its own environment: how fast it learns a task of ours.

    PYTHON -m bench.stacks sweep STACK TASK FILE [--seconds 8]
    PYTHON -m bench.stacks learn STACK TASK FILE --sweep FILE --seed 1 --threshold 1500
        --limit-seconds 60

`bench/fastest.py` drives it; PYTHON is that of a virtual environment with the requirements of the
stack (bench/requirements-<stack>.txt). It needs nothing of the project but `bench/curves.py`, which
holds the rule for all: the mean return of the last 100 episodes, as played while learning, noise
included; the clock starts when learning does, with environments and networks made.

`sweep` measures steps/s, learning included, of each way to run the environments that the stack has,
fastest first. `learn` takes the first of them, and writes a point after each update.
"""

import argparse
import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
from importlib import import_module
from pathlib import Path

from bench.curves import Point, RollingReturn

TASKS = ("HalfCheetah-v5", "Hopper-v5", "Walker2d-v5", "Ant-v5")


@dataclass(frozen=True)
class Way:
    """How environments are run, and networks.

    Attributes:
        settings: A name of the stack's.
        envs: How many.
        vector: "dummy" (one after the other), "subproc" (a process each), or "envpool" (threads).
        threads: Of torch; JAX takes what it likes.
    """

    settings: str
    envs: int
    vector: str
    threads: int


@dataclass(frozen=True)
class Setup:
    """A task, how it is run, and a seed."""

    task: str
    way: Way
    seed: int


Watch = Callable[[Point], bool]
"""Takes each point of a curve; says whether to go on."""


@dataclass(frozen=True)
class Stack:
    """What a module of a stack offers.

    Attributes:
        ways: Of a task.
        learn: Learns until it is told to stop.
    """

    ways: Callable[[str], list[Way]]
    learn: Callable[[Setup, Watch], None]


MODULES = {"sb3": "bench.stack_sb3", "sbx": "bench.stack_sb3", "envpool": "bench.stack_envpool"}


def load(name: str) -> Stack:
    """The stack of that name."""
    stack: Stack = import_module(MODULES[name]).stack(name)
    return stack


def record(stack: Stack, setup: Setup, seconds: float, threshold: float | None) -> list[Point]:
    """Learns until a threshold or for so long; gives the curve."""
    points: list[Point] = []
    mean = RollingReturn()

    def watch(point: Point) -> bool:
        points.append(point)
        value = mean.add(point)
        reached = threshold is not None and value is not None and value >= threshold
        return not reached and point.seconds < seconds

    stack.learn(setup, watch)
    return points


def sweep(stack: Stack, task: str, seconds: float) -> list[tuple[Way, float]]:
    """Steps/s, learning included, of every way; fastest first within each of the settings."""
    measured = []
    for way in stack.ways(task):
        points = record(stack, Setup(task, way, 0), seconds, None)
        # The first update may have compiled what the others run.
        first, last = points[0], points[-1]
        span = last.seconds - first.seconds
        measured.append((way, (last.step - first.step) / span if span else 0.0))
        print(f"{task} {way}: {measured[-1][1]:.0f} steps/s", flush=True)
    return sorted(measured, key=lambda one: -one[1])


def main() -> None:
    """Runs a sweep, or learns."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("what", choices=("sweep", "learn"))
    parser.add_argument("stack", choices=MODULES)
    parser.add_argument("task", choices=TASKS)
    parser.add_argument("output", type=Path)
    parser.add_argument("--seconds", type=float, default=8.0, help="of a way (8)")
    parser.add_argument("--sweep", type=Path, help="what a sweep has written")
    parser.add_argument("--settings", help="the fastest way of these settings alone")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--threshold", type=float)
    parser.add_argument("--limit-seconds", type=float, default=60.0)
    arguments = parser.parse_args()
    stack = load(arguments.stack)
    if arguments.what == "sweep":
        rates = sweep(stack, arguments.task, arguments.seconds)
        found = [{**asdict(way), "sps": sps} for way, sps in rates]
    else:
        ways = [
            Way(**{name: value for name, value in one.items() if name != "sps"})
            for one in json.loads(arguments.sweep.read_text())
        ]
        way = next(way for way in ways if arguments.settings in (None, way.settings))
        setup = Setup(arguments.task, way, arguments.seed)
        points = record(stack, setup, arguments.limit_seconds, arguments.threshold)
        found = [asdict(point) for point in points]
    arguments.output.write_text(json.dumps(found, indent=1) + "\n")


if __name__ == "__main__":
    main()
