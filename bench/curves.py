"""Learning curves: how they are read, judged and written down; the same rule for every learner.

A curve is a list of points, each with the episodes that ended since the point before. A return is
always the mean over the last 100 episodes; the newest count whole, and of the oldest point as many
as are missing, each with that point's mean.
"""

import csv
import json
import os
import platform
import subprocess
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from statistics import fmean, stdev
from typing import Any

WINDOW = 100
"""Episodes that a return is the mean of."""

POINTS = 150
"""Points of a curve that is kept."""


@dataclass(frozen=True)
class Point:
    """Where a run was.

    Attributes:
        step: Environment steps so far.
        seconds: Since learning began.
        episodes: That ended since the point before.
        mean: Their mean return.
    """

    step: int
    seconds: float
    episodes: int
    mean: float


@dataclass(frozen=True)
class Rolling:
    """The mean return of the last 100 episodes, at a point."""

    step: int
    seconds: float
    value: float


class RollingReturn:
    """Takes points one by one, and knows the mean return of the last `WINDOW` episodes."""

    def __init__(self) -> None:
        self._recent: deque[Point] = deque()
        self._count = 0

    def add(self, point: Point) -> float | None:
        """Returns the mean after a point; None while fewer episodes have ended."""
        if point.episodes:
            self._recent.append(point)
            self._count += point.episodes
        while self._recent and self._count - self._recent[0].episodes >= WINDOW:
            self._count -= self._recent.popleft().episodes
        if self._count < WINDOW:
            return None
        total = sum(one.episodes * one.mean for one in self._recent)
        return (total - (self._count - WINDOW) * self._recent[0].mean) / WINDOW


def rolling(points: Iterable[Point]) -> list[Rolling]:
    """The rolling return at every point that has one and at which episodes ended."""
    mean, result = RollingReturn(), []
    for point in points:
        value = mean.add(point)
        if value is not None and point.episodes:
            result.append(Rolling(point.step, point.seconds, value))
    return result


def read_metrics(path: Path) -> Iterator[Point]:
    """The points of a run of `websim train`, from its metrics.csv."""
    with path.open(newline="") as file:
        for row in csv.DictReader(file):
            episodes = int(float(row["charts/episodes"]))
            yield Point(
                step=int(row["global_step"]),
                seconds=float(row["charts/seconds"]),
                episodes=episodes,
                mean=float(row["charts/episodic_return"]) if episodes else 0.0,
            )


@dataclass
class Result:
    """How a run went; None where it never had 100 episodes, or never reached its threshold.

    Attributes:
        seed: Of the run.
        final: Mean return of its last 100 episodes.
        best: Best mean return of 100 successive episodes.
        steps_to_threshold: Environment steps until that mean was reached first.
        seconds_to_threshold: Wall-clock until then, since learning began.
        steps: Environment steps in all.
        seconds: Wall-clock in all, since learning began.
        curve: Rolling returns, at most `POINTS` of them.
    """

    seed: int
    final: float | None
    best: float | None
    steps_to_threshold: int | None
    seconds_to_threshold: float | None
    steps: int
    seconds: float
    curve: list[Rolling] = field(repr=False)


def judge(seed: int, points: Sequence[Point], threshold: float | None) -> Result:
    """Sums a run up."""
    curve = rolling(points)
    reached = [one for one in curve if threshold is not None and one.value >= threshold]
    every = -(-len(curve) // POINTS) or 1
    return Result(
        seed=seed,
        final=curve[-1].value if curve else None,
        best=max((one.value for one in curve), default=None),
        steps_to_threshold=reached[0].step if reached else None,
        seconds_to_threshold=reached[0].seconds if reached else None,
        steps=points[-1].step if points else 0,
        seconds=points[-1].seconds if points else 0.0,
        curve=curve[:-1:every] + curve[-1:],
    )


def spread(results: Sequence[Result], name: str) -> dict[str, float | None]:
    """Mean and standard deviation over seeds of an attribute; None where a seed lacks it."""
    values: list[float | None] = [getattr(result, name) for result in results]
    known = [value for value in values if value is not None]
    complete = len(known) == len(values) > 0
    return {
        "mean": fmean(known) if complete else None,
        "std": stdev(known) if complete and len(known) > 1 else None,
    }


def write_summary(stem: Path, about: dict[str, Any], rows: Sequence[dict[str, Any]]) -> None:
    """Writes `<stem>.json`.

    Args:
        stem: Path without suffix.
        about: What holds for all: command, machine.
        rows: One for each task and setting: its description and `"runs"`, a list of results.
    """
    summary = [
        {
            **row,
            "runs": [{k: v for k, v in asdict(run).items() if k != "curve"} for run in row["runs"]],
            **{
                name: spread(row["runs"], name)
                for name in ("final", "best", "steps_to_threshold", "seconds_to_threshold")
            },
        }
        for row in rows
    ]
    stem.parent.mkdir(parents=True, exist_ok=True)
    stem.with_suffix(".json").write_text(json.dumps({**about, "tasks": summary}, indent=2) + "\n")


def write_curves(stem: Path, rows: Sequence[dict[str, Any]]) -> None:
    """Writes `<stem>.csv`: the curves of what `write_summary` sums up."""
    with stem.with_suffix(".csv").open("w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["task", "setting", "seed", "step", "seconds", "return"])
        for row in rows:
            for run in row["runs"]:
                for one in run.curve:
                    where = [row["task"], row["setting"], run.seed, one.step]
                    writer.writerow([*where, f"{one.seconds:.1f}", f"{one.value:.1f}"])


def machine() -> dict[str, Any]:
    """What figures were made on, and of which version of the project."""
    git = ["git", "-C", str(Path(__file__).parent), "describe", "--always", "--dirty"]
    try:
        version = subprocess.run(git, capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        version = "unknown"
    return {
        "system": platform.system(),
        "processor": _processor(),
        "cores": os.cpu_count(),
        "python": platform.python_version(),
        "commit": version,
    }


def _processor() -> str:
    """The processor's name where Linux tells it."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        lines = []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()
