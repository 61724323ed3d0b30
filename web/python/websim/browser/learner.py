"""A worker's end of a training run in the browser: the Python half of `sim/worker/learner.js`.

Everything that crosses to JavaScript is plain: strings, numbers, bytes, dictionaries of those.
"""

import contextlib
import json
from collections.abc import Callable
from dataclasses import asdict, replace
from time import perf_counter
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from websim.adaptation.settings import adaptation_of
from websim.adaptation.sides import undoable_of
from websim.adaptation.trainer import AdaptiveTrainer, make_trainer
from websim.algorithms import learner_class
from websim.algorithms.base import make_hyperparameters
from websim.browser import experiments
from websim.browser.messages import RunDescription, TrainingPlan, plain
from websim.browser.policies import MAX_BYTES, Policies
from websim.browser.shard import Display, OnEpisode
from websim.errors import DamagedCheckpoint, ForeignCheckpoint, InvalidArgument
from websim.experiments.archive import load
from websim.experiments.decisions import decisions_of
from websim.experiments.experiment import CODE, Experiment
from websim.experiments.sources import whole
from websim.policies import Actions, Policy
from websim.ranks import Communicator
from websim.states import StateDict
from websim.training import checkpoints
from websim.training.checkpoints import Checkpoint
from websim.training.trainer import Change, Trainer, policy_of
from websim.training.verification import try_out, verify

if TYPE_CHECKING:
    from websim.authors import watch


class TrainingAbandoned(Exception):
    """Raised in the middle of an iteration that nobody wants any longer."""


def read(wanted: Experiment | None, data: bytes | None) -> tuple[Experiment, Checkpoint | None]:
    """What is to be trained.

    Args:
        wanted: An experiment; None takes the checkpoint's.
        data: A checkpoint to go on from, or None.

    Raises:
        InvalidArgument: neither.
        ForeignCheckpoint: the checkpoint is of another task, robot or algorithm.
        CheckpointError: see `websim.training.checkpoints.loads`.
    """
    checkpoint = None if data is None else checkpoints.loads(data)
    wanted = wanted and wanted.for_learning()
    if wanted is None:
        if checkpoint is None:
            raise InvalidArgument("Training needs an experiment, or a checkpoint to go on from.")
        return checkpoint.experiment, checkpoint
    if checkpoint is not None:
        for name in ("task", "robot", "algorithm"):
            here, there = getattr(wanted, name), getattr(checkpoint.experiment, name)
            if here != there:
                raise ForeignCheckpoint(f"The checkpoint is of the {name} {there}, not of {here}.")
        if wanted.hands is None:  # what hands did before belongs to the run
            wanted = replace(wanted, hands=checkpoint.experiment.hands)
    return wanted, checkpoint


def plan(wanted: Experiment | None, data: bytes | None, workers: int) -> dict[str, Any]:
    """How a run is dealt to workers.

    Args:
        wanted: See `read`.
        data: See `read`.
        workers: How many there may be.

    Returns:
        A TrainingPlan; its ranks are the greatest number up to `workers` to which the environments
        can be dealt evenly.

    Raises:
        InvalidArgument: the experiment is wrong.
        CheckpointError: see `read`.
    """
    experiment, checkpoint = read(wanted, data)
    if experiment.adaptation is not None:
        adaptation_of(experiment.adaptation)
    experiment = whole(experiment)
    learner = {} if checkpoint is None else checkpoint.learner
    task = experiment.make_task()
    kind = learner_class(experiment.algorithm)
    args = make_hyperparameters(kind.Hyperparameters, experiment.hyperparameters)
    for ranks in range(workers, 0, -1):
        try:
            kind.check_ranks(args, ranks)
        except InvalidArgument:
            if ranks == 1:
                raise
        else:
            break
    if checkpoint is not None:
        verify(checkpoint, experiment)
    found = TrainingPlan(
        experiment=experiments.as_json(experiment),
        num_envs=args.num_envs,
        max_episode_steps=task.max_episode_steps,
        total_timesteps=args.total_timesteps,
        iteration=learner.get("iteration", 0),
        global_step=learner.get("global_step", 0),
        ranks=ranks,
        adapts=experiment.adaptation is not None,
        decisions=[] if data is None else decisions_of(data),
        undoable=[] if data is None else undoable_of(data),
    )
    return plain(found)


def describe(data: bytes, trusted: bool = False) -> dict[str, Any]:
    """What a run is: a RunDescription.

    Args:
        data: Its file.
        trusted: Whether its code may do anything.

    Raises:
        CheckpointError: none could begin, or go on, from it.
        UnsafeCode: its code does more than calculate.
    """
    if not checkpoints.has_learnt(data):
        experiment = load(data)
        experiment.trusted = [*CODE] if trusted else []
        try_out(experiment)
        begun = RunDescription(
            experiment=experiments.as_json(experiment),
            iteration=0,
            global_step=0,
            ranks=0,
            has_learnt=False,
        )
        return plain(begun)
    checkpoint = checkpoints.loads(data, MAX_BYTES)
    checkpoint.experiment.trusted = [*CODE] if trusted else []
    hyperparameters = asdict(verify(checkpoint))
    description = RunDescription(
        experiment=experiments.as_json(
            replace(checkpoint.experiment, hyperparameters=hyperparameters)
        ),
        iteration=checkpoint.learner["iteration"],
        global_step=checkpoint.learner["global_step"],
        ranks=len(checkpoint.ranks),
        has_learnt=True,
        changes=[Change(**change) for change in checkpoint.learner.get("changes", ())],
        decisions=decisions_of(data),
    )
    return plain(description)


