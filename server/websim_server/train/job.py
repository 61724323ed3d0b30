"""What is to be trained, and the error of what cannot be."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from websim_server.errors import ServerError

if TYPE_CHECKING:
    from websim.experiments.experiment import Experiment


UNTRUSTED = "If you know who wrote it, --trust runs it all the same."
"""What is said of code that is not safe."""


class TrainError(ServerError):
    """Raised when a training run cannot start or go on."""


@dataclass
class Job:
    """What a rank needs to know; travels to other processes."""

    experiment: "Experiment"
    checkpoint: bytes | None
    folder: Path
    checkpoint_seconds: float
