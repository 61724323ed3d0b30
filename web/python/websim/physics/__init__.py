"""The seam between tasks and MuJoCo: one interface, a native and a WASM implementation.

Tasks see arrays with a leading environment axis and never MuJoCo itself, so the same task runs
in CPython and in the browser.
"""

import difflib
import math
import os
import platform
import sys
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Protocol, cast

import numpy as np
from numpy.typing import NDArray

from websim.errors import InvalidArgument, ModelError
from websim.mjcf import Source
from websim.physics.enums import Transmission
from websim.physics.heightfield import HeightField

FloatArray = NDArray[np.float64]
IndexArray = NDArray[np.intp]

STATE: dict[str, tuple[str | int, ...]] = {
    "time": (),
    "qpos": ("nq",),
    "qvel": ("nv",),
    "act": ("na",),
    "history": ("nhistory",),
    "qacc_warmstart": ("nv",),
    "ctrl": ("nu",),
    "qfrc_applied": ("nv",),
    "xfrc_applied": ("nbody", 6),
    "eq_active": ("neq",),
    "mocap_pos": ("nmocap", 3),
    "mocap_quat": ("nmocap", 4),
    "userdata": ("nuserdata",),
    "plugin_state": ("npluginstate",),
}
"""What tells one environment from another: swapped in and out of the one MjData. With shapes.

These are the elements of MuJoCo's own mjSTATE_INTEGRATION, in its order.
"""

FIELDS: dict[str, tuple[str | int, ...]] = {
    "xpos": ("nbody", 3),
    "xquat": ("nbody", 4),
    "xmat": ("nbody", 9),
    "xipos": ("nbody", 3),
    "ximat": ("nbody", 9),
    "subtree_com": ("nbody", 3),
    "geom_xpos": ("ngeom", 3),
    "geom_xmat": ("ngeom", 9),
    "site_xpos": ("nsite", 3),
    "site_xmat": ("nsite", 9),
    "cinert": ("nbody", 10),
    "cvel": ("nbody", 6),
    "cacc": ("nbody", 6),
    "cfrc_int": ("nbody", 6),
    "cfrc_ext": ("nbody", 6),
    "qacc": ("nv",),
    "qfrc_bias": ("nv",),
    "qfrc_passive": ("nv",),
    "qfrc_actuator": ("nv",),
    "qfrc_constraint": ("nv",),
    "actuator_length": ("nout",),
    "actuator_velocity": ("nout",),
    "actuator_force": ("nout",),
    "ten_length": ("ntendon",),
    "ten_velocity": ("ntendon",),
    "sensordata": ("nsensordata",),
}
"""Arrays of MjData that a task may ask for, with their shapes per environment."""

MIN_TIMESTEP, MAX_TIMESTEP = 1e-6, 1.0
"""Seconds: what is shorter would never end, and what is longer is no simulation."""

POST_CONSTRAINT_FIELDS = frozenset({"cacc", "cfrc_int", "cfrc_ext"})
"""Fields that MuJoCo fills only in mj_rnePostConstraint."""


PULL_SIZE = 11
"""Numbers of a pull: the body; the mass that there is to move, 0 where nobody pulls; the point of
the body [3], in its own frame; the place that it is pulled to [3]; where the point was when it was
taken hold of [3]."""

