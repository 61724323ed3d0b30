"""Drives an algorithm: iteration by iteration, on all ranks, from and to checkpoints.

The same in a terminal, in a browser's workers and in a test. Who calls `advance` decides what to do
between two iterations: draw, answer messages, save.
"""

import contextlib
import json
from collections import deque
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from time import perf_counter
from typing import Any, Literal, TypedDict

import numpy as np
from numpy.typing import NDArray

from websim import plain
from websim.algorithms import Algorithm, algorithm_class, make_algorithm
from websim.algorithms.base import Metrics, make_hyperparameters
from websim.errors import (
    CodeFailed,
    DamagedCheckpoint,
    ForeignPolicy,
    InvalidArgument,
    RankLost,
    TrainingDiverged,
    UnsafeCode,
)
from websim.experiments import decisions
from websim.experiments.decisions import Course, Decision
from websim.experiments.environments import paid_by_task, tried
from websim.experiments.experiment import Experiment
from websim.policies import Policy
from websim.ranks import Communicator
from websim.states import StateDict
from websim.training import checkpoints
from websim.training.checkpoints import Checkpoint, Packed
from websim.vector import Codes

RECENT_EPISODES = 100
"""Runs are judged by the mean return of so many episodes, the newest."""


Code = dict[Literal["reward", "measure"], str | None]
"""Another reward or measure, or both; None is the task's own reward, or no measure."""


class WishedCode(TypedDict, total=False):
    """Code that somebody wishes.

    Attributes:
        reward: See Code.
        measure: Likewise.
        why: Where it was decided on evidence, what a Decision says besides when.
    """

    reward: str | None
    measure: str | None
    why: dict[str, Any]


