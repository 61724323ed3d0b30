"""How many shared runs a server hands out: `python -m bench.store` (needs Debian's `wrk`).

Shares one run with a server that has a store of its own, then asks for what is known of it, for its
page and for its file, by 32 connections for some seconds each.
"""

import argparse
import re
import subprocess
import sys
import tempfile
import urllib.request
from pathlib import Path

from websim.experiments.archive import dump
from websim.experiments.experiment import Experiment
from websim_server.browser import server


def rate(url: str, seconds: int) -> str:
    """Requests a second, the slowest of a hundred, and what was no success."""
    command = ["wrk", "-t1", "-c32", f"-d{seconds}s", "--latency", url]
    said = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    found = re.search(r"Requests/sec:\s+([\d.]+)", said)
    slowest = re.search(r"99%\s+(\S+)", said)
    failed = re.search(r"Non-2xx.*: (\d+)", said)
    assert found
    assert slowest
    return f"{float(found[1]):,.0f} a second, 99% within {slowest[1]}" + (
        f", {failed[1]} FAILED" if failed else ""
    )


def main() -> None:
    """Prints a line each."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--seconds", type=int, default=10)
    parser.add_argument("--workers", type=int, default=1, help="of the server (%(default)s)")
    parser.add_argument("--run", type=Path, help="a run (.websim) in place of an experiment")
    arguments = parser.parse_args()
    data = arguments.run.read_bytes() if arguments.run else dump(Experiment(task="Ant-v5"))
    with (
        tempfile.TemporaryDirectory() as folder,
        server(
            *("--store", "", "--store-folder", folder, "--workers", str(arguments.workers))
        ) as address,
    ):
        asked = urllib.request.Request(f"{address}/api/runs", data, method="POST")
        with urllib.request.urlopen(asked) as answer:
            run_id = re.search(rb'"id":"(\w+)"', answer.read())
        assert run_id
        name = run_id[1].decode()
        print(f"{sys.platform}, {arguments.workers} workers, a run of {len(data):,} bytes")
        for path in (f"/api/runs/{name}", f"/r/{name}", f"/api/runs/{name}.websim"):
            print(path.replace(name, "ID"), rate(address.rstrip("/") + path, arguments.seconds))


if __name__ == "__main__":
    main()
