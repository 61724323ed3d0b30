"""`decisions.jsonl` of a run: what was decided on evidence, why, and what came of it."""

import io
import json
import zipfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, fields
from typing import Any

from websim import plain
from websim.errors import DamagedCheckpoint
from websim.experiments.zips import ZipFile

NAME = "decisions.jsonl"

MAX_BYTES = 16 << 20


@dataclass(frozen=True, kw_only=True)
class Decision:
    """A line of the file.

    Attributes:
        when: How far all was by then: environment steps, seconds.
        what: What was done, as a sentence.
        evidence: What it was done on: plain data.
        cost: What it has cost to know that: environment steps, seconds.
        outcome: What came of it, as a sentence; empty: nothing is known yet.
        event: What a run that adapts had noticed: the rule's name, or undo.
        act: What it tried then: the act's name, and its numbers.
        taken: Whether the run goes on with that; null: it was not tried.
    """

    when: dict[str, float]
    what: str
    evidence: dict[str, Any] = field(default_factory=dict)
    cost: dict[str, float] = field(default_factory=dict)
    outcome: str = ""
    event: str = ""
    act: dict[str, Any] = field(default_factory=dict)
    taken: bool | None = None


@dataclass(kw_only=True)
class Course:
    """How a run goes that changes its own course.

    Attributes:
        trying: What is being tried; null: nothing.
        tried: How much of that trial is over, 0 to 1.
        proposed: What waits for a person's yes or no; null: nothing.
        spent: Environment steps in all: those learnt, those of changes that went no further, and
            those of the episodes that judged.
        decisions: All, where there are others than before; null: they are the same.
        undoable: Numbers of those decisions whose other side is kept.
        experiment: What is learnt from now on, as JSON; null: the same as before.
        heard: The wish of a person that was heard; 0: none.
        refused: Why it was not granted; empty: it was.
    """

    trying: Decision | None
    tried: float
    proposed: Decision | None
    spent: int
    decisions: list[Decision] | None
    undoable: list[int]
    experiment: str | None
    heard: int
    refused: str


def dump(decisions: Sequence[Decision]) -> bytes:
    """The file, a decision a line."""
    lines = (json.dumps(asdict(one), ensure_ascii=False, allow_nan=False) for one in decisions)
    return "".join(f"{line}\n" for line in lines).encode()


def decisions_of(run: bytes) -> list[Decision]:
    """Those of a run's file; raises DamagedCheckpoint."""
    try:
        with zipfile.ZipFile(io.BytesIO(run)) as archive:
            return load(archive.read(NAME)) if NAME in archive.namelist() else []
    except (ValueError, TypeError, zipfile.BadZipFile) as error:
        raise DamagedCheckpoint(f"{NAME} is damaged: {plain.brief(error)}.") from None


def written(run: bytes, decisions: Sequence[Decision]) -> bytes:
    """A run's file with these decisions in place of those that it has."""
    file = io.BytesIO(run)
    with zipfile.ZipFile(file) as archive:
        others = [info for info in archive.infolist() if info.filename != NAME]
        if len(others) < len(archive.infolist()):
            file = io.BytesIO()
            with ZipFile(file, "w") as copy:
                for info in others:
                    copy.writestr(info, archive.read(info))
    with ZipFile(file, "a") as archive:
        archive.writestr(NAME, dump(decisions))
    return file.getvalue()


def load(data: bytes) -> list[Decision]:
    """Reads the file; raises ValueError where it is none."""
    known = {entry.name for entry in fields(Decision)}
    decisions = []
    for line in data.splitlines():
        values = plain.loads(line, MAX_BYTES)
        if not isinstance(values, dict) or not {"when", "what"} <= set(values) <= known:
            raise ValueError(f"a line of {NAME} is no decision: {line[:99]!r}")
        decisions.append(Decision(**values))
    return decisions
