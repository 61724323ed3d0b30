"""Environments on a terrain: where each of them stands, and how its task sees that.

A task knows a level floor around the origin. So it sees its robot from its tile: how far it is from
where it began, and how high above the ground under it. Gaps count as ground there: who falls into
one is below it.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from websim.errors import DamagedCheckpoint
from websim.physics import BatchData, FloatArray, IndexArray, Physics
from websim.worlds.draws import Counters, uniform
from websim.worlds.ladder import Ladder
from websim.worlds.site import Site
from websim.worlds.terrain import Terrain

PLACES = ("xpos", "xipos", "subtree_com", "geom_xpos", "site_xpos")
"""Arrays of places in the world, [n, k, 3]; besides qpos."""

COLUMN, LEVEL = 1 << 16, (1 << 16) + 1
"""Of an environment's random numbers, those that the ground takes."""


class Seen(BatchData):
    """A batch as its task sees it: the same arrays, but for those of places."""

    def __init__(self, data: BatchData) -> None:
        """Takes a batch."""
        self.share(data)

    def share(self, data: BatchData) -> None:
        """Takes what the batch has and this has not yet."""
        for name, value in data.__dict__.items():
            if name in ("qpos", *PLACES):
                self.__dict__.setdefault(name, value.copy())
            else:
                self.__dict__[name] = value


