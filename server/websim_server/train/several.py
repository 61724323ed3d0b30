"""Several runs of one command: `--seeds 1-5`, `--sweep NAME=VALUE,VALUE`."""

import argparse
import itertools
import math
import re
import statistics
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from typing import TYPE_CHECKING

from websim.errors import WebSimError
from websim_server.train.interruptions import interruptions
from websim_server.train.job import TrainError

if TYPE_CHECKING:
    from websim_server.train.backends.machines import Drive

MAX_RUNS = 1000

POLL_SECONDS = 0.25


def seeds_of(text: str) -> list[int]:
    """1-3,7 as 1, 2, 3 and 7; raises TrainError."""
    seeds: list[int] = []
    for part in text.split(","):
        found = re.fullmatch(r"(\d{1,9})(?:-(\d{1,9}))?", part.strip())
        if found is None:
            raise TrainError(f"--seeds takes numbers and ranges, such as 1-5 or 1,7, not {text!r}")
        first, last = int(found[1]), int(found[2] or found[1])
        if last < first or len(seeds) + last - first >= MAX_RUNS:
            raise TrainError(f"--seeds {part} must name 1 to {MAX_RUNS} seeds")
        seeds += range(first, last + 1)
    if len(set(seeds)) < len(seeds):
        raise TrainError(f"--seeds {text} names a seed twice")
    return seeds


def variants(arguments: argparse.Namespace) -> Iterator[tuple[str, argparse.Namespace]]:
    """The same command once for each run, each with its setting, such as gamma=0.9.

    Raises:
        TrainError: what varies is not as it must be, or too much.
    """
    choices = [_choices(text) for text in arguments.sweep]
    names = [chosen[0].partition("=")[0] for chosen in choices]
    if len(set(names)) < len(names):
        raise TrainError("--sweep names a hyperparameter twice")
    seeds = seeds_of(arguments.seeds) if arguments.seeds else [arguments.seed]
    if math.prod(map(len, choices)) * len(seeds) > MAX_RUNS:
        raise TrainError(f"these are more than {MAX_RUNS} runs")
    for setting in itertools.product(*choices):
        for seed in seeds:
            one = {"seed": seed, "set": [*arguments.set, *setting], "seeds": None, "sweep": []}
            yield " ".join(setting), argparse.Namespace(**{**vars(arguments), **one})


def _choices(text: str) -> list[str]:
    name, separator, values = text.partition("=")
    if not separator or not all(values.split(",")):
        raise TrainError(f"--sweep takes NAME=VALUE,VALUE, not {text!r}")
    return [f"{name}={value}" for value in values.split(",")]


def carry_out(begin: Sequence[Callable[[], "Drive"]], at_once: int) -> list[float]:
    """Carries out runs, some at a time; one that fails leaves the others alone.

    Args:
        begin: Begins each.
        at_once: How many at a time.

    Returns:
        The newest mean return of each; NaN where there is none.

    Raises:
        TrainError: some have failed; the others are over.
    """
    returns = [math.nan] * len(begin)
    failed: list[str] = []
    waiting = list(enumerate(begin))
    running: list[tuple[int, Drive]] = []
    with ExitStack() as all_of_them, interruptions("the iterations under way") as interrupted:
        while running or (waiting and not interrupted()):
            while waiting and len(running) < at_once and not interrupted():
                number, start = waiting.pop(0)
                running.append((number, all_of_them.enter_context(start())))
            for number, run in list(running):
                try:
                    run.advance(POLL_SECONDS / len(running), interrupted())
                except (TrainError, WebSimError) as error:
                    failed.append(str(error))
                    run.reporter.say(str(error))
                    run.over = True
                if run.over:
                    returns[number] = run.reporter.recent_return
                    running.remove((number, run))
                    run.close()
    if failed:
        raise TrainError(f"{len(failed)} of {len(begin)} runs have failed: {failed[0]}")
    return returns


def tell(settings: Sequence[str], returns: Sequence[float]) -> None:
    """Prints what each setting has come to, the best first."""
    found: dict[str, list[float]] = {}
    for setting, value in zip(settings, returns, strict=True):
        if not math.isnan(value):
            found.setdefault(setting, []).append(value)
    for setting, values in sorted(
        found.items(), key=lambda one: statistics.fmean(one[1]), reverse=True
    ):
        spread = f" ± {statistics.stdev(values):.1f}" if len(values) > 1 else ""
        name = f"{setting}: " if setting else ""
        runs = "1 run" if len(values) == 1 else f"{len(values)} runs"
        print(f"{name}return {statistics.fmean(values):.1f}{spread}, {runs}")
