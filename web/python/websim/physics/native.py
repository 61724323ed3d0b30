"""Physics on the `mujoco` package of PyPI.

A batch is stepped by a few threads. Each has an MjData of its own and takes environments, block by
block, from those that are left, swaps their states in and out and copies the fields (`stepper.py`).
Environments do not touch each other, so the numbers do not depend on how many threads there are.

`mujoco.rollout` steps batches in C++, but what it returns (states and sensors) lacks the solver's
warm start and the fields that tasks read.
"""

import time
from collections.abc import Sequence
from operator import attrgetter
from typing import Any

import mujoco
import numpy as np
from numpy.typing import NDArray

from websim.errors import ClosedEnvironment, InvalidArgument, ModelError
from websim.mjcf import Source
from websim.physics import (
    ARRAYS,
    POST_CONSTRAINT_FIELDS,
    PULL_SIZE,
    STATE,
    BatchData,
    FloatArray,
    IndexArray,
    Model,
    compute,
    usable_cores,
)
from websim.physics.heightfield import NAME, HeightField
from websim.physics.stepper import Job, Kind, Lane, Stepper
from websim.physics.threads import Threads
from websim.physics.variation import Variation

_SIGNATURE = int(mujoco.mjtState.mjSTATE_INTEGRATION)
"""What a state is; its elements are those of STATE."""

_BLOCK = 8
"""Environments that a thread takes at once, at most: short waits at the end of a batch."""


def load_model(source: Source, floor: HeightField | None = None) -> mujoco.MjModel:
    """Compiles a model; raises ModelError with MuJoCo's words."""
    try:
        if floor is not None:
            return _on_floor(source, floor)
        if isinstance(source, str):
            return mujoco.MjModel.from_xml_string(source)
        return mujoco.MjModel.from_xml_path(str(source))
    except ValueError as error:
        raise ModelError(str(error)) from error


def _on_floor(source: Source, floor: HeightField) -> mujoco.MjModel:
    """Compiles a model whose planes have become a height field, all else of them as it was."""
    if isinstance(source, str):
        spec = mujoco.MjSpec.from_string(source)
    else:
        spec = mujoco.MjSpec.from_file(str(source))
    nrow, ncol = floor.data.shape
    heights = np.zeros(floor.data.size)  # MuJoCo would stretch others to 0..1
    spec.add_hfield(name=NAME, size=floor.size, nrow=nrow, ncol=ncol, userdata=heights)
    margins = [geom.margin for geom in spec.geoms if geom.type != mujoco.mjtGeom.mjGEOM_PLANE]
    for geom in spec.geoms:
        if geom.type == mujoco.mjtGeom.mjGEOM_PLANE:
            geom.margin = -max(margins, default=0.0)
            geom.type = mujoco.mjtGeom.mjGEOM_HFIELD
            geom.hfieldname = NAME
            geom.pos = [0.0, 0.0, geom.pos[2] + floor.lowest]
    model = spec.compile()
    start = model.hfield(NAME).adr[0]
    model.hfield_data[start : start + floor.data.size] = floor.data.ravel()
    return model


