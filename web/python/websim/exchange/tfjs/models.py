"""Perceptrons among TensorFlow.js's models: chains of layers, and graphs."""

import base64
from collections.abc import Callable
from typing import Any

import numpy as np

from websim import plain
from websim.errors import ForeignPolicy
from websim.exchange.folding import Activation, Clipping, Found, Linear, Scaling, Step
from websim.exchange.onnx.perceptrons import steps_of
from websim.exchange.tfjs.bundle import Bundle
from websim.exchange.tfjs.bundle import read as unpacked
from websim.exchange.torch import Tensors
from websim.onnx.model import Model, Node, Slot

ACTIVATIONS = {
    "tanh": "tanh",
    "relu": "relu",
    "elu": "elu",
    "swish": "silu",
    "silu": "silu",
    "linear": None,
}
"""Ours, by Keras's names; None: it changes nothing."""

UNCHANGED = {"InputLayer", "Dropout", "GaussianNoise", "Flatten"}
"""Layers that leave a batch of vectors as it is when nothing is learnt."""

OPERATORS = {
    **dict.fromkeys(("Add", "AddV2", "BiasAdd"), "Add"),
    **{name: name for name in ("Sub", "Mul", "Tanh", "Relu", "Elu", "Sigmoid", "Sqrt", "Neg")},
    **{"RealDiv": "Div", "Maximum": "Max", "Minimum": "Min", "Identity": "Identity"},
    **{"Reshape": "Reshape", "Squeeze": "Squeeze", "StopGradient": "Identity"},
}
"""ONNX's operators, by TensorFlow's names."""


def read(data: bytes) -> Found:
    """The perceptron of a .zip with a `model.json` and its weights.

    Raises:
        ForeignPolicy: it is none.
    """
    bundle = unpacked(data)
    if "node" in bundle.topology:
        return Found(steps_of(_graph(bundle)))
    return Found(_layers(bundle))


def _layers(bundle: Bundle) -> list[Step]:
    """What a chain of layers does."""
    config = bundle.topology.get("model_config", bundle.topology)
    inner = config.get("config") if isinstance(config, dict) else None
    layers = inner.get("layers") if isinstance(inner, dict) else inner
    if not isinstance(layers, list) or not all(
        isinstance(layer, dict) and isinstance(layer.get("config"), dict) for layer in layers
    ):
        raise ForeignPolicy("The model of TensorFlow.js has no layers that could be read.")
    steps: list[Step] = []
    before: str | None = None
    for layer in layers:
        kind, settings = str(layer.get("class_name")), layer["config"]
        if (inbound := _inbound(layer)) not in ([], [before]):
            raise ForeignPolicy(
                f"The layer {settings.get('name')!r:.99} takes {len(inbound)} results of others, "
                "or not that of the one before: ours are chains."
            )
        before = str(settings.get("name"))
        if kind not in UNCHANGED:
            if kind not in _READERS:
                raise ForeignPolicy(
                    f"The layer {kind!r:.99} cannot become a part of our perceptrons. Read are "
                    f"{', '.join([*_READERS, *sorted(UNCHANGED)])}."
                )
            weights = {
                name.rpartition("/")[2]: array
                for name, array in bundle.weights.items()
                if name.split("/")[-2:-1] == [before]
            }
            try:
                steps += _READERS[kind](settings, weights)
            except (KeyError, TypeError, ValueError) as error:
                raise ForeignPolicy(
                    f"The layer {before!r:.99} ({kind}) lacks {error}, or it is no such thing."
                ) from None
    return steps


def _inbound(layer: dict[str, Any]) -> list[str]:
    """Names of the layers that a functional model says this one takes."""
    nodes = layer.get("inbound_nodes") or []
    try:
        return [str(one[0]) for node in nodes for one in node]
    except (TypeError, IndexError, KeyError):
        raise ForeignPolicy("The model's layers are joined in a way that is not known.") from None


def _dense(settings: dict[str, Any], weights: Tensors) -> list[Step]:
    kernel = weights["kernel"]
    bias = weights["bias"] if settings.get("use_bias", True) else np.zeros(kernel.shape[-1])
    if kernel.ndim != 2 or bias.shape != kernel.shape[1:]:
        raise ValueError("weights of two dimensions")
    return [Linear(kernel, bias), *_activation(settings, weights)]


