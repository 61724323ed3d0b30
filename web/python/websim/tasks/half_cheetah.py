"""HalfCheetah: a flat runner on two legs, back and front."""

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from websim.physics import BatchData, FloatArray
from websim.task import Actions, Outcome, Task

REWARD = '''
def reward(now, before, action):
    """Forward as fast as it can, with little effort."""
    x, x_before = now.joint("rootx").position, before.joint("rootx").position
    return {
        "reward_forward": (x - x_before) / now.dt,
        "reward_ctrl": -0.1 * np.square(action).sum(axis=1),
    }
'''

MEASURE = '''
"""Metres that it got forward."""

reduce = "sum"


def measure(now, before):
    return now.joint("rootx").position - before.joint("rootx").position
'''


@dataclass(kw_only=True)
class HalfCheetah(Task):
    """Gymnasium's HalfCheetah-v5."""

    id: ClassVar[str] = "HalfCheetah-v5"
    reward_code: ClassVar[str] = REWARD
    measure_code: ClassVar[str] = MEASURE
    reward_terms: ClassVar[tuple[str, ...]] = ("reward_forward", "reward_ctrl")

    xml_file: str = "half_cheetah.xml"
    frame_skip: int = 5
    forward_reward_weight: float = 1.0
    ctrl_cost_weight: float = 0.1
    reset_noise_scale: float = 0.1
    exclude_current_positions_from_observation: bool = True

    def initial_state(self, rng: np.random.Generator) -> tuple[FloatArray, FloatArray]:
        return self.normal_noise(rng, self.reset_noise_scale)

    def observation(self, data: BatchData) -> tuple[FloatArray, ...]:
        skip = 1 if self.exclude_current_positions_from_observation else 0
        return data.qpos[:, skip:], data.qvel

    def before(self, data: BatchData) -> FloatArray:
        return data.qpos[:, 0].copy()

    def outcome(self, data: BatchData, before: FloatArray, actions: Actions) -> Outcome:
        x_velocity = (data.qpos[:, 0] - before) / self.dt
        forward = self.forward_reward_weight * x_velocity
        ctrl_cost = self.ctrl_cost_weight * np.square(actions).sum(axis=1)
        return Outcome(
            rewards=forward - ctrl_cost,
            terms={"reward_forward": forward, "reward_ctrl": -ctrl_cost},
            infos={**self.reset_infos(data), "x_velocity": x_velocity},
        )

    def reset_infos(self, data: BatchData) -> dict[str, NDArray[Any]]:
        return {"x_position": data.qpos[:, 0]}
