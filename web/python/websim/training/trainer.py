"""Drives an algorithm: iteration by iteration, on all ranks, from and to checkpoints.

The same in a terminal, in a browser's workers and in a test. Who calls `advance` decides what to do
between two iterations: draw, answer messages, save.
"""

from collections import deque
from dataclasses import dataclass, field
from time import perf_counter
from typing import Any

import numpy as np
from numpy.typing import NDArray

from websim.algorithms import Algorithm, algorithm_class, make_algorithm
from websim.algorithms.base import Metrics, make_hyperparameters
from websim.errors import DamagedCheckpoint, RankLost, TrainingDiverged
from websim.experiments.experiment import Experiment
from websim.policies import Policy
from websim.ranks import Communicator
from websim.states import StateDict
from websim.training import checkpoints
from websim.training.checkpoints import Checkpoint, Packed

RECENT_EPISODES = 100
"""Runs are judged by the mean return of so many episodes, the newest."""


@dataclass(kw_only=True)
class Iteration:
    """What an iteration has brought a rank; what is learnt and counted is the same on all.

    Attributes:
        root: Whether this rank speaks for all.
        iteration: Finished iterations.
        global_step: Environment steps so far, of all ranks.
        recent_return: Mean return of the newest episodes; NaN before the first has ended.
        seconds: That it took, the checkpoint included.
        metrics: By TensorBoard tag; NaN where there is nothing to tell.
        done: It was the last one, or has been told to be.
        finished: It was the last one.
        lost: Ranks lost in it; it was given up, and the others go on.
        checkpoint: Where one was due and this rank is the root.
        saving: Seconds that the checkpoint took.
    """

    root: bool
    iteration: int
    global_step: int
    recent_return: float
    seconds: float
    metrics: Metrics = field(default_factory=dict)
    done: bool = False
    finished: bool = False
    lost: list[int] = field(default_factory=list)
    checkpoint: bytes | None = None
    saving: float = 0.0


class Best:
    """The policy as it was when the newest episodes had the greatest mean return.

    Attributes:
        recent_return: Mean return of the newest episodes; NaN before the first has ended.
        mean_return: The greatest that this has been.
        policy: The state of the policy then (`Algorithm.policy_of`); None before any.
    """

    def __init__(self) -> None:
        """Begins without episodes."""
        self._episodes: deque[tuple[float, int]]
        self.recent_return: float
        self.mean_return: float
        self.policy: StateDict | None
        self.load({})

    def consider(self, algorithm: Algorithm, metrics: Metrics) -> None:
        """Takes in the episodes of an iteration, and the policy if it is better."""
        count = int(metrics["charts/episodes"])
        if not count:
            return
        episodes = self._episodes
        episodes.append((metrics["charts/episodic_return"], count))
        while sum(n for _, n in episodes) - episodes[0][1] >= RECENT_EPISODES:
            episodes.popleft()
        self.recent_return = sum(mean * n for mean, n in episodes) / sum(n for _, n in episodes)
        if self.recent_return > self.mean_return:
            self.mean_return = self.recent_return
            self.policy = algorithm.policy_state()

    def state(self) -> StateDict:
        """What `load` needs."""
        if self.policy is None:
            return {}
        return {
            "recent": [list(episode) for episode in self._episodes],
            "recent_return": self.recent_return,
            "mean_return": self.mean_return,
            "policy": self.policy,
        }

    def load(self, state: StateDict) -> None:
        """Goes on from a state; an empty one has no episodes."""
        recent = state.get("recent", ())
        self._episodes = deque((float(mean), int(count)) for mean, count in recent)
        self.recent_return = float(state.get("recent_return", np.nan))
        self.mean_return = float(state.get("mean_return", -np.inf))
        self.policy = state.get("policy")


