"""Which of two policies is better: by the same episodes, in the same experiment, on all ranks."""

import json
from dataclasses import dataclass
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
        failure: Why there are none.
    """

    measures: NDArray[np.float64]
    returns: NDArray[np.float64]
    failure: str = ""


@dataclass(frozen=True)
class Verdict:
    """What came of two judgements.

    Attributes:
        better: Whether it is better with the change.
        outcome: As a sentence.
        evidence: Means of both with their standard errors, as plain data.
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
        experiment: In which they are played; its measure judges.
        policy: What `Algorithm.policy_state` gave.
        episodes: How many, of all ranks together.
        communicator: The ranks.
        observer: Told after each step of them.

    Raises:
        RankLost: see `Communicator`.
    """
    place = communicator.members.index(communicator.rank)
    own = np.array_split(np.arange(episodes), len(communicator.members))[place]
    failure, columns = "", np.empty((2, 0))
    if len(own):
        run = Checkpoint(experiment, policy, [])
        try:
            found = evaluate(run, len(own), SEED + int(own[0]), observer)
            columns = np.stack([found.measures, found.returns])
        except (WebSimError, MemoryError) as error:
            failure = plain.brief(error) or "there is too little memory to judge it"
        if not failure and not np.isfinite(columns[1]).all():
            failure = "what it is paid is not finite"
    gathered = communicator.gather_bytes(columns.T.tobytes())
    failures = communicator.gather_bytes(json.dumps(failure).encode())
    failure = next(filter(None, map(json.loads, failures)), "")
    measures, returns = np.concatenate([np.frombuffer(p) for p in gathered]).reshape(-1, 2).T
    return Judgement(measures, returns, failure)


def compare(without: Judgement, with_it: Judgement) -> Verdict:
    """By the measures, or the returns where one of both has none for some episode."""
    known = np.isfinite([without.measures, with_it.measures]).all()
    left, right = (
        (without.measures, with_it.measures) if known else (without.returns, with_it.returns)
    )
    better = bool(right.mean() > left.mean())
    apart = abs(right.mean() - left.mean()) > 2 * np.hypot(_error(left), _error(right))
    outcome = (
        f"{right.mean():.4g} with it, {left.mean():.4g} without"
        f"{'' if apart else ', within the noise'}: {'goes on' if better else 'left away'}."
    )
    evidence = {
        "of": "measure" if known else "return",
        "without": _summary(left),
        "with": _summary(right),
        "episodes": len(left),
    }
    return Verdict(better, outcome, evidence)


def _error(values: NDArray[np.float64]) -> float:
    """The standard error of their mean."""
    return float(values.std(ddof=1) / np.sqrt(len(values))) if len(values) > 1 else 0.0


def _summary(values: NDArray[np.float64]) -> dict[str, float]:
    return {"mean": float(values.mean()), "standard_error": _error(values)}
