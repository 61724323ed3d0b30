"""What follows of attempts, without a language model: the rules that Eureka gives one.

Eureka (Ma et al., 2023) shows a model ten snapshots of the measure and of each term, and asks it to
(1) write the reward anew where success stays near zero, (2) rescale, rewrite or drop a term that
stays flat, (3) rescale a term that is so large that the others do not count. The same, as rules.
"""

from dataclasses import dataclass, field, replace

from websim.authors.candidates import Attempt, Brief, Candidate
from websim.authors.weights import weights_of, with_weights

NEAR_ZERO = 0.02
"""Part of the best measure among attempts, or of 1, below which nothing was learnt."""

FLAT = 0.02
"""Of its own size: a term whose mean changes less all the time stays flat."""

TOO_LARGE = 0.9
"""Of the magnitude of all terms."""


@dataclass(frozen=True)
class Remark:
    """What is to be done about an attempt.

    Attributes:
        rewrite: Whether another structure is needed: its measure stayed near zero.
        flat: Terms that did not change while it learnt.
        dominant: A term that had more than TOO_LARGE of the magnitude; "" for none.
        weights: What weights would follow; empty where nothing is to be changed.
        says: The same as sentences, for people and language models.
    """

    rewrite: bool = False
    flat: tuple[str, ...] = ()
    dominant: str = ""
    weights: dict[str, float] = field(default_factory=dict)
    says: tuple[str, ...] = ()


def reflect(brief: Brief) -> list[Remark]:
    """A remark for each attempt of a brief, in their order."""
    best = max((_measure(attempt) for attempt in brief.attempts), default=0.0)
    return [_remark(attempt, best) for attempt in brief.attempts]


def revised(candidate: Candidate, remark: Remark) -> Candidate | None:
    """A candidate with the weights that a remark asks for; None where there is nothing to keep."""
    if remark.rewrite or not remark.weights:
        return None
    return replace(
        candidate,
        name=f"{candidate.name}, reweighted",
        reward=with_weights(candidate.reward, remark.weights),
        why=" ".join((candidate.why, *remark.says)),
    )


def _measure(attempt: Attempt) -> float:
    """The greatest of its snapshots; 0 where no episode has ended."""
    values = [snapshot.measure for snapshot in attempt.snapshots]
    return max((value for value in values if value == value), default=0.0)


def _remark(attempt: Attempt, best: float) -> Remark:
    snapshots = attempt.snapshots
    if not snapshots:
        return Remark()
    says: list[str] = []
    reached = _measure(attempt)
    rewrite = reached <= NEAR_ZERO * max(best, 1.0)
    if rewrite:
        says.append(f"The measure stayed near zero ({reached:.3g}): another structure.")

    names = list(snapshots[-1].terms)
    means = {name: [s.terms[name][1] for s in snapshots if name in s.terms] for name in names}
    sizes = {name: sum(map(abs, values)) / len(values) for name, values in means.items()}
    total = sum(sizes.values())
    dominant = next((n for n in names if total and sizes[n] > TOO_LARGE * total), "")
    flat = tuple(
        name
        for name in names
        if len(means[name]) > 1
        and name != "alive"
        and max(means[name]) - min(means[name]) <= FLAT * max(sizes[name], 1e-9)
    )
    known = weights_of(attempt.candidate.reward)
    weights: dict[str, float] = {}
    if dominant in known and len(names) > 1:
        others = total - sizes[dominant]
        # As large as all others together, but never less than a tenth of what it was.
        scale = max(others / sizes[dominant], 0.1)
        weights[dominant] = known[dominant] * scale
        says.append(f"{dominant} had {sizes[dominant] / total:.0%} of the magnitude: less of it.")
    for name in flat:
        if name not in known or name == dominant:
            continue
        if sizes[name] < 0.01 * total:
            weights[name] = 3.0 * known[name]
            says.append(f"{name} stayed flat and small: more of it.")
        else:
            weights[name] = 0.0
            says.append(f"{name} stayed flat: it is dropped.")
    return Remark(rewrite, flat, dominant, weights, tuple(says))
