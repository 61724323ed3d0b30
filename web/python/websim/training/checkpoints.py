"""Checkpoints: everything that a training run needs to go on as if it had never stopped.

A checkpoint is a zip archive:

    checkpoint.json      format, version, and what is trained (task, algorithm, hyperparameters)
    learner.json         counters and random state that all ranks share
    learner.safetensors  weights, optimizer, running statistics; names as "policy/actor.0.weight"
    rank-<i>.json        each rank's own: random state, running episodes
    rank-<i>.safetensors its environments; neither for a rank that had been lost

The state of a learner is a tree of dictionaries; its arrays go to safetensors, named by their path
in it, everything else to JSON.
"""

import io
import json
import zipfile
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from websim.errors import DamagedCheckpoint, ForeignCheckpoint, FutureCheckpoint
from websim.training import safetensors

FORMAT = "mujoco-websim checkpoint"

VERSION = 1
"""Raised when a reader of the version before would misunderstand what is written."""

MAX_BYTES = 4 << 30
"""More than this unpacked is taken for an attack."""

_HEADER = "checkpoint.json"

State = dict[str, Any]
"""A tree: values are trees, numpy arrays, or anything that JSON can say."""


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


@dataclass
class Checkpoint:
    """A checkpoint in memory.

    Attributes:
        spec: What is trained.
        learner: State that all ranks share.
        ranks: State of each rank's own; None for one that had been lost.
    """

    spec: TrainingSpec
    learner: State
    ranks: list[State | None]


def dumps(checkpoint: Checkpoint) -> bytes:
    """Writes a checkpoint."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        header = {
            "format": FORMAT,
            "version": VERSION,
            **asdict(checkpoint.spec),
            "ranks": len(checkpoint.ranks),
            "lost_ranks": [i for i, state in enumerate(checkpoint.ranks) if state is None],
        }
        archive.writestr(_HEADER, json.dumps(header, indent=2))
        _write(archive, "learner", checkpoint.learner)
        for i, state in enumerate(checkpoint.ranks):
            if state is not None:
                _write(archive, f"rank-{i}", state)
    return file.getvalue()


def loads(data: bytes) -> Checkpoint:
    """Reads a checkpoint.

    Raises:
        ForeignCheckpoint: not a checkpoint of websim's.
        FutureCheckpoint: of a newer version.
        DamagedCheckpoint: incomplete or altered.
    """
    if not data.startswith(b"PK"):
        raise ForeignCheckpoint("This is no checkpoint of websim's: it is not a zip archive.")
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            header = _header(archive)
            if sum(info.file_size for info in archive.infolist()) > MAX_BYTES:
                raise DamagedCheckpoint(f"The checkpoint unpacks to more than {MAX_BYTES} bytes.")
            names = [entry.name for entry in fields(TrainingSpec)]
            spec = TrainingSpec(**{name: header[name] for name in names})
            learner = _read(archive, "learner")
            lost = header.get("lost_ranks", ())
            ranks = [
                None if i in lost else _read(archive, f"rank-{i}") for i in range(header["ranks"])
            ]
    except (zipfile.BadZipFile, EOFError, OSError, ValueError, KeyError, TypeError) as error:
        if isinstance(error, ForeignCheckpoint | FutureCheckpoint | DamagedCheckpoint):
            raise
        raise DamagedCheckpoint(f"The checkpoint is damaged: {error}") from None
    except Exception as error:  # zlib.error, which cannot be named where zlib is missing
        raise DamagedCheckpoint(f"The checkpoint is damaged: {error}") from None
    return Checkpoint(spec, learner, ranks)


def pack(state: State) -> bytes:
    """One state as bytes, to travel between ranks."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        _write(archive, "state", state)
    return file.getvalue()


def unpack(data: bytes) -> State:
    """Undoes `pack`."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return _read(archive, "state")


def _header(archive: zipfile.ZipFile) -> dict[str, Any]:
    if _HEADER not in archive.namelist():
        raise ForeignCheckpoint(f"This is no checkpoint of websim's: it has no {_HEADER}.")
    header = json.loads(archive.read(_HEADER))
    if not isinstance(header, dict) or header.get("format") != FORMAT:
        raise ForeignCheckpoint(f"This is no checkpoint of websim's: {_HEADER} says otherwise.")
    version = header.get("version")
    if not isinstance(version, int):
        raise DamagedCheckpoint(f"The checkpoint is damaged: its version is {version!r}.")
    if version > VERSION:
        raise FutureCheckpoint(
            f"The checkpoint has version {version}, and this websim reads up to {VERSION}: "
            "it was written by a newer one."
        )
    return header


def _write(archive: zipfile.ZipFile, name: str, state: State) -> None:
    values, arrays = _split(state)
    archive.writestr(f"{name}.json", json.dumps(values))
    archive.writestr(f"{name}.safetensors", safetensors.dumps(arrays))


def _read(archive: zipfile.ZipFile, name: str) -> State:
    values = json.loads(archive.read(f"{name}.json"))
    return _join(values, safetensors.loads(archive.read(f"{name}.safetensors")))


def _split(state: Mapping[str, Any], path: str = "") -> tuple[State, dict[str, NDArray[Any]]]:
    values: State = {}
    arrays: dict[str, NDArray[Any]] = {}
    for key, value in state.items():
        if isinstance(value, np.ndarray):
            arrays[path + key] = value
        elif isinstance(value, Mapping):
            values[key], inner = _split(value, f"{path}{key}/")
            arrays |= inner
        else:
            values[key] = value
    return values, arrays


def _join(values: State, arrays: Mapping[str, NDArray[Any]]) -> State:
    if not isinstance(values, dict):
        raise DamagedCheckpoint("The checkpoint is damaged: a state is no JSON object.")
    for name, array in arrays.items():
        *folders, last = name.split("/")
        place = values
        for folder in folders:
            place = place.setdefault(folder, {})
        place[last] = array
    return values
