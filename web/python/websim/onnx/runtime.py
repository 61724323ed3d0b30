"""What plays graphs of ONNX's: its own runtime, natively a package, in the browser WebAssembly."""

import sys
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from websim import plain
from websim.errors import ForeignPolicy, MissingLibrary
from websim.onnx.model import DTYPES, number_of

Arrays = dict[str, NDArray[Any]]


class Session(Protocol):
    """A graph that can be run."""

    def run(self, inputs: Mapping[str, NDArray[Any]], wanted: Sequence[str]) -> Arrays:
        """Outputs by name, of inputs by name; raises ForeignPolicy where it cannot be run."""


def session_of(data: bytes) -> Session:
    """Reads a graph.

    Args:
        data: An .onnx with all its weights in it.

    Raises:
        ForeignPolicy: the runtime refuses it, in whose words the message says why.
        MissingLibrary: the runtime is not there.
    """
    return _InTab(data) if sys.platform == "emscripten" else _Native(data)


class _Native:
    def __init__(self, data: bytes) -> None:
        try:
            import onnxruntime
        except ImportError:
            raise MissingLibrary(
                "The policy is a graph that ONNX Runtime plays, which is not installed: "
                "pip install 'mujoco-websim[onnx]'."
            ) from None
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1  # graphs of policies are small
        options.log_severity_level = 4
        try:
            self._session = onnxruntime.InferenceSession(
                data, options, providers=["CPUExecutionProvider"]
            )
        except Exception as error:  # of the runtime: it has many kinds, without a base
            raise _refused(error) from None

    def run(self, inputs: Mapping[str, NDArray[Any]], wanted: Sequence[str]) -> Arrays:
        try:
            found = self._session.run(wanted, dict(inputs))
        except Exception as error:  # likewise
            raise _refused(error) from None
        return dict(zip(wanted, found, strict=True))


class _InTab:
    """The Python half of `sim/worker/onnx.js`."""

    def __init__(self, data: bytes) -> None:
        import websim_js
        from pyodide.ffi import JsException, to_js

        runtime = websim_js.onnx()
        if runtime is None:
            raise MissingLibrary("The policy is a graph, and what plays those is not loaded.")
        try:
            self._session = runtime.session(to_js(memoryview(data)))
        except JsException as error:
            raise _refused(error) from None

    def run(self, inputs: Mapping[str, NDArray[Any]], wanted: Sequence[str]) -> Arrays:
        from pyodide.ffi import JsException, to_js

        given = [[name, _tensor(array)] for name, array in inputs.items()]
        try:
            found = self._session.run(to_js(given), to_js(list(wanted)))
        except JsException as error:
            raise _refused(error) from None
        return {
            name: np.frombuffer(data.to_bytes(), DTYPES[kind]).reshape(shape.to_py())
            for name, (kind, shape, data) in zip(wanted, found, strict=True)
        }

    def __del__(self) -> None:
        if hasattr(self, "_session"):
            self._session.close()


def _tensor(array: NDArray[Any]) -> list[Any]:
    """As it crosses to JavaScript."""
    data = np.ascontiguousarray(array).reshape(-1).view(np.uint8).data
    return [number_of(array.dtype), list(array.shape), data]


def _refused(error: Exception) -> ForeignPolicy:
    words = str(error).removeprefix("Error: ").strip()
    return ForeignPolicy(f"ONNX Runtime does not play the graph: {plain.brief(ValueError(words))}.")
