"""Stand up.

Pays for a body that points upwards, calmly; success is how upright it
was on average, 1 being quite.
"""

import numpy as np

tasks = ("HalfCheetah-v5",)


def upright(now):
    return now.body("torso").forward[:, 2]


def reward(now, before, action):
    up = upright(now)
    turning = np.square(now.body("torso").angular_velocity).sum(axis=1)
    return {
        "upright": 2.0 * up,
        "calm": -0.02 * np.clip(up, 0.0, 1.0) * turning,  # the way up has to be quick
        "effort": -0.01 * np.square(action).sum(axis=1),
    }


def measure(now, before):
    return upright(now)
