"""Named sets of hyperparameters for each algorithm, with what single tasks need besides.

`cleanrl` is what CleanRL publishes its curves with, its batch of 2,048 steps spread over 32
environments. `fast` is about wall-clock: the same batch from more environments, in fewer and larger
minibatches, with larger steps, and exploration as wide as the task wants it. `total_timesteps`
belongs to it, because the learning rate falls to 0 until then. `explore` is that for rewards of
one's own: what is narrow because the task pays for it is wide. `default` is a first choice where
there is only one.
"""

from typing import Any

from websim.errors import InvalidArgument

EVERY_TASK = "*"

PRESETS: dict[str, dict[str, dict[str, dict[str, Any]]]] = {
    "ppo": {
        "cleanrl": {EVERY_TASK: {"num_envs": 32, "num_steps": 64}},
        "fast": {
            EVERY_TASK: {
                "num_envs": 64,
                "num_steps": 32,
                # Half as many minibatches, twice as large, as CleanRL's: half the calls. Adam's
                # steps may grow with the root of the size, to 4.2e-4; this is a little more.
                "num_minibatches": 16,
                "learning_rate": 6e-4,
            },
            # Hopper and Walker2d leap forward and fall if they are let: a deviation of 1 to begin
            # with and entropy keep them from it, and in Walker2d a horizon longer than a leap
            # (0.8 s at 0.99). Hopper stands still with that horizon.
            "Hopper-v5": {"total_timesteps": 800_000, "ent_coef": 0.01},
            "Walker2d-v5": {"total_timesteps": 800_000, "gamma": 0.995, "ent_coef": 0.003},
            # It does not fall, and what noise costs it is speed.
            "HalfCheetah-v5": {"total_timesteps": 500_000, "log_std_init": -1.0},
            # Noise costs torque, and makes it fall. A narrow policy takes smaller steps: the same
            # change of the mean is a greater change of the policy.
            "Ant-v5": {"total_timesteps": 1_500_000, "log_std_init": -2.0, "learning_rate": 3e-4},
            # Whether it falls is seen within a second (a horizon of 0.5 s). Its observations are
            # many, and its torques end at 0.4.
            "Humanoid-v5": {
                "total_timesteps": 5_000_000,
                "num_envs": 192,
                "num_minibatches": 12,
                "update_epochs": 5,
                "learning_rate": 3e-4,
                "gamma": 0.97,
                "gae_lambda": 0.9,
                "ent_coef": 0.001,
                "log_std_init": -1.5,
                "hidden_sizes": (128, 128),
            },
            # Wide torques throw it over before it can stand. As the policy narrows, ten epochs go
            # too far (a divergence of 0.3 and more): updates end before, and batches are larger.
            # Balance pays stillness more than a fall now and then costs, unless some noise stays
            # and a fall is seen from further away.
            "QuadrupedBalance-v0": {
                "num_steps": 64,
                "log_std_init": -2.0,
                "learning_rate": 3e-4,
                "gamma": 0.995,
                "ent_coef": 0.005,
                "target_kl": 0.03,
            },
            "QuadrupedWalk-v0": {
                "total_timesteps": 3_000_000,
                "num_steps": 64,
                "log_std_init": -2.0,
                "learning_rate": 4e-4,
                "target_kl": 0.03,
            },
        },
    },
    "es": {
        "default": {
            EVERY_TASK: {},
            "Swimmer-v5": {"learning_rate": 0.03, "sigma": 0.1},
            # Four weights: narrower perturbations change returns less than the first state does,
            # so that their order is chance.
            "InvertedPendulum-v5": {"learning_rate": 0.05, "sigma": 0.3},
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

_FAST = PRESETS["ppo"]["fast"]
PRESETS["ppo"]["explore"] = {
    **_FAST,
    # Narrow, it runs sooner; but it neither rears nor turns over for whom that is paid.
    "HalfCheetah-v5": {**_FAST["HalfCheetah-v5"], "log_std_init": 0.0},
    # Wider than this, it is thrown about for longer before it can do anything.
    "Ant-v5": {**_FAST["Ant-v5"], "log_std_init": -1.0},
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
