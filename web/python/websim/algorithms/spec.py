"""What is to be trained."""

from dataclasses import dataclass, field
from typing import Any


@dataclass(kw_only=True)
class TrainingSpec:
    """What is trained; with the number of ranks it decides every number of a run.

    Attributes:
        task: Task id.
        task_options: The task's constructor options.
        algorithm: A name of `websim.algorithms.ALGORITHMS`.
        hyperparameters: Those of the algorithm that are not its defaults.
        seed: Of weights, environments and everything random.
    """

    task: str
    algorithm: str = "ppo"
    task_options: dict[str, Any] = field(default_factory=dict)
    hyperparameters: dict[str, Any] = field(default_factory=dict)
    seed: int = 1
