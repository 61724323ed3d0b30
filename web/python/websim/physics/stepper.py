"""The loops over a batch's environments in C (native-build/stepper.c), for `NativePhysics`.

A thread that is in one does without Python's lock, so that threads do not wait for each other.
"""

import ctypes
import re
from collections.abc import Sequence
from copy import copy
from enum import IntEnum
from functools import cache
from operator import attrgetter
from pathlib import Path
from typing import Any

import mujoco
import numpy as np
from numpy.typing import NDArray

from websim.errors import MissingLibrary
from websim.physics import FloatArray, IndexArray

LIBRARY = "stepper-*.so"
"""Beside this file; built by `websim assets`. dlopen cares about its path alone, so that it has
this name everywhere."""

_BAD_STATE = (
    mujoco.mjtWarning.mjWARN_BADQPOS,
    mujoco.mjtWarning.mjWARN_BADQVEL,
    mujoco.mjtWarning.mjWARN_BADQACC,
)

NUMBERS = ("opt.density", "opt.viscosity", "stat.meaninertia")
"""Single numbers of MjModel, of which C says where they are."""

_MUJOCO = re.compile(r"(lib)?mujoco\.(so|dll|.*dylib)")
"""The library in MuJoCo's package: libmujoco.so.3.14.0, libmujoco.3.14.0.dylib or mujoco.dll."""


class _Functions(ctypes.Structure):
    _fields_ = (
        ("set_state", ctypes.c_void_p),
        ("get_state", ctypes.c_void_p),
        ("reset_data", ctypes.c_void_p),
        ("forward", ctypes.c_void_p),
        ("step", ctypes.c_void_p),
        ("post_constraint", ctypes.c_void_p),
        ("set_const", ctypes.c_void_p),
        ("kinematics", ctypes.c_void_p),
        ("com_pos", ctypes.c_void_p),
        ("com_vel", ctypes.c_void_p),
        ("fwd_position", ctypes.c_void_p),
        ("jac", ctypes.c_void_p),
        ("solve_m", ctypes.c_void_p),
        ("apply_perturb_force", ctypes.c_void_p),
    )


class _Field(ctypes.Structure):
    _fields_ = (
        ("data", ctypes.c_void_p),
        ("batch", ctypes.c_void_p),
        ("size", ctypes.c_size_t),
    )


class _Element(ctypes.Structure):
    _fields_ = (
        ("batch", ctypes.c_void_p),
        ("size", ctypes.c_size_t),
    )


class _Parameter(ctypes.Structure):
    _fields_ = (
        ("model", ctypes.c_void_p),
        ("batch", ctypes.c_void_p),
        ("size", ctypes.c_size_t),
    )


class _Lane(ctypes.Structure):
    _fields_ = (
        ("model", ctypes.c_void_p),
        ("parameters", ctypes.POINTER(_Parameter)),
        ("num_parameters", ctypes.c_size_t),
        ("data", ctypes.c_void_p),
        ("state", ctypes.c_void_p),
        ("warnings", ctypes.c_void_p * 3),
        ("fields", ctypes.POINTER(_Field)),
        ("num_fields", ctypes.c_size_t),
        ("error", ctypes.c_char * 2048),
    )


class _Batch(ctypes.Structure):
    _fields_ = (
        ("mujoco", _Functions),
        ("elements", ctypes.POINTER(_Element)),
        ("num_elements", ctypes.c_size_t),
        ("signature", ctypes.c_int),
        ("bad", ctypes.c_void_p),
        ("pulls", ctypes.c_void_p),
    )


class Kind(IntEnum):
    """What is done with environments.

    `nstep` steps, mj_forward, a reset to qpos and qvel, mj_setConst, or `Physics.grasp`.
    """

    STEP = 0
    FORWARD = 1
    RESET = 2
    CONSTANTS = 3
    GRASP = 4


class _Job(ctypes.Structure):
    _fields_ = (
        ("kind", ctypes.c_int),
        ("nstep", ctypes.c_int),
        ("qpos", ctypes.c_void_p),
        ("qvel", ctypes.c_void_p),
        ("body", ctypes.c_int),
        ("point", ctypes.c_void_p),
        ("grasped", ctypes.c_void_p),
        ("indices", ctypes.c_void_p),
        ("count", ctypes.c_size_t),
        ("block", ctypes.c_size_t),
        ("next", ctypes.c_size_t),
    )


class Job:
    """Something to be done with some environments; threads take from it until nothing is left.

    Attributes:
        count: With how many environments k.
    """

    def __init__(
        self,
        kind: Kind,
        count: int,
        *,
        block: int = 1,
        nstep: int = 0,
        indices: IndexArray | None = None,
        qpos: FloatArray | None = None,
        qvel: FloatArray | None = None,
        body: int = 0,
        point: FloatArray | None = None,
        grasped: FloatArray | None = None,
    ) -> None:
        """All arrays are contiguous, indices exist: C checks nothing.

        Args:
            kind: What is to be done.
            count: With how many environments k.
            block: How many of them a thread takes at once.
            nstep: Physics steps (STEP).
            indices: [k], which ones; None: the first k.
            qpos: [k, nq] (RESET).
            qvel: [k, nv] (RESET).
            body: Which one (GRASP).
            point: [3] of it (GRASP).
            grasped: [k, 7], what is found (GRASP).
        """
        self.count = count
        self._keep = (qpos, qvel, point, grasped, indices)

        def address(array: NDArray[Any] | None) -> int | None:
            return None if array is None else array.ctypes.data

        self.in_c = _Job(
            kind=kind,
            nstep=nstep,
            qpos=address(qpos),
            qvel=address(qvel),
            body=body,
            point=address(point),
            grasped=address(grasped),
            indices=address(indices),
            count=count,
            block=block,
        )


