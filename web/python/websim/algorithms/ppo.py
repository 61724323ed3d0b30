"""Proximal Policy Optimization (Schulman et al., 2017) for continuous actions.

After CleanRL's `ppo_continuous_action.py`: the same hyperparameters, defaults and metric tags
(https://docs.cleanrl.dev/rl-algorithms/ppo/). Two things differ. A time limit is not taken for
death: where an episode is truncated, the value of its last state counts (Pardo et al., 2018). And
it is data-parallel: every rank collects experience in its share of the environments, and gradients
are averaged over ranks, minibatch by minibatch, so that all keep the same weights.
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
from websim.errors import InvalidArgument
from websim.experiments.experiment import Experiment
from websim.nn.actor_critic import ActorCritic
from websim.nn.distributions import DiagonalGaussian
from websim.nn.normalization import NormalizeReward
from websim.nn.optimizers import Adam, GradientClipping
from websim.policies import Bounds, GaussianPolicy
from websim.ranks import Communicator
from websim.states import StateDict, load_arrays

Array = NDArray[np.float32]

MAX_BATCH = 1 << 26
"""Steps between two updates, of all environments together."""


@dataclass(kw_only=True)
class PPOHyperparameters(Hyperparameters):
    """CleanRL's, and the size of the networks."""

    learning_rate: float = hyperparameter(
        3e-4, "of Adam; raise it where the return climbs slowly and the KL is small", 0.0, 1.0
    )
    num_envs: int = hyperparameter(
        1, "environments, of all ranks together; raise it to use more cores", 1, 65_536
    )
    num_steps: int = hyperparameter(
        2048,
        "steps of each environment between updates; raise it where the return is noisy",
        1,
        1_000_000,
    )
    anneal_lr: bool = hyperparameter(True, "lower the learning rate linearly to 0")
    gamma: float = hyperparameter(
        0.99, "discount of later rewards; raise it where what counts comes late", 0.0, 1.0
    )
    gae_lambda: float = hyperparameter(
        0.95, "advantages: 0 trusts values, 1 returns; raise it where values are poor", 0.0, 1.0
    )
    num_minibatches: int = hyperparameter(
        32, "parts of a batch, a gradient step each; raise it where batches are large", 1, 1_000_000
    )
    update_epochs: int = hyperparameter(
        10, "how often each batch is gone through; raise it where steps are dear", 1, 1000
    )
    norm_adv: bool = hyperparameter(True, "normalise advantages in each minibatch")
    clip_coef: float = hyperparameter(
        0.2, "how far probabilities may move in an update; raise it with care, for speed", 0.0
    )
    clip_vloss: bool = hyperparameter(True, "clip the value loss likewise")
    ent_coef: float = hyperparameter(
        0.0, "weight of the entropy; raise it where robots settle for too little", 0.0
    )
    vf_coef: float = hyperparameter(
        0.5, "weight of the value loss; raise it where the explained variance stays low", 0.0
    )
    max_grad_norm: float = hyperparameter(
        0.5, "longest gradient; raise it where losses are calm", 0.0
    )
    target_kl: float | None = hyperparameter(
        None, "end an update beyond this KL divergence; raise it where updates end early", 0.0
    )
    hidden_sizes: tuple[int, ...] = hyperparameter(
        (64, 64),
        "widths of the hidden layers; widen them for robots with many joints",
        1,
        MAX_WIDTH,
    )
    activation: str = hyperparameter("tanh", "of the hidden layers")
    log_std_init: float = hyperparameter(
        0.0, "log standard deviation of actions at first; raise it to try more", -20, 2
    )


