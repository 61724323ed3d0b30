"""Behaviour cloning: a policy is taught what recorded episodes show, without a step of its own.

Regression of actions on observations (Pomerleau, 1989), whose loss is that of actions as they are
clipped. Observations are normalised by their own mean and deviation in the recording.
"""

from collections.abc import Iterator
from time import perf_counter

import numpy as np
from numpy.typing import NDArray

from websim.errors import InvalidRecording
from websim.exchange.perceptron import Perceptron, check_widths, run_of, surroundings_of
from websim.experiments.experiment import Experiment
from websim.nn.normalization import EPSILON
from websim.nn.regression import Regression
from websim.policies.network import Network
from websim.policies.normalization import Normalization
from websim.training.checkpoints import Checkpoint
from websim.trajectories.reading import Recorded, Recording

HIDDEN = (64, 64)
ACTIVATION = "tanh"
CLIP = 10.0
UPDATES = 20_000
BATCH = 512
LEARNING_RATE = 1e-3
"""At first; it falls to 0."""

MOST_STEPS = 4_000_000


class Cloning:
    """Teaches a policy, a little at a time.

    Attributes:
        updates: Done so far, of UPDATES.
        loss: The mean squared error over the last batches, relative to the variance of actions; 1
            is what a constant would have.
    """

    def __init__(
        self, recording: Recording, experiment: Experiment, *, seed: int = 0, title: str = ""
    ) -> None:
        """Takes what was recorded.

        Args:
            recording: Episodes; those that chance played are taken too, if there are some.
            experiment: With the robot that they are of.
            seed: Of the first weights, and of the batches.
            title: What people call the run.

        Raises:
            InvalidRecording: it has too many steps.
            ForeignPolicy: it is of another robot.
            WebSimError: the experiment cannot be simulated.
        """
        episodes = [one for one in recording.episodes if len(one.rewards)]
        steps = sum(len(one.rewards) for one in episodes)
        if steps > MOST_STEPS:
            raise InvalidRecording(
                f"The recording has {steps:,} steps; a policy is taught by up to {MOST_STEPS:,}."
            )
        self._experiment, self._title = experiment, title
        surroundings = surroundings_of(experiment)
        widths = (episodes[0].observations.shape[1], episodes[0].actions.shape[1])
        check_widths(*widths, surroundings, experiment)
        self._bounds = bounds = surroundings.bounds
        seen = _stacked(episodes, "observations", widths[0])
        self._actions = _stacked(episodes, "actions", widths[1]).astype(np.float32)
        self._mean = seen.mean(axis=0)
        self._std = np.sqrt(seen.var(axis=0) + EPSILON)
        self._seen = Normalization(self._mean, self._std, CLIP)(seen)
        self._spread = float(self._actions.var(axis=0).mean()) or 1.0
        self._rng = np.random.default_rng(seed)
        self._regression = Regression(
            (widths[0], *HIDDEN, widths[1]), ACTIVATION, bounds.low, bounds.high, self._rng
        )
        self.updates = 0
        self._course = self._teach()

    @property
    def loss(self) -> float:
        """Mean squared error of actions as they are clipped, relative to their variance."""
        found = self._regression.network(self._seen[: 8 * BATCH])
        wanted = self._actions[: 8 * BATCH]
        error = np.clip(found, self._bounds.low, self._bounds.high) - wanted
        return float(np.square(error).mean()) / self._spread

    def advance(self, seconds: float = np.inf) -> bool:
        """Goes on for about so many seconds; returns whether the policy is taught."""
        until = perf_counter() + seconds
        return not any(perf_counter() >= until for _ in self._course)

    @property
    def run(self) -> Checkpoint:
        """A run with the policy, which can be learnt on from."""
        layers = [
            (weight.copy(), np.array(bias)) for weight, bias in self._regression.network.layers
        ]
        network = Network([*layers], None, float(len(self._seen)), self._mean, self._std)
        perceptron = Perceptron(network, ACTIVATION, CLIP, self._bounds)
        return run_of(perceptron, self._experiment, self._title)

    def _teach(self) -> Iterator[None]:
        for self.updates in range(1, UPDATES + 1):
            chosen = self._rng.integers(0, len(self._seen), BATCH)
            left = 1 - (self.updates - 1) / UPDATES
            self._regression.update(self._seen[chosen], self._actions[chosen], LEARNING_RATE * left)
            yield


def _stacked(episodes: list[Recorded], name: str, width: int) -> NDArray[np.float64]:
    """An array of all steps; what was seen after the last of an episode is left out."""
    rows = [getattr(one, name)[: len(one.rewards)] for one in episodes]
    if any(array.shape[1] != width for array in rows):
        raise InvalidRecording(f"The recording's episodes differ in how many {name} there are.")
    return np.concatenate(rows).astype(np.float64)
