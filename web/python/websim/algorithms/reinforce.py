"""REINFORCE with a baseline (Williams, 1992): the policy gradient at its plainest, to learn from.

Every environment plays until all have finished an episode at least; an action is made likelier by
as much as what came after it exceeded what the baseline, a value function, had expected. One
gradient step, and the experience is thrown away. PPO is what one gets by using it several times.
"""

from dataclasses import dataclass
from typing import Any, ClassVar

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
from websim.algorithms.ppo import ppo_loss
from websim.experiments.experiment import Experiment
from websim.nn.actor_critic import ActorCritic
from websim.nn.normalization import NormalizeReward
from websim.nn.optimizers import Adam, GradientClipping
from websim.policies import Bounds, GaussianPolicy
from websim.ranks import Communicator
from websim.states import StateDict

NO_CLIPPING = 1e6


@dataclass(kw_only=True)
class ReinforceHyperparameters(Hyperparameters):
    """Few, named as PPO's."""

    num_envs: int = hyperparameter(
        16,
        "environments, of all ranks together, an episode each; raise it where the return is noisy",
        1,
        65_536,
    )
    learning_rate: float = hyperparameter(
        0.01, "of Adam; raise it where the return climbs slowly but steadily", 0.0, 1.0
    )
    gamma: float = hyperparameter(
        0.99, "discount of later rewards; raise it where what counts comes late", 0.0, 1.0
    )
    vf_coef: float = hyperparameter(
        0.5, "weight of the baseline's loss; raise it where the explained variance stays low", 0.0
    )
    max_grad_norm: float = hyperparameter(
        0.5, "longest gradient; raise it where losses are calm", 0.0
    )
    hidden_sizes: tuple[int, ...] = hyperparameter(
        (64, 64),
        "widths of the hidden layers; widen them for robots with many joints",
        1,
        MAX_WIDTH,
    )
    activation: str = hyperparameter("tanh", "of the hidden layers")


class Reinforce(Algorithm):
    """See the module."""

    name: ClassVar[str] = "reinforce"
    Hyperparameters: ClassVar[type[Hyperparameters]] = ReinforceHyperparameters

    def __init__(self, experiment: Experiment, communicator: Communicator) -> None:
        """Makes environments and networks; raises InvalidArgument for what is not allowed."""
        self.args: ReinforceHyperparameters
        self.args = args = make_hyperparameters(
            ReinforceHyperparameters, experiment.hyperparameters
        )
        super().__init__(experiment, communicator, args.num_envs)
        self.agent = ActorCritic(
            self.observation_size,
            self.action_size,
            args.hidden_sizes,
            args.activation,
            rng=np.random.default_rng(experiment.seed),
        )
        self.optimizer = Adam(self.agent.flat, eps=1e-8)
        self.clip = GradientClipping(args.max_grad_norm)
        self.forget_rewards()
        self.normalize_observation.rms.update(self.env.observations)

    @property
    def num_iterations(self) -> int:
        """See Algorithm; how many it will be depends on the length of episodes."""
        return self.iteration + (self.global_step < self.args.total_timesteps)

    @property
    def weights(self) -> NDArray[np.float32]:
        """See Algorithm."""
        return self.agent.flat

    @property
    def parameters(self) -> dict[str, NDArray[np.float32]]:
        """See Algorithm."""
        return self.agent.parameters

    def forget_rewards(self) -> None:
        """See Algorithm."""
        self.normalize_reward = NormalizeReward(self.env.num_envs, self.args.gamma)

    def iterate(self) -> Metrics:
        """See Algorithm."""
        args, agent, env, normalize = self.args, self.agent, self.env, self.normalize_observation
        self._begin_episodes()
        self.normalize_reward.returns.fill(0.0)
        running = np.ones(env.num_envs, np.bool_)
        steps: list[tuple[NDArray[np.float32], ...]] = []
        masks, rewards = [], []
        terms = np.zeros(len(env.reward_terms))
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
        losses = reinforce_loss(
            agent, observations, actions, logprobs, advantages, targets, values, args.vf_coef
        )
        self.communicator.average(agent.grads)
        self.clip(agent.grads)
        self.optimizer.step(agent.grads, args.learning_rate)
        unexplained, variance = float((targets - values).var()), float(targets.var())
        metrics = self._average(
            {
                **self._level_metrics(),
                "losses/policy_loss": losses["policy_loss"],
                "losses/value_loss": losses["value_loss"],
                "losses/entropy": losses["entropy"],
                "losses/explained_variance": 1 - unexplained / variance if variance else np.nan,
                **{
                    f"rewards/{name}": float(value) / len(rewards)
                    for name, value in zip(env.reward_terms, terms, strict=True)
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
        state: StateDict,
        low: NDArray[np.float32],
        high: NDArray[np.float32],
    ) -> GaussianPolicy:
        """See Algorithm."""
        bounds = Bounds(low, high, args.squash_output)
        return GaussianPolicy.from_state(
            state, args.hidden_sizes, args.activation, bounds, args.clip_obs
        )

    def state(self) -> StateDict:
        """See Algorithm."""
        return {
            **super().state(),
            "gradient_steps": self.optimizer.steps,
            "adam": self.optimizer.state(),
            "normalize_reward": self.normalize_reward.rms.state(),
        }

    def load(self, state: StateDict) -> None:
        """See Algorithm."""
        super().load(state)
        # Once there was a step in each iteration, and their number was not kept.
        steps: Any = state.get("gradient_steps", state["iteration"])
        self.optimizer.load(state.get("adam"), steps)
        self.normalize_reward.rms.load(state["normalize_reward"])


def reinforce_loss(
    agent: ActorCritic,
    observations: NDArray[np.float32],
    actions: NDArray[np.float32],
    logprobs: NDArray[np.float32],
    advantages: NDArray[np.float32],
    returns: NDArray[np.float32],
    values: NDArray[np.float32],
    vf_coef: float,
) -> dict[str, float]:
    """The loss of all steps n; its gradient is written to the agent's `grads`.

    It is PPO's, unclipped, at its first evaluation: there all ratios of probabilities are 1, and
    the gradient of advantage * ratio is that of advantage * log probability.

    Args:
        agent: Policy and baseline.
        observations: [n, observation_size].
        actions: [n, action_size].
        logprobs: [n], of the actions.
        advantages: [n], normalised.
        returns: [n], what the baseline should have said.
        values: [n], what it said.
        vf_coef: Weight of the baseline's loss.

    Returns:
        See `websim.algorithms.ppo.ppo_loss`.
    """
    return ppo_loss(
        agent,
        observations,
        actions,
        logprobs,
        advantages,
        returns,
        values,
        clip_coef=NO_CLIPPING,
        ent_coef=0.0,
        vf_coef=vf_coef,
        clip_vloss=False,
    )
