"""Nothing grows any longer, and the policy hardly moves."""

from dataclasses import dataclass

import numpy as np

from websim.adaptation.event import Event
from websim.adaptation.history import History
from websim.adaptation.statistics import theil_sen


@dataclass(frozen=True, kw_only=True)
class Plateau:
    """The measure, or the return where nothing is measured, does not grow beyond its noise.

    Attributes:
        iterations: That are looked at, and that there must be since the last change.
        values: So many of them must tell how episodes went: where all robots' episodes end at once,
            as those of HalfCheetah, few iterations do, and more of them are looked at.
        gain: What growth would be worth while: a share of all that was gained since the run began,
            over the iterations looked at. Less is none, even if it is sure.
        approx_kl: Below it updates hardly change the policy. Algorithms that tell neither this nor
            an entropy are judged by the growth alone.
        entropy: Below it, in nats for each number of an action, the policy hardly explores.
    """

    iterations: int = 40
    values: int = 6
    gain: float = 0.02
    approx_kl: float = 0.003
    entropy: float = 0.0

    def look(self, history: History, rng: np.random.Generator) -> Event | None:
        """Says whether it is so."""
        if history.iterations < self.iterations:
            return None
        tag = "charts/measure"
        steps, values = history.series(tag, self.iterations, self.values)
        if not np.isfinite(values).any():
            tag = "charts/episodic_return"
            steps, values = history.series(tag, self.iterations, self.values)
        if len(values) < self.values:
            return None
        slope = theil_sen(steps, values, rng)
        if np.isnan(slope.value):
            return None
        gained = slope.value * (steps[-1] - steps[0])
        everything = np.array([p.metrics.get(tag, np.nan) for p in history.points])
        extent = np.nanmax(everything) - np.nanmin(everything)
        if not slope.within_noise and gained > self.gain * extent:
            return None
        known = {
            name: float(np.nanmedian(series))
            for name in ("losses/approx_kl", "losses/entropy")
            if np.isfinite(series := history.series(name, self.iterations)[1]).any()
        }
        if "losses/entropy" in known:  # which is of a whole action
            known["entropy_of_each"] = known.pop("losses/entropy") / history.action_size
        limits = {"losses/approx_kl": self.approx_kl, "entropy_of_each": self.entropy}
        if known and not any(value < limits[name] for name, value in known.items()):
            return None
        return Event.of(
            "plateau",
            history,
            {"of": tag, "gained": gained, "slope": [slope.low, slope.value, slope.high], **known},
        )
