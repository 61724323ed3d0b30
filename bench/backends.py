"""What a run gets out of each backend: processes, TCP, TCP over slow links, Ray, a browser.

    python -m bench.backends [WAY …] [--task HalfCheetah-v5] [--steps 200000] [--rounds 3]
        [--json docs/results/backends.json]

`websim train --preset fast` again and again, the ways taking turns; steps a second from the end of
the first quarter on, by what the run itself has written down. The slow links are between two
network namespaces (bench/delayed.py, needs root), Ray is what RAY_ADDRESS names or one of this
machine.
"""

import argparse
import csv
import json
import os
import secrets
import socket
import subprocess
import sys
from collections.abc import Callable
from contextlib import nullcontext
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from tqdm import tqdm

from bench.browser import machine, spread
from bench.delayed import PLACES, places, within

WEBSIM = [sys.executable, "-m", "websim_server", "train"]

Way = Callable[[list[str]], None]


def backend(name: str, ranks: int, command: list[str]) -> None:
    """Ranks that one command starts."""
    _run([*WEBSIM, *command, "--backend", name, "--ranks", str(ranks)])


def machines(command: list[str], delay: float | None = None) -> None:
    """Two ranks that meet over TCP: on loopback, or in two places with a link between them."""
    environment = {**os.environ, "WEBSIM_TOKEN": secrets.token_urlsafe(24)}
    here, there = PLACES
    host = "127.0.0.1" if delay is None else PLACES[here]
    address = f"{host}:{_free_port()}"
    serve = [*WEBSIM, *command, "--ranks", "2", "--serve-ranks", address]
    join = [*WEBSIM, "--join", address]
    with nullcontext() if delay is None else places(delay):
        if delay is not None:
            serve, join = within(here, serve), within(there, join)
        _meet(serve, join, environment)


def _meet(serve: list[str], join: list[str], environment: dict[str, str]) -> None:
    """Runs both; the second when the first waits for it."""
    pipe, both = subprocess.PIPE, subprocess.STDOUT
    with subprocess.Popen(serve, env=environment, stdout=pipe, stderr=both, text=True) as first:
        assert first.stdout is not None
        said = ""
        while "Others join by" not in said:
            said = first.stdout.readline()
            if not said:
                raise subprocess.CalledProcessError(first.wait(), serve)
        with subprocess.Popen(join, env=environment, stdout=subprocess.DEVNULL) as second:
            first.communicate()
    for one in (first, second):
        if one.returncode:
            raise subprocess.CalledProcessError(one.returncode, one.args)


WAYS: dict[str, Way] = {
    "1 rank, native": partial(backend, "native", 1),
    "2 ranks, processes": partial(backend, "native", 2),
    "2 ranks, TCP, loopback": machines,
    "2 ranks, TCP, 0 ms": partial(machines, delay=0.0),
    "2 ranks, TCP, 1 ms": partial(machines, delay=1e-3),
    "2 ranks, TCP, 10 ms": partial(machines, delay=10e-3),
    "1 rank, Ray": partial(backend, "ray", 1),
    "2 ranks, Ray": partial(backend, "ray", 2),
    "1 rank, Chromium": partial(backend, "browser", 1),
    "2 ranks, Chromium": partial(backend, "browser", 2),
}


def rate(way: Way, task: str, steps: int) -> float:
    """Environment steps a second of one run."""
    with TemporaryDirectory() as folder:
        way([task, "--preset", "fast", "--total-timesteps", str(steps), "--output", folder])
        (log,) = Path(folder).rglob("metrics.csv")
        rows = list(csv.DictReader(log.open()))
    first, last = rows[len(rows) // 4], rows[-1]
    step, seconds = (float(last[tag]) - float(first[tag]) for tag in ("global_step", SECONDS))
    return step / seconds


SECONDS = "charts/seconds"


def _run(command: list[str], environment: dict[str, str] | None = None) -> None:
    subprocess.run(
        command, check=True, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port: int = free.getsockname()[1]
    return port


def main() -> None:
    """Prints a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("ways", nargs="*", metavar="WAY", choices=[[], *WAYS])
    parser.add_argument("--task", default="HalfCheetah-v5")
    parser.add_argument("--steps", type=int, default=200_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    found: dict[str, list[float]] = {name: [] for name in arguments.ways or WAYS}
    turns = [name for _ in range(arguments.rounds) for name in found]
    for name in tqdm(turns):
        found[name].append(rate(WAYS[name], arguments.task, arguments.steps))
    figures: dict[str, Any] = {
        "machine": machine(),
        "task": arguments.task,
        "steps": arguments.steps,
        "rates": found,
    }
    if arguments.json:
        arguments.json.write_text(json.dumps(figures, indent=2) + "\n")
    print(f"{figures['machine']}; {arguments.task}, {arguments.steps:,} steps a run")
    print("| | environment steps/s |\n|---|---|")
    for name, rates in found.items():
        print(f"| {name} | {spread(rates, ',.0f')} |")


if __name__ == "__main__":
    main()
