"""REINFORCE with a baseline (Williams, 1992): the policy gradient at its plainest, to learn from.

Every environment plays until all have finished an episode at least; an action is made likelier by
as much as what came after it exceeded what the baseline, a value function, had expected. One
gradient step, and the experience is thrown away. PPO is what one gets by using it several times.
"""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from websim.algorithms.base import (
    MAX_WIDTH,
    Algorithm,
    Hyperparameters,
    Metrics,
    hyperparameter,
    make_hyperparameters,
)
from websim.kernels import ActorCritic, adam, grad_norm
from websim.nn.normalization import NormalizeObservation, NormalizeReward
from websim.policies import GaussianPolicy
from websim.ranks import Communicator
from websim.rewards import Reward
from websim.training.checkpoints import State, TrainingSpec
from websim.training.snapshots import (
    generator_state,
    load_arrays,
    load_generator,
    restore,
    snapshot,
)

NO_CLIPPING = 1e6
"""PPO's loss at its first evaluation, unclipped, is REINFORCE's: all ratios are 1."""


@dataclass(kw_only=True)
class ReinforceHyperparameters(Hyperparameters):
    """Few, named as PPO's."""

    num_envs: int = hyperparameter(16, "environments, of all ranks together", 1, 65_536)
    learning_rate: float = hyperparameter(0.01, "of Adam", 0.0, 1.0)
    gamma: float = hyperparameter(0.99, "discount of later rewards", 0.0, 1.0)
    vf_coef: float = hyperparameter(0.5, "weight of the baseline's loss", 0.0)
    max_grad_norm: float = hyperparameter(0.5, "longest gradient", 0.0)
    hidden_sizes: tuple[int, ...] = hyperparameter(
        (64, 64), "widths of the hidden layers", 1, MAX_WIDTH
    )
    activation: str = hyperparameter("tanh", "of the hidden layers")


