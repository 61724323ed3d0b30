"""What a tournament knows: plain data, so that it can be stopped, kept and gone on with."""

from dataclasses import dataclass, field
from typing import Literal

from websim.authors.candidates import Attempt, Candidate, Snapshot
from websim.experiments.decisions import Decision

MAX_SNAPSHOTS = 10
"""Of an attempt, as an author is told of it."""

Control = Literal["", "random-weights", "equal-weights"]
"""What a tournament is compared with, at equal cost: other weights of the same terms."""

Stage = Literal["author", "trial", "halving", "weights", "finish", "final", "over"]
"""What is going on.

    author   an author is asked
    trial    each candidate learns a little: what cannot be learnt from is out before it costs much
    halving  all that are left learn as much; the better half goes on
    weights  the best one's weights are varied
    finish   the best learn on
    final    the best are judged again, by other episodes
"""


@dataclass(kw_only=True)
class Job:
    """A training of one candidate that is to be done, in one place, at one go.

    Attributes:
        number: Its number in the tournament.
        entry: Number of the candidate's entry.
        origin: Number of the job whose end it goes on from; None: it begins anew.
        steps: Environment steps to learn; 0: it is only judged.
        seconds: After so long it ends, whatever it has learnt.
        episodes: By how many it is judged at its end.
        episode_seed: Of the first of them.
        losses: How often a worker was lost that was at it.
    """

    number: int
    entry: int
    origin: int | None
    steps: int
    seconds: float
    episodes: int
    episode_seed: int
    losses: int = 0


@dataclass(frozen=True, kw_only=True)
class Judgement:
    """What the policy at the end of a job has shown, without noise.

    Attributes:
        measure: Mean over episodes.
        standard_error: Of it, over episodes.
        episodic_return: Mean of what was paid.
        episodic_length: Mean, in environment steps.
    """

    measure: float
    standard_error: float
    episodic_return: float
    episodic_length: float


@dataclass(kw_only=True)
class Result:
    """What came of a job; its checkpoint is kept beside it.

    Attributes:
        failure: Why the candidate cannot be learnt from; empty: it can.
        lost: Whether it ended for a reason that is not the candidate's.
        steps: Environment steps that were learnt.
        global_step: Of the run by then.
        learning_seconds: That it took to learn.
        other_seconds: That it took to begin and to be judged.
        snapshots: Of the learning, the newest last.
        judgement: None where it failed.
    """

    failure: str = ""
    lost: bool = False
    steps: int = 0
    global_step: int = 0
    learning_seconds: float = 0.0
    other_seconds: float = 0.0
    snapshots: list[Snapshot] = field(default_factory=list)
    judgement: Judgement | None = None


@dataclass(kw_only=True)
class Done:
    """A job, and what came of it."""

    job: Job
    result: Result


@dataclass(kw_only=True)
class Entry:
    """A candidate in a tournament.

    Attributes:
        number: Its number.
        candidate: What is learnt from.
        parent: Number of the entry whose policy it began with, perhaps with other weights only.
        out: Why it learns no longer; empty: it is in.
        kept: Whether somebody wants it to go on, whatever its measure.
        done: Numbers of its jobs that have ended well, the newest last.
        snapshots: Of all its learning, the newest last.
    """

    number: int
    candidate: Candidate
    parent: int | None = None
    out: str = ""
    kept: bool = False
    done: list[int] = field(default_factory=list)
    snapshots: list[Snapshot] = field(default_factory=list)

    def attempt(self) -> Attempt:
        """What an author is told of it."""
        return Attempt(candidate=self.candidate, snapshots=spread(self.snapshots))


@dataclass(kw_only=True)
class Generation:
    """A population of weights.

    Attributes:
        control: Number of the entry whose weights go on beside them.
        entries: Of each vector the number of its entry.
        vectors: Logarithms of the weights' sizes.
        values: What each was judged, greater is better; empty until all are.
    """

    control: int
    entries: list[int]
    vectors: list[list[float]]
    values: list[float] = field(default_factory=list)


@dataclass(kw_only=True)
class Search:
    """The search for weights.

    Attributes:
        base: Number of the entry whose weights it began from.
        terms: Those that are weighted, in their order.
        signs: Of the weights, 1 or -1.
        mean: Logarithms of the sizes that it began from.
        generations: The newest last.
    """

    base: int
    terms: list[str]
    signs: list[float]
    mean: list[float]
    generations: list[Generation] = field(default_factory=list)


@dataclass(kw_only=True)
class Settings:
    """What a tournament is asked.

    Attributes:
        words: What somebody says the robot should do.
        candidates: How many learn at first.
        steps: Environment steps in all; None: as many as there is time for.
        seconds: How long it may take; None: as long as the steps take.
        workers: Jobs that are done at the same time.
        episodes: By how many a job is judged.
        seed: Of everything random.
        control: See Control; empty: the search itself.
        author: Who writes.
    """

    words: str
    candidates: int = 8
    steps: int | None = None
    seconds: float | None = None
    workers: int = 1
    episodes: int = 16
    seed: int = 1
    control: Control = ""
    author: str = "offline"


@dataclass(kw_only=True)
class State:
    """All that a tournament is.

    Attributes:
        settings: What it is asked.
        stage: What is going on.
        round: Number of the present halving, from 1; of the generation, in the stage `weights`.
        rounds: How many halvings there will be.
        asking: How many candidates are wished of the author.
        asked: How often it was asked.
        next_job: Number of the next job.
        entries: All candidates that there were.
        jobs: That are to be done.
        done: That are, in the order in which they ended.
        search: For weights; None before it.
        seconds: That have passed.
        winner: Number of the job whose policy is the best; None before anything was judged.
        ending: Why it ends before all is done; empty: it does not.
        decisions: All, the newest last.
    """

    settings: Settings
    stage: Stage = "author"
    round: int = 0
    rounds: int = 0
    asking: int = 0
    asked: int = 0
    next_job: int = 0
    entries: list[Entry] = field(default_factory=list)
    jobs: list[Job] = field(default_factory=list)
    done: list[Done] = field(default_factory=list)
    search: Search | None = None
    seconds: float = 0.0
    winner: int | None = None
    ending: str = ""
    decisions: list[Decision] = field(default_factory=list)


def spread(snapshots: list[Snapshot], most: int = MAX_SNAPSHOTS) -> list[Snapshot]:
    """So many of them at about equal distances, the newest among them."""
    count = len(snapshots)
    if count <= most:
        return list(snapshots)
    return [snapshots[(i + 1) * count // most - 1] for i in range(most)]
