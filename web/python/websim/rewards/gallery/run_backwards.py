"""Run backwards.

Pays speed against the x axis; success is how far back it got.
"""

import numpy as np

tasks = ("HalfCheetah-v5", "Ant-v5", "Walker2d-v5", "Hopper-v5")
reduce = "sum"


def reward(now, before, action):
    speed = (now.center_of_mass[:, 0] - before.center_of_mass[:, 0]) / now.dt
    return {
        "backwards": -speed,
        "effort": -0.05 * np.square(action).sum(axis=1),
    }


def measure(now, before):
    return before.center_of_mass[:, 0] - now.center_of_mass[:, 0]
