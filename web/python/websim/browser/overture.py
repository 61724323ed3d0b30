"""Going on from the overture: what a worker's physics did before its Python was there."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from websim.physics import STATE
from websim.vector import MujocoVectorEnv


def take_over(env: MujocoVectorEnv, state: Mapping[str, Any], lengths: Any) -> None:
    """Goes on where others have stepped the environments to; nobody has counted their rewards.

    Returns of the running episodes begin at 0 here and lack what came before, as the environment's
    `unrewarded_steps` say; as final ones they are NaN.

    Args:
        env: Environments that have been reset, and so have their generators.
        state: The arrays of STATE and the task's fields, each flat.
        lengths: Steps of the running episodes [n].
    """
    data = env.physics.data
    for name in (*STATE, *data.fields):
        array = getattr(data, name)
        array[...] = np.asarray(state[name]).reshape(array.shape)
    env.observations[...] = np.concatenate(env.task.observation(data), axis=1)
    env.episode_lengths[...] = lengths
    env.episode_returns.fill(0.0)
    env.unrewarded_steps[...] = lengths
