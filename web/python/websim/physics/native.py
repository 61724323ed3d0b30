"""Physics on the `mujoco` package of PyPI."""

from collections.abc import Mapping, Sequence

import mujoco
import numpy as np
from numpy.typing import NDArray

from websim.errors import ClosedEnvironment, ModelError
from websim.physics import (
    POST_CONSTRAINT_FIELDS,
    STATE,
    BatchData,
    FloatArray,
    IndexArray,
    Model,
)

_BAD_STATE = (
    int(mujoco.mjtWarning.mjWARN_BADQPOS),
    int(mujoco.mjtWarning.mjWARN_BADQVEL),
    int(mujoco.mjtWarning.mjWARN_BADQACC),
)


class NativePhysics:
    """The `Physics` of CPython: a Python loop that swaps states through one MjData."""

    def __init__(
        self, xml: str, num_envs: int, fields: Sequence[str], assets: Mapping[str, bytes]
    ) -> None:
        """See `websim.physics.make_physics`."""
        try:
            self._model = mujoco.MjModel.from_xml_string(xml, dict(assets))
        except ValueError as error:
            raise ModelError(str(error)) from error
        self._data = mujoco.MjData(self._model)
        self.model = _describe(self._model)
        self.data = BatchData(self.model, num_envs, fields)
        self.num_envs = num_envs
        self.bad: NDArray[np.bool_] = np.zeros(num_envs, dtype=np.bool_)
        self._post_constraint = not POST_CONSTRAINT_FIELDS.isdisjoint(fields)
        # Views into MjData, which never move, each beside its batch. Empty ones cost time only.
        self._state = self._pairs([name for name in STATE if name != "time"])
        self._fields = self._pairs(self.data.fields)
        self._warnings = memoryview(self._data.warning.number)

    def step(self, nstep: int) -> None:
        """See `Physics.step`."""
        self._check_open()
        model, data, warnings = self._model, self._data, self._warnings
        ctrl = self.data.ctrl
        badqpos, badqvel, badqacc = _BAD_STATE
        self.bad.fill(False)
        for i in range(self.num_envs):
            self._load(i)
            data.ctrl = ctrl[i]
            mujoco.mj_step(model, data, nstep)
            if warnings[badqpos] or warnings[badqvel] or warnings[badqacc]:
                self.bad[i] = True
                data.warning.number[:] = 0
            if self._post_constraint:
                mujoco.mj_rnePostConstraint(model, data)
            self._save(i)

    def reset(self, indices: IndexArray, qpos: FloatArray, qvel: FloatArray) -> None:
        """See `Physics.reset`."""
        self._check_open()
        for i, position, velocity in zip(indices, qpos, qvel, strict=True):
            mujoco.mj_resetData(self._model, self._data)
            self._data.qpos = position
            self._data.qvel = velocity
            mujoco.mj_forward(self._model, self._data)
            self._save(i)
            self.data.ctrl[i] = 0.0

    def forward(self, indices: IndexArray) -> None:
        """See `Physics.forward`."""
        self._check_open()
        for i in indices:
            self._load(i)
            self._data.ctrl = self.data.ctrl[i]
            mujoco.mj_forward(self._model, self._data)
            if self._post_constraint:
                mujoco.mj_rnePostConstraint(self._model, self._data)
            self._save(i)

    def close(self) -> None:
        """See `Physics.close`."""
        self._state, self._fields = [], []
        for name in ("_warnings", "_data", "_model"):
            self.__dict__.pop(name, None)

    def _check_open(self) -> None:
        if "_model" not in self.__dict__:
            raise ClosedEnvironment("This physics is closed.")

    def _pairs(self, names: Sequence[str]) -> list[tuple[FloatArray, FloatArray]]:
        pairs = [(getattr(self._data, name), getattr(self.data, name)) for name in names]
        return [(one, batch) for one, batch in pairs if one.size]

    def _load(self, i: int) -> None:
        for one, batch in self._state:
            one[...] = batch[i]
        self._data.time = self.data.time[i]

    def _save(self, i: int) -> None:
        for one, batch in self._state:
            batch[i] = one
        for one, batch in self._fields:
            batch[i] = one
        self.data.time[i] = self._data.time


def _describe(model: mujoco.MjModel) -> Model:
    """Copies out of an MjModel what tasks need of it."""

    def names(kind: mujoco.mjtObj, count: int) -> tuple[str, ...]:
        return tuple(mujoco.mj_id2name(model, kind, i) or "" for i in range(count))

    kinds = mujoco.mjtObj
    return Model(
        nq=model.nq,
        nv=model.nv,
        na=model.na,
        nu=model.nu,
        nbody=model.nbody,
        njnt=model.njnt,
        ngeom=model.ngeom,
        nsite=model.nsite,
        ntendon=model.ntendon,
        nmocap=model.nmocap,
        nuserdata=model.nuserdata,
        nsensordata=model.nsensordata,
        timestep=model.opt.timestep,
        qpos0=model.qpos0.copy(),
        body_mass=model.body_mass.copy(),
        actuator_ctrlrange=model.actuator_ctrlrange.copy(),
        body_names=names(kinds.mjOBJ_BODY, model.nbody),
        joint_names=names(kinds.mjOBJ_JOINT, model.njnt),
        geom_names=names(kinds.mjOBJ_GEOM, model.ngeom),
        site_names=names(kinds.mjOBJ_SITE, model.nsite),
        actuator_names=names(kinds.mjOBJ_ACTUATOR, model.nu),
    )
