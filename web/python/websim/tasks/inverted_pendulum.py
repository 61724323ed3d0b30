"""InvertedPendulum: a cart keeps a pole upright."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from websim.physics import BatchData, FloatArray
from websim.task import Actions, Outcome, Task

REWARD = '''
def reward(now, before, action):
    """Upright for as long as it can."""
    return {"reward_survive": 1.0 * (np.abs(now.joint("hinge").angle) <= 0.2)}
'''

MEASURE = '''
"""Seconds that the pole stood upright."""

reduce = "sum"


def measure(now, before):
    return now.dt * (np.abs(now.joint("hinge").angle) <= 0.2)
'''


@dataclass(kw_only=True)
class InvertedPendulum(Task):
    """Gymnasium's InvertedPendulum-v5."""

    id: ClassVar[str] = "InvertedPendulum-v5"
    reward_code: ClassVar[str] = REWARD
    measure_code: ClassVar[str] = MEASURE
    reward_terms: ClassVar[tuple[str, ...]] = ("reward_survive",)

    xml_file: str = "inverted_pendulum.xml"
    frame_skip: int = 2
    reset_noise_scale: float = 0.01

    def initial_state(self, rng: np.random.Generator) -> tuple[FloatArray, FloatArray]:
        return self.uniform_noise(rng, self.reset_noise_scale)

    def observation(self, data: BatchData) -> tuple[FloatArray, ...]:
        return data.qpos, data.qvel

    def outcome(self, data: BatchData, before: None, actions: Actions) -> Outcome:
        terminated = np.abs(data.qpos[:, 1]) > 0.2
        survive = (~terminated).astype(int)
        return Outcome(survive, {"reward_survive": survive}, terminated)
