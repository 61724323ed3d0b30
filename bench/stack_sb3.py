"""Stable-Baselines3's PPO, and SBX's, which is the same on JAX.

Settings "zoo" are those of RL Baselines3 Zoo (`hyperparams/ppo.yml`, the entries for MuJoCo tasks),
which is where the documentation of both sends its readers. Settings "usual" are the defaults, which
are those of the paper. All are for one environment; with n of them each takes n-th of the steps
between updates, so that batches keep their size and learning its course, and only the collecting
gets faster.
"""

import os
import time
from functools import partial
from pathlib import Path
from tempfile import gettempdir
from typing import Any

from bench.curves import Point
from bench.stacks import Setup, Stack, Watch, Way

TOTAL_TIMESTEPS = 1_000_000  # the zoo's; learning rates are constant, so that it decides nothing

# The zoo's names. `large` stands for log_std_init=-2, ortho_init=False, ReLU and 256-256 networks.
ZOO: dict[str, dict[str, Any]] = {
    "HalfCheetah-v5": {
        "batch_size": 64,
        "n_steps": 512,
        "gamma": 0.98,
        "learning_rate": 2.0633e-05,
        "ent_coef": 0.000401762,
        "clip_range": 0.1,
        "n_epochs": 20,
        "gae_lambda": 0.92,
        "max_grad_norm": 0.8,
        "vf_coef": 0.58096,
        "large": True,
    },
    "Hopper-v5": {
        "batch_size": 32,
        "n_steps": 512,
        "gamma": 0.999,
        "learning_rate": 9.80828e-05,
        "ent_coef": 0.00229519,
        "clip_range": 0.2,
        "n_epochs": 5,
        "gae_lambda": 0.99,
        "max_grad_norm": 0.7,
        "vf_coef": 0.835671,
        "large": True,
    },
    "Walker2d-v5": {
        "batch_size": 32,
        "n_steps": 512,
        "gamma": 0.99,
        "learning_rate": 5.05041e-05,
        "ent_coef": 0.000585045,
        "clip_range": 0.1,
        "n_epochs": 20,
        "gae_lambda": 0.95,
        "max_grad_norm": 1.0,
        "vf_coef": 0.871923,
    },
    # The zoo has no settings of its own for Ant.
}

USUAL: dict[str, Any] = {"n_steps": 2048}


def stack(name: str) -> Stack:
    """Of either library."""
    return Stack(partial(_ways, name), partial(_learn, name))


def _ways(name: str, task: str) -> list[Way]:
    threads = sorted({1, os.cpu_count() or 1}) if name == "sb3" else [1]
    return [
        Way(settings, envs, vector, count)
        for settings in (("zoo", "usual") if task in ZOO else ("usual",))
        for envs in (4, 8, 16)
        for vector in ("dummy", "subproc")
        for count in threads
    ]


def _make(name: str, setup: Setup) -> Any:
    """The learner with its environments."""
    from stable_baselines3.common.env_util import make_vec_env
    from stable_baselines3.common.vec_env import DummyVecEnv, SubprocVecEnv, VecNormalize

    way = setup.way
    settings = dict(ZOO[setup.task] if way.settings == "zoo" else USUAL)
    large = settings.pop("large", False)
    policy: dict[str, Any] = {}
    if large:
        policy = {"log_std_init": -2.0, "ortho_init": False}
        policy["net_arch"] = {"pi": [256, 256], "vf": [256, 256]}
    if name == "sb3":
        import torch
        from stable_baselines3 import PPO

        torch.set_num_threads(way.threads)
        if large:
            policy["activation_fn"] = torch.nn.ReLU
    else:
        import jax
        from flax import linen
        from sbx import PPO

        # What was compiled once is there: like networks, it is made before learning.
        cache = Path(gettempdir()) / "bench-jax"
        jax.config.update("jax_compilation_cache_dir", str(cache))
        jax.config.update("jax_persistent_cache_min_compile_time_secs", 0.0)
        if large:
            policy["activation_fn"] = linen.relu
    settings["n_steps"] //= way.envs
    kind = SubprocVecEnv if way.vector == "subproc" else DummyVecEnv
    env = make_vec_env(setup.task, way.envs, setup.seed, vec_env_cls=kind)
    return PPO(
        "MlpPolicy",
        VecNormalize(env, gamma=settings.get("gamma", 0.99)),
        policy_kwargs=policy,
        seed=setup.seed,
        device="cpu",
        **settings,
    )


def _learn(name: str, setup: Setup, watch: Watch) -> None:
    from stable_baselines3.common.callbacks import BaseCallback

    class Recorder(BaseCallback):  # type: ignore[misc]  # its types are not installed here
        def __init__(self) -> None:
            super().__init__()
            self.returns: list[float] = []
            self.goes_on = True

        def _on_training_start(self) -> None:
            self.started = time.perf_counter()

        def _on_step(self) -> bool:
            # make_vec_env's Monitor, below the normalisation, tells the task's own returns.
            self.returns += [
                one["episode"]["r"] for one in self.locals["infos"] if "episode" in one
            ]
            return self.goes_on

        def _on_rollout_start(self) -> None:
            # The update before it is over: what the other sides report, too, includes it.
            if self.num_timesteps == 0:
                return
            count = len(self.returns)
            mean = sum(self.returns) / count if count else 0.0
            seconds = time.perf_counter() - self.started
            self.goes_on = watch(Point(self.num_timesteps, seconds, count, mean))
            self.returns.clear()

    model = _make(name, setup)
    try:
        model.learn(TOTAL_TIMESTEPS, callback=Recorder())
    finally:
        model.get_env().close()
