"""An ONNX model as data: https://github.com/onnx/onnx/blob/main/onnx/onnx.proto.

Field numbers are that file's.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from websim.errors import ForeignPolicy, NoPerceptron
from websim.onnx import protobuf
from websim.onnx.protobuf import Value, number, piece, single

IR_VERSION = 8
OPSET = 17

DTYPES: dict[int, np.dtype[Any]] = {
    1: np.dtype("<f4"),
    2: np.dtype("u1"),
    3: np.dtype("i1"),
    6: np.dtype("<i4"),
    7: np.dtype("<i8"),
    9: np.dtype("?"),
    10: np.dtype("<f2"),
    11: np.dtype("<f8"),
}
_NUMBERS = {dtype: code for code, dtype in DTYPES.items()}

FLOAT, DOUBLE = 1, 11

MAX_BYTES = 256 << 20
"""A larger file is taken for no policy."""

_MAX_DEPTH = 32

Attribute = float | int | str | NDArray[Any] | list[int] | list[float] | list[str]


@dataclass
class Node:
    """One operation.

    Attributes:
        op: What it does, as "Gemm".
        inputs: Names of tensors; "" where one is left away.
        outputs: Likewise.
        attributes: By name.
    """

    op: str
    inputs: list[str]
    outputs: list[str]
    attributes: dict[str, Attribute] = field(default_factory=dict)


@dataclass
class Slot:
    """An input or output of the graph.

    Attributes:
        name: Of its tensor.
        shape: A size, or the name of one that is not fixed, by dimension; []: it is not known.
        dtype: A key of DTYPES, or another of ONNX's.
    """

    name: str
    shape: list[int | str]
    dtype: int = FLOAT


@dataclass
class Model:
    """A graph and what is said of it.

    Attributes:
        nodes: In an order in which they can be computed.
        inputs: What it takes; older files name their constants here as well.
        outputs: What it gives.
        constants: By name.
        metadata: Texts by name.
        doc: What people read.
        producer: Name and version of the program that made it.
    """

    nodes: list[Node]
    inputs: list[Slot]
    outputs: list[Slot]
    constants: dict[str, NDArray[Any]]
    metadata: dict[str, str] = field(default_factory=dict)
    doc: str = ""
    producer: tuple[str, str] = ("", "")


def dumps(model: Model) -> bytes:
    """Writes a model."""
    graph = b"".join(
        [
            *(piece(1, _node(node)) for node in model.nodes),
            piece(2, "policy"),
            *(piece(5, _tensor(name, array)) for name, array in model.constants.items()),
            *(piece(11, _slot(slot)) for slot in model.inputs),
            *(piece(12, _slot(slot)) for slot in model.outputs),
        ]
    )
    name, version = model.producer
    return b"".join(
        [
            number(1, IR_VERSION),
            piece(2, name),
            piece(3, version),
            piece(6, model.doc),
            piece(7, graph),
            piece(8, piece(1, "") + number(2, OPSET)),
            *(piece(14, piece(1, key) + piece(2, text)) for key, text in model.metadata.items()),
        ]
    )


def loads(data: bytes) -> Model:
    """Reads a model.

    Raises:
        ForeignPolicy: it is none, is incomplete, or has its weights in other files.
    """
    graph, metadata = _graph(data), {}
    for number_, value in protobuf.fields(data):
        if number_ == 14:
            entry = dict(protobuf.fields(_bytes(value)))
            metadata[_text(entry.get(1, b""))] = _text(entry.get(2, b""))
    model = Model([], [], [], {}, metadata)
    for number_, value in protobuf.fields(graph):
        if number_ == 1:
            model.nodes.append(_read_node(_bytes(value)))
        elif number_ == 5:
            name, array = _read_tensor(_bytes(value))
            model.constants[name] = array
        elif number_ in (11, 12):
            (model.inputs if number_ == 11 else model.outputs).append(_read_slot(_bytes(value)))
    return model


def outline(data: bytes) -> Model:
    """What goes in and comes out of a model, whatever lies between: no nodes, constants by name.

    Raises:
        ForeignPolicy: it is none, is incomplete, or has its weights in other files.
    """
    model = Model([], [], [], {})
    for number_, value in protobuf.fields(_graph(data)):
        if number_ in (1, 5, 15):
            _check_inside(number_, _bytes(value))
        if number_ == 5:
            named = [
                _text(inner) for field_, inner in protobuf.fields(_bytes(value)) if field_ == 8
            ]
            model.constants |= dict.fromkeys(named, np.zeros(0))
        elif number_ in (11, 12):
            (model.inputs if number_ == 11 else model.outputs).append(_read_slot(_bytes(value)))
    return model


def number_of(dtype: np.dtype[Any]) -> int:
    """ONNX's number of a type; raises KeyError for one that DTYPES does not have."""
    return _NUMBERS[dtype]


