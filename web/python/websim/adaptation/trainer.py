"""A training run that watches itself, tries changes, and keeps the better.

At an event (`websim.adaptation.rules`) an act (`websim.adaptation.acts`) changes the experiment.
Two learners go on from the same checkpoint, one with the change and one without, taking turns
iteration by iteration on all ranks. After a number of steps both are judged by the same episodes,
in the experiment as it was before anything was changed, by its measure (its return, where there is
none). The better one goes on; equal ones go on without the change. What was decided, on what, at
what cost and with what outcome is written down.
"""

import io
import json
import zipfile
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from websim import plain
from websim.adaptation.event import Event
from websim.adaptation.history import Episode, History, Point
from websim.adaptation.settings import Adaptation, adaptation_of
from websim.algorithms import Algorithm
from websim.documents import as_plain
from websim.errors import DamagedCheckpoint, TrainingDiverged, WebSimError
from websim.experiments import decisions
from websim.experiments.archive import files_of_robot
from websim.experiments.decisions import Decision
from websim.experiments.experiment import Experiment, document, from_document
from websim.ranks import Communicator
from websim.training import checkpoints
from websim.training.checkpoints import Checkpoint
from websim.training.evaluation import evaluate
from websim.training.trainer import Iteration, Trainer

NAME = "adaptation.json"
"""Of the file in a run that holds what is needed to go on adapting."""

JUDGE_SEED = 1 << 20
"""Episodes that judge are other than those that are learnt from."""


@dataclass
class Trial:
    """A change that is being tried.

    Attributes:
        event: Why.
        act: Number of the act among those of the event's rule.
        fork: The run as it was when both began, of the first rank.
        until: Environment steps at which both are judged.
        changed: Who learns with the change.
        failure: Why it learns no longer.
    """

    event: Event
    act: int
    fork: bytes
    until: int
    changed: Trainer
    failure: str = ""


