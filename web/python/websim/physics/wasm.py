"""Physics on the MuJoCo WASM module, in a worker's Pyodide.

The loop over environments is JavaScript (`sim/worker/physics.js`): it copies rows between MuJoCo's
memory and the numpy arrays here, whose addresses it is told once. No Python runs per environment.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import websim_js  # what the worker lends to Python
from numpy.typing import NDArray

from websim.errors import ClosedEnvironment, ModelError
from websim.mjcf import Source
from websim.physics import (
    ARRAYS,
    PULL_SIZE,
    STATE,
    BatchData,
    FloatArray,
    IndexArray,
    Model,
    compute,
)
from websim.physics.heightfield import NAME, HeightField
from websim.physics.variation import Variation


class WasmPhysics(Variation):
    """The `Physics` of the browser.

    Attributes:
        batch: The JavaScript object that steps; the worker reads display poses from it.
    """

    def __init__(
        self,
        source: Source,
        num_envs: int,
        fields: Sequence[str],
        floor: HeightField | None = None,
    ) -> None:
        """See `websim.physics.make_physics`."""
        from pyodide.ffi import JsException

        try:
            self.batch: Any = websim_js.createPhysics(
                str(source), not isinstance(source, str), num_envs, _described(floor)
            )
        except JsException as error:
            raise ModelError(error.message) from error
        try:
            self.model = _describe(self.batch.describe().to_py())
            self.data = BatchData(self.model, num_envs, fields)
        except BaseException:
            self.batch.close()
            raise
        self.num_envs = num_envs
        self.bad: NDArray[np.bool_] = np.zeros(num_envs, dtype=np.bool_)
        self.pulls = np.zeros((num_envs, PULL_SIZE))
        self.batch.bind("bad", self.bad.ctypes.data)
        self.batch.bind("pulls", self.pulls.ctypes.data)
        self._bind((*STATE, *self.data.fields))
        self._arrays = {}
        self._closed = False

    def step(self, nstep: int) -> None:
        """See `Physics.step`."""
        self._check_open()
        self.batch.step(nstep)

    def reset(self, indices: IndexArray, qpos: FloatArray, qvel: FloatArray) -> None:
        """See `Physics.reset`."""
        self._check_open()
        self.batch.reset(
            np.ascontiguousarray(indices, dtype=np.int32),
            np.ascontiguousarray(qpos, dtype=np.float64).reshape(-1),
            np.ascontiguousarray(qvel, dtype=np.float64).reshape(-1),
        )

    def forward(self, indices: IndexArray) -> None:
        """See `Physics.forward`."""
        self._check_open()
        self.batch.forward(np.ascontiguousarray(indices, dtype=np.int32))

    def publish(self, fields: Sequence[str]) -> None:
        """See `Physics.publish`."""
        self._check_open()
        if new := self.data.add(fields):
            self._bind(new)
            compute(self, new)

    def _bind(self, names: Sequence[str]) -> None:
        for name in names:
            self.batch.bind(name, getattr(self.data, name).ctypes.data)

    def grasp(self, indices: IndexArray, body: int, point: FloatArray) -> FloatArray:
        """See `Physics.grasp`."""
        self._check_open()
        indices = self._checked(indices)
        found = self.batch.grasp(indices.astype(np.int32), body, [float(x) for x in point])
        return np.array(found.to_py()).reshape(len(indices), 7)

    def model_array(self, name: str) -> NDArray[Any]:
        """See `Physics.model_array`."""
        self._check_open()
        array = self.batch.modelArray(name)
        return np.array(array.values.to_py()).reshape(array.shape.to_py())

    def _swap(self, names: Sequence[str]) -> None:
        for name in names:
            self.batch.bindModel(name, self._arrays[name].ctypes.data)

    def _set_constants(self, indices: IndexArray) -> None:
        from pyodide.ffi import JsException

        try:
            self.batch.setConstants(indices.astype(np.int32))
        except JsException as error:
            raise ModelError(error.message) from error

    def close(self) -> None:
        """See `Physics.close`."""
        if not self._closed:
            self._closed = True
            self.batch.close()

    def _check_open(self) -> None:
        if self._closed:
            raise ClosedEnvironment("This physics is closed.")


def _described(floor: HeightField | None) -> dict[str, Any] | None:
    """A floor as plain data for JavaScript."""
    if floor is None:
        return None
    nrow, ncol = floor.data.shape
    return {
        "name": NAME,
        "nrow": nrow,
        "ncol": ncol,
        "size": floor.size,
        "lowest": floor.lowest,
        "data": floor.data.ravel(),
    }


def _describe(about: dict[str, Any]) -> Model:
    """Makes a Model of the plain data that JavaScript took from MjModel."""
    values: dict[str, Any] = {}
    for name, value in about.items():
        if name.endswith("_names"):
            values[name] = tuple(value)
        elif isinstance(value, int | float):
            values[name] = value
        else:
            values[name] = np.array(value)
    for name, shape in ARRAYS.items():
        rows, *columns = (values[size] if isinstance(size, str) else size for size in shape)
        values[name] = values[name].reshape(rows, *columns)
    return Model(**values)
