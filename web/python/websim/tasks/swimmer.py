"""Swimmer: three links in a viscous fluid swim to the right."""

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from websim.physics import BatchData, FloatArray
from websim.task import Actions, Outcome, Task, norm

REWARD = '''
def reward(now, before, action):
    """To the right as fast as it can, with little effort."""
    x, x_before = now.joint("slider1").position, before.joint("slider1").position
    return {
        "reward_forward": (x - x_before) / now.dt,
        "reward_ctrl": -1e-4 * np.square(action).sum(axis=1),
    }
'''

MEASURE = '''
"""Metres that it got to the right."""

reduce = "sum"


def measure(now, before):
    return now.joint("slider1").position - before.joint("slider1").position
'''


@dataclass(kw_only=True)
class Swimmer(Task):
    """Gymnasium's Swimmer-v5."""

    id: ClassVar[str] = "Swimmer-v5"
    reward_code: ClassVar[str] = REWARD
    measure_code: ClassVar[str] = MEASURE
    reward_terms: ClassVar[tuple[str, ...]] = ("reward_forward", "reward_ctrl")

    xml_file: str = "swimmer.xml"
    frame_skip: int = 4
    forward_reward_weight: float = 1.0
    ctrl_cost_weight: float = 1e-4
    reset_noise_scale: float = 0.1
    exclude_current_positions_from_observation: bool = True

    def initial_state(self, rng: np.random.Generator) -> tuple[FloatArray, FloatArray]:
        return self.uniform_noise(rng, self.reset_noise_scale)

    def observation(self, data: BatchData) -> tuple[FloatArray, ...]:
        skip = 2 if self.exclude_current_positions_from_observation else 0
        return data.qpos[:, skip:], data.qvel

    def before(self, data: BatchData) -> FloatArray:
        return data.qpos[:, :2].copy()

    def outcome(self, data: BatchData, before: FloatArray, actions: Actions) -> Outcome:
        velocity = (data.qpos[:, :2] - before) / self.dt
        forward = self.forward_reward_weight * velocity[:, 0]
        ctrl_cost = self.ctrl_cost_weight * np.square(actions).sum(axis=1)
        return Outcome(
            rewards=forward - ctrl_cost,
            terms={"reward_forward": forward, "reward_ctrl": -ctrl_cost},
            infos={
                **self.reset_infos(data),
                "x_velocity": velocity[:, 0],
                "y_velocity": velocity[:, 1],
            },
        )

    def reset_infos(self, data: BatchData) -> dict[str, NDArray[Any]]:
        qpos = data.qpos
        return {
            "x_position": qpos[:, 0],
            "y_position": qpos[:, 1],
            "distance_from_origin": norm(qpos[:, :2]),
        }