def _activation(settings: dict[str, Any], _: Tensors) -> list[Step]:
    name = settings.get("activation", "linear") or "linear"
    if name not in ACTIVATIONS:
        raise ForeignPolicy(
            f"The policy's layers end in {name!r:.99}; read are {', '.join(ACTIVATIONS)}."
        )
    ours = ACTIVATIONS[name]
    return [] if ours is None else [Activation(ours)]


def _relu(settings: dict[str, Any], _: Tensors) -> list[Step]:
    if settings.get("negative_slope") or settings.get("threshold"):
        raise ForeignPolicy("A ReLU with a slope or a threshold is none of ours.")
    most = settings.get("max_value")
    if most is None:
        return [Activation("relu")]
    return [Clipping(np.zeros(1), np.array([float(most)]))]


def _elu(settings: dict[str, Any], _: Tensors) -> list[Step]:
    if settings.get("alpha", 1.0) != 1.0:
        raise ForeignPolicy("An ELU whose alpha is not 1 is none of ours.")
    return [Activation("elu")]


def _batch_normalization(settings: dict[str, Any], weights: Tensors) -> list[Step]:
    mean, var = weights["moving_mean"].ravel(), weights["moving_variance"].ravel()
    with np.errstate(all="ignore"):  # what is not finite is refused afterwards
        factor = weights.get("gamma", np.ones(1)) / np.sqrt(var + float(settings["epsilon"]))
    return [Scaling(factor, weights.get("beta", np.zeros(1)) - mean * factor)]


def _rescaling(settings: dict[str, Any], _: Tensors) -> list[Step]:
    scale, offset = (
        np.atleast_1d(np.asarray(settings[name], float)) for name in ("scale", "offset")
    )
    return [Scaling(scale, offset)]


_READERS: dict[str, Callable[[dict[str, Any], Tensors], list[Step]]] = {
    "Dense": _dense,
    "Activation": _activation,
    "ReLU": _relu,
    "ELU": _elu,
    "BatchNormalization": _batch_normalization,
    "Rescaling": _rescaling,
}


def _graph(bundle: Bundle) -> Model:
    """A graph of TensorFlow's as one of ONNX's, which are read already."""
    nodes: list[Node] = []
    inputs: list[Slot] = []
    used: set[str] = set()
    listed = bundle.topology["node"]
    if not isinstance(listed, list) or not all(isinstance(node, dict) for node in listed):
        raise ForeignPolicy("The graph of TensorFlow.js has no nodes that could be read.")
    for node in listed:
        name, op = str(node.get("name")), str(node.get("op"))
        try:
            taken = [str(one).partition(":")[0] for one in node.get("input") or []]
            taken = [one for one in taken if not one.startswith("^")]
            used |= set(taken)
            if op == "Placeholder":
                inputs.append(Slot(name, []))
            elif op in ("MatMul", "_FusedMatMul"):
                nodes += _product(name, taken, node.get("attr") or {})
            elif op != "Const":  # what ONNX does not know either is named where it is read
                nodes.append(Node(OPERATORS.get(op, op), taken, [name]))
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            raise ForeignPolicy(
                f"The operator {name!r:.99} ({op:.99}) of the graph cannot be read: "
                f"{plain.brief(error)}."
            ) from None
    outputs = [Slot(one.outputs[0], []) for one in nodes if one.outputs[0] not in used]
    return Model(nodes, inputs, outputs, dict(bundle.weights))


def _product(name: str, taken: list[str], attributes: dict[str, Any]) -> list[Node]:
    """A product of matrices, and what is fused with it."""

    def flag(attribute: str) -> int:
        return int(bool(attributes.get(attribute, {}).get("b")))

    fused: list[str] = []
    if "fused_ops" in attributes:
        fused = [_text(one) for one in attributes["fused_ops"]["list"].get("s", [])]
    chain = [
        Node(
            "Gemm",
            taken[:2],
            [name],
            {"transA": flag("transpose_a"), "transB": flag("transpose_b")},
        )
    ]
    rest = taken[2:]
    for i, op in enumerate(fused):
        chain[-1].outputs = [f"{name}/fused{i}"]
        more = [rest.pop(0)] if op == "BiasAdd" and rest else []
        chain.append(Node(OPERATORS.get(op, op), [f"{name}/fused{i}", *more], [name]))
    return chain


def _text(value: Any) -> str:
    """Of a string of a graph, which is base64, or bytes as numbers."""
    return bytes(value).decode() if isinstance(value, list) else base64.b64decode(value).decode()
