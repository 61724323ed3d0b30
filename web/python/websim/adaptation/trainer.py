"""A training run that watches itself, tries changes, and keeps the better.

At an event (`websim.adaptation.rules`) an act (`websim.adaptation.acts`) changes the experiment.
Two learners go on from the same checkpoint, one with the change and one without, taking turns
iteration by iteration on all ranks. After a number of steps both are judged by the same episodes,
in the experiment as it was before anything was changed, by its measure (its return, where there is
none). The change goes on where it is better by more than noise. What was decided, on what, at
what cost and with what outcome is written down, and the side that was not taken is kept, so that
people can go back to it.
"""

import io
import json
import zipfile
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any, TypedDict

import numpy as np

from websim import plain
from websim.adaptation import wishes
from websim.adaptation.event import Event
from websim.adaptation.history import Episode, History, Point
from websim.adaptation.judgement import Judgement, compare, judged, told
from websim.adaptation.settings import Adaptation, adaptation_of
from websim.adaptation.sides import Side, Sides
from websim.algorithms import Algorithm
from websim.algorithms.base import Observer
from websim.documents import as_plain
from websim.errors import DamagedCheckpoint, RankLost, TrainingDiverged, WebSimError
from websim.experiments import decisions
from websim.experiments.archive import files_of_robot
from websim.experiments.decisions import Course, Decision
from websim.experiments.experiment import Experiment, as_dict, document, from_document
from websim.experiments.zips import ZipFile
from websim.ranks import Communicator
from websim.training import checkpoints
from websim.training.checkpoints import Checkpoint
from websim.training.trainer import Best, Code, Iteration, Trainer, WishedCode

NAME = "adaptation.json"
"""Of the file in a run that holds what is needed to go on adapting."""

LOST = "a rank was lost"


class Wish(TypedDict, total=False):
    """What somebody wants of a run that adapts.

    Attributes:
        id: Above 0, of this wish: `Course.heard` says when it has been heard.
        answer: Whether what is proposed is to be tried.
        undo: Number of the decision whose other side is to go on.
    """

    id: int
    answer: bool
    undo: int


@dataclass
class Trial:
    """A change that is being tried.

    Attributes:
        event: Why.
        act: Number of the act among those of the event's rule.
        fork: The run as it was when both began; empty where another rank is the root.
        begun: Environment steps at which both began.
        until: Environment steps at which both are judged.
        changed: Who learns with the change.
        failure: Why it learns no longer.
        judging_steps: Environment steps of the episodes by which both were judged.
    """

    event: Event
    act: int
    fork: bytes
    begun: int
    until: int
    changed: Trainer
    failure: str = ""
    judging_steps: int = 0


