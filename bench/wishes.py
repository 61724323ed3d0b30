"""A robot that goes on by itself: from run to run backwards to hop, without a hand.

    python -m bench.wishes [--steps 1600000] [--minutes 9]

A HalfCheetah that moves at random learns what is wished first; a rule finds that it is done, or
that nothing grows any longer, and an act goes on to what is wished next. Rewards and measures are
the offline author's. It stops after its minutes (status 3); the same command goes on from there.
Writes docs/results/wishes.jsonl (decisions), .csv (measures by steps, with the wish of that time)
and .svg.
"""

import argparse
import csv
import os
import sys
import time
from dataclasses import replace
from pathlib import Path

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np

from websim.adaptation.trainer import AdaptiveTrainer
from websim.algorithms.presets import preset
from websim.experiments import decisions
from websim.experiments.experiment import Experiment
from websim.training import checkpoints

ROOT = Path(__file__).resolve().parent.parent
STEM = ROOT / "docs" / "results" / "wishes"
TASK = "HalfCheetah-v5"
ADAPTATION = {
    "wishes": ["run", "run backwards", "hop"],
    "rules": {"mastery": {"goal": 0.6}, "plateau": {}},
    "acts": {"mastery": [{"act": "next_wish"}], "plateau": [{"act": "rewrite"}]},
    "trial_steps": 64_000,  # in which each robot's episode ends once
    "episodes": 16,
}
UNFINISHED = 3


def experiment(steps: int) -> Experiment:
    """What the run begins with: a task, and what is wished."""
    fast = preset("ppo", "fast", TASK)
    learning = {**fast, "anneal_lr": False, "total_timesteps": steps}
    return Experiment(task=TASK, hyperparameters=learning, adaptation=ADAPTATION, seed=1)


def draw(rows: list[list[str]], path: Path) -> None:
    """Measures by steps, a colour a wish."""
    import matplotlib as mpl

    mpl.use("svg")
    mpl.rcParams["svg.hashsalt"] = "websim"
    from matplotlib import pyplot

    figure, panel = pyplot.subplots(figsize=(7, 3.2), layout="constrained")
    for wish in dict.fromkeys(row[2] for row in rows):
        points = [(int(step) / 1000, float(value)) for step, value, of in rows if of == wish]
        panel.plot(*zip(*points, strict=True), marker="o", ms=3, label=wish)
    panel.set_xlabel("environment steps, thousands")
    panel.set_ylabel("measure of the wish of that time")
    panel.set_ylim(0, 1)
    panel.grid(alpha=0.3)
    panel.legend()
    figure.savefig(path, metadata={"Date": None})


def main() -> None:
    """Runs it, or goes on."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--steps", type=int, default=1_600_000, help="a run that is over goes on")
    parser.add_argument("--minutes", type=float, default=1e9)
    parser.add_argument("--run", type=Path, default=Path("runs") / "wishes.websim")
    arguments = parser.parse_args()
    until = time.monotonic() + 60 * arguments.minutes
    curve = STEM.with_suffix(".csv")
    if arguments.run.exists():
        data = arguments.run.read_bytes()
        begun = checkpoints.loads(data).experiment
        more = begun.hyperparameters | {"total_timesteps": arguments.steps}
        trainer = AdaptiveTrainer(replace(begun, hyperparameters=more), None, data)
        with curve.open(newline="") as file:
            rows = list(csv.reader(file))[1:]
        reached = trainer.algorithm.global_step
        rows = [row for row in rows if int(row[0]) <= reached]
    else:
        trainer, rows = AdaptiveTrainer(experiment(arguments.steps)), []
    done = False
    while not done and time.monotonic() < until:
        wish = trainer.algorithm.experiment.title
        iteration = trainer.advance()
        done = iteration.done
        if np.isfinite(measure := iteration.metrics["charts/measure"]):
            rows.append([str(iteration.global_step), f"{measure:.4f}", wish])
            print(*rows[-1], flush=True)
    run = trainer.checkpoint()
    assert run is not None
    arguments.run.parent.mkdir(parents=True, exist_ok=True)
    arguments.run.write_bytes(run)
    with curve.open("w", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows([["steps", "measure", "wish"], *rows])
    STEM.with_suffix(".jsonl").write_bytes(decisions.dump(trainer.decisions))
    draw(rows, STEM.with_suffix(".svg"))
    trainer.close()
    sys.exit(0 if done else UNFINISHED)


if __name__ == "__main__":
    main()
