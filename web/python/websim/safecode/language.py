"""What safe code may say: the lists that checker and guards share."""

from collections.abc import Mapping
from typing import ClassVar, NamedTuple

MAX_SOURCE = 20_000
"""Characters of a file."""

MAX_DEPTH = 50
"""Levels to which expressions and statements may be nested."""

MAX_TOKENS = 500
"""Operators and keywords in a row that may each be a level; Pyodide's parser bears 1,000 in V8."""

MAX_TEXT = 200
"""Characters of a string."""

MAX_ROUNDS = 256
"""Rounds of one loop: over names, joints, legs; what is done per environment is done by numpy."""

MAX_LITERAL = 2**53
"""The greatest whole number that can be written down."""


class Accessor:
    """Base of the objects that code reads its data from; it sees what these two tables name.

    Attributes:
        attributes: Of each attribute, which is an array or a number, the arrays that it is
            computed of.
        methods: Of each method, which takes a name, what it returns.
    """

    attributes: ClassVar[Mapping[str, tuple[str, ...]]] = {}
    methods: ClassVar[Mapping[str, "type[Accessor]"]] = {}


class Call(NamedTuple):
    """How a function may be called: its fewest and most positional arguments, and its keywords."""

    fewest: int
    most: int
    keywords: tuple[str, ...] = ()


def _calls(names: str, fewest: int, most: int, keywords: str = "") -> dict[str, Call]:
    return {name: Call(fewest, most, tuple(keywords.split())) for name in names.split()}


ELEMENTWISE = {
    **_calls(
        "abs absolute fabs sign sqrt cbrt square exp exp2 expm1 log log2 log10 log1p sin cos tan "
        "arcsin arccos arctan sinh cosh tanh arcsinh arccosh arctanh deg2rad rad2deg radians "
        "degrees floor ceil rint trunc negative reciprocal isfinite isnan isinf logical_not",
        1,
        1,
    ),
    **_calls(
        "add subtract multiply divide true_divide floor_divide mod remainder fmod power "
        "float_power maximum minimum fmax fmin arctan2 hypot copysign heaviside logical_and "
        "logical_or logical_xor equal not_equal less less_equal greater greater_equal",
        2,
        2,
    ),
    **_calls("where", 3, 3),
}
"""Functions of numpy's whose result has the shape to which their arguments broadcast."""

REDUCING = {
    **_calls("sum prod mean min max amin amax any all median", 1, 2, "axis keepdims"),
    **_calls("std var", 1, 2, "axis keepdims ddof"),
    **_calls("argmin argmax cumsum cumprod count_nonzero", 1, 2, "axis"),
}
"""Functions of numpy's whose result is no larger than their first argument."""

MOVING = {
    **_calls("reshape", 2, 2),
    **_calls("transpose", 1, 2),
    **_calls("ravel", 1, 1),
    **_calls("copy", 1, 1),
    **_calls("squeeze expand_dims", 1, 2, "axis"),
    **_calls("swapaxes moveaxis", 3, 3),
    **_calls("flip sort", 1, 2, "axis"),
    **_calls("roll", 2, 3, "axis"),
    **_calls("diff", 1, 1, "axis"),
    **_calls("round", 1, 2, "decimals"),
    **_calls("nan_to_num", 1, 1, "nan posinf neginf"),
    **_calls("zeros_like ones_like", 1, 1),
}
"""Functions of numpy's whose result has as many elements as their first argument."""

JOINING = {
    **_calls("stack concatenate", 1, 2, "axis"),
    **_calls("hstack vstack column_stack", 1, 1),
}
"""Functions of numpy's that put a list or tuple of arrays together."""

OTHERS = {
    **_calls("array asarray", 1, 1),
    **_calls("zeros ones", 1, 1),
    **_calls("full full_like", 2, 2),
    **_calls("clip", 3, 3),
    **_calls("interp", 3, 3),
    **_calls("cross", 2, 2, "axis"),
    **_calls("dot matmul vecdot", 2, 2),
    **_calls("linalg.norm", 1, 2, "ord axis keepdims"),
}

NUMPY = {**ELEMENTWISE, **REDUCING, **MOVING, **JOINING, **OTHERS}
"""The functions of numpy's that may be called."""

NUMPY_CONSTANTS = ("pi", "e", "inf", "nan", "newaxis")

NUMBER_TYPES = {
    "float": "float64",
    "int": "int64",
    "bool": "bool",
    "np.float64": "float64",
    "np.float32": "float32",
    "np.int64": "int64",
    "np.int32": "int32",
    "np.bool_": "bool",
}
"""What `astype` takes."""

ARRAY_METHODS = {
    **{
        name: Call(NUMPY[name].fewest - 1, NUMPY[name].most - 1, NUMPY[name].keywords)
        for name in _calls(
            "sum prod mean min max any all std var argmin argmax cumsum cumprod clip dot round "
            "ravel copy squeeze swapaxes",
            1,
            1,
        )
    },
    "reshape": Call(1, 8),
    "transpose": Call(0, 8),
    "flatten": Call(0, 0),
    "astype": Call(1, 1),
}
"""The methods of arrays that may be called."""

ARRAY_ATTRIBUTES = ("T", "shape", "ndim", "size")

BUILTINS = {
    **_calls("abs float int bool len", 1, 1),
    **_calls("min max", 1, 100),
    **_calls("sum enumerate", 1, 1),
    **_calls("range", 1, 3),
    **_calls("round", 1, 2),
    **_calls("zip", 2, 8),
}
"""The functions of Python's that may be called."""
