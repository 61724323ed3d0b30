"""What every policy is."""

from collections.abc import Mapping
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

Actions = NDArray[np.float32]


class Policy(Protocol):
    """Chooses actions for a whole batch."""

    def __call__(self, observations: NDArray[np.float64]) -> Actions:
        """Actions [n, act], within their bounds, for observations [n, obs]."""


def acting_weights(weights: Mapping[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
    """Those that a policy acts by: a critic's only help to learn."""
    return {name: array for name, array in weights.items() if not name.startswith("critic.")}
