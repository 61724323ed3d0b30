"""A tournament in the file of its best run: `tournament/` beside what the run has, and why.

decisions.jsonl              what was decided, and on what
tournament/tournament.json   all that it knows
tournament/<job>.websim      the runs that it goes on from; none once it is over
"""

import io
import json
import zipfile
from collections.abc import Mapping
from typing import Any

from websim import plain
from websim.authors.tournament.records import State
from websim.authors.tournament.tournament import Tournament, check
from websim.documents import Readers, as_plain, from_plain
from websim.errors import CheckpointError, DamagedCheckpoint, ForeignCheckpoint
from websim.experiments import archive, decisions
from websim.experiments.experiment import document, from_document
from websim.experiments.zips import ZipFile
from websim.training.checkpoints import MAX_BYTES
from websim.worlds import World
from websim.worlds.world import world_as_dict, world_from_dict

FORMAT = "mujoco-websim tournament"

VERSION = 1
"""Raised when a reader of the version before would misunderstand what is written."""

FOLDER = "tournament/"

NAME = f"{FOLDER}tournament.json"

WRITERS: Readers = {World: world_as_dict}

READERS: Readers = {World: world_from_dict}


def dump(tournament: Tournament, runs: Mapping[int, bytes]) -> bytes:
    """The file: the best run so far, the experiment where there is none yet, and the tournament.

    Args:
        tournament: It.
        runs: Checkpoints by number of the job that they are the end of.
    """
    best = tournament.best
    run = archive.dump(tournament.experiment) if best is None else runs[best.job.number]
    written = {
        "format": FORMAT,
        "version": VERSION,
        "experiment": document(tournament.experiment),
        "state": as_plain(tournament.state, WRITERS),
    }
    file = io.BytesIO(run)
    with ZipFile(file, "a", zipfile.ZIP_DEFLATED, compresslevel=1) as zipped:
        zipped.writestr(decisions.NAME, decisions.dump(tournament.state.decisions))
        zipped.writestr(NAME, json.dumps(written, ensure_ascii=False, allow_nan=False))
        for number in () if tournament.over else sorted(tournament.needed() & runs.keys()):
            zipped.writestr(f"{FOLDER}{number}.websim", runs[number], zipfile.ZIP_STORED)
    return file.getvalue()


def load(data: bytes) -> tuple[Tournament, dict[int, bytes]]:
    """Reads what `dump` wrote.

    Raises:
        ForeignCheckpoint: there is no tournament in it.
        FutureCheckpoint: of a newer version.
        DamagedCheckpoint: incomplete or altered.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as zipped:
            if NAME not in zipped.namelist():
                raise ForeignCheckpoint("There is no tournament in this file.")
            if sum(info.file_size for info in zipped.infolist()) > MAX_BYTES:
                raise ValueError(f"it unpacks to more than {MAX_BYTES:,} bytes")
            written = plain.loads(zipped.read(NAME))
            if not isinstance(written, dict) or written.get("format") != FORMAT:
                raise ForeignCheckpoint(f"{NAME} is no tournament.")
            plain.check_version("tournament", written.get("version"), VERSION)
            plain.check_finite(written)
            tournament = _tournament(zipped, written)
            runs = {
                number: zipped.read(f"{FOLDER}{number}.websim")
                for number in tournament.needed()
                if f"{FOLDER}{number}.websim" in zipped.namelist()
            }
    except CheckpointError:
        raise
    except Exception as error:  # of zipfile, zlib, json: each has its own
        raise DamagedCheckpoint(f"The tournament is damaged: {plain.brief(error)}.") from None
    if not tournament.over and (missing := tournament.needed() - runs.keys()):
        raise DamagedCheckpoint(f"The tournament lacks the runs {sorted(missing)}.")
    return tournament, runs


def _tournament(zipped: zipfile.ZipFile, written: dict[str, Any]) -> Tournament:
    files = archive.files_of_robot(zipped, written["experiment"])
    experiment = from_document(written["experiment"], files)
    state = from_plain(State, written["state"], "state", READERS)
    check(state.settings)
    _check_numbers(state)
    return Tournament(experiment, state)


def _check_numbers(state: State) -> None:
    """Raises ValueError where something is named that is not there."""
    entries, jobs = range(len(state.entries)), {done.job.number for done in state.done}
    if [entry.number for entry in state.entries] != list(entries):
        raise ValueError("its candidates are not in their order")
    named = [entry.parent for entry in state.entries if entry.parent is not None]
    named += [job.entry for job in (*state.jobs, *(done.job for done in state.done))]
    if state.search is not None:
        named.append(state.search.base)
        for generation in state.search.generations:
            named += [generation.control, *generation.entries]
    if any(number not in entries for number in named):
        raise ValueError("it names a candidate that is not there")
    ended = [number for entry in state.entries for number in entry.done]
    ended += [job.origin for job in state.jobs if job.origin is not None]
    ended += [] if state.winner is None else [state.winner]
    if not jobs.issuperset(ended):
        raise ValueError("it names a job that is not there")
    judged = {done.job.number for done in state.done if done.result.judgement is not None}
    if not judged.issuperset(ended):
        raise ValueError("it goes on from a job that was not judged")
