"""The course of a tournament: what is to be learnt next, and what is decided on what came of it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import ceil, hypot, isfinite, log2
from typing import Any

from websim import plain
from websim.algorithms import algorithm_class
from websim.authors.candidates import Brief, Candidate
from websim.authors.tournament import search as weights
from websim.authors.tournament.records import (
    Done,
    Entry,
    Generation,
    Job,
    Judgement,
    Result,
    Settings,
    State,
)
from websim.authors.weights import weights_of
from websim.errors import InvalidArgument
from websim.experiments.decisions import Decision
from websim.experiments.experiment import Experiment

MAX_CANDIDATES = 64

MAX_EPISODES = 1000
"""By which a job is judged."""

MAX_WORKERS = 1024

TRIAL_STEPS = 8192
"""That every candidate learns before anything is decided."""

TRIAL_SECONDS = 180.0

HALVING_SHARE, WEIGHTS_SHARE, FINISH_SHARE = 0.4, 0.2, 0.4
"""Of the budget: to find a structure, its weights, and to learn from what was found."""

FIRST_ROUND = 0.1
"""Of the steps that an experiment asks for: after fewer, chance says which candidate is better."""

FEWEST_CANDIDATES = 2
"""That begin the rounds, however short they are."""

GENERATIONS = 3
"""Of weights, where there is time for so many."""

FEWEST_STEPS = 2 * TRIAL_STEPS
"""Less than this is not worth a generation of weights."""

RESERVE = 0.05
"""Of the time, for the last judgement."""

FINALISTS = 3

FINAL_EPISODES = 4
"""Times as many as after any other job, and others."""

NOISE = 2.0
"""Standard errors by which measures must differ to be told apart."""

LOSSES = 2
"""A candidate at which so many workers were lost is out."""

BY_HAND = "taken out by hand"

ASKED = 2
"""How often an author is asked for candidates of which any can be learnt from."""


@dataclass(frozen=True)
class Standing:
    """How an entry stands: the job that speaks for it."""

    entry: Entry
    job: Job
    judgement: Judgement

    def __str__(self) -> str:
        judged = self.judgement
        return f"{self.entry.candidate.name} ({judged.measure:.4g} ± {judged.standard_error:.2g})"

    def as_evidence(self) -> dict[str, float | str]:
        """As decisions are told of it."""
        judged = self.judgement
        return {
            "name": self.entry.candidate.name,
            "entry": self.entry.number,
            "measure": judged.measure,
            "standard_error": judged.standard_error,
        }


class Tournament:
    """A tournament under way. Whoever drives it does `jobs`, and tells with `report`.

    Nothing here learns, waits or looks at a clock: its state is plain data, and a driver may stop
    after any job and go on elsewhere.

    Attributes:
        experiment: Task, robot and settings of all candidates.
        state: All else.
    """

    def __init__(self, experiment: Experiment, state: State) -> None:
        """Goes on from a state."""
        self.experiment, self.state = experiment, state

    @classmethod
    def begin(cls, experiment: Experiment, settings: Settings) -> "Tournament":
        """A tournament that asks its author first.

        Raises:
            InvalidArgument: a setting that is not allowed.
        """
        check(settings)
        return cls(experiment, State(settings=settings, asking=settings.candidates))

    # What a driver has to know.

    @property
    def over(self) -> bool:
        """Whether there is nothing more to do."""
        return self.state.stage == "over"

    @property
    def brief(self) -> Brief:
        """What the author is told; while the stage is `author` it is asked for `state.asking`."""
        attempts = [entry.attempt() for entry in self.state.entries]
        words = self.state.settings.words
        return Brief(words=words, experiment=self.experiment, attempts=attempts)

    @property
    def author_seed(self) -> int:
        """Of what the author draws."""
        return self.state.settings.seed + self.state.round

    def entry(self, number: int) -> Entry:
        """An entry by its number; raises InvalidArgument where there is none."""
        if not plain.is_count(number, high=len(self.state.entries) - 1):
            raise InvalidArgument(f"There is no candidate {number!r:.99}.")
        return self.state.entries[number]

    def ranking(self) -> list[Standing]:
        """The entries that have been judged, the best first."""
        standings = [self._standing(entry) for entry in self.state.entries]
        return sorted(filter(None, standings), key=_measure, reverse=True)

    @property
    def best(self) -> Standing | None:
        """The best so far; at the end as the last judgement has it."""
        found = self._finalists(1)
        if self.state.winner is None:
            return found[0] if found else None
        job = self._done(self.state.winner).job
        judged = [
            done.result.judgement
            for done in self.state.done
            if done.job.number == job.number
            or (not done.job.steps and done.job.origin == job.number)
        ]
        judgement = judged[-1]
        assert judgement is not None
        return Standing(self.state.entries[job.entry], job, judgement)

    @property
    def steps(self) -> int:
        """Environment steps that have been learnt."""
        return sum(done.result.steps for done in self.state.done)

    @property
    def progress(self) -> float:
        """How much of the budget is used, 0 to 1."""
        s = self.state.settings
        used = [0.0 if s.steps is None else self.steps / s.steps]
        used.append(0.0 if s.seconds is None else self.state.seconds / s.seconds)
        return 1.0 if self.over else min(1.0, max(used))

    @property
    def seconds_left(self) -> float:
        """Until the budget is used, about; NaN while nothing is known."""
        s = self.state.settings
        pace, _ = self._pace()
        left = [] if s.seconds is None else [s.seconds - self.state.seconds]
        if s.steps is not None and isfinite(pace):
            left.append((s.steps - self.steps) / (pace * s.workers))
        return max(0.0, min(left)) if left else float("nan")

    def needed(self) -> set[int]:
        """Numbers of the jobs whose checkpoints may still be wanted."""
        wanted = {job.origin for job in self.state.jobs} | {self.state.winner}
        finalists = self._finalists(max(FINALISTS, self.state.settings.workers))
        wanted |= {standing.job.number for standing in finalists}
        going = {entry.number for entry in self._field()}
        going |= {entry.parent for entry in self._field() if entry.parent is not None}
        going |= {standing.entry.number for standing in finalists}
        standings = [self._standing(self.state.entries[number]) for number in going]
        wanted |= {standing.job.number for standing in standings if standing is not None}
        return {number for number in wanted if number is not None}

    # What happens to it.

    def answer(
        self,
        candidates: Sequence[Candidate],
        failure: str = "",
        cost: dict[str, float] | None = None,
    ) -> None:
        """Takes in what the author says; an empty answer leaves those that are there.

        Args:
            candidates: That it proposes.
            failure: Why it proposes none.
            cost: What it cost to ask, as decisions are told of it.
        """
        state, settings = self.state, self.state.settings
        state.asked += 1
        known = [_learnt(entry.candidate) for entry in state.entries]
        fresh: list[Candidate] = []
        for one in candidates[: state.asking]:
            if _learnt(one) not in known:
                known.append(_learnt(one))
                fresh.append(one)
        if fresh and settings.control == "random-weights":
            fresh = [fresh[i % len(fresh)] for i in range(state.asking)]
        leader = self.best
        for one in fresh:
            number = len(state.entries)
            entry = Entry(
                number=number,
                candidate=weights.controlled(one, settings.control, settings.seed, number),
                parent=None if leader is None else leader.entry.number,
            )
            state.entries.append(entry)
        said = ", ".join(e.candidate.name for e in state.entries[len(state.entries) - len(fresh) :])
        nothing = f"It failed: {failure}" if failure else "It had nothing new."
        self._decide(
            f"The author was asked for {state.asking} candidates.",
            {"attempts": len(state.entries) - len(fresh)},
            cost,
            outcome=f"It wrote {said}." if fresh else f"{nothing} Those that are left go on.",
        )
        if state.round:
            self._begin_halving()
        elif any(not entry.out for entry in state.entries):
            state.stage = "trial"
            self._put(self._field(), TRIAL_STEPS, TRIAL_SECONDS)
        else:
            self._end(failure or "The author wrote nothing that can be learnt from.")

    def jobs(self) -> list[Job]:
        """What is to be done now, in any order, in as many places as there are."""
        return list(self.state.jobs)

    def report(self, number: int, result: Result) -> None:
        """Takes in what came of a job; of one that is not wanted any longer nothing is kept."""
        state = self.state
        job = next((job for job in state.jobs if job.number == number), None)
        if job is None:
            return
        state.jobs.remove(job)
        entry = state.entries[job.entry]
        if result.lost:
            job.losses += 1
            if job.losses < LOSSES and not state.ending:
                state.jobs.append(job)
                return
            result.failure = result.failure or "its workers were lost"
        state.done.append(Done(job=job, result=result))
        if result.failure:
            if job.steps:
                self._out(entry, result.failure, cost=result)
        elif job.steps:
            entry.done.append(job.number)
            entry.snapshots += result.snapshots
        if not state.jobs:
            self._close()

    def stop(self, why: str, running: Sequence[int] = ()) -> None:
        """Ends it with the best so far, when the jobs that are running have been reported."""
        state = self.state
        if self.over:
            return
        state.ending = why
        state.jobs = [job for job in state.jobs if job.number in running]
        if not state.jobs:
            self._finish()

    def take_out(self, number: int) -> None:
        """Somebody does not want a candidate: it learns no longer and cannot win."""
        entry = self.entry(number)
        if entry.out or self.over:
            return
        self._out(entry, BY_HAND)
        state = self.state
        had = bool(state.jobs)
        state.jobs = [job for job in state.jobs if job.entry != number]
        if had and not state.jobs:
            self._close()

    def keep(self, number: int, kept: bool = True) -> None:
        """Somebody wants a candidate to go on through all rounds, or no longer."""
        self.entry(number).kept = kept

    def add(self, candidate: Candidate, parent: int | None = None) -> int:
        """Somebody has written a candidate: it learns from the next round on.

        Args:
            candidate: It.
            parent: Entry whose policy it begins with; the best one's, where that is gone.

        Returns:
            Its entry's number.

        Raises:
            InvalidArgument: there are no more rounds.
        """
        state, number = self.state, len(self.state.entries)
        if state.stage not in ("author", "trial", "halving"):
            raise InvalidArgument("The rounds are over: what is written now would not learn.")
        if state.stage == "halving":
            state.rounds = max(state.rounds, state.round + 1)
        if parent is not None:
            standing, best = self._standing(self.entry(parent)), self.best
            if best is not None and (standing is None or standing.job.number not in self.needed()):
                parent = best.entry.number
        self.state.entries.append(Entry(number=number, candidate=candidate, parent=parent))
        self._decide(f"{candidate.name} was written by hand.", {})
        return number

    def fork(self, entry: int, name: str, reward: str) -> int:
        """Adds a candidate that differs from another by its reward, and begins with its policy.

        Args:
            entry: The other one.
            name: What the new one is called.
            reward: Its source.

        Returns:
            See `add`.

        Raises:
            InvalidArgument: likewise.
        """
        other = self.entry(entry).candidate
        why = f"By hand, from {other.name}."
        return self.add(replace(other, name=name, reward=reward, why=why), entry)

    # The stages.

    def _close(self) -> None:
        """All jobs of a stage are done."""
        state = self.state
        if state.ending:
            self._finish()
        elif state.stage == "trial":
            self._close_trial()
        elif state.stage == "halving":
            self._close_halving()
        elif state.stage == "weights":
            self._close_generation()
        elif state.stage == "finish":
            self._begin_final()
        else:
            self._finish()

    def _close_trial(self) -> None:
        state = self.state
        if field := self._field():
            self._leave_out(field)
            state.rounds = _rounds(len(self._field()))
            self._begin_halving()
        elif state.asked < ASKED:
            state.stage, state.asking = "author", state.settings.candidates
        else:
            self._end("No candidate can be learnt from.")

    def _leave_out(self, field: list[Entry]) -> None:
        """The last of the author's, where the budget is too short to tell so many apart."""
        name = "total_timesteps"
        known = algorithm_class(self.experiment.algorithm).Hyperparameters.__dataclass_fields__
        total = self.experiment.hyperparameters.get(name, known[name].default)
        count, least = len(field), FIRST_ROUND * total
        while count > FEWEST_CANDIDATES:
            steps, _ = self._size(count, HALVING_SHARE / _rounds(count))
            if steps >= least:
                break
            count -= 1
        # What somebody keeps, or has written meanwhile, is not the author's to lose.
        late = [entry for entry in field[count:] if entry.done and not entry.kept]
        for entry in late:
            entry.out = f"the budget is too short for more than {count}"
        if late:
            names = ", ".join(entry.candidate.name for entry in late)
            self._decide(
                f"{len(field) - len(late)} of {len(field)} candidates go on.",
                {"least_steps": least},
                outcome=f"Out, as the author named them last: {names}. With all of them each would "
                f"have learnt less than {least:,.0f} steps in the first round.",
            )

    def _begin_halving(self) -> None:
        state = self.state
        state.stage, state.round = "halving", state.round + 1
        field = self._field()
        left = state.rounds - state.round + 1
        mine = HALVING_SHARE / state.rounds
        share = mine / (left * mine + WEIGHTS_SHARE + FINISH_SHARE)
        self._put(field, *self._size(len(field), share))

    def _close_halving(self) -> None:
        state = self.state
        standings = [s for s in self.ranking() if not s.entry.out]
        if not standings:
            self._end("No candidate is left.")
            return
        count = ceil(len(standings) / 2)
        going = [s for i, s in enumerate(standings) if i < count or s.entry.kept]
        beaten = [s for s in standings if s not in going]
        if beaten:
            gap = going[count - 1].judgement.measure - beaten[0].judgement.measure
            noise = _noise(going[count - 1].judgement, beaten[0].judgement)
            sure = "more" if gap > NOISE * noise else "not more"
            self._decide(
                f"Round {state.round}: what goes on is {_listed(going)}.",
                {"ranking": [s.as_evidence() for s in standings], "gap": gap, "noise": noise},
                outcome=f"Out: {_listed(beaten)}. The last that goes on is better than the first "
                f"that does not by {sure} than {NOISE:g} standard errors.",
            )
        for standing in beaten:
            standing.entry.out = f"others did better in round {state.round}"
        more = len(going) // 2
        if state.round < state.rounds and more and not state.settings.control:
            state.stage, state.asking = "author", more
        elif state.round < state.rounds:
            self._begin_halving()
        else:
            self._begin_weights()

    def _begin_weights(self) -> None:
        """The first generation, where there are weights to vary."""
        state, settings = self.state, self.state.settings
        leader, *others = [s for s in self.ranking() if not s.entry.out]
        state.stage, state.round = "weights", 1
        if settings.control != "equal-weights":
            state.search = weights.begin(leader.entry.number, leader.entry.candidate)
        if state.search is None:
            self._begin_finish()
            return
        for standing in others:
            if not standing.entry.kept:
                standing.entry.out = f"the weights of {leader.entry.candidate.name} are varied"
        self._put_generation(leader)

    def _put_generation(self, leader: Standing) -> None:
        """A population of weights, and the present ones going on beside them as a control."""
        state, settings, found = self.state, self.state.settings, self.state.search
        assert found is not None
        count = weights.population_size(found) + 1
        left = GENERATIONS - state.round + 1
        share = WEIGHTS_SHARE * left / GENERATIONS
        steps, seconds = 0, 0.0
        while left and steps < FEWEST_STEPS:  # rather fewer generations than short ones
            steps, seconds = self._size(count, share / left / (share + FINISH_SHARE))
            left -= 1
        if steps < FEWEST_STEPS:
            self._begin_finish()
            return
        vectors = weights.next_vectors(found, settings.seed, settings.control)
        base = state.entries[found.base].candidate
        control = leader.entry.number
        generation = Generation(control=control, entries=[], vectors=vectors)
        for i, vector in enumerate(vectors):
            number = len(state.entries)
            name = f"{base.name}, weights {state.round}.{i + 1}"
            candidate = weights.weighted(base, found, vector, name)
            state.entries.append(Entry(number=number, candidate=candidate, parent=control))
            generation.entries.append(number)
        found.generations.append(generation)
        population = [state.entries[number] for number in generation.entries]
        self._put([leader.entry, *population], steps, seconds)

    def _close_generation(self) -> None:
        """The best of the weights goes on, the present ones among them."""
        state, found = self.state, self.state.search
        assert found is not None
        generation = found.generations[-1]
        population = [self._standing(state.entries[number]) for number in generation.entries]
        judged = [s for s in population if s is not None]
        worst = min((s.judgement.measure for s in judged), default=0.0) - 1.0
        # Only their order counts: those that failed are the last.
        generation.values = [worst if s is None else s.judgement.measure for s in population]
        control = self._standing(state.entries[generation.control])
        standings = [s for s in (control, *judged) if s is not None and not s.entry.out]
        if not standings or not judged or control is None:
            self._begin_finish()
            return
        leader, top = max(standings, key=_measure), max(judged, key=_measure)
        self._decide(
            f"Generation {state.round} of weights: {leader} goes on.",
            {
                "weights": weights_of(leader.entry.candidate.reward),
                "control": control.as_evidence(),
                "population": [s.as_evidence() for s in judged],
                "gap": top.judgement.measure - control.judgement.measure,
                "noise": _noise(top.judgement, control.judgement),
            },
            outcome=f"The best of {len(judged)} weights is {top}; the present ones, which went on "
            f"beside them from the same policy, {control}.",
        )
        for standing in standings:
            if standing is not leader and not standing.entry.kept:
                standing.entry.out = f"other weights did better in generation {state.round}"
        if state.round < GENERATIONS:
            state.round += 1
            self._put_generation(leader)
        else:
            self._begin_finish()

    def _begin_finish(self) -> None:
        """What has been found learns on, one candidate in each worker, with what is left."""
        state = self.state
        state.stage = "finish"
        going = [standing.entry for standing in self._finalists(state.settings.workers)]
        if not going:
            self._end("No candidate is left.")
            return
        for entry in going:
            entry.out = ""
        self._put(going, *self._size(len(going), 1.0))

    def _begin_final(self) -> None:
        """The best are judged by episodes that nothing was chosen by."""
        state, settings = self.state, self.state.settings
        state.stage = "final"
        standings = self._finalists(FINALISTS)
        if not standings:
            self._end("No candidate is left.")
            return
        episodes = settings.episodes * FINAL_EPISODES
        for standing in standings:
            job = self._job(standing.entry, standing.job.number, 0, TRIAL_SECONDS)
            job.episodes, job.episode_seed = episodes, settings.seed + 1_000_000
            state.jobs.append(job)

    def _finish(self) -> None:
        """The best has won: of the last judgement if there was one."""
        state = self.state
        final = [
            self._judged(done.job.number)
            for done in state.done
            if not done.job.steps
            and done.result.judgement is not None
            and state.entries[done.job.entry].out != BY_HAND
        ]
        if final:
            state.winner = max(final, key=_measure).job.origin
        else:
            finalists = self._finalists(1)
            state.winner = finalists[0].job.number if finalists else None
        if state.winner is None:
            self._end(state.ending or "Nothing has been judged yet.")
            return
        best = self.best
        judged = {"judged": [standing.as_evidence() for standing in final]} if final else {}
        self._decide(f"{best} has won.", judged, outcome=state.ending)
        state.stage, state.jobs = "over", []

    def _end(self, why: str) -> None:
        """Ends without a winner, or with the best so far."""
        state = self.state
        finalists = self._finalists(1)
        state.winner = finalists[0].job.number if finalists else None
        state.ending, state.stage, state.jobs = why, "over", []
        self._decide("The tournament has ended.", {}, outcome=why)

    # What they need.

    def _field(self) -> list[Entry]:
        return [entry for entry in self.state.entries if not entry.out]

    def _finalists(self, count: int) -> list[Standing]:
        """The best ends of jobs, of one entry the best only; not of what was taken out by hand."""
        standings = [
            max((self._judged(number) for number in entry.done), key=_measure)
            for entry in self.state.entries
            if entry.done and entry.out != BY_HAND
        ]
        return sorted(standings, key=_measure, reverse=True)[:count]

    def _done(self, number: int) -> Done:
        return next(done for done in self.state.done if done.job.number == number)

    def _judged(self, number: int) -> Standing:
        done = self._done(number)
        assert done.result.judgement is not None
        return Standing(self.state.entries[done.job.entry], done.job, done.result.judgement)

    def _standing(self, entry: Entry) -> Standing | None:
        """The newest end of its jobs, unless it is surely worse than one before."""
        if not entry.done:
            return None
        newest = self._judged(entry.done[-1])
        best = max((self._judged(number) for number in entry.done), key=_measure)
        gap = best.judgement.measure - newest.judgement.measure
        return best if gap > NOISE * _noise(best.judgement, newest.judgement) else newest

    def _put(self, entries: Sequence[Entry], steps: int, seconds: float) -> None:
        """A job of each; one that is new begins with its parent's policy."""
        for entry in entries:
            standing = self._standing(entry)
            if standing is None and entry.parent is not None:
                parent = self.state.entries[entry.parent]
                if _seen(parent.candidate) == _seen(entry.candidate):
                    standing = self._standing(parent)
            origin = None if standing is None else standing.job.number
            self.state.jobs.append(self._job(entry, origin, steps, seconds))

    def _job(self, entry: Entry, origin: int | None, steps: int, seconds: float) -> Job:
        state, settings = self.state, self.state.settings
        state.next_job += 1
        return Job(
            number=state.next_job - 1,
            entry=entry.number,
            origin=origin,
            steps=steps,
            seconds=seconds,
            episodes=settings.episodes,
            episode_seed=settings.seed + 1000,
        )

    def _size(self, count: int, share: float) -> tuple[int, float]:
        """Environment steps of each of `count` jobs that use a share of what is left, at least 1.

        Returns:
            And seconds after which each has gone wrong.
        """
        s = self.state.settings
        pace, other = self._pace()
        sizes = []
        if s.steps is not None:
            sizes.append((s.steps - self.steps) * share / count)
        if s.seconds is not None:
            left = s.seconds * (1 - RESERVE) - self.state.seconds
            sizes.append((left * share / ceil(count / s.workers) - other) * pace)
        steps = max(1, int(min(sizes)))
        return steps, 3 * (steps / pace + other) + 30

    def _pace(self) -> tuple[float, float]:
        """Environment steps a second of a job, and its seconds besides, of the newest jobs."""
        newest = [d.result for d in self.state.done if d.result.steps][-16:]
        if not newest:
            return float("nan"), float("nan")
        learning = sum(result.learning_seconds for result in newest)
        other = sum(result.other_seconds for result in newest) / len(newest)
        return sum(result.steps for result in newest) / max(learning, 1e-9), other

    def _out(self, entry: Entry, why: str, cost: Result | None = None) -> None:
        entry.out = why
        spent = {} if cost is None else {"steps": cost.steps, "seconds": cost.learning_seconds}
        self._decide(f"{entry.candidate.name} is out.", {"entry": entry.number}, spent, why)

    def _decide(
        self,
        what: str,
        evidence: dict[str, Any],
        cost: dict[str, float] | None = None,
        outcome: str = "",
    ) -> None:
        when = {"steps": self.steps, "seconds": round(self.state.seconds, 1)}
        self.state.decisions.append(
            Decision(when=when, what=what, evidence=evidence, cost=cost or {}, outcome=outcome)
        )


