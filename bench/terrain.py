"""What terrain costs: the rate of Ants on it against that on a level floor, native and in the tab.

    python -m bench.terrain [--rounds 7] [--seconds 1]

Steps vector environments in turns, with random actions, observations, rewards and resets: on the
model's own floor, on level terrain (which shows what collisions with a height field cost), and on
terrains of all kinds and levels, where robots touch the ground otherwise too; both at some
resolutions.
Natively on one thread, by its processor time; then in a worker of a headless Chromium. Writes
docs/results/terrain.json and terrain.md.
"""

import argparse
import inspect
import json
from pathlib import Path
from typing import Any

from bench.browser import Blank, head, spread, write
from websim_server.browser import open_browser

HERE = Path(__file__).parent
NUM_ENVS = 256
TERRAINS: dict[str, dict[str, Any]] = {
    "level, 0.25 m": {"kinds": ["flat"]},
    "level, 1 m": {"kinds": ["flat"], "resolution": 1.0},
    "all kinds, 0.25 m": {},
    "all kinds, 0.5 m": {"resolution": 0.5},
    "all kinds, 1 m": {"resolution": 1.0},
}
WORLDS = [None, *({"terrain": terrain} for terrain in TERRAINS.values())]


def measure(worlds: list[Any], num_envs: int, rounds: int, seconds: float) -> list[list[float]]:
    """Steps a second [rounds, worlds] of environments of each; this source runs in both homes."""
    import time

    import numpy as np

    from websim.experiments.experiment import from_dict

    steps = []
    for world in worlds:
        given = {"task": "Ant-v5", **({} if world is None else {"world": world})}
        env = from_dict(given, {}).make_vec(
            num_envs, autoreset_mode="SameStep", copy=False, num_threads=1
        )
        env.reset(seed=0)
        steps.append(env.step)
    space, rng = env.single_action_space, np.random.default_rng(0)
    shape = (8, num_envs, *space.shape)
    actions = rng.uniform(space.low, space.high, shape).astype(np.float32)
    measured = []
    for round in range(rounds + 1):  # the first one to warm up
        rates = []
        for step in steps:
            start, count = time.process_time(), 0
            while time.process_time() - start < seconds:
                step(actions[count % 8])
                count += 1
            rates.append(count / (time.process_time() - start))
        if round:
            measured.append(rates)
    return measured


def main() -> None:
    """Measures and writes."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--seconds", type=float, default=1, help="of each a round")
    arguments = parser.parse_args()
    given = (WORLDS, NUM_ENVS, arguments.rounds, arguments.seconds)
    measured = {"native": measure(*given)}
    passed = f"json.loads({json.dumps(given)!r})"
    call = f"{inspect.getsource(measure)}\nimport json\njson.dumps(measure(*{passed}))"
    with open_browser() as (browser, address):
        page = Blank(browser, address)
        page.create(task="InvertedPendulum-v5", numEnvs=1, numWorkers=1)
        [text] = page.python(call, [0])
        measured["tab"] = json.loads(text)
        figures = {**head(browser), "num_envs": NUM_ENVS, "rates": measured}
        page.close()
    lines = [
        f"{figures['machine']}; rate of Ant-v5 on terrain / on its own floor, {NUM_ENVS} "
        f"environments, median of {arguments.rounds} rounds of {arguments.seconds:g} s (lowest to "
        "highest).",
        "",
        "| terrain | native, one thread | tab, one worker |",
        "|---|---|---|",
    ]
    for i, name in enumerate(TERRAINS, 1):
        ratios = (spread([row[i] / row[0] for row in rows], ".2f") for rows in measured.values())
        lines.append(f"| {name} | {' | '.join(ratios)} |")
    write(HERE.parent / "docs" / "results", "terrain", figures, "\n".join([*lines, ""]))


if __name__ == "__main__":
    main()
