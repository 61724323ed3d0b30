"""What picks among scenes say of the weights of a reward's terms: a Bradley-Terry model.

A scene is known by the sums of its terms, not weighted yet: `phi` [terms]. Somebody who likes by
the weights `w` is taken to choose among scenes with the odds exp(w . phi) of each: Bradley and
Terry's model (Biometrika 1952) for two, Luce's (1959) for more; for sums over pieces of motion,
Christiano et al. (2017). Weights are compared in units of how far the sums of their term differ
from scene to scene, so that one prior fits all terms: a normal one around the weights that there
are. The posterior is taken for normal around its peak (Laplace).

Of the scenes that could be shown, those are asked about whose answer is expected to tell most of
the weights (Houlsby et al. 2011; for picks among motions Biyik et al. 2019): where all weights that
are still possible agree, nothing is learnt from asking.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from websim.errors import InvalidArgument

FloatArray = NDArray[np.float64]

PRIOR_ODDS = 1.0
"""Logarithm of the odds that the weights before any pick give to one of two scenes that differ as
much as scenes do."""

PRIOR_WIDTH = 2.0
"""Standard deviation of the prior of each weight, in the same unit: three picks outweigh it."""

SAMPLES = 128
"""Of the posterior; what is told of it is a mean over so many."""

MAX_SHOWN = 16

_PAIRS = 500
"""Of which the first two scenes of a question are the best."""

_STEPS = 100
"""Of Newton's method, at most; the posterior has one peak, and about ten are needed."""


@dataclass(frozen=True)
class Pick:
    """What somebody has said of some scenes.

    Attributes:
        sums: Sums of their terms, not weighted [scenes, terms].
        chosen: Indices of those that move well. None of them, or all: nothing is said about which
            is better.
    """

    sums: FloatArray
    chosen: tuple[int, ...]

    def __post_init__(self) -> None:
        """Raises InvalidArgument where it is no pick."""
        scenes = len(self.sums)
        if self.sums.ndim != 2 or not 2 <= scenes <= MAX_SHOWN:
            raise InvalidArgument(
                f"A pick is among 2 to {MAX_SHOWN} scenes, their sums being [scenes, terms], not "
                f"{list(self.sums.shape)}."
            )
        if not np.isfinite(self.sums).all():
            raise InvalidArgument("The sums of a scene's terms must be finite.")
        if len({*self.chosen}) < len(self.chosen) or not {*self.chosen} <= {*range(scenes)}:
            raise InvalidArgument(
                f"What is chosen must be different numbers from 0 to {scenes - 1}, not "
                f"{list(self.chosen)}."
            )


@dataclass(frozen=True)
class Preference:
    """What is known of somebody's preference.

    Attributes:
        before: Weights that there were [terms].
        spread: How far the sums of each term differ from scene to scene, their standard deviation
            [terms]; 0: they do not, and picks say nothing of that weight.
        mean: Of the posterior of `weights * spread`, in odds [terms].
        samples: Of it [SAMPLES, terms].
    """

    before: FloatArray
    spread: FloatArray
    mean: FloatArray
    samples: FloatArray

    @property
    def weights(self) -> FloatArray:
        """The weights [terms]: rewards then differ from scene to scene as much as before.

        Those of terms of which picks say nothing stay as they were.
        """
        return self._weights(self.mean)

    @property
    def errors(self) -> FloatArray:
        """Standard deviations of the weights [terms]."""
        errors: FloatArray = self._weights(self.samples).std(axis=0)
        return errors

    def _weights(self, odds: FloatArray) -> FloatArray:
        size = np.linalg.norm(odds, axis=-1, keepdims=True)
        stake = float(np.linalg.norm(self.before * self.spread)) or 1.0
        known = self.spread > 0
        weights = np.broadcast_to(self.before, odds.shape).copy()
        scaled = odds * stake / np.where(size > 0, size, 1.0)
        weights[..., known] = scaled[..., known] / self.spread[known]
        return weights

    def utilities(self, sums: FloatArray) -> FloatArray:
        """How much scenes [scenes, terms] are liked by each sample [SAMPLES, scenes], in odds."""
        scaled = np.divide(sums, self.spread, out=np.zeros_like(sums), where=self.spread > 0)
        liked: FloatArray = self.samples @ scaled.T
        return liked

    def certainty(self, sums: FloatArray) -> float:
        """How sure it is which of two scenes is liked better, over all pairs: 0.5 to 1."""
        liked = self.utilities(sums)
        first, second = np.triu_indices(len(sums), 1)
        share = (liked[:, first] > liked[:, second]).mean(axis=0)
        return float(np.maximum(share, 1 - share).mean()) if len(first) else 1.0

    def ask(self, sums: FloatArray, count: int, rng: np.random.Generator) -> list[int]:
        """The scenes of which a pick is expected to tell most, one added after the other.

        Args:
            sums: Of all scenes that there are [scenes, terms].
            count: How many are to be shown; fewer where there are no more.
            rng: Puts them into an order that says nothing.
        """
        liked = self.utilities(sums)
        pairs = np.transpose(np.triu_indices(len(sums), 1))
        if not len(pairs):
            return [*range(len(sums))]
        pairs = rng.permutation(pairs)[:_PAIRS]
        shown = pairs[np.argmax(_information(liked[:, pairs]))].tolist()
        while len(shown) < min(count, len(sums)):
            others = np.setdiff1d(np.arange(len(sums)), shown)
            sets = np.empty((len(liked), len(others), len(shown) + 1))
            sets[..., :-1] = liked[:, None, shown]
            sets[..., -1] = liked[:, others]
            shown.append(int(others[np.argmax(_information(sets))]))
        return [int(scene) for scene in rng.permutation(shown)]


