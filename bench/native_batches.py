"""Native batches of two checkouts of this project, in turns.

    python -m bench.native_batches BEFORE [--rounds 7] [--seconds 0.5] [--output docs/results]

BEFORE is another checkout, whose package `websim` is stepped by the same script and the same Python
as this one's, in a process of its own (`bench/contenders.py`, "websim native"); the other process
waits meanwhile. What counts is the ratio, after to before, of each round. A checkout that has C to
build for it needs `websim assets` first. Writes native_batches.json and native_batches.md.
"""

import argparse
import subprocess
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from tqdm import tqdm

from bench.browser import machine, spread, write
from bench.peers import NUM_ENVS, TASKS
from bench.processes import Contender, ContenderError, native_command
from websim.physics import usable_cores

HERE = Path(__file__).parent


def commit(checkout: Path) -> str:
    """The commit that is checked out."""
    command = ["git", "-C", str(checkout), "describe", "--always", "--dirty"]
    return subprocess.check_output(command, text=True).strip()


def table(figures: dict[str, Any]) -> str:
    """The ratios as Markdown."""
    lines = [
        f"{figures['machine']}; {figures['before']} before, {figures['after']} after; ratio of "
        f"environment steps/s, median of {figures['rounds']} rounds of {figures['seconds']:g} s "
        "(lowest to highest).",
        "",
        "| environments | " + " | ".join(figures["ratios"]) + " |",
        "|---" * (len(figures["ratios"]) + 1) + "|",
    ]
    for index, num_envs in enumerate(NUM_ENVS):
        cells = [spread(ratios[index], ".2f") for ratios in figures["ratios"].values()]
        lines.append(f"| {num_envs} | " + " | ".join(cells) + " |")
    return "\n".join([*lines, ""])


def main() -> None:
    """Measures and writes."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("before", type=Path, help="folder of the other checkout")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--seconds", type=float, default=0.5, help="of each a round")
    parser.add_argument("--output", type=Path, default=HERE.parent / "docs" / "results")
    arguments = parser.parse_args()
    checkouts = (arguments.before, HERE.parent)
    for checkout in checkouts:
        if not (checkout / "web" / "python" / "websim").is_dir():
            parser.error(f"{checkout} is no checkout of this project")

    ratios: dict[str, list[list[float]]] = {task: [] for task in TASKS}
    with ExitStack() as stack, tqdm(total=len(TASKS) * len(NUM_ENVS)) as bar:
        contenders = []
        for checkout in checkouts:
            path = f"PYTHONPATH={(checkout / 'web' / 'python').resolve()}"
            command = ["env", path, *native_command("websim native")]
            contenders.append(Contender(str(checkout), command))
            stack.callback(contenders[-1].close)
        for task in TASKS:
            for num_envs in NUM_ENVS:
                for contender in contenders:
                    try:
                        contender.make(task, num_envs, usable_cores())
                    except ContenderError as error:
                        parser.error(f"{contender.name}: {error}")
                rounds = [
                    [contender.rate(arguments.seconds) for contender in contenders]
                    for _ in range(arguments.rounds)
                ]
                ratios[task].append([after / before for before, after in rounds])
                bar.update()
    figures = {
        "machine": machine(),
        "before": commit(arguments.before),
        "after": commit(HERE.parent),
        "rounds": arguments.rounds,
        "seconds": arguments.seconds,
        "ratios": ratios,
    }
    write(arguments.output, "native_batches", figures, table(figures))


if __name__ == "__main__":
    main()