class AdaptiveTrainer:
    """Has the face of a `Trainer`, and one within, or two while a change is tried.

    Attributes:
        decisions: What was decided, the newest last.
        spent: Environment steps that were learnt in all, those of changes that went no further
            included.
    """

    def __init__(
        self,
        experiment: Experiment,
        communicator: Communicator | None = None,
        checkpoint: bytes | None = None,
    ) -> None:
        """Makes the learner.

        Args:
            experiment: See `Trainer`; its `adaptation` says how.
            communicator: Likewise.
            checkpoint: What `checkpoint` of this class gave, or a Trainer's.

        Raises:
            InvalidArgument, UnsafeCode, CodeFailed, DamagedCheckpoint: see `Trainer`.
        """
        self.communicator = communicator or Communicator()
        self.settings: Adaptation = adaptation_of(experiment.adaptation or {})
        saved = None if checkpoint is None else checkpoints.loads(checkpoint)
        self.trainer = Trainer(experiment, self.communicator, saved)
        self.decisions: list[Decision] = []
        self.spent = self.trainer.algorithm.global_step
        self._origin = experiment
        self._history = History()
        self._turns: dict[str, int] = {}
        self._trial: Trial | None = None
        self._pending: tuple[Event, int] | None = None
        if checkpoint is not None:
            self._load(checkpoint)

    @property
    def algorithm(self) -> Algorithm:
        """What learns, without a change that is being tried."""
        return self.trainer.algorithm

    @property
    def restarted_environments(self) -> bool:
        """See `Trainer`."""
        return self.trainer.restarted_environments

    def advance(self, *, stop: bool = False, save: bool = False) -> Iteration:
        """One iteration, and as many of the change that is being tried; see `Trainer.advance`."""
        if self._pending is not None:
            self._begin(*self._pending)
            self._pending = None
        trial, before = self._trial, self.algorithm.global_step
        iteration = self.trainer.advance(stop=stop, save=save)
        self.spent += iteration.global_step - before
        if iteration.lost:
            self._abandon("a rank was lost")
            return iteration
        self._watch(iteration)
        saved = iteration.checkpoint  # the first rank's, where one is due
        if trial is not None:
            self._advance(trial)
            if iteration.global_step >= trial.until or iteration.finished:
                self._decide(trial)
                saved = self.trainer.checkpoint()
            elif saved is not None:
                saved = trial.fork
        elif not iteration.done:
            self._pending = self._noticed()
        return replace(iteration, checkpoint=None if saved is None else self._packed(saved))

    def checkpoint(self) -> bytes | None:
        """See `Trainer.checkpoint`; while a change is tried, the run from before it."""
        run = self.trainer.checkpoint()
        if run is None:
            return None
        return self._packed(run if self._trial is None else self._trial.fork)

    def _packed(self, run: bytes) -> bytes:
        """A run with what is needed to go on adapting."""
        file = io.BytesIO(run)
        with zipfile.ZipFile(file, "a") as archive:
            archive.writestr(decisions.NAME, decisions.dump(self.decisions))
            archive.writestr(NAME, json.dumps(self._state(), allow_nan=False))
        return file.getvalue()

    def close(self) -> None:
        """Frees the environments."""
        self.trainer.close()
        if self._trial is not None:
            self._trial.changed.close()

    def _rng(self) -> np.random.Generator:
        """Of what is drawn now; the same on all ranks."""
        seed = self._origin.seed
        return np.random.default_rng([seed, len(self.decisions), self.algorithm.iteration])

    def _watch(self, iteration: Iteration) -> None:
        step = iteration.global_step
        known = {tag: v for tag, v in iteration.metrics.items() if np.isfinite(v)}
        episodes = [
            Episode(step, paid, int(length), measure, int(level))
            for paid, length, measure, level in self.algorithm.episodes.tolist()
            if np.isfinite(measure)
        ]
        self._history.add(Point(iteration.iteration, step, known), episodes)

    def _noticed(self) -> tuple[Event, int] | None:
        """The first rule that has found something of which anything can be changed."""
        for name, rule in self.settings.rules.items():
            acts = self.settings.acts.get(name, ())
            event = rule.look(self._history, self._rng()) if acts else None
            if event is None:
                continue
            first = self._turns.get(name, 0)
            for turn in range(len(acts)):
                number = (first + turn) % len(acts)
                if acts[number].change(self.algorithm.experiment, self._rng()) is not None:
                    self._turns[name] = number + 1
                    return event, number
        return None

    def _begin(self, event: Event, number: int) -> None:
        """Forks: another learner, with the change, from what this one is now."""
        act = self.settings.acts[event.kind][number]
        own = self.algorithm.experiment
        changed = act.change(own, self._rng())
        assert changed is not None
        run = self.trainer.checkpoint()
        fork = self.communicator.gather_bytes(run or b"")[0]
        saved = checkpoints.loads(fork)
        if changed.world != own.world:  # what stands on other ground, or was drawn, is no more
            saved = Checkpoint(saved.experiment, saved.learner, [None] * len(saved.ranks))
        changed = replace(changed, parent=own.sha256)
        try:
            trainer = Trainer(changed, self.communicator, saved)
        except WebSimError as error:
            self._write(event, act, {}, f"It cannot be tried: {plain.brief(error)}.")
            return
        until = self.algorithm.global_step + self.settings.trial_steps
        self._trial = Trial(event, number, fork, until, trainer)

    def _advance(self, trial: Trial) -> None:
        if trial.failure:
            return
        before = trial.changed.algorithm.global_step
        try:
            iteration = trial.changed.advance()
        except TrainingDiverged as error:
            trial.failure = plain.brief(error)
            return
        self.spent += iteration.global_step - before
        if iteration.changed is not None:
            trial.failure = iteration.changed.failure
        elif iteration.lost:
            trial.failure = "a rank was lost"

    def _decide(self, trial: Trial) -> None:
        """Both are judged; the better goes on."""
        act = self.settings.acts[trial.event.kind][trial.act]
        fork = checkpoints.loads(trial.fork).learner["global_step"]
        cost = {"steps": float(trial.changed.algorithm.global_step - fork)}
        self._trial = None
        self._history.forget()
        if trial.failure:
            trial.changed.close()
            self._write(trial.event, act, cost, f"It failed, {trial.failure}: left away.")
            return
        judged = np.stack([self._judged(one) for one in (self.trainer, trial.changed)])
        measures, returns = judged[:, 0], judged[:, 1]
        without, with_it = measures if np.isfinite(measures).all() else returns
        better = with_it.mean() > without.mean()
        apart = abs(with_it.mean() - without.mean()) > 2 * np.hypot(
            _error(without), _error(with_it)
        )
        loser = self.trainer if better else trial.changed
        if better:
            self.trainer = trial.changed
        loser.close()
        words = "goes on" if better else "left away"
        self._write(
            trial.event,
            act,
            cost,
            f"{with_it.mean():.4g} with it, {without.mean():.4g} without"
            f"{'' if apart else ', within the noise'}: {words}.",
            {"without": _summary(without), "with": _summary(with_it), "episodes": len(without)},
        )

    def _judged(self, trainer: Trainer) -> NDArray[np.float64]:
        """Measures and returns [2, episodes] in the experiment as it was, of all ranks."""
        ranks = self.communicator
        place = ranks.members.index(ranks.rank)
        own = np.array_split(np.arange(self.settings.episodes), len(ranks.members))[place]
        state = trainer.algorithm.policy_state()
        columns = np.empty((0, 2))
        if len(own):
            run = Checkpoint(self._origin, state, [])
            found = evaluate(run, len(own), JUDGE_SEED + int(own[0]))
            columns = np.stack([found.measures, found.returns], axis=1)
        gathered = [np.frombuffer(part) for part in ranks.gather_bytes(columns.tobytes())]
        return np.concatenate(gathered).reshape(-1, 2).T

    def _abandon(self, why: str) -> None:
        if self._trial is None:
            return
        trial, self._trial = self._trial, None
        trial.changed.close()
        self._history.forget()
        act = self.settings.acts[trial.event.kind][trial.act]
        self._write(trial.event, act, {}, f"It was given up: {why}.")

    def _write(
        self,
        event: Event,
        act: Any,
        cost: dict[str, float],
        outcome: str,
        evidence: dict[str, Any] | None = None,
    ) -> None:
        values = {"act": type(act).__name__.lower(), **asdict(act)}
        self.decisions.append(
            Decision(
                when={"steps": float(event.global_step), "iteration": float(event.iteration)},
                what=f"{event.kind}: {', '.join(f'{k} {v}' for k, v in values.items())}",
                evidence=as_plain({event.kind: event.evidence, **(evidence or {})}),
                cost=cost,
                outcome=outcome,
            )
        )

    def _state(self) -> dict[str, Any]:
        """What is needed to go on; a change that is being tried is tried from its beginning."""
        pending = self._pending
        if self._trial is not None:
            pending = self._trial.event, self._trial.act
        return {
            "history": self._history.state(),
            "turns": self._turns,
            "spent": self.spent,
            "origin": document(self._origin),
            "pending": None if pending is None else [asdict(pending[0]), pending[1]],
        }

    def _load(self, run: bytes) -> None:
        """Goes on from what `_packed` wrote, if it is that; raises DamagedCheckpoint."""
        try:
            with zipfile.ZipFile(io.BytesIO(run)) as archive:
                if NAME not in archive.namelist():
                    return
                state = plain.loads(archive.read(NAME))
                plain.check_finite(state)
                self.decisions = decisions.load(archive.read(decisions.NAME))
                files = files_of_robot(archive, state["origin"])
            origin = from_document(state["origin"], files)
            self._origin = replace(origin, trusted=self._origin.trusted)
            self._history.load(state["history"])
            self._turns = {str(rule): int(turn) for rule, turn in state["turns"].items()}
            self.spent = int(state["spent"])
            if state["pending"] is not None:
                event, number = state["pending"]
                self._pending = Event(**event), number
                self.settings.acts[self._pending[0].kind][number]
        except (KeyError, TypeError, AttributeError, IndexError, ValueError) as error:
            if isinstance(error, DamagedCheckpoint):
                raise
            raise DamagedCheckpoint(f"{NAME} is damaged: {plain.brief(error)}.") from None


def _error(values: NDArray[np.float64]) -> float:
    """The standard error of their mean."""
    return float(values.std(ddof=1) / np.sqrt(len(values))) if len(values) > 1 else 0.0


def _summary(values: NDArray[np.float64]) -> dict[str, float]:
    return {"mean": float(values.mean()), "standard_error": _error(values)}
