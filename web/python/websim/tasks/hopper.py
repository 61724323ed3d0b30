"""Hopper: a walker with one leg."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from websim.physics import BatchData
from websim.task import Range, between
from websim.tasks.walker2d import Walker2d


@dataclass(kw_only=True)
class Hopper(Walker2d):
    """Gymnasium's Hopper-v5: Walker2d's rules, and no part of the state may run away."""

    id: ClassVar[str] = "Hopper-v5"

    xml_file: str = "hopper.xml"
    healthy_state_range: Range = (-100.0, 100.0)
    healthy_z_range: Range = (0.7, float("inf"))
    healthy_angle_range: Range = (-0.2, 0.2)

    def healthy(self, data: BatchData) -> NDArray[np.bool_]:
        """Whether torso, positions and velocities are in their ranges [n]."""
        positions = between(data.qpos[:, 2:], self.healthy_state_range).all(axis=1)
        velocities = between(data.qvel, self.healthy_state_range).all(axis=1)
        return super().healthy(data) & positions & velocities