ARRAYS: dict[str, tuple[str | int, ...]] = {
    "qpos0": ("nq",),
    "body_mass": ("nbody",),
    "body_parentid": ("nbody",),
    "body_rootid": ("nbody",),
    "jnt_type": ("njnt",),
    "jnt_axis": ("njnt", 3),
    "jnt_pos": ("njnt", 3),
    "jnt_bodyid": ("njnt",),
    "jnt_qposadr": ("njnt",),
    "jnt_dofadr": ("njnt",),
    "jnt_limited": ("njnt",),
    "jnt_range": ("njnt", 2),
    "jnt_actfrclimited": ("njnt",),
    "jnt_actfrcrange": ("njnt", 2),
    "geom_type": ("ngeom",),
    "geom_aabb": ("ngeom", 6),
    "geom_bodyid": ("ngeom",),
    "geom_contype": ("ngeom",),
    "geom_conaffinity": ("ngeom",),
    "site_bodyid": ("nsite",),
    "key_qpos": ("nkey", "nq"),
    "key_qvel": ("nkey", "nv"),
    "key_act": ("nkey", "na"),
    "tendon_limited": ("ntendon",),
    "tendon_range": ("ntendon", 2),
    "actuator_ctrlrange": ("nu", 2),
    "actuator_forcelimited": ("nu",),
    "actuator_forcerange": ("nu", 2),
    "actuator_dyntype": ("nu",),
    "actuator_gaintype": ("nu",),
    "actuator_gainprm": ("nu", 10),
    "actuator_biastype": ("nu",),
    "actuator_biasprm": ("nu", 10),
    "actuator_gear": ("nu", 6),
    "actuator_trntype": ("nu",),
    "actuator_trnid": ("nu", 2),
    "actuator_ctrladr": ("nactuator",),
    "actuator_ctrlnum": ("nactuator",),
    "actuator_outadr": ("nactuator",),
    "actuator_outnum": ("nactuator",),
    "sensor_adr": ("nsensor",),
    "sensor_dim": ("nsensor",),
}
"""Arrays of MjModel that a Model has, with their shapes."""


