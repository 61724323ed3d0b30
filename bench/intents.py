"""Twelve sentences that say what a robot should do, and what counts as done (intents.toml).

python -m bench.intents    what random actions and no action at all get, natively
"""

import tomllib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from websim.experiments.experiment import Experiment

ENVIRONMENTS = 16


@dataclass(frozen=True, kw_only=True)
class Intent:
    """What somebody says, and how it is judged.

    Attributes:
        name: Short, for files.
        task: Task id.
        phrase: The words.
        measure: Source of the measure that judges it; 1 at most.
        threshold: What counts as done.
        why: Where the numbers of measure and threshold come from.
        zero: What no action gets.
        random: What random actions get.
        task_options: Options of the task without which it cannot be done.
    """

    name: str
    task: str
    phrase: str
    measure: str
    threshold: float
    why: str
    zero: float
    random: float
    task_options: dict[str, Any] = field(default_factory=dict)

    def experiment(self, **settings: Any) -> Experiment:
        """What is learnt in, and judged."""
        return Experiment(
            task=self.task, task_options=self.task_options, measure=self.measure, **settings
        )


def intents() -> list[Intent]:
    """All of them."""
    path = Path(__file__).with_suffix(".toml")
    return [Intent(**entry) for entry in tomllib.loads(path.read_text("utf-8"))["intent"]]


def control(intent: Intent, amplitude: float) -> float:
    """Mean measure of an episode each of some robots with random actions of some amplitude."""
    envs = intent.experiment().make_vec(ENVIRONMENTS)
    try:
        envs.reset(seed=1)
        rng = np.random.default_rng(1)
        space = envs.single_action_space
        size = (ENVIRONMENTS, *space.shape)
        first = np.full(ENVIRONMENTS, np.nan)
        while np.isnan(first).any():
            envs.step(amplitude * rng.uniform(space.low, space.high, size).astype(np.float32))
            ended = (envs.terminations | envs.truncations) & np.isnan(first)
            first[ended] = envs.final_measures[ended]
        return float(first.mean())
    finally:
        envs.close()


def main() -> None:
    """Prints both controls of each intent."""
    for intent in intents():
        zero, random = control(intent, 0.0), control(intent, 1.0)
        print(f"{intent.name:28s} zero {zero:.3f}  random {random:.3f}  goal {intent.threshold}")


if __name__ == "__main__":
    main()
