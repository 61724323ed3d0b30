"""Controllers: what drives environments that do not learn. Built-in ones, and policies.

A controller sees a whole batch. To add one, write a class with `__call__` and name it in
CONTROLLERS.
"""

from collections.abc import Mapping
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from websim.errors import InvalidArgument
from websim.policies import Playing, Policy

Actions = NDArray[np.float32]


class Controller(Protocol):
    """Chooses the actions of all environments."""

    def __call__(
        self,
        observations: NDArray[np.float64],
        time: NDArray[np.float64],
        started: NDArray[np.bool_],
    ) -> Actions:
        """Chooses.

        Args:
            observations: [n, obs].
            time: Simulated [n], in seconds.
            started: Environments [n] whose episode begins with these observations.

        Returns:
            Actions [n, nu].
        """


class Zero:
    """Does nothing: every action is zero, moved into the bounds where they exclude it."""

    def __init__(self, num_envs: int, low: Actions, high: Actions, seed: int) -> None:
        """Takes the bounds of one environment's action, `low` and `high` [nu]."""
        self._actions = np.tile(np.clip(np.zeros_like(low), low, high), (num_envs, 1))

    def __call__(
        self,
        observations: NDArray[np.float64],
        time: NDArray[np.float64],
        started: NDArray[np.bool_],
    ) -> Actions:
        """See Controller."""
        return self._actions


class Random:
    """Draws every action anew, uniformly within the bounds, as `action_space.sample()` does."""

    def __init__(self, num_envs: int, low: Actions, high: Actions, seed: int) -> None:
        """Takes the bounds of one environment's action, `low` and `high` [nu]."""
        self._rng = np.random.default_rng(seed)
        self._low, self._range = low, high - low
        self._actions = np.empty((num_envs, low.size), dtype=np.float32)

    def __call__(
        self,
        observations: NDArray[np.float64],
        time: NDArray[np.float64],
        started: NDArray[np.bool_],
    ) -> Actions:
        """See Controller."""
        self._rng.random(out=self._actions, dtype=np.float32)
        self._actions *= self._range
        self._actions += self._low
        return self._actions


class Sinusoid:
    """Swings every actuator through its bounds, each environment with phases of its own."""

    FREQUENCY = 1.0
    """Swings a second of simulated time."""

    def __init__(self, num_envs: int, low: Actions, high: Actions, seed: int) -> None:
        """Takes the bounds of one environment's action, `low` and `high` [nu]."""
        rng = np.random.default_rng(seed)
        self._phases = rng.uniform(0, 2 * np.pi, (num_envs, low.size))
        self._middle, self._amplitude = (high + low) / 2, (high - low) / 2

    def __call__(
        self,
        observations: NDArray[np.float64],
        time: NDArray[np.float64],
        started: NDArray[np.bool_],
    ) -> Actions:
        """See Controller."""
        angles = 2 * np.pi * self.FREQUENCY * time[:, None] + self._phases
        return (self._middle + self._amplitude * np.sin(angles)).astype(np.float32)


CONTROLLERS: dict[str, type[Zero] | type[Random] | type[Sinusoid]] = {
    "random": Random,
    "zero": Zero,
    "sinusoid": Sinusoid,
}


class ByPolicy:
    """Does what a policy says, whichever has the name at that time."""

    def __init__(self, policies: Mapping[str, Policy], name: str) -> None:
        """Takes the name of one of the policies."""
        self._policies, self._name = policies, name
        self._playing = Playing(policies[name])

    def __call__(
        self,
        observations: NDArray[np.float64],
        time: NDArray[np.float64],
        started: NDArray[np.bool_],
    ) -> Actions:
        """See Controller."""
        policy = self._policies[self._name]
        if policy is not self._playing.policy:
            self._playing = Playing(policy)
        return self._playing(observations, started)


def make_controller(
    name: str,
    num_envs: int,
    low: Actions,
    high: Actions,
    seed: int,
    policies: Mapping[str, Policy] | None = None,
) -> Controller:
    """Makes a controller by name.

    Args:
        name: A key of CONTROLLERS, or of `policies`.
        num_envs: Number of environments n.
        low: Lower bounds [nu] of an action; an infinite one counts as -1.
        high: Upper bounds [nu] of an action; an infinite one counts as 1.
        seed: Of its random numbers.
        policies: Those that may be named as well.

    Raises:
        InvalidArgument: there is no controller of that name.
    """
    policies = policies or {}
    if name in policies:
        return ByPolicy(policies, name)
    if name not in CONTROLLERS:
        raise InvalidArgument(
            f"Unknown controller {name!r}: the controllers are "
            f"{', '.join((*CONTROLLERS, *policies))}."
        )
    low = np.where(np.isfinite(low), low, np.float32(-1))
    high = np.where(np.isfinite(high), high, np.float32(1))
    return CONTROLLERS[name](num_envs, low, high, seed)
