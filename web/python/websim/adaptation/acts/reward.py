"""Another reward."""

from dataclasses import dataclass, replace

import numpy as np

from websim.authors.weights import weights_of, with_weights
from websim.experiments.experiment import Experiment


@dataclass(frozen=True, kw_only=True)
class Reweigh:
    """The weight of one term, drawn by chance, becomes a multiple or a part of what it is.

    Attributes:
        factor: The greatest; its logarithm is drawn evenly, either way.
    """

    factor: float = 3.0

    def change(self, experiment: Experiment, rng: np.random.Generator) -> Experiment | None:
        """The experiment with the other weight; None where its reward has no weights."""
        if experiment.reward is None:
            return None
        weights = weights_of(experiment.reward)
        if not weights:
            return None
        term = rng.choice(list(weights))
        factor = np.exp(rng.uniform(-1, 1) * np.log(self.factor))
        reward = with_weights(experiment.reward, {str(term): weights[term] * float(factor)})
        return replace(experiment, reward=reward)