class Learner:
    """One rank of a run, whose worker has other things to do as well.

    In the middle of an iteration, after steps and minibatches, `on_pulse` gets its turn.

    Attributes:
        trainer: What learns.
        display: Its environments.
        steps: Environment steps of this rank so far.
    """

    def __init__(
        self,
        wanted: Experiment | None,
        data: bytes | None,
        communicator: Communicator,
        policies: Policies,
        on_pulse: Callable[[bool], float],
        on_episode: OnEpisode,
    ) -> None:
        """Makes this rank's environments, in a process that is a rank of `communicator`.

        Args:
            wanted: See `read`.
            data: See `read`.
            communicator: The ranks.
            policies: Gets "current", what is being learnt, and "best".
            on_pulse: Called in between, and told whether that is after a step; returns in how many
                seconds it wants to be called again, or a negative number to end the iteration by
                TrainingAbandoned.
            on_episode: See Display.
        """
        experiment, _ = read(wanted, data)
        self.trainer = make_trainer(experiment, communicator, data)
        if isinstance(self.trainer, AdaptiveTrainer):
            self.trainer.observer, self.trainer.beside = self, _Beside(self)
        else:
            self.trainer.algorithm.observer = self
        env = self.trainer.algorithm.env
        self.display = Display(env, communicator.rank * env.num_envs, on_episode)
        self.steps = 0
        self._journal: watch.Journal | None
        self._on_pulse, self._next_pulse = on_pulse, 0.0
        self._watch_reward()
        self._current, self._best = _Live(self._current_policy), _Live(self._best_policy)
        policies["current"], policies["best"] = self._current, self._best

    @property
    def restarted_environments(self) -> bool:
        """See Trainer."""
        return self.trainer.restarted_environments

    def stepped(self, ended: NDArray[np.bool_] | None) -> None:
        """See Observer."""
        self.steps += self.display.env.num_envs
        if self._journal is not None:
            self._journal.stepped(ended)
        if ended is not None:
            self.display.tell(ended)
        self.pulse(True)

    def updated(self) -> None:
        """See Observer."""
        self.pulse(False)

    def pulse(self, stepped: bool) -> None:
        """Gives others their turn, if it is theirs."""
        if perf_counter() < self._next_pulse:
            return
        pause = self._on_pulse(stepped)
        if pause < 0:
            raise TrainingAbandoned
        self._next_pulse = perf_counter() + pause

    def advance(
        self, stop: bool, save: bool, code: str | None = None, wish: str | None = None
    ) -> dict[str, Any]:
        """See Trainer; gives an Iteration.

        Args:
            stop: See Trainer.
            save: Likewise.
            code: Likewise, as JSON.
            wish: Likewise, of a run that adapts.

        Raises:
            TrainingDiverged: losses or weights are no longer finite.
            RankLost: this rank was given up by the others.
            TrainingAbandoned: nobody wants this any longer.
        """
        wanted = None if code is None else json.loads(code)
        trainer = self.trainer
        if isinstance(trainer, AdaptiveTrainer):
            wished = None if wish is None else json.loads(wish)
            iteration = trainer.advance(stop=stop, save=save, code=wanted, wish=wished)
        else:
            iteration = trainer.advance(stop=stop, save=save, code=wanted)
        if iteration.changed is not None:
            self._watch_reward()
        elif self._journal is not None and not iteration.lost:
            iteration.warnings = self._journal.note(iteration.global_step)
        for policy in (self._current, self._best):
            policy.outdated = True
        return plain(iteration)

    def _watch_reward(self) -> None:
        """One of somebody's own, from its beginning on; a run that adapts watches itself."""
        trainer, self._journal = self.trainer, None
        own = trainer.algorithm.experiment.reward is not None
        if own and trainer.communicator.is_root and isinstance(trainer, Trainer):
            from websim.authors.watch import Journal  # with all that authors know: it takes a while

            self._journal = Journal(trainer.algorithm.env)

    def rejoin(self, communicator: Communicator, data: bytes | None) -> None:
        """See Trainer; a run that adapts is made anew from its checkpoint."""
        if isinstance(self.trainer, Trainer):
            self.trainer.rejoin(communicator, None if data is None else checkpoints.loads(data))
            self._watch_reward()
        else:
            self.trainer.rejoin(communicator, data)

    def moved(self) -> bool:
        """Whether others learn than are displayed; from now on they are displayed."""
        env = self.trainer.algorithm.env
        if env is self.display.env:
            return False
        self.display.show(env)
        return True

    def close(self) -> None:
        """Frees the environments."""
        self.trainer.close()

    def _current_policy(self) -> Policy:
        algorithm = self.trainer.algorithm
        return self._made(algorithm.policy_state())

    def _best_policy(self) -> Policy:
        return self._made(self.trainer.best.policy or self.trainer.algorithm.policy_state())

    def _made(self, state: StateDict) -> Policy:
        algorithm = self.trainer.algorithm
        return policy_of(algorithm.experiment, state, algorithm.low, algorithm.high)


class _Beside:
    """Gives others their turn while something learns, or is judged, that nobody sees."""

    def __init__(self, learner: Learner) -> None:
        self._learner = learner

    def stepped(self, ended: NDArray[np.bool_] | None) -> None:
        """See Observer."""
        self._learner.pulse(False)

    def updated(self) -> None:
        """See Observer."""
        self._learner.pulse(False)


class _Live:
    """A policy that changes: made anew when it is asked and was outdated.

    Where that fails, because what is being learnt is no longer finite, the one before goes on.
    """

    def __init__(self, make: Callable[[], Policy]) -> None:
        self._make = make
        self._policy = make()
        self.outdated = False

    def __call__(self, observations: NDArray[np.float64]) -> Actions:
        if self.outdated:
            self.outdated = False
            with contextlib.suppress(DamagedCheckpoint):
                self._policy = self._make()
        return self._policy(observations)
