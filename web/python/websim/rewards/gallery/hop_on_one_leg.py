"""Hop on one leg.

Pays for a left foot that stays in the air while the right one carries
the body on; success is the share of an episode's full 1,000 steps in
which it does.
"""

import numpy as np

tasks = ("Walker2d-v5",)
reduce = "sum"
lifted = 0.3


def reward(now, before, action):
    speed = (now.center_of_mass[:, 0] - before.center_of_mass[:, 0]) / now.dt
    left = now.body("foot_left").height
    return {
        "upright": np.ones(len(left)),
        "left_in_the_air": np.clip(left / lifted, 0.0, 1.0),
        "forward": 0.5 * np.clip(speed, -1.0, 2.0),
        "effort": -0.005 * np.square(action).sum(axis=1),
    }


def measure(now, before):
    return (now.body("foot_left").height > lifted) / 1000
