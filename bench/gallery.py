"""Whether the rewards of the gallery teach what they say: `python -m bench.gallery`.

Each is learnt natively with PPO's preset `fast`, and judged by its measure: the mean of 16 episodes
of the policy after the first iteration and at the end. Writes docs/results/gallery.json.
"""

import argparse
import json
from pathlib import Path
from time import perf_counter

import numpy as np

from websim.algorithms.presets import preset
from websim.experiments.experiment import Experiment
from websim.rewards.gallery import Worked, gallery
from websim.training import checkpoints
from websim.training.evaluation import evaluate
from websim.training.trainer import Trainer

RESULTS = Path(__file__).parents[1] / "docs" / "results" / "gallery.json"

EPISODES = 16


def judged(data: bytes | None) -> tuple[float, float]:
    """Mean of the measure over episodes, and its deviation."""
    assert data is not None
    measures = evaluate(checkpoints.loads(data), EPISODES).measures
    return float(np.mean(measures)), float(np.std(measures))


def learn(worked: Worked, steps: int, folder: Path | None) -> dict[str, object]:
    """Learns a worked reward with its first robot."""
    task = worked.tasks[0]
    experiment = Experiment(
        task=task,
        reward=worked.source,
        measure=worked.source,
        hyperparameters=preset("ppo", "fast", task) | {"total_timesteps": steps},
        title=worked.title,
    )
    trainer = Trainer(experiment)
    began = perf_counter()
    iteration = trainer.advance(save=True)
    first = judged(iteration.checkpoint)
    while not iteration.done:
        iteration = trainer.advance()
    seconds = perf_counter() - began
    trainer.close()
    if folder and iteration.checkpoint:
        (folder / f"{worked.name}.websim").write_bytes(iteration.checkpoint)
    return {
        "task": task,
        "steps": iteration.global_step,
        "seconds": round(seconds, 1),
        "first": first,
        "learnt": judged(iteration.checkpoint),
    }


def main() -> None:
    """Learns all, or those that are named."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*")
    parser.add_argument("--total-timesteps", type=int, default=500_000)
    parser.add_argument("--keep", type=Path, help="folder for the runs' files")
    arguments = parser.parse_args()
    results = json.loads(RESULTS.read_text()) if RESULTS.exists() else {}
    for worked in gallery():
        if arguments.names and worked.name not in arguments.names:
            continue
        results[worked.name] = learn(worked, arguments.total_timesteps, arguments.keep)
        print(worked.name, results[worked.name], flush=True)
        RESULTS.write_text(json.dumps(results, indent=2) + "\n")


if __name__ == "__main__":
    main()
