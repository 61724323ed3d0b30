"""Slow and smooth.

Pays for one metre a second, no more, without jerks; success is the
share of steps between 0.7 and 1.3 m/s.
"""

import numpy as np

tasks = ("HalfCheetah-v5",)
wanted = 1.0


def speed(now, before):
    return (now.center_of_mass[:, 0] - before.center_of_mass[:, 0]) / now.dt


def reward(now, before, action):
    return {
        "speed": np.exp(-2.0 * np.square(speed(now, before) - wanted)),
        "smooth": -0.002 * np.square(now.qvel[:, 3:]).sum(axis=1),
        "effort": -0.05 * np.square(action).sum(axis=1),
    }


def measure(now, before):
    return np.abs(speed(now, before) - wanted) < 0.3
