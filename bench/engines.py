"""What the optimised engine gains over the official one in Chromium.

    python -m bench.engines [--rounds 8] [--seconds 2] [--output docs/results]

One worker steps 256 environments with each engine, in interleaved rounds, in pages of their own
that wait while the other is measured; nothing is drawn. `bench/engines.mjs` compares modules in
Node. Writes engines.json and engines.md.
"""

import argparse
from pathlib import Path
from typing import Any

from tqdm import tqdm

from bench.browser import Blank, head, spread, write
from websim_server.browser import open_browser, server

TASKS = ("Ant-v5", "HalfCheetah-v5", "Humanoid-v5")
NUM_ENVS = 256
WARM_UP_SECONDS = 2.0


def rate(page: Blank, seconds: float) -> float:
    """Environment steps a second."""
    return sum(worker["environments"] * worker["pace"] for worker in page.paces(seconds))


def table(figures: dict[str, Any]) -> str:
    """The figures as Markdown."""
    lines = [
        f"{figures['date']}; {figures['browser']}; {figures['machine']}; {NUM_ENVS} environments "
        f"in one worker; median of {figures['rounds']} rounds of {figures['seconds']} s (lowest "
        "to highest).",
        "",
        "| environment steps/s | official | optimised | ratio |",
        "|---|---|---|---|",
    ]
    for task, rates in figures["rates"].items():
        ratios = [a / b for a, b in zip(rates["optimised"], rates["official"], strict=True)]
        cells = [
            *(spread(rates[name], ",.0f") for name in ("official", "optimised")),
            spread(ratios, ".2f"),
        ]
        lines.append(f"| {task} | {' | '.join(cells)} |")
    return "\n".join([*lines, ""])


def main() -> None:
    """Measures and writes."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=8)
    parser.add_argument("--seconds", type=float, default=2.0, help="of each engine a round")
    parser.add_argument(
        "--output", type=Path, default=Path(__file__).parent.parent / "docs" / "results"
    )
    arguments = parser.parse_args()
    rates: dict[str, dict[str, list[float]]] = {}
    with (
        open_browser() as (browser, _),
        server("--engine", "official") as official,
        server("--engine", "optimised") as optimised,
        tqdm(total=arguments.rounds * len(TASKS)) as bar,
    ):
        for task in TASKS:
            pages = {
                "official": Blank(browser, official),
                "optimised": Blank(browser, optimised),
            }
            for page in pages.values():
                page.create(task=task, numEnvs=NUM_ENVS, numWorkers=1)
                rate(page, WARM_UP_SECONDS)
            rates[task] = {name: [] for name in pages}
            for _ in range(arguments.rounds):
                for name, page in pages.items():
                    rates[task][name].append(rate(page, arguments.seconds))
                bar.update()
            for page in pages.values():
                page.close()
        figures = {
            **head(browser),
            "rounds": arguments.rounds,
            "seconds": arguments.seconds,
            "rates": rates,
        }
    write(arguments.output, "engines", figures, table(figures))


if __name__ == "__main__":
    main()
