"""Distributions that policies draw actions from."""

import math
from dataclasses import dataclass

import numpy as np

from websim.kernels import Array

HALF_LOG_2PI = 0.5 * math.log(2 * math.pi)


@dataclass(frozen=True)
class DiagonalGaussian:
    """Independent normal distributions; what is drawn is mean + noise * exp(logstd).

    Attributes:
        mean: [n, size].
        logstd: Logarithms of the standard deviations [size].
    """

    mean: Array
    logstd: Array

    def sample(self, noise: Array) -> Array:
        """Draws [n, size], given as many numbers of a standard normal distribution."""
        drawn: Array = self.mean + noise * np.exp(self.logstd)
        return drawn

    def noise_of(self, drawn: Array) -> Array:
        """Undoes `sample`."""
        noise: Array = (drawn - self.mean) * np.exp(-self.logstd)
        return noise

    def log_prob(self, noise: Array) -> Array:
        """Log probabilities [n] of what some noise [n, size] draws."""
        logprob: Array = -0.5 * np.square(noise).sum(axis=1) - (self.logstd + HALF_LOG_2PI).sum()
        return logprob

    def log_prob_backward(self, noise: Array, grad: Array) -> tuple[Array, Array]:
        """The gradients of mean [n, size] and logstd [size], what is drawn being held.

        Args:
            noise: Of `noise_of`.
            grad: The gradient [n] of the log probabilities.
        """
        grad_mean = grad[:, np.newaxis] * noise * np.exp(-self.logstd)
        grad_logstd = (grad[:, np.newaxis] * (noise * noise - 1)).sum(axis=0)
        return grad_mean, grad_logstd

    def entropy(self) -> float:
        """Of each of the n; its gradient by logstd is 1."""
        return float((self.logstd + 0.5 + HALF_LOG_2PI).sum())
