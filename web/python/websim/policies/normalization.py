"""What policies see observations through: statistics that no longer change."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from websim.errors import DamagedCheckpoint
from websim.nn.normalization import NormalizeObservation


@dataclass(frozen=True)
class Normalization:
    """Observations are brought to mean 0 and deviation 1, and clipped to +-`clip`."""

    mean: NDArray[np.float64]
    std: NDArray[np.float64]
    clip: float

    def __call__(self, observations: NDArray[np.float64]) -> NDArray[np.float32]:
        """Normalises observations [n, obs]."""
        normalized = np.clip((observations - self.mean) / self.std, -self.clip, self.clip)
        return normalized.astype(np.float32)


def normalization_of(state: Mapping[str, Any], clip: float) -> Normalization:
    """What a saved policy sees observations through; raises DamagedCheckpoint without it."""
    saved = state.get("normalize_observation")
    if not isinstance(saved, dict) or not isinstance(saved.get("mean"), np.ndarray):
        raise DamagedCheckpoint("The checkpoint lacks the statistics of observations.")
    normalize = NormalizeObservation(saved["mean"].size, clip)
    normalize.rms.load(saved)
    return Normalization(normalize.rms.mean, normalize.rms.std, normalize.clip)
