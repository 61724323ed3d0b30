"""What ES and ARS learn."""

import numpy as np
from numpy.typing import NDArray

from websim.nn.layers import TinyMLP
from websim.policies.base import Actions
from websim.policies.normalization import Normalization


class DeterministicPolicy:
    """A TinyMLP with its weights."""

    def __init__(
        self,
        network: TinyMLP,
        weights: NDArray[np.float32],
        normalization: Normalization,
        low: Actions,
        high: Actions,
    ) -> None:
        """Takes the network, its weights [size], normalisation, and bounds of actions [nu]."""
        self.network, self.weights, self.normalization = network, weights, normalization
        self.low, self.high = low, high

    def __call__(self, observations: NDArray[np.float64]) -> Actions:
        """See Policy."""
        actions = self.network.act(self.normalization(observations), self.weights)
        return np.clip(actions, self.low, self.high)
