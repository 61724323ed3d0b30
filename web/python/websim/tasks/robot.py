"""A robot that is only observed: what stands there until somebody says what it is to do."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from websim.physics import BatchData, FloatArray, Model
from websim.physics.enums import Joint
from websim.task import Actions, Outcome, Task


@dataclass(kw_only=True)
class RobotTask(Task):
    """Any robot: it observes positions, velocities and sensors, earns nothing and never dies.

    Episodes begin in one of the model's keyframes, if it has some, otherwise as the model says, in
    both cases with a little noise on hinges, slides and velocities. Of a body that moves freely it
    is not observed where it is over the ground, only how high.
    """

    id: ClassVar[str] = "Robot-v0"
    fields: ClassVar[tuple[str, ...]] = ("sensordata",)
    reward_terms: ClassVar[tuple[str, ...]] = ()

    xml_file: str
    frame_skip: int = 5
    reset_noise_scale: float = 0.01

    def bind(self, model: Model) -> None:
        super().bind(model)
        address = 0
        observed: list[int] = []
        noisy: list[int] = []
        for kind in map(Joint, model.jnt_type):
            size = {Joint.FREE: 7, Joint.BALL: 4}.get(kind, 1)
            numbers = range(address, address + size)
            observed += numbers[2:] if kind is Joint.FREE else numbers
            noisy += numbers if size == 1 else ()
            address += size
        self._observed, self._noisy = observed, noisy
        self._starts = model.key_qpos if model.nkey else model.qpos0[np.newaxis]
        self._velocities = model.key_qvel if model.nkey else np.zeros((1, model.nv))

    def initial_state(self, rng: np.random.Generator) -> tuple[FloatArray, FloatArray]:
        start, scale = rng.integers(len(self._starts)), self.reset_noise_scale
        qpos, qvel = self._starts[start].copy(), self._velocities[start].copy()
        qpos[self._noisy] += rng.uniform(-scale, scale, len(self._noisy))
        return qpos, qvel + scale * rng.standard_normal(len(qvel))

    def observation(self, data: BatchData) -> tuple[FloatArray, ...]:
        return data.qpos[:, self._observed], data.qvel, data.sensordata

    def outcome(self, data: BatchData, before: None, actions: Actions) -> Outcome:
        return Outcome(np.zeros(len(actions)), {})
