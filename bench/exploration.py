"""How widely a robot has to explore to learn what somebody else than its task pays for.

    python -m bench.exploration [NAME ...] [--widths -1 0] [--steps 300000] [--seeds 1 2 3]

Learns the first candidate of the offline author for sentences of intents.toml with the preset
`explore`, but with other `log_std_init`, the logarithm of the standard deviation with which actions
are explored at first. The sentence's own measure judges, by 20 episodes without noise. Finished
cells are kept. Writes docs/results/exploration.json and exploration.md.
"""

import argparse
import json
import os
from dataclasses import replace
from pathlib import Path
from typing import Any

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np

from bench.intents import Intent, intents
from websim.algorithms.presets import preset
from websim.authors import Brief, OfflineAuthor, experiment_of
from websim.experiments.experiment import Experiment
from websim.training import checkpoints
from websim.training.evaluation import evaluate
from websim.training.trainer import Trainer

RESULTS = Path(__file__).resolve().parent.parent / "docs" / "results"
NAMES = ("cheetah_crawls_low", "cheetah_hops", "cheetah_rears", "cheetah_flips_back")
EPISODES, EPISODE_SEED = 20, 1_000_000


def learn(intent: Intent, width: float, steps: int, seed: int) -> float:
    """The measure that is reached, the mean of all episodes."""
    base = Experiment(task=intent.task, seed=seed)
    candidate = OfflineAuthor().propose(Brief(words=intent.phrase, experiment=base), 1)[0]
    chosen = preset("ppo", "explore", intent.task)
    chosen |= {"log_std_init": width, "anneal_lr": False, "total_timesteps": steps}
    trainer = Trainer(replace(experiment_of(candidate, base), hyperparameters=chosen))
    try:
        while not trainer.advance().done:
            pass
        saved = trainer.checkpoint()
    finally:
        trainer.close()
    assert saved is not None
    checkpoint = checkpoints.loads(saved)
    checkpoint.experiment = replace(checkpoint.experiment, measure=intent.measure)
    return float(np.mean(evaluate(checkpoint, EPISODES, EPISODE_SEED).measures))


def table(rows: list[dict[str, Any]]) -> str:
    """All cells, in Markdown: the seeds in a cell."""
    widths = sorted({row["width"] for row in rows})
    lines = [
        "Measure of the author's first candidate, seed by seed; native.",
        "",
        f"| sentence | steps | {' | '.join(f'log_std_init {width:g}' for width in widths)} |",
        f"|---|---|{'---|' * len(widths)}",
    ]
    phrases = {intent.name: f"{intent.phrase} ({intent.task})" for intent in intents()}
    for name, steps in dict.fromkeys((row["intent"], row["steps"]) for row in rows):
        cells = [
            ", ".join(
                f"{row['measure']:.2f}"
                for row in rows
                if (row["intent"], row["steps"], row["width"]) == (name, steps, width)
            )
            for width in widths
        ]
        lines.append(f"| {phrases[name]} | {steps:,} | {' | '.join(c or '-' for c in cells)} |")
    return "\n".join(lines) + "\n"


def main() -> None:
    """Learns what is missing, and writes the table."""
    names = [intent.name for intent in intents()]
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("names", nargs="*", choices=[[], *names], metavar="NAME")
    parser.add_argument("--widths", type=float, nargs="+", default=[-1.0, 0.0])
    parser.add_argument("--steps", type=int, default=300_000)
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3])
    arguments = parser.parse_args()
    kept = RESULTS / "exploration.json"
    rows: list[dict[str, Any]] = json.loads(kept.read_text()) if kept.exists() else []
    for intent in intents():
        if intent.name not in (arguments.names or NAMES):
            continue
        for width in arguments.widths:
            for seed in arguments.seeds:
                cell = {"intent": intent.name, "width": width, "seed": seed}
                cell["steps"] = arguments.steps
                if any(cell.items() <= row.items() for row in rows):
                    continue
                measure = learn(intent, width, arguments.steps, seed)
                rows.append({**cell, "measure": round(measure, 4)})
                print(rows[-1], flush=True)
                kept.write_text(json.dumps(rows, indent=1) + "\n")
                (RESULTS / "exploration.md").write_text(table(rows))


if __name__ == "__main__":
    main()
