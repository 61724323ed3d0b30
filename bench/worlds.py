"""What it costs in the tab that robots differ and are disturbed.

    python -m bench.worlds [--rounds 7] [--seconds 1] [--output docs/results]

One worker steps environments that are alike, and such in a world, in interleaved rounds, in pages
of their own that wait while another is measured; nothing is drawn. In `all different` friction,
masses and gains of every robot are others; robots that touch the ground otherwise may cost more or
less by themselves, so `the same` swaps the same fields with the values of the model; `everything`
has mass drawn in each episode, pushes, noise and delays besides. Natively `bench.variation`
measures the first two. Writes worlds.json and worlds.md.
"""

import argparse
from pathlib import Path
from typing import Any

from bench.browser import head, spread, write
from bench.tab_batches import NUM_ENVS, in_turns
from websim.worlds import EventTerm, Noise, World
from websim.worlds.world import Mode
from websim_server.browser import open_browser, server

TASKS = ("Ant-v5", "HalfCheetah-v5")


def scaled(limits: tuple[float, float], mode: Mode = "startup") -> tuple[EventTerm, ...]:
    """Friction, mass with inertia, and gains; masses as the mode says."""
    modes: dict[str, Mode] = {"friction": "startup", "mass": mode, "gains": "startup"}
    return tuple(
        EventTerm(mode=mode, target=target, operation="scale", range=limits)
        for target, mode in modes.items()
    )


PUSH = EventTerm(
    mode="interval", target="push", operation="add", range=(0, 0.2), interval_range_s=(2, 4)
)

WORLDS: dict[str, World] = {
    "all different": World(events=scaled((0.8, 1.25))),
    "the same": World(events=scaled((1, 1))),
    "everything": World(
        events=(*scaled((0.8, 1.25), "reset"), PUSH),
        observation_noise=Noise(range=(0, 0.01)),
        observation_delay=(0, 2),
        action_noise=Noise(range=(0, 0.01)),
        action_delay=(0, 2),
    ),
}


def table(figures: dict[str, Any]) -> str:
    """The figures as Markdown."""
    lines = [
        f"{figures['date']}; {figures['browser']}; {figures['machine']}; {NUM_ENVS} environments "
        f"in one worker; environment steps/s in a world / without, median of {figures['rounds']} "
        f"rounds of {figures['seconds']} s (lowest to highest).",
        "",
        f"| task | {' | '.join(WORLDS)} |",
        f"|---|{'---|' * len(WORLDS)}",
        *(
            f"| {task} | {' | '.join(spread(values, '.3f') for values in of.values())} |"
            for task, of in figures["ratios"].items()
        ),
        "",
    ]
    return "\n".join(lines)


def main() -> None:
    """Measures and writes."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--seconds", type=float, default=1.0, help="of each a round")
    parser.add_argument(
        "--output", type=Path, default=Path(__file__).parent.parent / "docs" / "results"
    )
    arguments = parser.parse_args()
    with open_browser() as (browser, _), server() as address:
        pages = dict.fromkeys(("alike", *WORLDS), address)
        rates = in_turns(browser, pages, arguments.rounds, arguments.seconds, TASKS, WORLDS)
        ratios = {
            task: {
                name: [a / b for a, b in zip(of[name], of["alike"], strict=True)] for name in WORLDS
            }
            for task, of in rates.items()
        }
        figures = {
            **head(browser),
            "rounds": arguments.rounds,
            "seconds": arguments.seconds,
            "ratios": ratios,
        }
    write(arguments.output, "worlds", figures, table(figures))


if __name__ == "__main__":
    main()
