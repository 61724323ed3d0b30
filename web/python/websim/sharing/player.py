"""A run's policy in a few environments of its own, without noise: what it sees is learnt from."""

from typing import Any

import numpy as np
from gymnasium.vector import AutoresetMode

from websim.algorithms import learner_class
from websim.algorithms.base import make_hyperparameters
from websim.algorithms.population import PopulationAlgorithm
from websim.kernels import Array
from websim.policies.normalization import normalization_of
from websim.training.checkpoints import Checkpoint
from websim.training.trainer import policy_of

NUM_ENVS = 16

SEED = 1 << 20
"""Of the environments: far from those that claims are made of."""


class Player:
    """Plays a run's policy.

    Attributes:
        args: The run's hyperparameters.
        flat: Whether its algorithm keeps all weights in one vector, as ES and ARS do.
        activation: Of its network's hidden layers, one of `websim.kernels.ACTIVATIONS`.
        env: NUM_ENVS environments.
        policy: What acts, on observations [n, obs].
        normalization: What its network sees them through.
    """

    def __init__(self, run: Checkpoint) -> None:
        """Makes the environments.

        Raises:
            InvalidArgument: the run cannot be simulated, or nothing of ours is its policy.
            UnsafeCode: its code does more than calculate.
            CheckpointError: the policy does not fit.
        """
        experiment = run.experiment.for_learning()
        kind = learner_class(experiment.algorithm)
        self.args: Any = make_hyperparameters(kind.Hyperparameters, experiment.hyperparameters)
        self.flat = issubclass(kind, PopulationAlgorithm)
        self.activation: str = "tanh" if self.flat else self.args.activation
        self.env = experiment.make_vec(NUM_ENVS, autoreset_mode=AutoresetMode.SAME_STEP, copy=False)
        try:
            space = self.env.single_action_space
            self.policy = policy_of(experiment, run.learner, space.low, space.high)
            self.normalization = normalization_of(run.learner, self.args.clip_obs)
            self.env.reset(seed=SEED)
        except BaseException:
            self.close()
            raise

    def play(self, steps: int) -> Array:
        """What the network sees [steps * NUM_ENVS, obs] in so many steps of each environment."""
        env = self.env
        seen: Array = np.empty((steps, NUM_ENVS, env.observations.shape[1]), np.float32)
        for row in seen:
            row[...] = self.normalization(env.observations)
            env.step(self.policy(env.observations))
        return seen.reshape(-1, seen.shape[-1])

    def close(self) -> None:
        """Frees the environments."""
        self.env.close()