@dataclass(kw_only=True)
class Change:
    """A change of what is paid or judged by, between two iterations.

    Attributes:
        iteration: Finished iterations at that time.
        global_step: Environment steps at that time.
        reward: Code that had paid until then; null: the task itself had.
        measure: Code that had judged until then; null: none had.
        failure: Why it was put back to what had been before; empty: somebody wished it.
    """

    iteration: int
    global_step: int
    reward: str | None
    measure: str | None
    failure: str = ""


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
        changed: What is paid or judged by is another from now on.
        code: What pays and judges then; null where nothing has changed and nobody has wished it.
        refused: Why nothing has, though it was wished: the old code is in force.
        checkpoint: Where one was due and this rank is the root.
        saving: Seconds that the checkpoint took.
        unpaid: What a reward could not pay in it, as a sentence; empty: all was well.
        course: Of a run that changes its own course.
        warnings: What people should know of a reward of their own; of who watches it.
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
    changed: Change | None = None
    code: Code | None = None
    refused: str = ""
    checkpoint: bytes | None = None
    saving: float = 0.0
    unpaid: str = ""
    course: Course | None = None
    warnings: list[str] = field(default_factory=list)


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
        changes: Of what is paid or judged by, the newest last.
        decisions: What was decided on evidence, the newest last.
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
            experiment: What is trained; of a checkpoint, its own, or with other hyperparameters, or
                with another reward or measure from now on.
            communicator: The ranks; one alone by default.
            checkpoint: What to go on from.

        Raises:
            InvalidArgument: the experiment is wrong.
            UnsafeCode, CodeFailed: its reward or its measure are.
            DamagedCheckpoint: the checkpoint does not fit what it says it is of.
        """
        self.communicator = communicator or Communicator()
        experiment = experiment.for_learning()
        begun = experiment
        if checkpoint is not None:
            before = checkpoint.experiment
            begun = replace(experiment, reward=before.reward, measure=before.measure)
        self.algorithm = make_algorithm(begun, self.communicator)
        self.algorithm.env.patient = True
        self.best = Best()
        self.changes: list[Change] = []
        self.decisions: list[Decision] = []
        self.restarted_environments = False
        if checkpoint is not None:
            self._load(checkpoint)
            self._load_rank(checkpoint)
        self._keep_spare()
        if experiment != begun:
            self._use(experiment, self._tried(experiment))
        hands = self.algorithm.env.hands
        hands.recorded = []
        hands.play(experiment.hands or [])
        hands.begin(self.algorithm.iteration)

    def _load_rank(self, checkpoint: Checkpoint) -> None:
        """Takes over what is this rank's own, where the checkpoint has it."""
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
            raise DamagedCheckpoint(
                f"The checkpoint lacks something: {plain.brief(error)}."
            ) from None

    def _load(self, checkpoint: Checkpoint) -> None:
        """Takes over what ranks share."""
        try:
            if checkpoint.ranks:
                self.algorithm.load(checkpoint.learner)
            else:
                self.algorithm.load_policy(checkpoint.learner)
            self.best.load(checkpoint.learner.get("best", {}))
            self.changes = [Change(**saved) for saved in checkpoint.learner.get("changes", ())]
            self.decisions = [*checkpoint.decisions]
        except DamagedCheckpoint:
            raise
        except (KeyError, TypeError, AttributeError, ValueError) as error:
            raise DamagedCheckpoint(
                f"The checkpoint lacks something: {plain.brief(error)}."
            ) from None

    def _spare(self) -> Experiment | None:
        """What goes on if the present code fails: what was before it, or the task's own reward."""
        own = self.algorithm.experiment
        if self.changes and not self.changes[-1].failure:
            return _recoded(own, self.changes[-1])
        return paid_by_task(self.algorithm.env, own)

    def _keep_spare(self) -> None:
        """Tries that, so that it is at hand."""
        spare, env = self._spare(), self.algorithm.env
        env.former = None
        if spare is not None:
            with contextlib.suppress(UnsafeCode, CodeFailed, InvalidArgument):
                env.former = self._tried(spare)

    def rejoin(self, communicator: Communicator, checkpoint: Checkpoint | None) -> None:
        """Goes on in another group, with the environments as they are.

        Args:
            communicator: Of as many ranks as the first; this one has the same number in it.
            checkpoint: What all its ranks go on from; None where they agree already.
        """
        self.communicator = self.algorithm.communicator = communicator
        if checkpoint is None:
            return
        own = self.algorithm.experiment
        wanted = _recoded(own, checkpoint.experiment)
        if wanted != own:
            self.algorithm.use(wanted, self._tried(wanted))
        self._load(checkpoint)
        self._keep_spare()
        self.algorithm.env.hands.begin(self.algorithm.iteration)

    def advance(
        self, *, stop: bool = False, save: bool = False, code: Code | WishedCode | None = None
    ) -> Iteration:
        """One iteration.

        Args:
            stop: Ends the run after it; only the first rank's word counts.
            save: Asks for a checkpoint after it, likewise; the last one has one anyway.
            code: Pays or judges after it, likewise, unless that fails on any rank; then there is a
                checkpoint too.

        Raises:
            TrainingDiverged: a loss or a weight is no longer finite, or code has failed and nothing
                could take its place; go back to a checkpoint.
            RankLost: this rank was given up by the others.
        """
        algorithm, communicator = self.algorithm, self.communicator
        began = perf_counter()
        try:
            metrics = algorithm.iterate()
            failed = algorithm.env.failure is not None
            unpaid = algorithm.env.take_unpaid()
            own = [stop, save, code is not None, failed, unpaid != ""]
            wishes = communicator.gather(np.array(own))
            stop, save, change, *_ = wishes[0].tolist()
            if wishes[:, 4].any():
                told = communicator.gather_bytes(unpaid.encode())
                unpaid = next(filter(None, told)).decode()
            self._judge(metrics)
            changed, refused = None, ""
            if wishes[:, 3].any():
                changed = self._fall_back()
                refused = changed.failure if change else ""
            elif change:
                changed, refused = self._change(code)
        except RankLost as error:
            communicator.reform(error.ranks)
            algorithm.env.hands.begin(algorithm.iteration)  # which is tried again
            return self._iteration(began, lost=list(error.ranks))
        finished = algorithm.iteration >= algorithm.num_iterations
        done = finished or stop
        due, learnt = done or save or changed is not None, perf_counter()
        checkpoint = self.checkpoint() if due else None
        algorithm.env.hands.begin(algorithm.iteration)
        return self._iteration(
            began,
            metrics=metrics,
            done=done,
            finished=finished,
            changed=changed,
            code=self._code() if changed or change else None,
            refused=refused,
            unpaid=unpaid,
            checkpoint=checkpoint,
            saving=perf_counter() - learnt if due else 0.0,
        )

    def _judge(self, metrics: Metrics) -> None:
        """Keeps the policy if it is the best; raises TrainingDiverged."""
        algorithm = self.algorithm
        losses = [value for tag, value in metrics.items() if tag.endswith("_loss")]
        if not (np.isfinite(losses).all() and np.isfinite(algorithm.weights).all()):
            raise TrainingDiverged(
                f"After {algorithm.global_step} steps losses or weights are no longer finite. "
                "A lower learning rate usually helps."
            )
        self.best.consider(algorithm, metrics)

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
        done = json.dumps(algorithm.env.hands.recorded).encode()
        while True:
            try:
                parts = zip(
                    communicator.gather_bytes(values),
                    communicator.gather_bytes(arrays),
                    strict=True,
                )
                recorded = communicator.gather_bytes(done)
                break
            except RankLost as error:
                communicator.reform(error.ranks)
        if not communicator.is_root:
            return None
        ranks: list[Packed | None] = [None] * communicator.size
        for rank, part in zip(communicator.members, parts, strict=True):
            ranks[rank] = part
        experiment = _with_hands(algorithm.experiment, recorded)
        run = checkpoints.dumps(experiment, checkpoints.pack(self.shared_state()), ranks)
        return decisions.written(run, self.decisions) if self.decisions else run

    def shared_state(self) -> StateDict:
        """What ranks share, as a checkpoint has it; arrays are those that go on."""
        changes = [asdict(change) for change in self.changes]
        return {**self.algorithm.state(), "best": self.best.state(), "changes": changes}

    def _change(self, code: Code | WishedCode | None) -> tuple[Change | None, str]:
        """Takes the first rank's wish, unless it fails on any rank; says then why."""
        wish = json.loads(self.communicator.gather_bytes(json.dumps(code).encode())[0])
        why = wish.pop("why", None)
        own = self.algorithm.experiment
        wanted = own.with_code(**wish)
        if wanted == own:
            return None, ""
        error = b""
        try:
            codes = self._tried(wanted)
        except (InvalidArgument, UnsafeCode, CodeFailed) as problem:
            error = str(problem).encode()
        errors = self.communicator.gather_bytes(error)
        if refused := next(filter(None, errors), b"").decode():
            return None, refused
        change = self._use(wanted, codes)
        if why is not None:
            when = {"steps": float(change.global_step), "iteration": float(change.iteration)}
            self.decisions.append(Decision(when=when, **why))
        return change, ""

    def _tried(self, experiment: Experiment) -> Codes:
        """The code of an experiment, tried on this rank's environments; raises what it does."""
        return tried(self.algorithm.env, self.algorithm.experiment, experiment)

    def _use(self, wanted: Experiment, codes: Codes) -> Change:
        """Goes on with other code; returns what is written down of it."""
        change = self._changed()
        own = self.algorithm.experiment
        self.algorithm.use(wanted, codes)
        if wanted.reward != own.reward:
            self.best = Best()  # of another reward
        return change

    def _fall_back(self) -> Change:
        """Goes back to the code before the last change, or to the task's own reward.

        Returns:
            What is written down of it.

        Raises:
            TrainingDiverged: there is nothing to go back to.
        """
        env, own, before = self.algorithm.env, self.algorithm.experiment, self._spare()
        told = self.communicator.gather_bytes(str(env.failure or "").encode())
        failure = next(filter(None, told)).decode()
        there = self.communicator.gather(np.array([env.former is not None]))
        if before is None or not there.all():
            raise TrainingDiverged(f"{failure}. There is nothing else to learn from.")
        change = self._changed(failure)
        self.algorithm.fall_back(before)
        if before.reward != own.reward:
            self.best = Best()
        self._keep_spare()
        return change

    def _code(self) -> Code:
        own = self.algorithm.experiment
        return {"reward": own.reward, "measure": own.measure}

    def _changed(self, failure: str = "") -> Change:
        """Writes down that the present code pays and judges no longer."""
        algorithm = self.algorithm
        change = Change(
            iteration=algorithm.iteration,
            global_step=algorithm.global_step,
            reward=algorithm.experiment.reward,
            measure=algorithm.experiment.measure,
            failure=failure,
        )
        self.changes.append(change)
        return change

    def close(self) -> None:
        """Frees the environments."""
        self.algorithm.close()


