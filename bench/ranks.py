"""What two workers that average gradients gain over one, in Chromium.

    python -m bench.ranks [--rounds 8] [--seconds 2] [--json docs/results/ranks.json]

PPO's own update (gather rows, loss and gradient, average over ranks, clip, Adam) on a rollout of
Ants, in interleaved rounds. A minibatch of 4,096 is done by one worker alone, and by two with 2,048
each, whose gradients are averaged: the ratio of the update rates is what two workers gain (the goal
is 1.7). Beside it the same halves without averaging: by two workers at once, which is what two
would reach if agreeing took no time, and by one while the other rests, which they would reach if
their cores did not disturb each other either.
"""

import argparse
import json
import statistics
from pathlib import Path
from typing import Any

from tqdm import tqdm

from bench.browser import Blank, machine
from websim_server.browser import open_browser

MINIBATCH = 4096
WARM_UP_UPDATES = 20

SETUP = """
import time
import numpy as np
from websim.algorithms.ppo import PPO, advantages_of
from websim.experiments.experiment import Experiment
from websim.ranks import Communicator, worker_communicator

def make(minibatch, communicator):
    learner = PPO(
        Experiment(
            task="Ant-v5",
            hyperparameters={
                "num_envs": 32 * communicator.size,
                "num_steps": 2 * minibatch // 32,
                "num_minibatches": 2,
                "update_epochs": 1,
            },
        ),
        communicator,
    )
    learner._rollout()
    advantages = advantages_of(
        learner.rewards, learner.values, learner.next_values, learner.ended, 0.99, 0.95
    )
    return learner, advantages, advantages + learner.values

def rate(made, pairs):
    # Minibatches a second, of `pairs` times two.
    learner, advantages, returns = made
    learner.communicator.barrier()
    start = time.perf_counter()
    for _ in range(pairs):
        learner._update(advantages, returns, 0.0)
    learner.communicator.barrier()
    return 2 * pairs / (time.perf_counter() - start)

def averaging(made, times):
    # Seconds that it takes ranks that come together to average a gradient.
    communicator, grads = made[0].communicator, np.zeros_like(made[0].agent.grads)
    communicator.barrier()
    start = time.perf_counter()
    for _ in range(times):
        communicator.average(grads)
    return (time.perf_counter() - start) / times

whole, half = make({minibatch}, Communicator()), make({minibatch} // 2, Communicator())
shared = make({minibatch} // 2, worker_communicator())
None
"""


def measure(blank: Blank, rounds: int, seconds: float) -> list[dict[str, float]]:
    """One entry a round: minibatches a second of each case, and seconds of an average."""
    blank.create(task="Ant-v5", numEnvs=2, numWorkers=2)
    blank.run("sim.joinRanks()")
    blank.python(SETUP.replace("{minibatch}", str(MINIBATCH)), [0, 1])
    cases = {
        "whole": ("whole", [0]),
        "half": ("half", [0]),
        "apart": ("half", [0, 1]),
        "shared": ("shared", [0, 1]),
    }
    pairs = {}
    for case, (learner, workers) in cases.items():
        first = blank.python(f"rate({learner}, {WARM_UP_UPDATES // 2})", workers)
        pairs[case] = max(1, round(first[0] * seconds / 2))
    results = []
    for _ in tqdm(range(rounds)):
        figures = {
            case: statistics.mean(blank.python(f"rate({learner}, {pairs[case]})", workers))
            for case, (learner, workers) in cases.items()
        }
        figures["averaging"] = blank.python("averaging(shared, 200)", [0, 1])[0]
        results.append(figures)
    return results


def table(figures: dict[str, Any]) -> str:
    """What was measured, as text."""
    rounds = figures["rounds"]

    def row(label: str, values: list[float], form: str) -> str:
        low, middle, high = min(values), statistics.median(values), max(values)
        return f"{label:58}{middle:{form}}   {low:{form}} to {high:{form}}"

    return "\n".join(
        [
            f"{figures['browser']}; {figures['machine']}; median of {len(rounds)} rounds, "
            "lowest to highest",
            row(f"updates/s, {MINIBATCH}, one worker", [r["whole"] for r in rounds], "8.1f"),
            row(
                f"updates/s, {MINIBATCH}, two workers, gradients averaged",
                [r["shared"] for r in rounds],
                "8.1f",
            ),
            row("ratio (goal 1.7)", [r["shared"] / r["whole"] for r in rounds], "8.2f"),
            row(
                f"updates/s, {MINIBATCH // 2}, one worker alone",
                [r["half"] for r in rounds],
                "8.1f",
            ),
            row(
                f"updates/s, {MINIBATCH // 2}, two workers at once, nothing averaged",
                [r["apart"] for r in rounds],
                "8.1f",
            ),
            row("averaged / not", [r["shared"] / r["apart"] for r in rounds], "8.2f"),
            row("averaging a gradient, ms", [1e3 * r["averaging"] for r in rounds], "8.3f"),
        ]
    )


def main() -> None:
    """Runs the measurement."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=8)
    parser.add_argument("--seconds", type=float, default=2.0, help="of each case a round")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there as well")
    arguments = parser.parse_args()
    with open_browser() as (browser, address):
        figures = {
            "browser": f"Chromium {browser.version}",
            "machine": machine(),
            "rounds": measure(Blank(browser, address), arguments.rounds, arguments.seconds),
        }
    print(table(figures))
    if arguments.json:
        arguments.json.write_text(json.dumps(figures, indent=1) + "\n")


if __name__ == "__main__":
    main()
