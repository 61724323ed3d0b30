"""Layers models of TensorFlow.js as graphs of ONNX's."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from websim.errors import ForeignPolicy
from websim.exchange.tfjs.bundle import Bundle
from websim.exchange.tfjs.drawing import BATCH, Drawing, slot
from websim.exchange.torch import Tensors
from websim.onnx.model import Model, Slot

UNCHANGED = {
    *("Dropout", "GaussianNoise", "GaussianDropout", "AlphaDropout", "SpatialDropout1D"),
    *("SpatialDropout2D", "ActivityRegularization", "ActivityRegularizer"),
}
"""Layers that leave what they get as it is when nothing is learnt."""


MODELS = ("Sequential", "Functional", "Model")
"""What may be a layer of another."""


@dataclass(frozen=True)
class Tensor:
    """What a layer gives: the name of it, and how many dimensions it has."""

    name: str
    rank: int


@dataclass
class Layer:
    """One that is drawn.

    Attributes:
        drawing: Where.
        config: What its `config` says.
        weights: By the last part of their names.
        inputs: What it takes.
    """

    drawing: Drawing
    config: dict[str, Any]
    weights: Tensors
    inputs: list[Tensor]

    @property
    def x(self) -> Tensor:
        """The one that it takes."""
        (one,) = self.inputs
        return one

    def bias(self, x: str, size: int, name: str = "bias") -> str:
        """Adds its bias, where it has one."""
        if not self.config.get("use_bias", True):
            return x
        return self.drawing.add(
            "Add", [x, self.drawing.constant(_shaped(self.weights, name, size))]
        )

    def activated(self, x: str) -> str:
        """Ends in its activation."""
        return self.drawing.activation(_name(self.config.get("activation") or "linear"), x)

    def sizes(self, name: str, count: int, default: int = 1) -> list[int]:
        """One number, or one for each dimension, as `count` of them."""
        found = self.config.get(name)
        found = default if found is None else found
        if not isinstance(found, list):
            return [int(found)] * count
        if len(found) != count:
            raise ValueError(f"{name} of {count} numbers")
        return [int(one) for one in found]

    def last_channels(self) -> None:
        """Raises ForeignPolicy where channels do not come last."""
        if _name(self.config.get("data_format") or "channels_last") not in (
            "channels_last",
            "channelsLast",
        ):
            raise ForeignPolicy("Its channels come first: TensorFlow.js plays such layers by GPU.")


def graph_of(bundle: Bundle) -> Model:
    """The graph of a layers model.

    Raises:
        ForeignPolicy: it cannot be read, or has layers that are not known.
    """
    config = bundle.topology.get("model_config", bundle.topology)
    drawing = Drawing()
    outputs = _Network(drawing, bundle.weights).draw(config, None)
    drawing.model.outputs += [Slot(one.name, []) for one in outputs]
    return drawing.model


class _Network:
    """Draws a model, and those that are layers of it."""

    def __init__(self, drawing: Drawing, weights: Tensors) -> None:
        self._drawing, self._weights = drawing, weights

    def draw(self, config: Any, given: list[Tensor] | None, depth: int = 0) -> list[Tensor]:
        """Outputs of a model; given: what it takes, where it is a layer of another."""
        kind = str(config.get("class_name")) if isinstance(config, dict) else ""
        inner = config.get("config") if isinstance(config, dict) else None
        layers = inner.get("layers") if isinstance(inner, dict) else inner
        if (
            depth > _MAX_DEPTH
            or not isinstance(layers, list)
            or not all(
                isinstance(layer, dict) and isinstance(layer.get("config"), dict)
                for layer in layers
            )
        ):
            raise ForeignPolicy("The model of TensorFlow.js has no layers that could be read.")
        if kind == "Sequential" or not isinstance(inner, dict) or "output_layers" not in inner:
            return self._chain(layers, given, depth)
        made: dict[tuple[str, int], list[Tensor]] = {}
        wanted = [str(one[0]) for one in _listed(inner.get("input_layers"))]
        for layer in layers:
            name = str(layer["config"].get("name"))
            if layer.get("class_name") == "InputLayer":
                one = given[wanted.index(name)] if given else self._input(layer["config"])
                made[name, 0] = [one]
                continue
            # A model's own nodes count where it is a layer of another.
            first = _first(name, layers, inner) if layer.get("class_name") in MODELS else 0
            for i, node in enumerate(_listed(layer.get("inbound_nodes")), first):
                inputs = [_one_of(made, one) for one in node]
                made[name, i] = self._layer(layer, inputs, depth)
        return [_one_of(made, one) for one in _listed(inner["output_layers"])]

    def _chain(
        self, layers: Sequence[dict[str, Any]], given: list[Tensor] | None, depth: int
    ) -> list[Tensor]:
        at, before = given, ""
        for layer in layers:
            inbound = [str(one[0]) for node in _listed(layer.get("inbound_nodes")) for one in node]
            if inbound not in ([], [before]):
                raise ForeignPolicy(f"A chain's layer takes {', '.join(inbound):.99}.")
            before = str(layer["config"].get("name"))
            if layer.get("class_name") == "InputLayer":
                at = at or [self._input(layer["config"])]
                continue
            at = self._layer(layer, at or [self._input(layer["config"])], depth)
        if not at:
            raise ForeignPolicy("The model has no layers.")
        return at

    def _input(self, config: dict[str, Any]) -> Tensor:
        shape = config.get("batch_input_shape") or config.get("batch_shape")
        if not isinstance(shape, list) or len(shape) < 2:
            raise ForeignPolicy("The model does not say what shape it takes.")
        name = f"observation{len(self._drawing.model.inputs) or ''}"
        self._drawing.model.inputs.append(slot(name, shape))
        return Tensor(name, len(shape))

    def _layer(self, layer: dict[str, Any], inputs: list[Tensor], depth: int) -> list[Tensor]:
        kind, config = str(layer.get("class_name")), layer["config"]
        name = str(config.get("name"))
        if kind in MODELS:
            return self.draw(layer, inputs, depth + 1)
        if kind in UNCHANGED:
            return inputs
        if kind not in LAYERS:
            raise ForeignPolicy(
                f"The layer {kind!r:.99} is not known. Known are "
                f"{', '.join([*LAYERS, *sorted(UNCHANGED)])}."
            )
        weights = {
            path.rpartition("/")[2]: array
            for path, array in self._weights.items()
            if name in path.split("/")[:-1]
        }
        try:
            made = LAYERS[kind](Layer(self._drawing, config, weights, inputs))
        except (KeyError, IndexError, TypeError, ValueError, AttributeError) as error:
            raise ForeignPolicy(
                f"The layer {name!r:.99} ({kind}) lacks {error}, or it is no such thing."
            ) from None
        return [made]


_MAX_DEPTH = 16


def _listed(value: Any) -> list[Any]:
    """Nodes or tensors of a functional model."""
    sound = value is None or (
        isinstance(value, list) and all(isinstance(one, list) and one for one in value)
    )
    if not sound:
        raise ForeignPolicy("The model's layers are joined in a way that is not known.")
    return value or []


def _first(name: str, layers: list[dict[str, Any]], config: dict[str, Any]) -> int:
    """The least number of a node of a layer that anything refers to."""
    nodes = [node for one in layers for node in _listed(one.get("inbound_nodes"))]
    references = [*(one for node in nodes for one in node), *_listed(config["output_layers"])]
    return min((int(one[1]) for one in references if one[0] == name), default=0)


def _one_of(made: dict[tuple[str, int], list[Tensor]], reference: Any) -> Tensor:
    """The tensor of a layer's name, and its numbers of node and tensor."""
    try:
        name, node, tensor = reference[:3]
        return made[str(name), int(node)][int(tensor)]
    except (KeyError, TypeError, ValueError, IndexError):
        raise ForeignPolicy(
            f"The model's layers are joined in a way that is not known: {reference!r:.99}."
        ) from None