class Reinforce(Algorithm):
    """See the module."""

    name: ClassVar[str] = "reinforce"
    Hyperparameters: ClassVar[type[Hyperparameters]] = ReinforceHyperparameters

    def __init__(
        self, spec: TrainingSpec, communicator: Communicator, reward: Reward | None = None
    ) -> None:
        """Makes environments and networks; raises InvalidArgument for what is not allowed."""
        self.args: ReinforceHyperparameters
        self.args = args = make_hyperparameters(ReinforceHyperparameters, spec.hyperparameters)
        super().__init__(spec, communicator, reward, args.num_envs)
        self.agent = ActorCritic(
            self.observation_size,
            self.action_size,
            args.hidden_sizes,
            args.activation,
            rng=np.random.default_rng(spec.seed),
        )
        self.adam_m, self.adam_v = np.zeros_like(self.agent.flat), np.zeros_like(self.agent.flat)
        self.normalize_observation = NormalizeObservation(self.observation_size)
        self.normalize_reward = NormalizeReward(self.env.num_envs, args.gamma)
        self.normalize_observation.rms.update(self.env.observations)

    @property
    def num_iterations(self) -> int:
        """See Algorithm; how many it will be depends on the length of episodes."""
        return self.iteration + (self.global_step < self.args.total_timesteps)

    @property
    def weights(self) -> NDArray[np.float32]:
        """See Algorithm."""
        return self.agent.flat

    def iterate(self) -> Metrics:
        """See Algorithm."""
        args, agent, env, normalize = self.args, self.agent, self.env, self.normalize_observation
        env.reset()
        self.normalize_reward.returns.fill(0.0)
        running = np.ones(env.num_envs, np.bool_)
        steps: list[tuple[NDArray[np.float32], ...]] = []
        masks, rewards = [], []
        terms = np.zeros(env.reward_term_values.shape[1])
        while running.any():
            observations = normalize(env.observations)
            noise = self.rng.standard_normal((env.num_envs, self.action_size), dtype=np.float32)
            actions, logprobs, values = agent.act(observations, noise)
            steps.append((observations, actions, logprobs, values))
            masks.append(running.copy())
            self._step(actions, running)
            terms += env.reward_term_values[running].mean(axis=0)
            ended = env.terminations | env.truncations
            rewards.append(np.where(running, self.normalize_reward(env.rewards, ended), 0.0))
            running &= ~ended
            if running.any():
                normalize.rms.update(env.observations[running])

        # What came after each action, to the end of its episode.
        returns = np.zeros((len(rewards), env.num_envs), np.float32)
        later = np.zeros(env.num_envs)
        for t in reversed(range(len(rewards))):
            later = rewards[t] + args.gamma * later
            returns[t] = later

        mask = np.array(masks)
        observations, actions, logprobs, values = (
            np.array([step[part] for step in steps])[mask] for part in range(4)
        )
        targets = returns[mask]
        advantages = targets - values
        advantages = (advantages - advantages.mean()) / (advantages.std() + np.float32(1e-8))
        losses = agent.ppo_loss_and_gradient(
            observations,
            actions,
            logprobs,
            advantages,
            targets,
            values,
            clip_coef=NO_CLIPPING,
            ent_coef=0.0,
            vf_coef=args.vf_coef,
            clip_vloss=False,
        )
        self.communicator.average(agent.grads)
        norm = grad_norm(agent.grads)
        if norm > args.max_grad_norm:
            agent.grads *= np.float32(args.max_grad_norm / (norm + 1e-6))
        adam(
            agent.flat,
            agent.grads,
            self.adam_m,
            self.adam_v,
            self.iteration + 1,
            args.learning_rate,
            0.9,
            0.999,
            1e-8,
        )
        unexplained, variance = float((targets - values).var()), float(targets.var())
        metrics = self._average(
            {
                "losses/policy_loss": losses["policy_loss"],
                "losses/value_loss": losses["value_loss"],
                "losses/entropy": losses["entropy"],
                "losses/explained_variance": 1 - unexplained / variance if variance else np.nan,
                **{
                    f"rewards/{name}": float(value) / len(rewards)
                    for name, value in zip(env.task.reward_terms, terms, strict=True)
                },
            }
        )
        taken = np.array([mask.sum()])
        self.communicator.sum(taken)
        episodes = self._episode_metrics()
        normalize.rms.merge(self.communicator)
        self.normalize_reward.rms.merge(self.communicator)
        self.iteration += 1
        self.global_step += int(taken[0])
        return {**episodes, "charts/learning_rate": args.learning_rate, **metrics}

    @classmethod
    def policy_of(
        cls,
        args: ReinforceHyperparameters,
        state: State,
        low: NDArray[np.float32],
        high: NDArray[np.float32],
    ) -> GaussianPolicy:
        """See Algorithm."""
        return GaussianPolicy.from_state(state, args.hidden_sizes, args.activation, low, high)

    def state(self) -> State:
        """See Algorithm."""
        return {
            "iteration": self.iteration,
            "global_step": self.global_step,
            "policy": self.agent.parameters,
            "adam": {"m": self.adam_m, "v": self.adam_v},
            "normalize_observation": self.normalize_observation.rms.state(),
            "normalize_reward": self.normalize_reward.rms.state(),
        }

    def load(self, state: State) -> None:
        """See Algorithm."""
        load_arrays(self.agent.parameters, state.get("policy"))
        load_arrays({"m": self.adam_m, "v": self.adam_v}, state.get("adam"))
        self.normalize_observation.rms.load(state["normalize_observation"])
        self.normalize_reward.rms.load(state["normalize_reward"])
        self.iteration, self.global_step = state["iteration"], state["global_step"]

    def rank_state(self) -> State:
        """See Algorithm."""
        return {"rng": generator_state(self.rng), "env": snapshot(self.env)}

    def load_rank(self, state: State) -> None:
        """See Algorithm."""
        restore(self.env, state["env"])
        load_generator(self.rng, state["rng"])
