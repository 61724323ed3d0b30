"""How what a network says becomes an action that is allowed."""

from dataclasses import dataclass

import numpy as np

from websim.policies.base import Actions


@dataclass(frozen=True)
class Bounds:
    """The bounds of actions, and how they are kept.

    Attributes:
        low: Lower bounds [nu].
        high: Upper bounds [nu].
        squash: Brings all numbers between the bounds by tanh, as SAC and TD3 do; otherwise those
            beyond are clipped.
    """

    low: Actions
    high: Actions
    squash: bool = False

    def __call__(self, outputs: Actions) -> Actions:
        """Actions [n, nu] of what a network says [n, nu]."""
        if not self.squash:
            return np.clip(outputs, self.low, self.high)
        return self.middle + self.half * np.tanh(outputs)

    @property
    def middle(self) -> Actions:
        """[nu]."""
        return (self.low + self.high) * np.float32(0.5)

    @property
    def half(self) -> Actions:
        """Half of the range [nu]."""
        return (self.high - self.low) * np.float32(0.5)
