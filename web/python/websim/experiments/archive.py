"""An experiment within a zip archive: what people can read there as files of their own."""

import io
import json
import zipfile
from typing import Any

from websim import plain
from websim.errors import CheckpointError, DamagedCheckpoint, ForeignCheckpoint
from websim.experiments import files as robot_files
from websim.experiments.experiment import Experiment, document, from_document
from websim.experiments.zips import ZipFile

NAME = "experiment.json"

ROBOT = "robot/"

CODE = {"reward": "reward.py", "measure": "measure.py", "task_code": "task.py"}
"""What lies there as Python, and is not repeated in the document."""

HANDS = "hands.jsonl"
"""What hands did, an event a line; likewise."""

_MAX_BYTES = 256 << 10

_MAX_HANDS_BYTES = 64 << 20


def load(data: bytes) -> Experiment:
    """The experiment in an archive, a run's or one of its own; raises CheckpointError."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            return read_experiment(archive)
    except CheckpointError:
        raise
    except Exception as error:  # of zipfile, zlib, json: each has its own
        raise DamagedCheckpoint(f"The run is damaged: {plain.brief(error)}.") from None


def dump(experiment: Experiment) -> bytes:
    """An archive of an experiment in which nothing has been learnt yet."""
    file = io.BytesIO()
    with ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        write_experiment(archive, experiment)
    return file.getvalue()


def write_experiment(archive: zipfile.ZipFile, experiment: Experiment) -> None:
    """Adds an experiment to an archive."""
    written = document(experiment)
    for name, file in CODE.items():
        if name in written:
            archive.writestr(file, written.pop(name))
    if "hands" in written:
        lines = (json.dumps(event, allow_nan=False) for event in written.pop("hands"))
        archive.writestr(HANDS, "".join(f"{line}\n" for line in lines), zipfile.ZIP_DEFLATED, 1)
    archive.writestr(NAME, json.dumps(written, indent=2, allow_nan=False))
    if experiment.robot is not None:
        for path, content in experiment.robot.files.items():
            archive.writestr(ROBOT + path, content)


def read_experiment(archive: zipfile.ZipFile) -> Experiment:
    """The experiment of an archive.

    Raises:
        ForeignCheckpoint: it has none.
        FutureCheckpoint: of a newer version.
        InvalidArgument, ValueError: what it says is not allowed.
    """
    if NAME not in archive.namelist():
        raise ForeignCheckpoint(f"This is no run of websim's: it has no {NAME}.")
    written = plain.loads(archive.read(NAME), _MAX_BYTES)
    plain.check_finite(written)
    for name, file in CODE.items():
        if file in archive.namelist() and isinstance(written, dict):
            if archive.getinfo(file).file_size > _MAX_BYTES:
                raise ValueError(f"its {file} may have {_MAX_BYTES:,} bytes")
            written[name] = archive.read(file).decode()
    if HANDS in archive.namelist() and isinstance(written, dict):
        written["hands"] = _events(archive)
    return from_document(written, files_of_robot(archive, written))


def _events(archive: zipfile.ZipFile) -> list[Any]:
    """What hands did; it is looked at with the rest of the experiment."""
    if archive.getinfo(HANDS).file_size > _MAX_HANDS_BYTES:
        raise ValueError(f"its {HANDS} may have {_MAX_HANDS_BYTES:,} bytes")
    events = [plain.loads(line) for line in archive.read(HANDS).splitlines()]
    plain.check_finite(events)
    return events


def files_of_robot(archive: zipfile.ZipFile, written: Any) -> dict[str, bytes]:
    """The files that are named, no others: an archive may hold anything besides."""
    robot = written.get("robot") if isinstance(written, dict) else None
    named = robot.get("files") if isinstance(robot, dict) else None
    there = {info.filename: info.file_size for info in archive.infolist()}
    wanted = [path for path in named if ROBOT + path in there] if isinstance(named, dict) else []
    robot_files.check_count(len(wanted), sum(there[ROBOT + path] for path in wanted))
    return {path: archive.read(ROBOT + path) for path in wanted}
