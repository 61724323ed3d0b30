"""Stand up.

Pays for a body that points upwards, calmly; success is how upright it
was on average, 1 being quite.
"""

import numpy as np

tasks = ("HalfCheetah-v5",)


def upright(now):
    return now.body("torso").forward[:, 2]


def reward(now, before, action):
    return {
        "upright": 2.0 * upright(now),
        "calm": -0.02 * np.square(now.body("torso").angular_velocity).sum(axis=1),
        "effort": -0.05 * np.square(action).sum(axis=1),
    }


def measure(now, before):
    return upright(now)
