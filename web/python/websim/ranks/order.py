"""The order in which ranks' contributions are added, and the tree of machines that follows it.

Rounding makes sums depend on their order, so there is one, whatever carries the bytes and whenever
they come: groups of `GROUP` neighbours, each added from its first to its last; then the groups'
sums, in groups likewise, until one is left. Up to `GROUP` ranks that is simply their order.
"""

from dataclasses import dataclass
from typing import Any

from numpy.typing import NDArray

GROUP = 8


def add_in_order(parts: NDArray[Any]) -> NDArray[Any]:
    """The sum [n] of what ranks contribute [ranks, n]."""
    while len(parts) > 1:
        sums: NDArray[Any] = parts[::GROUP].copy()
        for place in range(1, GROUP):
            others = parts[place::GROUP]
            sums[: len(others)] += others
        parts = sums
    return parts.reshape(parts.shape[1:])


@dataclass(frozen=True)
class Place:
    """Where a member stands in the tree; members are counted from 0 by their place in the group.

    Sums of a branch go up to who comes first in it. Those at the top, at most `GROUP`, tell each
    other directly: with few members nothing passes through a third one.

    Attributes:
        own: Of this member.
        end: Behind the last of its branch, which are `own` to `end - 1`.
        children: The first ones of the branches below, in order, each with the end of its branch.
        parent: Who adds this branch; None at the top.
        other_tops: If this one is at the top, the others there, each with the end of its branch.
        width: Of a whole branch at the top.
    """

    own: int
    end: int
    children: tuple[tuple[int, int], ...]
    parent: int | None
    other_tops: tuple[tuple[int, int], ...]
    width: int


def place_of(own: int, members: int) -> Place:
    """The place of one among `members`."""
    top = 1
    while -(-members // top) > GROUP:
        top *= GROUP
    children: list[tuple[int, int]] = []
    width = 1
    while width < top and own % (GROUP * width) == 0:
        first = range(own + width, min(own + GROUP * width, members), width)
        children += [(child, min(child + width, members)) for child in first]
        width *= GROUP
    return Place(
        own=own,
        end=min(own + width, members),
        children=tuple(children),
        parent=own - own % (GROUP * width) if width < top else None,
        other_tops=tuple(
            (first, min(first + top, members))
            for first in range(0, members if width == top else 0, top)
            if first != own
        ),
        width=top,
    )