def check(settings: Settings) -> None:
    """Raises InvalidArgument for a setting that is not allowed."""
    s = settings
    if not s.words.strip() or len(s.words) > 1000:
        raise InvalidArgument("words must say what the robot should do, in up to 1,000 characters.")
    bounds = {
        "candidates": (1, MAX_CANDIDATES),
        "workers": (1, MAX_WORKERS),
        "episodes": (2, MAX_EPISODES),
        "seed": (0, 2**31),
    }
    for name, (low, high) in bounds.items():
        if not plain.is_count(getattr(s, name), low=low, high=high):
            value = getattr(s, name)
            raise InvalidArgument(f"{name} must be {low:,} to {high:,}, not {value!r:.99}.")
    if s.steps is None and s.seconds is None:
        raise InvalidArgument("A tournament needs a number of steps or of seconds.")
    if s.steps is not None and not plain.is_count(s.steps, low=1):
        raise InvalidArgument(f"steps must be an integer of at least 1, not {s.steps!r:.99}.")
    if s.seconds is not None and not 0 < s.seconds < 1e9:
        raise InvalidArgument(f"seconds must be above 0, not {s.seconds!r:.99}.")


def _rounds(count: int) -> int:
    """Which halve so many to one."""
    return max(1, ceil(log2(count)))


def _learnt(candidate: Candidate) -> tuple[Any, ...]:
    """What is learnt from a candidate, whatever it is called."""
    return candidate.reward, candidate.measure, *_seen(candidate)


def _seen(candidate: Candidate) -> tuple[Any, ...]:
    """What decides the shapes of a policy."""
    return candidate.task_options, candidate.world


def _measure(standing: Standing) -> float:
    return standing.judgement.measure


def _noise(one: Judgement, other: Judgement) -> float:
    """Standard error of their difference."""
    return hypot(one.standard_error, other.standard_error)


def _listed(standings: Sequence[Standing]) -> str:
    return ", ".join(map(str, standings))
