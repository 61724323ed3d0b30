"""The course of a tournament: who goes on, what it costs, and what becomes of bad candidates."""

import json
from collections.abc import Callable

import numpy as np
import pytest
from cmaes import CMA

from websim.authors.candidates import Candidate
from websim.authors.tournament import search
from websim.authors.tournament.records import Job, Judgement, Result, Settings, State
from websim.authors.tournament.tournament import BY_HAND, Tournament
from websim.authors.weights import weights_of
from websim.documents import as_plain, from_plain
from websim.errors import InvalidArgument
from websim.experiments.experiment import Experiment
from websim.worlds import World
from websim.worlds.world import world_as_dict, world_from_dict

MEASURE = "def measure(now, before):\n    return now.qvel[:, 0]\n"


def written(name: str, **weights: float) -> Candidate:
    lines = "".join(f"{term}_weight = {value}\n" for term, value in weights.items())
    terms = ", ".join(f'"{term}": {term}_weight * now.qvel[:, 0]' for term in weights)
    source = f"{lines}# {name}\ndef reward(now, before, action):\n    return {{{terms}}}\n"
    return Candidate(name=name, reward=source, measure=MEASURE, why="A test.")


Quality = Callable[[Candidate], float]


def first_weight(candidate: Candidate) -> float:
    return next(iter(weights_of(candidate.reward).values()))


def judged(job: Job, measure: float, seconds: float = 1.0) -> Result:
    judgement = Judgement(
        measure=measure, standard_error=0.01, episodic_return=0.0, episodic_length=10.0
    )
    return Result(steps=job.steps, learning_seconds=seconds, other_seconds=0.1, judgement=judgement)


def drive(
    tournament: Tournament,
    quality: Quality,
    more: Callable[[int], list[Candidate]] = lambda count: [],
    each: Callable[[Tournament], Tournament] = lambda tournament: tournament,
) -> Tournament:
    """Plays a tournament in which a candidate is worth what `quality` says of it, at once."""
    kept = {done.job.number for done in tournament.state.done}  # whose runs a driver has
    for _ in range(1000):
        if tournament.over:
            return tournament
        if tournament.state.stage == "author":
            tournament.answer(more(tournament.state.asking))
            tournament = each(tournament)
        kept &= tournament.needed()
        for job in tournament.jobs()[:1]:
            assert job.origin is None or job.origin in kept, "its run is gone"
            worth = quality(tournament.entry(job.entry).candidate)
            tournament.report(job.number, judged(job, worth))
            kept.add(job.number)
        tournament = each(tournament)
    raise AssertionError("it does not end")


def begun(candidates: list[Candidate], steps: int = 10_000_000, **more: object) -> Tournament:
    settings = Settings(words="go", candidates=len(candidates), steps=steps, **more)  # type: ignore[arg-type]
    tournament = Tournament.begin(Experiment(task="HalfCheetah-v5"), settings)
    tournament.answer(candidates)
    return tournament


EIGHT = [written(f"c{i}", forward=1.0 + i, effort=0.5) for i in range(8)]


def test_the_better_half_goes_on_and_the_budget_is_kept() -> None:
    tournament = begun(EIGHT)
    fields: dict[tuple[str, int], list[Job]] = {}

    def look(tournament: Tournament) -> Tournament:
        for job in tournament.jobs():
            key = (tournament.state.stage, tournament.state.round)
            if all(other.number != job.number for other in fields.setdefault(key, [])):
                fields[key].append(job)
        return tournament

    look(tournament)
    drive(tournament, first_weight, each=look)
    counts = {key: len(jobs) for key, jobs in fields.items()}
    assert counts["trial", 0] == 8
    assert [counts["halving", i] for i in (1, 2, 3)] == [8, 4, 2]
    for jobs in fields.values():
        assert len({(job.steps, job.episodes, job.episode_seed) for job in jobs}) == 1
    assert 9_900_000 < tournament.steps <= 10_000_000
    assert {d.job.episode_seed for d in tournament.state.done if not d.job.steps} == {1_000_001}
    best = tournament.best
    assert best is not None
    # Weights were varied, and the first one is worth what it is.
    assert best.judgement.measure > 8.0
    assert best.entry.candidate.name.startswith("c7, weights 3.")
    outs = {entry.candidate.name: entry.out for entry in tournament.state.entries[:8]}
    assert outs["c0"] == "others did better in round 1"
    assert tournament.state.decisions[-1].what == f"{best} has won."


