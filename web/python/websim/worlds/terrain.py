"""The ground as a document: one height field of tiles, made from a seed."""

import math
from dataclasses import dataclass

from websim import plain
from websim.errors import InvalidArgument
from websim.worlds.levels import Levels, check_number, check_pair
from websim.worlds.tiles import KINDS

MAX_VERTICES = 1 << 20
"""Of the whole height field: 4 MB of MuJoCo's memory in each worker, and 16 MB of Python's."""

MAX_COLUMNS = 100
MAX_POINTS = 1024
"""Of a scan: each is a number of the observation."""


@dataclass(frozen=True, kw_only=True)
class Scan:
    """Heights around a robot that it observes, on a grid that turns with its heading.

    Attributes:
        size: Metres that the grid measures ahead and to the side.
        spacing: Metres between its points.
    """

    size: tuple[float, float] = (1.6, 1.0)
    spacing: float = 0.2

    def __post_init__(self) -> None:
        """Raises InvalidArgument; the message begins with the path."""
        check_pair("size", self.size, 0.0, 20.0)
        check_number("spacing", self.spacing, 0.01, 20.0)
        object.__setattr__(self, "size", tuple(map(float, self.size)))
        along, across = self.shape
        if along * across > MAX_POINTS:
            raise InvalidArgument(
                f"spacing must be greater: a scan may have {MAX_POINTS} points, not "
                f"{along} x {across}."
            )

    @property
    def shape(self) -> tuple[int, int]:
        """Points ahead and to the side."""
        along, across = (math.floor(size / self.spacing + 1e-6) + 1 for size in self.size)
        return along, across


@dataclass(frozen=True, kw_only=True)
class Terrain(Levels):
    """Ground in place of a flat floor: a column of tiles for each kind, harder row by row.

    Each environment has a column of its own for good, drawn as it is seeded, and a level: the row
    in which its episodes begin.

    Attributes:
        seed: Of the ground, which is the same for all environments.
        kinds: Of the columns, names of `websim.worlds.tiles.KINDS`; one may come several times.
        levels: Rows, from the easiest to the hardest.
        tile: Metres that a tile measures, a whole number of resolutions.
        platform: Metres of flat ground in its middle, where robots begin.
        resolution: Metres between two heights. Fine ground costs time: MuJoCo looks at each prism
            of it under a geom.
        speed: What is asked in m/s, for as long as an episode may last, where levels follow robots:
            who has got further than half a tile goes up, who has got less than half of what was
            asked goes down.
        scan: Heights around the robot that are observed; None: none are.
    """

    seed: int = 0
    kinds: tuple[str, ...] = tuple(KINDS)
    tile: float = 8.0
    platform: float = 3.0
    resolution: float = 0.25
    speed: float = 0.1
    scan: Scan | None = None

    def __post_init__(self) -> None:
        """Raises InvalidArgument; the message begins with the path."""
        super().__post_init__()
        if not plain.is_count(self.seed):
            raise InvalidArgument(
                f"seed must be an integer from 0 to {plain.MAX_INTEGER}, not {self.seed!r:.99}."
            )
        if not isinstance(self.kinds, list | tuple) or not 1 <= len(self.kinds) <= MAX_COLUMNS:
            raise InvalidArgument(
                f"kinds must be a list of 1 to {MAX_COLUMNS} names, not {self.kinds!r:.99}."
            )
        for i, kind in enumerate(self.kinds):
            if not isinstance(kind, str) or kind not in KINDS:
                raise InvalidArgument(
                    f"kinds[{i}] must be one of {', '.join(KINDS)}, not {kind!r:.99}."
                )
        check_number("tile", self.tile, 1.0, 100.0)
        check_number("resolution", self.resolution, 0.01, 10.0)
        check_number("platform", self.platform, 0.0, 100.0)
        check_number("speed", self.speed, 0.0, 1000.0)
        if self.scan is not None and not isinstance(self.scan, Scan):
            raise InvalidArgument(f"scan must be a Scan, not {self.scan!r:.99}.")
        if abs(self.tile / self.resolution - self.cells) > 1e-6:
            raise InvalidArgument(
                f"tile must be a whole number of resolutions of {self.resolution:g} m, not "
                f"{self.tile:g} m."
            )
        least = 4 * self.resolution
        if self.platform > self.tile - least:
            raise InvalidArgument(
                f"platform must leave four resolutions of its tile: it may have "
                f"{max(0.0, self.tile - least):g} m, not {self.platform:g} m."
            )
        rows, columns = self.shape
        if rows * columns > MAX_VERTICES:
            raise InvalidArgument(
                f"resolution must be greater, or levels, kinds or tile less: the ground may have "
                f"{MAX_VERTICES:,} heights, not {rows:,} x {columns:,}."
            )
        object.__setattr__(self, "kinds", tuple(self.kinds))

    @property
    def cells(self) -> int:
        """Of a tile along a side."""
        return round(self.tile / self.resolution)

    @property
    def shape(self) -> tuple[int, int]:
        """Heights along y and along x: the tiles, and level ground as wide as one around them."""
        return (len(self.kinds) + 2) * self.cells + 1, (self.levels + 2) * self.cells + 1
