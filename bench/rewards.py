"""What a reward as code costs of a step, native and in the tab.

    python -m bench.rewards [--steps 60]

1,000 Ants under random actions, paid by six terms (`REWARD`), median of so many steps: the time of
the reward and of keeping what it reads of the step before, as a share of the whole step.
Writes docs/results/rewards.json and rewards.md.
"""

import argparse
from pathlib import Path
from typing import Any

from bench.browser import Blank, machine, write
from websim_server.browser import open_browser

REWARD = '''
def reward(now, before, action):
    """Walk along x, level and steady, on light feet."""
    torso, earlier = now.body("torso"), before.body("torso")
    velocity = (torso.position - earlier.position) / now.dt
    feet = [now.body(leg).contact_force for leg in ("front_left_leg", "front_right_leg")]
    return {
        "forward": velocity[:, 0],
        "sideways": -0.2 * np.abs(velocity[:, 1]),
        "level": 0.5 * torso.up[:, 2],
        "height": -np.square(torso.height - 0.6),
        "effort": -0.1 * np.square(action).sum(axis=1),
        "impact": -0.001 * np.linalg.norm(feet[0] + feet[1], axis=1),
    }
'''

MEASURE = '''
import statistics, time
import numpy as np
import websim
from websim.rewards import Moments, Reward

def measure(source, steps, num_envs=1000):
    """Of each step its seconds, and of them those of the reward."""
    experiment = websim.Experiment(task="Ant-v5", reward=source)
    env = websim.make_vec(experiment, num_envs, autoreset_mode="SameStep", copy=False)
    spent = []

    def timed(function):
        def call(*arguments):
            start = time.perf_counter()
            try:
                return function(*arguments)
            finally:
                spent.append(time.perf_counter() - start)
        return call

    env.reward.terms = timed(env.reward.terms)
    env._moments.remember = timed(env._moments.remember)
    env.reset(seed=0)
    rng = np.random.default_rng(0)
    seconds, paying = [], []
    for _ in range(steps):
        actions = rng.uniform(-1, 1, (num_envs, 8)).astype(np.float32)
        spent.clear()
        start = time.perf_counter()
        env.step(actions)
        seconds.append(time.perf_counter() - start)
        paying.append(sum(spent))
    env.close()
    return [statistics.median(seconds), statistics.median(paying)]
'''


def main() -> None:
    """Measures and writes."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--steps", type=int, default=60)
    steps = parser.parse_args().steps
    here: dict[str, Any] = {}
    exec(MEASURE, here)
    found = {"native": here["measure"](REWARD, steps)}
    with open_browser() as (browser, address):
        blank = Blank(browser, address)
        blank.create(task="InvertedPendulum-v5", numEnvs=1, numWorkers=1)
        found["in the tab, one worker"] = blank.python(
            f"{MEASURE}\nmeasure({REWARD!r}, {steps})", [0]
        )[0]
        blank.close()
    rows = [
        f"| {home} | {1000 * step:.1f} | {1000 * paying:.2f} | {paying / step:.1%} |"
        for home, (step, paying) in found.items()
    ]
    lines = [
        f"{machine()}; 1,000 Ants, six terms, median of {steps} steps.",
        "",
        "| | a step, ms | of it the reward, ms | share |",
        "|---|---|---|---|",
        *rows,
        "",
    ]
    figures = {"machine": machine(), "steps": steps, "seconds": found}
    write(Path(__file__).parent.parent / "docs" / "results", "rewards", figures, "\n".join(lines))


if __name__ == "__main__":
    main()
