"""Values of fields of MjModel that differ by environment: the same natively and in the browser."""

from typing import Any

import numpy as np

from websim.physics.variation import VARIABLE

ADDED = {"opt.gravity", "opt.wind", "body_pos", "body_quat"}
"""To these something is added; others are scaled and, where they may be 0, raised a little."""

RAISED = {
    "opt.density": 0.1,
    "opt.viscosity": 0.1,
    "jnt_stiffness": 0.5,
    "dof_damping": 0.1,
    "dof_armature": 0.02,
    "dof_frictionloss": 0.01,
    "tendon_stiffness": 0.5,
    "tendon_damping": 0.1,
    "tendon_frictionloss": 0.01,
}


def fields_of(physics: Any) -> list[str]:
    """The fields that may differ, as far as a model has them; sizes have a test of their own."""
    return [name for name in VARIABLE if name != "geom_size" and physics.model_array(name).size]


def values(physics: Any, name: str, count: int, seed: int) -> Any:
    """Values [count, ...] near those of the model."""
    rng = np.random.default_rng([seed, list(VARIABLE).index(name)])
    array = physics.model_array(name)
    shape = (count, *array.shape)
    if name in ADDED:
        result = array + rng.uniform(-0.02, 0.02, shape)
        if name.startswith("body"):
            result[:, 0] = array[0]  # the world stays where it is
        return result
    return array * rng.uniform(0.8, 1.25, shape) + rng.uniform(0, RAISED.get(name, 0), shape)
