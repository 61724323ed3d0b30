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
from collections.abc import Iterable
from pathlib import Path
from shutil import copyfileobj
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from websim.trajectories.recorder import Episode

_COPIED_AT_ONCE = 1 << 20


class _Column:
    """An array that grows on disk."""

    def __init__(self, folder: str, row: NDArray[Any]) -> None:
        self.file: IO[bytes] = tempfile.TemporaryFile(dir=folder)  # noqa: SIM115  # see `close`
        self.dtype, self.shape, self.rows = row.dtype, row.shape[1:], 0

    def add(self, rows: NDArray[Any]) -> None:
        self.file.write(np.ascontiguousarray(rows, self.dtype).data)
        self.rows += len(rows)

    def write(self, archive: zipfile.ZipFile, name: str) -> None:
        """Puts the array into an archive as numpy reads it."""
        header = {
            "descr": np.lib.format.dtype_to_descr(self.dtype),
            "fortran_order": False,
            "shape": (self.rows, *self.shape),
        }
        self.file.seek(0)
        with archive.open(f"{name}.npy", "w", force_zip64=True) as member:
            np.lib.format.write_array_header_1_0(member, header)
            copyfileobj(self.file, member, _COPIED_AT_ONCE)


def write(path: Path, episodes: Iterable[Episode], metadata: dict[str, Any]) -> None:
    """Writes episodes as they come; what there is of a file before they end is not at `path`.

    Args:
        path: Where to; beside it lie temporary files of the same size meanwhile.
        episodes: At least one.
        metadata: What JSON can say.
    """
    columns: dict[str, _Column] = {}
    with tempfile.TemporaryDirectory(dir=path.parent, prefix=f".{path.name}-") as folder:
        try:
            for episode in episodes:
                for name, rows in _arrays(episode).items():
                    if name not in columns:
                        columns[name] = _Column(folder, rows)
                    columns[name].add(rows)
            beside = Path(folder) / path.name
            with zipfile.ZipFile(beside, "w", allowZip64=True) as archive:
                for name, column in columns.items():
                    column.write(archive, name)
                text = np.array(json.dumps(metadata))
                with archive.open("metadata.npy", "w") as member:
                    np.lib.format.write_array(member, text, allow_pickle=False)
            beside.replace(path)
        finally:
            for column in columns.values():
                column.file.close()


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