@dataclass(frozen=True)
class Model:
    """What tasks need of an MjModel; equal in both homes.

    Sizes and arrays are named as in MjModel. Names are in id order, "" where MJCF gives none.

    Attributes:
        state_size: Numbers in MuJoCo's own state (mjSTATE_INTEGRATION).
        sleeps: Whether bodies that rest are left out until something wakes them.
        stale_energy: Whether a sensor shows the kinetic energy of the step before.
    """

    nq: int
    nv: int
    na: int
    nu: int
    nactuator: int
    nout: int
    nbody: int
    njnt: int
    ngeom: int
    nsite: int
    ntendon: int
    neq: int
    nmocap: int
    nuserdata: int
    nhistory: int
    npluginstate: int
    nsensor: int
    nsensordata: int
    nkey: int
    state_size: int
    sleeps: bool
    stale_energy: bool
    timestep: float
    qpos0: FloatArray
    body_mass: FloatArray
    body_parentid: NDArray[np.int32]
    body_rootid: NDArray[np.int32]
    jnt_type: NDArray[np.int32]
    jnt_axis: FloatArray
    jnt_pos: FloatArray
    jnt_bodyid: NDArray[np.int32]
    jnt_qposadr: NDArray[np.int32]
    jnt_dofadr: NDArray[np.int32]
    jnt_limited: NDArray[np.bool_]
    jnt_range: FloatArray
    jnt_actfrclimited: NDArray[np.bool_]
    jnt_actfrcrange: FloatArray
    geom_type: NDArray[np.int32]
    geom_aabb: FloatArray
    geom_bodyid: NDArray[np.int32]
    geom_contype: NDArray[np.int32]
    geom_conaffinity: NDArray[np.int32]
    site_bodyid: NDArray[np.int32]
    key_qpos: FloatArray
    key_qvel: FloatArray
    key_act: FloatArray
    tendon_limited: NDArray[np.bool_]
    tendon_range: FloatArray
    actuator_ctrlrange: FloatArray
    actuator_forcelimited: NDArray[np.bool_]
    actuator_forcerange: FloatArray
    actuator_dyntype: NDArray[np.int32]
    actuator_gaintype: NDArray[np.int32]
    actuator_gainprm: FloatArray
    actuator_biastype: NDArray[np.int32]
    actuator_biasprm: FloatArray
    actuator_gear: FloatArray
    actuator_trntype: NDArray[np.int32]
    actuator_trnid: NDArray[np.int32]
    actuator_ctrladr: NDArray[np.int32]
    actuator_ctrlnum: NDArray[np.int32]
    actuator_outadr: NDArray[np.int32]
    actuator_outnum: NDArray[np.int32]
    sensor_adr: NDArray[np.int32]
    sensor_dim: NDArray[np.int32]
    body_names: tuple[str, ...]
    joint_names: tuple[str, ...]
    geom_names: tuple[str, ...]
    site_names: tuple[str, ...]
    tendon_names: tuple[str, ...]
    actuator_names: tuple[str, ...]
    sensor_names: tuple[str, ...]
    key_names: tuple[str, ...]

    def body(self, name: str) -> int:
        """The id of a body; raises InvalidArgument where the model has no such name."""
        return self._find("body", self.body_names, name)

    def body_id(self, body: int | str) -> int:
        """The id of a body given by id or name; raises InvalidArgument for neither."""
        if isinstance(body, str):
            return self.body(body)
        if not 0 <= body < self.nbody:
            raise InvalidArgument(
                f"The model has no body {body}; ids go from 0 to {self.nbody - 1}."
            )
        return body

    def joint(self, name: str) -> int:
        """The id of a joint; raises InvalidArgument where the model has no such name."""
        return self._find("joint", self.joint_names, name)

    def geom(self, name: str) -> int:
        """The id of a geom; raises InvalidArgument where the model has no such name."""
        return self._find("geom", self.geom_names, name)

    def site(self, name: str) -> int:
        """The id of a site; raises InvalidArgument where the model has no such name."""
        return self._find("site", self.site_names, name)

    def tendon(self, name: str) -> int:
        """The id of a tendon; raises InvalidArgument where the model has no such name."""
        return self._find("tendon", self.tendon_names, name)

    def actuator(self, name: str) -> int:
        """The id of an actuator by its label; raises InvalidArgument where there is none."""
        return self._find("actuator", self.actuator_labels, name)

    @cached_property
    def actuator_labels(self) -> tuple[str, ...]:
        """What actuators are called, each otherwise: by their own names, or by what they move."""
        moved = {
            Transmission.JOINT: ("joint", self.joint_names),
            Transmission.JOINTINPARENT: ("joint", self.joint_names),
            Transmission.TENDON: ("tendon", self.tendon_names),
            Transmission.SITE: ("site", self.site_names),
            Transmission.BODY: ("body", self.body_names),
        }
        labels: list[str] = []
        for i, (own, kind, (target, _)) in enumerate(
            zip(self.actuator_names, self.actuator_trntype, self.actuator_trnid, strict=True)
        ):
            what, names = moved.get(cast(Transmission, int(kind)), ("actuator", ()))
            called = own or (names[target] or f"{what} {target}" if names else f"{what} {i}")
            label, number = called, 1
            while not own and label in (*self.actuator_names, *labels):
                number += 1
                label = f"{called} {number}"
            labels.append(label)
        return tuple(labels)

    def sensor(self, name: str) -> int:
        """The id of a sensor; raises InvalidArgument where the model has no such name."""
        return self._find("sensor", self.sensor_names, name)

    def shape(self, array: str) -> tuple[int, ...]:
        """The shape that an array of STATE or FIELDS has for one environment."""
        dimensions = STATE.get(array, FIELDS.get(array))
        if dimensions is None:
            raise InvalidArgument(
                f"Unknown field {array!r}: a task may ask for {', '.join(FIELDS)}."
            )
        return tuple(d if isinstance(d, int) else int(getattr(self, d)) for d in dimensions)

    def check(self) -> None:
        """Raises ModelError for a model that cannot be simulated in batches."""
        if not MIN_TIMESTEP <= self.timestep <= MAX_TIMESTEP:
            raise ModelError(
                f'<option timestep="{self.timestep:g}"/>: a step may last {MIN_TIMESTEP:g} to '
                f"{MAX_TIMESTEP:g} s."
            )
        self._check_state()

    def _check_state(self) -> None:
        """Raises ModelError where STATE is not all that tells one environment from another."""
        known = sum(math.prod(self.shape(name)) for name in STATE)
        if known != self.state_size:
            raise ModelError(
                f"MuJoCo's state of this model has {self.state_size} numbers, of which websim can "
                f"keep {known} for each environment ({', '.join(STATE)})."
            )
        for remembers, what, flag in (
            (self.sleeps, "lets bodies sleep", "sleep"),
            (self.stale_energy, "has an <e_kinetic/> sensor that is a step late", "energy"),
        ):
            if remembers:
                raise ModelError(
                    f'The model {what} (<flag {flag}="enable"/>). What MuJoCo remembers for that '
                    "is no part of its state, so that environments cannot be kept apart: take the "
                    "flag out."
                )

    @staticmethod
    def _find(kind: str, names: tuple[str, ...], name: str) -> int:
        if not name or name not in names:
            there = [*filter(None, names)]
            close = difflib.get_close_matches(name, there)
            listed = ", ".join(dict.fromkeys((*close, *there))) or "none with a name"
            raise InvalidArgument(f"The model has no {kind} named {name!r}; it has: {listed}.")
        return names.index(name)


