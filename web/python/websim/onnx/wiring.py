"""Which of a graph's inputs and outputs are observations, actions, and what it remembers."""

import math
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from websim.errors import ForeignPolicy
from websim.onnx.model import DTYPES, Model, Slot, data_inputs

_T = TypeVar("_T")

STARTS = {"episodestart", "episodestarts", "isfirst", "first", "reset", "resets", "done", "dones"}
"""Names of inputs that are 1 in the first step of an episode, without what is no letter."""

MASKS = {"mask", "masks", "notdone", "notdones"}
"""Those that are 0 then."""

_DIRECTIONS = {"in", "out", "input", "output", "prev", "previous", "next", "new", "old", "last"}
_DIRECTIONS |= {"init", "initial", "final"}
"""Parts of names by which what goes in and what comes out differ."""

_MOST = 1 << 24
"""Numbers that a graph may remember of one environment, or be given."""


@dataclass(frozen=True)
class Port:
    """A tensor by its place for environments.

    Attributes:
        name: Of the tensor.
        dtype: Of its numbers.
        shape: Of it; 1 where the environments are.
        axis: The dimension along which they lie; None where it takes one alone.
    """

    name: str
    dtype: np.dtype[np.generic]
    shape: tuple[int, ...]
    axis: int | None

    def empty(self, n: int) -> NDArray[np.generic]:
        """Zeros for n environments."""
        shape = list(self.shape)
        if self.axis is not None:
            shape[self.axis] = n
        return np.zeros(shape, self.dtype)


@dataclass(frozen=True)
class Wiring:
    """How a graph is played.

    Attributes:
        observation: Where observations go in.
        action: Name of the output with the actions.
        memory: Where what is remembered goes in, and the name of the output where it comes out.
        flags: Where it wants to be told that an episode begins, and the number that says so.
        single: Whether it takes one environment alone at a time.
    """

    observation: Port
    action: str
    memory: tuple[tuple[Port, str], ...]
    flags: tuple[tuple[Port, bool], ...]
    single: bool


def wiring_of(model: Model, observations: int, actions: int, output: str = "") -> Wiring:
    """Matches inputs and outputs by their sizes and names.

    Args:
        model: The graph, as far as its inputs and outputs.
        observations: Size of an observation.
        actions: Size of an action.
        output: Name of the output with the actions; "": one that is called so, or the first of
            that size.

    Raises:
        ForeignPolicy: something has no counterpart; the message lists what there is.
    """
    inputs, outputs = data_inputs(model), list(model.outputs)

    def refused(problem: str) -> ForeignPolicy:
        return ForeignPolicy(f"{problem} The graph takes {_listed(inputs)}; it gives "
                             f"{_listed(outputs)}. The first dimension may be a batch of any size, "
                             "or 1.")  # fmt: skip

    fitting = [(slot, port) for slot in inputs if (port := _port(slot, observations))]
    if not fitting:
        raise refused(f"No input is for observations, of {observations} numbers.")
    slot, observation = _first(fitting, ("obs", "state"), lambda pair: pair[0].name)
    batch = slot.shape[observation.axis] if observation.axis is not None else None
    action = _action(outputs, actions, output, refused)
    memory_in, flags = [], []
    for one in inputs:
        plain_name = re.sub("[^a-z]", "", one.name.lower())
        if one is slot:
            continue
        if plain_name in STARTS | MASKS and (port := _port(one, 1, batch)):
            flags.append((port, plain_name in STARTS))
            continue
        memory_in.append(one)
    spare = [one for one in outputs if one.name != action]
    pairs = _pairs(memory_in, spare)
    if pairs is None:
        names = ", ".join(one.name for one in memory_in)
        raise refused(
            f"It is not clear what goes into {names:.200}: what a graph remembers comes out again "
            "with the same shape, and a name like it."
        )
    memory = tuple((_remembered(one, batch, refused), other) for one, other in pairs)
    ports = [observation, *(port for port, _ in (*memory, *flags))]
    single = any(port.axis is None for port in ports)
    return Wiring(observation, action, memory, tuple(flags), single)


