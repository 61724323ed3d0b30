"""Forces from outside on bodies: all that hands and worlds do to them meets here.

`xfrc_applied` has what acted in the last step, as `cfrc_ext` and what else MuJoCo computed of it;
what acts in the next is put there as that begins. What several give the same body adds up, and a
pull adds to it in each physics step.
"""

import numpy as np
from numpy.typing import NDArray

from websim.physics import FloatArray, IndexArray, Physics


class Forces:
    """What acts on the bodies of a batch of environments.

    Attributes:
        pushes: [n, nbody, 6], force in N and torque in Nm that bodies get for some steps; 0 where
            `steps` is.
        steps: [n, nbody] int32, for how many steps each body is still pushed.
    """

    def __init__(self, physics: Physics) -> None:
        """Takes the physics of the environments."""
        self._physics = physics
        shape = physics.num_envs, physics.model.nbody
        self.pushes: FloatArray = np.zeros((*shape, 6))
        self.steps: NDArray[np.int32] = np.zeros(shape, np.int32)
        self._busy = self._stale = False

    def push(self, indices: IndexArray, body: int, wrenches: FloatArray, steps: int) -> None:
        """Pushes a body of environments [k] from the next step on, instead of what it got before.

        Args:
            indices: [k].
            body: Its id.
            wrenches: [k, 6], force and torque.
            steps: For how many steps, at least 1.
        """
        self.pushes[indices, body] = wrenches
        self.steps[indices, body] = steps
        self.refresh()

    def add(self, rows: IndexArray, bodies: IndexArray, wrenches: FloatArray) -> None:
        """Adds what acts in the step alone that has begun [k, bodies, 6]; rows and bodies fit."""
        self._physics.data.xfrc_applied[rows, bodies] += wrenches
        self._stale = True

    def release(self, indices: IndexArray) -> None:
        """Ends pushes and pulls of environments [k]."""
        if self._busy:
            self.pushes[indices] = 0.0
            self.steps[indices] = 0
            self._physics.pulls[indices] = 0.0
            self.refresh()

    def before_step(self) -> None:
        """A step begins: what acted in the last one alone does no longer."""
        if self._stale:
            self._physics.data.xfrc_applied[...] = self.pushes
            self._stale = self._busy

    def after_step(self) -> None:
        """Ends pushes whose time is over."""
        if self._busy:
            self.pushes[self.steps == 1] = 0.0
            self.steps[self.steps > 0] -= 1
            self.refresh()

    def refresh(self) -> None:
        """Looks anew at the arrays, and at the pulls."""
        self._busy = bool(self.steps.any() or self._physics.pulls[:, 1].any())
        self._stale = True
