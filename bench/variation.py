"""What it costs that the models of environments differ, native.

    python -m bench.variation [--rounds 9] [--seconds 0.5]

Steps two vector environments of each task in turns, with random actions, observations, rewards and
resets: as the model is, and with friction, mass, inertia and gains of all environments different.
The ratio of their rates says little by itself, because other robots touch the ground otherwise:
in a third one the models are swapped too, but all the same. Writes docs/results/variation.json and
variation.md.
"""

import argparse
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

import websim
from bench.browser import machine, spread, write
from websim.physics import STATE, FloatArray, Physics

HERE = Path(__file__).parent
TASKS = ("Ant-v5", "HalfCheetah-v5", "Humanoid-v5")
NUM_ENVS = 512
VARIED = ("geom_friction", "body_mass", "body_inertia", "actuator_gainprm")


def different(physics: Physics) -> dict[str, FloatArray]:
    """Gives each environment friction, masses and gains of its own, and returns them."""
    rng = np.random.default_rng(0)
    physics.vary(VARIED)
    scales = {name: rng.uniform(0.8, 1.25, physics.num_envs) for name in VARIED}
    scales["body_inertia"] = scales["body_mass"]
    rows = {
        name: values * scales[name].reshape(-1, *[1] * (values.ndim - 1))
        for name, values in physics.varied.items()
    }
    physics.set_model(np.arange(physics.num_envs), rows)
    return rows


def settled(task: str, num_envs: int) -> tuple[Any, dict[str, FloatArray]]:
    """Environments that random actions have led somewhere, and their states."""
    env: Any = websim.make_vec(task, num_envs, autoreset_mode="SameStep", copy=False)
    env.reset(seed=0)
    space, rng = env.action_space, np.random.default_rng(0)
    for _ in range(50):
        env.step(rng.uniform(space.low, space.high).astype(np.float32))
    return env, {name: getattr(env.physics.data, name).copy() for name in STATE}


def rates(
    steps: Sequence[Callable[[], object]], rounds: int, seconds: float
) -> list[tuple[float, ...]]:
    """Calls a second of each, in turns, for so many rounds."""

    def rate(step: Callable[[], object]) -> float:
        start, count = time.perf_counter(), 0
        while time.perf_counter() - start < seconds:
            step()
            count += 1
        return count / (time.perf_counter() - start)

    for step in steps:
        rate(step)
    return [tuple(rate(step) for step in steps) for _ in range(rounds)]


def main() -> None:
    """Measures and writes."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--seconds", type=float, default=0.5, help="of each a round")
    arguments = parser.parse_args()
    ratios: dict[str, dict[str, list[float]]] = {}
    for task in TASKS:
        envs = [settled(task, NUM_ENVS)[0] for _ in range(3)]
        different(envs[1].physics)
        envs[2].physics.vary(VARIED)
        space, rng = envs[0].action_space, np.random.default_rng(0)
        actions = rng.uniform(space.low, space.high).astype(np.float32)
        steps = [partial(env.step, actions) for env in envs]
        measured = rates(steps, arguments.rounds, arguments.seconds)
        ratios[task] = {
            "all different": [different / plain for plain, different, _ in measured],
            "swapped, but the same": [same / plain for plain, _, same in measured],
        }
        for env in envs:
            env.close()
    figures = {"machine": machine(), "num_envs": NUM_ENVS, "ratios": ratios}
    lines = [
        f"{figures['machine']}; environment steps/s with models that differ / without, "
        f"{NUM_ENVS} environments, median of {arguments.rounds} rounds of "
        f"{arguments.seconds:g} s (lowest to highest).",
        "",
        "| task | all different | swapped, but the same |",
        "|---|---|---|",
        *(
            f"| {task} | {' | '.join(spread(values, '.3f') for values in of.values())} |"
            for task, of in ratios.items()
        ),
        "",
    ]
    write(HERE.parent / "docs" / "results", "variation", figures, "\n".join(lines))


if __name__ == "__main__":
    main()
