"""`make test`: runs every check, the short ones beside the long one, and sums up."""

import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
NPM_TOOLS = "node_modules/.bin"

CHECKS = {
    "ruff check": ["ruff", "check"],
    "ruff format": ["ruff", "format", "--check"],
    "mypy": ["mypy"],
    "tsc": [f"{NPM_TOOLS}/tsc", "--noEmit"],
    "eslint": [f"{NPM_TOOLS}/eslint", "."],
    # Named one by one: what a folder means to it differs between versions of Node.js.
    "node": ["node", "--test", *map(str, sorted((ROOT / "tests" / "unit").glob("*.test.mjs")))],
    "native": ["pytest", "--durations=10", "tests/python", "tests/parity", "tests/server"],
    "browsers": ["pytest", "--durations=20", "tests/app", "tests/browser", "tests/core"],
}


LONGEST = "browsers"


@dataclass
class Result:
    """How a check went; with what it said, where that was kept."""

    name: str
    failed: bool
    seconds: float
    output: str


def run(name: str, *, capture: bool = False) -> Result:
    """Runs a check to its end."""
    print(f"\n== {name}", flush=True)
    start = time.monotonic()
    done = subprocess.run(
        CHECKS[name],
        cwd=ROOT,
        stdout=subprocess.PIPE if capture else None,
        stderr=subprocess.STDOUT if capture else None,
        text=True,
    )
    return Result(name, done.returncode != 0, time.monotonic() - start, done.stdout or "")


def main() -> int:
    """Returns the exit status: the number of checks that failed."""
    start = time.monotonic()
    with ThreadPoolExecutor(max_workers=1) as beside:
        # The others take one core, and much of the time these wait.
        others = [beside.submit(run, name, capture=True) for name in CHECKS if name != LONGEST]
        results = [run(LONGEST), *(other.result() for other in others)]
    for result in results:
        if result.output:
            print(f"\n== {result.name}\n{result.output}", flush=True)
    print("\n== summary")
    for result in results:
        outcome = "FAILED" if result.failed else "passed"
        print(f"{result.name:12} {outcome} {result.seconds:7.1f} s")
    print(f"{'in all':12} {'':6} {time.monotonic() - start:7.1f} s")
    return sum(result.failed for result in results)


if __name__ == "__main__":
    sys.exit(main())
