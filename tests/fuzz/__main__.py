"""Makes thousands of bad inputs and says what came of them.

python -m tests.fuzz 10000 --seed 1
"""

import argparse
import collections
import random
import time

from tests.fuzz import documents, links, models, programs

KINDS = {module.KIND: module for module in (programs, documents, models, links)}


def main() -> None:
    """Prints a table, or raises what went wrong with the seed that repeats it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("count", type=int, nargs="?", default=10_000)
    parser.add_argument("--kind", choices=KINDS, action="append")
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    for kind in arguments.kind or KINDS:
        outcomes: collections.Counter[str] = collections.Counter()
        slowest = 0.0, 0
        began = time.perf_counter()
        for seed in range(arguments.seed, arguments.seed + arguments.count):
            start = time.perf_counter()
            try:
                outcomes[KINDS[kind].attempt(random.Random(seed))] += 1
            except BaseException:
                print(f"{kind}: seed {seed}")
                raise
            slowest = max(slowest, (time.perf_counter() - start, seed))
        told = ", ".join(f"{count} {outcome}" for outcome, count in outcomes.most_common())
        print(
            f"{arguments.count} {kind} in {time.perf_counter() - began:.0f} s: {told}; "
            f"the slowest {slowest[0]:.2f} s (seed {slowest[1]})"
        )


if __name__ == "__main__":
    main()
