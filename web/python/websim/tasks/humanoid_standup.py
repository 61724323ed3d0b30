"""HumanoidStandup: a humanoid that lies on its back gets up."""

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from websim.physics import BatchData
from websim.task import Actions, Outcome, Range
from websim.tasks.humanoid import HumanoidBody

REWARD = '''
TIMESTEP = 0.003


def reward(now, before, action):
    """As high as it can, with little effort and soft contacts."""
    contacts = np.square(now.cfrc_ext.reshape(len(action), -1)).sum(axis=1)
    return {
        "reward_linup": now.qpos[:, 2] / TIMESTEP,
        "reward_quadctrl": -0.1 * np.square(now.ctrl).sum(axis=1),
        "reward_impact": -np.minimum(0.5e-6 * contacts, 10.0),
        "reward_alive": 1.0,
    }
'''

MEASURE = '''
"""Metres that the torso is above the ground, on average."""


def measure(now, before):
    return now.body("torso").height
'''


@dataclass(kw_only=True)
class HumanoidStandup(HumanoidBody):
    """Gymnasium's HumanoidStandup-v5."""

    id: ClassVar[str] = "HumanoidStandup-v5"
    reward_code: ClassVar[str] = REWARD
    measure_code: ClassVar[str] = MEASURE
    reward_terms: ClassVar[tuple[str, ...]] = ("reward_linup", "reward_quadctrl", "reward_impact")

    xml_file: str = "humanoidstandup.xml"
    uph_cost_weight: float = 1.0  # Gymnasium takes it and does not use it; neither do we.
    ctrl_cost_weight: float = 0.1
    impact_cost_weight: float = 0.5e-6
    impact_cost_range: Range = (-np.inf, 10.0)

    def outcome(self, data: BatchData, before: None, actions: Actions) -> Outcome:
        height_per_time = data.qpos[:, 2] / self.model.timestep
        ctrl_cost, impact_cost = self.costs(
            data, self.ctrl_cost_weight, self.impact_cost_weight, self.impact_cost_range
        )
        return Outcome(
            rewards=height_per_time - ctrl_cost - impact_cost + 1,
            terms={
                "reward_linup": height_per_time,
                "reward_quadctrl": -ctrl_cost,
                "reward_impact": -impact_cost,
            },
            infos=self.reset_infos(data),
        )

    def reset_infos(self, data: BatchData) -> dict[str, NDArray[Any]]:
        return {
            "x_position": data.qpos[:, 0],
            "y_position": data.qpos[:, 1],
            "z_distance_from_origin": data.qpos[:, 2] - self.model.qpos0[2],
            "tendon_length": data.ten_length,
            "tendon_velocity": data.ten_velocity,
        }
