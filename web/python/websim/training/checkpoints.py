"""Checkpoints: everything that a training run needs to go on as if it had never stopped.

A checkpoint is a run as a zip archive, `.websim`:

    experiment.json              what is simulated and learnt (`websim.experiments`)
    robot/                       the files of a robot of the user's own
    reward.py, measure.py        what pays and judges in place of the task
    task.py                      the task itself, if it is one of the user's own
    hands.jsonl                  what hands have done to the robots that learn
    decisions.jsonl              what was decided on evidence, if anything was
    evaluation.json              what is claimed of its policy, if anything is
    learner/checkpoint.json      format, version, number of ranks
    learner/learner.json         counters and random state that all ranks share
    learner/learner.safetensors  weights, optimizer, statistics; names as "policy/actor.0.weight"
    learner/rank-<i>.json        each rank's own: random state, running episodes
    learner/rank-<i>.safetensors its environments; neither for a rank that had been lost

A run may have a policy without a learner, as one from a link has. It has 0 ranks then, and of the
learner only how far it was, the weights that act, and the statistics of observations.

The state of a learner is a tree of dictionaries; its arrays go to safetensors, named by their path
in it, everything else to JSON.
"""

import io
import json
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from websim import plain
from websim.algorithms.base import COUNTERS, acting
from websim.errors import (
    CheckpointError,
    DamagedCheckpoint,
    ForeignCheckpoint,
)
from websim.experiments import decisions
from websim.experiments.archive import NAME as EXPERIMENT
from websim.experiments.archive import read_experiment, write_experiment
from websim.experiments.decisions import Decision
from websim.experiments.experiment import Experiment
from websim.experiments.zips import ZipFile
from websim.states import StateDict
from websim.training import claims, safetensors
from websim.training.claims import Claim

FORMAT = "mujoco-websim checkpoint"

VERSION = 2
"""Raised when a reader of the version before would misunderstand what is written."""

MAX_BYTES = 1 << 30
"""More than this unpacked is taken for an attack."""

MAX_RANKS = 1024

_MAX_HEADER_BYTES = 64 << 10

_FOLDER = "learner/"

_HEADER = "checkpoint.json"

Packed = tuple[bytes, bytes]
"""A state as it is written and travels: JSON, and safetensors."""


@dataclass
class Checkpoint:
    """A checkpoint that was read.

    Attributes:
        experiment: What is trained.
        learner: State that all ranks share.
        ranks: State of each rank's own; None for one that had been lost. There are none where the
            run has a policy without a learner.
        decisions: What was decided, the newest last.
        claim: What is said of how well its policy does.
    """

    experiment: Experiment
    learner: StateDict
    ranks: list[StateDict | None]
    decisions: list[Decision] = field(default_factory=list)
    claim: Claim | None = None


def pack(state: StateDict) -> Packed:
    """A state as its two files."""
    values, arrays = _split(state)
    return json.dumps(values).encode(), safetensors.dumps(arrays)


def unpack(packed: Packed) -> StateDict:
    """Undoes `pack`; raises ValueError or DamagedCheckpoint where it is damaged."""
    values, arrays = packed
    read = plain.loads(values)
    plain.check_finite(read)
    return _join(read, safetensors.loads(arrays))


def dumps(
    experiment: Experiment,
    learner: Packed,
    ranks: Sequence[Packed | None],
    claim: Claim | None = None,
) -> bytes:
    """Writes a checkpoint of packed states; see Checkpoint.

    It is not compressed: weights would get a tenth smaller, and learning would wait for it.
    """
    file = io.BytesIO()
    with ZipFile(file, "w") as archive:
        write_experiment(archive, experiment)
        if claim is not None:
            archive.writestr(claims.NAME, claims.dumps(claim))
        header = {
            "format": FORMAT,
            "version": VERSION,
            "ranks": len(ranks),
            "lost_ranks": [i for i, state in enumerate(ranks) if state is None],
        }
        archive.writestr(_FOLDER + _HEADER, json.dumps(header, indent=2))
        write_packed(archive, f"{_FOLDER}learner", learner)
        for i, state in enumerate(ranks):
            if state is not None:
                write_packed(archive, f"{_FOLDER}rank-{i}", state)
    return file.getvalue()


