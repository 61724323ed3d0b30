"""What it takes ranks to agree: processes over shared memory, and over TCP, as machines do.

    python -m bench.cluster [--ranks 2 16] [--rounds 3] [--json docs/results/cluster-1.json]

Ranks that come together average a gradient of 50 kB, again and again, and each average is timed:
where others use the machine, the quick ones say what it takes and the median what it took. What
all ranks together spend of the processors says it too, and depends less on what else runs.
Rounds alternate between the ways. All are on this machine, so TCP goes through loopback.
"""

import argparse
import json
import multiprocessing
import secrets
import time
from pathlib import Path
from typing import Any

import numpy as np
from tqdm import tqdm

from bench.browser import machine
from websim.ranks import Communicator
from websim.ranks.coordinator import Coordinator, Told
from websim.ranks.local import run_processes
from websim.ranks.tcp import Member
from websim.ranks.wire import Security

GRADIENT = 12_500
"""Numbers of a gradient; 50 kB."""

WARM_UP = 10

QUANTILES = (0.05, 0.5, 0.95)


def averaging(communicator: Communicator, times: int) -> tuple[list[float], float]:
    """Milliseconds of each average, and of processor time that one costs all ranks together."""
    gradient = np.zeros(GRADIENT, np.float32)
    taken = []
    before = time.process_time()
    for _ in range(times):
        start = time.perf_counter()
        communicator.average(gradient)
        taken.append(1e3 * (time.perf_counter() - start))
    worked = np.array([1e3 * (time.process_time() - before) / times])
    communicator.sum(worked)
    return taken[WARM_UP:], float(worked[0])


def _rank(address: tuple[str, int], token: str, times: int) -> None:
    member = Member(address, Security(token))
    communicator, _ = member.group()
    taken = averaging(communicator, times)
    if communicator.is_root:
        member.tell(measured=taken)
    member.leave()


def over_tcp(ranks: int, times: int) -> tuple[list[float], float]:
    """The same between processes that are members of a group."""
    token = secrets.token_urlsafe(24)
    coordinator = Coordinator(("127.0.0.1", 0), Security(token), ranks)
    context = multiprocessing.get_context("spawn")
    processes = [
        context.Process(target=_rank, args=(coordinator.address, token, times))
        for _ in range(ranks)
    ]
    for process in processes:
        process.start()
    taken: list[float] = []
    worked = 0.0
    while not coordinator.over:
        for event in coordinator.poll(1.0):
            if isinstance(event, Told):
                taken, worked = event.values["measured"]
    for process in processes:
        process.join()
    coordinator.close()
    return taken, worked


WAYS = {
    "processes": lambda ranks, times: run_processes(averaging, ranks, times),
    "tcp": over_tcp,
}


def main() -> None:
    """Runs the measurement."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--ranks", type=int, nargs="+", default=[2, 16])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--times", type=int, default=500, help="averages a round")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there as well")
    arguments = parser.parse_args()
    figures: dict[str, Any] = {"machine": machine(), "bytes": 4 * GRADIENT}
    figures |= {"milliseconds": {}, "processor milliseconds": {}}
    for ranks in arguments.ranks:
        rounds: dict[str, list[float]] = {way: [] for way in WAYS}
        costs: dict[str, list[float]] = {way: [] for way in WAYS}
        for _ in tqdm(range(arguments.rounds)):
            for way, measure in WAYS.items():
                taken, worked = measure(ranks, arguments.times)
                rounds[way] += taken
                costs[way].append(worked)
        for way, taken in rounds.items():
            low, middle, high = np.quantile(taken, QUANTILES).tolist()
            cost = float(np.median(costs[way]))
            figures["milliseconds"][f"{ranks} {way}"] = [low, middle, high]
            figures["processor milliseconds"][f"{ranks} {way}"] = cost
            print(
                f"{ranks:3} ranks, {way:10} {middle:7.3f} ms an average, median of {len(taken)} "
                f"(5 % below {low:.3f}, 5 % above {high:.3f}); {cost:.2f} ms of processors"
            )
    if arguments.json:
        arguments.json.write_text(json.dumps(figures, indent=1) + "\n")


if __name__ == "__main__":
    main()
