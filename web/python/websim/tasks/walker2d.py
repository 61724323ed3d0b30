"""Walker2d: a flat walker on two legs that must neither fall nor jump."""

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from websim.physics import BatchData, FloatArray
from websim.task import Actions, Outcome, Range, Task, between

REWARD = '''
def reward(now, before, action):
    """Forward as fast as it can, upright, with little effort."""
    x, x_before = now.joint("rootx").position, before.joint("rootx").position
    z, angle = now.joint("rootz").position, now.joint("rooty").angle
    healthy = (0.8 < z) & (z < 2.0) & (-1.0 < angle) & (angle < 1.0)
    return {
        "reward_forward": (x - x_before) / now.dt,
        "reward_ctrl": -1e-3 * np.square(action).sum(axis=1),
        "reward_survive": 1.0 * healthy,
    }
'''

MEASURE = '''
"""Metres that it got forward."""

reduce = "sum"


def measure(now, before):
    return now.joint("rootx").position - before.joint("rootx").position
'''


@dataclass(kw_only=True)
class Walker2d(Task):
    """Gymnasium's Walker2d-v5."""

    id: ClassVar[str] = "Walker2d-v5"
    reward_code: ClassVar[str] = REWARD
    measure_code: ClassVar[str] = MEASURE
    reward_terms: ClassVar[tuple[str, ...]] = ("reward_forward", "reward_ctrl", "reward_survive")

    xml_file: str = "walker2d_v5.xml"
    frame_skip: int = 4
    forward_reward_weight: float = 1.0
    ctrl_cost_weight: float = 1e-3
    healthy_reward: float = 1.0
    terminate_when_unhealthy: bool = True
    healthy_z_range: Range = (0.8, 2.0)
    healthy_angle_range: Range = (-1.0, 1.0)
    reset_noise_scale: float = 5e-3
    exclude_current_positions_from_observation: bool = True

    def initial_state(self, rng: np.random.Generator) -> tuple[FloatArray, FloatArray]:
        return self.uniform_noise(rng, self.reset_noise_scale)

    def observation(self, data: BatchData) -> tuple[FloatArray, ...]:
        skip = 1 if self.exclude_current_positions_from_observation else 0
        return data.qpos[:, skip:], data.qvel.clip(-10, 10)

    def before(self, data: BatchData) -> FloatArray:
        return data.qpos[:, 0].copy()

    def healthy(self, data: BatchData) -> NDArray[np.bool_]:
        """Whether height and angle of the torso are in their ranges [n]."""
        return between(data.qpos[:, 1], self.healthy_z_range) & between(
            data.qpos[:, 2], self.healthy_angle_range
        )

    def outcome(self, data: BatchData, before: FloatArray, actions: Actions) -> Outcome:
        x_velocity = (data.qpos[:, 0] - before) / self.dt
        healthy = self.healthy(data)
        forward = self.forward_reward_weight * x_velocity
        survive = healthy * self.healthy_reward
        ctrl_cost = self.ctrl_cost_weight * np.square(actions).sum(axis=1)
        return Outcome(
            rewards=(forward + survive) - ctrl_cost,
            terms={
                "reward_forward": forward,
                "reward_ctrl": -ctrl_cost,
                "reward_survive": survive,
            },
            terminated=~healthy & self.terminate_when_unhealthy,
            infos={**self.reset_infos(data), "x_velocity": x_velocity},
        )

    def reset_infos(self, data: BatchData) -> dict[str, NDArray[Any]]:
        return {
            "x_position": data.qpos[:, 0],
            "z_distance_from_origin": data.qpos[:, 1] - self.model.qpos0[1],
        }
