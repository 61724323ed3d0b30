"""How good a policy is: its episodes without noise, judged by what is paid and by the measure."""

from dataclasses import dataclass, replace
from time import perf_counter

import numpy as np
from gymnasium.vector import AutoresetMode
from numpy.typing import NDArray

from websim import plain
from websim.algorithms.base import Observer
from websim.errors import InvalidArgument
from websim.policies import Playing
from websim.training.checkpoints import Checkpoint
from websim.training.trainer import policy_of
from websim.vector import MAX_ENVIRONMENTS


@dataclass
class Evaluation:
    """What came of some episodes.

    Attributes:
        returns: [episodes].
        lengths: [episodes], in environment steps.
        measures: [episodes]; NaN where nothing says what success is.
    """

    returns: NDArray[np.float64]
    lengths: NDArray[np.int32]
    measures: NDArray[np.float64]


class Judge:
    """Plays episodes of the policy of a run, each in an environment of its own.

    So none is preferred for being short, and the numbers do not depend on how many cores there are.

    Attributes:
        result: What has come of those that are over.
        running: Which are not over yet [episodes].
    """

    def __init__(
        self,
        checkpoint: Checkpoint,
        episodes: int = 100,
        seed: int = 0,
        observer: Observer | None = None,
    ) -> None:
        """Makes the environments.

        Args:
            checkpoint: The run. Its measure judges, or else its task's own.
            episodes: How many; episode i is seeded with `seed + i`.
            seed: Of the first.
            observer: Told after each step.

        Raises:
            InvalidArgument: no such number of episodes, or the run cannot be simulated.
            CheckpointError: the policy does not fit.
        """
        if not plain.is_count(episodes, low=1, high=MAX_ENVIRONMENTS):
            raise InvalidArgument(f"episodes must be 1 to {MAX_ENVIRONMENTS}, not {episodes!r}.")
        experiment = checkpoint.experiment
        if experiment.measure is None:
            own = experiment.task_class().measure_code
            experiment = replace(experiment, measure=own or None)
        self._observer = observer
        self._env = experiment.make_vec(
            episodes, autoreset_mode=AutoresetMode.SAME_STEP, copy=False
        )
        try:
            space = self._env.single_action_space
            policy = policy_of(experiment, checkpoint.learner, space.low, space.high)
        except BaseException:
            self.close()
            raise
        self._policy = Playing(policy)
        self._observations, _ = self._env.reset(seed=seed)
        self.running = np.ones(episodes, np.bool_)
        self.result = Evaluation(
            np.zeros(episodes), np.zeros(episodes, np.int32), np.zeros(episodes)
        )

    def play(self, seconds: float = np.inf) -> bool:
        """Goes on for about so many seconds; returns whether all episodes are over."""
        env, result, running = self._env, self.result, self.running
        until = perf_counter() + seconds
        while running.any():
            env.step(self._policy(self._observations, env.episode_lengths == 0))
            ended = running & (env.terminations | env.truncations)
            result.returns[ended] = env.final_returns[ended]
            result.lengths[ended] = env.final_lengths[ended]
            result.measures[ended] = env.final_measures[ended]
            running &= ~ended
            if self._observer is not None:
                self._observer.stepped(None)
            if perf_counter() >= until:
                break
        return not running.any()

    def close(self) -> None:
        """Frees the environments."""
        self._env.close()


def evaluate(
    checkpoint: Checkpoint,
    episodes: int = 100,
    seed: int = 0,
    observer: Observer | None = None,
) -> Evaluation:
    """Plays episodes of the policy of a run to their ends; arguments and errors as of `Judge`."""
    judge = Judge(checkpoint, episodes, seed, observer)
    try:
        judge.play()
        return judge.result
    finally:
        judge.close()