def _name(value: Any) -> str:
    """Of an activation, which may be written as an object."""
    if isinstance(value, dict):
        value = value.get("class_name")
    return str(value)


def _shaped(weights: Tensors, name: str, *shape: int) -> NDArray[Any]:
    array = weights[name]
    if array.shape != shape:
        raise ValueError(f"{name} of the shape {shape}, which is {array.shape}")
    return array


def _dense(layer: Layer) -> Tensor:
    kernel = layer.weights["kernel"]
    if kernel.ndim != 2:
        raise ValueError("weights of two dimensions")
    made = layer.drawing.add("MatMul", [layer.x.name, layer.drawing.constant(kernel)])
    made = layer.bias(made, kernel.shape[1])
    return Tensor(layer.activated(made), layer.x.rank)


def _activation(layer: Layer) -> Tensor:
    return Tensor(layer.activated(layer.x.name), layer.x.rank)


def _relu(layer: Layer) -> Tensor:
    config, draw, x = layer.config, layer.drawing, layer.x.name
    slope, threshold = (float(config.get(name) or 0) for name in ("negative_slope", "threshold"))
    if slope or threshold:
        raise ForeignPolicy("A ReLU with a slope or a threshold is not known.")
    most = config.get("max_value")
    if most is None:
        return Tensor(draw.add("Relu", [x]), layer.x.rank)
    bounds = [draw.constant(0.0), draw.constant(float(most))]
    return Tensor(draw.add("Clip", [x, *bounds]), layer.x.rank)


