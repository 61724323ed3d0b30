"""Policies that Stable-Baselines3 and PyTorch write, beside which our reading of them is tested.

    python -m venv /tmp/sb3 && /tmp/sb3/bin/pip install -r bench/requirements-sb3.txt
    /tmp/sb3/bin/python -m bench.foreign_policies [NAME ...]

Learns each, or those that are named, for a few hundred steps and writes it, as its program saves
it, to tests/python/exchange/models/, with some observations and what it does on them
(`<name>.npz`).
"""

import sys
from copy import deepcopy
from pathlib import Path
from typing import Any

import numpy as np

FOLDER = Path(__file__).resolve().parents[1] / "tests" / "python" / "exchange" / "models"

OBSERVATIONS = 200
STEPS = 300


def main() -> None:
    """Writes them all."""
    import torch
    from sb3_contrib import TQC
    from stable_baselines3 import A2C, DDPG, PPO, SAC, TD3
    from stable_baselines3.common.env_util import make_vec_env
    from stable_baselines3.common.vec_env import VecNormalize

    chosen = sys.argv[1:]
    torch.set_num_threads(1)
    torch.manual_seed(1)
    FOLDER.mkdir(exist_ok=True)
    small = {"net_arch": [8, 6]}
    elu = {**small, "activation_fn": torch.nn.ELU}
    for name, kind, task, kwargs in (
        ("ppo", PPO, "InvertedPendulum-v5", {"policy_kwargs": elu, "n_steps": 64}),
        ("a2c", A2C, "Reacher-v5", {"policy_kwargs": small}),
        ("sac", SAC, "Pusher-v5", {"policy_kwargs": small, "learning_starts": 50}),
        ("td3", TD3, "Reacher-v5", {"policy_kwargs": small, "learning_starts": 50}),
        ("ddpg", DDPG, "Reacher-v5", {"policy_kwargs": small, "learning_starts": 50}),
        ("tqc", TQC, "Hopper-v5", {"policy_kwargs": small, "learning_starts": 50}),
    ):
        if chosen and name not in chosen:
            continue
        env: Any = make_vec_env(task, n_envs=2, seed=1)
        if name == "ppo":
            env = VecNormalize(env, clip_obs=3.0)
        # A copy: some of them write into what they are given.
        model = kind("MlpPolicy", env, seed=1, **deepcopy(kwargs))
        model.learn(STEPS)
        model.save(FOLDER / f"{name}.zip")
        if name == "ppo":
            env.save(FOLDER / f"{name}.pkl")
        seen = observations(env.observation_space.shape[0])
        normalized = env.normalize_obs(seen) if name == "ppo" else seen
        # As our environments take them: what is beyond the bounds is clipped.
        actions, _ = model.predict(normalized, deterministic=True)
        np.savez_compressed(FOLDER / f"{name}.npz", observations=seen, actions=actions)
        env.close()

    if chosen and "agent" not in chosen:
        return
    agent = cleanrl_agent(11, 3)  # Hopper-v5
    torch.save(agent.state_dict(), FOLDER / "agent.cleanrl_model")
    seen = observations(11)
    with torch.no_grad():
        mean = agent["actor_mean"](torch.tensor(seen, dtype=torch.float32)).numpy()
    np.savez_compressed(FOLDER / "agent.npz", observations=seen, actions=np.clip(mean, -1.0, 1.0))


def observations(size: int) -> Any:
    """[OBSERVATIONS, size], some of them far out."""
    rng = np.random.default_rng(size)
    return rng.standard_normal((OBSERVATIONS, size)) * rng.choice([0.3, 1, 4], (OBSERVATIONS, 1))


def cleanrl_agent(size: int, actions: int) -> Any:
    """Modules with the names and activations of CleanRL's `ppo_continuous_action.py`."""
    import torch
    from torch import nn

    def perceptron(out: int) -> Any:
        return nn.Sequential(
            nn.Linear(size, 8), nn.Tanh(), nn.Linear(8, 6), nn.Tanh(), nn.Linear(6, out)
        )

    agent: Any = nn.ModuleDict({"critic": perceptron(1), "actor_mean": perceptron(actions)})
    agent.register_parameter("actor_logstd", nn.Parameter(torch.full((1, actions), -0.5)))
    return agent


if __name__ == "__main__":
    main()