def policy_alone(checkpoint: Checkpoint) -> Checkpoint:
    """A run's policy without its learner: what acts, and how far it is."""
    learner = checkpoint.learner
    kept = {**{name: learner[name] for name in COUNTERS}, **acting(learner)}
    return Checkpoint(checkpoint.experiment, kept, [])


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
            header, folder = _header(archive)
            # Version 1 said what was trained in its header.
            experiment = read_experiment(archive) if folder else _experiment(header)
            claimed = claims.NAME in archive.namelist()
            claim = claims.loads(archive.read(claims.NAME)) if claimed else None
            lost = header.get("lost_ranks", [])
            count = header["ranks"]
            if not plain.is_count(count, high=MAX_RANKS):
                raise ValueError(f"it has {count!r} ranks, and may have 0 to {MAX_RANKS}")
            if not isinstance(lost, list) or (lost and not set(lost) < set(range(count))):
                raise ValueError(f"its lost ranks are {lost!r}")
            learner = unpack(read_packed(archive, f"{folder}learner"))
            ranks = [
                None if i in lost else unpack(read_packed(archive, f"{folder}rank-{i}"))
                for i in range(count)
            ]
            names = archive.namelist()
            made = decisions.load(archive.read(decisions.NAME)) if decisions.NAME in names else []
    except CheckpointError:
        raise
    except Exception as error:  # of zipfile, zlib, json: each has its own
        raise DamagedCheckpoint(f"The checkpoint is damaged: {plain.brief(error)}.") from None
    return Checkpoint(experiment, learner, ranks, made, claim)


def has_learnt(data: bytes) -> bool:
    """Whether there is something to go on from, rather than an experiment alone.

    Files that are neither count as checkpoints: `loads` says what is wrong with them.
    """
    names = _names(data)
    return EXPERIMENT not in names or _FOLDER + _HEADER in names


def is_run(data: bytes) -> bool:
    """Whether a zip archive is meant as a run, an experiment alone included."""
    return not {EXPERIMENT, _HEADER}.isdisjoint(_names(data))


def _names(data: bytes) -> list[str]:
    """The members of a zip archive; none of what is no such archive."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            return archive.namelist()
    except zipfile.BadZipFile:
        return []


def _header(archive: zipfile.ZipFile) -> tuple[dict[str, Any], str]:
    """What a checkpoint says of itself, and the folder that it lies in."""
    names = archive.namelist()
    folder = "" if _HEADER in names else _FOLDER
    if folder + _HEADER not in names:
        if EXPERIMENT in names:
            raise ForeignCheckpoint("This is an experiment in which nothing has been learnt yet.")
        raise ForeignCheckpoint(f"This is no checkpoint of websim's: it has no {EXPERIMENT}.")
    header = plain.loads(archive.read(folder + _HEADER), _MAX_HEADER_BYTES)
    if not isinstance(header, dict) or header.get("format") != FORMAT:
        raise ForeignCheckpoint(f"This is no checkpoint of websim's: {_HEADER} says otherwise.")
    plain.check_version("checkpoint", header.get("version"), VERSION)
    return header, folder


def _check_members(archive: zipfile.ZipFile, most: int) -> None:
    members = archive.infolist()
    if len({info.filename for info in members}) < len(members):
        raise ValueError("it has two files of one name")
    size = sum(info.file_size for info in members)
    if size > most:
        raise ValueError(f"it unpacks to {size:,} bytes, and may have {most:,}")


def _experiment(header: dict[str, Any]) -> Experiment:
    """What the header of version 1 says."""
    kinds = {"task": str, "algorithm": str, "task_options": dict, "hyperparameters": dict}
    for name, kind in kinds.items():
        if not isinstance(header[name], kind):
            raise ValueError(f"its {name} must be of type {kind.__name__}, not {header[name]!r}")
    if not plain.is_count(header["seed"]):
        raise ValueError(f"its seed must be an integer of at least 0, not {header['seed']!r}")
    return Experiment(seed=header["seed"], **{name: header[name] for name in kinds})


def write_packed(archive: zipfile.ZipFile, name: str, state: Packed) -> None:
    """Adds a state's two files to an archive."""
    values, arrays = state
    archive.writestr(f"{name}.json", values)
    archive.writestr(f"{name}.safetensors", arrays)


def read_packed(archive: zipfile.ZipFile, name: str) -> Packed:
    """A state's two files in an archive; raises ValueError where one is missing."""
    values, arrays = f"{name}.json", f"{name}.safetensors"
    missing = {values, arrays} - set(archive.namelist())
    if missing:
        raise ValueError(f"its {min(missing)} is missing")
    return archive.read(values), archive.read(arrays)


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
