"""What people should know of a reward that is being learnt from, read off its snapshots."""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from websim.authors.candidates import Snapshot

DOMINANT_SHARE = 0.9
"""A term of more than this share of all that is paid leaves nothing for the others to say."""

FEWEST = 4
"""Snapshots below which nothing is said of how they went on."""

PARTED = -0.3
"""Measure and reward have parted where their rank correlation is below this."""

STILL = 1e-6
"""A term whose range is a smaller part of its size does not change."""


def warnings(snapshots: Sequence[Snapshot]) -> list[str]:
    """All that there is to say, a sentence each; the newest snapshot is the last."""
    if not snapshots:
        return []
    return [
        *dominant_term(snapshots[-1].sizes),
        *(_still(name, value) for name, value in still_terms(snapshots).items()),
        *parted(snapshots),
        *shorter_episodes(snapshots),
    ]


def dominant_term(sizes: Mapping[str, float]) -> list[str]:
    """A term beside which the others hardly count.

    Args:
        sizes: Of each term the mean of its absolute values.
    """
    total = sum(sizes.values())
    if len(sizes) < 2 or not total > 0:
        return []
    name = max(sizes, key=lambda term: sizes[term])
    share = sizes[name] / total
    if share <= DOMINANT_SHARE:
        return []
    return [f"{name} is {share:.0%} of all that is paid: the other terms hardly count."]


def still_terms(snapshots: Sequence[Snapshot]) -> dict[str, float]:
    """Terms that are the same in each step, with what they are."""
    still = {}
    for name, (_, value, _) in snapshots[-1].terms.items():
        if not all(name in s.terms for s in snapshots):
            continue
        least = min(s.terms[name][0] for s in snapshots)
        greatest = max(s.terms[name][2] for s in snapshots)
        if greatest - least <= STILL * max(abs(least), abs(greatest)):
            still[name] = value
    return still


def _still(name: str, value: float) -> str:
    if value > 0:
        return (
            f"{name} is full from the start ({value:.3g} in each step, whatever robots did): "
            "there is nothing more to gain by it, so it teaches nothing."
        )
    if value < 0:
        return (
            f"{name} costs the same in each step ({-value:.3g}), whatever robots did: "
            "nothing can be learnt from it."
        )
    return f"{name} has paid nothing so far: nothing can be learnt from it until it does."


def parted(snapshots: Sequence[Snapshot]) -> list[str]:
    """Whether what is paid grows while what is meant does not."""
    correlation = rank_correlation(
        [s.episodic_return for s in snapshots], [s.measure for s in snapshots]
    )
    if not correlation < PARTED:
        return []
    return [
        f"Reward and measure part (rank correlation {correlation:.2f}): "
        "what is paid is not what is meant."
    ]


def shorter_episodes(snapshots: Sequence[Snapshot]) -> list[str]:
    """Whether episodes get shorter while the reward grows: ending them may pay."""
    lengths = np.array([s.episodic_length for s in snapshots])
    returns = np.array([s.episodic_return for s in snapshots])
    known = np.isfinite(lengths) & np.isfinite(returns)
    if known.sum() < FEWEST:
        return []
    first, last = lengths[known][0], lengths[known][-1]
    grows = rank_correlation(np.arange(known.sum()), returns[known]) > -PARTED
    shrinks = rank_correlation(np.arange(known.sum()), lengths[known]) < PARTED
    if not (grows and shrinks and last < 0.9 * first):
        return []
    return [
        f"Episodes get shorter ({first:.0f} to {last:.0f} steps) while the reward grows: "
        "does it pay to end them?"
    ]


def rank_correlation(one: ArrayLike, other: ArrayLike) -> float:
    """Spearman's; NaN of fewer than FEWEST pairs, or where one of them never changes."""
    pairs = np.stack([np.asarray(one, np.float64), np.asarray(other, np.float64)])
    pairs = pairs[:, np.isfinite(pairs).all(axis=0)]
    if pairs.shape[1] < FEWEST:
        return float("nan")
    ranks = np.stack([_ranks(values) for values in pairs])
    ranks -= ranks.mean(axis=1, keepdims=True)
    size = float(np.sqrt((ranks**2).sum(axis=1).prod()))
    return float((ranks[0] * ranks[1]).sum()) / size if size else float("nan")


def _ranks(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """From 0; equal values share the mean of theirs."""
    _, places, counts = np.unique(values, return_inverse=True, return_counts=True)
    ranks: NDArray[np.float64] = (np.cumsum(counts) - (counts + 1) / 2)[places]
    return ranks
