"""A floor with heights: what stands in place of a model's plane."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

NAME = "websim_terrain"
"""Of the height field in the model."""

BASE = 1.0
"""Metres of ground below the lowest point: what is thrown against it does not get through."""


@dataclass(frozen=True)
class HeightField:
    """Heights on a grid around the origin, as MuJoCo has them.

    What takes the place of a plane keeps all of it but the margin. MuJoCo (3.14) takes a body that
    comes within the margin of a height field for one that is as deep in it, and has it bounce. So
    the floor's margin takes away what the robot's geoms have: contacts begin where they touch.

    Attributes:
        data: [nrow, ncol] float32 in 0..1; rows go along y, columns along x.
        spacing: Metres between two of them.
        elevation: Metres from 0 to 1; above 0.
        lowest: Height in m of what is 0.
    """

    data: NDArray[np.float32]
    spacing: float
    elevation: float
    lowest: float

    @property
    def size(self) -> tuple[float, float, float, float]:
        """As `hfield_size`: half of what it measures along x and y, elevation and base in m."""
        nrow, ncol = self.data.shape
        half = self.spacing / 2
        return (ncol - 1) * half, (nrow - 1) * half, self.elevation, BASE
