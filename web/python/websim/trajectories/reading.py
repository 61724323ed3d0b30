"""Recorded episodes, read again: our .npz, datasets of Minari, and files of D4RL."""

import io
import itertools
import json
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from websim import plain
from websim.errors import InvalidRecording, MissingLibrary

DATA_FILE = "main_data.hdf5"
METADATA_FILE = "metadata.json"
"""Of a dataset of Minari's, in its folder's folder "data"."""

MAX_BYTES = 2 << 30
"""Of what is read at once, unpacked."""


@dataclass
class Recorded:
    """One recorded episode of T steps; where the end of its last step is not known, T - 1 are.

    Attributes:
        seed: It began with; None: that is not known.
        actions: [T, nu].
        observations: [T + 1, obs].
        rewards: [T] float64.
        qpos: [T + 1, nq] float64; None: no states were kept.
        qvel: [T + 1, nv] float64; likewise.
        state: [T + 1, k]: MuJoCo's own (mjSTATE_INTEGRATION); None: it was not kept.
    """

    seed: int | None
    actions: NDArray[Any]
    observations: NDArray[Any]
    rewards: NDArray[np.float64]
    qpos: NDArray[np.float64] | None = None
    qvel: NDArray[np.float64] | None = None
    state: NDArray[np.float64] | None = None

    def __post_init__(self) -> None:
        length = len(self.rewards)
        rows = {"actions": length}
        for name in ("observations", "qpos", "qvel", "state"):
            if getattr(self, name) is not None:
                rows[name] = length + 1
        for name, wanted in rows.items():
            array = getattr(self, name)
            if array.ndim != 2 or len(array) != wanted or array.dtype.kind not in "fiu":
                raise InvalidRecording(
                    f"An episode of {length} steps has {name} of the shape {array.shape} "
                    f"({array.dtype}), and must have {wanted} rows of numbers."
                )
            if not np.isfinite(array).all():
                raise InvalidRecording(f"The recording has {name} that are not finite.")


@dataclass
class Recording:
    """Episodes, and what is known of them.

    Attributes:
        task: Id of the task; empty: that is not known.
        episodes: At least one.
    """

    task: str
    episodes: list[Recorded]

    @property
    def named_task(self) -> str:
        """The task; raises InvalidRecording where it is not known."""
        if not self.task:
            raise InvalidRecording("The recording does not say its task: name it by --task.")
        return self.task


def read(path: Path) -> Recording:
    """Reads a file or, of Minari, a dataset's folder.

    Raises:
        InvalidRecording: it is none of what is known, or damaged.
        MissingLibrary: h5py is not installed, and it is HDF5.
    """
    try:
        if path.is_dir() or path.suffix in (".hdf5", ".h5"):
            return _hdf5(path)
        if (size := path.stat().st_size) > MAX_BYTES:
            raise InvalidRecording(f"{path} has {size:,} bytes, and may have {MAX_BYTES:,}.")
        return of_npz(path.read_bytes())
    except OSError as error:
        raise InvalidRecording(f"{path} cannot be read: {error}.") from None


