"""Perceptrons in ONNX graphs, whatever program wrote them."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from websim.errors import ForeignPolicy, NoPerceptron
from websim.exchange.folding import (
    Activation,
    Clipping,
    FloatArray,
    Found,
    Graph,
    Linear,
    Scaling,
    Step,
)
from websim.onnx.model import Model, Node, Slot, constant_of, data_inputs, loads, outline

ACTIVATIONS = {"Tanh": "tanh", "Relu": "relu", "Elu": "elu", "Swish": "silu"}

UNCHANGED = {"Identity", "Cast", "Flatten", "Dropout", "Squeeze", "Unsqueeze", "Reshape"}
"""What leaves a batch of vectors as it is, in graphs of policies."""

READ = [
    *("Gemm", "MatMul", "Add", "Sub", "Mul", "Div", "Sqrt", "Neg", "Clip", "Min", "Max"),
    *(*ACTIVATIONS, "Sigmoid (in SiLU)", "BatchNormalization", "Transpose", "Constant"),
    *sorted(UNCHANGED),
]

_MAX_NODES = 10_000


def read(data: bytes, output: str | None = None) -> Found:
    """What a file holds: the perceptron, if it is one, and the graph; arguments as of `steps_of`.

    Raises:
        ForeignPolicy: it is no ONNX, or only a part of it, or has no such output.
    """
    outline(data)
    graph = Graph(data, output or "")
    try:
        return Found(steps_of(loads(data), output), graph=graph)
    except NoPerceptron as problem:
        graph.problem = str(problem)
        return Found([], graph=graph)


def steps_of(model: Model, output: str | None = None) -> list[Step]:
    """What a graph does to observations, step by step.

    Args:
        model: The graph.
        output: Name of its output with the actions; None: one that is called so, or the first.

    Raises:
        ForeignPolicy: it is no perceptron, or has no such output.
    """
    inputs = data_inputs(model)
    if len(inputs) != 1:
        names = ", ".join(slot.name for slot in inputs)
        raise NoPerceptron(
            f"The policy takes {len(inputs)} inputs ({names:.200}), and ours observations alone: "
            "none that remembers, and none of pictures."
        )
    steps = _Reader(model, inputs[0].name).steps(_output(model, output))
    _check_whole(inputs[0], steps)
    return steps


def _check_whole(source: Slot, steps: Sequence[Step]) -> None:
    """Raises NoPerceptron where a layer sees a part of the numbers at a time, reshaped as rows."""
    size = math.prod(side for side in source.shape[1:] if isinstance(side, int))
    for step in steps:
        if isinstance(step, Linear):
            rows, columns = step.weight.shape
            if 0 < rows < size and size % rows == 0:
                raise NoPerceptron(
                    f"A layer of the graph takes {rows} of {size} numbers at a time: those of ours "
                    "take all."
                )
            size = columns


def _output(model: Model, wanted: str | None) -> str:
    names = [slot.name for slot in model.outputs]
    if wanted is not None:
        if wanted not in names:
            raise ForeignPolicy(
                f"The policy has no output {wanted!r:.99}; there are: {', '.join(names):.200}."
            )
        return wanted
    if not names:
        raise ForeignPolicy("The policy has no output.")
    for mark in ("action", "mean", "mu"):
        for name in names:
            if mark in name.lower():
                return name
    return names[0]


class _Reader:
    """Follows a graph from its output back to its input."""

    def __init__(self, model: Model, source: str) -> None:
        if len(model.nodes) > _MAX_NODES:
            raise NoPerceptron(f"The graph has {len(model.nodes):,} nodes: that is no perceptron.")
        self._source = source
        self._made_by = {name: node for node in model.nodes for name in node.outputs}
        self._constants = dict(model.constants)
        for node in model.nodes:  # in an order in which they can be computed
            self._compute(node)

    def steps(self, name: str) -> list[Step]:
        """From the input to this tensor."""
        steps: list[Step] = []
        for _ in range(_MAX_NODES):
            if name == self._source:
                return steps[::-1]
            node = self._made_by.get(name)
            if node is None:
                raise ForeignPolicy(f"Nothing in the graph makes {name!r:.99}.")
            inputs = [one for one in node.inputs if one and one not in self._constants]
            if node.op == "Mul" and len(inputs) == 2 and self._is_silu(inputs):
                name = min(inputs, key=lambda one: self._op(one) == "Sigmoid")
                steps.append(Activation("silu"))
                continue
            if len(inputs) != 1:
                raise self._unknown(node, f"it takes {len(inputs)} results of others at once")
            (name,) = inputs
            steps += [] if node.op in UNCHANGED else reversed(self._step(node, name))
        raise ForeignPolicy("The graph goes round in circles.")

    def _step(self, node: Node, before: str) -> list[Step]:
        """What a node does to the one input that is no constant."""
        op, attributes = node.op, node.attributes
        if op in ACTIVATIONS:
            if op == "Elu" and attributes.get("alpha", 1.0) != 1.0:
                raise self._unknown(node, "its alpha is not 1")
            return [Activation(ACTIVATIONS[op])]
        if op in ("Gemm", "MatMul"):
            return [self._linear(node, before)]
        if op == "Clip":
            low, high = (self._bound(node, i) for i in (1, 2))
            return [Clipping(low, high)]
        if op == "Neg":
            return [Scaling(np.array([-1.0]), np.zeros(1))]
        if op == "BatchNormalization":
            scale, shift, mean, var = (self._vector(node, i) for i in range(1, 5))
            factor = scale / np.sqrt(var + float(_number(attributes.get("epsilon", 1e-5))))
            return [Scaling(factor, shift - mean * factor)]
        if op in ("Add", "Sub", "Mul", "Div", "Min", "Max"):
            first = node.inputs[0] == before
            if len(node.inputs) != 2:
                raise self._unknown(node, f"it has {len(node.inputs)} inputs")
            return self._elementwise(node, self._vector(node, int(first)), first)
        raise self._unknown(node, "ours have nothing like it")

    def _elementwise(self, node: Node, value: FloatArray, first: bool) -> list[Step]:
        """Of the input and a constant; `first`: the input comes first."""
        one, nothing, endless = np.ones(1), np.zeros(1), np.full(1, np.inf)
        with np.errstate(all="ignore"):  # what is not finite is refused afterwards
            steps: dict[str, Step] = {
                "Add": Scaling(one, value),
                "Sub": Scaling(one, -value) if first else Scaling(-one, value),
                "Mul": Scaling(value, nothing),
                "Div": Scaling(1 / value, nothing),
                "Min": Clipping(-endless, value),
                "Max": Clipping(value, endless),
            }
        if node.op == "Div" and not first:
            raise self._unknown(node, "it divides by what comes in")
        return [steps[node.op]]

    def _linear(self, node: Node, before: str) -> Linear:
        if node.inputs[0] != before:
            raise self._unknown(node, "what comes in is on its right side")
        weight = self._constant(node, 1)
        if weight.ndim != 2:
            raise self._unknown(node, f"its weights have {weight.ndim} dimensions")
        bias = np.zeros(1)
        if node.op == "Gemm":
            if node.attributes.get("transA", 0):
                raise self._unknown(node, "it transposes what comes in")
            if node.attributes.get("transB", 0):
                weight = weight.T
            weight = weight * float(_number(node.attributes.get("alpha", 1.0)))
            if len(node.inputs) > 2 and node.inputs[2]:
                bias = self._vector(node, 2) * float(_number(node.attributes.get("beta", 1.0)))
        if bias.size not in (1, weight.shape[1]):
            raise self._unknown(node, "its bias does not fit its weights")
        return Linear(weight, np.broadcast_to(bias, weight.shape[1]).copy())

    def _bound(self, node: Node, place: int) -> FloatArray:
        """Of a Clip, as an input or (before opset 11) an attribute; endless where there is none."""
        endless = np.full(1, -np.inf if place == 1 else np.inf)
        if len(node.inputs) > place and node.inputs[place]:
            return self._vector(node, place)
        given = node.attributes.get("min" if place == 1 else "max")
        return endless if given is None else np.array([float(_number(given))])

    def _vector(self, node: Node, place: int) -> FloatArray:
        """A constant input as numbers [size] or [1], if it is the same for each of a batch."""
        array = self._constant(node, place)
        if array.ndim > 1 and array.size != array.shape[-1]:
            raise self._unknown(node, f"its constant has the shape {array.shape}")
        return array.reshape(-1)

    def _constant(self, node: Node, place: int) -> FloatArray:
        name = node.inputs[place] if place < len(node.inputs) else ""
        if name not in self._constants:
            raise self._unknown(node, "it lacks an input")
        array = self._constants[name]
        if array.size == 0:
            raise self._unknown(node, "its constant is empty")
        return array.astype(np.float64)

    def _compute(self, node: Node) -> None:
        """Computes what follows from constants alone, as far as graphs of policies have it."""
        found = constant_of(node)
        if found is None:
            known = [self._constants[name] for name in node.inputs if name in self._constants]
            if not known or len(known) < len([name for name in node.inputs if name]):
                return
            found = _computed(node, known)
        if found is not None and node.outputs:
            self._constants[node.outputs[0]] = found

    def _op(self, name: str) -> str:
        node = self._made_by.get(name)
        return "" if node is None else node.op

    def _is_silu(self, names: list[str]) -> bool:
        one, other = names
        return any(
            self._op(gate) == "Sigmoid" and self._made_by[gate].inputs == [value]
            for gate, value in ((one, other), (other, one))
        )

    def _unknown(self, node: Node, why: str) -> NoPerceptron:
        return NoPerceptron(
            f"The operator {node.op!r:.99} cannot become a part of our perceptrons: {why}. "
            f"Read are {', '.join(READ)}."
        )


def _computed(node: Node, values: list[NDArray[Any]]) -> NDArray[Any] | None:
    """What a node makes of constants; None where it is not known."""
    first = values[0]
    with np.errstate(all="ignore"):
        if node.op in ("Identity", "Cast"):
            return first
        if node.op == "Transpose" and first.ndim == 2:
            return first.T
        if node.op == "Sqrt":
            return np.sqrt(first.astype(np.float64))
        if node.op in ("Add", "Sub", "Mul", "Div") and len(values) == 2:
            one, other = (value.astype(np.float64) for value in values)
            if one.size != 1 and other.size != 1 and one.shape != other.shape:
                return None
            by = {"Add": np.add, "Sub": np.subtract, "Mul": np.multiply, "Div": np.divide}
            result: NDArray[Any] = by[node.op](one, other)
            return result
        return None


def _number(value: Any) -> float:
    if not isinstance(value, int | float):
        raise ForeignPolicy(f"An attribute of the graph must be a number, not {value!r:.99}.")
    return value
