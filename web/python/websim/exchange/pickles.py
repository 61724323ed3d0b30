"""Pickles as data: read without running any of the code that they name.

Unpickling calls whatever a file says. Here what would be called is written down instead, and who
reads it looks for what he knows.
"""

import pickletools
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from websim.errors import ForeignPolicy

MAX_BYTES = 64 << 20
MAX_STEPS = 5_000_000

_NUMPY = ("numpy", "numpy.core.multiarray", "numpy._core.multiarray", "numpy.core.numeric")
_NUMPY_NAMES = (*_NUMPY, "numpy._core.numeric")


@dataclass(frozen=True)
class Named:
    """A class or function that a pickle names.

    Attributes:
        module: Where it is.
        name: What it is called there.
    """

    module: str
    name: str


@dataclass(eq=False)
class Made:
    """An object that unpickling would make.

    Attributes:
        by: What would be called.
        args: With what.
        state: What the object would be given afterwards.
        items: What would be added to it, if it is a list or a dictionary of its own kind.
    """

    by: Any
    args: Any
    state: Any = None
    items: dict[Any, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Elsewhere:
    """What a pickle has outside of itself, by the words that it is found by."""

    key: Any


class _Mark:
    """Where a list begins on the stack."""


def read(data: bytes) -> Any:
    """What a pickle holds: plain Python where it is that, else `Named`, `Made` and `Elsewhere`.

    Raises:
        ForeignPolicy: it is none, or has what no policy has.
    """
    if len(data) > MAX_BYTES:
        raise ForeignPolicy(f"A pickle may have {MAX_BYTES:,} bytes, not {len(data):,}.")
    try:
        return _Machine().run(data)
    except ForeignPolicy:
        raise
    except Exception as error:  # of pickletools, of stacks too short, of keys that cannot be
        raise ForeignPolicy(f"The file is no pickle, or damaged: {error!r:.200}.") from None


def attributes(value: Any) -> dict[str, Any]:
    """The attributes that an object would have; none of what is no object."""
    if not isinstance(value, Made):
        return {}
    state = value.state[0] if isinstance(value.state, tuple) and value.state else value.state
    return state if isinstance(state, dict) else {}


def array_of(value: Any) -> NDArray[Any] | None:
    """A numpy array or number; None of what is none."""
    if isinstance(value, int | float):
        return np.array(value)
    if not isinstance(value, Made) or not isinstance(value.by, Named):
        return None
    if value.by.module not in _NUMPY_NAMES or not isinstance(value.args, tuple):
        return None
    if value.by.name == "_reconstruct" and isinstance(value.state, tuple):
        _, shape, dtype, fortran, raw = value.state
        return _array(raw, dtype, shape, "F" if fortran else "C")
    if value.by.name == "_frombuffer" and len(value.args) == 4:
        raw, dtype, shape, order = value.args
        return _array(raw, dtype, shape, order)
    if value.by.name == "scalar" and len(value.args) == 2:
        return _array(value.args[1], value.args[0], (), "C")
    return None


def _array(raw: Any, dtype: Any, shape: Any, order: Any) -> NDArray[Any] | None:
    """Bytes as numbers; None where they are no such."""
    if not isinstance(dtype, Made) or dtype.by != Named("numpy", "dtype"):
        return None
    kind = dtype.args[0]
    if kind not in ("f2", "f4", "f8", "i1", "i2", "i4", "i8", "u1", "b1"):
        return None
    big = isinstance(dtype.state, tuple) and dtype.state[1:2] == (">",)
    found = np.frombuffer(raw, np.dtype(kind).newbyteorder(">" if big else "<"))
    return found.reshape(shape, order=order)


class _Machine:
    """Follows the instructions of a pickle."""

    def __init__(self) -> None:
        self._stack: list[Any] = []
        self._memo: dict[int, Any] = {}

    def run(self, data: bytes) -> Any:
        for count, (opcode, given, _) in enumerate(pickletools.genops(data)):
            argument: Any = given
            if count > MAX_STEPS:
                raise ForeignPolicy(f"The pickle has more than {MAX_STEPS:,} instructions.")
            name = opcode.name
            if name == "STOP":
                return self._stack.pop()
            if name in _PUSHED:
                self._stack.append(argument)
            elif name in _CONSTANTS:
                self._stack.append(_CONSTANTS[name]())
            elif name in ("PROTO", "FRAME"):
                continue
            elif name in ("PUT", "BINPUT", "LONG_BINPUT"):
                self._memo[argument] = self._stack[-1]
            elif name == "MEMOIZE":
                self._memo[len(self._memo)] = self._stack[-1]
            elif name in ("GET", "BINGET", "LONG_BINGET"):
                self._stack.append(self._memo[argument])
            elif name == "GLOBAL":
                self._stack.append(Named(*argument.split(" ", 1)))
            else:
                step: Callable[[], None] | None = getattr(self, f"_{name.lower()}", None)
                if step is None:
                    raise ForeignPolicy(f"The pickle does {name}, and no policy needs that.")
                step()
        raise ForeignPolicy("The pickle has no end.")

    def _marked(self) -> list[Any]:
        """What lies above the last mark; takes both."""
        at = max(i for i, value in enumerate(self._stack) if isinstance(value, _Mark))
        values = self._stack[at + 1 :]
        del self._stack[at:]
        return values

    def _push(self, value: Any) -> None:
        self._stack.append(value)

    def _pop(self) -> Any:
        return self._stack.pop()

    def _mark(self) -> None:
        self._push(_Mark())

    def _pop_mark(self) -> None:
        self._marked()

    def _dup(self) -> None:
        self._push(self._stack[-1])

    def _tuple(self) -> None:
        self._push(tuple(self._marked()))

    def _tuple1(self) -> None:
        self._push((self._pop(),))

    def _tuple2(self) -> None:
        self._stack[-2:] = [tuple(self._stack[-2:])]

    def _tuple3(self) -> None:
        self._stack[-3:] = [tuple(self._stack[-3:])]

    def _list(self) -> None:
        self._push(self._marked())

    def _frozenset(self) -> None:
        self._push(frozenset(self._marked()))

    def _dict(self) -> None:
        values = self._marked()
        self._push(dict(zip(values[::2], values[1::2], strict=True)))

    def _append(self) -> None:
        value = self._pop()
        self._add([value])

    def _appends(self) -> None:
        self._add(self._marked())

    def _add(self, values: list[Any]) -> None:
        target = self._stack[-1]
        if isinstance(target, list):
            target += values
        elif isinstance(target, Made):
            first = len(target.items)
            target.items |= dict(enumerate(values, first))
        else:
            raise ForeignPolicy("The pickle appends to what is no list.")

    def _additems(self) -> None:
        values = self._marked()
        target = self._stack[-1]
        if not isinstance(target, set):
            raise ForeignPolicy("The pickle adds to what is no set.")
        target.update(values)

    def _setitem(self) -> None:
        value, key = self._pop(), self._pop()
        self._set([key, value])

    def _setitems(self) -> None:
        self._set(self._marked())

    def _set(self, values: list[Any]) -> None:
        target = self._stack[-1]
        items = target.items if isinstance(target, Made) else target
        if not isinstance(items, dict):
            raise ForeignPolicy("The pickle puts something into what is no dictionary.")
        items.update(zip(values[::2], values[1::2], strict=True))

    def _stack_global(self) -> None:
        name, module = self._pop(), self._pop()
        self._push(Named(str(module), str(name)))

    def _reduce(self) -> None:
        args, by = self._pop(), self._pop()
        self._push(Made(by, args))

    _newobj = _reduce

    def _newobj_ex(self) -> None:
        named, args, by = self._pop(), self._pop(), self._pop()
        self._push(Made(by, args, named))

    def _build(self) -> None:
        state = self._pop()
        target = self._stack[-1]
        if isinstance(target, Made):
            target.state = state

    def _binpersid(self) -> None:
        self._push(Elsewhere(self._pop()))


_PUSHED = {
    *("INT", "BININT", "BININT1", "BININT2", "LONG", "LONG1", "LONG4", "FLOAT", "BINFLOAT"),
    *("STRING", "BINSTRING", "SHORT_BINSTRING", "BINBYTES", "SHORT_BINBYTES", "BINBYTES8"),
    *("BYTEARRAY8", "UNICODE", "SHORT_BINUNICODE", "BINUNICODE", "BINUNICODE8"),
}

_CONSTANTS: dict[str, Callable[[], Any]] = {
    "NONE": lambda: None,
    "NEWTRUE": lambda: True,
    "NEWFALSE": lambda: False,
    "EMPTY_TUPLE": tuple,
    "EMPTY_LIST": list,
    "EMPTY_DICT": dict,
    "EMPTY_SET": set,
}
