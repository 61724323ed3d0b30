"""What rounding costs: returns of a policy as learnt, in fp16 and in int8, and its link's length.

    python -m bench.links RUN… [--episodes 100] [--json docs/results/links.json]
    python -m bench.links RUN… --distil

Each RUN is a file of `websim train`. Episode i is seeded with i for all of them. With `--distil`:
what smaller policies return, in int8, in place of the run's own, which is not rounded.
"""

import argparse
import json
from pathlib import Path
from time import perf_counter
from typing import Any

from websim.sharing.distillation import SIZES, distil
from websim.sharing.links import Draft, read_run
from websim.sharing.network import Precision
from websim.sharing.proof import claim_of
from websim.training.checkpoints import Checkpoint
from websim.training.evaluation import evaluate


def main() -> None:
    """Prints a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("runs", nargs="+", type=Path)
    parser.add_argument("--episodes", type=int, default=100)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--distil", action="store_true")
    arguments = parser.parse_args()
    if arguments.distil:
        print("| task | return | smaller | return | loss | characters | taught in |")
        print("|---|---|---|---|---|---|---|")
        for file in arguments.runs:
            show_smaller(read_run(file), arguments.episodes)
        return
    rows = [row_of(read_run(file), arguments.episodes) for file in arguments.runs]
    if arguments.json:
        arguments.json.write_text(json.dumps(rows, indent=2) + "\n")
    print("| task | learnt for | return | fp16 | loss | characters | int8 | loss | characters |")
    print("|---|---|---|---|---|---|---|---|---|")
    for row in rows:
        cells = [row["task"], f"{row['global_step']:,} steps", _return(row["whole"])]
        for precision in ("fp16", "int8"):
            one = row[precision]
            cells += [_return(one), f"{one['loss']:+.1%}", f"{one['characters']:,}"]
        print(f"| {' | '.join(cells)} |")


def row_of(run: Checkpoint, episodes: int) -> dict[str, Any]:
    """What one run's policy returns before and after rounding."""
    whole = measured(run, episodes)
    row: dict[str, Any] = {
        "task": run.experiment.task,
        "algorithm": run.experiment.algorithm,
        "global_step": run.learner["global_step"],
        "episodes": episodes,
        "whole": whole,
    }
    kinds: tuple[Precision, ...] = ("fp16", "int8")
    for precision in kinds:
        draft = Draft(run, precision)
        found = evaluate(draft.run, episodes)
        one = measured(draft.run, episodes, found)
        one["loss"] = (whole["mean"] - one["mean"]) / abs(whole["mean"])
        one["characters"] = len(draft.link(claim_of(found, 0)).fragment)
        row[precision] = one
    return row


def show_smaller(run: Checkpoint, episodes: int) -> None:
    """Prints a row for each size that a policy can be distilled to."""
    whole = measured(run, episodes)
    for size in SIZES:
        began = perf_counter()
        draft = Draft(distil(run, size), "int8")
        seconds = perf_counter() - began
        found = evaluate(draft.run, episodes)
        one = measured(draft.run, episodes, found)
        loss = (whole["mean"] - one["mean"]) / abs(whole["mean"])
        cells = [run.experiment.task, _return(whole), size, _return(one), f"{loss:+.1%}"]
        cells += [f"{len(draft.link(claim_of(found, 0)).fragment):,}", f"{seconds:.0f} s"]
        print(f"| {' | '.join(cells)} |", flush=True)


def measured(run: Checkpoint, episodes: int, found: Any = None) -> dict[str, Any]:
    """Mean return with its standard error."""
    returns = (found or evaluate(run, episodes)).returns
    return {"mean": float(returns.mean()), "error": float(returns.std() / episodes**0.5)}


def _return(one: dict[str, Any]) -> str:
    return f"{one['mean']:,.1f} ± {one['error']:.1f}"


if __name__ == "__main__":
    main()