class NativePhysics(Variation):
    """The `Physics` of CPython."""

    def __init__(
        self,
        source: Source,
        num_envs: int,
        fields: Sequence[str],
        num_threads: int | None = None,
        floor: HeightField | None = None,
    ) -> None:
        """See `websim.physics.make_physics`."""
        self._model = load_model(source, floor)
        self.model = _describe(self._model)
        self.data = BatchData(self.model, num_envs, fields)
        self.num_envs = num_envs
        self.bad: NDArray[np.bool_] = np.zeros(num_envs, dtype=np.bool_)
        self.pulls = np.zeros((num_envs, PULL_SIZE))
        self._stepper = self._make_stepper()
        self._arrays = {}
        self._lanes: list[Lane] = []
        self._threads = Threads(min(num_threads or usable_cores(), num_envs))

    @property
    def compiled(self) -> mujoco.MjModel:
        """MuJoCo's own model; of environments that differ, that of none in particular."""
        return self._model

    def step(self, nstep: int) -> None:
        """See `Physics.step`."""
        self._check_open()
        self.bad.fill(False)
        number = self._threads.choose()
        block = max(1, min(_BLOCK, self.num_envs // (2 * number)))
        start = time.perf_counter()
        self._run(Job(Kind.STEP, self.num_envs, block=block, nstep=nstep), number)
        self._threads.judge(number, time.perf_counter() - start)

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

    def forward(self, indices: IndexArray) -> None:
        """See `Physics.forward`."""
        self._check_open()
        indices = self._checked(indices)
        self._run(Job(Kind.FORWARD, len(indices), indices=indices), self._threads.best)

    def publish(self, fields: Sequence[str]) -> None:
        """See `Physics.publish`."""
        self._check_open()
        if new := self.data.add(fields):
            self._stepper = self._make_stepper()
            self._lanes = []  # each is made for the fields that it copies
            compute(self, new)

    def _make_stepper(self) -> Stepper:
        return Stepper(
            [getattr(self.data, name) for name in STATE],
            _SIGNATURE,
            self.bad,
            self.pulls,
            post_constraint=not POST_CONSTRAINT_FIELDS.isdisjoint(self.data.fields),
        )

    def grasp(self, indices: IndexArray, body: int, point: FloatArray) -> FloatArray:
        """See `Physics.grasp`."""
        self._check_open()
        indices = self._checked(indices)
        grasped = np.zeros((len(indices), 7))
        point = np.ascontiguousarray(point, dtype=np.float64)
        job = Job(
            Kind.GRASP, len(indices), indices=indices, body=body, point=point, grasped=grasped
        )
        self._run(job, self._threads.best)
        return grasped

    def model_array(self, name: str) -> NDArray[Any]:
        """See `Physics.model_array`."""
        self._check_open()
        return np.array(attrgetter(name)(self._model))

    def _swap(self, names: Sequence[str]) -> None:
        self._lanes = []  # each is made for what it swaps

    def _set_constants(self, indices: IndexArray) -> None:
        job = Job(Kind.CONSTANTS, len(indices), indices=indices)
        try:
            self._run(job, self._threads.best)
        except mujoco.FatalError as error:
            self._lanes = []  # their models are half done
            raise ModelError(str(error)) from error

    def close(self) -> None:
        """See `Physics.close`."""
        if "_model" in self.__dict__:
            self._threads.close()
            self._lanes = []
            del self._stepper, self._model

    def _check_open(self) -> None:
        if "_model" not in self.__dict__:
            raise ClosedEnvironment("This physics is closed.")

    def _run(self, job: Job, number: int) -> None:
        """Does a job with so many threads, at most one an environment."""
        number = max(1, min(number, job.count))
        while len(self._lanes) < number:
            fields = [(name, getattr(self.data, name)) for name in self.data.fields]
            self._lanes.append(
                Lane(self._model, self.model.state_size, fields, list(self._arrays.items()))
            )
        self._threads.run(self._stepper.run, [(job, lane) for lane in self._lanes[:number]])


def _describe(model: mujoco.MjModel) -> Model:
    """Copies out of an MjModel what tasks need of it."""

    def names(kind: mujoco.mjtObj, count: int) -> tuple[str, ...]:
        return tuple(mujoco.mj_id2name(model, kind, i) or "" for i in range(count))

    kinds = mujoco.mjtObj
    flags = model.opt.enableflags
    return Model(
        nq=model.nq,
        nv=model.nv,
        na=model.na,
        nu=model.nu,
        nactuator=model.nactuator,
        nout=model.nout,
        nbody=model.nbody,
        njnt=model.njnt,
        ngeom=model.ngeom,
        nsite=model.nsite,
        ntendon=model.ntendon,
        neq=model.neq,
        nmocap=model.nmocap,
        nuserdata=model.nuserdata,
        nhistory=model.nhistory,
        npluginstate=model.npluginstate,
        nsensor=model.nsensor,
        nsensordata=model.nsensordata,
        nkey=model.nkey,
        state_size=mujoco.mj_stateSize(model, _SIGNATURE),
        sleeps=bool(flags & mujoco.mjtEnableBit.mjENBL_SLEEP),
        stale_energy=bool(flags & mujoco.mjtEnableBit.mjENBL_ENERGY)
        and int(mujoco.mjtSensor.mjSENS_E_KINETIC) in model.sensor_type,
        timestep=model.opt.timestep,
        **{name: getattr(model, name).copy() for name in ARRAYS},
        body_names=names(kinds.mjOBJ_BODY, model.nbody),
        joint_names=names(kinds.mjOBJ_JOINT, model.njnt),
        geom_names=names(kinds.mjOBJ_GEOM, model.ngeom),
        site_names=names(kinds.mjOBJ_SITE, model.nsite),
        tendon_names=names(kinds.mjOBJ_TENDON, model.ntendon),
        actuator_names=names(kinds.mjOBJ_ACTUATOR, model.nactuator),
        sensor_names=names(kinds.mjOBJ_SENSOR, model.nsensor),
        key_names=names(kinds.mjOBJ_KEY, model.nkey),
    )