class BatchData:
    """MjData with a leading environment axis: `data.qpos[i]` is qpos of environment i.

    Holds the arrays of STATE and the fields that were asked for. They are float64, C-contiguous,
    and stay where they are for as long as the object lives: both homes keep their addresses.
    """

    time: FloatArray
    qpos: FloatArray
    qvel: FloatArray
    act: FloatArray
    history: FloatArray
    qacc_warmstart: FloatArray
    ctrl: FloatArray
    qfrc_applied: FloatArray
    xfrc_applied: FloatArray
    eq_active: FloatArray
    mocap_pos: FloatArray
    mocap_quat: FloatArray
    userdata: FloatArray
    plugin_state: FloatArray

    def __init__(self, model: Model, num_envs: int, fields: Sequence[str]) -> None:
        """Allocates the arrays.

        Raises:
            InvalidArgument: a field that FIELDS does not have.
            ModelError: the model has a state besides STATE.
        """
        model.check()
        self._model, self._num_envs = model, num_envs
        self.fields: tuple[str, ...] = ()
        for name in STATE:
            setattr(self, name, np.zeros((num_envs, *model.shape(name))))
        self.add(fields)

    def add(self, fields: Sequence[str]) -> tuple[str, ...]:
        """Allocates more fields; returns those that were not there.

        Raises:
            InvalidArgument: a field that FIELDS does not have; nothing is allocated.
        """
        new = tuple(name for name in dict.fromkeys(fields) if name not in self.fields)
        arrays = {name: np.zeros((self._num_envs, *self._model.shape(name))) for name in new}
        for name, array in arrays.items():
            setattr(self, name, array)
        self.fields += new
        return new

    def __getattr__(self, name: str) -> FloatArray:
        # Only reached for what is not there; typed, so that tasks can be checked.
        raise AttributeError(f"no array {name!r} here: name it in the task's `fields`")

    @property
    def nbytes(self) -> int:
        """Bytes of all arrays together."""
        return sum(getattr(self, name).nbytes for name in (*STATE, *self.fields))

    def rows(self, indices: IndexArray) -> "Rows":
        """The same arrays for some environments only: what a task reads after a reset."""
        return Rows(self, indices)


class Rows(BatchData):
    """Some environments of a batch: each array is picked out (copied) when it is read."""

    def __init__(self, data: BatchData, indices: IndexArray) -> None:
        """Keeps `data` and the environments' indices [k]."""
        self._data = data
        self._indices = indices

    def __getattr__(self, name: str) -> FloatArray:
        array: FloatArray = getattr(self._data, name)
        return array[self._indices]


