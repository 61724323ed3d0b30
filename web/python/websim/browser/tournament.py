"""Tournaments in a tab: any worker's Python steps one, and each worker does jobs of it.

The page keeps its state, as JSON, and the runs that it goes on from.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from time import perf_counter
from typing import Any

from websim.authors import make_author
from websim.authors.candidates import Brief, Candidate
from websim.authors.llm import Conversation, system_prompt
from websim.authors.tournament import archive
from websim.authors.tournament.learning import Learning, Order, failed, order_of, settled
from websim.authors.tournament.records import Job, Result, Settings, State
from websim.authors.tournament.tournament import Standing, Tournament
from websim.authors.warnings import warnings
from websim.authors.weights import weights_of
from websim.browser import experiments
from websim.browser.messages import (
    AuthorStep,
    Contender,
    JobEnd,
    TournamentJob,
    TournamentStep,
    plain,
)
from websim.documents import as_plain, from_plain
from websim.errors import AuthorFailed, InvalidArgument, WebSimError
from websim.experiments.experiment import MAX_TITLE, Experiment
from websim.rewards import Reward

LIMIT = 256
"""Bytes of a name or a sentence that are shown."""


def step(
    experiment: Experiment, state: str | None, act: str, given: str, seconds: float
) -> dict[str, Any]:
    """Does something to a tournament: a TournamentStep.

    Args:
        experiment: Task, robot and settings of all candidates.
        state: What `TournamentStep.state` was; None before the first.
        act: begin, resume, answer, report, stop, take_out, keep, add or fork.
        given: What it takes, as JSON.
        seconds: That have passed since it began.

    Raises:
        InvalidArgument: something that is not allowed.
        UnsafeCode: a reward that says what safe code may not.
    """
    what = json.loads(given)
    if act == "begin":
        settings = from_plain(Settings, what, "tournament")
        tournament = Tournament.begin(_titled(experiment, settings.words), settings)
    else:
        read = _read(state or "")
        tournament = Tournament(_titled(experiment, read.settings.words), read)
    tournament.state.seconds = seconds
    if act == "answer":
        _answer(tournament, what)
    elif act == "report":
        tournament.report(what["number"], from_plain(Result, what["result"], "result"))
    elif act == "stop":
        tournament.stop(what["why"], what["running"])
    elif act == "take_out":
        tournament.take_out(what["entry"])
    elif act == "keep":
        tournament.keep(what["entry"], what["kept"])
    elif act == "add":
        candidate = from_plain(Candidate, what["candidate"], "candidate")
        tournament.add(candidate, what["parent"])
    elif act == "fork":
        Reward(what["reward"])  # raises UnsafeCode
        tournament.fork(what["entry"], what["name"], what["reward"])
    elif act not in ("begin", "resume"):
        raise InvalidArgument(f"A tournament cannot be told to {act!r:.99}.")
    return plain(_step(tournament))


def _titled(experiment: Experiment, words: str) -> Experiment:
    """The experiment as candidates learn in it: what they learn is what was said."""
    return replace(settled(experiment), title=words[:MAX_TITLE])


def _read(state: str) -> State:
    return from_plain(State, json.loads(state), "state", archive.READERS)


def converse(
    experiment: Experiment, state: str | None, words: str, count: int, answers: str
) -> dict[str, Any]:
    """How a conversation with a language model stands: an AuthorStep. The page asks the model.

    Args:
        experiment: Task, robot and settings of all candidates.
        state: Of the tournament; None: there is none yet.
        words: What the robots should do, where there is none.
        count: How many candidates are wanted, likewise.
        answers: What the model has answered so far, as JSON: [text, whether it was cut off] each.

    Raises:
        InvalidArgument: words that say nothing, or an experiment that cannot be simulated.
    """
    brief = Brief(words=words, experiment=settled(experiment))
    if state is not None:
        read = _read(state)
        brief = Tournament(_titled(experiment, read.settings.words), read).brief
        count = read.asking
    conversation = Conversation(brief, count)
    for text, cut in json.loads(answers):
        conversation.take(text, cut)
    candidates, failure = "", ""
    if conversation.over:
        try:
            candidates = json.dumps([as_plain(one) for one in conversation.candidates()])
        except AuthorFailed as error:
            failure = str(error)
    return plain(
        AuthorStep(
            system=system_prompt(),
            turns=[turn.text for turn in conversation.turns],
            over=conversation.over,
            returns=conversation.returns,
            problems=conversation.problems,
            kept=[draft.name for draft in conversation.kept],
            candidates=candidates,
            failure=failure,
        )
    )


def _answer(tournament: Tournament, what: dict[str, Any]) -> None:
    """Takes what a language model has answered, or asks another author.

    One that fails leaves the candidates that there are.
    """
    if tournament.state.settings.author != "llm":
        _ask(tournament, what["rewards"], what["measure"])
        return
    candidates = [from_plain(Candidate, one, "candidate") for one in what["candidates"]]
    if what["failure"] and not tournament.state.entries:
        raise AuthorFailed(what["failure"])
    tournament.answer(candidates, what["failure"], what["cost"])


def _ask(tournament: Tournament, rewards: list[str], measure: str) -> None:
    state = tournament.state
    try:
        written = [
            Candidate(name=f"by hand {i}", reward=reward, measure=measure, why="By hand.")
            for i, reward in enumerate(rewards, 1)
        ]
        author = make_author(state.settings.author, written)
        answer = author.propose(tournament.brief, state.asking, tournament.author_seed)
    except WebSimError as error:
        if not state.entries:
            raise
        tournament.answer([], str(error))
    else:
        tournament.answer(answer)


def _step(tournament: Tournament) -> TournamentStep:
    state, best = tournament.state, tournament.best
    standings = {standing.entry.number: standing for standing in tournament.ranking()}
    return TournamentStep(
        state=json.dumps(as_plain(state, archive.WRITERS), allow_nan=False),
        stage=state.stage,
        round=state.round,
        over=tournament.over,
        ending=state.ending,
        progress=tournament.progress,
        seconds_left=tournament.seconds_left,
        steps=tournament.steps,
        jobs=[_job(tournament, job) for job in tournament.jobs()],
        needed=sorted(tournament.needed()),
        contenders=[
            _contender(tournament, number, standings.get(number))
            for number in range(len(state.entries))
        ],
        decisions=[" ".join(filter(None, (d.what, d.outcome))) for d in state.decisions],
        best=None if best is None else best.entry.number,
        best_job=None if best is None else best.job.number,
        best_measure=float("nan") if best is None else best.judgement.measure,
        best_error=float("nan") if best is None else best.judgement.standard_error,
    )


def _job(tournament: Tournament, job: Job) -> TournamentJob:
    candidate = tournament.entry(job.entry).candidate
    order = order_of(job, candidate, tournament.experiment, None)
    return TournamentJob(
        number=job.number,
        entry=job.entry,
        origin=job.origin,
        order=json.dumps(as_plain(job), allow_nan=False),
        experiment=experiments.as_json(order.experiment),
    )


def _contender(tournament: Tournament, number: int, standing: Standing | None) -> Contender:
    entry = tournament.entry(number)
    candidate, attempt = entry.candidate, entry.attempt()
    try:
        weights = weights_of(candidate.reward)
    except SyntaxError:
        weights = {}
    return Contender(
        number=number,
        name=candidate.name[:LIMIT],
        why=candidate.why[:LIMIT],
        reward=candidate.reward,
        weights=weights,
        parent=entry.parent,
        out=entry.out[:LIMIT],
        kept=entry.kept,
        job=None if standing is None else standing.job.number,
        measure=float("nan") if standing is None else standing.judgement.measure,
        standard_error=float("nan") if standing is None else standing.judgement.standard_error,
        curve_steps=[snapshot.global_step for snapshot in attempt.snapshots],
        curve=[snapshot.measure for snapshot in attempt.snapshots],
        warnings=warnings(attempt.snapshots),
    )


def write(experiment: Experiment, state: str, runs: Mapping[int, Any]) -> bytes:
    """The tournament's file (`websim.authors.tournament.archive`).

    Args:
        experiment: Of all candidates.
        state: Its state.
        runs: Checkpoints by the number of their job.
    """
    files = {int(number): bytes(run) for number, run in runs.items()}
    read = _read(state)
    return archive.dump(Tournament(_titled(experiment, read.settings.words), read), files)


class WorkerJob:
    """A job that a worker does beside what else it has to do."""

    def __init__(
        self,
        job: str,
        experiment: Experiment,
        checkpoint: bytes | None,
        on_pulse: Callable[[], float],
    ) -> None:
        """Begins it; what goes wrong is told by `advance`.

        Args:
            job: `TournamentJob.order`.
            experiment: That of the job.
            checkpoint: Of the job that it goes on from, or None.
            on_pulse: Called in the middle of an iteration; returns in how many seconds it wants to
                be called again.
        """
        given = from_plain(Job, json.loads(job), "job")
        self._order = Order(job=given, experiment=experiment, checkpoint=checkpoint)
        self._learning: Learning | None = None
        self._on_pulse, self._next_pulse = on_pulse, 0.0
        self._failure: Result | None = None

    def advance(self, end: bool) -> bool:
        """See `Learning.advance`; says of what failed that there is nothing more to do."""
        try:
            if self._learning is None:
                self._learning = Learning(self._order, self._pulse)
                return True
            return self._learning.advance(end and self._learning.trainer is not None)
        except WebSimError as error:
            self._failure = failed(error)
            return False

    def end(self) -> dict[str, Any]:
        """What came of it: a JobEnd."""
        learning, result = self._learning, self._failure
        if result is None:
            assert learning is not None
            result = learning.result
        told = json.dumps(as_plain(result), allow_nan=False)
        run = None if self._failure or learning is None else learning.checkpoint
        return plain(JobEnd(result=told, checkpoint=run))

    def close(self) -> None:
        """Frees all."""
        if self._learning is not None:
            self._learning.close()

    def _pulse(self) -> None:
        if perf_counter() >= self._next_pulse:
            self._next_pulse = perf_counter() + self._on_pulse()