def _simple(op: str, **defaults: tuple[str, float]) -> Callable[[Layer], Tensor]:
    """An operator whose attributes have other names in Keras, and defaults."""

    def drawn(layer: Layer) -> Tensor:
        attributes = {
            name: float(default if layer.config.get(theirs) is None else layer.config[theirs])
            for name, (theirs, default) in defaults.items()
        }
        return Tensor(layer.drawing.add(op, [layer.x.name], **attributes), layer.x.rank)

    return drawn


def _softmax(layer: Layer) -> Tensor:
    axis = int(layer.config.get("axis", -1))
    return Tensor(layer.drawing.add("Softmax", [layer.x.name], axis=axis), layer.x.rank)


def _prelu(layer: Layer) -> Tensor:
    slope = layer.drawing.constant(layer.weights["alpha"])
    return Tensor(layer.drawing.add("PRelu", [layer.x.name, slope]), layer.x.rank)


def _check_last(layer: Layer) -> None:
    """Raises ForeignPolicy where it is not the last dimension that is normalised."""
    axis = layer.config.get("axis", -1)
    (axis,) = axis if isinstance(axis, list) else [axis]
    if int(axis) not in (-1, layer.x.rank - 1):
        raise ForeignPolicy("What normalises another dimension than the last is not known.")


def _batch_normalization(layer: Layer) -> Tensor:
    _check_last(layer)
    weights = layer.weights
    mean, var = weights["moving_mean"].ravel(), weights["moving_variance"].ravel()
    with np.errstate(all="ignore"):  # what is not finite is refused afterwards
        factor = weights.get("gamma", np.ones(1)) / np.sqrt(var + float(layer.config["epsilon"]))
    shift = weights.get("beta", np.zeros(1)) - mean * factor
    return Tensor(layer.drawing.scaling(layer.x.name, factor, shift), layer.x.rank)


def _layer_normalization(layer: Layer) -> Tensor:
    _check_last(layer)
    weights, draw = layer.weights, layer.drawing
    size = next(iter(weights.values())).size
    scale, shift = weights.get("gamma", np.ones(size)), weights.get("beta", np.zeros(size))
    inputs = [layer.x.name, draw.constant(scale), draw.constant(shift)]
    epsilon = float(layer.config.get("epsilon", 1e-3))
    made = draw.add("LayerNormalization", inputs, axis=-1, epsilon=epsilon)
    return Tensor(made, layer.x.rank)


def _rescaling(layer: Layer) -> Tensor:
    scale, offset = (
        np.atleast_1d(np.asarray(layer.config.get(name, default), float))
        for name, default in (("scale", 1.0), ("offset", 0.0))
    )
    return Tensor(layer.drawing.scaling(layer.x.name, scale, offset), layer.x.rank)


def _convolution(size: int, kind: str = "") -> Callable[[Layer], Tensor]:
    def drawn(layer: Layer) -> Tensor:
        layer.last_channels()
        config, weights = layer.config, layer.weights
        how = (
            _name(config.get("padding") or "valid"),
            layer.sizes("strides", size),
            layer.sizes("dilation_rate", size),
        )
        name = {"": "kernel"}.get(kind, "depthwise_kernel")
        kernel = weights[name]
        if kernel.ndim != size + 2:
            raise ValueError(f"{name} of {size + 2} dimensions")
        made = layer.drawing.convolution(layer.x.name, kernel, *how, depthwise=kind != "")
        channels = kernel.shape[-1]
        if kind == "depthwise":
            channels *= kernel.shape[-2]
        elif kind == "separable":
            point = weights["pointwise_kernel"]
            channels = point.shape[-1]
            made = layer.drawing.convolution(made, point, "valid", [1] * size, [1] * size)
        return Tensor(layer.activated(layer.bias(made, channels)), size + 2)

    return drawn


