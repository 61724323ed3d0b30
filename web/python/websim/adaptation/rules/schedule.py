"""It is time."""

from dataclasses import dataclass

import numpy as np

from websim.adaptation.event import Event
from websim.adaptation.history import History


@dataclass(frozen=True, kw_only=True)
class Schedule:
    """So many steps have passed since the last change.

    Attributes:
        every: Environment steps.
    """

    every: int = 500_000

    def look(self, history: History, rng: np.random.Generator) -> Event | None:
        """Says whether it is so."""
        if not history.points:
            return None
        passed = history.points[-1].global_step - history.since
        return Event.of("schedule", history, {"steps": passed}) if passed >= self.every else None