def test_where_the_budget_is_short_fewer_begin_and_are_told_apart() -> None:
    # 100,000 steps each in the first round, of two fifths: for two in one round, or four in two.
    for steps, count in ((50_000, 2), (800_000, 2), (2_200_000, 4), (10_000_000, 8)):
        tournament = begun(EIGHT, steps)
        tournament.keep(7)
        trial = tournament.jobs()
        assert len(trial) == 8
        for job in trial:
            tournament.report(job.number, judged(job, 0.0))
        first = tournament.jobs()
        assert {job.entry for job in first} == {*range(count), 7}
        late = [entry for entry in tournament.state.entries if entry.out]
        assert [entry.number for entry in late] == list(range(count, 7))
        decisions = [
            d for d in tournament.state.decisions if d.what == f"{count + 1} of 8 candidates go on."
        ]
        assert len(decisions) == (count < 8)
        assert all("100,000" in d.outcome and "c6" in d.outcome for d in decisions)


def test_losers_make_room_for_what_the_author_writes_next_and_that_takes_over_a_policy() -> None:
    new = iter(written(f"new{i}", forward=20.0 + i) for i in range(9))
    tournament = begun(EIGHT)
    drive(tournament, first_weight, more=lambda count: [next(new) for _ in range(count)])
    late = next(e for e in tournament.state.entries if e.candidate.name == "new0")
    assert late.parent == 7
    first = next(d.job for d in tournament.state.done if d.job.entry == late.number)
    origin = next(d.job for d in tournament.state.done if d.job.number == first.origin)
    assert origin.entry == 7
    best = tournament.best
    assert best is not None
    assert best.entry.candidate.name.startswith("new")


def test_it_goes_on_from_plain_data_after_any_job() -> None:
    def through_json(tournament: Tournament) -> Tournament:
        text = json.dumps(as_plain(tournament.state, {World: world_as_dict}), allow_nan=False)
        state = from_plain(State, json.loads(text), "state", {World: world_from_dict})
        return Tournament(tournament.experiment, state)

    whole = drive(begun(EIGHT), first_weight)
    pieces = drive(begun(EIGHT), first_weight, each=through_json)
    assert pieces.state == whole.state


def test_jobs_fit_the_time_by_what_jobs_have_taken() -> None:
    settings = Settings(words="go", candidates=4, seconds=100.0, workers=2)
    tournament = Tournament.begin(Experiment(task="HalfCheetah-v5"), settings)
    tournament.answer(EIGHT[:4])
    pace, other = 1000.0, 0.5
    while not tournament.over:
        if tournament.state.stage == "author":
            tournament.answer([])
        for job in tournament.jobs()[:2]:  # two at the same time
            result = judged(job, first_weight(tournament.entry(job.entry).candidate))
            result.learning_seconds, result.other_seconds = job.steps / pace, other
            tournament.state.seconds += (job.steps / pace + other) / 2
            tournament.report(job.number, result)
    assert 75 < tournament.state.seconds <= 100


@pytest.mark.parametrize("why", ["what it pays is always the same", "its training diverged"])
def test_a_bad_candidate_is_out_with_its_reason_and_the_others_go_on(why: str) -> None:
    tournament = begun(EIGHT[:4])
    bad = next(job for job in tournament.jobs() if job.entry == 3)
    tournament.report(bad.number, Result(failure=why))
    drive(tournament, first_weight)
    assert tournament.state.entries[3].out == why
    assert any(d.what == "c3 is out." and d.outcome == why for d in tournament.state.decisions)
    best = tournament.best
    assert best is not None
    assert best.entry.candidate.name.startswith("c2")