class AdaptiveTrainer:
    """Has the face of a `Trainer`, and one within, or two while a change is tried.

    Attributes:
        decisions: What was decided, the newest last.
        spent: Environment steps in all: those learnt, those of changes that went no further, and
            those of the episodes that judged.
        observer: Told of what learns without a change that is being tried.
        beside: Told of what learns with it, and of the episodes that judge.
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
        self.observer: Observer | None = None
        self.beside: Observer | None = None
        self._start(experiment, checkpoint)

    def _start(self, experiment: Experiment, checkpoint: bytes | None) -> None:
        """As it is at first, or as a checkpoint has it."""
        if checkpoint is None:
            experiment = wishes.begun(experiment)
        self.settings: Adaptation = adaptation_of(experiment.adaptation or {})
        saved = None if checkpoint is None else checkpoints.loads(checkpoint)
        self.trainer = Trainer(experiment, self.communicator, saved)
        self.decisions: list[Decision] = self._taken()
        self.spent = self.trainer.algorithm.global_step
        self._origin = experiment
        self._history = self._anew()
        self._sides = Sides()
        self._turns: dict[str, int] = {}
        self._trial: Trial | None = None
        self._pending: tuple[Event, int] | None = None
        self._asked = False
        self._refused, self._heard = "", 0
        self._told: tuple[list[Decision], Experiment | None] = [], None
        if checkpoint is not None:
            self._load(checkpoint)

    def rejoin(self, communicator: Communicator, checkpoint: bytes | None) -> None:
        """Goes on in another group of ranks, made anew as the checkpoint has it.

        Args:
            communicator: Of as many ranks as the first; this one has the same number in it.
            checkpoint: What all its ranks go on from; None where all are at their beginning.
        """
        self.communicator = communicator
        if checkpoint is None:
            self.trainer.rejoin(communicator, None)
            return
        self.close()
        experiment = checkpoints.loads(checkpoint).experiment
        trusted = self.algorithm.experiment.trusted
        self._start(replace(experiment, trusted=trusted), checkpoint)

    @property
    def algorithm(self) -> Algorithm:
        """What learns, without a change that is being tried."""
        return self.trainer.algorithm

    @property
    def best(self) -> Best:
        """See `Trainer`."""
        return self.trainer.best

    @property
    def restarted_environments(self) -> bool:
        """See `Trainer`."""
        return self.trainer.restarted_environments

    def advance(
        self,
        *,
        stop: bool = False,
        save: bool = False,
        code: Code | WishedCode | None = None,
        wish: Wish | None = None,
    ) -> Iteration:
        """One iteration, and as many of the change that is being tried.

        Args:
            stop: See `Trainer.advance`.
            save: Likewise.
            code: Likewise; a change that is being tried is given up where it comes in force.
            wish: Of a person, before the iteration; only the first rank's word counts.

        Raises:
            TrainingDiverged, RankLost: see `Trainer.advance`.
        """
        self._refused, self._heard = "", 0
        try:
            self._hear(wish or {})
            self._begin()
            iteration = self._iterate(stop, save, code)
        except RankLost as error:
            self.communicator.reform(error.ranks)
            self._abandon(LOST)
            iteration = Iteration(
                root=self.communicator.is_root,
                iteration=self.algorithm.iteration,
                global_step=self.algorithm.global_step,
                recent_return=self.best.recent_return,
                seconds=0.0,
                lost=list(error.ranks),
            )
        saved = iteration.checkpoint
        packed = None if saved is None else self._packed(saved)
        return replace(iteration, checkpoint=packed, course=self._course())

    def _iterate(self, stop: bool, save: bool, code: Code | WishedCode | None) -> Iteration:
        trial, before = self._trial, self.algorithm.global_step
        self.algorithm.observer = self.observer
        try:
            iteration = self.trainer.advance(stop=stop, save=save, code=code)
        except TrainingDiverged as error:
            if trial is None or trial.failure:
                raise
            self._take_changed(trial, plain.brief(error))
            return self._iterate(stop, save, code)
        self.spent += iteration.global_step - before
        if iteration.lost:
            self._abandon(LOST)
            return iteration
        if iteration.changed is not None:
            self.decisions += self._taken()
            self._follow(iteration)
        self._watch(iteration)
        saved = iteration.checkpoint  # the first rank's, where one is due
        trial = self._trial
        if trial is not None:
            lost = self._advance(trial)
            if lost:
                self._abandon(LOST)
                return replace(iteration, lost=lost, checkpoint=None)
            if iteration.global_step >= trial.until or iteration.finished:
                self._decide(trial)
                saved = self.trainer.checkpoint()
            elif saved is not None:
                saved = trial.fork
        elif not iteration.finished and self._pending is None:
            self._pending = self._noticed()
        return replace(iteration, checkpoint=saved)

    def checkpoint(self) -> bytes | None:
        """See `Trainer.checkpoint`; while a change is tried, the run from before it."""
        run = self.trainer.checkpoint()
        if run is None:
            return None
        return self._packed(run if self._trial is None else self._trial.fork)

    def _packed(self, run: bytes) -> bytes:
        """A run with what is needed to go on adapting."""
        file = io.BytesIO(decisions.written(run, self.decisions))
        with ZipFile(file, "a") as archive:
            archive.writestr(NAME, json.dumps(self._state(), allow_nan=False))
            self._sides.write(archive)
        return file.getvalue()

    def _taken(self) -> list[Decision]:
        """The decisions that the learner was given, which are written down here from now on."""
        taken, self.trainer.decisions = self.trainer.decisions, []
        return taken

    def close(self) -> None:
        """Frees the environments."""
        self.trainer.close()
        if self._trial is not None:
            self._trial.changed.close()

    def _hear(self, wish: Wish) -> None:
        """Does what the first rank's person wants."""
        wish = json.loads(self.communicator.broadcast_bytes(json.dumps(wish).encode()))
        self._heard = wish.get("id", 0)
        if "undo" in wish:
            self._undo(wish["undo"])
        if "answer" not in wish:
            return
        if not self._asked or self._pending is None:
            self._refused = "nothing is proposed that could be answered"
            return
        self._asked = False
        if not wish["answer"]:
            event, number = self._pending
            self._pending = None
            self._history.forget()
            self._write(event, self._act(event, number), outcome="Not tried: somebody said no.")

    def _undo(self, number: int) -> None:
        """Goes back to the side that a decision did not take."""
        side = self._sides.get(number)
        if side is None:
            undoable = ", ".join(str(n) for n in self._sides.numbers) or "none"
            self._refused = (
                f"decision {number} cannot be undone: its other side is not kept; of these it is: "
                f"{undoable}"
            )
            return
        self._abandon("somebody went back")
        left = self.algorithm.global_step
        own = Side.of(self.trainer)
        experiment = replace(side.experiment, trusted=self._origin.trusted)
        anew: list[Any] = [None] * self.communicator.size
        trainer = self._made(experiment, Checkpoint(side.experiment, side.learner, anew))
        if isinstance(trainer, str):
            self._refused = f"decision {number} cannot be undone: {trainer}"
            return
        self.trainer.close()
        self.trainer = trainer
        now = self.algorithm.global_step
        self._history.rewind(now)
        if experiment.measure != self._origin.measure:  # another wish
            self._ask_for(experiment)
        self._pending, self._asked = None, False
        event = Event("undo", self.algorithm.iteration, left, {"decision": number})
        self._sides.keep(len(self.decisions), own)
        self._sides.drop(number)
        outcome = f"The other side goes on, from step {now}."
        cost = {"steps": float(left - now)}
        self._write(event, {"undo": number}, cost=cost, outcome=outcome, taken=True)

    def _made(self, experiment: Experiment, saved: Checkpoint) -> Trainer | str:
        """Another learner on all ranks, or why there is none on any."""
        error, trainer = b"", None
        try:
            trainer = Trainer(experiment, self.communicator, saved)
        except (WebSimError, MemoryError) as problem:
            error = (plain.brief(problem) or "there is too little memory").encode()
        try:
            why = next(filter(None, self.communicator.gather_bytes(error)), b"").decode()
        except RankLost:
            if trainer is not None:
                trainer.close()
            raise
        if trainer is not None and not why:
            return trainer
        if trainer is not None:
            trainer.close()
        return why

    def _rng(self) -> np.random.Generator:
        """Of what is drawn now; the same on all ranks."""
        seed = self._origin.seed
        return np.random.default_rng([seed, len(self.decisions), self.algorithm.iteration])

    def _watch(self, iteration: Iteration) -> None:
        step = iteration.global_step
        known = {tag: v for tag, v in iteration.metrics.items() if np.isfinite(v)}
        episodes = [
            Episode(step, paid, int(length), measure, tuple(map(int, levels)))
            for paid, length, measure, *levels in self.algorithm.episodes.tolist()
            if np.isfinite(measure)
        ]
        self._history.add(Point(iteration.iteration, step, known), episodes)

    def _follow(self, iteration: Iteration) -> None:
        """Other code pays or judges, since somebody wished it or the former failed."""
        own, changed = self.algorithm.experiment, iteration.changed
        assert changed is not None
        code = {
            name: getattr(own, name)
            for name in ("reward", "measure")
            if getattr(own, name) != getattr(changed, name)
        }
        self._origin = self._origin.with_code(**code)
        self._abandon("what pays or judges was changed")
        self._pending, self._asked = None, False
        self._history.forget()

    def _noticed(self) -> tuple[Event, int] | None:
        """The first rule that has found something of which anything can be changed."""
        for name, rule in self.settings.rules.items():
            acts = self.settings.acts.get(name, ())
            event = rule.look(self._history, self._rng()) if acts else None
            if event is None:
                continue
            first, before = self._turns.get(name, 0), len(self.decisions)
            for turn in range(len(acts)):
                number = (first + turn) % len(acts)
                if self._changed(event, acts[number]) is not None:
                    self._turns[name] = number + 1
                    self._asked = self.settings.ask
                    return event, number
            if len(self.decisions) > before:  # not said again after each iteration
                self._history.forget()
        return None

    def _changed(self, event: Event, act: Any) -> Experiment | None:
        """What an act makes of what is learnt; None: nothing, of which the reason is written."""
        try:
            changed: Experiment | None = act.change(self.algorithm.experiment, self._rng())
        except WebSimError as error:
            self._write(event, act, outcome=f"It cannot be tried: {plain.brief(error)}.")
            return None
        return changed

    def _begin(self) -> None:
        """Forks what is pending: another learner, with the change, from what this one is now."""
        if self._pending is None or self._asked:
            return
        event, number = self._pending
        self._pending = None
        act, own = self._act(event, number), self.algorithm.experiment
        changed = self._changed(event, act)
        if changed is None:  # no longer, for what is learnt has been changed since it was proposed
            return
        run = self.trainer.checkpoint() or b""
        saved = checkpoints.loads(self.communicator.broadcast_bytes(run))
        if changed.world != own.world:  # what stands on other ground, or was drawn, is no more
            saved = Checkpoint(saved.experiment, saved.learner, [None] * len(saved.ranks))
        changed = replace(changed, hands=saved.experiment.hands)
        trainer = self._made(changed, saved)
        if isinstance(trainer, str):
            self._history.forget()
            self._write(event, act, outcome=f"It cannot be tried: {trainer}.")
            return
        if changed.measure != own.measure:
            self._turn(event, act, trainer)
            return
        begun = self.algorithm.global_step
        until = begun + self.settings.trial_steps
        self._trial = Trial(event, number, run, begun, until, trainer)

    def _turn(self, event: Event, act: Any, trainer: Trainer) -> None:
        """Something else is asked for from here on: no trial, since what judged does no longer.

        What is known is how far the former was done, and how far the next one is before it is
        learnt: beside that stands what comes of it.
        """
        own, changed = self.algorithm.experiment, trainer.algorithm.experiment
        try:
            former = self._judged(self._origin, self.trainer)
            next_one = self._judged(changed, trainer)
        except RankLost:
            trainer.close()
            raise
        self._sides.keep(len(self.decisions), Side.of(self.trainer))
        self.trainer.close()
        self.trainer = trainer
        self._ask_for(changed)
        before, after = told(former), told(next_one)
        self._write(
            event,
            act,
            cost={"judging_steps": float(former.steps + next_one.steps)},
            outcome=f"{own.title}: {before['mean']:.4g}. Goes on to: {changed.title}, "
            f"{after['mean']:.4g} before it is learnt.",
            evidence={
                "former": {"wish": own.title, **before},
                "next": {"wish": changed.title, **after},
            },
            taken=True,
        )

    def _ask_for(self, experiment: Experiment) -> None:
        """What judges from here on, and how the run adapts; nothing is known of that yet."""
        self._origin = experiment
        self.settings = adaptation_of(experiment.adaptation or {})
        self._history = self._anew()
        self._turns = {}

    def _anew(self) -> History:
        """Of a run of which nothing is known yet."""
        return History(self.algorithm.low.size, tuple(self.algorithm.env.ladders))

    def _judged(self, experiment: Experiment, trainer: Trainer) -> Judgement:
        """A learner's episodes, which are paid for."""
        policy, episodes = trainer.algorithm.policy_state(), self.settings.episodes
        judgement = judged(experiment, policy, episodes, self.communicator, self.beside)
        self.spent += judgement.steps
        return judgement

    def _advance(self, trial: Trial) -> list[int]:
        """The other one's turn; returns ranks that were lost in it."""
        if trial.failure:
            return []
        before = trial.changed.algorithm.global_step
        trial.changed.algorithm.observer = self.beside
        try:
            iteration = trial.changed.advance()
        except TrainingDiverged as error:
            trial.failure = plain.brief(error)
            return []
        self.spent += iteration.global_step - before
        if iteration.changed is not None:
            trial.failure = iteration.changed.failure
        return iteration.lost

    def _decide(self, trial: Trial) -> None:
        """Both are judged; the change goes on where it is surely better."""
        if not trial.failure:
            without = self._judged(self._origin, self.trainer)
            with_it = self._judged(self._origin, trial.changed)
            trial.judging_steps = without.steps + with_it.steps
            trial.failure = with_it.failure
        act, cost = self._act(trial.event, trial.act), self._cost_of(trial)
        if trial.failure:
            self._trial = None
            self._history.forget()
            trial.changed.close()
            outcome = f"Left away, for it failed: {trial.failure}."
            self._write(trial.event, act, cost=cost, outcome=outcome, taken=False)
            return
        if without.failure:
            self._take_changed(trial, without.failure)
            return
        self._compare(trial, without, with_it)

    def _compare(self, trial: Trial, without: Judgement, with_it: Judgement) -> None:
        verdict = compare(without, with_it, self.settings.standard_errors)
        taken, other = trial.changed, self.trainer
        if not verdict.better:
            taken, other = other, taken
        self._sides.keep(len(self.decisions), Side.of(other))
        other.close()
        self.trainer = taken
        self._trial = None
        self._history.forget()
        self._write(
            trial.event,
            self._act(trial.event, trial.act),
            cost=self._cost_of(trial),
            outcome=verdict.outcome,
            evidence=verdict.evidence,
            taken=verdict.better,
        )

    def _take_changed(self, trial: Trial, failure: str) -> None:
        """What has learnt with the change goes on, since what has learnt without it cannot."""
        cost = self._cost_of(trial)
        self.trainer.close()
        self.trainer = trial.changed
        self._trial = None
        self._history.forget()
        act = self._act(trial.event, trial.act)
        outcome = f"Goes on, for without it learning failed: {failure}."
        self._write(trial.event, act, cost=cost, outcome=outcome, taken=True)

    def _cost_of(self, trial: Trial) -> dict[str, float]:
        learnt = trial.changed.algorithm.global_step - trial.begun
        return {"steps": float(learnt), "judging_steps": float(trial.judging_steps)}

    def _abandon(self, why: str) -> None:
        if self._trial is None:
            return
        trial, self._trial = self._trial, None
        trial.changed.close()
        self._history.forget()
        act = self._act(trial.event, trial.act)
        cost = self._cost_of(trial)
        self._write(trial.event, act, cost=cost, outcome=f"It was given up: {why}.", taken=False)

    def _act(self, event: Event, number: int) -> Any:
        return self.settings.acts[event.kind][number]

    def _write(self, event: Event, act: Any, **what: Any) -> None:
        self.decisions.append(_decision(event, act, **what))

    def _course(self) -> Course:
        """How it goes, and what is new since the last time."""
        told, learnt = self._told
        experiment = self.algorithm.experiment
        new = learnt is not None and experiment != learnt
        self._told = list(self.decisions), experiment
        trial, pending = self._trial, self._pending
        return Course(
            trying=None
            if trial is None
            else _decision(trial.event, self._act(trial.event, trial.act)),
            tried=0.0
            if trial is None
            else (self.algorithm.global_step - trial.begun) / (trial.until - trial.begun),
            proposed=_decision(pending[0], self._act(*pending))
            if pending is not None and self._asked
            else None,
            spent=self.spent,
            decisions=None if self.decisions == told else list(self.decisions),
            undoable=self._sides.numbers,
            experiment=json.dumps(as_dict(experiment), allow_nan=False) if new else None,
            heard=self._heard,
            refused=self._refused,
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
            "asked": self._asked,
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
                self._sides.read(archive)
                files = files_of_robot(archive, state["origin"])
            origin = from_document(state["origin"], files)
            self._origin = replace(origin, trusted=self._origin.trusted)
            self._history.load(state["history"])
            self._turns = {str(rule): int(turn) for rule, turn in state["turns"].items()}
            self.spent = int(state["spent"])
            if state["pending"] is not None:
                event, number = state["pending"]
                self._pending = Event(**event), number
                self._act(*self._pending)
                self._asked = bool(state["asked"])
        except (KeyError, TypeError, AttributeError, IndexError, ValueError) as error:
            if isinstance(error, DamagedCheckpoint):
                raise
            raise DamagedCheckpoint(f"{NAME} is damaged: {plain.brief(error)}.") from None


def make_trainer(
    experiment: Experiment, communicator: Communicator, checkpoint: bytes | None = None
) -> Trainer | AdaptiveTrainer:
    """What learns an experiment: it adapts, if that is in the document; see `Trainer`."""
    if experiment.adaptation is not None:
        return AdaptiveTrainer(experiment, communicator, checkpoint)
    saved = None if checkpoint is None else checkpoints.loads(checkpoint)
    return Trainer(experiment, communicator, saved)


def _decision(
    event: Event,
    act: Any,
    *,
    cost: Mapping[str, float] | None = None,
    outcome: str = "",
    evidence: Mapping[str, Any] | None = None,
    taken: bool | None = None,
) -> Decision:
    values = act if isinstance(act, dict) else {"act": type(act).__name__.lower(), **asdict(act)}
    return Decision(
        when={"steps": float(event.global_step), "iteration": float(event.iteration)},
        what=f"{event.kind}: {', '.join(f'{k} {v}' for k, v in values.items())}",
        event=event.kind,
        act=values,
        evidence=as_plain({event.kind: event.evidence, **(evidence or {})}),
        cost=dict(cost or {}),
        outcome=outcome,
        taken=taken,
    )
