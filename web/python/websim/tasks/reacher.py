"""Reacher: an arm of two links brings its fingertip to a target."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from websim.physics import BatchData, FloatArray, Model
from websim.task import Actions, Outcome, Task, norm

REWARD = '''
def reward(now, before, action):
    """The fingertip at the target, with little effort."""
    gap = now.body("fingertip").position - now.body("target").position
    return {
        "reward_dist": -np.linalg.norm(gap, axis=1),
        "reward_ctrl": -np.square(action).sum(axis=1),
    }
'''

MEASURE = '''
"""Metres from the fingertip to the target at the end, negative: at best 0."""

reduce = "last"


def measure(now, before):
    return -np.linalg.norm(now.body("fingertip").position - now.body("target").position, axis=1)
'''


@dataclass(kw_only=True)
class Reacher(Task):
    """Gymnasium's Reacher-v5."""

    id: ClassVar[str] = "Reacher-v5"
    reward_code: ClassVar[str] = REWARD
    measure_code: ClassVar[str] = MEASURE
    max_episode_steps: ClassVar[int] = 50
    fields: ClassVar[tuple[str, ...]] = ("xpos",)
    reward_terms: ClassVar[tuple[str, ...]] = ("reward_dist", "reward_ctrl")

    xml_file: str = "reacher.xml"
    frame_skip: int = 2
    reward_dist_weight: float = 1.0
    reward_control_weight: float = 1.0

    def bind(self, model: Model) -> None:
        super().bind(model)
        self._fingertip = model.body("fingertip")
        self._target = model.body("target")

    def initial_state(self, rng: np.random.Generator) -> tuple[FloatArray, FloatArray]:
        qpos = self.model.qpos0 + rng.uniform(-0.1, 0.1, self.model.nq)
        while True:
            goal = rng.uniform(-0.2, 0.2, 2)
            if np.hypot(*goal) < 0.2:
                break
        qpos[-2:] = goal
        qvel = rng.uniform(-0.005, 0.005, self.model.nv)
        qvel[-2:] = 0.0
        return qpos, qvel

    def observation(self, data: BatchData) -> tuple[FloatArray, ...]:
        angles = data.qpos[:, :2]
        return (
            np.cos(angles),
            np.sin(angles),
            data.qpos[:, 2:],
            data.qvel[:, :2],
            self._to_target(data)[:, :2],
        )

    def outcome(self, data: BatchData, before: None, actions: Actions) -> Outcome:
        dist = -norm(self._to_target(data)) * self.reward_dist_weight
        ctrl = -np.square(actions).sum(axis=1) * self.reward_control_weight
        return Outcome(dist + ctrl, {"reward_dist": dist, "reward_ctrl": ctrl})

    def _to_target(self, data: BatchData) -> FloatArray:
        """From the target to the fingertip [n, 3]."""
        xpos = data.xpos
        return xpos[:, self._fingertip] - xpos[:, self._target]
