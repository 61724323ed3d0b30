"""What safe code calls in place of numpy and Python: the same, with a budget of time and memory.

Each operation says how much it is about to make before it makes it. All arrays are of numbers, all
whole numbers of Python below 2**63, and both stay so: what could make something else is refused.
"""

import math
import operator
import time
from collections.abc import Callable
from itertools import zip_longest
from types import MappingProxyType
from typing import Any

import numpy as np
import numpy.ma  # np.median imports it, which no call should wait for
from numpy.typing import NDArray

from websim.safecode.language import (
    ARRAY_ATTRIBUTES,
    ARRAY_METHODS,
    ELEMENTWISE,
    JOINING,
    MAX_ROUNDS,
    MOVING,
    NUMPY,
    NUMPY_CONSTANTS,
    REDUCING,
    Accessor,
)
from websim.safecode.rewriting import ATTRIBUTE, ENTER, ITEM, KEY, ROUNDS, SLICE, STORE

NUMBERS = frozenset({int, float, bool, *(np.dtype(code).type for code in "?bhilqBHILQefdg")})
"""Types of single numbers."""

MAX_MULTIPLICATIONS = 50_000_000
"""Of one product of matrices."""

MAX_LEVELS = 4
"""Of lists of which arrays are made."""

SECONDS, BYTES, ENVIRONMENTS = 0.05, 64 << 20, 1000
"""A call over so many environments may take so long, and make so much; one over more, more."""

_TEXT_OR_NUMBER = (str, int, float)


_clock = getattr(time, "thread_time", time.perf_counter)
"""Time of the processor, where there is such a clock (Pyodide has none): a busy machine is no fault
of the code."""


class OverBudget(Exception):
    """Raised within a call; `seconds` is True where it was time that ran out."""

    def __init__(self, message: str, *, seconds: bool) -> None:
        super().__init__(message)
        self.seconds = seconds


class Budget:
    """What a call may still spend."""

    def __init__(self) -> None:
        self._deadline = 0.0
        self._bytes = 0
        self._allowed = (0.0, 0)

    def begin(self, environments: int) -> None:
        """Begins a call over so many environments."""
        scale = max(1.0, environments / ENVIRONMENTS)
        self._allowed = (SECONDS * scale, int(BYTES * scale))
        self._bytes = self._allowed[1]
        self._deadline = _clock() + self._allowed[0]

    def spend(self, size: int) -> None:
        """Takes an array of so many numbers from what is left."""
        self._bytes -= 8 * size
        if self._bytes < 0:
            raise OverBudget(
                f"stopped: it makes arrays of more than {self._allowed[1] >> 20} MB in a call",
                seconds=False,
            )
        if _clock() > self._deadline:
            raise OverBudget(
                f"stopped: a call takes more than {self._allowed[0] * 1000:.0f} ms", seconds=True
            )


def _kind(value: object) -> str:
    """What a value is, in words."""
    if isinstance(value, Accessor):
        return type(value).__name__.lower()
    return {"str": "a text", "dict": "a dictionary", "NoneType": "None"}.get(
        type(value).__name__, f"a {type(value).__name__}"
    )


def _whole(value: int) -> int:
    """A whole number, if it is not too large."""
    if not -(2**63) < value < 2**63:
        raise OverflowError(
            "a whole number is greater than 2**63; write it as a float, such as 2.0"
        )
    return value


def _product(shape: tuple[int, ...]) -> int:
    return math.prod(shape)


