"""A worker's end of a training run in the browser: the Python half of `sim/worker/learner.js`.

Everything that crosses to JavaScript is plain: strings, numbers, bytes, dictionaries of those.
"""

import contextlib
import json
from collections.abc import Callable
from dataclasses import asdict, replace
from time import perf_counter
from typing import Any

import numpy as np
from numpy.typing import NDArray

import websim
from websim.algorithms import algorithm_class
from websim.algorithms.base import make_hyperparameters
from websim.algorithms.spec import TrainingSpec
from websim.browser.messages import (
    CheckpointDescription,
    PolicySizes,
    TrainingPlan,
    plain,
)
from websim.browser.shard import Display, OnEpisode
from websim.errors import DamagedCheckpoint, ForeignCheckpoint, InvalidArgument
from websim.policies import Actions, Policy
from websim.ranks import Communicator
from websim.registry import task_class
from websim.states import StateDict
from websim.task import make_task
from websim.training import checkpoints
from websim.training.checkpoints import Checkpoint
from websim.training.trainer import Trainer, policy_of
from websim.training.verification import verify

MAX_BYTES = 256 << 20
"""Of a file that is opened in the page, unpacked."""


class TrainingAbandoned(Exception):
    """Raised in the middle of an iteration that nobody wants any longer."""


def read_spec(spec: str | None, data: bytes | None) -> tuple[TrainingSpec, Checkpoint | None]:
    """What is to be trained.

    Args:
        spec: A TrainingSpec as JSON; None takes the checkpoint's.
        data: A checkpoint to go on from, or None.

    Raises:
        InvalidArgument: neither, or a spec with other names than a TrainingSpec's.
        ForeignCheckpoint: the checkpoint is of another task or algorithm.
        CheckpointError: see `websim.training.checkpoints.loads`.
    """
    checkpoint = None if data is None else checkpoints.loads(data)
    if spec is None:
        if checkpoint is None:
            raise InvalidArgument("Training needs a spec, or a checkpoint to go on from.")
        return checkpoint.spec, checkpoint
    try:
        wanted = TrainingSpec(**json.loads(spec))
    except TypeError as error:
        raise InvalidArgument(f"That is no TrainingSpec: {error}.") from None
    if checkpoint is not None:
        for name in ("task", "algorithm"):
            here, there = getattr(wanted, name), getattr(checkpoint.spec, name)
            if here != there:
                raise ForeignCheckpoint(f"The checkpoint is of the {name} {there}, not of {here}.")
    return wanted, checkpoint


def plan(spec: str | None, data: bytes | None, workers: int) -> dict[str, Any]:
    """How a run is dealt to workers.

    Args:
        spec: See `read_spec`.
        data: See `read_spec`.
        workers: How many there may be.

    Returns:
        A TrainingPlan; its ranks are the greatest number up to `workers` to which the environments
        can be dealt evenly.

    Raises:
        InvalidArgument: the spec is wrong.
        CheckpointError: see `read_spec`.
    """
    wanted, checkpoint = read_spec(spec, data)
    learner = {} if checkpoint is None else checkpoint.learner
    task = make_task(task_class(wanted.task), wanted.task_options)
    kind = algorithm_class(wanted.algorithm)
    args = make_hyperparameters(kind.Hyperparameters, wanted.hyperparameters)
    for ranks in range(workers, 0, -1):
        try:
            kind.check_ranks(args, ranks)
        except InvalidArgument:
            if ranks == 1:
                raise
        else:
            break
    if checkpoint is not None:
        verify(checkpoint, wanted)
    found = TrainingPlan(
        spec=_as_json(wanted),
        num_envs=args.num_envs,
        max_episode_steps=task.max_episode_steps,
        total_timesteps=args.total_timesteps,
        iteration=learner.get("iteration", 0),
        global_step=learner.get("global_step", 0),
        ranks=ranks,
    )
    return plain(found)