class PPO(Algorithm):
    """See the module. Rollouts are arrays [num_steps, n, ...] for this rank's n environments."""

    name: ClassVar[str] = "ppo"
    Hyperparameters: ClassVar[type[Hyperparameters]] = PPOHyperparameters
    FEWEST: ClassVar[dict[str, int]] = {"num_envs": 1, "num_steps": 1, "num_minibatches": 1}

    def __init__(self, experiment: Experiment, communicator: Communicator) -> None:
        """Makes environments, networks and storage.

        Raises:
            InvalidArgument: hyperparameters that are not allowed, or do not go together.
            UnknownTask: there is no such task.
        """
        self.args: PPOHyperparameters
        self.args = args = make_hyperparameters(PPOHyperparameters, experiment.hyperparameters)
        super().__init__(experiment, communicator, args.num_envs)
        n = self.env.num_envs
        # Weights are drawn from the seed alone: equal on all ranks.
        self.agent = ActorCritic(
            self.observation_size,
            self.action_size,
            args.hidden_sizes,
            args.activation,
            rng=np.random.default_rng(experiment.seed),
        )
        self.agent.logstd[...] = args.log_std_init
        self.optimizer = Adam(self.agent.flat)
        self.clip = GradientClipping(args.max_grad_norm)
        self.forget_rewards()
        self.normalize_observation.rms.update(self.env.observations)

        shape = (args.num_steps, n)
        self.observations: Array = np.zeros((*shape, self.observation_size), np.float32)
        self.actions: Array = np.zeros((*shape, self.action_size), np.float32)
        self.logprobs: Array = np.zeros(shape, np.float32)
        self.rewards: Array = np.zeros(shape, np.float32)
        self.values: Array = np.zeros(shape, np.float32)
        self.next_values: Array = np.zeros(shape, np.float32)
        self.ended: NDArray[np.bool_] = np.zeros(shape, np.bool_)

    @classmethod
    def check_ranks(cls, args: PPOHyperparameters, ranks: int) -> None:
        """See Algorithm."""
        super().check_ranks(args, ranks)
        n = args.num_envs // ranks
        if args.num_steps * args.num_envs > MAX_BATCH:
            raise InvalidArgument(
                f"A batch of {args.num_steps} x {args.num_envs} steps is too large: "
                f"num_steps x num_envs may be {MAX_BATCH}."
            )
        if args.num_steps * n < args.num_minibatches:
            raise InvalidArgument(
                f"A rank's batch of {args.num_steps} x {n} steps has no {args.num_minibatches} "
                "minibatches."
            )

    @property
    def num_iterations(self) -> int:
        """See Algorithm."""
        return max(1, self.args.total_timesteps // (self.args.num_steps * self.args.num_envs))

    @property
    def weights(self) -> Array:
        """See Algorithm."""
        return self.agent.flat

    @property
    def parameters(self) -> dict[str, NDArray[np.float32]]:
        """See Algorithm."""
        return self.agent.parameters

    def iterate(self) -> Metrics:
        """See Algorithm."""
        args = self.args
        learning_rate = args.learning_rate
        if args.anneal_lr:
            learning_rate *= max(0.0, 1.0 - self.iteration / self.num_iterations)
        self._rollout()
        advantages = advantages_of(
            self.rewards, self.values, self.next_values, self.ended, args.gamma, args.gae_lambda
        )
        returns = advantages + self.values
        losses = self._update(advantages, returns, learning_rate)

        variance = float(returns.var())
        unexplained = float((returns - self.values).var())
        metrics = self._average(
            {
                **self._level_metrics(),
                "losses/explained_variance": 1 - unexplained / variance if variance else np.nan,
                **losses,
                **{
                    f"rewards/{name}": float(value)
                    for name, value in zip(self.env.reward_terms, self.term_means, strict=True)
                },
            }
        )
        episodes = self._episode_metrics()
        self.normalize_observation.rms.merge(self.communicator)
        self.normalize_reward.rms.merge(self.communicator)
        self.iteration += 1
        self.global_step += self.ended.size * len(self.communicator.members)
        return {**episodes, "charts/learning_rate": learning_rate, **metrics}

    def forget_rewards(self) -> None:
        """See Algorithm."""
        self.normalize_reward = NormalizeReward(self.env.num_envs, self.args.gamma)

    def _rollout(self) -> None:
        """Fills the storage with `num_steps` steps of every environment."""
        env, agent, normalize = self.env, self.agent, self.normalize_observation
        self.term_means = np.zeros(len(env.reward_terms))
        self.next_values.fill(0.0)
        observations = normalize(env.observations)
        for step in range(self.args.num_steps):
            noise = self.rng.standard_normal(self.actions.shape[1:], dtype=np.float32)
            actions, logprobs, values = agent.act(observations, noise)
            self.observations[step] = observations
            self.actions[step], self.logprobs[step], self.values[step] = actions, logprobs, values

            self._step(actions)
            np.logical_or(env.terminations, env.truncations, out=self.ended[step])
            self.rewards[step] = self.normalize_reward(env.rewards, self.ended[step])
            truncated = env.truncations & ~env.terminations
            if truncated.any():
                final = normalize(env.final_observations[truncated])
                self.next_values[step, truncated] = agent.value(final)
            self.term_means += env.reward_term_values.mean(axis=0) / self.args.num_steps
            observations = normalize(env.observations, update=True)
        # What comes after a step is the value of the next state; of an episode's last one, nothing
        # (terminated) or what was filled in above (truncated).
        going = ~self.ended
        following = np.concatenate([self.values[1:], agent.value(observations)[np.newaxis]])
        self.next_values[going] = following[going]

    def _update(self, advantages: Array, returns: Array, learning_rate: float) -> Metrics:
        """Goes through the batch `update_epochs` times; returns means over the last time."""
        args, agent = self.args, self.agent
        size = advantages.size
        batch: dict[str, Array] = {
            "observations": self.observations.reshape(size, -1),
            "actions": self.actions.reshape(size, -1),
            "logprobs": self.logprobs.reshape(size),
            "advantages": advantages.reshape(size),
            "returns": returns.reshape(size),
            "values": self.values.reshape(size),
        }
        minibatch_size = size // args.num_minibatches
        losses: list[dict[str, float]] = []
        for _ in range(args.update_epochs):
            # All minibatches at once: they are small, and each call would cost as much as its work.
            rows = self.rng.permutation(size)[: minibatch_size * args.num_minibatches]
            rows = rows.reshape(args.num_minibatches, minibatch_size)
            shuffled = {name: array[rows] for name, array in batch.items()}
            if args.norm_adv and minibatch_size > 1:
                advantage = shuffled["advantages"]
                advantage -= advantage.mean(axis=1, keepdims=True)
                advantage /= advantage.std(axis=1, ddof=1, keepdims=True) + 1e-8
            losses.clear()
            for i in range(args.num_minibatches):
                minibatch = {name: array[i] for name, array in shuffled.items()}
                losses.append(
                    ppo_loss(
                        agent,
                        **minibatch,
                        clip_coef=args.clip_coef,
                        ent_coef=args.ent_coef,
                        vf_coef=args.vf_coef,
                        clip_vloss=args.clip_vloss,
                    )
                )
                self.communicator.average(agent.grads)
                self.clip(agent.grads)
                self.optimizer.step(agent.grads, learning_rate)
                if self.observer is not None:
                    self.observer.updated()
            if args.target_kl is not None:
                kl = np.array([losses[-1]["approx_kl"]])
                self.communicator.average(kl)  # all ranks stop, or none
                if kl[0] > args.target_kl:
                    break
        return {
            f"losses/{name}": float(np.mean([one[name] for one in losses])) for name in losses[0]
        }

    @classmethod
    def policy_of(
        cls,
        args: PPOHyperparameters,
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
        self.optimizer.load(state.get("adam"), state["gradient_steps"])
        self.normalize_reward.rms.load(state["normalize_reward"])

    def rank_state(self) -> StateDict:
        """See Algorithm."""
        return {**super().rank_state(), "discounted_returns": self.normalize_reward.returns}

    def load_rank(self, state: StateDict) -> None:
        """See Algorithm."""
        super().load_rank(state)
        load_arrays({"discounted_returns": self.normalize_reward.returns}, state)


def ppo_loss(
    agent: ActorCritic,
    observations: NDArray[Any],
    actions: NDArray[Any],
    logprobs: NDArray[Any],
    advantages: NDArray[Any],
    returns: NDArray[Any],
    values: NDArray[Any],
    *,
    clip_coef: float = 0.2,
    ent_coef: float = 0.0,
    vf_coef: float = 0.5,
    clip_vloss: bool = True,
) -> dict[str, float]:
    """The loss of a minibatch; its gradient is written to the agent's `grads`.

    The loss is policy_loss - ent_coef * entropy + vf_coef * value_loss, as in CleanRL. Where the
    agent's kernels have all of it in one call, they do it.

    Args:
        agent: Policy and values.
        observations: [n, observation_size].
        actions: [n, action_size], as `act` gave them.
        logprobs: [n], likewise.
        advantages: [n], normalised if that is wanted.
        returns: [n], what the values should have been.
        values: [n], as `act` gave them.
        clip_coef: How far the ratio of probabilities may move, and values with `clip_vloss`.
        ent_coef: Weight of the entropy.
        vf_coef: Weight of the value loss.
        clip_vloss: Whether to clip the value loss.

    Returns:
        policy_loss, value_loss, entropy, approx_kl, old_approx_kl and clipfrac.
    """
    actor, critic = agent.actor, agent.critic
    fused = agent.kernels.ppo_loss_and_gradient(
        actor.widths,
        critic.widths,
        actor.activation,
        agent.flat,
        agent.grads,
        observations,
        actions,
        logprobs,
        advantages,
        returns,
        values,
        clip_coef,
        ent_coef,
        vf_coef,
        clip_vloss,
    )
    if fused is not None:
        return fused
    mean, actor_kept = actor.forward(observations)
    policy = DiagonalGaussian(mean, agent.logstd)
    value, critic_kept = critic.forward(observations)
    value = value[:, 0]
    n = max(len(observations), 1)

    noise = policy.noise_of(actions)
    logratio = policy.log_prob(noise) - logprobs
    ratio = np.exp(logratio)
    unclipped = -advantages * ratio
    clipped = -advantages * np.clip(ratio, 1 - clip_coef, 1 + clip_coef)
    error = value - returns
    change = value - values
    clipped_error = values + np.clip(change, -clip_coef, clip_coef) - returns
    if not clip_vloss:
        clipped_error = error
    within = np.abs(change) <= clip_coef

    grad_logprob = np.where(unclipped >= clipped, unclipped, 0) / n
    grad_mean, grad_logstd = policy.log_prob_backward(noise, grad_logprob)
    square, clipped_square = np.square(error), np.square(clipped_error)
    grad_value = np.where(square >= clipped_square, error, clipped_error * within)
    agent.grads[...] = 0
    agent.grad_logstd[...] = grad_logstd - ent_coef
    actor.backward(observations, actor_kept, grad_mean)
    critic.backward(observations, critic_kept, (grad_value * vf_coef / n)[:, np.newaxis])
    return {
        "policy_loss": float(np.maximum(unclipped, clipped).sum() / n),
        "value_loss": float(0.5 * np.maximum(square, clipped_square).sum() / n),
        "entropy": policy.entropy(),
        "approx_kl": float((ratio - 1 - logratio).sum() / n),
        "old_approx_kl": float(-logratio.sum() / n),
        "clipfrac": float((np.abs(ratio - 1) > clip_coef).sum() / n),
    }


def advantages_of(
    rewards: NDArray[Any],
    values: NDArray[Any],
    next_values: NDArray[Any],
    ended: NDArray[np.bool_],
    gamma: float,
    gae_lambda: float,
) -> Array:
    """Generalized advantage estimation (Schulman et al., 2016).

    Args:
        rewards: [num_steps, n].
        values: [num_steps, n], of the state before each step.
        next_values: [num_steps, n], of the state after it: 0 where the episode terminated, the
            value of its last state where it was truncated.
        ended: [num_steps, n], where an episode ended, either way.
        gamma: Discount.
        gae_lambda: Decay of later errors.

    Returns:
        [num_steps, n].
    """
    advantages: Array = np.zeros_like(rewards)
    errors = rewards + np.float32(gamma) * next_values - values
    decay = np.where(ended, 0.0, gamma * gae_lambda).astype(np.float32)
    later = np.zeros_like(rewards[0])
    for step in reversed(range(len(rewards))):
        later = errors[step] + decay[step] * later
        advantages[step] = later
    return advantages
