"""What behaviour cloning keeps of an expert: `python -m bench.cloning [--seeds 3] [RUN ...]`.

Learns an expert of each task by the preset `fast` (or takes runs that are given), records episodes
of it, teaches policies of other seeds what they show (`websim clone`), and plays 100 episodes of
the expert and of each, from seeds that were not recorded. Prints a table in Markdown.
"""

import argparse
import os
import tempfile
from pathlib import Path

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

from bench.curves import machine
from websim.experiments.experiment import Experiment
from websim.sharing.links import read_run
from websim.training import checkpoints
from websim.training.checkpoints import Checkpoint
from websim.training.evaluation import evaluate
from websim.training.trainer import Trainer
from websim.trajectories import npz
from websim.trajectories.cloning import Cloning
from websim.trajectories.reading import read
from websim.trajectories.recorder import Recorder

TASKS = ("HalfCheetah-v5", "Hopper-v5")
EPISODES = 50
UNSEEN = 100_000
"""Seed of the first episode that is judged."""


def learnt(task: str) -> Checkpoint:
    """An expert, by the preset `fast`."""
    from websim.algorithms.presets import preset

    trainer = Trainer(Experiment(task=task, hyperparameters=preset("ppo", "fast", task)))
    while not (iteration := trainer.advance()).done:
        pass
    data = iteration.checkpoint
    trainer.close()
    assert data is not None
    return checkpoints.loads(data)


def main() -> None:
    """Prints the table."""
    parser = argparse.ArgumentParser()
    parser.add_argument("runs", nargs="*", help="experts (.websim); otherwise they are learnt")
    parser.add_argument("--seeds", type=int, default=3)
    arguments = parser.parse_args()
    print(
        f"{machine()}\n\n| task | expert | cloned, by seed | of the expert's |\n|---|---|---|---|"
    )
    experts = map(read_run, arguments.runs) if arguments.runs else map(learnt, TASKS)
    for expert in experts:
        task = expert.experiment.task
        known = evaluate(expert, 100, UNSEEN).returns
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "episodes.npz"
            recorder = Recorder(expert.experiment, expert.learner, EPISODES)
            npz.write(file, recorder.play(), recorder.about())
            recorder.close()
            recording = read(file)
        means = []
        for seed in range(arguments.seeds):
            cloning = Cloning(recording, Experiment(task=task), seed=seed)
            cloning.advance()
            means.append(evaluate(cloning.run, 100, UNSEEN).returns.mean())
        shares = [f"{mean / known.mean():.0%}" for mean in means]
        told = f"| {task} | {known.mean():.0f} ± {known.std():.0f} | "
        told += ", ".join(f"{mean:.0f}" for mean in means)
        print(f"{told} | {', '.join(shares)} |", flush=True)


if __name__ == "__main__":
    main()