def test_a_lost_worker_costs_the_job_once_and_the_candidate_the_second_time() -> None:
    tournament = begun(EIGHT[:2])
    job = tournament.jobs()[0]
    tournament.report(job.number, Result(lost=True))
    assert job.number in {again.number for again in tournament.jobs()}
    tournament.report(job.number, Result(lost=True))
    assert tournament.state.entries[0].out == "its workers were lost"
    best = drive(tournament, first_weight).best
    assert best is not None
    assert best.entry.candidate.name.startswith("c1")


def test_where_nothing_can_be_learnt_from_the_author_is_asked_once_more() -> None:
    tournament = begun(EIGHT[:2])
    for job in tournament.jobs():
        tournament.report(job.number, Result(failure="no"))
    assert tournament.state.stage == "author"
    assert [a.candidate.name for a in tournament.brief.attempts] == ["c0", "c1"]
    tournament.answer([], "it has no idea")
    assert tournament.over
    assert tournament.best is None
    assert tournament.state.ending == "it has no idea"


def test_an_author_that_fails_later_leaves_those_that_are_there() -> None:
    tournament = begun(EIGHT[:4])
    while tournament.state.stage != "author":
        for job in tournament.jobs():
            tournament.report(job.number, judged(job, float(job.entry)))
    tournament.answer([EIGHT[0]], "it fell silent")  # known already: nothing new
    assert {job.entry for job in tournament.jobs()} == {2, 3}
    assert "it fell silent" in tournament.state.decisions[-1].outcome
    assert drive(tournament, first_weight).best is not None


def test_stopping_takes_the_best_so_far_once_what_runs_is_told() -> None:
    tournament = begun(EIGHT[:3])
    running = tournament.jobs()[:2]
    tournament.stop("Enough.", [job.number for job in running])
    assert tournament.jobs() == running
    tournament.report(running[0].number, judged(running[0], 3.0))
    tournament.report(running[1].number, judged(running[1], 5.0))
    assert tournament.over
    assert tournament.best is not None
    assert tournament.best.entry.number == 1
    assert tournament.progress == 1.0


def test_hands_take_out_keep_and_add() -> None:
    tournament = begun(EIGHT[:4])
    tournament.keep(0)
    tournament.take_out(3)
    added = tournament.add(written("mine", forward=50.0), parent=1)
    forked: list[int] = []
    fields: dict[int, set[int]] = {}

    def look(tournament: Tournament) -> Tournament:
        if tournament.state.stage == "halving":
            field = fields.setdefault(tournament.state.round, set())
            field |= {job.entry for job in tournament.jobs()}
            if tournament.state.round == 2 and not forked:  # the last one: there is one more for it
                reward = written("x", forward=60.0).reward
                forked.append(tournament.fork(0, "fork", reward))
        return tournament

    drive(tournament, first_weight, each=look)
    assert fields == {1: {0, 1, 2, added}, 2: {0, 2, added}, 3: {0, 2, added, *forked}}
    fork, parent = (tournament.state.entries[n] for n in (*forked, 0))
    assert (fork.parent, fork.candidate.why) == (0, f"By hand, from {parent.candidate.name}.")
    assert fork.candidate.measure == parent.candidate.measure
    with pytest.raises(InvalidArgument, match="rounds are over"):
        tournament.fork(0, "late", parent.candidate.reward)
    assert tournament.state.entries[3].out == BY_HAND
    assert not tournament.state.entries[0].out
    best = tournament.best
    assert best is not None
    assert best.entry.candidate.name.startswith("fork")
    with pytest.raises(InvalidArgument, match="no candidate 99"):
        tournament.take_out(99)


