"""Going on from the overture: what a worker's physics did before its Python was there."""

from collections.abc import Iterable, Mapping
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
        state: The arrays of STATE and of what has been computed of it, each flat. What else is read
            here MuJoCo computes of the state.
        lengths: Steps of the running episodes [n].
    """
    data = env.physics.data

    def put(names: Iterable[str]) -> None:
        for name in names:
            array = getattr(data, name)
            array[...] = np.asarray(state[name]).reshape(array.shape)

    given = [name for name in data.fields if name in state]
    put(STATE)
    if len(given) < len(data.fields):
        env.physics.forward(np.arange(env.num_envs))
    put((*STATE, *given))
    env.observations[...] = env.observe(np.arange(env.num_envs))
    env.episode_lengths[...] = lengths
    env.episode_returns.fill(0.0)
    env.unrewarded_steps[...] = lengths
    env.episode_measures.fill(np.nan)