def _recoded(experiment: Experiment, other: Experiment | Change) -> Experiment:
    """An experiment with another reward and measure."""
    return experiment.with_code(reward=other.reward, measure=other.measure)


def _with_hands(experiment: Experiment, recorded: Sequence[bytes]) -> Experiment:
    """An experiment with what hands have done in each rank."""
    new = [event for events in recorded for event in json.loads(events)]
    if not new:
        return experiment
    # Those that were given lie before and after; what happened at the same time keeps its order.
    hands = [*(experiment.hands or ()), *new]
    return replace(experiment, hands=sorted(hands, key=lambda e: (e["iteration"], e["step"])))


def _lacks_something(error: Exception) -> DamagedCheckpoint:
    return DamagedCheckpoint(f"The checkpoint lacks something: {plain.brief(error)}.")


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
        ForeignPolicy: of a graph of ONNX's, that it cannot be played.
        MissingLibrary: likewise, that what plays it is not there.
    """
    kind: Any = algorithm_class(experiment.algorithm)
    args = make_hyperparameters(kind.Hyperparameters, experiment.hyperparameters)
    try:
        policy: Policy = kind.policy_of(args, state, low, high)
        finite = all(np.isfinite(array).all() for array in state["policy"].values())
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        if isinstance(error, DamagedCheckpoint | ForeignPolicy):
            raise
        raise _lacks_something(error) from None
    if not finite:
        raise DamagedCheckpoint("The checkpoint's weights are not finite.")
    return policy
