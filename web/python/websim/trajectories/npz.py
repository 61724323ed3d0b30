"""Episodes as numpy's .npz: flat arrays, one episode behind the other.

lengths, seeds, returns, random     [episodes]
terminated, truncated               [episodes]
observations                        [steps + episodes, obs]: the first of each is its reset's
qpos, qvel, state                   likewise; `state` is MuJoCo's mjSTATE_INTEGRATION
actions                             [steps, nu]
rewards, terminations, truncations  [steps]
terms/<name>, infos/<name>          [steps, ...]
metadata                            JSON: task, names of the numbers, experiment
"""

import json
import tempfile
import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from websim.trajectories.recorder import Episode


@dataclass
class _Column:
    """An array that grows, in pieces in a scratch file: their first bytes and numbers of bytes."""

    dtype: np.dtype[Any]
    shape: tuple[int, ...]
    rows: int = 0
    pieces: list[tuple[int, int]] = field(default_factory=list)


class Writer:
    """Takes episodes as they come, and makes the file at last; memory does not grow with them.

    Attributes:
        bytes: That have been written.
    """

    def __init__(self, scratch: IO[bytes]) -> None:
        """Takes an empty file, open for reading and writing, where all lies meanwhile."""
        self.bytes = 0
        self._scratch = scratch
        self._columns: dict[str, _Column] = {}

    def add(self, episode: Episode) -> None:
        """Writes down an episode."""
        for name, rows in _arrays(episode).items():
            column = self._columns.setdefault(name, _Column(rows.dtype, rows.shape[1:]))
            data = np.ascontiguousarray(rows, column.dtype).data
            self._scratch.write(data)
            column.pieces.append((self.bytes, data.nbytes))
            column.rows += len(rows)
            self.bytes += data.nbytes

    def finish(self, file: IO[bytes], metadata: dict[str, Any]) -> Iterator[None]:
        """Makes the file, in many small turns, for who has other things to do as well.

        Args:
            file: Where to, open for writing.
            metadata: What JSON can say.
        """
        with zipfile.ZipFile(file, "w", allowZip64=True) as archive:
            for name, column in self._columns.items():
                header = {
                    "descr": np.lib.format.dtype_to_descr(column.dtype),
                    "fortran_order": False,
                    "shape": (column.rows, *column.shape),
                }
                with archive.open(f"{name}.npy", "w", force_zip64=True) as member:
                    np.lib.format.write_array_header_1_0(member, header)
                    for first, size in column.pieces:
                        self._scratch.seek(first)
                        member.write(self._scratch.read(size))
                        yield
            text = np.array(json.dumps(metadata))
            with archive.open("metadata.npy", "w") as member:
                np.lib.format.write_array(member, text, allow_pickle=False)


def write(path: Path, episodes: Iterable[Episode], metadata: dict[str, Any]) -> None:
    """Writes episodes as they come; what there is of a file before they end is not at `path`.

    Args:
        path: Where to; beside it lie temporary files of the same size meanwhile.
        episodes: At least one.
        metadata: What JSON can say.
    """
    with tempfile.TemporaryDirectory(dir=path.parent, prefix=f".{path.name}-") as folder:
        beside = Path(folder) / path.name
        with tempfile.TemporaryFile(dir=folder) as scratch, beside.open("wb") as file:
            writer = Writer(scratch)
            for episode in episodes:
                writer.add(episode)
            for _ in writer.finish(file, metadata):
                pass
        beside.replace(path)


def _arrays(episode: Episode) -> dict[str, NDArray[Any]]:
    length = len(episode.rewards)
    last = np.arange(length) == length - 1
    return {
        "lengths": np.array([length]),
        "seeds": np.array([episode.seed]),
        "returns": np.array([episode.rewards.sum()]),
        "random": np.array([episode.random]),
        "terminated": np.array([episode.terminated]),
        "truncated": np.array([episode.truncated]),
        "observations": episode.observations,
        **episode.states,
        "actions": episode.actions,
        "rewards": episode.rewards,
        "terminations": last & episode.terminated,
        "truncations": last & episode.truncated,
        **{f"terms/{name}": values for name, values in episode.terms.items()},
        **{f"infos/{name}": values for name, values in episode.infos.items()},
    }