def describe(data: bytes) -> dict[str, Any]:
    """What a checkpoint is of; raises CheckpointError where no run could go on from it."""
    checkpoint = checkpoints.loads(data, MAX_BYTES)
    hyperparameters = asdict(verify(checkpoint))
    description = CheckpointDescription(
        spec=_as_json(replace(checkpoint.spec, hyperparameters=hyperparameters)),
        iteration=checkpoint.learner["iteration"],
        global_step=checkpoint.learner["global_step"],
        ranks=len(checkpoint.ranks),
    )
    return plain(description)


def _as_json(spec: TrainingSpec) -> str:
    """For JavaScript, whose JSON has no numbers that are not finite."""
    try:
        return json.dumps(asdict(spec), allow_nan=False)
    except ValueError:
        raise InvalidArgument(
            "The page cannot hold hyperparameters or options that are infinite or no number."
        ) from None


class Policies(dict[str, Policy]):
    """The policies of a worker, by name."""

    def add(self, name: str, data: bytes) -> None:
        """Takes the policy of a checkpoint; raises CheckpointError where it cannot be read."""
        self[name], _ = _load_policy(checkpoints.loads(data))

    def sizes_of(self, data: bytes) -> dict[str, Any]:
        """The task of a checkpoint's policy, and the sizes of what it sees and does.

        Raises:
            CheckpointError: no run could go on from it.
        """
        checkpoint = checkpoints.loads(data)
        verify(checkpoint)
        _, sizes = _load_policy(checkpoint)
        return plain(sizes)


def _load_policy(checkpoint: Checkpoint) -> tuple[Policy, PolicySizes]:
    spec = checkpoint.spec
    env = websim.make_vec(spec.task, 1, **spec.task_options)
    space, observation_size = env.single_action_space, env.observations.shape[1]
    env.close()
    sizes = PolicySizes(
        task=spec.task, observation_size=observation_size, action_size=space.low.size
    )
    return policy_of(spec, checkpoint.learner, space.low, space.high), sizes


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
        spec: str,
        data: bytes | None,
        communicator: Communicator,
        policies: Policies,
        on_pulse: Callable[[], float],
        on_episode: OnEpisode,
    ) -> None:
        """Makes this rank's environments, in a process that is a rank of `communicator`.

        Args:
            spec: See `read_spec`.
            data: See `read_spec`.
            communicator: The ranks.
            policies: Gets "current", what is being learnt, and "best".
            on_pulse: Called in between; returns in how many seconds it wants to be called again, or
                a negative number to end the iteration by TrainingAbandoned.
            on_episode: See Display.
        """
        wanted, checkpoint = read_spec(spec, data)
        self.trainer = Trainer(wanted, communicator, checkpoint)
        algorithm = self.trainer.algorithm
        algorithm.observer = self
        env = algorithm.env
        self.display = Display(env, communicator.rank * env.num_envs, on_episode)
        self.steps = 0
        self._on_pulse, self._next_pulse = on_pulse, 0.0
        self._current, self._best = _Live(self._current_policy), _Live(self._best_policy)
        policies["current"], policies["best"] = self._current, self._best

    @property
    def restarted_environments(self) -> bool:
        """See Trainer."""
        return self.trainer.restarted_environments

    def stepped(self, ended: NDArray[np.bool_] | None) -> None:
        """See Observer."""
        self.steps += self.display.env.num_envs
        if ended is not None:
            self.display.tell(ended)
        self.updated()

    def updated(self) -> None:
        """See Observer."""
        if perf_counter() < self._next_pulse:
            return
        pause = self._on_pulse()
        if pause < 0:
            raise TrainingAbandoned
        self._next_pulse = perf_counter() + pause

    def advance(self, stop: bool, save: bool) -> dict[str, Any]:
        """See Trainer; gives an Iteration.

        Raises:
            TrainingDiverged: losses or weights are no longer finite.
            RankLost: this rank was given up by the others.
            TrainingAbandoned: nobody wants this any longer.
        """
        iteration = self.trainer.advance(stop=stop, save=save)
        for policy in (self._current, self._best):
            policy.outdated = True
        return plain(iteration)

    def rejoin(self, communicator: Communicator, data: bytes | None) -> None:
        """See Trainer."""
        self.trainer.rejoin(communicator, None if data is None else checkpoints.loads(data))

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
        return policy_of(algorithm.spec, state, algorithm.low, algorithm.high)


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
