"""The complete state of a vector environment, so that it can go on elsewhere or later.

Besides it, what every state is made of: arrays and random generators.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from websim.errors import DamagedCheckpoint
from websim.physics import STATE
from websim.vector import MujocoVectorEnv


def snapshot(env: MujocoVectorEnv) -> dict[str, Any]:
    """Copies the state: physics, running episodes, random generators.

    Environments restarted by their autoreset (SAME_STEP) go on number by number; the arrays of the
    last step (rewards, flags) are not kept.
    """
    return {
        **{name: array.copy() for name, array in _arrays(env).items()},
        "generators": [generator_state(rng) for rng in env.np_random],
    }


def restore(env: MujocoVectorEnv, state: dict[str, Any]) -> None:
    """Puts an environment of the same task and size into a state that `snapshot` gave.

    Raises:
        DamagedCheckpoint: the state is of other environments; nothing is changed.
    """
    arrays = _arrays(env)
    wrong = [name for name, array in arrays.items() if _shape(state.get(name)) != array.shape]
    if wrong or len(state.get("generators", ())) != env.num_envs:
        raise DamagedCheckpoint(
            f"The saved environments are not {env.num_envs} of {env.task.id}: "
            f"{', '.join(wrong) or 'generators'} differ."
        )
    env.reset(seed=0)  # so that there are generators, and the environment counts as started
    for name, array in arrays.items():
        array[...] = state[name]
    for rng, saved in zip(env.np_random, state["generators"], strict=True):
        load_generator(rng, saved)


def first_rows(state: Mapping[str, Any], num_envs: int, count: int) -> dict[str, Any]:
    """What a rank with `num_envs` environments has saved, of the first `count` of them.

    Raises:
        DamagedCheckpoint: it is of another number, some are not finite, or it is damaged.
    """
    rows: dict[str, Any] = {}
    for name, value in state.items():
        if isinstance(value, Mapping) and name != "rng":
            rows[name] = first_rows(value, num_envs, count)
        elif isinstance(value, np.ndarray | list):
            if np.ndim(value) == 0 or len(value) != num_envs:
                raise DamagedCheckpoint(f"The saved {name} are not of {num_envs} environments.")
            if isinstance(value, list):
                for saved in value:
                    load_generator(np.random.default_rng(0), saved)
            elif name != "episode_returns" and not np.isfinite(value).all():
                raise DamagedCheckpoint(f"The saved {name} are not finite.")
            rows[name] = value[:count]
        else:
            rows[name] = value
    return rows


def take_over(env: MujocoVectorEnv, state: Mapping[str, Any], lengths: Any) -> None:
    """Goes on where others have stepped the environments to; nobody has counted their rewards.

    Returns of the running episodes begin at 0 here and lack what came before, as the environment's
    `unrewarded_steps` say; as final ones they are NaN.

    Args:
        env: Environments that have been reset, and so have their generators.
        state: `ctrl`, the arrays of STATE and the task's fields, each flat.
        lengths: Steps of the running episodes [n].
    """
    data = env.physics.data
    for name in ("ctrl", *STATE, *data.fields):
        array = getattr(data, name)
        array[...] = np.asarray(state[name]).reshape(array.shape)
    env.observations[...] = np.concatenate(env.task.observation(data), axis=1)
    env.episode_lengths[...] = lengths
    env.episode_returns.fill(0.0)
    env.unrewarded_steps[...] = lengths


def load_arrays(into: Mapping[str, NDArray[Any]], state: Any) -> None:
    """Copies arrays of a state into those of the same names.

    Raises:
        DamagedCheckpoint: one is missing or of another shape, or not finite; nothing is copied.
    """
    for name, array in into.items():
        saved = state.get(name) if isinstance(state, dict) else None
        if not isinstance(saved, np.ndarray) or saved.shape != array.shape:
            raise DamagedCheckpoint(
                f"The checkpoint's {name!r} does not fit: it should have the shape {array.shape}."
            )
        with np.errstate(over="ignore"):
            if not np.isfinite(saved.astype(array.dtype)).all():
                raise DamagedCheckpoint(f"The checkpoint's {name!r} is not finite.")
    for name, array in into.items():
        array[...] = state[name]


def generator_state(rng: np.random.Generator | None) -> dict[str, Any]:
    """The state of a PCG64 generator, as JSON can say it (its integers have 128 bits)."""
    assert rng is not None
    state: Any = rng.bit_generator.state
    return {**state, "state": {key: str(value) for key, value in state["state"].items()}}


def load_generator(rng: np.random.Generator | None, state: dict[str, Any]) -> None:
    """Undoes `generator_state`; raises DamagedCheckpoint where that cannot be."""
    assert rng is not None
    try:
        inner = {key: int(value) for key, value in state["state"].items()}
        rng.bit_generator.state = {**state, "state": inner}
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
        raise DamagedCheckpoint(f"A saved random generator is damaged: {error!r}.") from None


def _arrays(env: MujocoVectorEnv) -> dict[str, NDArray[Any]]:
    data = env.physics.data
    # Fields too: MuJoCo leaves them one physics step behind qpos, so they cannot be recomputed.
    return {
        **{name: getattr(data, name) for name in ("ctrl", *STATE, *data.fields)},
        "observations": env.observations,
        "episode_returns": env.episode_returns,
        "episode_lengths": env.episode_lengths,
    }


def _shape(array: Any) -> tuple[int, ...] | None:
    return array.shape if isinstance(array, np.ndarray) else None
