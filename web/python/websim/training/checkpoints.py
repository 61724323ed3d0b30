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
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from websim import plain
from websim.algorithms.spec import TrainingSpec
from websim.errors import (
    CheckpointError,
    DamagedCheckpoint,
    ForeignCheckpoint,
    FutureCheckpoint,
)
from websim.states import StateDict
from websim.training import safetensors

FORMAT = "mujoco-websim checkpoint"

VERSION = 1
"""Raised when a reader of the version before would misunderstand what is written."""

MAX_BYTES = 1 << 30
"""More than this unpacked is taken for an attack."""

MAX_RANKS = 1024

_MAX_HEADER_BYTES = 64 << 10

_MAX_MESSAGE = 400

_HEADER = "checkpoint.json"

Packed = tuple[bytes, bytes]
"""A state as it is written and travels: JSON, and safetensors."""


@dataclass
class Checkpoint:
    """A checkpoint that was read.

    Attributes:
        spec: What is trained.
        learner: State that all ranks share.
        ranks: State of each rank's own; None for one that had been lost.
    """

    spec: TrainingSpec
    learner: StateDict
    ranks: list[StateDict | None]


def pack(state: StateDict) -> Packed:
    """A state as its two files."""
    values, arrays = _split(state)
    return json.dumps(values).encode(), safetensors.dumps(arrays)


def dumps(spec: TrainingSpec, learner: Packed, ranks: Sequence[Packed | None]) -> bytes:
    """Writes a checkpoint of packed states; see Checkpoint.

    It is not compressed: weights would get a tenth smaller, and learning would wait for it.
    """
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        header = {
            "format": FORMAT,
            "version": VERSION,
            **asdict(spec),
            "ranks": len(ranks),
            "lost_ranks": [i for i, state in enumerate(ranks) if state is None],
        }
        archive.writestr(_HEADER, json.dumps(header, indent=2))
        _write(archive, "learner", learner)
        for i, state in enumerate(ranks):
            if state is not None:
                _write(archive, f"rank-{i}", state)
    return file.getvalue()


def loads(data: bytes, most: int = MAX_BYTES) -> Checkpoint:
    """Reads a checkpoint that unpacks to no more than `most` bytes.

    Raises:
        ForeignCheckpoint: not a checkpoint of websim's.
        FutureCheckpoint: of a newer version.
        DamagedCheckpoint: incomplete or altered.
    """
    if not data.startswith(b"PK"):
        raise ForeignCheckpoint("This is no checkpoint of websim's: it is not a zip archive.")
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            _check_members(archive, most)
            header = _header(archive)
            spec, lost = _spec(header), header.get("lost_ranks", [])
            count = header["ranks"]
            if not plain.is_count(count, low=1, high=MAX_RANKS):
                raise ValueError(f"it has {count!r} ranks, and may have 1 to {MAX_RANKS}")
            if not isinstance(lost, list) or not set(lost) < set(range(count)):
                raise ValueError(f"its lost ranks are {lost!r}")
            learner = _read(archive, "learner")
            ranks = [None if i in lost else _read(archive, f"rank-{i}") for i in range(count)]
    except CheckpointError:
        raise
    except Exception as error:  # of zipfile, zlib, json: each has its own
        raise DamagedCheckpoint(f"The checkpoint is damaged: {brief(error)}.") from None
    return Checkpoint(spec, learner, ranks)


def brief(error: Exception) -> str:
    """What an error says, where a file may have chosen the words."""
    text = str(error) if isinstance(error, ValueError) else repr(error)
    text = text if len(text) <= _MAX_MESSAGE else f"{text[:_MAX_MESSAGE]}…"
    return text.removesuffix(".")


def _header(archive: zipfile.ZipFile) -> dict[str, Any]:
    if _HEADER not in archive.namelist():
        raise ForeignCheckpoint(f"This is no checkpoint of websim's: it has no {_HEADER}.")
    header = plain.loads(archive.read(_HEADER), _MAX_HEADER_BYTES)
    if not isinstance(header, dict) or header.get("format") != FORMAT:
        raise ForeignCheckpoint(f"This is no checkpoint of websim's: {_HEADER} says otherwise.")
    version: Any = header.get("version")
    if not plain.is_count(version, low=1):
        raise ValueError(f"its version is {version!r}, and may be 1 to {VERSION}")
    if version > VERSION:
        raise FutureCheckpoint(
            f"The checkpoint has version {version}, and this websim reads up to {VERSION}: "
            "it was written by a newer one."
        )
    return header


def _check_members(archive: zipfile.ZipFile, most: int) -> None:
    members = archive.infolist()
    if len({info.filename for info in members}) < len(members):
        raise ValueError("it has two files of one name")
    size = sum(info.file_size for info in members)
    if size > most:
        raise ValueError(f"it unpacks to {size:,} bytes, and may have {most:,}")


def _spec(header: dict[str, Any]) -> TrainingSpec:
    kinds = {"task": str, "algorithm": str, "task_options": dict, "hyperparameters": dict}
    for name, kind in kinds.items():
        if not isinstance(header[name], kind):
            raise ValueError(f"its {name} must be of type {kind.__name__}, not {header[name]!r}")
    if not plain.is_count(header["seed"]):
        raise ValueError(f"its seed must be an integer of at least 0, not {header['seed']!r}")
    return TrainingSpec(seed=header["seed"], **{name: header[name] for name in kinds})


def _write(archive: zipfile.ZipFile, name: str, state: Packed) -> None:
    values, arrays = state
    archive.writestr(f"{name}.json", values)
    archive.writestr(f"{name}.safetensors", arrays)


def _read(archive: zipfile.ZipFile, name: str) -> StateDict:
    values = plain.loads(archive.read(f"{name}.json"))
    plain.check_finite(values)
    return _join(values, safetensors.loads(archive.read(f"{name}.safetensors")))


def _split(state: Mapping[str, Any], path: str = "") -> tuple[StateDict, dict[str, NDArray[Any]]]:
    values: StateDict = {}
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


def _join(values: StateDict, arrays: Mapping[str, NDArray[Any]]) -> StateDict:
    if not isinstance(values, dict):
        raise DamagedCheckpoint("The checkpoint is damaged: a state is no JSON object.")
    for name, array in arrays.items():
        *folders, last = name.split("/")
        if len(folders) >= plain.MAX_DEPTH:
            raise DamagedCheckpoint("The checkpoint is damaged: an array lies too deep.")
        place = values
        for folder in folders:
            place = place.setdefault(folder, {})
        place[last] = array
    return values
