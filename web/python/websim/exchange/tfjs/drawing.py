"""A graph of ONNX's that is put together node by node, of what TensorFlow.js's models do.

TensorFlow's integers are all int64 here, as ONNX wants them for shapes and places.
"""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from websim.errors import ForeignPolicy
from websim.onnx.model import Attribute, Model, Node, Slot

INT64 = 7

BATCH = "batch"


class Drawing:
    """See this file.

    Attributes:
        model: What there is so far.
    """

    def __init__(self) -> None:
        """Begins with nothing."""
        self.model = Model([], [], [], {})

    def constant(self, value: Any, name: str = "") -> str:
        """A tensor that is always the same; its name."""
        array = np.asarray(value)
        kind = {"f": np.float32, "i": np.int64, "u": np.int64, "b": np.bool_}[array.dtype.kind]
        name = name or f"c{len(self.model.constants)}"
        with np.errstate(over="ignore"):  # what is not finite is refused afterwards
            self.model.constants[name] = array.astype(kind)
        return name

    def add(
        self,
        op: str,
        inputs: Sequence[str],
        to: str | Sequence[str] = "",
        /,
        **attributes: Attribute,
    ) -> str:
        """A node; the name of its first output."""
        outputs = [to] if isinstance(to, str) else list(to)
        outputs = [one or f"t{len(self.model.nodes)}_{i}" for i, one in enumerate(outputs)]
        self.model.nodes.append(Node(op, list(inputs), outputs, attributes))
        return outputs[0]

    def known(self, name: str) -> NDArray[Any] | None:
        """What a tensor is where it is always the same."""
        return self.model.constants.get(name)

    def activation(self, name: str, x: str, to: str = "") -> str:
        """One of Keras's, by its name; raises ForeignPolicy for another."""
        plain_name = name.lower().replace("_", "")
        if plain_name == "linear":
            return self.add("Identity", [x], to) if to else x
        if plain_name in _SIMPLE:
            op, attributes = _SIMPLE[plain_name]
            return self.add(op, [x], to, **attributes)
        if plain_name == "relu6":
            return self.add("Clip", [x, self.constant(0.0), self.constant(6.0)], to)
        if plain_name in ("swish", "silu"):
            return self.add("Mul", [x, self.add("Sigmoid", [x])], to)
        if plain_name == "mish":
            return self.add("Mul", [x, self.add("Tanh", [self.add("Softplus", [x])])], to)
        if plain_name == "gelu":
            inner = self.add("Erf", [self.scaled(x, math.sqrt(0.5))])
        elif plain_name == "gelunew":
            cube = self.add("Mul", [self.add("Mul", [x, x]), x])
            sum_ = self.add("Add", [x, self.scaled(cube, 0.044715)])
            inner = self.add("Tanh", [self.scaled(sum_, math.sqrt(2 / math.pi))])
        else:
            raise ForeignPolicy(
                f"The activation {name!r:.99} is not known; known are {', '.join(ACTIVATIONS)}."
            )
        gate = self.add("Add", [inner, self.constant(1.0)])
        return self.add("Mul", [self.scaled(x, 0.5), gate], to)

    def scaled(self, x: str, factor: float) -> str:
        """A tensor times a number."""
        return self.add("Mul", [x, self.constant(factor)])

    def scaling(self, x: str, scale: NDArray[Any], shift: NDArray[Any], to: str = "") -> str:
        """A tensor times a constant, plus another."""
        return self.add(
            "Add", [self.add("Mul", [x, self.constant(scale)]), self.constant(shift)], to
        )

    def channels_first(self, x: str, rank: int) -> str:
        """As ONNX's convolutions take it."""
        return self.add("Transpose", [x], perm=[0, rank - 1, *range(1, rank - 1)])

    def channels_last(self, x: str, rank: int, to: str = "") -> str:
        """As TensorFlow's give it."""
        return self.add("Transpose", [x], to, perm=[0, *range(2, rank), 1])

    def convolution(
        self,
        x: str,
        kernel: NDArray[Any],
        padding: "str | list[int]",
        strides: Sequence[int],
        dilations: Sequence[int],
        *,
        depthwise: bool = False,
    ) -> str:
        """Of a tensor with its channels at last.

        Args:
            x: The tensor [n, ..., in].
            kernel: [..., in, out]; depthwise: [..., in, multiple].
            padding: "same", "valid", or how much it is by ONNX's order.
            strides: By dimension.
            dilations: Likewise.
            depthwise: Each channel is seen alone.
        """
        rank = kernel.ndim
        size = rank - 2
        if rank not in (3, 4):
            raise ForeignPolicy(f"A kernel of a convolution has {rank} dimensions.")
        spread = padding == "same" and max(dilations) > 1  # ONNX Runtime does not know that
        order = [rank - 1, rank - 2, *range(size)]
        group = kernel.shape[-2] if depthwise else 1
        weight = kernel.transpose(order)
        if depthwise:
            weight = kernel.transpose(rank - 2, rank - 1, *range(size))
            weight = weight.reshape(-1, 1, *weight.shape[2:])
        seen = self.channels_first(x, rank)
        made = self.add(
            "Conv",
            [seen, self.constant(weight)],
            strides=[*strides],
            dilations=[*dilations],
            group=group,
            **_padding(_around(kernel.shape[:size], dilations) if spread else padding),
        )
        return self.channels_last(made, rank)

    def pooling(
        self, op: str, x: str, size: Sequence[int], strides: Sequence[int], padding: str
    ) -> str:
        """MaxPool or AveragePool of a tensor with its channels at last."""
        rank = len(size) + 2
        seen = self.channels_first(x, rank)
        made = self.add(op, [seen], kernel_shape=[*size], strides=[*strides], **_padding(padding))
        return self.channels_last(made, rank)


def _around(sizes: Sequence[int], dilations: Sequence[int]) -> list[int]:
    """What keeps a size the same."""
    both = [(size - 1) * dilation for size, dilation in zip(sizes, dilations, strict=True)]
    return [*(one // 2 for one in both), *(one - one // 2 for one in both)]


def _padding(padding: str | list[int]) -> dict[str, Attribute]:
    if isinstance(padding, list):
        return {"pads": padding}
    ways: dict[str, dict[str, Attribute]] = {
        "same": {"auto_pad": "SAME_UPPER"},
        "valid": {"auto_pad": "VALID"},
    }
    if padding not in ways:
        raise ForeignPolicy(f"The padding {padding!r:.99} is not known: it is same or valid.")
    return ways[padding]


_SIMPLE: dict[str, tuple[str, dict[str, Attribute]]] = {
    **{name.lower(): (name, {}) for name in ("Tanh", "Relu", "Sigmoid", "Softplus", "Softsign")},
    "elu": ("Elu", {"alpha": 1.0}),
    "selu": ("Selu", {}),
    "exponential": ("Exp", {}),
    "hardsigmoid": ("HardSigmoid", {"alpha": 0.2, "beta": 0.5}),
    "softmax": ("Softmax", {"axis": -1}),
    "logsoftmax": ("LogSoftmax", {"axis": -1}),
}

ACTIVATIONS = (
    *_SIMPLE,
    *("linear", "relu6", "swish", "silu", "mish", "gelu", "gelu_new"),
)


def slot(name: str, shape: Sequence[Any]) -> Slot:
    """An input, whose sizes of nothing are free; the first of them is the batch's."""
    sizes: list[int | str] = []
    for i, size in enumerate(shape):
        free = size is None or int(size) < 0 or i == 0
        sizes.append((BATCH if i == 0 else f"size{i}") if free else int(size))
    return Slot(name, sizes)
