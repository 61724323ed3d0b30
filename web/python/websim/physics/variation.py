"""Fields of MjModel that differ by environment, and what follows from them.

Their rows are swapped like those of the state. What MuJoCo computes of them beforehand
(mj_setConst) and what its compiler computes of sizes differs as well: it is computed once when
values change, not in each step.
"""

import math
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from websim.errors import InvalidArgument, ModelError
from websim.physics import FloatArray, IndexArray
from websim.physics.bounds import BOUNDS, Bounds


@dataclass(frozen=True)
class Variable:
    """What is known of a field that may differ by environment.

    Attributes:
        least: No value may be below it.
        constants: Whether mj_setConst reads it.
        positive: Whether what is above 0 in the model must stay above it.
    """

    least: float = -math.inf
    constants: bool = False
    positive: bool = False


VARIABLE: dict[str, Variable] = {
    "opt.gravity": Variable(),
    "opt.wind": Variable(),
    "opt.density": Variable(0),
    "opt.viscosity": Variable(0),
    "body_pos": Variable(constants=True),
    "body_quat": Variable(constants=True),
    "body_mass": Variable(0, constants=True, positive=True),
    "body_inertia": Variable(0, constants=True, positive=True),
    "jnt_stiffness": Variable(0),
    "jnt_range": Variable(),
    "dof_damping": Variable(0),
    "dof_armature": Variable(0, constants=True),
    "dof_frictionloss": Variable(0),
    "geom_friction": Variable(0),
    "geom_solref": Variable(),
    "geom_solimp": Variable(),
    "geom_size": Variable(0, positive=True),
    "pair_friction": Variable(0),
    "tendon_range": Variable(),
    "tendon_stiffness": Variable(0),
    "tendon_damping": Variable(0),
    "tendon_frictionloss": Variable(0),
    "actuator_gainprm": Variable(constants=True),
    "actuator_biasprm": Variable(constants=True),
    "actuator_forcerange": Variable(),
    "actuator_gear": Variable(constants=True),
}
"""What may differ by environment: MuJoCo reads it in each step, and nothing else that its compiler
made of it, but for the bounds of geoms."""

CONSTANTS = (
    "body_subtreemass",
    "body_invweight0",
    "dof_invweight0",
    "dof_M0",
    "tendon_length0",
    "tendon_invweight0",
    "actuator_acc0",
    "actuator_length0",
    "eq_data",
    "flexedge_length0",
    "flexedge_invweight0",
    "flex_vertmetric",
    "efm0_L",
    "cam_pos0",
    "cam_poscom0",
    "cam_mat0",
    "stat.meaninertia",
)
"""What mj_setConst computes of VARIABLE and a step reads."""


class Variation(ABC):
    """The half of a `Physics` that lets environments' models differ."""

    num_envs: int
    _arrays: dict[str, FloatArray]  # [n, ...], swapped: fields, and what follows from them
    _fields: tuple[str, ...] = ()
    _bounds: Bounds | None = None

    @abstractmethod
    def model_array(self, name: str) -> NDArray[Any]:
        """See `Physics.model_array`."""

    @abstractmethod
    def _swap(self, names: Sequence[str]) -> None:
        """Swaps rows of these of `_arrays` from now on, too."""

    @abstractmethod
    def _set_constants(self, indices: IndexArray) -> None:
        """Calls mj_setConst for environments; raises ModelError where MuJoCo gives up."""

    @abstractmethod
    def _check_open(self) -> None:
        """Raises ClosedEnvironment after `close`."""

    @property
    def varied(self) -> Mapping[str, FloatArray]:
        """See `Physics.varied`."""
        views = {name: self._arrays[name].view() for name in self._fields}
        for view in views.values():
            view.flags.writeable = False
        return MappingProxyType(views)

    def vary(self, fields: Sequence[str]) -> None:
        """See `Physics.vary`."""
        self._check_open()
        new = [name for name in dict.fromkeys(fields) if name not in self._fields]
        for name in new:
            if name not in VARIABLE:
                raise InvalidArgument(
                    f"{name!r} cannot differ by environment; what can: {', '.join(VARIABLE)}."
                )
            if not self.model_array(name).size:
                raise InvalidArgument(f"{name!r} cannot differ: the model has none.")
        if "geom_size" in new:
            self._bounds = Bounds(self.model_array)
        self._fields += tuple(new)
        swapped = [*new, *(BOUNDS if "geom_size" in new else ())]
        if any(VARIABLE[name].constants for name in new):
            swapped += CONSTANTS
        arrays = {name: self.model_array(name) for name in swapped if name not in self._arrays}
        arrays = {name: array for name, array in arrays.items() if array.size}
        for name, array in arrays.items():
            self._arrays[name] = np.tile(array, (self.num_envs,) + (1,) * array.ndim)
        self._swap(list(arrays))

    def set_model(self, indices: IndexArray, values: Mapping[str, FloatArray]) -> None:
        """See `Physics.set_model`."""
        self._check_open()
        indices = self._checked(indices)
        rows = {name: self._rows(name, values[name], len(indices)) for name in values}
        if "geom_size" in rows and self._bounds:
            rows |= self._bounds(rows["geom_size"])
        constants = any(VARIABLE[name].constants for name in values)
        before = {name: array[indices] for name, array in self._arrays.items()}
        for name, array in rows.items():
            self._arrays[name][indices] = array
        if not constants or not len(indices):
            return
        try:
            self._set_constants(indices)
        except ModelError:
            for name, array in before.items():
                self._arrays[name][indices] = array
            raise

    def _checked(self, indices: IndexArray) -> IndexArray:
        """The indices of environments, contiguous; raises InvalidArgument."""
        result = np.ascontiguousarray(indices, dtype=np.intp)
        if result.size and not 0 <= result.min() <= result.max() < self.num_envs:
            raise InvalidArgument(
                f"Indices of environments go from 0 to {self.num_envs - 1}, not {result.tolist()}."
            )
        return result

    def _rows(self, name: str, values: FloatArray, count: int) -> FloatArray:
        """Values [k, ...] of a field if they are allowed."""
        if name not in self._fields:
            names = ", ".join(self._fields) or "none"
            raise InvalidArgument(f"{name!r} does not differ by environment; what does: {names}.")
        shape = (count, *self._arrays[name].shape[1:])
        rows = np.array(values, dtype=np.float64)
        if rows.shape != shape:
            raise InvalidArgument(f"{name} must have the shape {shape}, not {rows.shape}.")
        if not np.isfinite(rows).all():
            raise InvalidArgument(f"{name} must be finite.")
        kind = VARIABLE[name]
        if rows.min(initial=math.inf) < kind.least:
            raise InvalidArgument(f"{name} must be at least {kind.least:g}, not {rows.min():g}.")
        if kind.positive and ((rows == 0) & (self.model_array(name) > 0)).any():
            raise InvalidArgument(f"{name} must be above 0 where the model's is.")
        return rows
