"""Pusher: an arm pushes a cylinder to a goal."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from websim.physics import BatchData, FloatArray, Model
from websim.task import Actions, Outcome, Task, norm

REWARD = '''
def reward(now, before, action):
    """The cylinder at its goal and the arm at the cylinder, with little effort."""
    target = now.body("object").position
    return {
        "reward_dist": -np.linalg.norm(target - now.body("goal").position, axis=1),
        "reward_ctrl": -0.1 * np.square(action).sum(axis=1),
        "reward_near": -0.5 * np.linalg.norm(target - now.body("tips_arm").position, axis=1),
    }
'''

MEASURE = '''
"""Metres from the cylinder to its goal at the end, negative: at best 0."""

reduce = "last"


def measure(now, before):
    return -np.linalg.norm(now.body("object").position - now.body("goal").position, axis=1)
'''


@dataclass(kw_only=True)
class Pusher(Task):
    """Gymnasium's Pusher-v5."""

    id: ClassVar[str] = "Pusher-v5"
    reward_code: ClassVar[str] = REWARD
    measure_code: ClassVar[str] = MEASURE
    max_episode_steps: ClassVar[int] = 100
    fields: ClassVar[tuple[str, ...]] = ("xpos",)
    reward_terms: ClassVar[tuple[str, ...]] = ("reward_dist", "reward_ctrl", "reward_near")

    xml_file: str = "pusher_v5.xml"
    frame_skip: int = 5
    reward_near_weight: float = 0.5
    reward_dist_weight: float = 1.0
    reward_control_weight: float = 0.1

    def bind(self, model: Model) -> None:
        super().bind(model)
        self._tips = model.body("tips_arm")
        self._object = model.body("object")
        self._goal = model.body("goal")

    def initial_state(self, rng: np.random.Generator) -> tuple[FloatArray, FloatArray]:
        while True:
            cylinder = rng.uniform(-0.3, 0), rng.uniform(-0.2, 0.2)
            if np.hypot(*cylinder) > 0.17:
                break
        qpos = self.model.qpos0.copy()
        qpos[-4:-2] = cylinder
        qpos[-2:] = 0.0  # The goal.
        qvel = rng.uniform(-0.005, 0.005, self.model.nv)
        qvel[-4:] = 0.0
        return qpos, qvel

    def observation(self, data: BatchData) -> tuple[FloatArray, ...]:
        xpos = data.xpos
        return (
            data.qpos[:, :7],
            data.qvel[:, :7],
            xpos[:, self._tips],
            xpos[:, self._object],
            xpos[:, self._goal],
        )

    def outcome(self, data: BatchData, before: None, actions: Actions) -> Outcome:
        target = data.xpos[:, self._object]
        near = -norm(target - data.xpos[:, self._tips]) * self.reward_near_weight
        dist = -norm(target - data.xpos[:, self._goal]) * self.reward_dist_weight
        ctrl = -np.square(actions).sum(axis=1) * self.reward_control_weight
        return Outcome(
            rewards=dist + ctrl + near,
            terms={"reward_dist": dist, "reward_ctrl": ctrl, "reward_near": near},
        )
