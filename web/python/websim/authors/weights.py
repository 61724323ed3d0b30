"""The weights of a reward's terms: constants at the top of its file, which may be read and set.

A term `forward` is weighted by `forward_weight`, a number that the file assigns outside functions:

    forward_weight = 1.0

    def reward(now, before, action):
        return {"forward": forward_weight * speed}

So people read and edit a reward that was written for them, and a search tunes it, in the same
place.
"""

import ast
from collections.abc import Mapping
from math import isfinite

from websim.errors import InvalidArgument

SUFFIX = "_weight"


def weights_of(source: str) -> dict[str, float]:
    """The weights of a reward's terms, by term, in the order of the file."""
    return {term: value for term, (value, _) in _assignments(source).items()}


def with_weights(source: str, weights: Mapping[str, float]) -> str:
    """A reward with other weights; all else stays as it is, comments and layout included.

    Raises:
        InvalidArgument: a term that has no weight, or a weight that is not finite.
    """
    known = _assignments(source)
    lines = source.encode().splitlines(keepends=True)
    for term, weight in weights.items():
        if term not in known:
            raise InvalidArgument(
                f"No term {term!r} is weighted in this reward; there are: {', '.join(known)}."
            )
        if not isfinite(weight):
            raise InvalidArgument(f"The weight of {term!r} must be finite, not {weight!r}.")
    # From the end to the beginning: what stands before keeps its place.
    for term in reversed(list(known)):
        if term not in weights:
            continue
        place = known[term][1]
        line = lines[place.lineno - 1]
        before, after = line[: place.col_offset], line[place.end_col_offset :]
        lines[place.lineno - 1] = before + f"{float(weights[term]):.6g}".encode() + after
    return b"".join(lines).decode()


def _assignments(source: str) -> dict[str, tuple[float, ast.expr]]:
    """Value and place of each weight."""
    found: dict[str, tuple[float, ast.expr]] = {}
    for node in ast.parse(source).body:
        if not isinstance(node, ast.Assign) or len(node.targets) != 1:
            continue
        target = node.targets[0]
        if not isinstance(target, ast.Name) or not target.id.endswith(SUFFIX):
            continue
        try:
            value = ast.literal_eval(node.value)
        except ValueError:
            continue
        if isinstance(value, int | float) and node.value.end_lineno == node.value.lineno:
            found[target.id.removesuffix(SUFFIX)] = float(value), node.value
    return found
