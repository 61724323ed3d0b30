"""What a form has to know of the algorithms: hyperparameters and presets, as the manifest says."""

from dataclasses import Field, fields
from typing import Any

from websim.algorithms import ALGORITHMS
from websim.algorithms.base import MAX_LAYERS
from websim.algorithms.presets import PRESETS
from websim.browser.messages import Algorithm, Hyperparameter
from websim.kernels.reference import ACTIVATIONS

_CHOICES = {"activation": list(ACTIVATIONS)}

_TYPES: dict[type, Any] = {int: "int", float: "float", bool: "bool", str: "str", tuple: "ints"}


def describe() -> dict[str, Algorithm]:
    """By name; see `websim.browser.messages`."""
    return {
        name: Algorithm(
            hyperparameters=[_describe(entry) for entry in fields(kind.Hyperparameters)],
            presets=PRESETS[name],
        )
        for name, kind in ALGORITHMS.items()
    }


def _describe(entry: "Field[Any]") -> Hyperparameter:
    default: Any = entry.default
    kind = float if default is None else type(default)
    return Hyperparameter(
        name=entry.name,
        type=_TYPES[kind],
        default=default,
        choices=_CHOICES.get(entry.name),
        most=MAX_LAYERS if kind is tuple else None,
        **entry.metadata,
    )
