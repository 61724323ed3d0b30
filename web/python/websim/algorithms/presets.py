"""Named sets of hyperparameters for each algorithm, with what single tasks need besides.

`cleanrl` is what CleanRL publishes its curves with, its batch of 2,048 steps spread over 8
environments. `fast` is for many environments at once: larger batches, fewer gradient steps for
each environment step, a higher learning rate; it is there to save wall-clock, not environment
steps. `default` is a first choice where there is only one.
"""

from typing import Any

from websim.errors import InvalidArgument

EVERY_TASK = "*"

PRESETS: dict[str, dict[str, dict[str, dict[str, Any]]]] = {
    "ppo": {
        "cleanrl": {EVERY_TASK: {"num_envs": 8, "num_steps": 256}},
        "fast": {
            EVERY_TASK: {
                "num_envs": 128,
                "num_steps": 64,
                "learning_rate": 1e-3,
                "num_minibatches": 16,
                "update_epochs": 5,
            },
        },
    },
    "es": {
        "default": {
            EVERY_TASK: {},
            "Swimmer-v5": {"learning_rate": 0.03, "sigma": 0.1},
        },
    },
    "ars": {
        # After the paper's choices, with its directions as pairs of environments.
        "default": {
            EVERY_TASK: {},
            "Swimmer-v5": {"num_envs": 8},
            "HalfCheetah-v5": {"num_envs": 64, "num_top": 4, "sigma": 0.03},
            "Hopper-v5": {
                "num_envs": 16,
                "num_top": 4,
                "learning_rate": 0.01,
                "sigma": 0.025,
                "alive_bonus": 1.0,
            },
            "Walker2d-v5": {"num_envs": 80, "num_top": 30, "sigma": 0.025, "alive_bonus": 1.0},
            "Ant-v5": {
                "num_envs": 120,
                "num_top": 20,
                "learning_rate": 0.015,
                "sigma": 0.025,
                "alive_bonus": 1.0,
            },
        },
    },
    "reinforce": {"default": {EVERY_TASK: {}}},
}


def preset(algorithm: str, name: str, task: str) -> dict[str, Any]:
    """The hyperparameters of a preset for a task.

    Raises:
        InvalidArgument: the algorithm has no such preset.
    """
    presets = PRESETS.get(algorithm, {})
    if name not in presets:
        raise InvalidArgument(
            f"{algorithm} has no preset {name!r}; it has: {', '.join(presets) or 'none'}."
        )
    return {**presets[name].get(EVERY_TASK, {}), **presets[name].get(task, {})}