class Physics(Protocol):
    """Steps a batch of environments of one model; one MjModel, and one MjData a thread.

    Attributes:
        model: Sizes, names and constants.
        data: State and fields of all environments; `data.ctrl` is read by `step`.
        num_envs: Number of environments n.
        bad: [n] bool, True where the last `step` met a bad state (MuJoCo's warnings BADQPOS,
            BADQVEL, BADQACC). MuJoCo then has already put that environment back to qpos0.
        pulls: [n, PULL_SIZE], springs with dampers as MuJoCo's viewer has them
            (mjv_applyPerturbForce): in each physics step `xfrc_applied` of their body is what it
            was before `step`, and their force.
    """

    model: Model
    data: BatchData
    num_envs: int
    bad: NDArray[np.bool_]
    pulls: FloatArray

    @property
    def varied(self) -> Mapping[str, FloatArray]:
        """The fields of MjModel that differ by environment: [n, ...] each, to be read only."""

    def step(self, nstep: int) -> None:
        """Advances every environment by `nstep` physics steps under `data.ctrl`."""

    def reset(self, indices: IndexArray, qpos: FloatArray, qvel: FloatArray) -> None:
        """Puts environments `indices` [k] to qpos [k, nq] and qvel [k, nv], all else to rest."""

    def forward(self, indices: IndexArray) -> None:
        """Recomputes the fields of environments `indices` [k] after their state was written."""

    def publish(self, fields: Sequence[str]) -> None:
        """Keeps more fields from now on, computed of the states as they stand; all else stays.

        Raises:
            InvalidArgument: an unknown field; nothing is changed.
        """

    def grasp(self, indices: IndexArray, body: int, point: FloatArray) -> FloatArray:
        """What a hand has hold of that takes a body of environments `indices` [k] at a point [3].

        Args:
            indices: Environments.
            body: Its id.
            point: In the body's frame.

        Returns:
            [k, 7]: the mass there, as MuJoCo's viewer reckons it (mjv_initPerturb; 0: it cannot
            move), where the point is [3], and where the body's centre of mass is [3].
        """

    def vary(self, fields: Sequence[str]) -> None:
        """Lets fields of MjModel differ by environment; at first they are as in the model.

        Raises:
            InvalidArgument: a field that may not differ (`websim.physics.variation.VARIABLE` has
                those that may), or of which the model has none.
        """

    def set_model(self, indices: IndexArray, values: Mapping[str, FloatArray]) -> None:
        """Sets fields of the models of environments `indices` [k] to `values`, [k, ...] each.

        What MuJoCo computes of them beforehand (mj_setConst) is computed again. States stay as
        they are, and so does what `forward` would compute of them.

        Raises:
            InvalidArgument: a field that does not differ, or values that cannot be.
            ModelError: MuJoCo cannot use them. Nothing is changed.
        """

    def model_array(self, name: str) -> NDArray[Any]:
        """A copy of an array of MjModel as it was compiled, by its name there."""

    def close(self) -> None:
        """Frees MuJoCo's objects; may be called again. Any other later use raises."""


def compute(physics: Physics, fields: Collection[str]) -> None:
    """Computes fields of the states as they stand, and leaves all else as it is.

    MuJoCo leaves the others one physics step behind, and computes the solver's warm start anew.
    """
    data = physics.data
    others = [name for name in (*STATE, *data.fields) if name not in fields]
    kept = {name: getattr(data, name).copy() for name in others}
    physics.forward(np.arange(physics.num_envs))
    for name, array in kept.items():
        getattr(data, name)[...] = array


def usable_cores() -> int:
    """How many cores this process may use: OMP_NUM_THREADS at most, which Ray sets for actors."""
    cores = os.cpu_count() or 1
    if hasattr(os, "sched_getaffinity"):  # Linux
        cores = len(os.sched_getaffinity(0))
    wanted = os.environ.get("OMP_NUM_THREADS", "").partition(",")[0]
    return min(cores, max(1, int(wanted))) if wanted.isdecimal() else cores


def engine() -> str:
    """What computes here: the same engine gives the same numbers, bit by bit.

    Natively that takes a processor of the same kind too, for which compiled libraries choose other
    instructions.
    """
    if sys.platform == "emscripten":
        import websim_js

        return f"{websim_js.engine} in WebAssembly"
    from mujoco import __version__
    from numpy._core._multiarray_umath import (  # type: ignore[import-not-found]
        __cpu_features__,
    )

    has = [name for name in ("AVX2", "AVX512_SKX", "ASIMD", "SVE") if __cpu_features__.get(name)]
    return " ".join(["mujoco", __version__, platform.system(), platform.machine(), *has])


def make_physics(
    source: Source,
    num_envs: int,
    fields: Sequence[str],
    num_threads: int | None = None,
    floor: HeightField | None = None,
) -> Physics:
    """Compiles a model and makes the physics of the home that this runs in.

    Args:
        source: MJCF text, or the path of a file.
        num_envs: Number of environments.
        fields: Names from FIELDS to keep for every environment.
        num_threads: Threads that step the batch, at most; None takes one a core. A worker of the
            browser is one thread.
        floor: What stands in place of the model's planes.

    Raises:
        ModelError: MuJoCo cannot compile the model, or its environments cannot be kept apart.
        InvalidArgument: an unknown field.
    """
    if sys.platform == "emscripten":
        from websim.physics.wasm import WasmPhysics

        return WasmPhysics(source, num_envs, fields, floor)
    from websim.physics.native import NativePhysics

    return NativePhysics(source, num_envs, fields, num_threads, floor)
