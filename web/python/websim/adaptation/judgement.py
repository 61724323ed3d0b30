"""Which of two policies is better: by the same episodes, in the same experiment, on all ranks."""

import json
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from websim import plain
from websim.algorithms.base import Observer
from websim.errors import WebSimError
from websim.experiments.experiment import Experiment
from websim.ranks import Communicator
from websim.states import StateDict
from websim.training.checkpoints import Checkpoint
from websim.training.evaluation import evaluate

SEED = 1 << 20
"""Episodes that judge are other than those that are learnt from."""


@dataclass(frozen=True)
class Judgement:
    """What came of a policy's episodes.

    Attributes:
        measures: [episodes]; NaN where nobody judges.
        returns: [episodes].
        steps: Environment steps of all of them.
        failure: Why there are none.
    """

    measures: NDArray[np.float64]
    returns: NDArray[np.float64]
    steps: int
    failure: str = ""


@dataclass(frozen=True)
class Verdict:
    """What came of two judgements.

    Attributes:
        better: Whether it is surely better with the change.
        outcome: As a sentence.
        evidence: Means of both and of the differences, with standard errors, as plain data.
    """

    better: bool
    outcome: str
    evidence: dict[str, Any]


def judged(
    experiment: Experiment,
    policy: StateDict,
    episodes: int,
    communicator: Communicator,
    observer: Observer | None,
) -> Judgement:
    """Plays a policy's episodes, each rank a part of them; the same on all ranks.

    Args:
        experiment: In which they are played; its measure judges. Where levels follow robots, which
            all begin on the first, all levels are drawn.
        policy: What `Algorithm.policy_state` gave.
        episodes: How many, of all ranks together.
        communicator: The ranks.
        observer: Told after each step of them.

    Raises:
        RankLost: see `Communicator`.
    """
    place = communicator.members.index(communicator.rank)
    own = np.array_split(np.arange(episodes), len(communicator.members))[place]
    failure, columns = "", np.empty((3, 0))
    if len(own):
        world = experiment.world and experiment.world.on_all_levels
        run = Checkpoint(replace(experiment, world=world), policy, [])
        try:
            found = evaluate(run, len(own), SEED + int(own[0]), observer)
            columns = np.stack([found.measures, found.returns, found.lengths])
        except (WebSimError, MemoryError) as error:
            failure = plain.brief(error) or "there is too little memory to judge it"
        if not failure and not np.isfinite(columns[1]).all():
            failure = "what it is paid is not finite"
    gathered = communicator.gather_bytes(columns.T.tobytes())
    failures = communicator.gather_bytes(json.dumps(failure).encode())
    failure = next(filter(None, map(json.loads, failures)), "")
    columns = np.concatenate([np.frombuffer(part) for part in gathered]).reshape(-1, 3).T
    measures, returns, lengths = columns
    return Judgement(measures, returns, int(lengths.sum()), failure)


def compare(without: Judgement, with_it: Judgement, standard_errors: float) -> Verdict:
    """By the measures, or the returns where one of both has none for some episode.

    Both have played the same episodes, so what counts is the difference in each.

    Args:
        without: Of the one without the change.
        with_it: Of the other.
        standard_errors: By how many of the mean difference the change has to be better.
    """
    known = np.isfinite([without.measures, with_it.measures]).all()
    left, right = (
        (without.measures, with_it.measures) if known else (without.returns, with_it.returns)
    )
    difference = right - left
    least = standard_errors * _error(difference)
    better = bool(difference.mean() > least)
    apart = abs(difference.mean()) > least
    outcome = (
        f"{right.mean():.4g} with it, {left.mean():.4g} without"
        f"{'' if apart else ', within the noise'}: {'goes on' if better else 'left away'}."
    )
    evidence = {
        "of": "measure" if known else "return",
        "without": _summary(left),
        "with": _summary(right),
        "difference": _summary(difference),
        "episodes": len(left),
    }
    return Verdict(better, outcome, evidence)


def told(judgement: Judgement) -> dict[str, Any]:
    """A judgement as evidence."""
    known = np.isfinite(judgement.measures).all()
    return {
        "of": "measure" if known else "return",
        **_summary(judgement.measures if known else judgement.returns),
    }


def _error(values: NDArray[np.float64]) -> float:
    """The standard error of their mean."""
    return float(values.std(ddof=1) / np.sqrt(len(values))) if len(values) > 1 else 0.0


def _summary(values: NDArray[np.float64]) -> dict[str, float]:
    return {"mean": float(values.mean()), "standard_error": _error(values)}
