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


def weighted(source: str) -> str:
    """A reward in which each term has a weight: those that lack one get one of 1.

    Raises:
        InvalidArgument: the function does not return its terms by name, in braces, so that nobody
            sees where they are.
    """
    body = ast.parse(source).body
    function = next(
        (node for node in body if isinstance(node, ast.FunctionDef) and node.name == "reward"), None
    )
    returns = [] if function is None else [n for n in ast.walk(function) if type(n) is ast.Return]
    edits: list[tuple[int, int, str]] = []
    known, new = {*_assignments(source)}, dict[str, None]()
    for node in returns:
        if not isinstance(node.value, ast.Dict):
            raise InvalidArgument(_UNSEEN.format(f"line {node.lineno}"))
        for key, value in zip(node.value.keys, node.value.values, strict=True):
            if not (isinstance(key, ast.Constant) and isinstance(key.value, str)):
                raise InvalidArgument(_UNSEEN.format(f"line {value.lineno}"))
            if key.value in known:
                continue
            new[key.value] = None
            edits.append((value.lineno, value.col_offset, f"{key.value}{SUFFIX} * ("))
            edits.append((value.end_lineno or 0, value.end_col_offset or 0, ")"))
    if function is None or not returns:
        raise InvalidArgument(_UNSEEN.format("there is none"))
    lines = source.encode().splitlines(keepends=True)
    for number, column, text in sorted(edits, reverse=True):
        line = lines[number - 1]
        lines[number - 1] = line[:column] + text.encode() + line[column:]
    if new:
        first = function.lineno - 1
        constants = "".join(f"{term}{SUFFIX} = 1.0\n" for term in new)
        lines.insert(first, f"{constants}\n\n".encode())
    return b"".join(lines).decode()


_UNSEEN = (
    'The terms of a reward can be weighted where `reward` returns them by name, {{"term": value}}: '
    "{}."
)


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
