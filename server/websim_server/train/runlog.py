"""The folder of a training run: metrics as CSV and TensorBoard events, and the last checkpoint."""

import csv
import io
import math
import os
from collections.abc import Mapping
from pathlib import Path

STEP = "global_step"


class RunLog:
    """Writes metrics, and the checkpoint in one go, so that there is always a whole one.

    Attributes:
        folder: Where everything is.
        checkpoint: The checkpoint's file.
    """

    def __init__(self, folder: Path, global_step: int = 0) -> None:
        """Makes the folder; what a resumed run had logged after `global_step` is dropped."""
        from tensorboardX import SummaryWriter

        folder.mkdir(parents=True, exist_ok=True)
        self.folder, self.checkpoint = folder, folder / "checkpoint.websim"
        self._path = folder / "metrics.csv"
        rows = self._rows_until(global_step)
        self._tags = [name for name in rows[0] if name != STEP] if rows else []
        self._file = self._path.open("w", newline="")
        self._csv = csv.writer(self._file)
        self._csv.writerows(rows)
        self._events = SummaryWriter(str(folder), purge_step=global_step + 1, flush_secs=10)

    def write(self, global_step: int, metrics: Mapping[str, float]) -> None:
        """Adds a row; all rows have the tags of the first, blank where a value is NaN."""
        if not self._tags:
            self._tags = list(metrics)
            self._csv.writerow([STEP, *self._tags])
        values = [metrics.get(tag, math.nan) for tag in self._tags]
        self._csv.writerow([global_step, *("" if math.isnan(v) else repr(v) for v in values)])
        self._file.flush()
        for tag, value in metrics.items():
            if not math.isnan(value):
                self._events.add_scalar(tag, value, global_step)

    def save(self, checkpoint: bytes) -> None:
        """Replaces the checkpoint."""
        replace_file(self.checkpoint, checkpoint)

    def close(self) -> None:
        """Writes out everything."""
        self._file.close()
        self._events.close()

    def _rows_until(self, global_step: int) -> list[list[str]]:
        if not global_step or not self._path.is_file():
            return []
        header, *rows = list(csv.reader(io.StringIO(self._path.read_text(), newline="")))
        # A line that a crash cut off is dropped as well.
        return [header, *(r for r in rows if len(r) == len(header) and int(r[0]) <= global_step)]


def replace_file(path: Path, content: bytes) -> None:
    """Writes a file in one go: whoever reads it finds the old one or the new one, whole."""
    beside = path.with_suffix(".part")
    try:
        with beside.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)
    except OSError:
        beside.unlink(missing_ok=True)  # where the disk is full, half a file is in the way
        raise
