"""A run as others use it: its experiment, and its policy as a function of observations."""

from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike, NDArray

from websim.errors import InvalidArgument
from websim.experiments.experiment import Experiment
from websim.policies import Playing, Policy
from websim.sharing.links import read_run
from websim.training.trainer import policy_of


class Run:
    """What `load` gives.

    Attributes:
        experiment: What was learnt, with the robot's files; `make_vec(run.experiment, num_envs)`
            makes its environments.
        policy: Gives actions without noise [n, action size], within their bounds, for observations
            [n, observation size]; one that remembers takes each for the first of an episode.
        iteration: Finished iterations.
        global_step: Environment steps so far.
    """

    def __init__(
        self, experiment: Experiment, policy: Policy, size: int, iteration: int, global_step: int
    ) -> None:
        """Takes what they are, and the size of an observation."""
        self.experiment = experiment
        self.policy = policy
        self.iteration = iteration
        self.global_step = global_step
        self._size = size
        self._playing = Playing(policy)
        self._number = 0

    def act(self, observations: ArrayLike, started: ArrayLike | None = None) -> NDArray[np.float32]:
        """What the policy does, without noise.

        A policy that remembers takes each call for the next step of the same environments.

        Args:
            observations: Of one environment [observation size], or of several, [n, ...].
            started: Environments [n], or the one, whose episode begins with them; None: those of
                the first call, and of one for another number of environments. Only policies that
                remember need it.

        Returns:
            Actions within their bounds, [action size] or [n, action size].

        Raises:
            InvalidArgument: observations of another shape, or that are not finite.
        """
        given = np.asarray(observations, np.float64)
        if given.ndim not in (1, 2) or given.shape[-1] != self._size:
            raise InvalidArgument(
                f"observations must be [{self._size}] or [n, {self._size}], not {given.shape}."
            )
        if not np.isfinite(given).all():
            raise InvalidArgument("observations must be finite.")
        rows = np.atleast_2d(given)
        begins = np.asarray(False if started is None else started)
        if begins.dtype != np.bool_ or begins.shape not in ((), (len(rows),)):
            raise InvalidArgument(f"started must be {len(rows)} booleans, not {started!r:.99}.")
        if len(rows) != self._number:
            self._playing, self._number = Playing(self.policy), len(rows)
            begins = np.asarray(True)
        actions = self._playing(rows, np.broadcast_to(begins, len(rows)))
        return actions if given.ndim == 2 else actions[0]


def load(source: str | Path) -> Run:
    """Reads a run: a policy to use, and what it was learnt for.

    Args:
        source: Its file (`.websim`), a link that carries it, or the address of a shared run
            (`https://…/r/ID`), of a page that opens one (`…/?open=NAME`) or of its file.

    Raises:
        ModelError: there is no such file, or it cannot be fetched.
        CheckpointError: it is no run, damaged, or nothing has been learnt yet.
        InvalidArgument, UnsafeCode: its experiment cannot be simulated.
    """
    checkpoint = read_run(source)
    experiment, learner = checkpoint.experiment, checkpoint.learner
    env = experiment.make_vec(1)
    space, size = env.single_action_space, env.observations.shape[1]
    env.close()
    policy = policy_of(experiment, learner, space.low, space.high)
    return Run(experiment, policy, size, learner["iteration"], learner["global_step"])
