"""A job, carried out: one candidate learns in environments of its own, and is judged."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from time import perf_counter

import numpy as np

from websim import plain
from websim.algorithms import algorithm_class
from websim.algorithms.presets import PRESETS, preset
from websim.authors.candidates import Candidate, experiment_of
from websim.authors.tournament.records import MAX_SNAPSHOTS, Job, Judgement, Result
from websim.authors.warnings import still_terms
from websim.authors.watch import Watch
from websim.errors import InvalidArgument, TrainingDiverged, WebSimError
from websim.experiments.experiment import Experiment
from websim.training import checkpoints
from websim.training.evaluation import evaluate
from websim.training.trainer import Trainer

SLOWEST = 0.25
"""A candidate that learns less than this part of its steps in its time takes too long."""


@dataclass(frozen=True, kw_only=True)
class Order:
    """A job with what it needs; travels to where it is done.

    Attributes:
        job: It.
        experiment: What is learnt.
        checkpoint: What it goes on from; None: nothing.
    """

    job: Job
    experiment: Experiment
    checkpoint: bytes | None


def settled(experiment: Experiment) -> Experiment:
    """With a preset for rewards that are not the task's, where it says nothing of how it learns."""
    if experiment.hyperparameters:
        return experiment
    presets = PRESETS[experiment.algorithm]
    known: list[str] = [name for name in ("explore", "fast") if name in presets]
    # A task from a file may bring a preset of one name only.
    brings = [name for name in known if experiment.task in presets[name]]
    name = [*brings, *known, *presets][0]
    chosen = preset(experiment.algorithm, name, experiment.task)
    return replace(experiment, hyperparameters=chosen)


def order_of(
    job: Job, candidate: Candidate, experiment: Experiment, checkpoint: bytes | None
) -> Order:
    """A job of a tournament in which candidates learn in an experiment.

    The learning rate does not fall: what goes on and what has just begun are judged alike, and
    what has won goes on from its file as it was.
    """
    wanted = experiment_of(candidate, experiment)
    known = algorithm_class(wanted.algorithm).Hyperparameters.__dataclass_fields__
    settled = wanted.hyperparameters | ({"anneal_lr": False} if "anneal_lr" in known else {})
    return Order(
        job=job, experiment=replace(wanted, hyperparameters=settled), checkpoint=checkpoint
    )


class Learning:
    """A job under way, an iteration at a time.

    Attributes:
        trainer: What learns; None where the job is to be judged only.
        result: What came of it, once `advance` has said so.
        checkpoint: The run at its end; None where it failed.
        global_step: Environment steps of the run so far.
    """

    def __init__(self, order: Order, pulse: Callable[[], None] = lambda: None) -> None:
        """Makes the candidate's environments.

        Args:
            order: What is to be done.
            pulse: Called in the middle of an iteration, so that others get their turn.

        Raises:
            WebSimError: they cannot be made, or the candidate's code fails.
        """
        self._began = perf_counter()
        self._order, job = order, order.job
        self.result = Result()
        self.checkpoint: bytes | None = None
        self.trainer: Trainer | None = None
        self.global_step = 0
        if not job.steps:
            self.checkpoint = order.checkpoint
            return
        saved = None if order.checkpoint is None else checkpoints.loads(order.checkpoint)
        self.trainer = Trainer(order.experiment, checkpoint=saved)
        algorithm = self.trainer.algorithm
        self._watch = algorithm.observer = Watch(algorithm.env, pulse)
        self.global_step = self._first = algorithm.global_step
        self._until = self._first + job.steps
        self._due = 1

    def advance(self, end: bool = False) -> bool:
        """One iteration, or the judgement; says whether there is more to do.

        Args:
            end: It is to be judged as it is.

        Raises:
            WebSimError: the candidate cannot be learnt from.
        """
        trainer, job, result = self.trainer, self._order.job, self.result
        if trainer is None:
            self._judge()
            return False
        began = perf_counter()
        iteration = trainer.advance()
        result.learning_seconds += perf_counter() - began
        if iteration.changed is not None:
            raise InvalidArgument(iteration.changed.failure)
        self.global_step = iteration.global_step
        learnt = self.global_step - self._first
        over = iteration.global_step >= self._until
        late = perf_counter() - self._began >= job.seconds
        if over or late or end or learnt * MAX_SNAPSHOTS >= job.steps * self._due:
            self._due = learnt * MAX_SNAPSHOTS // job.steps + 1
            result.snapshots.append(self._watch.snapshot(iteration.global_step))
            if self._watch.unpaid:
                raise InvalidArgument(
                    f"what it pays was not finite {self._watch.unpaid} times in {learnt:,} steps"
                )
        if not (over or late or end):
            return True
        if late and learnt < SLOWEST * job.steps:
            raise InvalidArgument(
                f"it takes too long: {learnt:,} of {job.steps:,} steps in {job.seconds:.0f} s"
            )
        if len(still_terms(result.snapshots)) == len(result.snapshots[-1].terms):
            raise InvalidArgument("what it pays is always the same: nothing can be learnt from it")
        result.steps, result.global_step = learnt, iteration.global_step
        # As it is written down, it can go on: its steps are not over.
        hyperparameters = trainer.algorithm.experiment.hyperparameters
        total = max(2 * iteration.global_step, trainer.algorithm.args.total_timesteps)
        trainer.algorithm.experiment = replace(
            trainer.algorithm.experiment,
            hyperparameters=hyperparameters | {"total_timesteps": total},
        )
        self.checkpoint = trainer.checkpoint()
        self.close()
        return True

    def _judge(self) -> None:
        job = self._order.job
        assert self.checkpoint is not None
        found = evaluate(checkpoints.loads(self.checkpoint), job.episodes, job.episode_seed)
        if not np.isfinite(found.measures).all():
            raise InvalidArgument("its measure is no number at the end of some episodes")
        self.result.judgement = Judgement(
            measure=float(found.measures.mean()),
            standard_error=float(found.measures.std(ddof=1) / np.sqrt(job.episodes)),
            episodic_return=float(found.returns.mean()),
            episodic_length=float(found.lengths.mean()),
        )
        elapsed = perf_counter() - self._began
        self.result.other_seconds = elapsed - self.result.learning_seconds

    def close(self) -> None:
        """Frees the environments."""
        if self.trainer is not None:
            self.trainer.close()
            self.trainer = None


def failed(error: Exception) -> Result:
    """What is told of a candidate that cannot be learnt from; raises what is not its fault."""
    if isinstance(error, TrainingDiverged):
        return Result(failure=f"its training diverged: {plain.brief(error)}")
    if isinstance(error, WebSimError):
        return Result(failure=plain.brief(error))
    raise error


def carry_out(
    order: Order, ended: Callable[[], bool] = lambda: False
) -> tuple[Result, bytes | None]:
    """Does a job at one go.

    Args:
        order: It.
        ended: Asked after each iteration, whether it is to be judged as it is.

    Returns:
        What came of it, and the checkpoint.
    """
    learning: Learning | None = None
    try:
        learning = Learning(order)
        while learning.advance(learning.trainer is not None and ended()):
            pass
        return learning.result, learning.checkpoint
    except WebSimError as error:
        result = failed(error)
        if learning is not None:
            result.learning_seconds = learning.result.learning_seconds
        return result, None
    finally:
        if learning is not None:
            learning.close()
