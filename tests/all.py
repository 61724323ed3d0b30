"""`make test`: runs every check, each to its end, and sums up."""

import subprocess
import sys
import time
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
    "pytest": ["pytest", "--durations=20"],
}


def main() -> int:
    """Returns the exit status: the number of checks that failed."""
    results = []
    for name, command in CHECKS.items():
        print(f"\n== {name}", flush=True)
        start = time.monotonic()
        failed = subprocess.run(command, cwd=ROOT).returncode != 0
        results.append((name, failed, time.monotonic() - start))
    print("\n== summary")
    for name, failed, seconds in results:
        print(f"{name:12} {'FAILED' if failed else 'passed'} {seconds:7.1f} s")
    return sum(failed for _, failed, _ in results)


if __name__ == "__main__":
    sys.exit(main())
