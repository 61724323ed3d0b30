"""Humanoid: a body on two legs, with arms, walks forward."""

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from websim.physics import BatchData, FloatArray, Model
from websim.task import Actions, Outcome, Range, Task, between, flat, norm

REWARD = '''
def reward(now, before, action):
    """Forward as fast as it can, upright, with little effort and soft contacts."""
    velocity = (now.center_of_mass - before.center_of_mass) / now.dt
    healthy = (1.0 < now.qpos[:, 2]) & (now.qpos[:, 2] < 2.0)
    contacts = np.square(now.cfrc_ext.reshape(len(action), -1)).sum(axis=1)
    return {
        "reward_survive": 5.0 * healthy,
        "reward_forward": 1.25 * velocity[:, 0],
        "reward_ctrl": -0.1 * np.square(now.ctrl).sum(axis=1),
        "reward_contact": -np.minimum(5e-7 * contacts, 10.0),
    }
'''

MEASURE = '''
"""Metres that its centre of mass got forward."""

reduce = "sum"


def measure(now, before):
    return now.center_of_mass[:, 0] - before.center_of_mass[:, 0]
'''


@dataclass(kw_only=True)
class HumanoidBody(Task):
    """What the humanoid tasks share: the body and how it is observed."""

    fields: ClassVar[tuple[str, ...]] = (
        "cinert",
        "cvel",
        "qfrc_actuator",
        "cfrc_ext",
        "ten_length",
        "ten_velocity",
    )

    frame_skip: int = 5
    reset_noise_scale: float = 1e-2
    exclude_current_positions_from_observation: bool = True
    include_cinert_in_observation: bool = True
    include_cvel_in_observation: bool = True
    include_qfrc_actuator_in_observation: bool = True
    include_cfrc_ext_in_observation: bool = True

    def initial_state(self, rng: np.random.Generator) -> tuple[FloatArray, FloatArray]:
        return self.uniform_noise(rng, self.reset_noise_scale)

    def observation(self, data: BatchData) -> tuple[FloatArray, ...]:
        skip = 2 if self.exclude_current_positions_from_observation else 0
        parts = [data.qpos[:, skip:], data.qvel]
        # The first body is the world, the first six degrees of freedom have no motor.
        if self.include_cinert_in_observation:
            parts.append(flat(data.cinert)[:, 10:])
        if self.include_cvel_in_observation:
            parts.append(flat(data.cvel)[:, 6:])
        if self.include_qfrc_actuator_in_observation:
            parts.append(data.qfrc_actuator[:, 6:])
        if self.include_cfrc_ext_in_observation:
            parts.append(flat(data.cfrc_ext)[:, 6:])
        return tuple(parts)

    def costs(
        self, data: BatchData, ctrl_weight: float, contact_weight: float, contact_range: Range
    ) -> tuple[FloatArray, FloatArray]:
        """What effort and contacts cost, each [n]."""
        ctrl_cost = ctrl_weight * np.square(data.ctrl).sum(axis=1)
        contact_cost = contact_weight * np.square(flat(data.cfrc_ext)).sum(axis=1)
        return ctrl_cost, contact_cost.clip(*contact_range)


@dataclass(kw_only=True)
class Humanoid(HumanoidBody):
    """Gymnasium's Humanoid-v5."""

    id: ClassVar[str] = "Humanoid-v5"
    reward_code: ClassVar[str] = REWARD
    measure_code: ClassVar[str] = MEASURE
    fields: ClassVar[tuple[str, ...]] = (*HumanoidBody.fields, "xipos")
    reward_terms: ClassVar[tuple[str, ...]] = (
        "reward_survive",
        "reward_forward",
        "reward_ctrl",
        "reward_contact",
    )

    xml_file: str = "humanoid.xml"
    forward_reward_weight: float = 1.25
    ctrl_cost_weight: float = 0.1
    contact_cost_weight: float = 5e-7
    contact_cost_range: Range = (-np.inf, 10.0)
    healthy_reward: float = 5.0
    terminate_when_unhealthy: bool = True
    healthy_z_range: Range = (1.0, 2.0)

    def bind(self, model: Model) -> None:
        super().bind(model)
        self._total_mass = model.body_mass.sum()

    def before(self, data: BatchData) -> FloatArray:
        return self._mass_center(data)

    def outcome(self, data: BatchData, before: FloatArray, actions: Actions) -> Outcome:
        velocity = (self._mass_center(data) - before) / self.dt
        healthy = between(data.qpos[:, 2], self.healthy_z_range)
        forward = self.forward_reward_weight * velocity[:, 0]
        survive = healthy * self.healthy_reward
        ctrl_cost, contact_cost = self.costs(
            data, self.ctrl_cost_weight, self.contact_cost_weight, self.contact_cost_range
        )
        return Outcome(
            rewards=(forward + survive) - (ctrl_cost + contact_cost),
            terms={
                "reward_survive": survive,
                "reward_forward": forward,
                "reward_ctrl": -ctrl_cost,
                "reward_contact": -contact_cost,
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
            "tendon_length": data.ten_length,
            "tendon_velocity": data.ten_velocity,
            "distance_from_origin": norm(qpos[:, :2]),
        }

    def _mass_center(self, data: BatchData) -> FloatArray:
        """Where the whole body's centre of mass is on the ground [n, 2]."""
        sums = np.einsum("b,nbj->nj", self.model.body_mass, data.xipos[:, :, :2])
        center: FloatArray = sums / self._total_mass
        return center
