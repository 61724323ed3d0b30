"""What is to be trained, and the error of what cannot be."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from websim_server.errors import ServerError

if TYPE_CHECKING:
    from websim.experiments.experiment import Experiment


class TrainError(ServerError):
    """Raised when a training run cannot start or go on."""


@dataclass
class Job:
    """What a rank needs to know; travels to other processes.

    Attributes:
        experiment: What is trained.
        checkpoint: To go on from.
        folder: Of the run.
        checkpoint_seconds: Between two checkpoints.
        undo: Number of the decision whose other side goes on.
        keep: Where checkpoints are kept as well, as `fsspec` writes it.
        label: Which of several runs it is.
    """

    experiment: "Experiment"
    checkpoint: bytes | None
    folder: Path
    checkpoint_seconds: float
    undo: int | None = None
    keep: str | None = None
    label: str = ""
