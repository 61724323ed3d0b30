"""Physics on the `mujoco` package of PyPI.

A batch is stepped by a few threads. Each has an MjData of its own and takes environments, block by
block, from those that are left, swaps their states in and out and copies the fields (`stepper.py`).
Environments do not touch each other, so the numbers do not depend on how many threads there are.

`mujoco.rollout` steps batches in C++, but what it returns (states and sensors) lacks the solver's
warm start and the fields that tasks read.
"""

import time
from collections.abc import Mapping, Sequence

import mujoco
import numpy as np
from numpy.typing import NDArray

from websim.errors import ClosedEnvironment, InvalidArgument, ModelError
from websim.physics import (
    ARRAYS,
    POST_CONSTRAINT_FIELDS,
    BatchData,
    FloatArray,
    IndexArray,
    Model,
    usable_cores,
)
from websim.physics.stepper import Job, Kind, Lane, Stepper
from websim.physics.threads import Threads

_STATE_BITS = {
    "time": mujoco.mjtState.mjSTATE_TIME,
    "qpos": mujoco.mjtState.mjSTATE_QPOS,
    "qvel": mujoco.mjtState.mjSTATE_QVEL,
    "act": mujoco.mjtState.mjSTATE_ACT,
    "qacc_warmstart": mujoco.mjtState.mjSTATE_WARMSTART,
    "ctrl": mujoco.mjtState.mjSTATE_CTRL,
    "mocap_pos": mujoco.mjtState.mjSTATE_MOCAP_POS,
    "mocap_quat": mujoco.mjtState.mjSTATE_MOCAP_QUAT,
    "userdata": mujoco.mjtState.mjSTATE_USERDATA,
}
"""The arrays of a row of states, in MuJoCo's order: that of the bits."""

_SIGNATURE = sum(map(int, _STATE_BITS.values()))

_BLOCK = 8
"""Environments that a thread takes at once, at most: short waits at the end of a batch."""


class NativePhysics:
    """The `Physics` of CPython."""

    def __init__(
        self,
        xml: str,
        num_envs: int,
        fields: Sequence[str],
        assets: Mapping[str, bytes],
        num_threads: int | None = None,
    ) -> None:
        """See `websim.physics.make_physics`."""
        try:
            self._model = mujoco.MjModel.from_xml_string(xml, dict(assets))
        except ValueError as error:
            raise ModelError(str(error)) from error
        self.model = _describe(self._model)
        self.data = BatchData(self.model, num_envs, fields)
        self.num_envs = num_envs
        self.bad: NDArray[np.bool_] = np.zeros(num_envs, dtype=np.bool_)
        self._rows = np.zeros((num_envs, mujoco.mj_stateSize(self._model, _SIGNATURE)))
        self._columns = self._split()
        self._stepper = Stepper(
            self._model,
            self._rows,
            _SIGNATURE,
            self.bad,
            post_constraint=not POST_CONSTRAINT_FIELDS.isdisjoint(fields),
        )
        self._lanes: list[Lane] = []
        self._threads = Threads(min(num_threads or usable_cores(), num_envs))

    def step(self, nstep: int) -> None:
        """See `Physics.step`."""
        self._check_open()
        self.bad.fill(False)
        everyone = slice(None)
        self._gather(everyone)
        number = self._threads.choose()
        block = max(1, min(_BLOCK, self.num_envs // (2 * number)))
        start = time.perf_counter()
        self._run(Job(Kind.STEP, self.num_envs, block=block, nstep=nstep), number)
        self._threads.judge(number, time.perf_counter() - start)
        self._scatter(everyone)

    def reset(self, indices: IndexArray, qpos: FloatArray, qvel: FloatArray) -> None:
        """See `Physics.reset`."""
        self._check_open()
        indices = self._checked(indices)
        states = []
        for name, values, size in (("qpos", qpos, self.model.nq), ("qvel", qvel, self.model.nv)):
            state = np.ascontiguousarray(values, dtype=np.float64)
            if state.shape != (len(indices), size):
                raise InvalidArgument(
                    f"{name} must have the shape {(len(indices), size)}, not {state.shape}."
                )
            states.append(state)
        job = Job(Kind.RESET, len(indices), indices=indices, qpos=states[0], qvel=states[1])
        self._run(job, self._threads.best)
        self._scatter(indices)
        self.data.ctrl[indices] = 0.0

    def forward(self, indices: IndexArray) -> None:
        """See `Physics.forward`."""
        self._check_open()
        indices = self._checked(indices)
        self._gather(indices)
        self._run(Job(Kind.FORWARD, len(indices), indices=indices), self._threads.best)
        self._scatter(indices)

    def close(self) -> None:
        """See `Physics.close`."""
        if "_model" in self.__dict__:
            self._threads.close()
            self._lanes = []
            del self._stepper, self._model

    def _check_open(self) -> None:
        if "_model" not in self.__dict__:
            raise ClosedEnvironment("This physics is closed.")

    def _checked(self, indices: IndexArray) -> IndexArray:
        """The indices as C takes them."""
        result = np.ascontiguousarray(indices, dtype=np.intp)
        if result.size and not 0 <= result.min() <= result.max() < self.num_envs:
            raise InvalidArgument(
                f"Indices of environments go from 0 to {self.num_envs - 1}, not {result.tolist()}."
            )
        return result

    def _run(self, job: Job, number: int) -> None:
        """Does a job with so many threads, at most one an environment."""
        number = max(1, min(number, job.count))
        while len(self._lanes) < number:
            fields = [(name, getattr(self.data, name)) for name in self.data.fields]
            self._lanes.append(Lane(self._model, fields))
        self._threads.run(self._stepper.run, [(job, lane) for lane in self._lanes[:number]])

    def _split(self) -> dict[str, tuple[FloatArray, FloatArray]]:
        """The batch of each array of the state, and the columns of the rows that belong to it."""
        columns: dict[str, tuple[FloatArray, FloatArray]] = {}
        start = 0
        for name, bit in _STATE_BITS.items():
            size = mujoco.mj_stateSize(self._model, int(bit))
            if size:
                batch = getattr(self.data, name).reshape(self.num_envs, size)
                columns[name] = (batch, self._rows[:, start : start + size])
            start += size
        return columns

    def _gather(self, rows: IndexArray | slice) -> None:
        """Copies states and controls of some environments into their rows."""
        for batch, columns in self._columns.values():
            columns[rows] = batch[rows]

    def _scatter(self, rows: IndexArray | slice) -> None:
        """Copies states, not controls, of some environments back from their rows."""
        for name, (batch, columns) in self._columns.items():
            if name != "ctrl":
                batch[rows] = columns[rows]


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
        **{name: getattr(model, name).copy() for name in ARRAYS},
        body_names=names(kinds.mjOBJ_BODY, model.nbody),
        joint_names=names(kinds.mjOBJ_JOINT, model.njnt),
        geom_names=names(kinds.mjOBJ_GEOM, model.ngeom),
        site_names=names(kinds.mjOBJ_SITE, model.nsite),
        tendon_names=names(kinds.mjOBJ_TENDON, model.ntendon),
        actuator_names=names(kinds.mjOBJ_ACTUATOR, model.nu),
    )
