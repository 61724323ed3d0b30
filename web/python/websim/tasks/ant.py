"""Ant: a torso on four legs of two joints each runs forward."""

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from websim.physics import BatchData, FloatArray, Model
from websim.task import Actions, Outcome, Range, Task, flat, norm

REWARD = '''
def reward(now, before, action):
    """Forward as fast as it can, on its feet, with little effort and soft contacts."""
    velocity = (now.body("torso").position - before.body("torso").position) / now.dt
    healthy = (now.qpos[:, 2] >= 0.2) & (now.qpos[:, 2] <= 1.0)
    contacts = now.cfrc_ext.reshape(len(action), -1).clip(-1, 1)
    return {
        "reward_forward": velocity[:, 0],
        "reward_ctrl": -0.5 * np.square(action).sum(axis=1),
        "reward_contact": -5e-4 * np.square(contacts).sum(axis=1),
        "reward_survive": 1.0 * healthy,
    }
'''

MEASURE = '''
"""Metres that the torso got forward."""

reduce = "sum"


def measure(now, before):
    return now.body("torso").position[:, 0] - before.body("torso").position[:, 0]
'''


@dataclass(kw_only=True)
class Ant(Task):
    """Gymnasium's Ant-v5."""

    id: ClassVar[str] = "Ant-v5"
    reward_code: ClassVar[str] = REWARD
    measure_code: ClassVar[str] = MEASURE
    fields: ClassVar[tuple[str, ...]] = ("xpos", "cfrc_ext")
    reward_terms: ClassVar[tuple[str, ...]] = (
        "reward_forward",
        "reward_ctrl",
        "reward_contact",
        "reward_survive",
    )

    xml_file: str = "ant.xml"
    frame_skip: int = 5
    forward_reward_weight: float = 1.0
    ctrl_cost_weight: float = 0.5
    contact_cost_weight: float = 5e-4
    healthy_reward: float = 1.0
    main_body: int | str = 1
    terminate_when_unhealthy: bool = True
    healthy_z_range: Range = (0.2, 1.0)
    contact_force_range: Range = (-1.0, 1.0)
    reset_noise_scale: float = 0.1
    exclude_current_positions_from_observation: bool = True
    include_cfrc_ext_in_observation: bool = True

    def bind(self, model: Model) -> None:
        super().bind(model)
        self._body = model.body_id(self.main_body)

    def initial_state(self, rng: np.random.Generator) -> tuple[FloatArray, FloatArray]:
        return self.normal_noise(rng, self.reset_noise_scale)

    def observation(self, data: BatchData) -> tuple[FloatArray, ...]:
        skip = 2 if self.exclude_current_positions_from_observation else 0
        if not self.include_cfrc_ext_in_observation:
            return data.qpos[:, skip:], data.qvel
        # The first body is the world: nothing pushes it.
        return data.qpos[:, skip:], data.qvel, self._contact_forces(data)[:, 6:]

    def before(self, data: BatchData) -> FloatArray:
        return data.xpos[:, self._body, :2].copy()

    def outcome(self, data: BatchData, before: FloatArray, actions: Actions) -> Outcome:
        velocity = (data.xpos[:, self._body, :2] - before) / self.dt
        z = data.qpos[:, 2]
        healthy = (self.healthy_z_range[0] <= z) & (z <= self.healthy_z_range[1])

        forward = velocity[:, 0] * self.forward_reward_weight
        survive = healthy * self.healthy_reward
        ctrl_cost = self.ctrl_cost_weight * np.square(actions).sum(axis=1)
        contact_cost = self.contact_cost_weight * np.square(self._contact_forces(data)).sum(axis=1)
        return Outcome(
            rewards=(forward + survive) - (ctrl_cost + contact_cost),
            terms={
                "reward_forward": forward,
                "reward_ctrl": -ctrl_cost,
                "reward_contact": -contact_cost,
                "reward_survive": survive,
            },
            terminated=~healthy & self.terminate_when_unhealthy,
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

    def _contact_forces(self, data: BatchData) -> FloatArray:
        """Forces and torques on each body, limited [n, 6 * bodies]."""
        return flat(data.cfrc_ext).clip(*self.contact_force_range)
