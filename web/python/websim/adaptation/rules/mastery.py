"""What is asked is done nearly always."""

from dataclasses import dataclass

import numpy as np

from websim.adaptation.event import Event
from websim.adaptation.history import History
from websim.adaptation.statistics import wilson_lower


@dataclass(frozen=True, kw_only=True)
class Mastery:
    """The lower bound of the share of successful episodes is high.

    Attributes:
        goal: The measure from which an episode is a success.
        success: What the lower bound of the share (Wilson, 95%) has to reach.
        episodes: The newest, by which it is judged; there must be so many since the last change.
    """

    goal: float
    success: float = 0.8
    episodes: int = 50

    def look(self, history: History, rng: np.random.Generator) -> Event | None:
        """Says whether it is so."""
        newest = history.newest_episodes(self.episodes)
        if len(newest) < self.episodes:
            return None
        successes = sum(episode.measure >= self.goal for episode in newest)
        bound = wilson_lower(successes, len(newest))
        if bound < self.success:
            return None
        evidence = {"successes": successes, "episodes": len(newest), "lower_bound": bound}
        return Event.of("mastery", history, evidence)