def _information(liked: FloatArray) -> FloatArray:
    """What a pick of one of each set [samples, sets, scenes] tells of the samples: nats [sets]."""
    liked = liked - liked.max(axis=-1, keepdims=True)
    odds = np.exp(liked)
    total = odds.sum(axis=-1)
    chances = odds / total[..., None]
    entropies = np.log(total) - np.einsum("msk,msk->ms", chances, liked)
    expected = chances.mean(axis=0)
    logarithms = np.log(expected, out=np.zeros_like(expected), where=expected > 0)
    told: FloatArray = -(expected * logarithms).sum(axis=-1) - entropies.mean(axis=0)
    return told


def fit(picks: Sequence[Pick], weights: ArrayLike, sums: ArrayLike | None = None) -> Preference:
    """The preference that picks tell of.

    Args:
        picks: In any order; none gives what is known before.
        weights: Those that there are [terms]: the middle of the prior.
        sums: Of more scenes [scenes, terms]; how far scenes differ is judged by them too.

    Raises:
        InvalidArgument: a pick of other terms, or numbers that are not finite.
    """
    before = np.asarray(weights, np.float64)
    if before.ndim != 1 or not len(before) or not np.isfinite(before).all():
        raise InvalidArgument(f"weights must be finite numbers, one a term, not {weights!r:.99}.")
    picks = [pick for pick in picks if pick.chosen]
    seen = [pick.sums for pick in picks]
    if sums is not None:
        seen.append(np.asarray(sums, np.float64))
    for part in seen:
        if part.ndim != 2 or part.shape[1] != len(before) or not np.isfinite(part).all():
            raise InvalidArgument(
                f"There are {len(before)} weights: sums must be finite numbers "
                f"[scenes, {len(before)}], not {list(part.shape)}."
            )
    spread = _spread(np.concatenate(seen)) if seen else np.zeros_like(before)
    known = spread > 0
    prior = before * spread
    size = np.linalg.norm(prior)
    prior = prior * (PRIOR_ODDS / size) if size > 0 else prior
    mean, covariance = prior.copy(), np.zeros((len(before), len(before)))
    if known.any():
        asked = [(pick.sums / np.where(known, spread, 1.0))[:, known] for pick in picks]
        chosen = [pick.chosen for pick in picks]
        mean[known], covariance[np.ix_(known, known)] = _posterior(asked, chosen, prior[known])
    draws = np.random.default_rng(0).standard_normal((SAMPLES // 2, len(before)))
    # In opposite pairs: their mean is the mean.
    draws = np.concatenate([draws, -draws])
    root = np.linalg.cholesky(covariance + 1e-12 * np.eye(len(before)))
    return Preference(before, spread, mean, mean + draws @ root.T)


def _spread(sums: FloatArray) -> FloatArray:
    """Standard deviations [terms]; 0 where only rounding differs."""
    spread: FloatArray = sums.std(axis=0)
    spread[spread <= 1e-9 * np.abs(sums).max(axis=0)] = 0.0
    return spread


def _posterior(
    asked: Sequence[FloatArray], chosen: Sequence[tuple[int, ...]], prior: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Peak [terms] of the posterior, and the covariance there [terms, terms], by Newton's method.

    Each scene that was chosen was so before all that were not.
    """
    choices: list[FloatArray] = []
    for scenes, ones in zip(asked, chosen, strict=True):
        others = scenes[[i for i in range(len(scenes)) if i not in ones]]
        # The chosen one is the origin: only what the others differ by counts.
        choices += [others - scenes[one] for one in ones if len(others)]
    theta = prior.copy()
    precision = np.eye(len(prior)) / PRIOR_WIDTH**2
    value, gradient, hessian = _objective(theta, choices, prior, precision)
    for _ in range(_STEPS):
        step = np.linalg.solve(hessian, gradient)
        if gradient @ step < 1e-12:
            break
        # The function is convex: half the step helps in the end.
        while True:
            there = _objective(theta - step, choices, prior, precision)
            if there[0] <= value or np.abs(step).max() < 1e-12:
                break
            step = step / 2
        theta, (value, gradient, hessian) = theta - step, there
    return theta, np.linalg.inv(hessian).astype(np.float64)


def _objective(
    theta: FloatArray, choices: Sequence[FloatArray], prior: FloatArray, precision: FloatArray
) -> tuple[Any, FloatArray, FloatArray]:
    """The negative logarithm of the posterior, its gradient and its second derivatives."""
    away = theta - prior
    value = 0.5 * away @ precision @ away
    gradient, hessian = precision @ away, precision.copy()
    for others in choices:
        liked = others @ theta
        most = max(0.0, float(liked.max()))
        odds = np.exp(liked - most)
        total = np.exp(-most) + odds.sum()
        value += most + np.log(total)
        chances = odds / total
        mean = chances @ others
        gradient = gradient + mean
        hessian = hessian + (others.T * chances) @ others - np.outer(mean, mean)
    return value, gradient, hessian
