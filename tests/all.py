"""`make test`: runs every check, two at a time, and sums up."""

import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
NPM_TOOLS = "node_modules/.bin"

PYTHON = ROOT / "tests" / "python"

LONG = ("tests/browser", "tests/app", "tests/core", "tests/server", "tests/parity")

SHORT = [
    str(folder.relative_to(ROOT))
    for folder in sorted(PYTHON.iterdir())
    if any(folder.glob("**/test_*.py"))
]

#: The longest first, and several short ones behind them, so that all cores have work until the end.
CHECKS = {
    **{folder: ["pytest", "--durations=20", folder] for folder in LONG},
    "mypy": ["mypy"],
    "tests/python": ["pytest", "--durations=5", *map(str, sorted(PYTHON.glob("test_*.py")))],
    **{folder: ["pytest", "--durations=5", folder] for folder in SHORT},
    "ruff check": ["ruff", "check"],
    "ruff format": ["ruff", "format", "--check"],
    "tsc": [f"{NPM_TOOLS}/tsc", "--noEmit"],
    "eslint": [f"{NPM_TOOLS}/eslint", "."],
    # Named one by one: what a folder means to it differs between versions of Node.js.
    "node": ["node", "--test", *map(str, sorted((ROOT / "tests" / "unit").glob("*.test.mjs")))],
}

AT_ONCE = 2
"""As many as cores: pages run robots on all of them, so that a third makes each slower by more."""


@dataclass
class Result:
    """How a check went."""

    name: str
    failed: bool
    seconds: float


def run(name: str) -> Result:
    """Runs a check to its end, then prints what it said."""
    print(f"== {name} ...", flush=True)
    start = time.monotonic()
    done = subprocess.run(
        CHECKS[name], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    print(f"\n== {name}\n{done.stdout}", flush=True)
    return Result(name, done.returncode != 0, time.monotonic() - start)


def main() -> int:
    """Returns the exit status: the number of checks that failed."""
    start = time.monotonic()
    with ThreadPoolExecutor(AT_ONCE) as pool:
        results = list(pool.map(run, CHECKS))
    print("\n== summary")
    for result in results:
        outcome = "FAILED" if result.failed else "passed"
        print(f"{result.name:26} {outcome} {result.seconds:7.1f} s")
    print(f"{'in all':26} {'':6} {time.monotonic() - start:7.1f} s")
    return sum(result.failed for result in results)


if __name__ == "__main__":
    sys.exit(main())