def _graph(data: bytes) -> bytes:
    if len(data) > MAX_BYTES:
        raise ForeignPolicy(
            f"The file has {len(data):,} bytes, and a policy may have {MAX_BYTES:,}."
        )
    graph = b"".join(_bytes(value) for number_, value in protobuf.fields(data) if number_ == 7)
    if not graph:
        raise ForeignPolicy("The file is no ONNX: it has no graph.")
    return graph


def _check_inside(kind: int, data: bytes, depth: int = 0) -> None:
    """Refuses weights in other files: in tensors of a graph (5, 15), and within its nodes (1)."""
    if depth > _MAX_DEPTH:
        raise ForeignPolicy("The graph has graphs within graphs, too many to be a policy.")
    for number_, value in protobuf.fields(data):
        if kind == 5:
            _check_own(number_, value)
        elif kind == 15 and number_ in (1, 2):
            _check_inside(5, _bytes(value), depth + 1)
        elif kind == 1 and number_ == 5:
            for inner, attribute in protobuf.fields(_bytes(value)):
                if inner in (5, 10):
                    _check_inside(5, _bytes(attribute), depth + 1)
                elif inner in (6, 11):
                    for part, content in protobuf.fields(_bytes(attribute)):
                        if part in (1, 5, 15):
                            _check_inside(part, _bytes(content), depth + 1)


def _check_own(number_: int, value: Value) -> None:
    if number_ == 14 and value:
        raise ForeignPolicy(
            "The weights are in another file beside this one: save the model with its weights "
            "in it (torch.onnx.export(..., external_data=False))."
        )


def _node(node: Node) -> bytes:
    attributes = (piece(5, _attribute(*entry)) for entry in node.attributes.items())
    return b"".join(
        [
            *(piece(1, name) for name in node.inputs),
            *(piece(2, name) for name in node.outputs),
            piece(3, node.outputs[0]),
            piece(4, node.op),
            *attributes,
        ]
    )


def _attribute(name: str, value: Attribute) -> bytes:
    if isinstance(value, int):
        content = number(3, value) + number(20, 2)
    elif isinstance(value, float):
        content = single(2, value) + number(20, 1)
    elif isinstance(value, str):
        content = piece(4, value) + number(20, 3)
    else:
        assert isinstance(value, list)
        texts = [piece(9, one) for one in value if isinstance(one, str)]
        content = b"".join(texts or [number(8, int(one)) for one in value])
        content += number(20, 8 if texts else 7)
    return piece(1, name) + content


def _tensor(name: str, array: NDArray[Any]) -> bytes:
    dtype = array.dtype.newbyteorder("<")
    raw = np.ascontiguousarray(array, dtype).tobytes()
    dims = b"".join(number(1, size) for size in array.shape)
    return dims + number(2, _NUMBERS[dtype]) + piece(8, name) + piece(9, raw)


def _slot(slot: Slot) -> bytes:
    dims = (
        piece(1, number(1, size) if isinstance(size, int) else piece(2, size))
        for size in slot.shape
    )
    tensor = number(1, slot.dtype)
    if slot.shape:
        tensor += piece(2, b"".join(dims))
    return piece(1, slot.name) + piece(2, piece(1, tensor))


def _read_node(data: bytes) -> Node:
    node, domain = Node("", [], []), ""
    for number_, value in protobuf.fields(data):
        if number_ == 1:
            node.inputs.append(_text(value))
        elif number_ == 2:
            node.outputs.append(_text(value))
        elif number_ == 4:
            node.op = _text(value)
        elif number_ == 5:
            name, attribute = _read_attribute(_bytes(value))
            if attribute is not None:
                node.attributes[name] = attribute
        elif number_ == 7:
            domain = _text(value)
    if domain not in ("", "ai.onnx"):
        node.op = f"{domain}.{node.op}"
    return node


