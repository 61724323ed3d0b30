"""What large clusters would give: a rank's own work is measured, the network is counted.

    python -m bench.cluster_paper [--json docs/results/cluster-paper.json]

Rank 0 of a group does all that it would do among others, on one core, and its processor time
counts, which other work on the machine lengthens less than the clock's; what the others would have
sent is what it has sent itself. Each exchange is written down, and costs what its way costs
(docs/cluster.md): so many trips of the network, and what the busiest rank on it sends at 10 Gbit/s.
Every rank has 64 environments, so the batch grows with the ranks.
"""

import argparse
import json
import os
import statistics
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bench.browser import machine
from websim.algorithms import make_algorithm
from websim.experiments.experiment import Experiment
from websim.ranks import Bytes, Communicator, Transport
from websim.ranks.order import GROUP

RANKS = (1, 16, 64, 512)
LATENCIES = (0.1e-3, 1e-3, 10e-3)
BANDWIDTH = 10e9 / 8
ENVS = 64

RUNS: dict[str, dict[str, Any]] = {
    "ppo": {"num_steps": 32, "num_minibatches": 8, "update_epochs": 4},
    "es": {},
}


class Echo(Transport):
    """Every other rank has sent what this one sends; `sent` is what exchanges were: sum, bytes."""

    slot_bytes = 1 << 20

    def __init__(self) -> None:
        """Begins with none."""
        self.sent: list[tuple[bool, int]] = []

    def exchange(
        self, number: int, members: Sequence[int], timeout: float, given: Bytes, taken: Bytes
    ) -> tuple[int, ...]:
        """See Transport."""
        self.sent.append((False, given.size))
        taken[...] = given
        return ()

    def sum(
        self, number: int, members: Sequence[int], timeout: float, array: NDArray[Any]
    ) -> tuple[int, ...]:
        """See Transport; what `websim.ranks.tcp` adds for this rank is up to 14 arrays."""
        self.sent.append((True, array.nbytes))
        one = array.copy()
        for _ in range(min(len(members), 2 * GROUP - 1) - 1):
            array += one
        return ()


def network_seconds(ranks: int, is_sum: bool, size: int, latency: float) -> float:
    """What an exchange costs on the way."""
    if ranks == 1:
        return 0.0
    tops, levels = ranks, 0
    while tops > GROUP:
        tops, levels = -(-tops // GROUP), levels + 1
    everything = size if is_sum else ranks * size
    # Up each branch at once, through the first one's connection; between the first ones; and down.
    bytes_sent = 0.0
    for level in range(levels):
        part = size if is_sum else size * GROUP**level
        bytes_sent += (GROUP - 1) * (part + everything)
    bytes_sent += (tops - 1) * (size if is_sum else size * GROUP**levels)
    return (2 * levels + 1) * latency + bytes_sent / BANDWIDTH


def measured(algorithm: str, task: str, ranks: int, iterations: int) -> dict[str, Any]:
    """A rank's own processor seconds an iteration, the steps of all ranks, and the exchanges."""
    echo = Echo()
    experiment = Experiment(
        task=task,
        algorithm=algorithm,
        hyperparameters={**RUNS[algorithm], "num_envs": ENVS * ranks, "total_timesteps": 10**9},
    )
    learner = make_algorithm(experiment, Communicator(0, ranks, echo))
    learner.iterate()
    seconds = []
    for _ in range(iterations):
        echo.sent.clear()
        before, start = learner.global_step, time.process_time()
        learner.iterate()
        seconds.append(time.process_time() - start)
    steps = learner.global_step - before
    learner.close()
    return {"seconds": statistics.median(seconds), "steps": steps, "exchanges": list(echo.sent)}


def main() -> None:
    """Runs the measurement."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--task", default="HalfCheetah-v5")
    parser.add_argument("--iterations", type=int, default=5)
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there as well")
    arguments = parser.parse_args()
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    figures: dict[str, Any] = {"machine": machine(), "task": arguments.task, "rows": []}
    print(
        f"{'':4} {'ranks':>5} {'own ms':>8} {'exchanges':>9}   steps/s (share that is not waited)"
    )
    for algorithm in RUNS:
        for ranks in RANKS:
            one = measured(algorithm, arguments.task, ranks, arguments.iterations)
            rates = []
            for latency in LATENCIES:
                network = sum(
                    network_seconds(ranks, is_sum, size, latency)
                    for is_sum, size in one["exchanges"]
                )
                rates.append(one["steps"] / (one["seconds"] + network))
            undisturbed = one["steps"] / one["seconds"]
            texts = (f"{rate:12,.0f} ({rate / undisturbed:4.0%})" for rate in rates)
            own, count = 1e3 * one["seconds"], len(one["exchanges"])
            print(f"{algorithm:4} {ranks:5} {own:8.0f} {count:9}   {' '.join(texts)}")
            total = int(np.sum([size for _, size in one["exchanges"]]))
            figures["rows"].append(
                {
                    "algorithm": algorithm,
                    "ranks": ranks,
                    "own_seconds": one["seconds"],
                    "exchanges": count,
                    "bytes": total,
                    "steps": one["steps"],
                    "steps_per_second": dict(zip(map(str, LATENCIES), rates, strict=True)),
                }
            )
    if arguments.json:
        arguments.json.write_text(json.dumps(figures, indent=1) + "\n")


if __name__ == "__main__":
    main()
