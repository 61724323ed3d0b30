"""Tabs of two checkouts of this project, in turns, in Chromium.

    python -m bench.tabs BEFORE [--rounds 8] [--seconds 2] [--output docs/results]

BEFORE is another checkout, with its third-party files (`websim assets`), served by a process of its
own. One worker of each steps the same environments, in interleaved rounds, in pages of their own
that wait while the other is measured; nothing is drawn. What counts is the ratio, after to before,
of each round. Writes tabs.json and tabs.md. `bench/native_batches.py` does the same without a
browser.
"""

import argparse
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tqdm import tqdm

from bench.browser import Blank, head, spread, write
from bench.engines import WARM_UP_SECONDS, rate
from bench.native_batches import commit
from websim_server.browser import open_browser, server

HERE = Path(__file__).parent
TASKS = ("Ant-v5", "HalfCheetah-v5", "Humanoid-v5", "InvertedPendulum-v5")
NUM_ENVS = (64, 500)


@contextmanager
def served(checkout: Path) -> Iterator[str]:
    """The address of a server of another checkout."""
    own = os.environ.get("PYTHONPATH")
    os.environ["PYTHONPATH"] = os.pathsep.join(
        str((checkout / folder).resolve()) for folder in ("server", "web/python")
    )
    try:
        with server() as address:
            yield address
    finally:
        os.environ.pop("PYTHONPATH")
        if own is not None:
            os.environ["PYTHONPATH"] = own


def table(figures: dict[str, Any]) -> str:
    """The ratios as Markdown."""
    lines = [
        f"{figures['date']}; {figures['browser']}; {figures['machine']}; {figures['before']} "
        f"before, {figures['after']} after; one worker; ratio of environment steps/s, median of "
        f"{figures['rounds']} rounds of {figures['seconds']:g} s (lowest to highest).",
        "",
        "| environments | " + " | ".join(figures["ratios"]) + " |",
        "|---" * (len(figures["ratios"]) + 1) + "|",
    ]
    for index, num_envs in enumerate(NUM_ENVS):
        cells = [spread(ratios[index], ".3f") for ratios in figures["ratios"].values()]
        lines.append(f"| {num_envs} | " + " | ".join(cells) + " |")
    return "\n".join([*lines, ""])


def main() -> None:
    """Measures and writes."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("before", type=Path, help="folder of the other checkout")
    parser.add_argument("--rounds", type=int, default=8)
    parser.add_argument("--seconds", type=float, default=2.0, help="of each a round")
    parser.add_argument("--output", type=Path, default=HERE.parent / "docs" / "results")
    arguments = parser.parse_args()
    ratios: dict[str, list[list[float]]] = {task: [] for task in TASKS}
    with (
        open_browser() as (browser, after),
        served(arguments.before) as before,
        tqdm(total=len(TASKS) * len(NUM_ENVS)) as bar,
    ):
        pages = [Blank(browser, address) for address in (before, after)]
        for task in TASKS:
            for num_envs in NUM_ENVS:
                for page in pages:
                    page.create(task=task, numEnvs=num_envs, numWorkers=1)
                    rate(page, WARM_UP_SECONDS)
                rounds = [
                    [rate(page, arguments.seconds) for page in pages]
                    for _ in range(arguments.rounds)
                ]
                ratios[task].append([late / early for early, late in rounds])
                bar.update()
        figures = {
            **head(browser),
            "before": commit(arguments.before),
            "after": commit(HERE.parent),
            "rounds": arguments.rounds,
            "seconds": arguments.seconds,
            "ratios": ratios,
        }
    write(arguments.output, "tabs", figures, table(figures))


if __name__ == "__main__":
    main()