def _pooling(op: str, size: int) -> Callable[[Layer], Tensor]:
    def drawn(layer: Layer) -> Tensor:
        layer.last_channels()
        over = layer.sizes("pool_size", size, 2)
        strides = over if layer.config.get("strides") is None else layer.sizes("strides", size)
        padding = _name(layer.config.get("padding") or "valid")
        return Tensor(layer.drawing.pooling(op, layer.x.name, over, strides, padding), size + 2)

    return drawn


def _global_pooling(op: str, size: int) -> Callable[[Layer], Tensor]:
    def drawn(layer: Layer) -> Tensor:
        layer.last_channels()
        axes = [*range(1, size + 1)]
        return Tensor(layer.drawing.add(op, [layer.x.name], axes=axes, keepdims=0), 2)

    return drawn


def _reshaped(layer: Layer, sizes: list[int]) -> Tensor:
    # 0: as many as there are, so that a batch stays one
    shape = layer.drawing.constant(np.array([0, *sizes]))
    return Tensor(layer.drawing.add("Reshape", [layer.x.name, shape]), len(sizes) + 1)


def _flatten(layer: Layer) -> Tensor:
    return _reshaped(layer, [-1])


def _reshape(layer: Layer) -> Tensor:
    return _reshaped(layer, [int(size) for size in layer.config["target_shape"]])


def _permute(layer: Layer) -> Tensor:
    perm = [0, *(int(one) for one in layer.config["dims"])]
    return Tensor(layer.drawing.add("Transpose", [layer.x.name], perm=perm), len(perm))


def _repeat(layer: Layer) -> Tensor:
    draw = layer.drawing
    column = draw.add("Unsqueeze", [layer.x.name, draw.constant(np.array([1]))])
    times = draw.constant(np.array([1, int(layer.config["n"]), 1]))
    return Tensor(draw.add("Tile", [column, times]), 3)


def _padded(size: int) -> Callable[[Layer], Tensor]:
    def drawn(layer: Layer) -> Tensor:
        layer.last_channels()
        draw, given = layer.drawing, layer.config["padding"]
        pairs = [given] if size == 1 else given
        if not isinstance(given, list):
            pairs = [given] * size
        pairs = [one if isinstance(one, list) else [one, one] for one in pairs]
        ends = np.array([[0, 0], *pairs, [0, 0]], np.int64)
        made = draw.add("Pad", [layer.x.name, draw.constant(ends.T.reshape(-1))])
        return Tensor(made, size + 2)

    return drawn


def _merged(op: str) -> Callable[[Layer], Tensor]:
    def drawn(layer: Layer) -> Tensor:
        names, rank = [one.name for one in layer.inputs], layer.inputs[0].rank
        made = names[0]
        if op in ("Sum", "Mean", "Max", "Min"):
            return Tensor(layer.drawing.add(op, names), rank)
        for other in names[1:]:
            made = layer.drawing.add(op, [made, other])
        return Tensor(made, rank)

    return drawn


def _concatenate(layer: Layer) -> Tensor:
    axis, rank = int(layer.config.get("axis", -1)), layer.inputs[0].rank
    names = [one.name for one in layer.inputs]
    return Tensor(layer.drawing.add("Concat", names, axis=axis), rank)


_GATES = {"LSTM": [0, 3, 1, 2], "GRU": [0, 1, 2], "RNN": [0]}
"""Where ONNX's gates are among Keras's: i, o, f, c of i, f, c, o; z, r, h; the only one."""

_RECURRENT = {
    "tanh": "Tanh",
    "sigmoid": "Sigmoid",
    "hardsigmoid": "HardSigmoid",
    "relu": "Relu",
    "softsign": "Softsign",
    "softplus": "Softplus",
}


