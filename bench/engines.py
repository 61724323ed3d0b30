"""What the optimised engine gains over the official one in Chromium.

    python -m bench.engines [--rounds 8] [--seconds 2] [--output docs/results]

One worker steps 256 environments with each engine, in interleaved rounds, in pages of their own
that wait while the other is measured; nothing is drawn. `bench/engines.mjs` compares modules in
Node. Writes engines.json and engines.md.
"""

import argparse
from pathlib import Path
from typing import Any

from bench.browser import head, spread, write
from bench.tab_batches import NUM_ENVS, in_turns
from websim_server.browser import open_browser, server


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
    with (
        open_browser() as (browser, _),
        server("--engine", "official") as official,
        server("--engine", "optimised") as optimised,
    ):
        addresses = {"official": official, "optimised": optimised}
        rates = in_turns(browser, addresses, arguments.rounds, arguments.seconds)
        figures = {
            **head(browser),
            "rounds": arguments.rounds,
            "seconds": arguments.seconds,
            "rates": rates,
        }
    write(arguments.output, "engines", figures, table(figures))


if __name__ == "__main__":
    main()
