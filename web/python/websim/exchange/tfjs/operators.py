"""Graph models of TensorFlow.js as graphs of ONNX's: each operator of TensorFlow's as ONNX's."""

import base64
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from websim import plain
from websim.errors import ForeignPolicy
from websim.exchange.tfjs.bundle import Bundle
from websim.exchange.tfjs.drawing import Drawing, slot
from websim.onnx.model import Model, Slot

_END = 2**62
"""Beyond every tensor."""


@dataclass
class Operation:
    """A node of TensorFlow's.

    Attributes:
        drawing: Where it is drawn.
        name: Its own; what it gives is called so.
        op: What it does.
        inputs: Tensors that it takes.
        attributes: As TensorFlow.js writes them.
    """

    drawing: Drawing
    name: str
    op: str
    inputs: list[str]
    attributes: dict[str, Any]

    def add(self, op: str, inputs: list[str], /, **attributes: Any) -> None:
        """A node that gives what this one does."""
        self.drawing.add(op, inputs, self.name, **attributes)

    def known(self, place: int) -> NDArray[Any]:
        """An input that is always the same; raises ValueError where it is not."""
        array = self.drawing.known(self.inputs[place])
        if array is None:
            raise ValueError(f"input {place} is not always the same")
        return array

    def integers(self, place: int) -> list[int]:
        """Numbers of an input, likewise."""
        return [int(one) for one in self.known(place).ravel()]

    def flag(self, name: str) -> bool:
        """An attribute that is true or false."""
        return bool(self.attribute(name).get("b"))

    def number(self, name: str, default: float) -> float:
        """An attribute that is a number."""
        found = self.attribute(name)
        return float(found.get("f", found.get("i", default)))

    def whole(self, name: str, default: int = 0) -> int:
        """An attribute that is an integer."""
        return int(self.attribute(name).get("i", default))

    def text(self, name: str, default: str = "") -> str:
        """An attribute that is a text."""
        found = self.attribute(name)
        return _text(found["s"]) if "s" in found else default

    def list_of(self, name: str) -> list[int]:
        """An attribute that is a list of integers."""
        return [int(one) for one in self.attribute(name).get("list", {}).get("i", [])]

    @property
    def window(self) -> tuple[list[int], list[int]]:
        """Strides and dilations, of the dimensions of a picture."""
        if self.text("data_format", "NHWC") != "NHWC":
            raise ValueError("its channels come first")
        size = [1, 1, 1, 1]
        return (self.list_of("strides") or size)[1:-1], (self.list_of("dilations") or size)[1:-1]

    @property
    def padding(self) -> str | list[int]:
        """Of a convolution."""
        how = self.text("padding").lower()
        if how != "explicit":
            return how
        pads = np.array(self.list_of("explicit_paddings")).reshape(-1, 2)[1:-1]
        return [int(one) for one in pads.T.ravel()]

    def attribute(self, name: str) -> dict[str, Any]:
        """One as it is written; empty where there is none."""
        found = self.attributes.get(name) or {}
        if not isinstance(found, dict):
            raise ValueError(f"its {name} is no attribute")
        return found


def graph_of(bundle: Bundle) -> Model:
    """The graph of a graph model.

    Raises:
        ForeignPolicy: it cannot be read, or has operators that are not known.
    """
    drawing = Drawing()
    for name, array in bundle.weights.items():
        drawing.constant(array, name)
    listed = bundle.topology["node"]
    if not isinstance(listed, list) or not all(isinstance(node, dict) for node in listed):
        raise ForeignPolicy("The graph of TensorFlow.js has no nodes that could be read.")
    made, used = [], set()
    for node in _ordered(listed):
        name, op = str(node.get("name")), str(node.get("op"))
        inputs = _inputs(node)
        used |= {one.partition(":")[0] for one in inputs}
        if op == "Const":
            continue
        if op == "Placeholder":
            drawing.model.inputs.append(_placeholder(name, node))
            continue
        if op not in OPERATORS:
            raise ForeignPolicy(
                f"The operator {op!r:.99} of TensorFlow is not known. Known are "
                f"{', '.join(OPERATORS)}."
            )
        made.append(name)
        try:
            OPERATORS[op](Operation(drawing, name, op, inputs, node.get("attr") or {}))
        except (AttributeError, KeyError, IndexError, TypeError, ValueError) as error:
            raise ForeignPolicy(
                f"The operator {name!r:.99} ({op:.99}) of the graph cannot be read: "
                f"{plain.brief(error)}."
            ) from None
    drawing.model.outputs += [Slot(name, []) for name in made if name not in used]
    return drawing.model


