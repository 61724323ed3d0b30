"""Spin.

Pays for turning to the left on the spot; success is how many turns an
episode had.
"""

import numpy as np

tasks = ("Ant-v5",)
reduce = "sum"


def turning(now):
    return now.body("torso").angular_velocity[:, 2]


def reward(now, before, action):
    torso = now.body("torso")
    return {
        "turning": np.clip(turning(now), -5.0, 5.0),
        "on_the_spot": -0.2 * np.square(torso.velocity[:, :2]).sum(axis=1),
        "standing": np.ones(len(action)),
        "effort": -0.1 * np.square(action).sum(axis=1),
    }


def measure(now, before):
    return turning(now) * now.dt / (2 * np.pi)
