"""What may be done: changes of an experiment, a file for each part of it that they change."""

from typing import Protocol

import numpy as np

from websim.adaptation.acts.author import NextWish, Rewrite
from websim.adaptation.acts.learning import Rescale
from websim.adaptation.acts.reward import Reweigh
from websim.adaptation.acts.world import Follow, Harder, Widen
from websim.experiments.experiment import Experiment


class Act(Protocol):
    """A change of an experiment, which goes on from what was learnt in the one before."""

    def change(self, experiment: Experiment, rng: np.random.Generator) -> Experiment | None:
        """The changed experiment; None where there is nothing to change.

        Raises:
            WebSimError: who is asked for the change does not know what to do.
        """
        ...


ACTS: dict[str, type[Act]] = {
    "rescale": Rescale,
    "harder": Harder,
    "follow": Follow,
    "widen": Widen,
    "reweigh": Reweigh,
    "rewrite": Rewrite,
    "next_wish": NextWish,
}

__all__ = ["ACTS", "Act", "Follow", "Harder", "NextWish", "Rescale", "Reweigh", "Rewrite", "Widen"]