def _inputs(node: dict[str, Any]) -> list[str]:
    """Names of what a node takes; its first output has the name of the node."""
    listed = node.get("input") or []
    if not isinstance(listed, list):
        raise ForeignPolicy("The graph of TensorFlow.js has inputs that are no list.")
    return [str(one).removesuffix(":0") for one in listed if not str(one).startswith("^")]


def _ordered(nodes: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """So that each comes after what it takes; raises ForeignPolicy where they go in circles."""
    made: set[str] = set()
    names = {str(node.get("name")) for node in nodes}
    found: list[dict[str, Any]] = []
    waiting = nodes
    while waiting:
        later = []
        for node in waiting:
            needed = {one.partition(":")[0] for one in _inputs(node)}
            if needed & names <= made:
                made.add(str(node.get("name")))
                found.append(node)
            else:
                later.append(node)
        if len(later) == len(waiting):
            raise ForeignPolicy("The graph goes round in circles.")
        waiting = later
    return found


def _placeholder(name: str, node: dict[str, Any]) -> Slot:
    try:
        shape = ((node.get("attr") or {}).get("shape") or {}).get("shape") or {}
        return slot(name, [int(one.get("size", -1)) for one in shape.get("dim") or []])
    except (AttributeError, TypeError, ValueError):
        raise ForeignPolicy(f"The input {name!r:.99} has no shape that could be read.") from None


def _text(value: Any) -> str:
    """Of a string of a graph, which is base64, or bytes as numbers."""
    return bytes(value).decode() if isinstance(value, list) else base64.b64decode(value).decode()


Draw = Callable[[Operation], None]


def _as(op: str, **attributes: Any) -> Draw:
    """An operator that ONNX has as well, with the same inputs."""
    return lambda one: one.add(op, one.inputs, **attributes)


def _matmul(one: Operation) -> None:
    flags = {"transA": int(one.flag("transpose_a")), "transB": int(one.flag("transpose_b"))}
    _fused(one, lambda to: one.drawing.add("Gemm", one.inputs[:2], to, **flags))


def _batch_matmul(one: Operation) -> None:
    """Of many matrices; as an Einsum where sides are transposed, as their rank is not known."""
    left, right = ("...ji" if one.flag("adj_x") else "...ij"), "...jk"
    if one.flag("adj_y"):
        right = "...kj"
    one.add("Einsum", one.inputs, equation=f"{left},{right}->...ik")


def _convolution(one: Operation) -> None:
    kernel = one.known(1)
    strides, dilations = one.window
    depthwise = "Depthwise" in one.op

    def draw(to: str) -> str:
        made = one.drawing.convolution(
            one.inputs[0], kernel, one.padding, strides, dilations, depthwise=depthwise
        )
        return one.drawing.add("Identity", [made], to)

    _fused(one, draw)


def _fused(one: Operation, draw: Callable[[str], str]) -> None:
    """What is drawn, and what is fused with it: a bias, an activation."""
    ops = [_text(op) for op in one.attribute("fused_ops").get("list", {}).get("s", [])]
    rest = one.inputs[2:]
    at = draw("" if ops else one.name)
    for i, op in enumerate(ops):
        to = one.name if i == len(ops) - 1 else ""
        if op == "BiasAdd":
            at = one.drawing.add("Add", [at, rest.pop(0)], to)
        elif op == "Prelu":
            at = one.drawing.add("PRelu", [at, rest.pop(0)], to)
        elif op == "LeakyRelu":
            alpha = one.number("leakyrelu_alpha", 0.2)
            at = one.drawing.add("LeakyRelu", [at], to, alpha=alpha)
        else:
            at = one.drawing.activation(op, at, to)


def _pooling(op: str) -> Draw:
    def draw(one: Operation) -> None:
        strides, _ = one.window
        size = one.list_of("ksize")[1:-1]
        padding = one.padding
        if isinstance(padding, list):
            raise ValueError("its padding is not known")
        made = one.drawing.pooling(op, one.inputs[0], size, strides, padding)
        one.add("Identity", [made])

    return draw


def _normalization(one: Operation) -> None:
    """FusedBatchNorm, of what no longer learns."""
    scale, shift, mean, var = (one.known(i).astype(float) for i in range(1, 5))
    factor = scale / np.sqrt(var + one.number("epsilon", 1e-4))
    made = one.drawing.scaling(one.inputs[0], factor, shift - mean * factor)
    one.add("Identity", [made])


def _activation(one: Operation) -> None:
    one.drawing.activation(one.op, one.inputs[0], one.name)


def _leaky_relu(one: Operation) -> None:
    one.add("LeakyRelu", one.inputs, alpha=one.number("alpha", 0.2))


def _clip(one: Operation) -> None:
    one.add("Clip", one.inputs)


def _rsqrt(one: Operation) -> None:
    one.add("Reciprocal", [one.drawing.add("Sqrt", one.inputs)])


def _square(one: Operation) -> None:
    one.add("Mul", [one.inputs[0]] * 2)


def _squared_difference(one: Operation) -> None:
    apart = one.drawing.add("Sub", one.inputs)
    one.add("Mul", [apart, apart])


def _not_equal(one: Operation) -> None:
    one.add("Not", [one.drawing.add("Equal", one.inputs)])


def _log1p(one: Operation) -> None:
    one.add("Log", [one.drawing.add("Add", [one.inputs[0], one.drawing.constant(1.0)])])


def _expm1(one: Operation) -> None:
    one.add("Sub", [one.drawing.add("Exp", one.inputs), one.drawing.constant(1.0)])


def _reduced(op: str) -> Draw:
    def draw(one: Operation) -> None:
        axes, keep = one.integers(1), int(one.flag("keep_dims"))
        if not axes:
            one.add("Identity", one.inputs[:1])
        elif op == "ReduceSum":
            places = one.drawing.constant(np.array(axes))
            one.add(op, [one.inputs[0], places], keepdims=keep)
        else:
            one.add(op, one.inputs[:1], axes=axes, keepdims=keep)

    return draw


def _furthest(op: str) -> Draw:
    def draw(one: Operation) -> None:
        (axis,) = one.integers(1)
        one.add(op, one.inputs[:1], axis=axis, keepdims=0)

    return draw


def _softmax(op: str) -> Draw:
    return lambda one: one.add(op, one.inputs, axis=-1)


def _reshape(one: Operation) -> None:
    """A batch of any size stays one: TensorFlow says -1 for it, or computes it."""
    one.add("Reshape", one.inputs, allowzero=1)


def _expand(one: Operation) -> None:
    axes = one.drawing.constant(np.array(one.integers(1)))
    one.add("Unsqueeze", [one.inputs[0], axes])


def _squeeze(one: Operation) -> None:
    axes = one.list_of("squeeze_dims") or one.list_of("axis")
    places = [one.drawing.constant(np.array(axes))] if axes else []
    one.add("Squeeze", [one.inputs[0], *places])


def _transpose(one: Operation) -> None:
    one.add("Transpose", one.inputs[:1], perm=one.integers(1))


def _concat(one: Operation) -> None:
    (axis,) = one.integers(len(one.inputs) - 1)
    one.add("Concat", one.inputs[:-1], axis=axis)


def _pack(one: Operation) -> None:
    axis = one.whole("axis")
    places = one.drawing.constant(np.array([axis]))
    parts = [one.drawing.add("Unsqueeze", [name, places]) for name in one.inputs]
    one.add("Concat", parts, axis=axis)


def _outputs(one: Operation, count: int) -> list[str]:
    return [one.name, *(f"{one.name}:{i}" for i in range(1, count))]


def _split(one: Operation) -> None:
    (axis,) = one.integers(0)
    one.drawing.add("Split", one.inputs[1:], _outputs(one, one.whole("num_split", 1)), axis=axis)


def _split_by_sizes(one: Operation) -> None:
    sizes, (axis,) = one.integers(1), one.integers(2)
    given = [one.inputs[0], one.drawing.constant(np.array(sizes))]
    one.drawing.add("Split", given, _outputs(one, len(sizes)), axis=axis)


def _unpack(one: Operation) -> None:
    axis, names = one.whole("axis"), _outputs(one, one.whole("num", 1))
    for i, name in enumerate(names):
        place = one.drawing.constant(np.array(i))
        one.drawing.add("Gather", [one.inputs[0], place], name, axis=axis)


def _slice(one: Operation) -> None:
    begin, size = one.integers(1), one.integers(2)
    ends = [_END if n < 0 else first + n for first, n in zip(begin, size, strict=True)]
    _sliced(one, begin, ends, [1] * len(begin), one.name)


def _strided_slice(one: Operation) -> None:
    """By bits: which begin and end at the edge, and which dimensions go."""
    begin, end, stride = (one.integers(i) for i in (1, 2, 3))
    masks = {name: one.whole(f"{name}_mask") for name in ("begin", "end", "shrink_axis")}
    if one.whole("ellipsis_mask") or one.whole("new_axis_mask"):
        raise ValueError("an ellipsis or a new dimension in a slice is not known")
    gone = []
    for i, step in enumerate(stride):
        bit = 1 << i
        if masks["shrink_axis"] & bit:
            gone.append(i)
            end[i] = begin[i] + 1 if begin[i] != -1 else _END
            stride[i] = 1
            continue
        if masks["begin"] & bit:
            begin[i] = 0 if step > 0 else _END
        if masks["end"] & bit:
            end[i] = _END if step > 0 else -_END
    if not gone:
        _sliced(one, begin, end, stride, one.name)
        return
    kept = _sliced(one, begin, end, stride, "")
    one.add("Squeeze", [kept, one.drawing.constant(np.array(gone))])


def _sliced(one: Operation, begin: list[int], end: list[int], step: list[int], to: str) -> str:
    axes = [*range(len(begin))]
    places = [one.drawing.constant(np.array(values)) for values in (begin, end, axes, step)]
    return one.drawing.add("Slice", [one.inputs[0], *places], to)


def _padded(one: Operation) -> None:
    ends = one.drawing.constant(one.known(1).T.reshape(-1))
    one.add("Pad", [one.inputs[0], ends, *one.inputs[2:]])


def _mirrored(one: Operation) -> None:
    if one.text("mode").lower() != "reflect":
        raise ValueError("its mode is not REFLECT")
    ends = one.drawing.constant(one.known(1).T.reshape(-1))
    one.add("Pad", [one.inputs[0], ends], mode="reflect")


def _gather(one: Operation) -> None:
    (axis,) = one.integers(2) if len(one.inputs) > 2 else (0,)
    one.add("Gather", one.inputs[:2], axis=axis)


def _fill(one: Operation) -> None:
    one.add("Expand", [one.inputs[1], one.inputs[0]])


def _cumsum(one: Operation) -> None:
    flags = {name: int(one.flag(name)) for name in ("exclusive", "reverse")}
    one.add("CumSum", one.inputs, **flags)


def _floor_div(one: Operation) -> None:
    one.add("Floor", [one.drawing.add("Div", one.inputs)])


def _each(one: Operation) -> None:
    for name, to in zip(one.inputs, _outputs(one, len(one.inputs)), strict=True):
        one.drawing.add("Identity", [name], to)


def _cast(one: Operation) -> None:
    to = one.attribute("DstT").get("type")
    if to not in _TYPES:
        raise ValueError(f"numbers of the type {to} are not known")
    one.add("Cast", one.inputs, to=_TYPES[to])


_TYPES = {
    **dict.fromkeys(("DT_FLOAT", 1), 1),
    **dict.fromkeys(("DT_INT32", 3, "DT_INT64", 9), 7),
    **dict.fromkeys(("DT_BOOL", 10), 9),
}
"""ONNX's numbers of types, by TensorFlow's."""


def _einsum(one: Operation) -> None:
    one.add("Einsum", one.inputs, equation=one.text("equation"))


def _zeros(value: float) -> Draw:
    def draw(one: Operation) -> None:
        shape = one.drawing.add("Shape", one.inputs)
        one.add("Expand", [one.drawing.constant(value), shape])

    return draw


_SAME_NAMES = (
    *("Sub", "Mul", "Pow", "Tanh", "Exp", "Log", "Sqrt", "Neg", "Abs", "Sign", "Floor", "Ceil"),
    *("Sin", "Cos", "Tan", "Asin", "Acos", "Atan", "Sinh", "Cosh", "Asinh", "Acosh", "Atanh"),
    *("Erf", "Round", "Reciprocal", "Greater", "Less", "Equal", "Shape", "Tile", "Identity"),
    *("Softplus", "Selu", "Sigmoid", "Relu"),
)

OPERATORS: dict[str, Draw] = {
    **{name: _as(name) for name in _SAME_NAMES},
    **dict.fromkeys(("Add", "AddV2", "BiasAdd"), _as("Add")),
    **dict.fromkeys(("MatMul", "_FusedMatMul"), _matmul),
    **dict.fromkeys(("BatchMatMul", "BatchMatMulV2"), _batch_matmul),
    **dict.fromkeys(("Conv2D", "_FusedConv2D"), _convolution),
    **dict.fromkeys(("DepthwiseConv2dNative", "FusedDepthwiseConv2dNative"), _convolution),
    "MaxPool": _pooling("MaxPool"),
    "AvgPool": _pooling("AveragePool"),
    **dict.fromkeys(("FusedBatchNorm", "FusedBatchNormV2", "FusedBatchNormV3"), _normalization),
    "AddN": _as("Sum"),
    **dict.fromkeys(("RealDiv", "Div"), _as("Div")),
    "FloorDiv": _floor_div,
    "Maximum": _as("Max"),
    "Minimum": _as("Min"),
    "Elu": _activation,
    "Relu6": _activation,
    "LeakyRelu": _leaky_relu,
    "Prelu": _as("PRelu"),
    "ClipByValue": _clip,
    "Rsqrt": _rsqrt,
    "Square": _square,
    "SquaredDifference": _squared_difference,
    "Log1p": _log1p,
    "Expm1": _expm1,
    "GreaterEqual": _as("GreaterOrEqual"),
    "LessEqual": _as("LessOrEqual"),
    "NotEqual": _not_equal,
    "LogicalAnd": _as("And"),
    "LogicalOr": _as("Or"),
    "LogicalNot": _as("Not"),
    **dict.fromkeys(("Select", "SelectV2"), _as("Where")),
    "Softmax": _softmax("Softmax"),
    "LogSoftmax": _softmax("LogSoftmax"),
    "Mean": _reduced("ReduceMean"),
    "Sum": _reduced("ReduceSum"),
    "Max": _reduced("ReduceMax"),
    "Min": _reduced("ReduceMin"),
    "Prod": _reduced("ReduceProd"),
    "ArgMax": _furthest("ArgMax"),
    "ArgMin": _furthest("ArgMin"),
    "Reshape": _reshape,
    "ExpandDims": _expand,
    "Squeeze": _squeeze,
    "Transpose": _transpose,
    "ConcatV2": _concat,
    "Pack": _pack,
    "Unpack": _unpack,
    "Split": _split,
    "SplitV": _split_by_sizes,
    "Slice": _slice,
    "StridedSlice": _strided_slice,
    **dict.fromkeys(("Pad", "PadV2"), _padded),
    "MirrorPad": _mirrored,
    **dict.fromkeys(("Gather", "GatherV2"), _gather),
    "Fill": _fill,
    "BroadcastTo": _as("Expand"),
    "Cumsum": _cumsum,
    "Cast": _cast,
    "Einsum": _einsum,
    "ZerosLike": _zeros(0.0),
    "OnesLike": _zeros(1.0),
    **dict.fromkeys(("StopGradient", "Snapshot"), _as("Identity")),
    "IdentityN": _each,
}
"""What draws an operator, by TensorFlow's names."""
