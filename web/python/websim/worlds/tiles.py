"""Kinds of ground: the heights of one square tile, harder with its difficulty.

Every tile has a flat platform in its middle, where robots begin, and ends at height 0, so that any
two fit together. Only sums, products and comparisons make the heights: they are the same bits on
every machine.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from websim.physics import FloatArray

DEPTH = 1.0
"""Metres that a gap goes down."""

TREAD = 0.5
"""Metres from one step of stairs to the next."""

FIRM = 1.0
"""Metres of ground between two gaps."""


@dataclass(frozen=True)
class Square:
    """A tile's vertices.

    Attributes:
        cells: Along a side; there is one vertex more.
        spacing: Metres between two.
        platform: Half of the platform's side, in cells.
        difficulty: 0 to 1.
        rng: The tile's own.
    """

    cells: int
    spacing: float
    platform: int
    difficulty: float
    rng: np.random.Generator

    def between(self, easiest: float, hardest: float) -> float:
        """A value that follows the difficulty."""
        return easiest + (hardest - easiest) * self.difficulty

    def count(self, metres: float) -> int:
        """So many metres in cells, at least one."""
        return max(1, round(metres / self.spacing))

    def opening(self, metres: float) -> int:
        """Cells from one side of a gap to the other: between two there must be a vertex."""
        return max(2, round(metres / self.spacing))

    @property
    def rings(self) -> NDArray[np.intp]:
        """How many cells each vertex is from the platform, 0 on it [cells + 1, cells + 1]."""
        steps = np.abs(2 * np.arange(self.cells + 1) - self.cells)
        doubled = np.maximum(steps[:, np.newaxis], steps) - 2 * self.platform
        rings: NDArray[np.intp] = np.maximum(0, doubled // 2)
        return rings

    @property
    def around(self) -> int:
        """Cells from the platform to the tile's end."""
        return int(self.rings[0, 0])


Surface = tuple[FloatArray, NDArray[np.bool_] | None]
"""Heights of the ground that is walked on, and where in it there is a gap; None: nowhere."""


def flat(tile: Square) -> Surface:
    """Level ground."""
    return np.zeros_like(tile.rings, dtype=np.float64), None


def rough(tile: Square) -> Surface:
    """Each vertex has a height of its own, up to 2 to 12 cm."""
    heights: FloatArray = tile.rng.uniform(0.0, tile.between(0.02, 0.12), tile.rings.shape)
    return np.where(_inside(tile), heights, 0.0), None


def slope_up(tile: Square) -> Surface:
    """Up from the platform on all sides, 5 to 45 cm a metre."""
    heights, _ = slope_down(tile)
    return -heights, None


def slope_down(tile: Square) -> Surface:
    """Down from the platform on all sides, 5 to 45 cm a metre."""
    grade = tile.between(0.05, 0.45)
    return _times(tile.around - tile.rings, tile.spacing * grade), None


def stairs_up(tile: Square) -> Surface:
    """Steps up from the platform on all sides, 3 to 20 cm each."""
    heights, _ = stairs_down(tile)
    return -heights, None


def stairs_down(tile: Square) -> Surface:
    """Steps down from the platform on all sides, 3 to 20 cm each."""
    tread, step = tile.count(TREAD), tile.between(0.03, 0.20)
    # From the end inwards, so that the last step down reaches it.
    return _times((tile.around - tile.rings) // tread, step), None


def stepping_stones(tile: Square) -> Surface:
    """Square stones of 1.0 to 0.5 m with gaps of 0.25 to 0.75 m between them."""
    stone, opening = tile.count(tile.between(1.0, 0.5)), tile.opening(tile.between(0.25, 0.75))
    period = stone + opening
    shifts = tile.rng.integers(period, size=2)
    firm_y, firm_x = ((np.arange(tile.cells + 1) + shift) % period <= stone for shift in shifts)
    holes = ~(firm_y[:, np.newaxis] & firm_x)
    return np.zeros(holes.shape), holes & _inside(tile)


def gaps(tile: Square) -> Surface:
    """Gaps of 0.25 to 1.0 m around the platform, with a metre of ground between two."""
    firm, opening = tile.count(FIRM), tile.opening(tile.between(0.25, 1.0))
    place = tile.rings % (firm + opening)
    holes = (place > 0) & (place < opening)
    return np.zeros(holes.shape), holes & _inside(tile)


def boxes(tile: Square) -> Surface:
    """Blocks of 0.5 to 1.5 m, up to 5 to 30 cm high."""
    heights = np.zeros_like(tile.rings, dtype=np.float64)
    highest = tile.between(0.05, 0.30)
    for _ in range(round((tile.cells * tile.spacing) ** 2 / 3)):
        width, depth = (tile.count(size) for size in tile.rng.uniform(0.5, 1.5, 2))
        row, column = tile.rng.integers(1, max(2, tile.cells - max(width, depth)), 2)
        height = tile.rng.uniform(0.5, 1.0) * highest
        block = heights[row : row + width + 1, column : column + depth + 1]
        np.maximum(block, height, out=block)
    return np.where(_inside(tile), heights, 0.0), None


def _times(counts: NDArray[np.intp], height: float) -> FloatArray:
    heights: FloatArray = counts * np.float64(height)
    return heights


def _inside(tile: Square) -> NDArray[np.bool_]:
    """Neither on the platform nor at the tile's end."""
    rings = tile.rings
    return (rings > 0) & (rings < tile.around)


KINDS: dict[str, Callable[[Square], Surface]] = {
    make.__name__: make
    for make in (
        flat,
        rough,
        slope_up,
        slope_down,
        stairs_up,
        stairs_down,
        stepping_stones,
        gaps,
        boxes,
    )
}
"""By name."""
