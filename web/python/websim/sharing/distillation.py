"""A smaller policy that does what a run's does: by regression on states that it comes to itself.

States where only the large policy goes are not enough: the small one errs a little, and then sees
others. So it is let loose, and told what the large one would do there (DAgger; Ross et al., 2011).
"""

from collections.abc import Iterator
from dataclasses import replace
from time import perf_counter
from typing import Any, Literal

import numpy as np

from websim.algorithms.base import COUNTERS
from websim.errors import InvalidArgument
from websim.kernels import Array
from websim.nn.layers import MLP
from websim.nn.regression import Regression
from websim.policies.network import Network, learner_of, network_of
from websim.sharing.player import NUM_ENVS, Player
from websim.training.checkpoints import Checkpoint

Size = Literal["32x32", "linear"]

SIZES: dict[Size, tuple[int, ...]] = {"32x32": (32, 32), "linear": ()}

ROUNDS = 4
STEPS = 250
"""Of each environment, in a round."""

UPDATES = 500
"""Of the small policy, after a round; each by a batch of all states so far."""

SOLUTIONS = 10
"""Of a linear policy, after a round: which actions lie beyond their bounds changes with each."""

RIDGE = 1e-6

BATCH = 512
LEARNING_RATE = 3e-3
"""At first; it falls to 0."""


class Distillation:
    """Teaches a policy of a given size, a little at a time."""

    def __init__(self, run: Checkpoint, size: Size) -> None:
        """Makes environments and the small policy.

        Args:
            run: With a policy, which is imitated without its noise.
            size: Of the small one; it keeps the activation of the large one.

        Raises:
            InvalidArgument: the policy is as small already, or the run cannot be simulated.
            CheckpointError: the policy does not fit.
        """
        self._run = run
        self._player = player = Player(run)
        try:
            self._hidden = SIZES[size]
            self._large = large = network_of(run.learner, player.args.hidden_sizes)
            self._biased = bool(self._hidden) or not player.flat  # as TinyMLP is
            widths = (large.widths[0], *self._hidden, large.widths[-1])
            if MLP.size_of(widths) >= MLP.size_of(large.widths):
                raise InvalidArgument(
                    f"The policy is no larger than {size}: its layers are {large.widths}."
                )
            space = player.env.single_action_space
            self._low, self._high = space.low, space.high
            self._rng = np.random.default_rng(0)
            self._regression = Regression(
                widths, player.activation, space.low, space.high, self._rng
            )
            self._small = self._regression.network
        except BaseException:
            self.close()
            raise
        states = ROUNDS * STEPS * NUM_ENVS
        self._seen: Array = np.empty((states, widths[0]), np.float32)
        self._done: Array = np.empty((states, widths[-1]), np.float32)
        self._each = UPDATES if self._hidden else SOLUTIONS
        self._steps, self._updates = 0, 0
        self._course = self._teach()

    @property
    def progress(self) -> float:
        """How much of the work is over, from 0 to 1."""
        return (self._steps + self._updates) / (ROUNDS * (STEPS + self._each))

    def advance(self, seconds: float = np.inf) -> bool:
        """Goes on for about so many seconds; returns whether the small policy is taught."""
        until = perf_counter() + seconds
        return not any(perf_counter() >= until for _ in self._course)

    @property
    def run(self) -> Checkpoint:
        """The run with the small policy, which can be learnt on from; it claims nothing."""
        layers = [
            (weight.copy(), bias.copy() if self._biased else None)
            for weight, bias in self._small.layers
        ]
        large = self._large
        small = Network(layers, large.logstd, large.count, large.mean, large.std)
        counters = {name: self._run.learner[name] for name in COUNTERS}
        changed: dict[str, Any] = {"hidden_sizes": [*self._hidden]}
        if self._player.args.squash_output:
            changed["squash_output"] = False  # it was taught actions, not what tanh makes them of
        own = self._run.experiment.for_learning()
        experiment = replace(own, hyperparameters={**own.hyperparameters, **changed})
        return Checkpoint(experiment, {**counters, **learner_of(small, flat=self._player.flat)}, [])

    def close(self) -> None:
        """Frees the environments."""
        self._player.close()

    def _teach(self) -> Iterator[None]:
        """Round by round; yields after each step of the environments and each update."""
        for turn in range(ROUNDS):
            # The large policy shows the way first; later the small one goes, but for a quarter.
            led = NUM_ENVS if turn == 0 else NUM_ENVS // 4
            for _ in range(STEPS):
                self._step(led)
                yield
            for _ in range(self._each):
                if self._hidden:
                    self._update()
                else:
                    self._solve()
                yield

    def _step(self, led: int) -> None:
        """One step, of which the large policy leads so many environments, and says of all."""
        player, env = self._player, self._player.env
        seen = player.normalization(env.observations)
        wanted = player.policy(env.observations)
        at = slice(self._steps * NUM_ENVS, (self._steps + 1) * NUM_ENVS)
        self._seen[at], self._done[at] = seen, wanted
        actions = np.clip(self._small(seen), self._low, self._high)
        actions[:led] = wanted[:led]
        env.step(actions)
        self._steps += 1

    def _solve(self) -> None:
        """The least squares of a linear policy; what it does beyond a bound counts as done."""
        known = self._steps * NUM_ENVS
        seen, wanted = self._seen[:known], self._done[:known]
        ((weight, bias),) = self._small.layers
        found = seen @ weight + bias
        wanted = np.where(self._regression.beyond(found, wanted), found, wanted)
        x = np.hstack([seen, np.full((known, 1), self._biased)]).astype(np.float64)
        gram = x.T @ x + RIDGE * known * np.eye(x.shape[1])
        solution = np.linalg.solve(gram, x.T @ wanted)
        weight[...], bias[...] = solution[:-1], solution[-1] * self._biased
        self._updates += 1

    def _update(self) -> None:
        """A step down the error, over a batch of what has been seen."""
        chosen = self._rng.integers(0, self._steps * NUM_ENVS, BATCH)
        left = 1 - self._updates / (ROUNDS * UPDATES)
        self._regression.update(self._seen[chosen], self._done[chosen], LEARNING_RATE * left)
        self._updates += 1


def distil(run: Checkpoint, size: Size) -> Checkpoint:
    """The run with a smaller policy in place of its own; see `Distillation`."""
    work = Distillation(run, size)
    try:
        work.advance()
        return work.run
    finally:
        work.close()
