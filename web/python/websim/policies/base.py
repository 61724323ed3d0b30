"""What every policy is."""

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Actions = NDArray[np.float32]


class Policy(Protocol):
    """Chooses actions for a whole batch."""

    def __call__(self, observations: NDArray[np.float64]) -> Actions:
        """Actions [n, act], within their bounds, for observations [n, obs]."""