class Trainer:
    """One rank's end of a training run.

    Attributes:
        algorithm: What learns.
        best: The best policy so far.
        restarted_environments: Whether a checkpoint's environments could not be taken over,
            because they were of another number of ranks, or this rank had been lost.
    """

    algorithm: Algorithm

    def __init__(
        self,
        experiment: Experiment,
        communicator: Communicator | None = None,
        checkpoint: Checkpoint | None = None,
    ) -> None:
        """Makes the algorithm; with a checkpoint, as it was when that was written.

        Args:
            experiment: What is trained; of a checkpoint, its own or with other hyperparameters.
            communicator: The ranks; one alone by default.
            checkpoint: What to go on from.

        Raises:
            InvalidArgument: the experiment is wrong.
            DamagedCheckpoint: the checkpoint does not fit what it says it is of.
        """
        self.communicator = communicator or Communicator()
        self.algorithm = make_algorithm(experiment, self.communicator)
        self.best = Best()
        self.restarted_environments = False
        if checkpoint is None:
            return
        self._load(checkpoint)
        ranks = checkpoint.ranks
        own = ranks[self.communicator.rank] if len(ranks) == self.communicator.size else None
        if own is None:
            self.restarted_environments = True
            return
        try:
            self.algorithm.load_rank(own)
        except DamagedCheckpoint:
            raise
        except (KeyError, TypeError, AttributeError, ValueError) as error:
            raise DamagedCheckpoint(f"The checkpoint lacks something: {error!r}.") from None

    def _load(self, checkpoint: Checkpoint) -> None:
        """Takes over what ranks share."""
        try:
            self.algorithm.load(checkpoint.learner)
            self.best.load(checkpoint.learner.get("best", {}))
        except DamagedCheckpoint:
            raise
        except (KeyError, TypeError, AttributeError, ValueError) as error:
            raise DamagedCheckpoint(f"The checkpoint lacks something: {error!r}.") from None

    def rejoin(self, communicator: Communicator, checkpoint: Checkpoint | None) -> None:
        """Goes on in another group, with the environments as they are.

        Args:
            communicator: Of as many ranks as the first; this one has the same number in it.
            checkpoint: What all its ranks go on from; None where they agree already.
        """
        self.communicator = self.algorithm.communicator = communicator
        if checkpoint is not None:
            self._load(checkpoint)

    def advance(self, *, stop: bool = False, save: bool = False) -> Iteration:
        """One iteration.

        Args:
            stop: Ends the run after it; only the first rank's word counts.
            save: Asks for a checkpoint after it, likewise; the last one has one anyway.

        Raises:
            TrainingDiverged: a loss or a weight is no longer finite; go back to a checkpoint.
            RankLost: this rank was given up by the others.
        """
        algorithm, communicator = self.algorithm, self.communicator
        began = perf_counter()
        wishes = np.array([stop, save], np.uint8)
        try:
            metrics = algorithm.iterate()
            communicator.broadcast(wishes)
        except RankLost as error:
            communicator.reform(error.ranks)
            return self._iteration(began, lost=list(error.ranks))
        losses = [value for tag, value in metrics.items() if tag.endswith("_loss")]
        if not (np.isfinite(losses).all() and np.isfinite(algorithm.weights).all()):
            raise TrainingDiverged(
                f"After {algorithm.global_step} steps losses or weights are no longer finite. "
                "A lower learning rate usually helps."
            )
        self.best.consider(algorithm, metrics)
        finished = algorithm.iteration >= algorithm.num_iterations
        done = finished or bool(wishes[0])
        due, learnt = done or bool(wishes[1]), perf_counter()
        checkpoint = self.checkpoint() if due else None
        return self._iteration(
            began,
            metrics=metrics,
            done=done,
            finished=finished,
            checkpoint=checkpoint,
            saving=perf_counter() - learnt if due else 0.0,
        )

    def _iteration(self, began: float, **what: Any) -> Iteration:
        return Iteration(
            root=self.communicator.is_root,
            iteration=self.algorithm.iteration,
            global_step=self.algorithm.global_step,
            recent_return=self.best.recent_return,
            seconds=perf_counter() - began,
            **what,
        )

    def checkpoint(self) -> bytes | None:
        """Everything as it is now, of all ranks; all call it, right after the same iteration.

        Returns:
            What `checkpoints.loads` reads; None where another rank is the root.
        """
        communicator, algorithm = self.communicator, self.algorithm
        values, arrays = checkpoints.pack(algorithm.rank_state())
        while True:
            try:
                parts = zip(
                    communicator.gather_bytes(values),
                    communicator.gather_bytes(arrays),
                    strict=True,
                )
                break
            except RankLost as error:
                communicator.reform(error.ranks)
        if not communicator.is_root:
            return None
        ranks: list[Packed | None] = [None] * communicator.size
        for rank, part in zip(communicator.members, parts, strict=True):
            ranks[rank] = part
        learner = {**algorithm.state(), "best": self.best.state()}
        return checkpoints.dumps(algorithm.experiment, checkpoints.pack(learner), ranks)

    def close(self) -> None:
        """Frees the environments."""
        self.algorithm.close()


def policy_of(
    experiment: Experiment, state: StateDict, low: NDArray[np.float32], high: NDArray[np.float32]
) -> Policy:
    """The policy of a run, without its environments.

    Args:
        experiment: What was trained.
        state: `learner` of a checkpoint, or `Best.policy`.
        low: Lower bounds of actions [nu].
        high: Upper bounds of actions [nu].

    Raises:
        DamagedCheckpoint: the state does not fit the experiment, or is not finite.
    """
    kind: Any = algorithm_class(experiment.algorithm)
    args = make_hyperparameters(kind.Hyperparameters, experiment.hyperparameters)
    try:
        policy: Policy = kind.policy_of(args, state, low, high)
        finite = all(np.isfinite(array).all() for array in state["policy"].values())
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        if isinstance(error, DamagedCheckpoint):
            raise
        raise DamagedCheckpoint(f"The checkpoint lacks something: {error!r}.") from None
    if not finite:
        raise DamagedCheckpoint("The checkpoint's weights are not finite.")
    return policy
