"""Stable-Baselines3's PPO, unchanged, learns on the robots of a tab: `-m bench.connect_sb3`.

    python -m venv /tmp/sb3 && /tmp/sb3/bin/pip install -r bench/requirements-sb3.txt
    websim serve
    PYTHONPATH=web/python /tmp/sb3/bin/python -m bench.connect_sb3

Prints an address to be opened in a browser of this machine, then how learning goes, and the mean
return of 20 episodes without noise at last. Rewards and observations are not normalised.
`--gymnasium` learns on Gymnasium's own environments instead, with the same settings.
"""

import argparse
import time
from collections.abc import Sequence
from typing import Any

import numpy as np
from stable_baselines3 import PPO
from stable_baselines3.common.env_util import make_vec_env
from stable_baselines3.common.evaluation import evaluate_policy
from stable_baselines3.common.vec_env import VecEnv, VecMonitor

import websim
from websim.tab import TabVectorEnv


class TabVecEnv(VecEnv):  # type: ignore[misc]  # its types are not here
    """A vector environment of Gymnasium's (SAME_STEP) as Stable-Baselines3 wants it."""

    def __init__(self, env: TabVectorEnv) -> None:
        """Takes the environments."""
        super().__init__(env.num_envs, env.single_observation_space, env.single_action_space)
        self.env = env
        self._actions: Any = None

    def reset(self) -> Any:
        """See VecEnv."""
        seeds = [seed for seed in self._seeds if seed is not None]
        observations, _ = self.env.reset(seed=seeds[0] if seeds else None)
        self._reset_seeds()
        return observations

    def step_async(self, actions: Any) -> None:
        """See VecEnv."""
        self._actions = actions

    def step_wait(self) -> Any:
        """See VecEnv."""
        observations, rewards, ended, cut, infos = self.env.step(self._actions)
        told: list[dict[str, Any]] = [{} for _ in range(self.num_envs)]
        for i in np.flatnonzero(ended | cut):
            told[i]["terminal_observation"] = infos["final_obs"][i]
            told[i]["TimeLimit.truncated"] = bool(cut[i] and not ended[i])
        return observations, rewards.astype(np.float32), ended | cut, told

    def close(self) -> None:
        """See VecEnv."""
        self.env.close()

    def get_attr(self, attr_name: str, indices: Any = None) -> list[Any]:
        """See VecEnv."""
        value = None if attr_name == "render_mode" else getattr(self.env, attr_name)
        return [value] * len(self._chosen(indices))

    def set_attr(self, attr_name: str, value: Any, indices: Any = None) -> None:
        """See VecEnv."""
        raise NotImplementedError

    def env_method(
        self, method_name: str, *args: Any, indices: Any = None, **kwargs: Any
    ) -> list[Any]:
        """See VecEnv."""
        raise NotImplementedError

    def env_is_wrapped(self, wrapper_class: Any, indices: Any = None) -> list[bool]:
        """See VecEnv."""
        return [False] * len(self._chosen(indices))

    def _chosen(self, indices: Any) -> Sequence[int]:
        return list(self._get_indices(indices))


def _tab(arguments: argparse.Namespace) -> VecEnv:
    tab = websim.connect(
        arguments.port, arguments.task, arguments.envs, page=arguments.page, token=arguments.token
    )
    return VecMonitor(TabVecEnv(tab))


def main() -> None:
    """Learns, and prints how it goes."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--task", default="InvertedPendulum-v5")
    parser.add_argument("--envs", type=int, default=8)
    parser.add_argument("--timesteps", type=int, default=61_440)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--gymnasium", action="store_true", help="no tab: its own environments")
    parser.add_argument("--port", type=int, default=8765)
    parser.add_argument("--page", default="http://127.0.0.1:8000")
    parser.add_argument("--token", help="what the tab has to know; otherwise it is drawn")
    arguments = parser.parse_args()
    env = make_vec_env(arguments.task, arguments.envs) if arguments.gymnasium else _tab(arguments)
    model = PPO("MlpPolicy", env, n_steps=256, seed=arguments.seed, verbose=1, device="cpu")
    began = time.perf_counter()
    model.learn(arguments.timesteps)
    seconds = time.perf_counter() - began
    mean, std = evaluate_policy(model, env, n_eval_episodes=20)
    print(f"{arguments.timesteps:,} steps in {seconds:.0f} s: 20 episodes return {mean} +- {std}")
    env.close()


if __name__ == "__main__":
    main()
