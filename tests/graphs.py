"""Graphs of ONNX's that are no perceptrons, made by its own package."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray

Shape = list[int | str]


def op(name: str, *inputs: str, to: Sequence[str] | str, **attributes: Any) -> onnx.NodeProto:
    outputs = [to] if isinstance(to, str) else list(to)
    return onnx.helper.make_node(name, list(inputs), outputs, **attributes)


def graph(
    nodes: Sequence[onnx.NodeProto],
    inputs: Mapping[str, Shape],
    outputs: Mapping[str, Shape],
    constants: Mapping[str, NDArray[Any]],
) -> bytes:
    def slots(shapes: Mapping[str, Shape]) -> list[Any]:
        kind = onnx.TensorProto.FLOAT
        return [onnx.helper.make_tensor_value_info(name, kind, s) for name, s in shapes.items()]

    def stored(array: NDArray[Any]) -> NDArray[Any]:
        return array.astype(np.float32) if array.dtype.kind == "f" else array

    made = onnx.helper.make_graph(
        list(nodes),
        "policy",
        slots(inputs),
        slots(outputs),
        [onnx.numpy_helper.from_array(stored(a), name) for name, a in constants.items()],
    )
    opset = onnx.helper.make_opsetid("", 17)
    model = onnx.helper.make_model(made, opset_imports=[opset], ir_version=8)
    onnx.checker.check_model(model)
    return bytes(model.SerializeToString())


def weights(*shape: int) -> NDArray[np.float64]:
    return 0.5 * np.random.default_rng(shape).standard_normal(shape)


def convolution(observations: int, actions: int, batch: int | str = "batch") -> bytes:
    """Over the numbers of an observation as over a picture's."""
    return graph(
        [
            op("Unsqueeze", "obs", "one", to="picture"),
            op("Conv", "picture", "kernel", to="seen", pads=[1, 1]),
            op("LeakyRelu", "seen", to="lit"),
            op("Flatten", "lit", to="flat"),
            op("Gemm", "flat", "weight", to="action"),
        ],
        {"obs": [batch, observations]},
        {"action": [batch, actions]},
        {
            "one": np.array([1]),
            "kernel": weights(4, 1, 3),
            "weight": weights(4 * observations, actions),
        },
    )


def attention(observations: int, actions: int) -> bytes:
    """Each number of an observation is a token, and all heed all."""
    size = 8
    return graph(
        [
            op("Unsqueeze", "obs", "two", to="column"),
            op("MatMul", "column", "embedding", to="words"),
            op("Add", "words", "places", to="tokens"),
            *(op("MatMul", "tokens", name, to=f"{name}s") for name in ("query", "key", "value")),
            op("Transpose", "keys", to="keys_t", perm=[0, 2, 1]),
            op("MatMul", "querys", "keys_t", to="scores"),
            op("Softmax", "scores", to="heed", axis=-1),
            op("MatMul", "heed", "values", to="heard"),
            op("ReduceMean", "heard", to="mean", axes=[1], keepdims=0),
            op("Gemm", "mean", "weight", to="mu"),
            op("Tanh", "mean", to="estimate"),
        ],
        {"obs": ["n", observations]},
        {"estimate": ["n", size], "mu": ["n", actions]},
        {
            "two": np.array([2]),
            "embedding": weights(1, size),
            "places": weights(observations, size),
            "query": weights(size, size),
            "key": weights(size, size)[::-1],
            "value": weights(size, size)[:, ::-1],
            "weight": weights(size, actions),
        },
    )


def recurrent(observations: int, actions: int, batch: int | str = "batch") -> bytes:
    """An LSTM, as torch exports one that takes a step at a time."""
    size = 16
    state: Shape = [1, batch, size]
    return graph(
        [
            op("Unsqueeze", "obs", "zero", to="steps"),
            op(
                "LSTM",
                *("steps", "w", "r", "", "", "h0", "c0"),
                to=["seen", "hn", "cn"],
                hidden_size=size,
            ),
            op("Squeeze", "hn", "zero", to="last"),
            op("Gemm", "last", "weight", to="actions"),
        ],
        {"obs": [batch, observations], "h0": state, "c0": state},
        {"actions": [batch, actions], "hn": state, "cn": state},
        {
            "zero": np.array([0]),
            "w": weights(1, 4 * size, observations),
            "r": weights(1, 4 * size, size),
            "weight": weights(size, actions),
        },
    )