def of_npz(data: bytes) -> Recording:
    """Reads what `websim.trajectories.npz` writes; raises InvalidRecording where it is not."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            size = sum(info.file_size for info in archive.infolist())
        if size > MAX_BYTES:
            raise InvalidRecording(f"It unpacks to {size:,} bytes, and may to {MAX_BYTES:,}.")
        with np.load(io.BytesIO(data), allow_pickle=False) as file:
            return _of_arrays(file)
    except InvalidRecording:
        raise
    except Exception as error:  # of zipfile, zlib, numpy and JSON: each has its own
        raise InvalidRecording(f"It is no recording (.npz): {plain.brief(error)}.") from None


def _of_arrays(file: Mapping[str, NDArray[Any]]) -> Recording:
    needed = ("lengths", "seeds", "actions", "observations", "rewards")
    if missing := [name for name in needed if name not in file]:
        raise InvalidRecording(
            f"The file lacks {', '.join(missing)}: it is not what websim record wrote."
        )
    lengths = file["lengths"]
    if lengths.ndim != 1 or not lengths.size or lengths.dtype.kind not in "iu":
        raise InvalidRecording("The recording's lengths must be integers, one an episode.")
    ends = np.cumsum(lengths)
    if (lengths < 1).any() or ends[-1] != len(file["rewards"]):
        raise InvalidRecording("The recording's lengths do not sum up to its steps.")

    def steps(name: str) -> list[NDArray[Any]]:
        return np.split(file[name], ends[:-1])

    def states(name: str) -> list[Any]:
        if name not in file:
            return [None] * len(ends)
        return np.split(file[name], (ends + np.arange(1, len(ends) + 1))[:-1])

    told = json.loads(str(file["metadata"])) if "metadata" in file else {}
    columns = zip(
        *(file["seeds"].tolist(), steps("actions"), states("observations")),
        *(steps("rewards"), states("qpos"), states("qvel"), states("state")),
        strict=True,
    )
    return Recording(str(told.get("task", "")), [Recorded(*row) for row in columns])


def _hdf5(path: Path) -> Recording:
    try:
        import h5py
    except ImportError:
        raise MissingLibrary('HDF5 needs h5py: pip install "mujoco-websim[minari]".') from None
    file = path / "data" / DATA_FILE if path.is_dir() else path
    about = file.with_name(METADATA_FILE)
    task = task_of(about.read_bytes()) if path.is_dir() and about.is_file() else ""
    with h5py.File(file) as data:
        return of_hdf5(data, task)


def of_hdf5(data: Any, task: str) -> Recording:
    """Reads a dataset of Minari's or D4RL's.

    Args:
        data: A file that is open (h5py.File), or something like it.
        task: Its id, where it is known.

    Raises:
        InvalidRecording: it is neither.
    """
    try:
        if "episode_0" in data:
            return _minari(data, task)
        return _d4rl({name: data[name][()] for name in _D4RL if name in data})
    except (KeyError, TypeError, ValueError) as error:
        raise InvalidRecording(
            f"It is no dataset of Minari's or D4RL's: {plain.brief(error)}."
        ) from None


def task_of(metadata: bytes) -> str:
    """The task that a dataset's metadata name; empty: they do not."""
    try:
        spec = json.loads(metadata).get("env_spec")
        return str((json.loads(spec) if spec else {}).get("id") or "")
    except (AttributeError, TypeError, ValueError, RecursionError):
        return ""


def _minari(data: Any, task: str) -> Recording:
    episodes = []
    for i in range(sum(name.startswith("episode_") for name in data)):
        one = data[f"episode_{i}"]
        infos = one.get("infos", {})
        states = [infos[n][()] if n in infos else None for n in ("qpos", "qvel", "state")]
        seed = one.attrs.get("seed")
        arrays = [one[name][()] for name in ("actions", "observations", "rewards")]
        episodes.append(Recorded(None if seed is None else int(seed), *arrays, *states))
    return Recording(task, episodes)


_D4RL = (
    *("actions", "observations", "rewards", "terminals", "timeouts"),
    *("infos/qpos", "infos/qvel"),
)


def _d4rl(file: dict[str, NDArray[Any]]) -> Recording:
    """Transitions one behind the other; what the last step of an episode led to is not in it."""
    ends = np.flatnonzero(file["terminals"].astype(bool) | file["timeouts"].astype(bool)) + 1
    edges = [0, *ends.tolist()]
    if edges[-1] < len(file["rewards"]):
        edges.append(len(file["rewards"]))
    episodes = []
    for first, end in itertools.pairwise(edges):
        if end - first < 2:
            continue
        rows, before = slice(first, end), slice(first, end - 1)
        states = [file.get(name) for name in ("infos/qpos", "infos/qvel")]
        qpos, qvel = (None if a is None else a[rows].astype(np.float64) for a in states)
        rewards = file["rewards"][before].astype(np.float64)
        episodes.append(
            Recorded(None, file["actions"][before], file["observations"][rows], rewards, qpos, qvel)
        )
    if not episodes:
        raise ValueError("it has no episode of two steps")
    return Recording("", episodes)
