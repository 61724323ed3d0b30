"""Dataclasses as plain data that JSON can say, and back again, checked by what they declare."""

import types
import typing
from collections.abc import Callable, Mapping
from dataclasses import MISSING, fields, is_dataclass
from math import isfinite, isnan
from typing import Any, TypeVar

from websim.errors import InvalidArgument

Kind = TypeVar("Kind")

Readers = Mapping[type, Callable[[Any], Any]]
"""Of classes that read themselves."""


def as_plain(value: Any, writers: Readers = types.MappingProxyType({})) -> Any:
    """Plain data of a dataclass and what is in it; NaN, which JSON has no word for, is None.

    Raises:
        InvalidArgument: an infinite number.
    """
    if (writer := writers.get(type(value))) is not None:
        return writer(value)
    if is_dataclass(value):
        return {
            entry.name: as_plain(getattr(value, entry.name), writers) for entry in fields(value)
        }
    if isinstance(value, Mapping):
        return {str(key): as_plain(inner, writers) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [as_plain(inner, writers) for inner in value]
    if isinstance(value, float) and not isfinite(value):
        if isnan(value):
            return None
        raise InvalidArgument(f"{value} cannot be written down.")
    return value


def from_plain(
    kind: type[Kind], value: Any, path: str = "", readers: Readers = types.MappingProxyType({})
) -> Kind:
    """A dataclass of plain data: undoes `as_plain`.

    Args:
        kind: The class.
        value: What was read.
        path: Where it lies, for messages.
        readers: Of classes within that read themselves.

    Raises:
        InvalidArgument: it is not what the class declares; the message begins with its path.
    """
    read: Kind = _read(kind, value, path or kind.__name__, readers)
    return read


def _read(hint: Any, value: Any, path: str, readers: Readers) -> Any:
    if hint in readers:
        return readers[hint](value)
    if is_dataclass(hint):
        return _dataclass(hint, value, path, readers)
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin is types.UnionType:
        if value is None and type(None) in arguments:
            return None
        (hint,) = (one for one in arguments if one is not type(None))
        return _read(hint, value, path, readers)
    if origin is typing.Literal and value in arguments:
        return value
    if origin is list and isinstance(value, list):
        return [
            _read(arguments[0], inner, f"{path}[{i}]", readers) for i, inner in enumerate(value)
        ]
    if origin is tuple and isinstance(value, list) and len(value) == len(arguments):
        parts = enumerate(zip(arguments, value, strict=True))
        return tuple(_read(one, inner, f"{path}[{i}]", readers) for i, (one, inner) in parts)
    if origin is dict and isinstance(value, dict):
        return {key: _read(arguments[1], inner, f"{path}.{key}", readers)
                for key, inner in value.items()}  # fmt: skip
    if hint is float and (value is None or type(value) in (int, float)):
        return float("nan") if value is None else float(value)
    if hint is Any or type(value) is hint:
        return value
    raise InvalidArgument(f"{path} must be of the type {hint}, not {value!r:.99}.")


def _dataclass(kind: Any, value: Any, path: str, readers: Readers) -> Any:
    if not isinstance(value, Mapping):
        raise InvalidArgument(f"{path} must be an object, not {value!r:.99}.")
    hints, known = typing.get_type_hints(kind), {entry.name: entry for entry in fields(kind)}
    for name in value:
        if name not in known:
            raise InvalidArgument(f"{path}.{name!s:.99} is unknown; there are: {', '.join(known)}.")
    for name, entry in known.items():
        needed = entry.default is MISSING and entry.default_factory is MISSING
        if needed and name not in value:
            raise InvalidArgument(f"{path}.{name} is missing.")
    return kind(**{n: _read(hints[n], inner, f"{path}.{n}", readers) for n, inner in value.items()})
