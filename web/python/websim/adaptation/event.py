"""Something that a run has noticed of itself."""

from dataclasses import dataclass
from typing import Any

from websim.adaptation.history import History


@dataclass(frozen=True)
class Event:
    """A rule that has found what it looks for.

    Attributes:
        kind: The rule's name.
        iteration: Finished iterations.
        global_step: Environment steps.
        evidence: What it is judged by, as plain data.
    """

    kind: str
    iteration: int
    global_step: int
    evidence: dict[str, Any]

    @classmethod
    def of(cls, kind: str, history: History, evidence: dict[str, Any]) -> "Event":
        """One of now; with what is known of the levels, where there are any."""
        newest = history.points[-1]
        levels = {"levels": history.by_level()} if history.levels else {}
        return cls(kind, newest.iteration, newest.global_step, {**evidence, **levels})
