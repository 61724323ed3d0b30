"""ALP-GMM, a teacher: which task comes next, where a learner's competence is changing fastest.

After Portelas, Colas, Hofmann and Oudeyer, "Teacher algorithms for curriculum learning of Deep RL
in continuously parameterized environments" (2019, https://arxiv.org/abs/1910.07224): the absolute
learning progress of a task is how far its outcome is from that of the nearest task before. Gaussian
mixtures of [task, progress] are fitted to the newest tasks, their number chosen by Akaike's
criterion. A task is drawn from a Gaussian, chosen by its mean progress; one in five evenly.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]

FIT_EVERY = 250
"""Tasks between two fits, and that are fitted to."""

RANDOM_SHARE = 0.2

COMPONENTS = range(2, 12)

MAX_ITERATIONS = 100

TOLERANCE = 1e-3
"""Of the mean log-likelihood: who gains less has been fitted."""

LEAST_VARIANCE = 1e-6


class Mixture:
    """A mixture of Gaussians with full covariances.

    Attributes:
        weights: [k].
        means: [k, d].
        covariances: [k, d, d].
    """

    def __init__(self, weights: FloatArray, means: FloatArray, covariances: FloatArray) -> None:
        """Takes its parameters."""
        self.weights, self.means, self.covariances = weights, means, covariances

    def log_densities(self, points: FloatArray) -> FloatArray:
        """Of each point and component, weighted [n, k]."""
        d = points.shape[1]
        factors = np.linalg.cholesky(self.covariances)
        away = points[np.newaxis] - self.means[:, np.newaxis]
        white = np.linalg.solve(factors, away.transpose(0, 2, 1))
        distances = np.square(white).sum(axis=1).T
        halves = np.log(np.diagonal(factors, axis1=1, axis2=2)).sum(axis=1)
        constants = np.log(self.weights) - halves - 0.5 * d * np.log(2 * np.pi)
        densities: FloatArray = constants - 0.5 * distances
        return densities

    def aic(self, points: FloatArray) -> float:
        """Akaike's criterion; less is better."""
        k, d = self.means.shape
        parameters = k - 1 + k * d + k * d * (d + 1) // 2
        likelihood = _log_sum(self.log_densities(points)).sum()
        return float(2 * parameters - 2 * likelihood)


def fitted(points: FloatArray, components: int, rng: np.random.Generator) -> Mixture:
    """Expectation-maximisation (Dempster et al., 1977) from a k-means++ beginning.

    Args:
        points: [n, d].
        components: How many Gaussians.
        rng: Draws the beginning.
    """
    d = points.shape[1]
    centers = _spread(points, components, rng)
    nearest = np.argmin(np.square(points[:, np.newaxis] - centers).sum(axis=2), axis=1)
    shares = np.eye(components)[nearest]
    before = -np.inf
    for _ in range(MAX_ITERATIONS):
        sums = shares.sum(axis=0) + 10 * np.finfo(np.float64).eps
        means = shares.T @ points / sums[:, np.newaxis]
        away = points[np.newaxis] - means[:, np.newaxis]
        covariances = np.einsum("nk,kni,knj->kij", shares, away, away) / sums[:, None, None]
        covariances += LEAST_VARIANCE * np.eye(d)
        mixture = Mixture(sums / sums.sum(), means, covariances)
        densities = mixture.log_densities(points)
        whole = _log_sum(densities)
        shares = np.exp(densities - whole[:, np.newaxis])
        if whole.mean() - before < TOLERANCE:
            break
        before = whole.mean()
    return mixture


class AlpGmm:
    """Draws tasks in a unit cube, and is told what came of them.

    Attributes:
        tasks: [n, d], whose outcome is known, in order.
        outcomes: [n].
        progress: [n], absolute learning progress.
        mixture: What tasks are drawn from; None: evenly.
    """

    def __init__(self, dimensions: int, rng: np.random.Generator) -> None:
        """Knows nothing yet."""
        self._rng = rng
        self.tasks: FloatArray = np.empty((0, dimensions))
        self.outcomes: FloatArray = np.empty(0)
        self.progress: FloatArray = np.empty(0)
        self.mixture: Mixture | None = None

    def draw(self) -> FloatArray:
        """The next task [d]."""
        mixture, rng = self.mixture, self._rng
        d = self.tasks.shape[1]
        if mixture is None or rng.random() < RANDOM_SHARE:
            return rng.random((d,))
        worth = np.maximum(mixture.means[:, -1], 0.0) + 1e-9
        k = rng.choice(len(worth), p=worth / worth.sum())
        drawn = rng.multivariate_normal(mixture.means[k, :-1], mixture.covariances[k, :-1, :-1])
        task: FloatArray = np.clip(drawn, 0.0, 1.0)
        return task

    def learn(self, task: FloatArray, outcome: float) -> None:
        """Takes what came of a task [d]."""
        progress = 0.0
        if len(self.tasks):
            nearest = np.argmin(np.square(self.tasks - task).sum(axis=1))
            progress = abs(outcome - self.outcomes[nearest])
        self.tasks = np.vstack([self.tasks, task])
        self.outcomes = np.append(self.outcomes, outcome)
        self.progress = np.append(self.progress, progress)
        if len(self.tasks) % FIT_EVERY == 0:
            self._fit()

    def state(self) -> dict[str, Any]:
        """What `load` needs: plain data."""
        mixture = self.mixture
        return {
            "rng": self._rng.bit_generator.state,
            "known": np.column_stack([self.tasks, self.outcomes, self.progress]).tolist(),
            "mixture": mixture
            and [part.tolist() for part in (mixture.weights, mixture.means, mixture.covariances)],
        }

    def load(self, state: dict[str, Any]) -> None:
        """Goes on from what `state` gave."""
        self._rng.bit_generator.state = state["rng"]
        d = self.tasks.shape[1]
        known = np.array(state["known"], np.float64).reshape(-1, d + 2)
        self.tasks, self.outcomes, self.progress = known[:, :d], known[:, d], known[:, d + 1]
        parts = state["mixture"]
        self.mixture = parts and Mixture(*(np.array(part, np.float64) for part in parts))

    def _fit(self) -> None:
        newest = slice(-FIT_EVERY, None)
        points = np.column_stack([self.tasks[newest], self.progress[newest]])
        mixtures = [fitted(points, components, self._rng) for components in COMPONENTS]
        self.mixture = min(mixtures, key=lambda mixture: mixture.aic(points))


def _log_sum(densities: FloatArray) -> FloatArray:
    """The logarithm of the sum of exponentials over components [n]."""
    greatest = densities.max(axis=1)
    sums: FloatArray = greatest + np.log(np.exp(densities - greatest[:, np.newaxis]).sum(axis=1))
    return sums


def _spread(points: FloatArray, count: int, rng: np.random.Generator) -> FloatArray:
    """Points that lie apart [count, d]: k-means++ (Arthur and Vassilvitskii, 2007)."""
    chosen = [points[rng.integers(len(points))]]
    for _ in range(count - 1):
        gaps = np.square(points[:, np.newaxis] - np.array(chosen)).sum(axis=2).min(axis=1)
        total = gaps.sum()
        odds = gaps / total if total > 0 else np.full(len(points), 1 / len(points))
        chosen.append(points[rng.choice(len(points), p=odds)])
    return np.array(chosen)
