"""What states that are kept are made of: trees of arrays, and random generators."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from websim.errors import DamagedCheckpoint

StateDict = dict[str, Any]
"""A tree: values are trees, numpy arrays, or anything that JSON can say."""


def load_arrays(into: Mapping[str, NDArray[Any]], state: Any) -> None:
    """Copies arrays of a state into those of the same names.

    Raises:
        DamagedCheckpoint: one is missing or of another shape, or not finite; nothing is copied.
    """
    for name, array in into.items():
        saved = state.get(name) if isinstance(state, dict) else None
        if not isinstance(saved, np.ndarray) or saved.shape != array.shape:
            raise DamagedCheckpoint(
                f"The checkpoint's {name!r} does not fit: it should have the shape {array.shape}."
            )
        with np.errstate(over="ignore"):
            if not np.isfinite(saved.astype(array.dtype)).all():
                raise DamagedCheckpoint(f"The checkpoint's {name!r} is not finite.")
    for name, array in into.items():
        array[...] = state[name]


def generator_state(rng: np.random.Generator | None) -> dict[str, Any]:
    """The state of a PCG64 generator, as JSON can say it (its integers have 128 bits)."""
    assert rng is not None
    state: Any = rng.bit_generator.state
    return {**state, "state": {key: str(value) for key, value in state["state"].items()}}


def load_generator(rng: np.random.Generator | None, state: dict[str, Any]) -> None:
    """Undoes `generator_state`; raises DamagedCheckpoint where that cannot be."""
    assert rng is not None
    try:
        inner = {key: int(value) for key, value in state["state"].items()}
        rng.bit_generator.state = {**state, "state": inner}
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
        raise DamagedCheckpoint(f"A saved random generator is damaged: {error!r}.") from None
