"""Evolution strategies (Salimans et al., 2017): https://arxiv.org/abs/1703.03864.

The gradient of the expected return under Gaussian perturbations of the weights is estimated from
mirrored pairs; returns count by their rank only; Adam takes the step.
"""

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from websim.algorithms.base import Hyperparameters, Metrics, hyperparameter
from websim.algorithms.population import (
    DEVIATION,
    MEMBERS,
    Array,
    PopulationAlgorithm,
    PopulationHyperparameters,
)
from websim.experiments.experiment import Experiment
from websim.nn.optimizers import Adam
from websim.ranks import Communicator
from websim.states import StateDict


@dataclass(kw_only=True)
class ESHyperparameters(PopulationHyperparameters):
    """Of OpenAI's strategy."""

    num_envs: int = hyperparameter(64, MEMBERS, 2, 65_536)
    sigma: float = hyperparameter(0.05, DEVIATION, 1e-9)
    weight_decay: float = hyperparameter(
        0.005, "pull of the weights to zero; raise it where weights grow and the return falls", 0.0
    )


class ES(PopulationAlgorithm):
    """See the module."""

    name: ClassVar[str] = "es"
    Hyperparameters: ClassVar[type[Hyperparameters]] = ESHyperparameters
    args: ESHyperparameters

    def __init__(self, experiment: Experiment, communicator: Communicator) -> None:
        """See PopulationAlgorithm."""
        super().__init__(experiment, communicator)
        self.optimizer = Adam(self._weights, eps=1e-8)

    def update(self, returns: NDArray[np.float64], noise: Array) -> Metrics:
        """See PopulationAlgorithm."""
        args = self.args
        ranks = centered_ranks(returns)
        shaped = (ranks[:, 0] - ranks[:, 1]).astype(np.float32)
        # The return is to grow, and Adam goes down.
        gradient = -(shaped @ noise) / np.float32(2 * len(noise) * args.sigma)
        gradient += np.float32(args.weight_decay) * self._weights
        self.optimizer.step(gradient, args.learning_rate)
        return {"charts/gradient_norm": float(np.linalg.norm(gradient))}

    def state(self) -> StateDict:
        """See Algorithm."""
        return {
            **super().state(),
            "gradient_steps": self.optimizer.steps,
            "adam": self.optimizer.state(),
        }

    def load(self, state: StateDict) -> None:
        """See Algorithm."""
        # Once there was a step in each iteration, and their number was not kept.
        steps: Any = state.get("gradient_steps", state["iteration"])
        self.optimizer.load(state.get("adam"), steps)
        super().load(state)


def centered_ranks(returns: NDArray[np.float64]) -> NDArray[np.float64]:
    """Replaces each number by its place among all, from -0.5 (least) to 0.5 (greatest)."""
    flat = returns.ravel()
    places = np.empty(flat.size)
    places[np.argsort(flat, kind="stable")] = np.arange(flat.size)
    return (places / max(1, flat.size - 1) - 0.5).reshape(returns.shape)