def _read_attribute(data: bytes) -> tuple[str, Attribute | None]:
    """Name and value; None for a kind that no perceptron has."""
    name, found, floats, whole = "", None, [], []
    attribute: Attribute | None = None
    for number_, value in protobuf.fields(data):
        if number_ == 1:
            name = _text(value)
        elif number_ == 2:
            attribute = _float(value)
        elif number_ == 3:
            (attribute,) = protobuf.integers(value)
        elif number_ == 4:
            attribute = _text(value)
        elif number_ == 5:
            found = _read_tensor(_bytes(value))[1]
        elif number_ == 7:
            floats += np.frombuffer(_whole(_bytes(value), 4), "<f4").tolist()
        elif number_ == 8:
            whole += protobuf.integers(value)
    if found is not None:
        return name, found
    return name, floats or whole or attribute


def _read_tensor(data: bytes) -> tuple[str, NDArray[Any]]:
    name, shape, code = "", [], 0
    raw: bytes | None = None
    typed: dict[int, list[Any]] = {4: [], 5: [], 7: [], 10: []}
    for number_, value in protobuf.fields(data):
        if number_ == 1:
            shape += protobuf.integers(value)
        elif number_ == 2:
            (code,) = protobuf.integers(value)
        elif number_ == 4:
            typed[4] += np.frombuffer(_whole(_bytes(value), 4), "<f4").tolist()
        elif number_ in (5, 7):
            typed[number_] += protobuf.integers(value)
        elif number_ == 8:
            name = _text(value)
        elif number_ == 9:
            raw = _bytes(value)
        elif number_ == 10:
            typed[10] += np.frombuffer(_whole(_bytes(value), 8), "<f8").tolist()
        else:
            _check_own(number_, value)
    dtype = DTYPES.get(code)
    if dtype is None:
        raise NoPerceptron(
            f"The tensor {name!r:.99} is of ONNX's type {code}; read are floating point numbers, "
            "integers and booleans."
        )
    values = next((one for one in typed.values() if one), None)
    if raw is None:
        try:
            array = np.array(values or [], dtype)
        except OverflowError:
            raise ForeignPolicy(f"The tensor {name!r:.99} has numbers beyond its type.") from None
    else:
        array = np.frombuffer(_whole(raw, dtype.itemsize), dtype)
    if any(size < 0 for size in shape) or math.prod(shape) != array.size:
        raise ForeignPolicy(
            f"The tensor {name!r:.99} has {array.size} numbers, which are not {shape!r:.99}."
        )
    return name, array.reshape(shape)


def _read_slot(data: bytes) -> Slot:
    slot = Slot("", [], 0)
    for number_, value in protobuf.fields(data):
        if number_ == 1:
            slot.name = _text(value)
        elif number_ == 2:
            tensor = dict(protobuf.fields(_message(_bytes(value), 1)))
            (slot.dtype,) = protobuf.integers(tensor.get(1, 0))
            for inner, dim in protobuf.fields(_bytes(tensor.get(2, b""))):
                if inner == 1:
                    entry = dict(protobuf.fields(_bytes(dim)))
                    known = entry.get(1)
                    slot.shape.append(known if isinstance(known, int) else _text(entry.get(2, b"")))
    return slot


def _message(data: bytes, wanted: int) -> bytes:
    return _bytes(dict(protobuf.fields(data)).get(wanted, b""))


def _bytes(value: Value) -> bytes:
    if isinstance(value, int):
        raise ForeignPolicy("The file is no ONNX: a number is where something else should be.")
    return value


def _whole(data: bytes, size: int) -> bytes:
    if len(data) % size:
        raise ForeignPolicy("The file is no ONNX: a list of numbers is cut off.")
    return data


def _text(value: Value) -> str:
    return _bytes(value).decode(errors="replace")


def _float(value: Value) -> float:
    data = _bytes(value)
    if len(data) != 4:
        raise ForeignPolicy("The file is no ONNX: a number is cut off.")
    return float(np.frombuffer(data, "<f4")[0])


def constant_of(node: Node) -> NDArray[Any] | None:
    """What a node of the kind Constant stands for; None for all others."""
    if node.op != "Constant":
        return None
    for name in ("value", "value_float", "value_floats", "value_int", "value_ints"):
        if name in node.attributes:
            return np.asarray(node.attributes[name])
    return None


def data_inputs(model: Model) -> list[Slot]:
    """What the graph takes that is no constant."""
    known: Mapping[str, Any] = model.constants
    return [slot for slot in model.inputs if slot.name not in known]
