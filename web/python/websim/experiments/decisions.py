"""`decisions.jsonl` of a run: what was decided without a hand, why, and what came of it."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, fields
from typing import Any

from websim import plain

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
    """

    when: dict[str, float]
    what: str
    evidence: dict[str, Any] = field(default_factory=dict)
    cost: dict[str, float] = field(default_factory=dict)
    outcome: str = ""


def dump(decisions: Sequence[Decision]) -> bytes:
    """The file, a decision a line."""
    lines = (json.dumps(asdict(one), ensure_ascii=False, allow_nan=False) for one in decisions)
    return "".join(f"{line}\n" for line in lines).encode()


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
