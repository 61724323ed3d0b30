"""The heights of a terrain, and how high it is at any place."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from websim.physics import FloatArray
from websim.physics.heightfield import HeightField
from websim.worlds.terrain import Terrain
from websim.worlds.tiles import DEPTH, KINDS, Square


class Field:
    """The ground around the origin: x runs along the levels, y along the kinds.

    Attributes:
        terrain: What it was made of.
        heights: [rows, columns] m above the floor that it stands in place of; rows go along y.
        walked: The same with its gaps filled: what a robot's height is measured from.
    """

    def __init__(self, terrain: Terrain) -> None:
        """Makes it: each tile of a generator of its own."""
        self.terrain = terrain
        cells = terrain.cells
        walked = np.zeros(terrain.shape)
        holes = np.zeros(terrain.shape, np.bool_)
        for column, kind in enumerate(terrain.kinds):
            for level in range(terrain.levels):
                tile = Square(
                    cells=cells,
                    spacing=terrain.resolution,
                    platform=_half(terrain),
                    difficulty=float(terrain.difficulties[level]),
                    rng=np.random.default_rng((terrain.seed, level, column)),
                )
                heights, gap = KINDS[kind](tile)
                rows = slice((column + 1) * cells, (column + 2) * cells + 1)
                columns = slice((level + 1) * cells, (level + 2) * cells + 1)
                walked[rows, columns] = heights
                if gap is not None:
                    holes[rows, columns] = gap
        # MuJoCo keeps heights as shares of the highest, in single precision: these are its own.
        surface = walked - DEPTH * holes
        self._lowest = float(surface.min())
        self._elevation = float(max(surface.max() - surface.min(), 0.01))
        self._data = ((surface - self._lowest) / self._elevation).astype(np.float32)
        self.heights: FloatArray = self._data.astype(np.float64) * self._elevation + self._lowest
        self.walked: FloatArray = np.where(holes, walked, self.heights)

    def height_field(self) -> HeightField:
        """As MuJoCo has it."""
        return HeightField(self._data, self.terrain.resolution, self._elevation, self._lowest)

    def origins(self, levels: NDArray[np.int32], columns: NDArray[np.int32]) -> FloatArray:
        """The middle of tiles [k], on their platforms: x, y and height [k, 3]."""
        terrain = self.terrain
        places = np.empty((len(levels), 3))
        places[:, 0] = (levels + 0.5 - terrain.levels / 2) * terrain.tile
        places[:, 1] = (columns + 0.5 - len(terrain.kinds) / 2) * terrain.tile
        places[:, 2] = self.at(places[:, 0], places[:, 1])
        return places

    def at(self, x: FloatArray, y: FloatArray) -> FloatArray:
        """How high the ground is, on the triangles that MuJoCo makes of it; any shape."""
        return _interpolated(self.heights, *self._cells(x, y))

    def walked_at(self, x: FloatArray, y: FloatArray) -> FloatArray:
        """The same, over gaps as if they were filled."""
        return _interpolated(self.walked, *self._cells(x, y))

    def holds(self, x: FloatArray, y: FloatArray) -> NDArray[np.bool_]:
        """Whether there is ground at a place; beyond it there is none."""
        along, across = self._half_sizes
        inside: NDArray[np.bool_] = (np.abs(x) <= along) & (np.abs(y) <= across)
        return inside

    @property
    def _half_sizes(self) -> tuple[float, float]:
        rows, columns = self.heights.shape
        return (columns - 1) * self.terrain.resolution / 2, (rows - 1) * self.terrain.resolution / 2

    def _cells(self, x: FloatArray, y: FloatArray) -> "_Places":
        """The cell that places are in, the nearest one where there is no ground."""
        along, across = self._half_sizes
        rows, columns = self.heights.shape
        # fmin and fmax: a place that is no number is at the end, too.
        u = np.fmin(np.fmax((x + along) / self.terrain.resolution, 0.0), columns - 1.0)
        v = np.fmin(np.fmax((y + across) / self.terrain.resolution, 0.0), rows - 1.0)
        column = np.minimum(u.astype(np.intp), columns - 2)
        row = np.minimum(v.astype(np.intp), rows - 2)
        return _Places(row, column, u - column, v - row)


class _Places(NamedTuple):
    row: NDArray[np.intp]
    column: NDArray[np.intp]
    u: FloatArray  # within the cell along x, 0 to 1
    v: FloatArray  # along y


def _interpolated(
    heights: FloatArray,
    row: NDArray[np.intp],
    column: NDArray[np.intp],
    u: FloatArray,
    v: FloatArray,
) -> FloatArray:
    """MuJoCo cuts each cell from its corner with the least x and y to the one opposite."""
    near, far = heights[row, column], heights[row + 1, column + 1]
    along_x = u > v  # which of the two triangles
    third = np.where(along_x, heights[row, column + 1], heights[row + 1, column])
    first, then = np.maximum(u, v), np.minimum(u, v)
    result: FloatArray = near + first * (third - near) + then * (far - third)
    return result


def _half(terrain: Terrain) -> int:
    """Cells of half a platform: as many as it needs."""
    return int(np.ceil(terrain.platform / 2 / terrain.resolution - 1e-9))