class Guards:
    """The guards of one program.

    Attributes:
        budget: What its calls may spend.
    """

    def __init__(self) -> None:
        self.budget = Budget()
        self._spend = self.budget.spend
        self._add = self._binary(operator.add)

    def namespace(self) -> dict[str, Any]:
        """The names that code is run with: guards, and the listed functions of Python."""
        functions: dict[str, Callable[..., Any]] = {
            "array": self._array,
            "asarray": self._array,
            "zeros": lambda shape: np.zeros(self._new(shape)),
            "ones": lambda shape: np.ones(self._new(shape)),
            "full": lambda shape, value: np.full(self._new(shape), self._number(value)),
            "full_like": lambda array, value: np.full(
                self._like(array), self._number(value), np.float64
            ),
            "clip": self._clip,
            "interp": self._interp,
            "cross": self._cross,
            "dot": self._matrices(np.dot),
            "matmul": self._matrices(np.matmul),
            "vecdot": self._elementwise(np.vecdot),
            "linalg.norm": self._norm,
            "transpose": self._transpose,
            "reshape": lambda array, shape: self._reshape(array, shape),
            "round": self._rounded,
        }
        for name in ELEMENTWISE:
            functions[name] = self._elementwise(getattr(np, name))
        for name in REDUCING | MOVING:
            functions.setdefault(name, self._of_one(getattr(np, name)))
        for name in JOINING:
            functions[name] = self._of_many(getattr(np, name))
        assert functions.keys() == NUMPY.keys()
        methods: dict[str, Callable[..., Any]] = {
            name: functions[name] for name in ARRAY_METHODS if name in functions
        }
        methods |= {
            "reshape": self._reshape,
            "flatten": functions["ravel"],
            "astype": self._astype,
        }
        return {
            "__builtins__": {},
            **{f"np.{name}": getattr(np, name) for name in NUMPY_CONSTANTS},
            **{f"np.{name}": function for name, function in functions.items()},
            **{f".{name}": self._method(name, function) for name, function in methods.items()},
            **self._operators(),
            ATTRIBUTE: self._attribute,
            ITEM: self._item,
            STORE: self._store,
            SLICE: slice,
            KEY: self._key,
            ROUNDS: self._rounds,
            ENTER: self._enter,
            "abs": functions["abs"],
            "round": self._rounded,
            "float": lambda value: float(self._single(value)),
            "int": lambda value: _whole(int(self._single(value))),
            "bool": lambda value: bool(self._single(value)),
            "len": self._length,
            "min": lambda *values: min(self._singles(values)),
            "max": lambda *values: max(self._singles(values)),
            "sum": self._sum,
            "range": lambda *bounds: range(*map(operator.index, self._singles(bounds))),
            "enumerate": lambda values: list(enumerate(self._rounds(values))),
            "zip": lambda *values: list(zip(*map(self._rounds, values), strict=True)),
        }

    def accessor(self, name: str) -> Callable[..., Any]:
        """The guard of a method of accessors, which may have the name of an array's as well."""
        return self._method(name, None)

    # Values.

    def _operand(self, value: Any) -> Any:
        """A number or an array; lists and tuples become arrays."""
        kind = type(value)
        if kind is np.ndarray or kind in NUMBERS:
            return value
        if kind is list or kind is tuple:
            return self._array(value)
        raise TypeError(f"{_kind(value)} is no number and no array")

    def _number(self, value: Any) -> Any:
        """A single number."""
        if type(value) not in NUMBERS:
            raise TypeError(f"a single number is needed here, not {_kind(value)}")
        return value

    def _single(self, value: Any) -> Any:
        """A single number, or an array of one."""
        return (
            value.item() if type(value) is np.ndarray and value.size == 1 else self._number(value)
        )

    def _singles(self, values: tuple[Any, ...]) -> list[Any]:
        """Single numbers; those of the list or tuple that is the only one."""
        if len(values) == 1 and type(values[0]) in (list, tuple):
            values = values[0]
        return [self._single(value) for value in values]

    def _array(self, value: Any) -> NDArray[Any]:
        """An array of numbers."""
        self._spend(self._count(value, MAX_LEVELS))
        array = np.array(value)
        if array.dtype.kind not in "fiub":
            raise TypeError("an array is made of numbers, or of arrays of one shape")
        return array

    def _count(self, value: Any, levels: int) -> int:
        """How many numbers a list holds, of lists down to so many levels."""
        if type(value) is np.ndarray:
            return value.size
        if type(value) in NUMBERS:
            return 1
        if type(value) not in (list, tuple):
            raise TypeError(f"an array is made of numbers, not of {_kind(value)}")
        if not levels:
            raise TypeError(f"lists of numbers have up to {MAX_LEVELS} levels")
        count = 0
        for element in value:
            number = self._count(element, levels - 1)
            self._spend(number)
            count += number
        return count

    def _size(self, *operands: Any) -> int:
        """How many numbers have the shape to which operands broadcast."""
        shape: tuple[int, ...] = ()
        for value in operands:
            if type(value) is np.ndarray and value.shape != shape:
                shape = np.broadcast_shapes(shape, value.shape) if shape else value.shape
        return _product(shape)

    def _new(self, shape: Any) -> tuple[int, ...]:
        """The shape of a new array."""
        lengths = shape if type(shape) in (tuple, list) else (shape,)
        result = tuple(operator.index(self._number(length)) for length in lengths)
        if min(result, default=0) < 0:
            raise ValueError("a length is negative")
        self._spend(_product(result))
        return result

    def _like(self, array: Any) -> tuple[int, ...]:
        return self._new(np.shape(self._operand(array)))

    # Operators.

    def _operators(self) -> dict[str, Callable[..., Any]]:
        two = {
            "-": operator.sub,
            "/": operator.truediv,
            "//": operator.floordiv,
            "%": operator.mod,
            "&": operator.and_,
            "|": operator.or_,
            "^": operator.xor,
            "*": operator.mul,
            "<": operator.lt,
            "<=": operator.le,
            ">": operator.gt,
            ">=": operator.ge,
        }
        return {
            **{name: self._binary(function) for name, function in two.items()},
            "+": self._add,
            "==": self._equality(operator.eq),
            "!=": self._equality(operator.ne),
            "**": self._power,
            "@": self._matrices(operator.matmul),
            "+x": self._elementwise(operator.pos),
            "-x": self._elementwise(operator.neg),
            "~x": self._elementwise(self._opposite),
        }

    def _binary(self, function: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
        def guard(left: Any, right: Any) -> Any:
            left, right = self._operand(left), self._operand(right)
            self._spend(self._size(left, right))
            result = function(left, right)
            return _whole(result) if type(result) is int else result

        return guard

    def _equality(self, function: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
        compared = self._binary(function)

        def guard(left: Any, right: Any) -> Any:
            if type(left) is str and type(right) is str:
                return function(left, right)
            return compared(left, right)

        return guard

    def _power(self, base: Any, exponent: Any) -> Any:
        base, exponent = self._operand(base), self._operand(exponent)
        self._spend(self._size(base, exponent))
        if type(base) is int and type(exponent) is int and exponent > 64:
            base = float(base)
        result = base**exponent
        if type(result) is complex:
            return math.nan
        return _whole(result) if type(result) is int else result

    @staticmethod
    def _opposite(value: Any) -> Any:
        return not value if type(value) is bool else ~value

    def _elementwise(self, function: Callable[..., Any]) -> Callable[..., Any]:
        def guard(*values: Any) -> Any:
            operands = [self._operand(value) for value in values]
            self._spend(self._size(*operands))
            return function(*operands)

        return guard

    def _matrices(self, function: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
        def guard(left: Any, right: Any) -> Any:
            left, right = np.asarray(self._operand(left)), np.asarray(self._operand(right))
            if left.ndim > 2 or right.ndim > 2:
                raise ValueError("products are of matrices [n, k] and vectors [k]")
            columns = right.shape[1] if right.ndim == 2 else 1
            if left.size * columns > MAX_MULTIPLICATIONS:
                raise OverBudget("stopped: a product of matrices is too large", seconds=False)
            self._spend((left.shape[0] if left.ndim == 2 else 1) * columns)
            return function(left, right)

        return guard

    # Functions.

    def _of_one(self, function: Callable[..., Any]) -> Callable[..., Any]:
        def guard(array: Any, *others: Any, **named: Any) -> Any:
            array = self._operand(array)
            self._spend(np.size(array))
            return function(
                array,
                *map(self._argument, others),
                **{name: self._argument(value) for name, value in named.items()},
            )

        return guard

    def _argument(self, value: Any) -> Any:
        """A number, None or a tuple of whole numbers: axes and the like."""
        if type(value) is tuple and len(value) <= 8:
            return tuple(operator.index(self._number(element)) for element in value)
        return value if value is None else self._number(value)

    def _of_many(self, function: Callable[..., Any]) -> Callable[..., Any]:
        def guard(arrays: Any, axis: Any = 0) -> Any:
            if type(arrays) is np.ndarray:
                raise TypeError("a list or tuple of arrays is needed here, not one array")
            operands = [self._operand(array) for array in self._rounds(arrays)]
            self._spend(sum(map(np.size, operands)))
            if "axis" in named:
                return function(operands, axis=operator.index(self._number(axis)))
            return function(operands)

        named = NUMPY[function.__name__].keywords
        return guard

    def _rounded(self, array: Any, decimals: Any = 0) -> Any:
        array = self._operand(array)
        self._spend(np.size(array))
        return np.round(array, operator.index(self._number(decimals)))

    def _clip(self, array: Any, low: Any, high: Any) -> Any:
        bounds = [bound if bound is None else self._operand(bound) for bound in (low, high)]
        array = self._operand(array)
        self._spend(self._size(array, *bounds))
        return np.clip(array, *bounds)

    def _interp(self, values: Any, places: Any, heights: Any) -> Any:
        operands = [self._operand(value) for value in (values, places, heights)]
        self._spend(sum(map(np.size, operands)))
        return np.interp(*operands)

    def _cross(self, left: Any, right: Any, axis: Any = -1) -> Any:
        left, right = self._operand(left), self._operand(right)
        self._spend(2 * self._size(left, right))
        return np.cross(left, right, axis=operator.index(self._number(axis)))

    def _norm(self, array: Any, ord: Any = None, axis: Any = None, keepdims: Any = False) -> Any:
        array = self._operand(array)
        self._spend(np.size(array))
        if type(axis) is tuple or (axis is None and ord is not None):
            raise TypeError("norms are those of vectors: give one axis, such as axis=1")
        return np.linalg.norm(array, self._argument(ord), self._argument(axis), bool(keepdims))

    def _transpose(self, array: Any, *axes: Any) -> Any:
        array = self._operand(array)
        self._spend(0)
        return np.transpose(array, self._argument(axes[0] if len(axes) == 1 else axes or None))

    def _reshape(self, array: Any, *shape: Any) -> Any:
        array = self._operand(array)
        self._spend(np.size(array))
        lengths = shape[0] if len(shape) == 1 else shape
        return np.reshape(
            array, self._argument(tuple(lengths) if type(lengths) is list else lengths)
        )

    def _astype(self, array: Any, name: str) -> Any:
        array = np.asarray(self._operand(array))
        self._spend(array.size)
        return array.astype(name)

    def _method(self, name: str, of_arrays: Callable[..., Any] | None) -> Callable[..., Any]:
        def guard(value: Any, *arguments: Any, **named: Any) -> Any:
            if isinstance(value, Accessor) and name in value.methods:
                self._spend(0)
                (text,) = arguments
                if type(text) is not str:
                    raise TypeError(f"{name} takes a name, not {_kind(text)}")
                return getattr(value, name)(text)
            if of_arrays is None or isinstance(value, Accessor):
                raise TypeError(f"{_kind(value)} has no method {name}")
            if type(value) in (list, tuple):
                raise TypeError(f"{_kind(value)} has no method {name}: use np.{name}, or np.array")
            return of_arrays(value, *arguments, **named)

        return guard

    # Attributes, elements, loops.

    def _attribute(self, value: Any, name: str) -> Any:
        if isinstance(value, Accessor):
            if name not in value.attributes:
                raise TypeError(
                    f"{_kind(value)} has no attribute {name}: it has {', '.join(value.attributes)}"
                )
            result = getattr(value, name)
            self._spend(np.size(result))
            return result
        if (type(value) is np.ndarray or type(value) in NUMBERS) and name in ARRAY_ATTRIBUTES:
            self._spend(0)
            return getattr(np.asarray(value), name)
        raise TypeError(f"{_kind(value)} has no attribute {name}")

    def _item(self, value: Any, key: Any) -> Any:
        if type(value) is np.ndarray:
            self._spend(self._selected(value, key))
            return value[key]
        if type(value) in (dict, MappingProxyType):
            return value[self._key(key)]
        if type(value) in (tuple, list, str) and type(key) in (int, slice):
            self._spend(len(value))
            return value[key]
        raise TypeError(f"{_kind(value)} has no element {_kind(key)}")

    def _selected(self, array: NDArray[Any], key: Any) -> int:
        """How many numbers an index copies, at most; refuses what is no index."""
        parts = list(key) if type(key) is tuple else [key]
        consumed = 0
        for k, part in enumerate(parts):
            if type(part) is list:
                parts[k] = part = self._array(part)
            if type(part) is slice:
                for bound in (part.start, part.stop, part.step):
                    if bound is not None:
                        operator.index(self._number(bound))
            elif part is None or part is Ellipsis:
                continue
            elif type(part) is bool or (type(part) is not np.ndarray and type(part) not in NUMBERS):
                raise TypeError(f"{_kind(part)} is no index")
            masks = type(part) is np.ndarray and part.dtype == np.bool_
            consumed += part.ndim if masks else 1
        lengths = list(array.shape)
        copied: list[tuple[int, ...]] = []
        size = 1
        for part in parts:
            if part is Ellipsis:
                rest = array.ndim - consumed
                size *= _product(tuple(lengths[:rest]))
                del lengths[:rest]
            elif type(part) is slice:
                size *= lengths.pop(0) if lengths else 1
            elif type(part) is np.ndarray and part.dtype == np.bool_:
                copied.append((part.size,))
                del lengths[: part.ndim]
            elif part is not None:
                copied.append(np.shape(part))
                del lengths[:1]
        if not any(copied):
            return 0
        # Masks and indices broadcast together; a mask gives no more than it has elements.
        axes = zip_longest(*(shape[::-1] for shape in copied), fillvalue=1)
        return _product(tuple(map(max, axes))) * size * _product(tuple(lengths))

    def _store(self, value: Any, key: Any, new: Any, change: Any = None) -> None:
        if change is not None:
            new = change(self._item(value, key), new)
        if type(value) is dict:
            value[self._key(key)] = new
            self._spend(8)
        elif type(value) is np.ndarray:
            if not value.flags.writeable:
                raise ValueError("this array belongs to the simulation: change a .copy() of it")
            self._spend(self._selected(value, key))
            value[key] = self._operand(new)
        else:
            raise TypeError(f"an element of {_kind(value)} cannot be set")

    def _key(self, key: Any) -> Any:
        if type(key) not in _TEXT_OR_NUMBER:
            raise TypeError(f"a key is a text or a number, not {_kind(key)}")
        return key

    def _rounds(self, values: Any) -> Any:
        """What may be looped over."""
        if type(values) is np.ndarray:
            raise TypeError(
                "a loop over an array is one over environments: compute with all at once"
            )
        if type(values) not in (tuple, list, range, dict, MappingProxyType):
            raise TypeError(f"a loop goes over a range, a tuple or a list, not {_kind(values)}")
        if len(values) > MAX_ROUNDS:
            raise ValueError(f"a loop has up to {MAX_ROUNDS} rounds, not {len(values)}")
        self._spend(8 * len(values) + 8)
        return values

    def _enter(self) -> None:
        self._spend(8)

    def _length(self, value: Any) -> int:
        if type(value) not in (np.ndarray, list, tuple, dict, MappingProxyType, str, range):
            raise TypeError(f"{_kind(value)} has no length")
        return len(value)

    def _sum(self, values: Any) -> Any:
        if type(values) is np.ndarray:
            self._spend(values.size)
            return np.sum(values, axis=0)
        total: Any = 0
        for value in self._rounds(values):
            total = self._add(total, value)
        return total


def frozen(value: Any, known: dict[int, Any]) -> Any:
    """A constant that nobody can change: lists become tuples, arrays are read only.

    Args:
        value: What is to be frozen.
        known: What was frozen already, by its id; each value is looked at once.
    """
    if type(value) is np.ndarray:
        value.flags.writeable = False
    elif type(value) in (list, tuple, dict):
        if id(value) not in known:
            if type(value) is dict:
                new: Any = MappingProxyType({k: frozen(v, known) for k, v in value.items()})
            else:
                new = tuple(frozen(element, known) for element in value)
            known[id(value)] = new
        return known[id(value)]
    return value
