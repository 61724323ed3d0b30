"""CleanRL's PPO on EnvPool.

Written after `ppo_continuous_action_envpool.py` of https://github.com/vwxyzjn/envpool-cleanrl,
whose tuned settings are "tuned"; "usual" are those of CleanRL's `ppo_continuous_action.py`, its
batch spread over 64 environments. EnvPool answers the step after an episode's end with the next
episode's first state and takes no action: that step is left out of the updates.
"""

import os
import time
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bench.curves import Point
from bench.stacks import Setup, Stack, Watch, Way

CLIP = 10.0  # of what is normalised


@dataclass(frozen=True)
class Settings:
    """CleanRL's names."""

    total_timesteps: int
    learning_rate: float
    num_steps: int
    num_minibatches: int
    update_epochs: int
    clip_vloss: bool
    vf_coef: float
    max_grad_norm: float
    gamma: float = 0.99
    gae_lambda: float = 0.95
    clip_coef: float = 0.2


SETTINGS = {
    "tuned": Settings(10_000_000, 0.00295, 64, 4, 2, False, 1.3, 3.5),
    "usual": Settings(1_000_000, 3e-4, 32, 32, 10, True, 0.5, 0.5),
}
NUM_ENVS = 64


def stack(name: str) -> Stack:
    """The only one."""
    return Stack(_ways, _learn)


def _ways(task: str) -> list[Way]:
    threads = sorted({1, os.cpu_count() or 1})
    return [Way(one, NUM_ENVS, "envpool", count) for one in SETTINGS for count in threads]


class Running:
    """Mean and variance of everything seen, as Gymnasium's wrappers keep them."""

    def __init__(self, shape: tuple[int, ...]) -> None:
        self.mean, self.var, self.count = np.zeros(shape), np.ones(shape), 1e-4

    def update(self, batch: NDArray[np.float64]) -> None:
        """Adds a batch [n, ...]."""
        n, delta = len(batch), batch.mean(axis=0) - self.mean
        total = self.count + n
        spread = self.var * self.count + batch.var(axis=0) * n
        self.var = (spread + np.square(delta) * self.count * n / total) / total
        self.mean = self.mean + delta * n / total
        self.count = total


def _learn(setup: Setup, watch: Watch) -> None:
    import envpool
    import torch
    from torch import nn

    args = SETTINGS[setup.way.settings]
    torch.set_num_threads(setup.way.threads)
    torch.manual_seed(setup.seed)
    n, steps = setup.way.envs, args.num_steps
    env = envpool.make(setup.task, env_type="gymnasium", num_envs=n, seed=setup.seed)
    seen, acts = env.observation_space.shape[0], env.action_space.shape[0]
    low, high = env.action_space.low, env.action_space.high

    def perceptron(outputs: int, scale: float) -> Any:
        widths, layers = [seen, 64, 64, outputs], []
        for place, (before, after) in enumerate(pairwise(widths)):
            layer = nn.Linear(before, after)
            nn.init.orthogonal_(layer.weight, scale if place == 2 else 2**0.5)
            nn.init.zeros_(layer.bias)
            layers += [layer, nn.Tanh()] if place < 2 else [layer]
        return nn.Sequential(*layers)

    actor, critic = perceptron(acts, 0.01), perceptron(1, 1.0)
    logstd = nn.Parameter(torch.zeros(acts))
    parameters = [*actor.parameters(), *critic.parameters(), logstd]
    adam = torch.optim.Adam(parameters, lr=args.learning_rate, eps=1e-5)

    def logprob_of(mean: Any, actions: Any) -> Any:
        return torch.distributions.Normal(mean, logstd.exp()).log_prob(actions).sum(1)

    observation_rms, return_rms = Running((seen,)), Running(())
    discounted, returns = np.zeros(n), np.zeros(n)

    def normalized(observations: NDArray[np.float64]) -> Any:
        observation_rms.update(observations)
        scaled = (observations - observation_rms.mean) / np.sqrt(observation_rms.var + 1e-8)
        return torch.from_numpy(np.clip(scaled, -CLIP, CLIP).astype(np.float32))

    started, step = time.perf_counter(), 0
    obs = torch.zeros(steps, n, seen)
    actions = torch.zeros(steps, n, acts)
    logprobs, rewards, values = (torch.zeros(steps, n) for _ in range(3))
    dones = torch.zeros(steps + 1, n)
    done = np.zeros(n, bool)
    following = normalized(env.reset()[0])
    goes_on = True
    while goes_on:
        adam.param_groups[0]["lr"] = args.learning_rate * max(0, 1 - step / args.total_timesteps)
        ended = []
        for t in range(steps):
            obs[t], dones[t] = following, torch.from_numpy(done)
            with torch.no_grad():
                mean = actor(following)
                actions[t] = torch.normal(mean, logstd.exp().expand_as(mean))
                logprobs[t] = logprob_of(mean, actions[t])
                values[t] = critic(following)[:, 0]
            was_done = done
            found, paid, terminated, truncated, _ = env.step(
                np.clip(actions[t].numpy(), low, high).astype(env.action_space.dtype)
            )
            done = terminated | truncated
            returns += np.where(was_done, 0, paid)  # of a reset, nothing
            ended += returns[done].tolist()
            returns[done] = 0
            discounted = discounted * args.gamma + paid
            return_rms.update(discounted)
            discounted[done] = 0
            scaled = np.clip(paid / np.sqrt(return_rms.var + 1e-8), -CLIP, CLIP)
            rewards[t] = torch.from_numpy(scaled.astype(np.float32))
            following = normalized(found)
        dones[steps] = torch.from_numpy(done)
        step += steps * n

        advantages, later = torch.zeros(steps, n), torch.zeros(n)
        with torch.no_grad():
            next_values = critic(following)[:, 0]
        for t in reversed(range(steps)):
            going = 1 - dones[t + 1]
            error = rewards[t] + args.gamma * next_values * going - values[t]
            advantages[t] = later = error + args.gamma * args.gae_lambda * going * later
            next_values = values[t]
        targets = advantages + values
        batch = [
            one.reshape(steps * n, *one.shape[2:])
            for one in (obs, actions, logprobs, values, advantages, targets)
        ]
        (real,) = torch.nonzero(dones[:steps].reshape(-1) == 0, as_tuple=True)
        for _ in range(args.update_epochs):
            for rows in real[torch.randperm(len(real))].chunk(args.num_minibatches):
                o, a, old_logprob, old_value, advantage, target = (one[rows] for one in batch)
                advantage = (advantage - advantage.mean()) / (advantage.std() + 1e-8)
                ratio = (logprob_of(actor(o), a) - old_logprob).exp()
                near = ratio.clamp(1 - args.clip_coef, 1 + args.clip_coef)
                policy_loss = torch.max(-advantage * ratio, -advantage * near).mean()
                value = critic(o)[:, 0]
                error = (value - target).square()
                if args.clip_vloss:
                    change = (value - old_value).clamp(-args.clip_coef, args.clip_coef)
                    error = torch.max(error, (old_value + change - target).square())
                adam.zero_grad()
                (policy_loss + args.vf_coef * 0.5 * error.mean()).backward()
                nn.utils.clip_grad_norm_(parameters, args.max_grad_norm)
                adam.step()
        seconds, count = time.perf_counter() - started, len(ended)
        goes_on = watch(Point(step, seconds, count, sum(ended) / count if count else 0.0))
    env.close()
