"""What a form has to know of the algorithms: hyperparameters and presets, as the manifest says."""

from dataclasses import Field, fields
from typing import Any

from websim.algorithms import ALGORITHMS
from websim.algorithms.base import MAX_LAYERS
from websim.algorithms.presets import PRESETS
from websim.kernels.reference import ACTIVATIONS

_CHOICES = {"activation": list(ACTIVATIONS)}

_TYPES = {int: "int", float: "float", bool: "bool", str: "str", tuple: "ints"}


def describe() -> dict[str, Any]:
    """By algorithm: `hyperparameters`, and `presets[name][task]`, "*" being every task.

    A hyperparameter has `name, type, default, low, high, help`, `choices`, and `most`, how many
    numbers it may have; limits and choices that there are none of are null. One whose default is
    null is a number that may be left out.
    """
    return {
        name: {
            "hyperparameters": [_describe(entry) for entry in fields(kind.Hyperparameters)],
            "presets": PRESETS[name],
        }
        for name, kind in ALGORITHMS.items()
    }


def _describe(entry: "Field[Any]") -> dict[str, Any]:
    kind = float if entry.default is None else type(entry.default)
    return {
        "name": entry.name,
        "type": _TYPES[kind],
        "default": entry.default,
        "choices": _CHOICES.get(entry.name),
        "most": MAX_LAYERS if kind is tuple else None,
        **entry.metadata,
    }
