"""What authors make, and what they make it of."""

from dataclasses import dataclass, field, replace
from typing import Any, Protocol

from websim.experiments.experiment import Experiment
from websim.worlds import World


@dataclass(frozen=True, kw_only=True)
class Candidate:
    """A reward that somebody may learn from, with what judges it.

    Attributes:
        name: What its structure is called, in a few words.
        reward: The source of a reward (`websim.rewards.Reward`). Its terms are weighted by
            constants at the top of the file (`websim.authors.weights`).
        measure: The source of a measure (`websim.rewards.Measure`): what the words mean, whatever
            is paid. Candidates for the same words have the same.
        why: A sentence for people: what is paid, and why.
        world: What robots meet while they learn; None: what the experiment has.
        task_options: Options of the task that it needs, over those of the experiment: an episode
            that must not end where the task would end it, say. Candidates for the same words have
            the same.
    """

    name: str
    reward: str
    measure: str
    why: str
    world: World | None = None
    task_options: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Snapshot:
    """How a training run stood at one time.

    Attributes:
        global_step: Environment steps by then.
        measure: Mean of the episodes that had ended since the snapshot before; NaN: none had.
        episodic_return: Likewise.
        episodic_length: Likewise, in environment steps.
        terms: Of each term of the reward (least, mean, greatest) of a step since then, weighted.
        sizes: Of each term the mean of its absolute values, likewise.
    """

    global_step: int
    measure: float
    episodic_return: float
    episodic_length: float
    terms: dict[str, tuple[float, float, float]]
    sizes: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Attempt:
    """A candidate that was learnt from, and how that went.

    Attributes:
        candidate: It.
        snapshots: Up to ten, at equal distances, the newest last.
    """

    candidate: Candidate
    snapshots: list[Snapshot] = field(default_factory=list)


@dataclass(frozen=True, kw_only=True)
class Brief:
    """What an author is told.

    Attributes:
        words: What somebody says the robot should do.
        experiment: Task, robot and settings; the model says what the robot has.
        attempts: What was tried for these words so far.
    """

    words: str
    experiment: Experiment
    attempts: list[Attempt] = field(default_factory=list)


class Author(Protocol):
    """Who writes rewards."""

    def propose(self, brief: Brief, count: int, seed: int = 0) -> list[Candidate]:
        """Writes candidates.

        Args:
            brief: What is wanted, and what is known.
            count: How many at most.
            seed: Of what it draws.

        Returns:
            1 to `count` candidates, the most promising first, whose code is safe and runs on robots
            at rest.

        Raises:
            NotUnderstood: the words say nothing that it knows.
            InvalidArgument: the experiment cannot be simulated.
        """
        ...


def experiment_of(candidate: Candidate, experiment: Experiment, **settings: Any) -> Experiment:
    """The experiment in which a candidate is learnt from; settings are fields of it."""
    return replace(
        experiment,
        reward=candidate.reward,
        measure=candidate.measure,
        world=candidate.world or experiment.world,
        task_options={**experiment.task_options, **candidate.task_options},
        **settings,
    )
