"""What had been learnt is lost."""

from dataclasses import dataclass

import numpy as np

from websim.adaptation.event import Event
from websim.adaptation.history import History
from websim.adaptation.statistics import noise


@dataclass(frozen=True, kw_only=True)
class Collapse:
    """The measure, or the return where nothing is measured, has fallen far below what it was.

    Attributes:
        iterations: Whose median is compared with the best such median before.
        drop: Which share of what had been gained is gone.
        spreads: How many standard deviations of the iterations looked at that must be besides.
    """

    iterations: int = 10
    drop: float = 0.5
    spreads: float = 3.0

    def look(self, history: History, rng: np.random.Generator) -> Event | None:
        """Says whether it is so."""
        tag = "charts/measure"
        _, values = history.series(tag, len(history.points))
        if not np.isfinite(values).any():
            tag = "charts/episodic_return"
            _, values = history.series(tag, len(history.points))
        values = values[np.isfinite(values)]
        if len(values) < 3 * self.iterations:
            return None
        windows = np.lib.stride_tricks.sliding_window_view(values, self.iterations)
        medians = np.median(windows, axis=1)
        now, at = medians[-1], int(np.argmax(medians))
        best, first = medians[at], medians[: at + 1].min()
        lost = best - now
        if lost <= self.drop * (best - first) or lost <= self.spreads * noise(windows[-1]):
            return None
        return Event.of("collapse", history, {"of": tag, "best": float(best), "now": float(now)})
