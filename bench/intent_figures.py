"""What comes of the twelve sentences: the search, beside its controls, at equal cost in steps.

    python -m bench.intent_figures [NAME ...] [--steps 3e6] [--seeds 1 2 3] [--conditions hand]

`search` is `websim author` with the offline author; `random-weights` and `equal-weights` are its
controls (docs/tournament.md); `hand` learns the reward of intents_by_hand.toml all the time, with
nobody searching. Whatever the search was judged by, the sentence's own measure judges here, which
nothing has learnt from or chosen by: the mean of 100 episodes without noise. One cell after the
other, each in `--workers` processes; finished cells are kept, so that the command can be
interrupted and goes on. Writes docs/results/intents.json and intents.md.
"""

import argparse
import json
import subprocess
import sys
import time
import tomllib
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from bench.intents import Intent, intents
from websim.training import checkpoints
from websim.training.evaluation import evaluate

ROOT = Path(__file__).resolve().parent.parent
RESULTS = ROOT / "docs" / "results"
CONDITIONS = ("search", "random-weights", "equal-weights", "hand")
EPISODES = 100
SEED = 1_000_000  # of the first episode: far from those by which a search chooses


def by_hand() -> dict[str, str]:
    """Rewards that a person wrote, by name of the intent."""
    return tomllib.loads(Path(__file__).with_name("intents_by_hand.toml").read_text("utf-8"))


def learn(intent: Intent, condition: str, seed: int, steps: int, workers: int, out: Path) -> None:
    """Makes the run; raises CalledProcessError where nothing came of it."""
    command = [sys.executable, "-m", "websim_server"]
    if condition == "hand":
        reward = out.with_suffix(".py")
        reward.write_text(by_hand()[intent.name])
        folder = out.with_suffix("")
        command += ["train", intent.task, "--reward", str(reward), "--preset", "explore"]
        command += ["--task-options", json.dumps(intent.task_options), "--seed", str(seed)]
        command += ["--total-timesteps", str(steps), "--ranks", str(workers)]
        command += ["--output", str(folder)]
    else:
        command += ["author", intent.phrase, "--task", intent.task, "--seed", str(seed), "--json"]
        command += ["--steps", str(steps), "--workers", str(workers), "--out", str(out)]
        command += [] if condition == "search" else ["--control", condition]
    with out.with_suffix(".log").open("w") as log:
        subprocess.run(command, check=True, stdout=log, stderr=log, cwd=ROOT)
    if condition == "hand":
        newest = max(folder.rglob("*.websim"), key=lambda path: path.stat().st_mtime)
        newest.rename(out)


def judge(intent: Intent, run: Path) -> dict[str, float]:
    """How far a run does what was said."""
    checkpoint = checkpoints.loads(run.read_bytes())
    checkpoint.experiment = replace(checkpoint.experiment, measure=intent.measure)
    measures = evaluate(checkpoint, EPISODES, SEED).measures
    return {"mean": round(float(np.mean(measures)), 4), "std": round(float(np.std(measures)), 4)}


def table(rows: Mapping[str, dict[str, Any]]) -> str:
    """All cells, in Markdown."""
    lines = [
        "Mean measure of 100 episodes, seed by seed; native. The offline author's search, its",
        "controls with the same budget in steps, and rewards written by hand.",
        "",
        f"| sentence | robot | goal | {' | '.join(CONDITIONS)} |",
        f"|---|---|---|{'---|' * len(CONDITIONS)}",
    ]
    for intent in intents():
        cells = []
        for condition in CONDITIONS:
            found = [
                row
                for row in rows.values()
                if (row["intent"], row["condition"]) == (intent.name, condition)
            ]
            cells.append(", ".join(f"{row['measure']['mean']:.2f}" for row in found) or "-")
        lines.append(
            f"| {intent.phrase} | {intent.task} | {intent.threshold} | {' | '.join(cells)} |"
        )
    budgets = sorted({(row["steps"], row["workers"]) for row in rows.values()})
    lines += ["", "Budgets: " + "; ".join(f"{s:,} steps, {w} processes" for s, w in budgets) + "."]
    return "\n".join(lines) + "\n"


def main() -> None:
    """Learns what is missing, and writes the table."""
    names = [intent.name for intent in intents()]
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("names", nargs="*", choices=[[], *names], metavar="NAME")
    parser.add_argument("--steps", type=lambda text: int(float(text)), default=3_000_000)
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3])
    parser.add_argument("--conditions", nargs="+", choices=CONDITIONS, default=list(CONDITIONS))
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--runs", type=Path, default=ROOT / "runs" / "intents")
    arguments = parser.parse_args()
    arguments.runs.mkdir(parents=True, exist_ok=True)
    kept = RESULTS / "intents.json"
    rows: dict[str, dict[str, Any]] = json.loads(kept.read_text()) if kept.exists() else {}
    for seed in arguments.seeds:
        for intent in intents():
            for condition in arguments.conditions:
                cell = f"{intent.name}-{condition}-{seed}"
                if cell in rows or (arguments.names and intent.name not in arguments.names):
                    continue
                out = arguments.runs.resolve() / f"{cell}.websim"
                began = time.monotonic()
                learn(intent, condition, seed, arguments.steps, arguments.workers, out)
                rows[cell] = {
                    "intent": intent.name,
                    "condition": condition,
                    "seed": seed,
                    "steps": arguments.steps,
                    "workers": arguments.workers,
                    "seconds": round(time.monotonic() - began),
                    "measure": judge(intent, out),
                }
                print(cell, rows[cell], flush=True)
                kept.write_text(json.dumps(rows, indent=1) + "\n")
                (RESULTS / "intents.md").write_text(table(rows))


if __name__ == "__main__":
    main()
