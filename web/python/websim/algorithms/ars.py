"""Augmented random search, V2-t (Mania et al., 2018): https://arxiv.org/abs/1803.07055.

Random search along perturbations of a linear policy: only the best directions count, the step is
divided by the standard deviation of their returns, and observations are normalised.
"""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from websim.algorithms.base import Hyperparameters, Metrics, hyperparameter
from websim.algorithms.population import Array, PopulationAlgorithm, PopulationHyperparameters


@dataclass(kw_only=True)
class ARSHyperparameters(PopulationHyperparameters):
    """The paper's: alpha is the learning rate, nu is sigma, N is num_envs / 2, b is num_top."""

    num_top: int = hyperparameter(
        0, "directions that count, the best; 0: all; raise it where the return jumps about", 0
    )


class ARS(PopulationAlgorithm):
    """See the module."""

    name: ClassVar[str] = "ars"
    Hyperparameters: ClassVar[type[Hyperparameters]] = ARSHyperparameters
    args: ARSHyperparameters

    def update(self, returns: NDArray[np.float64], noise: Array) -> Metrics:
        """See PopulationAlgorithm."""
        top = self.args.num_top or len(returns)
        best = np.argsort(-returns.max(axis=1), kind="stable")[:top]
        returns, noise = returns[best], noise[best]
        deviation = float(returns.std()) or 1.0
        weight = (returns[:, 0] - returns[:, 1]).astype(np.float32)
        step = self.args.learning_rate / (len(best) * deviation)
        self._weights += np.float32(step) * (weight @ noise)
        return {"charts/return_std": deviation}
