"""Protocol Buffers' wire format, as far as ONNX needs it: https://protobuf.dev/programming-guides/encoding."""

import struct
from collections.abc import Iterator

from websim.errors import ForeignPolicy

VARINT, EIGHT_BYTES, LENGTH, FOUR_BYTES = 0, 1, 2, 5

Value = int | bytes
"""A number of a varint, or bytes of all others."""


def number(field: int, value: int) -> bytes:
    """A field with an integer."""
    return _varint(field << 3 | VARINT) + _varint(value & (1 << 64) - 1)


def single(field: int, value: float) -> bytes:
    """A field with a number in four bytes."""
    return _varint(field << 3 | FOUR_BYTES) + struct.pack("<f", value)


def piece(field: int, value: bytes | str) -> bytes:
    """A field with bytes, a text, or another message."""
    content = value.encode() if isinstance(value, str) else value
    return _varint(field << 3 | LENGTH) + _varint(len(content)) + content


def fields(message: bytes) -> Iterator[tuple[int, Value]]:
    """The fields of a message by number, in their order; raises ForeignPolicy where it is none."""
    at = 0
    while at < len(message):
        key, at = _read_varint(message, at)
        field, kind = key >> 3, key & 7
        if kind == VARINT:
            value, at = _read_varint(message, at)
            yield field, value
            continue
        if kind == LENGTH:
            size, at = _read_varint(message, at)
        elif kind in (EIGHT_BYTES, FOUR_BYTES):
            size = 8 if kind == EIGHT_BYTES else 4
        else:
            raise ForeignPolicy(f"The file is no ONNX: a field of the unknown wire type {kind}.")
        if size > len(message) - at:
            raise ForeignPolicy("The file is no ONNX, or only a part of it: a field is cut off.")
        yield field, message[at : at + size]
        at += size


def integers(value: Value) -> list[int]:
    """The signed integers of a field, whether it is one or many packed."""
    if isinstance(value, int):
        return [_signed(value)]
    found, at = [], 0
    while at < len(value):
        one, at = _read_varint(value, at)
        found.append(_signed(one))
    return found


def _signed(value: int) -> int:
    return value - (1 << 64) if value >> 63 else value


def _varint(value: int) -> bytes:
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def _read_varint(data: bytes, at: int) -> tuple[int, int]:
    """An integer, and where it ends."""
    value = shift = 0
    while at < len(data) and shift < 70:
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value & (1 << 64) - 1, at
        shift += 7
    raise ForeignPolicy("The file is no ONNX, or only a part of it: a number is cut off.")
