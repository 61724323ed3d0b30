"""The complete state of a vector environment, so that it can go on elsewhere or later."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from websim.errors import DamagedCheckpoint, InvalidArgument, ModelError
from websim.physics import STATE, compute
from websim.states import generator_state, load_generator
from websim.vector import MujocoVectorEnv
from websim.worlds.ladder import SHARED

_LATER = {
    "history",
    "qfrc_applied",
    "xfrc_applied",
    "eq_active",
    "plugin_state",
    "pulls",
    "pushes",
    "push_steps",
}
"""What the first saved environments do not have."""

_UNBOUNDED = {"episode_returns", "episode_measures"}
"""What may not be finite."""


def snapshot(env: MujocoVectorEnv) -> dict[str, Any]:
    """Copies the state: physics, models that differ, running episodes, random generators, world.

    Environments restarted by their autoreset (SAME_STEP) go on number by number; the arrays of the
    last step (rewards, flags) are not kept.
    """
    return {
        **_copies(_arrays(env)),
        "model": _copies(env.physics.varied),
        "generators": [generator_state(rng) for rng in env.np_random],
        **({} if env.world is None else {"world": _copies(env.world.arrays())}),
        **({} if env.ground is None else {"ground": _copies(env.ground.arrays())}),
        "levels": {name: _copies(ladder.arrays()) for name, ladder in env.ladders.items()},
    }


def restore(env: MujocoVectorEnv, state: dict[str, Any]) -> None:
    """Puts an environment of the same task and size into a state that `snapshot` gave.

    Elements of the state that were not saved yet at that time are as after a reset. What a reward
    or a measure reads that the one before did not is computed of the state.

    Raises:
        DamagedCheckpoint: the state is of other environments; nothing is changed.
    """
    data = env.physics.data
    read = {name for name in data.fields if name not in env.task.fields}
    may_lack = {*_LATER, *read, "unrewarded_steps", "episode_measures"}
    arrays = {
        name: array for name, array in _arrays(env).items() if name in state or name not in may_lack
    }
    wrong = [name for name, array in arrays.items() if _shape(state.get(name)) != array.shape]
    if wrong or len(state.get("generators", ())) != env.num_envs:
        raise DamagedCheckpoint(
            f"The saved environments are not {env.num_envs} of {env.task.id}: "
            f"{', '.join(wrong) or 'generators'} differ."
        )
    models = state.get("model", {})
    if env.world is not None:
        env.world.check(state.get("world"))
    if env.ground is not None:
        env.ground.check(state.get("ground"))
    levels = state.get("levels")
    for name, ladder in env.ladders.items():
        ladder.check(name, levels.get(name) if isinstance(levels, dict) else None)
    _restore_models(env, models)
    env.reset(seed=0)  # so that there are generators, and the environment counts as started
    if env.world is not None:
        env.physics.set_model(np.arange(env.num_envs), models)  # the reset has drawn others
    env.episode_measures.fill(np.nan)
    for name, array in arrays.items():
        array[...] = state[name]
    if missing := read - arrays.keys():
        compute(env.physics, missing)
    env.forces.refresh()
    for rng, saved in zip(env.np_random, state["generators"], strict=True):
        load_generator(rng, saved)
    for name, ladder in env.ladders.items():
        ladder.load(state["levels"][name])
    if env.ground is not None:
        env.ground.load(state["ground"])
    if env.world is not None:
        env.world.load(state["world"])


def _restore_models(env: MujocoVectorEnv, fields: Any) -> None:
    """Gives environments the models that they had, if these differed."""
    try:
        if missing := env.physics.varied.keys() - set(fields):
            raise InvalidArgument(f"{', '.join(sorted(missing))} are missing.")
        env.physics.vary(list(fields))
        env.physics.set_model(np.arange(env.num_envs), fields)
    except (InvalidArgument, ModelError, AttributeError, TypeError, ValueError) as error:
        raise DamagedCheckpoint(f"The saved models of environments are damaged: {error}") from None


def first_rows(state: Mapping[str, Any], num_envs: int, count: int) -> dict[str, Any]:
    """What a rank with `num_envs` environments has saved, of the first `count` of them.

    Raises:
        DamagedCheckpoint: it is of another number, some are not finite, or it is damaged.
    """
    rows: dict[str, Any] = {}
    for name, value in state.items():
        if name in SHARED:
            rows[name] = value
        elif isinstance(value, Mapping) and name != "rng":
            rows[name] = first_rows(value, num_envs, count)
        elif isinstance(value, np.ndarray | list):
            if np.ndim(value) == 0 or len(value) != num_envs:
                raise DamagedCheckpoint(f"The saved {name} are not of {num_envs} environments.")
            if isinstance(value, list):
                for saved in value:
                    load_generator(np.random.default_rng(0), saved)
            elif (
                name not in ("episode_returns", "episode_measures") and not np.isfinite(value).all()
            ):
                raise DamagedCheckpoint(f"The saved {name} are not finite.")
            rows[name] = value[:count]
        else:
            rows[name] = value
    return rows


def _arrays(env: MujocoVectorEnv) -> dict[str, NDArray[Any]]:
    data = env.physics.data
    # Fields too: MuJoCo leaves them one physics step behind qpos, so they cannot be recomputed.
    return {
        **{name: getattr(data, name) for name in (*STATE, *data.fields)},
        "pulls": env.physics.pulls,
        "pushes": env.forces.pushes,
        "push_steps": env.forces.steps,
        "observations": env.observations,
        "episode_returns": env.episode_returns,
        "episode_lengths": env.episode_lengths,
        "unrewarded_steps": env.unrewarded_steps,
        **({} if env.measure is None else {"episode_measures": env.episode_measures}),
    }


def _copies(arrays: Mapping[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
    return {name: array.copy() for name, array in arrays.items()}


def _shape(array: Any) -> tuple[int, ...] | None:
    return array.shape if isinstance(array, np.ndarray) else None