@cache
def _load() -> tuple[ctypes.CDLL, ctypes.CDLL]:
    """MuJoCo, as its package has loaded it, and the C half of this file."""
    found = list(Path(__file__).parent.glob(LIBRARY))
    if not found:
        raise MissingLibrary(
            f"{Path(__file__).with_name(LIBRARY)} is missing: in a checkout `websim assets` builds "
            "it; an installed package has it."
        )
    library = ctypes.CDLL(str(found[0]))
    structures = (_Batch, _Job, _Lane)
    layout = (ctypes.c_size_t * len(structures)).in_dll(library, "layout")
    if list(layout) != [ctypes.sizeof(structure) for structure in structures]:
        raise MissingLibrary(
            f"{found[0]} was built from another source; `websim assets` builds it."
        )
    (path,) = (p for p in Path(mujoco.__file__).parent.iterdir() if _MUJOCO.match(p.name))
    engine = ctypes.CDLL(str(path))
    library.catch_errors.restype = None
    library.catch_errors(engine.mju_setLogHandler)
    library.run_job.argtypes = tuple(map(ctypes.POINTER, structures))
    return engine, library


def _address(model: mujoco.MjModel, name: str) -> int:
    """Where an array of doubles of MjModel lies, or one of the NUMBERS."""
    if name in NUMBERS:
        _, library = _load()
        offsets = (ctypes.c_size_t * len(NUMBERS)).in_dll(library, "numbers")
        return int(model._address + offsets[NUMBERS.index(name)])
    return int(attrgetter(name)(model).ctypes.data)


class Lane:
    """What one thread works with: an MjData of its own, and an MjModel if environments' differ."""

    def __init__(
        self,
        model: mujoco.MjModel,
        state_size: int,
        fields: Sequence[tuple[str, FloatArray]],
        parameters: Sequence[tuple[str, FloatArray]] = (),
    ) -> None:
        """Makes room for a state.

        Args:
            model: The model.
            state_size: Numbers that a state has.
            fields: To be copied out of MjData each time: names, and batches [n, ...].
            parameters: To be copied into MjModel each time: names, and batches [n, ...].
        """
        if parameters:
            model = copy(model)
        data = mujoco.MjData(model)
        inputs = [
            _Parameter(_address(model, name), batch.ctypes.data, batch[0].size)
            for name, batch in parameters
        ]
        state = np.zeros(state_size)
        # Views into MjData, which never move. Empty ones cost time only.
        pairs = [(getattr(data, name), batch) for name, batch in fields]
        in_c = [
            _Field(one.ctypes.data, batch.ctypes.data, one.size) for one, batch in pairs if one.size
        ]
        numbers = data.warning.number
        warnings = (numbers.ctypes.data + kind * numbers.strides[0] for kind in _BAD_STATE)
        self._keep = (model, data, state, pairs, parameters)
        self.in_c = _Lane(
            model=model._address,
            parameters=(_Parameter * len(inputs))(*inputs),
            num_parameters=len(inputs),
            data=data._address,
            state=state.ctypes.data,
            warnings=(ctypes.c_void_p * len(_BAD_STATE))(*warnings),
            fields=(_Field * len(in_c))(*in_c),
            num_fields=len(in_c),
        )


class Stepper:
    """A batch of environments of one model that threads work on together."""

    def __init__(
        self,
        state: Sequence[FloatArray],
        signature: int,
        bad: NDArray[np.bool_],
        pulls: FloatArray,
        *,
        post_constraint: bool,
    ) -> None:
        """Keeps the arrays' addresses: they must stay where they are.

        Args:
            state: The elements of a state in MuJoCo's order, each [n, ...].
            signature: Which elements these are (mjtState).
            bad: [n] bool, set to True where MuJoCo warns of a bad state.
            pulls: [n, PULL_SIZE], see `Physics`.
            post_constraint: Whether fields are read that mj_rnePostConstraint fills.

        Raises:
            MissingLibrary: the C half has not been built.
        """
        engine, self._library = _load()

        def address(name: str) -> int | None:
            return ctypes.cast(getattr(engine, name), ctypes.c_void_p).value

        elements = [_Element(a.ctypes.data, a[0].size) for a in state if a.size]
        self._keep = (state, bad, pulls)
        self._batch = _Batch(
            mujoco=_Functions(
                set_state=address("mj_setState"),
                get_state=address("mj_getState"),
                reset_data=address("mj_resetData"),
                forward=address("mj_forward"),
                step=address("mj_step"),
                post_constraint=address("mj_rnePostConstraint") if post_constraint else None,
                set_const=address("mj_setConst"),
                kinematics=address("mj_kinematics"),
                com_pos=address("mj_comPos"),
                com_vel=address("mj_comVel"),
                fwd_position=address("mj_fwdPosition"),
                jac=address("mj_jac"),
                solve_m=address("mj_solveM"),
                apply_perturb_force=address("mjv_applyPerturbForce"),
            ),
            elements=(_Element * len(elements))(*elements),
            num_elements=len(elements),
            signature=signature,
            bad=bad.ctypes.data,
            pulls=pulls.ctypes.data,
        )

    def run(self, job: Job, lane: Lane) -> None:
        """Does what the job still has to give.

        Raises:
            mujoco.FatalError: MuJoCo gave up.
        """
        if self._library.run_job(self._batch, job.in_c, lane.in_c):
            raise mujoco.FatalError(lane.in_c.error.decode(errors="replace"))
