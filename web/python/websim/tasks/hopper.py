"""Hopper: a walker with one leg."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from websim.physics import BatchData
from websim.task import Range, between
from websim.tasks.walker2d import Walker2d

REWARD = '''
def reward(now, before, action):
    """Forward as fast as it can, upright, with little effort, and nothing may run away."""
    x, x_before = now.joint("rootx").position, before.joint("rootx").position
    z, angle = now.joint("rootz").position, now.joint("rooty").angle
    kept = (np.abs(now.qpos[:, 2:]) < 100).all(axis=1) & (np.abs(now.qvel) < 100).all(axis=1)
    healthy = (z > 0.7) & (np.abs(angle) < 0.2) & kept
    return {
        "reward_forward": (x - x_before) / now.dt,
        "reward_ctrl": -1e-3 * np.square(action).sum(axis=1),
        "reward_survive": 1.0 * healthy,
    }
'''


@dataclass(kw_only=True)
class Hopper(Walker2d):
    """Gymnasium's Hopper-v5: Walker2d's rules, and no part of the state may run away."""

    id: ClassVar[str] = "Hopper-v5"
    reward_code: ClassVar[str] = REWARD

    xml_file: str = "hopper.xml"
    healthy_state_range: Range = (-100.0, 100.0)
    healthy_z_range: Range = (0.7, float("inf"))
    healthy_angle_range: Range = (-0.2, 0.2)

    def healthy(self, data: BatchData) -> NDArray[np.bool_]:
        """Whether torso, positions and velocities are in their ranges [n]."""
        positions = between(data.qpos[:, 2:], self.healthy_state_range).all(axis=1)
        velocities = between(data.qvel, self.healthy_state_range).all(axis=1)
        return super().healthy(data) & positions & velocities
