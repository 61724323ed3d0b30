"""`make test`: runs every check, two at a time, and sums up.

Browsers, servers and threads share the cores with the check beside them. What fails of the tests is
tried once more with the machine to itself: it counts as passed then, and the summary names it, as
what depends on the load is a fault of the test or of what it tests.
"""

import json
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
NPM_TOOLS = "node_modules/.bin"

PYTHON = ROOT / "tests" / "python"

CACHES = ROOT / ".pytest_cache"
"""Where each check keeps which of its tests failed."""

LONG = ("tests/browser", "tests/app", "tests/core", "tests/server", "tests/parity")

SHORT = [
    str(folder.relative_to(ROOT))
    for folder in sorted(PYTHON.iterdir())
    if any(folder.glob("**/test_*.py"))
]


def pytest(name: str, *what: str, slowest: int = 5) -> list[str]:
    """How tests are run, by a check that keeps for itself which of them failed."""
    return ["pytest", f"--durations={slowest}", "-o", f"cache_dir={CACHES / name}", *what]


TOP = map(str, sorted(PYTHON.glob("test_*.py")))

#: The longest first, and several short ones behind them, so that all cores have work until the end.
CHECKS = {
    **{folder: pytest(folder, folder, slowest=20) for folder in LONG},
    "mypy": ["mypy"],
    "tests/python": pytest("tests/python", *TOP),
    **{folder: pytest(folder, folder) for folder in SHORT},
    "ruff check": ["ruff", "check"],
    "ruff format": ["ruff", "format", "--check"],
    "tsc": [f"{NPM_TOOLS}/tsc", "--noEmit"],
    "eslint": [f"{NPM_TOOLS}/eslint", "."],
    # Named one by one: what a folder means to it differs between versions of Node.js.
    "node": ["node", "--test", *map(str, sorted((ROOT / "tests" / "unit").glob("*.test.mjs")))],
}

TESTS_FAILED = 1
"""What pytest ends with then."""

MOST_AGAIN = 3
"""With more that fail it is not the load."""

AT_ONCE = 2
"""As many as cores: pages run robots on all of them, so that a third makes each slower by more."""


@dataclass
class Result:
    """How a check went."""

    name: str
    status: int
    """What it ended with; 0: all is well."""
    seconds: float
    again: tuple[str, ...] = ()
    """Tests that failed, and passed alone."""


def run(name: str) -> Result:
    """Runs a check to its end, then prints what it said."""
    print(f"== {name} ...", flush=True)
    start = time.monotonic()
    done = subprocess.run(
        CHECKS[name], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    print(f"\n== {name}\n{done.stdout}", flush=True)
    return Result(name, done.returncode, time.monotonic() - start)


def failures(name: str) -> tuple[str, ...]:
    """The tests of a check that failed."""
    kept = CACHES / name / "v" / "cache" / "lastfailed"
    return tuple(json.loads(kept.read_text("utf-8"))) if kept.exists() else ()


def settled(result: Result) -> Result:
    """The same, or what comes of its few failed tests when nothing runs beside them."""
    failed = failures(result.name) if result.status == TESTS_FAILED else ()
    if not 0 < len(failed) <= MOST_AGAIN:
        return result
    print(f"\n== {result.name} again, alone: {', '.join(failed)}", flush=True)
    start = time.monotonic()
    only = ("--last-failed", "--last-failed-no-failures=none")
    done = subprocess.run([*CHECKS[result.name], *only], cwd=ROOT)
    return Result(
        result.name,
        done.returncode,
        result.seconds + time.monotonic() - start,
        failed if done.returncode == 0 else (),
    )


def main() -> int:
    """Returns the exit status: the number of checks that failed."""
    start = time.monotonic()
    with ThreadPoolExecutor(AT_ONCE) as pool:
        results = list(pool.map(run, CHECKS))
    results = [settled(result) for result in results]
    print("\n== summary")
    for result in results:
        outcome = "FAILED" if result.status else "passed"
        print(f"{result.name:26} {outcome} {result.seconds:7.1f} s")
        for test in result.again:
            print(f"  failed beside others, passed alone: {test}")
    print(f"{'in all':26} {'':6} {time.monotonic() - start:7.1f} s")
    return sum(result.status != 0 for result in results)


if __name__ == "__main__":
    sys.exit(main())