def _recurrent(op: str) -> Callable[[Layer], Tensor]:
    """A layer that goes over the steps of a sequence; with `stateful` its state outlives it."""

    def drawn(layer: Layer) -> Tensor:
        draw, config, weights = layer.drawing, layer.config, layer.weights
        if config.get("go_backwards") or config.get("return_state"):
            raise ForeignPolicy("A layer that goes backwards or gives its state is not known.")
        size, gates = int(config["units"]), len(_GATES[op])
        kernel, inner = weights["kernel"], _shaped(weights, "recurrent_kernel", size, gates * size)
        ours = [_gated(one.T, op, size) for one in (kernel, inner)]
        after = bool(config.get("reset_after", False))
        bias = np.zeros((2, gates * size))
        if config.get("use_bias", True):
            given = weights["bias"]
            bias[: 2 if given.ndim == 2 else 1] = given
        both = np.concatenate([_gated(one, op, size) for one in bias])
        batch = draw.add("Shape", [layer.x.name], start=0, end=1)
        states = ["hidden", "cell"][: 2 if op == "LSTM" else 1]
        before, then = _states(layer, states, size, batch)
        acts = [_name(config.get("activation") or "tanh")]
        if op != "RNN":
            acts.insert(0, _name(config.get("recurrent_activation") or "hard_sigmoid"))
        names = [_RECURRENT[one.lower().replace("_", "")] for one in acts]
        inputs = [
            draw.add("Transpose", [layer.x.name], perm=[1, 0, 2]),
            *(draw.constant(one[None]) for one in (*ours, both)),
            *("", *before),
        ]
        sequence = draw.add(
            op,
            inputs,
            ["", *then],
            hidden_size=size,
            activations=[*names, names[-1]] if op == "LSTM" else names,
            **({"linear_before_reset": int(after)} if op == "GRU" else {}),
        )
        if config.get("return_sequences"):
            rows = draw.add("Squeeze", [sequence, draw.constant(np.array([1]))])
            return Tensor(draw.add("Transpose", [rows], perm=[1, 0, 2]), 3)
        last = draw.add("Squeeze", [then[0], draw.constant(np.array([0]))])
        return Tensor(last, 2)

    return drawn


def _gated(rows: NDArray[Any], op: str, size: int) -> NDArray[Any]:
    """Rows of Keras's gates in ONNX's order."""
    parts = np.split(rows, range(size, rows.shape[0], size))
    return np.concatenate([parts[i] for i in _GATES[op]])


def _states(layer: Layer, names: list[str], size: int, batch: str) -> tuple[list[str], list[str]]:
    """Where states come from, and where they go; inputs and outputs of the graph if they stay."""
    draw, model = layer.drawing, layer.drawing.model
    before, then = [], []
    for name in names:
        if layer.config.get("stateful"):
            number = sum(one.name.startswith(f"{name}_in") for one in model.inputs)
            ends = [f"{name}_{way}_{number}" for way in ("in", "out")]
            model.inputs.append(Slot(ends[0], [1, BATCH, size]))
            model.outputs.append(Slot(ends[1], [1, BATCH, size]))
            before.append(ends[0])
            then.append(ends[1])
        else:
            one, wide = (draw.constant(np.array([number])) for number in (1, size))
            shape = draw.add("Concat", [one, batch, wide], axis=0)
            before.append(draw.add("Expand", [draw.constant(0.0), shape]))
            then.append(f"{name}{len(model.nodes)}")
    return before, then


LAYERS: dict[str, Callable[[Layer], Tensor]] = {
    "Dense": _dense,
    "Activation": _activation,
    "ReLU": _relu,
    "ELU": _simple("Elu", alpha=("alpha", 1.0)),
    "LeakyReLU": _simple("LeakyRelu", alpha=("alpha", 0.3)),
    "ThresholdedReLU": _simple("ThresholdedRelu", alpha=("theta", 1.0)),
    "PReLU": _prelu,
    "Softmax": _softmax,
    "BatchNormalization": _batch_normalization,
    "LayerNormalization": _layer_normalization,
    "Rescaling": _rescaling,
    "Conv1D": _convolution(1),
    "Conv2D": _convolution(2),
    "DepthwiseConv2D": _convolution(2, "depthwise"),
    "SeparableConv2D": _convolution(2, "separable"),
    "MaxPooling1D": _pooling("MaxPool", 1),
    "MaxPooling2D": _pooling("MaxPool", 2),
    "AveragePooling1D": _pooling("AveragePool", 1),
    "AveragePooling2D": _pooling("AveragePool", 2),
    "GlobalMaxPooling1D": _global_pooling("ReduceMax", 1),
    "GlobalMaxPooling2D": _global_pooling("ReduceMax", 2),
    "GlobalAveragePooling1D": _global_pooling("ReduceMean", 1),
    "GlobalAveragePooling2D": _global_pooling("ReduceMean", 2),
    "ZeroPadding2D": _padded(2),
    "Flatten": _flatten,
    "Reshape": _reshape,
    "Permute": _permute,
    "RepeatVector": _repeat,
    "Add": _merged("Add"),
    "Multiply": _merged("Mul"),
    "Average": _merged("Mean"),
    "Maximum": _merged("Max"),
    "Minimum": _merged("Min"),
    "Concatenate": _concatenate,
    "LSTM": _recurrent("LSTM"),
    "GRU": _recurrent("GRU"),
    "SimpleRNN": _recurrent("RNN"),
}
"""What draws a layer, by Keras's names."""
