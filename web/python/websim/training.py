"""Drives an algorithm: iteration by iteration, on all ranks, from and to checkpoints.

The same in a terminal, in a browser's workers and in a test. Who calls `advance` decides what to do
between two iterations: draw, answer messages, save.
"""

from dataclasses import dataclass

import numpy as np

from websim.algorithms import Algorithm, make_algorithm
from websim.algorithms.base import Metrics
from websim.checkpoints import Checkpoint, State, TrainingSpec, pack, unpack
from websim.errors import DamagedCheckpoint, RankLost, TrainingDiverged
from websim.ranks import Communicator
from websim.rewards import Reward


@dataclass
class Progress:
    """How far a run is after an iteration; equal on all ranks.

    Attributes:
        iteration: Finished iterations.
        global_step: Environment steps so far.
        metrics: By TensorBoard tag.
        done: Whether this was the last iteration, or somebody stopped the run.
        finished: Whether it was the last one.
        save: Whether all ranks have to call `checkpoint` now.
        lost: Ranks lost in this iteration; it has been given up, and the others go on.
    """

    iteration: int
    global_step: int
    metrics: Metrics
    done: bool = False
    finished: bool = False
    save: bool = False
    lost: tuple[int, ...] = ()


class Trainer:
    """One rank's end of a training run.

    Attributes:
        algorithm: What learns.
        restarted_environments: Whether a checkpoint's environments could not be taken over,
            because they were of another number of ranks.
    """

    algorithm: Algorithm

    def __init__(
        self,
        spec: TrainingSpec,
        communicator: Communicator | None = None,
        checkpoint: Checkpoint | None = None,
        reward: Reward | None = None,
    ) -> None:
        """Makes the algorithm; with a checkpoint, as it was when that was written.

        Args:
            spec: What is trained; for a checkpoint, its own or one with other hyperparameters.
            communicator: The ranks; one alone by default.
            checkpoint: What to go on from.
            reward: Pays instead of the task.

        Raises:
            InvalidArgument: the spec is wrong.
            DamagedCheckpoint: the checkpoint does not fit what it says it is of.
        """
        self.communicator = communicator or Communicator()
        self.algorithm = make_algorithm(spec, self.communicator, reward)
        self.restarted_environments = False
        if checkpoint is not None:
            try:
                self._load(checkpoint)
            except (KeyError, TypeError, AttributeError) as error:
                raise DamagedCheckpoint(f"The checkpoint lacks something: {error!r}.") from None

    def _load(self, checkpoint: Checkpoint) -> None:
        self.algorithm.load(checkpoint.learner)
        if len(checkpoint.ranks) == self.communicator.size:
            self.algorithm.load_rank(checkpoint.ranks[self.communicator.rank])
        else:
            self.restarted_environments = True

    def advance(self, *, stop: bool = False, save: bool = False) -> Progress:
        """One iteration.

        Args:
            stop: Ends the run after it; only the first rank's word counts.
            save: Asks for a checkpoint after it, likewise.

        Returns:
            The same on all ranks.

        Raises:
            TrainingDiverged: a loss or a weight is no longer finite; go back to a checkpoint.
            RankLost: this rank was given up by the others.
        """
        algorithm, communicator = self.algorithm, self.communicator
        try:
            metrics = algorithm.iterate()
            wishes = np.array([stop, save], np.uint8)
            communicator.broadcast(wishes)
        except RankLost as error:
            communicator.reform(error.ranks)
            return Progress(algorithm.iteration, algorithm.global_step, {}, lost=error.ranks)
        losses = [value for tag, value in metrics.items() if tag.endswith("_loss")]
        if not (np.isfinite(losses).all() and np.isfinite(algorithm.weights).all()):
            raise TrainingDiverged(
                f"After {algorithm.global_step} steps losses or weights are no longer finite. "
                "A lower learning rate usually helps."
            )
        finished = algorithm.iteration >= algorithm.num_iterations
        done = finished or bool(wishes[0])
        return Progress(
            algorithm.iteration,
            algorithm.global_step,
            metrics,
            done=done,
            finished=finished,
            save=done or bool(wishes[1]),
        )

    def checkpoint(self) -> Checkpoint:
        """Everything as it is now, of all ranks; all call it, right after the same iteration."""
        parts = self.communicator.gather_bytes(pack(self.algorithm.rank_state()))
        ranks: list[State] = [unpack(part) for part in parts]
        return Checkpoint(self.algorithm.spec, self.algorithm.state(), ranks)

    def close(self) -> None:
        """Frees the environments."""
        self.algorithm.close()
