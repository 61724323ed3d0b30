"""What an author makes of words: another reward for what is wished, or what is wished next."""

from dataclasses import dataclass, replace

import numpy as np

from websim.adaptation.wishes import asked, candidates, wishes_of
from websim.authors import experiment_of
from websim.experiments.experiment import Experiment


@dataclass(frozen=True, kw_only=True)
class Rewrite:
    """Another of the rewards that an author makes of the present wish, drawn by chance."""

    def change(self, experiment: Experiment, rng: np.random.Generator) -> Experiment | None:
        """The experiment with the other reward; None where nothing is wished, or there is none."""
        wishes = wishes_of(experiment)
        if not wishes:
            return None
        made = candidates(wishes[0], experiment)
        others = [one for one in made if one.reward != experiment.reward]
        if not others:
            return None
        other = experiment_of(others[rng.integers(len(others))], experiment)
        return replace(other, measure=experiment.measure)


@dataclass(frozen=True, kw_only=True)
class NextWish:
    """The next wish takes the place of the present one: another reward, and another measure."""

    def change(self, experiment: Experiment, rng: np.random.Generator) -> Experiment | None:
        """The experiment of the next wish; None where it was the last one."""
        wishes = wishes_of(experiment)[1:]
        return asked(experiment, wishes) if wishes else None