def _listed(slots: Sequence[Slot]) -> str:
    told = []
    for slot in slots[:8]:
        kind = DTYPES.get(slot.dtype)
        shape = ", ".join(str(size or "?") for size in slot.shape)
        told.append(f"{slot.name:.40} ({kind.name if kind else 'no numbers'} [{shape:.60}])")
    more = f" and {len(slots) - 8} more" if len(slots) > 8 else ""
    return (", ".join(told) or "nothing") + more


def _is_free(size: int | str) -> bool:
    return isinstance(size, str) or not 0 < size < _MOST


def _axis(slot: Slot, batch: int | str | None = None) -> int | None:
    """The dimension of the batch; None where all are fixed."""
    free = [i for i, size in enumerate(slot.shape) if _is_free(size)]
    named = [i for i in free if isinstance(batch, str) and batch and slot.shape[i] == batch]
    called = [i for i in free if re.search("batch|env", str(slot.shape[i]).lower())]
    return next(iter([*named, *called, *free]), None)


def _port(slot: Slot, size: int, batch: int | str | None = None) -> Port | None:
    """A tensor as one that has `size` numbers for each environment; None where it has not."""
    if slot.dtype not in DTYPES:
        return None
    axis = _axis(slot, batch)
    rest = [i for i, side in enumerate(slot.shape) if _is_free(side) and i != axis]
    shape = [1 if _is_free(side) else int(side) for side in slot.shape]
    known = math.prod(shape)
    if len(rest) == 1 and known != size and size % known == 0:
        shape[rest[0]] = size // known
    if math.prod(shape) != size:
        return None
    return Port(slot.name, DTYPES[slot.dtype], tuple(shape), axis)


def _remembered(
    slot: Slot, batch: int | str | None, refused: Callable[[str], ForeignPolicy]
) -> Port:
    shape = tuple(1 if _is_free(side) else int(side) for side in slot.shape)
    if slot.dtype not in DTYPES or math.prod(shape) > _MOST:
        raise refused(f"{slot.name:.99} cannot be remembered: it is too large, or has no numbers.")
    return Port(slot.name, DTYPES[slot.dtype], shape, _axis(slot, batch))


def _action(
    outputs: Sequence[Slot], size: int, wanted: str, refused: Callable[[str], ForeignPolicy]
) -> str:
    if wanted:
        if all(one.name != wanted for one in outputs):
            raise refused(f"There is no output {wanted!r:.99}.")
        return wanted
    fitting = [one for one in outputs if not one.shape or _port(one, size)]
    if not fitting:
        raise refused(f"No output is an action, of {size} numbers.")
    return _first(fitting, ("action", "mean", "mu"), lambda one: one.name).name


def _first(found: Sequence[_T], marks: Sequence[str], name: Callable[[_T], str]) -> _T:
    """The one that is called so, or the first."""
    return next((one for mark in marks for one in found if mark in name(one).lower()), found[0])


def _pairs(inputs: Sequence[Slot], outputs: Sequence[Slot]) -> list[tuple[Slot, str]] | None:
    """Which output belongs to each input, by shape, and by name as far as they say something."""
    keys: list[Callable[[str], object]] = [
        _key,
        lambda name: _key(name)[:1],
        lambda name: "".join(_key(name))[:1],
        lambda name: "",
    ]
    for key in keys:
        exact = key is not keys[-1]  # at last, one behind the other
        pairs, left = [], list(outputs)
        for one in inputs:
            alike = [
                other for other in left if _alike(one, other) and key(one.name) == key(other.name)
            ]
            if not alike or (exact and len(alike) > 1):
                break
            left.remove(alike[0])
            pairs.append((one, alike[0].name))
        else:
            return pairs
    return None


def _key(name: str) -> tuple[str, ...]:
    parts = re.findall("[a-z]+|[0-9]+", name.lower())
    return tuple(part for part in parts if part not in _DIRECTIONS)


def _alike(one: Slot, other: Slot) -> bool:
    """Whether two tensors can be of one shape."""
    if not other.shape:
        return True
    return one.dtype == other.dtype and len(one.shape) == len(other.shape) and all(
        _is_free(a) or _is_free(b) or a == b for a, b in zip(one.shape, other.shape, strict=True)
    )  # fmt: skip
