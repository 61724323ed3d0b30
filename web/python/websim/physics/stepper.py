"""The loop over a batch's environments in C (native-build/stepper.c), for `NativePhysics`.

A thread that is in it does without Python's lock, so that threads do not wait for each other.
"""

import ctypes
import re
from collections.abc import Sequence
from functools import cache
from pathlib import Path

import mujoco
import numpy as np
from numpy.typing import NDArray

from websim.errors import MissingLibrary
from websim.physics import FloatArray

LIBRARY = "stepper-*.so"
"""Beside this file; built by `websim assets`. dlopen cares about its path alone, so that it has
this name everywhere."""

_BAD_STATE = (
    mujoco.mjtWarning.mjWARN_BADQPOS,
    mujoco.mjtWarning.mjWARN_BADQVEL,
    mujoco.mjtWarning.mjWARN_BADQACC,
)


_MUJOCO = re.compile(r"(lib)?mujoco\.(so|dll|.*dylib)")
"""The library in MuJoCo's package: libmujoco.so.3.14.0, libmujoco.3.14.0.dylib or mujoco.dll."""


class _Functions(ctypes.Structure):
    _fields_ = (
        ("set_state", ctypes.c_void_p),
        ("get_state", ctypes.c_void_p),
        ("step", ctypes.c_void_p),
        ("post_constraint", ctypes.c_void_p),
    )


class _Field(ctypes.Structure):
    _fields_ = (
        ("data", ctypes.c_void_p),
        ("batch", ctypes.c_void_p),
        ("size", ctypes.c_size_t),
    )


class _Lane(ctypes.Structure):
    _fields_ = (
        ("data", ctypes.c_void_p),
        ("warnings", ctypes.c_void_p * 3),
        ("fields", ctypes.POINTER(_Field)),
        ("num_fields", ctypes.c_size_t),
        ("error", ctypes.c_char * 2048),
    )


class _Batch(ctypes.Structure):
    _fields_ = (
        ("mujoco", _Functions),
        ("model", ctypes.c_void_p),
        ("states", ctypes.c_void_p),
        ("state_size", ctypes.c_size_t),
        ("signature", ctypes.c_int),
        ("bad", ctypes.c_void_p),
        ("num_envs", ctypes.c_size_t),
        ("next", ctypes.c_size_t),
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
    (path,) = (p for p in Path(mujoco.__file__).parent.iterdir() if _MUJOCO.match(p.name))
    engine = ctypes.CDLL(str(path))
    library.catch_errors.restype = None
    library.catch_errors(engine.mju_setLogHandler)
    library.step_batch.argtypes = (
        ctypes.POINTER(_Batch),
        ctypes.POINTER(_Lane),
        ctypes.c_int,
        ctypes.c_size_t,
    )
    return engine, library


class Lane:
    """What one thread steps with.

    Attributes:
        data: An MjData of its own.
    """

    def __init__(self, model: mujoco.MjModel, fields: Sequence[tuple[str, FloatArray]]) -> None:
        """Takes the fields to copy out of MjData after each step: names, and batches [n, ...]."""
        self.data = mujoco.MjData(model)
        # Views into MjData, which never move. Empty ones cost time only.
        pairs = [(getattr(self.data, name), batch) for name, batch in fields]
        self._pairs = [(one, batch) for one, batch in pairs if one.size]
        self._fields = (_Field * len(self._pairs))(
            *(_Field(one.ctypes.data, batch.ctypes.data, one.size) for one, batch in self._pairs)
        )
        numbers = self.data.warning.number
        warnings = (numbers.ctypes.data + kind * numbers.strides[0] for kind in _BAD_STATE)
        self.in_c = _Lane(
            data=self.data._address,
            warnings=(ctypes.c_void_p * len(_BAD_STATE))(*warnings),
            fields=self._fields,
            num_fields=len(self._pairs),
        )

    def save_fields(self, i: int) -> None:
        """Copies the fields of MjData to environment i."""
        for one, batch in self._pairs:
            batch[i] = one


class Stepper:
    """A batch of environments of one model that threads step together."""

    def __init__(
        self,
        model: mujoco.MjModel,
        states: FloatArray,
        signature: int,
        bad: NDArray[np.bool_],
        *,
        post_constraint: bool,
    ) -> None:
        """Keeps the arrays' addresses: they must stay where they are.

        Args:
            model: The model.
            states: [n, size], mj_setState's of each environment, controls among them.
            signature: What is in a state (mjtState).
            bad: [n] bool, set to True where MuJoCo warns of a bad state.
            post_constraint: Whether fields are read that mj_rnePostConstraint fills.

        Raises:
            MissingLibrary: the C half has not been built.
        """
        engine, self._library = _load()

        def address(name: str) -> int | None:
            return ctypes.cast(getattr(engine, name), ctypes.c_void_p).value

        self._keep = (model, states, bad)
        self._batch = _Batch(
            mujoco=_Functions(
                set_state=address("mj_setState"),
                get_state=address("mj_getState"),
                step=address("mj_step"),
                post_constraint=address("mj_rnePostConstraint") if post_constraint else None,
            ),
            model=model._address,
            states=states.ctypes.data,
            state_size=states.shape[1],
            signature=signature,
            bad=bad.ctypes.data,
            num_envs=len(states),
        )

    def begin(self) -> None:
        """Gives all environments out anew; no thread may be stepping."""
        self._batch.next = 0

    def step(self, lane: Lane, nstep: int, block: int) -> None:
        """Steps environments by `nstep` steps, `block` at a time, until all have been given out.

        Raises:
            mujoco.FatalError: MuJoCo gave up.
        """
        if self._library.step_batch(self._batch, lane.in_c, nstep, block):
            raise mujoco.FatalError(lane.in_c.error.decode(errors="replace"))
