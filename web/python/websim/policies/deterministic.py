"""What ES and ARS learn."""

import numpy as np
from numpy.typing import NDArray

from websim.nn.layers import TinyMLP
from websim.policies.base import Actions
from websim.policies.bounds import Bounds
from websim.policies.normalization import Normalization


class DeterministicPolicy:
    """A TinyMLP with its weights."""

    def __init__(
        self,
        network: TinyMLP,
        weights: NDArray[np.float32],
        normalization: Normalization,
        bounds: Bounds,
    ) -> None:
        """Takes the network, its weights [size], normalisation, and bounds of actions."""
        self.network, self.weights, self.normalization = network, weights, normalization
        self.bounds = bounds

    def __call__(self, observations: NDArray[np.float64]) -> Actions:
        """See Policy."""
        return self.bounds(self.network.act(self.normalization(observations), self.weights))