def test_runs_are_kept_as_long_as_something_may_begin_with_them() -> None:
    """Nothing but noise: what was out is back in the finish, from its newest end."""
    for seed, workers in enumerate((1, 1, 3, 3, 6, 6)):
        rng = np.random.default_rng(seed)
        tournament = begun(EIGHT, workers=workers)
        drive(tournament, lambda candidate, rng=rng: float(rng.normal(0.0, 0.01)))  # type: ignore[misc]
        assert tournament.best is not None


def test_what_collapsed_goes_on_from_its_best_end() -> None:
    tournament = begun(EIGHT[:4])
    while not (tournament.state.stage == "halving" and tournament.state.round == 2):
        if tournament.state.stage == "author":
            tournament.answer([])
            continue
        for job in tournament.jobs():
            worth = {"trial": 9.0, "halving": 1.0}[tournament.state.stage] - job.entry / 100
            tournament.report(job.number, judged(job, worth))
    trials = {d.job.entry: d.job.number for d in tournament.state.done[:4]}
    assert {job.entry: job.origin for job in tournament.jobs()} == {
        entry: trials[entry] for entry in (0, 1)
    }
    assert {job.origin for job in tournament.jobs()} <= tournament.needed()


def test_weights_are_those_that_cmaes_asks_for_and_get_better() -> None:
    """Beside one CMA that runs through, of what is told to be a sphere about weights of 4 and 2."""

    def quality(candidate: Candidate) -> float:
        a, b = np.log([*weights_of(candidate.reward).values()])
        return -float((a - np.log(4.0)) ** 2 + (b - np.log(2.0)) ** 2)

    tournament = drive(begun([written("one", a=1.0, b=1.0)], seed=3), quality)
    found = tournament.state.search
    assert found is not None
    assert len(found.generations) == 3
    bounds = np.array([[-search.FARTHEST, search.FARTHEST]] * 2)
    oracle = CMA(np.zeros(2), search.SIGMA, bounds=bounds, seed=3)
    for generation in found.generations:
        asked = [oracle.ask() for _ in range(oracle.population_size)]
        np.testing.assert_array_equal(asked, generation.vectors)
        oracle.tell([(x, -v) for x, v in zip(asked, generation.values, strict=True)])
    best = tournament.best
    assert best is not None
    assert best.judgement.measure > quality(written("one", a=1.0, b=1.0)) + 0.5


def test_a_control_has_other_weights_of_the_same_terms_and_signs() -> None:
    candidate = written("one", forward=4.0, effort=-0.25)
    equal = search.controlled(candidate, "equal-weights", 1, 0)
    assert weights_of(equal.reward) == {"forward": 1.0, "effort": -1.0}
    draws = [
        np.array(
            [*weights_of(search.controlled(candidate, "random-weights", 1, i).reward).values()]
        )
        for i in range(200)
    ]
    sizes = np.log(np.array(draws) * [1, -1])
    assert (np.abs(sizes) <= search.RANDOM + 1e-5).all()
    assert abs(sizes.mean()) < 0.2
    assert abs(np.corrcoef(sizes.T)[0, 1]) < 0.2


@pytest.mark.parametrize("control", ["random-weights", "equal-weights"])
def test_a_control_costs_as_much_and_asks_its_author_once(control: str) -> None:
    tournament = drive(begun(EIGHT, control=control), first_weight)
    assert 9_900_000 < tournament.steps <= 10_000_000
    assert tournament.state.asked == 1
    assert tournament.best is not None


@pytest.mark.parametrize(
    ("setting", "value"),
    [("words", " "), ("candidates", 0), ("workers", 0), ("steps", -1), ("seconds", float("nan"))],
)
def test_settings_that_are_not_allowed_are_named(setting: str, value: object) -> None:
    settings = Settings(words="go", steps=1000)
    setattr(settings, setting, value)
    with pytest.raises(InvalidArgument, match=setting):
        Tournament.begin(Experiment(task="HalfCheetah-v5"), settings)
