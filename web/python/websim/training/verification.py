"""Whether a run can go on from a checkpoint: tried with few of its environments."""

from dataclasses import replace
from typing import Any

import numpy as np

from websim import plain
from websim.algorithms import algorithm_class
from websim.algorithms.base import COUNTERS, make_hyperparameters
from websim.errors import (
    CheckpointError,
    DamagedCheckpoint,
    ForeignCheckpoint,
    ForeignPolicy,
    InvalidArgument,
    MissingLibrary,
    ModelError,
    TaskError,
    UnsafeCode,
)
from websim.experiments.environments import make_vec
from websim.experiments.experiment import Experiment
from websim.snapshots import first_rows
from websim.states import StateDict
from websim.training.checkpoints import Checkpoint
from websim.training.trainer import Trainer, policy_of


def verify(checkpoint: Checkpoint, experiment: Experiment | None = None) -> Any:
    """Makes sure that nothing is missing, of another size, or not finite.

    Args:
        checkpoint: What was read.
        experiment: What is to go on from it; the checkpoint's own by default.

    Returns:
        The complete hyperparameters.

    Raises:
        ForeignCheckpoint: of a task, options, an algorithm or hyperparameters that there are not.
        DamagedCheckpoint: it does not fit what it says it is of.
        MissingLibrary: what plays its policy is not there.
        UnsafeCode: its code does more than calculate, and is not trusted.
    """
    own = checkpoint.experiment
    try:
        kind = algorithm_class(own.algorithm)
        saved = make_hyperparameters(kind.Hyperparameters, own.hyperparameters)
        ranks = max(1, len(checkpoint.ranks))
        kind.check_ranks(saved, ranks)
        wanted = experiment or own
        args = make_hyperparameters(kind.Hyperparameters, wanted.hyperparameters)
        few = replace(wanted, hyperparameters=wanted.hyperparameters | kind.FEWEST)
        _try(few, checkpoint, saved.num_envs // ranks)
    except (CheckpointError, MissingLibrary, UnsafeCode):
        raise
    except (ForeignPolicy, InvalidArgument, ModelError, TaskError) as error:
        raise ForeignCheckpoint(
            f"This websim cannot use the checkpoint: {plain.brief(error)}."
        ) from None
    except Exception as error:
        raise DamagedCheckpoint(f"The checkpoint cannot be used: {plain.brief(error)}.") from None
    return args


def try_out(experiment: Experiment) -> None:
    """Makes sure that environments can be made, with one of them.

    Raises:
        ForeignCheckpoint: they cannot.
        UnsafeCode: see `verify`.
    """
    try:
        env = make_vec(experiment, 1)
        env.hands.play(experiment.hands or [])
        env.close()
        kind = algorithm_class(experiment.algorithm)
        make_hyperparameters(kind.Hyperparameters, experiment.hyperparameters)
    except (InvalidArgument, ModelError, TaskError) as error:
        raise ForeignCheckpoint(f"This websim cannot use the run: {plain.brief(error)}.") from None


def _check_counters(learner: StateDict, fresh: StateDict) -> None:
    """Makes sure that what is an integer in a state is one in a checkpoint's."""
    for name, value in fresh.items():
        if isinstance(value, int) and not plain.is_count(learner[name]):
            raise DamagedCheckpoint(
                f"The checkpoint's {name} must be an integer of at least 0, "
                f"not {learner[name]!r:.99}."
            )


def _try(experiment: Experiment, checkpoint: Checkpoint, envs_per_rank: int) -> None:
    """Loads everything as a run would, in few environments."""
    few: int = experiment.hyperparameters["num_envs"]
    ranks = [state and first_rows(state, envs_per_rank, few) for state in checkpoint.ranks]
    trainer = Trainer(experiment)
    try:
        algorithm = trainer.algorithm
        fresh = algorithm.state()
        counted = fresh if checkpoint.ranks else {name: fresh[name] for name in COUNTERS}
        _check_counters(checkpoint.learner, counted)
        trainer.rejoin(trainer.communicator, checkpoint)
        for state in ranks:
            if state is not None:
                algorithm.load_rank(state)
        for state in (checkpoint.learner, trainer.best.policy):
            if state is not None:
                policy = policy_of(experiment, state, algorithm.low, algorithm.high)
                if not np.isfinite(policy(algorithm.env.observations)).all():
                    raise DamagedCheckpoint("The checkpoint's policy gives no finite actions.")
    finally:
        trainer.close()
