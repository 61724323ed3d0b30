"""Other steps of learning."""

from dataclasses import dataclass, replace

import numpy as np

from websim.algorithms import algorithm_class
from websim.algorithms.base import make_hyperparameters
from websim.errors import InvalidArgument
from websim.experiments.experiment import Experiment


@dataclass(frozen=True, kw_only=True)
class Rescale:
    """A hyperparameter becomes a multiple of what it is.

    Attributes:
        hyperparameter: A number of the algorithm, as `learning_rate`, `ent_coef` or `clip_coef`.
        factor: What it is multiplied with.
        from_zero: What it becomes where it is 0.
    """

    hyperparameter: str
    factor: float
    from_zero: float = 0.0

    def change(self, experiment: Experiment, rng: np.random.Generator) -> Experiment | None:
        """The experiment with the other number; None where it may not be so."""
        kind = algorithm_class(experiment.algorithm).Hyperparameters
        args = make_hyperparameters(kind, experiment.hyperparameters)
        value = getattr(args, self.hyperparameter, None)
        if not isinstance(value, float):
            return None
        other = value * self.factor if value else self.from_zero
        if other == value:
            return None
        changed = {**experiment.hyperparameters, self.hyperparameter: other}
        try:
            make_hyperparameters(kind, changed)
        except InvalidArgument:
            return None
        return replace(experiment, hyperparameters=changed)
