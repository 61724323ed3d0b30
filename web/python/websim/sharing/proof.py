"""Claims: made by measuring, and measured again by whoever opens a link."""

from dataclasses import dataclass
from math import isnan, nan, sqrt

import numpy as np

from websim.errors import InvalidArgument
from websim.physics import engine
from websim.training.checkpoints import Checkpoint
from websim.training.claims import Claim
from websim.training.evaluation import Evaluation, Judge

_DIGITS = 7

_SAME = 1e-6
"""How far numbers that are written with so many digits may be apart, relative to the greater."""

_CHANCE = 3.0
"""Standard errors by which means may differ where engines do."""


@dataclass(frozen=True, kw_only=True)
class Proof:
    """What was claimed beside what was measured here.

    Attributes:
        claim: What the run says of itself.
        measured: The same episodes, played here.
        holds: Whether one can be believed by the other.
        why: In words.
    """

    claim: Claim
    measured: Claim
    holds: bool
    why: str


def claim_of(found: Evaluation, seed: int) -> Claim:
    """What is claimed of episodes that were played here, the first seeded with `seed`."""
    return Claim(
        mean_return=_short(found.returns.mean()),
        return_std=_short(found.returns.std()),
        mean_measure=_short(found.measures.mean()),
        measure_std=_short(found.measures.std()),
        episodes=len(found.returns),
        seed=seed,
        engine=engine(),
    )


def compare(claim: Claim, measured: Claim) -> Proof:
    """Sets what was measured here beside what was claimed of the same episodes."""
    returns = claim.mean_return, claim.return_std, measured.mean_return, measured.return_std
    measures = claim.mean_measure, claim.measure_std, measured.mean_measure, measured.measure_std
    pairs = [returns, *([] if isnan(measures[0]) and isnan(measures[2]) else [measures])]
    equal = all(_same(one[0], one[2]) and _same(one[1], one[3]) for one in pairs)
    if equal:
        return Proof(claim=claim, measured=measured, holds=True, why="The same numbers.")
    if claim.engine == measured.engine:
        why = (
            "The same engine gives the same numbers, and these are others: the score, the seed or "
            "the policy is not what was measured when the run was shared."
        )
        return Proof(claim=claim, measured=measured, holds=False, why=why)
    errors = max(_errors(*one, claim.episodes) for one in pairs)
    holds = errors <= _CHANCE
    apart = f"{errors:.1f} standard errors apart"
    why = (
        f"Another engine computed them ({claim.engine}; here {measured.engine}): their last bits "
        f"differ, and contacts amplify that. The means are {apart}"
    )
    why += ", as chance has it." if holds else ", which that does not explain."
    return Proof(claim=claim, measured=measured, holds=holds, why=why)


def verify_claim(run: Checkpoint) -> Proof:
    """Plays the claimed episodes again.

    Raises:
        InvalidArgument: nothing is claimed, or the run cannot be simulated.
        CheckpointError: the policy does not fit.
    """
    claim = claimed(run)
    judge = Judge(run, claim.episodes, claim.seed)
    try:
        judge.play()
        return compare(claim, claim_of(judge.result, claim.seed))
    finally:
        judge.close()


def claimed(run: Checkpoint) -> Claim:
    """What a run claims; raises InvalidArgument where it claims nothing."""
    if run.claim is None:
        raise InvalidArgument("The run claims nothing, so there is nothing to measure again.")
    return run.claim


def _short(value: float) -> float:
    """A number with as many digits as are shown; NaN stays it."""
    return nan if np.isnan(value) else float(f"{float(value):.{_DIGITS}g}")


def _same(one: float, other: float) -> bool:
    return abs(one - other) <= _SAME * max(abs(one), abs(other)) or (isnan(one) and isnan(other))


def _errors(mean: float, std: float, other: float, other_std: float, count: int) -> float:
    """How many standard errors two means are apart."""
    if _same(mean, other):
        return 0.0
    error = sqrt((std**2 + other_std**2) / count)
    return abs(mean - other) / error if error > 0 else float("inf")
