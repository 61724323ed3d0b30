"""InvertedDoublePendulum: a cart keeps a pole of two links upright."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from websim.physics import BatchData, FloatArray
from websim.task import Actions, Outcome, Task

REWARD = '''
def reward(now, before, action):
    """The tip as high as it can, above the middle, and at rest."""
    tip = now.site("tip").position
    x, y = tip[:, 0], tip[:, 2]
    v1, v2 = now.joint("hinge").velocity, now.joint("hinge2").velocity
    return {
        "reward_survive": 10.0 * (y > 1),
        "distance_penalty": -(0.01 * x**2 + (y - 2) ** 2),
        "velocity_penalty": -(1e-3 * v1**2 + 5e-3 * v2**2),
    }
'''

MEASURE = '''
"""Seconds that the poles stood upright."""

reduce = "sum"


def measure(now, before):
    return now.dt * (now.site("tip").height > 1)
'''


@dataclass(kw_only=True)
class InvertedDoublePendulum(Task):
    """Gymnasium's InvertedDoublePendulum-v5."""

    id: ClassVar[str] = "InvertedDoublePendulum-v5"
    reward_code: ClassVar[str] = REWARD
    measure_code: ClassVar[str] = MEASURE
    fields: ClassVar[tuple[str, ...]] = ("site_xpos", "qfrc_constraint")
    reward_terms: ClassVar[tuple[str, ...]] = (
        "reward_survive",
        "distance_penalty",
        "velocity_penalty",
    )

    xml_file: str = "inverted_double_pendulum.xml"
    frame_skip: int = 5
    healthy_reward: float = 10.0
    reset_noise_scale: float = 0.1

    def initial_state(self, rng: np.random.Generator) -> tuple[FloatArray, FloatArray]:
        return self.normal_noise(rng, self.reset_noise_scale)

    def observation(self, data: BatchData) -> tuple[FloatArray, ...]:
        angles = data.qpos[:, 1:]
        return (
            data.qpos[:, :1],
            np.sin(angles),
            np.cos(angles),
            data.qvel.clip(-10, 10),
            data.qfrc_constraint[:, :1].clip(-10, 10),
        )

    def outcome(self, data: BatchData, before: None, actions: Actions) -> Outcome:
        x, y = data.site_xpos[:, 0, 0], data.site_xpos[:, 0, 2]
        v1, v2 = data.qvel[:, 1], data.qvel[:, 2]
        terminated = y <= 1
        survive = ~terminated * self.healthy_reward
        distance_penalty = 0.01 * x**2 + (y - 2) ** 2
        velocity_penalty = 1e-3 * v1**2 + 5e-3 * v2**2
        return Outcome(
            rewards=survive - distance_penalty - velocity_penalty,
            terms={
                "reward_survive": survive,
                "distance_penalty": -distance_penalty,
                "velocity_penalty": -velocity_penalty,
            },
            terminated=terminated,
        )
