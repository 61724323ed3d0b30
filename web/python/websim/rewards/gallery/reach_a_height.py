"""Reach a height.

Pays for every centimetre above the height at which it stands; success
is the greatest height of an episode.
"""

import numpy as np

tasks = ("Hopper-v5",)
reduce = "best"
standing = 1.25


def reward(now, before, action):
    torso = now.body("torso")
    return {
        "height": 10.0 * np.clip(torso.height - standing, 0.0, 1.0),
        "rising": 0.5 * np.clip(torso.velocity[:, 2], 0.0, 3.0),
        "standing": np.ones(len(action)),
        "effort": -0.001 * np.square(action).sum(axis=1),
    }


def measure(now, before):
    return now.body("torso").height
