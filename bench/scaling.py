"""How the page scales: with environments, with workers, and with robot types, in Chromium.

    python -m bench.scaling [--rounds 3] [--seconds 2.5] [--output docs/results]

Three curves, each measured in interleaved rounds: its points are pages of their own, each with a
renderer of its own, that wait while another is measured.

- `environments`: 1 to 4,096 Ants in two workers;
- `workers`: 1,024 Ants in one to eight workers, and in the same rounds bare native MuJoCo in one
  and in two processes, which tells how far two of the machine's cores are free of each other;
- `types`: 1,000 robots of one to four types in two workers. A worker's pace is how many steps a
  second each of its environments makes; all types have the same frame_skip, so that it can be told
  from the worker's physics steps. The slowest worker is to be at most 15% behind the mean.

Memory is the renderer's proportional set size, the greatest that was seen. Nothing is drawn. Writes
scaling.json and scaling.md; `python bench/plots.py scaling FILE` draws them (bench/plots.py says
with what).
"""

import argparse
import statistics
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser
from tqdm import tqdm

from bench.browser import Blank, head, spread, write
from bench.processes import Contender, native_command
from websim_server.browser import open_browser

WORKERS = 2
ANTS = 1024
TYPES = ("Ant-v5", "HalfCheetah-v5", "Humanoid-v5", "Pusher-v5")
WARM_UP_SECONDS = 2.0
GOALS = {"speedup": 1.9, "megabytes": 700, "behind": 0.15}

Options = dict[str, Any]