class Ground:
    """Environments on a terrain.

    Attributes:
        terrain: The terrain.
        field: Its heights.
        ladder: Whose levels are the rows in which the next episodes of environments begin.
        columns: [n] int32, of environments, as indices into the terrain's kinds.
        data: What their task sees of them.
        outside: [n] bool, who has left the ground.
    """

    def __init__(self, site: Site, physics: Physics) -> None:
        """Takes a site, and environments that have its floor."""
        n = physics.num_envs
        self.field, self.terrain = site.field, site.field.terrain
        self._physics, self._roots = physics, site.roots
        self._planar = [root for root in site.roots if root.columns[1] is None]
        if self._planar:
            physics.vary(["body_pos"])
        self.ladder = Ladder(self.terrain, n, LEVEL)
        self.columns: NDArray[np.int32] = np.zeros(n, np.int32)
        self._origins = np.zeros((n, 3))
        self.data = Seen(physics.data)
        self.outside: NDArray[np.bool_] = np.zeros(n, np.bool_)
        self._distances: FloatArray = np.zeros(n)
        self._grid = _grid(self.terrain)

    @property
    def levels(self) -> NDArray[np.int32]:
        """Of the ladder."""
        return self.ladder.levels

    def seed(self, indices: IndexArray, keys: Counters) -> None:
        """Gives environments [k] their column and their first level; see `Ladder.seed`."""
        column = uniform(keys, COLUMN, np.zeros_like(keys), 1)[:, 0]
        self.columns[indices] = (column * len(self.terrain.kinds)).astype(np.int32)
        self.ladder.seed(indices, keys)
        self._set_rows(indices)

    def begin(self, indices: IndexArray, qpos: FloatArray) -> None:
        """New episodes of environments [k], with first positions [k, nq]: see `place`."""
        self._origins[indices] = self.field.origins(self.levels[indices], self.columns[indices])
        self.place(indices, qpos)

    def place(self, indices: IndexArray, qpos: FloatArray) -> None:
        """Moves positions [k, nq] as a task sees them onto the tiles of environments [k]."""
        shift = self._origins[indices].copy()
        root = self._roots[0]
        x, y = (
            shift[:, axis] + root.start[axis] + (0.0 if column is None else qpos[:, column])
            for axis, column in enumerate(root.columns[:2])
        )
        shift[:, 2] = self.field.walked_at(x, y)
        for root in self._roots:
            for axis, column in enumerate(root.columns):
                if column is not None:
                    qpos[:, column] += shift[:, axis]

    def look(self, rows: IndexArray | slice = slice(None)) -> None:
        """Brings `data` and `outside` up to date for some environments."""
        true, seen = self._physics.data, self.data
        origins = self._origins[rows]
        x, y, _ = self._where(rows)
        self._distances[rows] = np.hypot(x - origins[:, 0], y - origins[:, 1])
        self.outside[rows] = ~self.field.holds(x, y)
        shift = origins.copy()
        shift[:, 2] = self.field.walked_at(x, y)
        qpos = true.qpos[rows].copy()
        for root in self._roots:
            for axis, column in enumerate(root.columns):
                if column is not None:
                    qpos[:, column] -= shift[:, axis]
        seen.qpos[rows] = qpos
        for name in (name for name in PLACES if name in seen.fields):
            getattr(seen, name)[rows] = getattr(true, name)[rows] - shift[:, np.newaxis]

    def publish(self) -> None:
        """The physics has more fields."""
        self.data.share(self._physics.data)
        self.look()

    def judge(
        self, ended: NDArray[np.bool_], seconds: FloatArray, measures: FloatArray | None
    ) -> None:
        """Moves environments to other levels by the episodes that have just ended.

        Args:
            ended: [n], whose episodes count.
            seconds: [n], for how long they were asked to walk.
            measures: [n], what their measure says of them, by which progress is seen; None: there
                is none, and it is seen by how far they got.
        """
        terrain, far = self.terrain, self._distances
        achieved = far if measures is None or terrain.curriculum == "robots" else measures
        up, down = far > terrain.tile / 2, far < 0.5 * terrain.speed * seconds
        self.ladder.judge(ended, achieved, up, down)

    def scan(self, rows: IndexArray | slice = slice(None)) -> FloatArray:
        """How far below its root a robot has the ground at the points of the scan [k, points]."""
        x, y, z = self._where(rows)
        forward = self._heading(rows)
        ahead, aside = self._grid
        cos, sin = forward[:, :1], forward[:, 1:]
        there_x = x[:, np.newaxis] + cos * ahead - sin * aside
        there_y = y[:, np.newaxis] + sin * ahead + cos * aside
        return z[:, np.newaxis] - self.field.at(there_x, there_y)

    @property
    def scan_names(self) -> tuple[str, ...]:
        """What the numbers of a scan are."""
        return tuple(f"ground {x:+.2f} {y:+.2f}" for x, y in zip(*self._grid, strict=True))

    def arrays(self) -> dict[str, NDArray[Any]]:
        """What has to be known to go on, besides levels: by name, [n] each."""
        return {"columns": self.columns}

    def check(self, state: Any) -> None:
        """Makes sure that `load` can use a state; raises DamagedCheckpoint."""
        saved = state.get("columns") if isinstance(state, dict) else None
        if (
            not isinstance(saved, np.ndarray)
            or saved.shape != self.columns.shape
            or saved.dtype != self.columns.dtype
            or (saved < 0).any()
            or (saved >= len(self.terrain.kinds)).any()
        ):
            raise DamagedCheckpoint("The saved columns of the terrain are damaged.")

    def load(self, state: dict[str, NDArray[Any]]) -> None:
        """Goes on from what `arrays` gave, if `check` lets it pass, from levels and physics."""
        self.columns[...] = state["columns"]
        self._origins[...] = self.field.origins(self.levels, self.columns)
        self.look()

    def _set_rows(self, indices: IndexArray) -> None:
        """Puts robots that move in a plane into that of their column."""
        if not self._planar:
            return
        values = self._physics.varied["body_pos"][indices].copy()
        y = self.field.origins(self.levels[indices], self.columns[indices])[:, 1]
        for root in self._planar:
            values[:, root.body, 1] = root.start[1] + y
        self._physics.set_model(indices, {"body_pos": values})

    def _where(self, rows: IndexArray | slice) -> tuple[FloatArray, FloatArray, FloatArray]:
        """x, y and z of the first root [k]."""
        root, qpos = self._roots[0], self._physics.data.qpos
        x, y, z = (
            self._origins[rows, axis] + root.start[axis]
            if column is None
            else qpos[rows, column] + root.start[axis]
            for axis, column in enumerate(root.columns)
        )
        return x, y, z

    def _heading(self, rows: IndexArray | slice) -> FloatArray:
        """The x axis of the first root, level and of length 1 [k, 2]."""
        rotation = self._roots[0].rotation
        level = np.zeros((len(self._origins[rows]), 2))
        level[:, 0] = 1.0
        if rotation is None:
            return level
        w, x, y, z = self._physics.data.qpos[rows, rotation : rotation + 4].T
        forward = np.stack([1 - 2 * (y * y + z * z), 2 * (x * y + w * z)], axis=1)
        length = np.hypot(*forward.T)[:, np.newaxis]
        np.divide(forward, length, out=level, where=length > 0)
        return level


def _grid(terrain: Terrain) -> tuple[FloatArray, FloatArray]:
    """Where the points of a scan are, ahead and to the left [points]."""
    if terrain.scan is None:
        return np.zeros(0), np.zeros(0)
    ahead, aside = (
        (np.arange(count) - (count - 1) / 2) * terrain.scan.spacing for count in terrain.scan.shape
    )
    return np.repeat(ahead, len(aside)), np.tile(aside, len(ahead))
