"""Batches of two checkouts of this project in Chromium, in turns.

    python -m bench.tab_batches BEFORE [--rounds 9] [--seconds 1] [--output docs/results]

BEFORE is another checkout, whose own server serves its own page. One worker steps 256 environments
in each, in pages of their own that wait while the other is measured; nothing is drawn. What counts
is the ratio, after to before, of each round. The other checkout needs `websim assets` first. Writes
tab_batches.json and tab_batches.md.
"""

import argparse
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser
from tqdm import tqdm

from bench.browser import Blank, head, spread, write
from bench.native_batches import commit
from websim.worlds import World
from websim.worlds.world import world_as_dict
from websim_server.browser import open_browser, server

HERE = Path(__file__).parent
TASKS = ("Ant-v5", "HalfCheetah-v5", "Humanoid-v5")
NUM_ENVS = 256
WARM_UP_SECONDS = 2.0


def rate(page: Blank, seconds: float) -> float:
    """Environment steps a second."""
    return sum(worker["environments"] * worker["pace"] for worker in page.paces(seconds))


def in_turns(
    browser: Browser,
    addresses: Mapping[str, str],
    rounds: int,
    seconds: float,
    tasks: Sequence[str] = TASKS,
    worlds: Mapping[str, World] | None = None,
) -> dict[str, dict[str, list[float]]]:
    """Environment steps a second by task and page; each waits while another is measured.

    Args:
        browser: The browser.
        addresses: Of the servers, by what their pages are called.
        rounds: How many.
        seconds: Of each page a round.
        tasks: Each with pages of its own.
        worlds: Of the robots, by page; none: they are alike.
    """
    rates: dict[str, dict[str, list[float]]] = {}
    given = {name: world_as_dict(world) for name, world in (worlds or {}).items()}
    with tqdm(total=rounds * len(tasks)) as bar:
        for task in tasks:
            pages = {name: Blank(browser, address) for name, address in addresses.items()}
            for name, page in pages.items():
                # Checkouts of before runs were documents take a task alone.
                what = (
                    {"experiment": {"task": task, "world": given[name]}}
                    if given
                    else {"task": task}
                )
                page.create(**what, numEnvs=NUM_ENVS, numWorkers=1)
                rate(page, WARM_UP_SECONDS)
            rates[task] = {name: [] for name in pages}
            for _ in range(rounds):
                for name, page in pages.items():
                    rates[task][name].append(rate(page, seconds))
                bar.update()
            for page in pages.values():
                page.close()
    return rates


def table(figures: dict[str, Any]) -> str:
    """The rates and ratios as Markdown."""
    lines = [
        f"{figures['date']}; {figures['browser']}; {figures['machine']}; {figures['before']} "
        f"before, {figures['after']} after; {NUM_ENVS} environments in one worker; median of "
        f"{figures['rounds']} rounds of {figures['seconds']:g} s (lowest to highest).",
        "",
        "| environment steps/s | before | after | ratio |",
        "|---|---|---|---|",
    ]
    for task, rates in figures["rates"].items():
        ratios = [after / before for before, after in zip(*rates.values(), strict=True)]
        cells = [*(spread(values, ",.0f") for values in rates.values()), spread(ratios, ".2f")]
        lines.append(f"| {task} | {' | '.join(cells)} |")
    return "\n".join([*lines, ""])


def main() -> None:
    """Measures and writes."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("before", type=Path, help="folder of the other checkout")
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--seconds", type=float, default=1.0, help="of each a round")
    parser.add_argument("--output", type=Path, default=HERE.parent / "docs" / "results")
    arguments = parser.parse_args()
    before = arguments.before.resolve()
    folders = (before / "server", before / "web" / "python", before)
    theirs = {**os.environ, "PYTHONPATH": os.pathsep.join(map(str, folders))}
    with (
        open_browser() as (browser, _),
        server(environment=theirs) as old,
        server() as new,
    ):
        addresses = {"before": old, "after": new}
        figures = {
            **head(browser),
            "before": commit(before),
            "after": commit(HERE.parent),
            "rounds": arguments.rounds,
            "seconds": arguments.seconds,
            "rates": in_turns(browser, addresses, arguments.rounds, arguments.seconds),
        }
    write(arguments.output, "tab_batches", figures, table(figures))


if __name__ == "__main__":
    main()
