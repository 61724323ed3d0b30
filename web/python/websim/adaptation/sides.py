"""The sides of decisions that were not taken, kept so that people can go back to them."""

import io
import json
import re
import zipfile
from dataclasses import dataclass

from websim import plain
from websim.experiments.archive import files_of_robot
from websim.experiments.experiment import Experiment, document, from_document
from websim.states import StateDict
from websim.training import checkpoints
from websim.training.checkpoints import Packed
from websim.training.trainer import Trainer

MOST = 4
"""Of the newest decisions; each adds weights and optimiser to every checkpoint of the run."""

_FOLDER = "sides/"


@dataclass(frozen=True)
class Side:
    """A learner, but for its environments: they begin anew where it goes on.

    Attributes:
        experiment: What it learnt.
        packed: State that all ranks share.
    """

    experiment: Experiment
    packed: Packed

    @classmethod
    def of(cls, trainer: Trainer) -> "Side":
        """What a trainer is now."""
        experiment = trainer.algorithm.experiment
        return cls(experiment, checkpoints.pack(trainer.shared_state()))

    @property
    def learner(self) -> StateDict:
        """The state that all ranks share."""
        return checkpoints.unpack(self.packed)


def undoable_of(run: bytes) -> list[int]:
    """Numbers of the decisions whose other side is kept in a run."""
    with zipfile.ZipFile(io.BytesIO(run)) as archive:
        return sorted(_numbers(archive))


def _numbers(archive: zipfile.ZipFile) -> list[int]:
    pattern = re.compile(_FOLDER + r"(\d{1,9})/experiment\.json")
    return [int(found[1]) for name in archive.namelist() if (found := pattern.fullmatch(name))]


class Sides:
    """Those that are kept, by the number of their decision."""

    def __init__(self) -> None:
        """Begins without any."""
        self._kept: dict[int, Side] = {}

    @property
    def numbers(self) -> list[int]:
        """Of the decisions whose other side is kept."""
        return sorted(self._kept)

    def get(self, number: int) -> Side | None:
        """The other side of a decision; None where it is not kept."""
        return self._kept.get(number)

    def keep(self, number: int, side: Side) -> None:
        """Keeps another; the oldest give way."""
        self._kept[number] = side
        for old in self.numbers[:-MOST]:
            del self._kept[old]

    def drop(self, number: int) -> None:
        """Keeps one no longer, if it is."""
        self._kept.pop(number, None)

    def write(self, archive: zipfile.ZipFile) -> None:
        """Adds them to a run, which has the files of their robot."""
        for number, side in self._kept.items():
            folder = f"{_FOLDER}{number}/"
            archive.writestr(folder + "experiment.json", json.dumps(document(side.experiment)))
            checkpoints.write_packed(archive, folder + "learner", side.packed)

    def read(self, archive: zipfile.ZipFile) -> None:
        """Takes those of a run; raises ValueError where they are damaged."""
        for number in sorted(_numbers(archive))[-MOST:]:
            folder = f"{_FOLDER}{number}/"
            written = plain.loads(archive.read(folder + "experiment.json"))
            plain.check_finite(written)
            experiment = from_document(written, files_of_robot(archive, written))
            packed = checkpoints.read_packed(archive, folder + "learner")
            checkpoints.unpack(packed)  # that it can be read
            self._kept[number] = Side(experiment, packed)