def curves() -> dict[str, dict[int, Options]]:
    """The options of `WebSim.create` for each point of each curve."""
    return {
        "environments": {
            n: {"task": "Ant-v5", "numEnvs": n, "numWorkers": min(WORKERS, n)}
            for n in (1, 4, 16, 64, 256, 1024, 4096)
        },
        "workers": {
            n: {"task": "Ant-v5", "numEnvs": ANTS, "numWorkers": n} for n in (1, 2, 3, 4, 6, 8)
        },
        "types": {
            n: {
                "tasks": [{"task": task, "numEnvs": 1000 // n} for task in TYPES[:n]],
                "numWorkers": WORKERS,
            }
            for n in range(1, len(TYPES) + 1)
        },
    }


class Point:
    """A page with its simulation."""

    def __init__(self, browser: Browser, address: str, options: Options) -> None:
        """Starts it, and lets it run until V8 has optimised."""
        self.blank = Blank(browser, address)
        self.blank.create(**options)
        self.megabytes = 0.0
        self.rates: list[float] = []
        self.paces: list[list[float]] = []
        self.restarts = 0
        self.rate(WARM_UP_SECONDS)
        self.rates.clear()
        self.paces.clear()

    def rate(self, seconds: float) -> None:
        """Runs for so long and keeps what was counted."""
        workers = self.blank.paces(seconds)
        self.megabytes = max(self.megabytes, self.blank.megabytes())
        self.restarts = self.blank.run("sim.stats().workerRestarts")
        self.rates.append(sum(worker["environments"] * worker["pace"] for worker in workers))
        self.paces.append([worker["pace"] for worker in workers])


class Native:
    """The Ants of the curve of workers in bare native MuJoCo, dealt to processes."""

    def __init__(self, processes: int) -> None:
        """Starts them."""
        self.rates: list[float] = []
        command = native_command("bare native")
        self.processes = [Contender("bare native", command) for _ in range(processes)]
        for process in self.processes:
            process.make("Ant-v5", ANTS // processes, cores=1)

    def rate(self, seconds: float) -> None:
        """Runs all at once for so long and keeps what was counted."""
        with ThreadPoolExecutor() as threads:
            self.rates.append(sum(threads.map(lambda one: one.rate(seconds), self.processes)))

    def close(self) -> None:
        """Ends the processes."""
        for process in self.processes:
            process.close()


def measure(
    browser: Browser,
    address: str,
    points: dict[int, Options],
    natives: Sequence[Native],
    rounds: int,
    seconds: float,
    bar: Any,
) -> list[dict[str, Any]]:
    """One entry a point of a curve; `natives` are measured in the same rounds."""
    pages: dict[int, Point] = {}
    try:
        for n, options in points.items():
            pages[n] = Point(browser, address, options)
            bar.update()
        for _ in range(rounds):
            for page in pages.values():
                page.rate(seconds)
                bar.update()
            for native in natives:
                native.rate(seconds)
        return [
            {
                "n": n,
                "rates": page.rates,
                "megabytes": page.megabytes,
                "paces": page.paces,
                "restarts": page.restarts,
            }
            for n, page in pages.items()
        ]
    finally:
        for page in pages.values():
            page.blank.close()


def behind(point: dict[str, Any]) -> float:
    """How far the slowest worker is behind the mean of all: the median over rounds."""
    paces: list[list[float]] = point["paces"]
    return statistics.median(1 - min(pace) / statistics.mean(pace) for pace in paces)


def speedup(one: list[float], two: list[float]) -> list[float]:
    """What two gain over one, round by round."""
    return [both / alone for alone, both in zip(one, two, strict=True)]


def tables(figures: dict[str, Any]) -> str:
    """The figures as Markdown."""
    lines = [
        f"{figures['date']}; {figures['browser']}; {figures['machine']}; median of "
        f"{figures['rounds']} rounds of {figures['seconds']} s (lowest to highest).",
    ]
    for name, points in figures["curves"].items():
        lines += [
            "",
            f"| {name} | environment steps/s | renderer, MB | slowest worker behind the mean |",
            "|---|---|---|---|",
        ]
        for point in points:
            rates = point["rates"]
            lines.append(
                f"| {point['n']} | {spread(rates, ',.0f')} | {point['megabytes']:.0f} | "
                f"{behind(point):.1%} |"
            )
    one, two = figures["curves"]["workers"][:2]
    gained = speedup(one["rates"], two["rates"])
    native = speedup(*figures["native"])
    largest = figures["curves"]["environments"][-1]
    lines += [
        "",
        f"- From one worker to two: {spread(gained, '.2f')} times; the goal is "
        f"{GOALS['speedup']}. Bare native MuJoCo, from one process to two in the same rounds: "
        f"{spread(native, '.2f')} times.",
        f"- {largest['n']:,} Ants: {largest['megabytes']:.0f} MB; the goal is at most "
        f"{GOALS['megabytes']}.",
        "- Mixed robots: the slowest worker is at most "
        f"{max(behind(point) for point in figures['curves']['types']):.1%} behind the mean; the "
        f"goal is {GOALS['behind']:.0%}.",
        "- Workers that had to be replaced: "
        f"{sum(point['restarts'] for points in figures['curves'].values() for point in points)}.",
    ]
    return "\n".join(lines) + "\n"


def main() -> None:
    """Runs the measurement."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=2.5, help="of each point a round")
    parser.add_argument(
        "--output", type=Path, default=Path(__file__).parents[1] / "docs" / "results"
    )
    arguments = parser.parse_args()
    wanted = curves()
    with ExitStack() as stack:
        natives = [Native(processes) for processes in (1, 2)]
        for native in natives:
            stack.callback(native.close)
        browser, address = stack.enter_context(open_browser())
        total = (1 + arguments.rounds) * sum(map(len, wanted.values()))
        bar = stack.enter_context(tqdm(total=total))
        figures = {
            **head(browser),
            "rounds": arguments.rounds,
            "seconds": arguments.seconds,
            "curves": {
                name: measure(
                    browser,
                    address,
                    points,
                    natives if name == "workers" else (),
                    arguments.rounds,
                    arguments.seconds,
                    bar,
                )
                for name, points in wanted.items()
            },
            "native": [native.rates for native in natives],
        }
    write(arguments.output, "scaling", figures, tables(figures))


if __name__ == "__main__":
    main()
