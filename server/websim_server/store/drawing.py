"""Draws a robot without a graphics driver, by MuJoCo's own ray casting.

    python -m websim_server.store.drawing < FILE > PICTURE

Servers have no GL. `mj_multiRay` needs none, and knows each geom that MuJoCo does.
"""

import struct
import sys
import zlib
from typing import TYPE_CHECKING, Any

import mujoco
import numpy as np
from numpy.typing import NDArray

from websim_server.store import limited, pictures

if TYPE_CHECKING:
    from websim.experiments.experiment import Experiment

Array = NDArray[np.float64]

WIDTH, HEIGHT = 600, 315
"""The smallest that previews show large."""

FIELD = np.tan(np.deg2rad(17))
"""Half of the height that is seen, in distances."""

TOWARDS_EYE = np.array([0.48, -0.82, 0.31])

TOWARDS_LIGHT = np.array([0.29, -0.48, 0.83])

SKY = np.array([0.93, 0.95, 0.98])

GROUND = np.array([[0.74, 0.755, 0.777], [0.80, 0.816, 0.84]])

SHOWN = np.array([1, 1, 1, 0, 0, 0], np.uint8)
"""Groups of geoms, as MuJoCo's own viewer shows them."""

STEPS = 15
"""Of the policy, so that it is seen in motion."""

_FINER = 3
"""Rays along each side of a pixel in which an edge is."""


class Scene:
    """A robot where it stands, an eye that has all of it in sight, and a light."""

    def __init__(self, model: mujoco.MjModel, data: mujoco.MjData) -> None:
        """Takes them after `mj_forward`."""
        self._model, self._data = model, data
        self._moves = model.body_weldid[model.geom_bodyid] != 0
        robot = self._moves & (SHOWN[np.clip(model.geom_group, 0, 5)] == 1)
        if not robot.any():
            robot = ~np.isin(model.geom_type, (mujoco.mjtGeom.mjGEOM_PLANE,))
        reach = model.geom_rbound[robot][:, None]
        at = data.geom_xpos[robot]
        low, high = (at - reach).min(0), (at + reach).max(0)
        self._center, self._radius = (low + high) / 2, float(np.linalg.norm(high - low)) / 2
        self._back = TOWARDS_EYE / np.linalg.norm(TOWARDS_EYE)
        self._eye = self._center + self._back * self._radius / FIELD
        self._right = np.cross([0.0, 0.0, 1.0], self._back)
        self._right /= np.linalg.norm(self._right)
        self._up = np.cross(self._back, self._right)
        self._light = TOWARDS_LIGHT / np.linalg.norm(TOWARDS_LIGHT)
        self._colors = np.where(
            (model.geom_matid >= 0)[:, None],
            model.mat_rgba[model.geom_matid] if model.nmat else model.geom_rgba,
            model.geom_rgba,
        )[:, :3].astype(np.float64)

    def picture(self) -> NDArray[np.uint8]:
        """What is seen, [height, width, 3]; finer where something ends and another thing begins."""
        y, x = np.mgrid[0:HEIGHT, 0:WIDTH] + 0.5
        colors, geoms = self._seen(x.ravel(), y.ravel())
        image, geoms = colors.reshape(HEIGHT, WIDTH, 3), geoms.reshape(HEIGHT, WIDTH)
        edge = np.zeros((HEIGHT, WIDTH), np.bool_)
        for axis in (0, 1):
            ahead = np.diff(geoms, axis=axis, append=geoms.take([-1], axis)) != 0
            edge |= ahead | np.roll(ahead, 1, axis)
        rows, columns = np.nonzero(edge)
        finer = (np.arange(_FINER) + 0.5) / _FINER
        fine, _ = self._seen(
            (columns[:, None, None] + finer[None, :, None] + 0 * finer).ravel(),
            (rows[:, None, None] + finer[None, None, :] + 0 * finer[:, None]).ravel(),
        )
        image[rows, columns] = fine.reshape(len(rows), -1, 3).mean(1)
        return np.round(255 * np.clip(image, 0, 1)).astype(np.uint8)

    def _seen(self, x: Array, y: Array) -> tuple[Array, NDArray[np.int32]]:
        """Colours at places of the picture, in pixels, [n, 3], and the geoms there, [n]."""
        across = (2 * x / WIDTH - 1) * FIELD * WIDTH / HEIGHT
        upwards = (1 - 2 * y / HEIGHT) * FIELD
        rays = across[:, None] * self._right + upwards[:, None] * self._up - self._back
        rays /= np.linalg.norm(rays, axis=1, keepdims=True)
        geoms, distances, normals = self._cast(self._eye, rays, static=True)
        hit, static = geoms >= 0, (geoms >= 0) & ~self._moves[geoms]
        where = self._eye + rays * distances[:, None]
        square = 0.4 * self._radius
        odd = np.floor(where[:, :2] / square).sum(1) % 2
        bright = 0.35 + 0.65 * np.clip(normals @ self._light, 0, 1)
        colors = np.where(
            static[:, None], GROUND[odd.astype(int)], self._colors[geoms] * bright[:, None]
        )
        near = np.flatnonzero(
            static & (np.linalg.norm(where - self._center, axis=1) < 2.5 * self._radius)
        )
        colors[near[self._shaded(where[near])]] *= 0.68
        far = np.where(static, np.clip(distances / (14 * self._radius), 0, 1), ~hit)[:, None]
        return colors * (1 - far) + SKY * far, geoms

    def _shaded(self, where: Array) -> NDArray[np.bool_]:
        """Whether the robot is between the light and such places."""
        lamp = self._center + self._light * 50 * self._radius
        rays = where - lamp
        distances = np.linalg.norm(rays, axis=1)
        geoms, met, _ = self._cast(lamp, rays / distances[:, None], static=False)
        nearer: NDArray[np.bool_] = met < distances - 1e-3 * self._radius
        return nearer & (geoms >= 0)

    def _cast(
        self, start: Array, rays: Array, *, static: bool
    ) -> tuple[NDArray[np.int32], Array, Array]:
        """The geoms that rays from a place meet first (-1: none), how far away, and normals."""
        n = len(rays)
        geoms, distances, normals = np.empty(n, np.int32), np.empty(n), np.zeros((n, 3))
        directions = np.ascontiguousarray(rays).reshape(-1)
        mujoco.mj_multiRay(
            self._model, self._data, start, directions, SHOWN, static, -1,
            geoms, distances, normals.reshape(-1), n, mujoco.mjMAXVAL,
        )  # fmt: skip
        return geoms, distances, normals


def png(image: NDArray[np.uint8]) -> bytes:
    """An image [height, width, 3] as a PNG file."""
    height, width, _ = image.shape
    rows = np.zeros((height, 1 + 3 * width), np.uint8)
    rows[:, 0] = 2  # each row less the one above it
    rows[:, 1:] = np.diff(image.reshape(height, -1), axis=0, prepend=np.uint8(0))

    def chunk(name: bytes, body: bytes) -> bytes:
        check = zlib.crc32(name + body)
        return struct.pack(">I", len(body)) + name + body + struct.pack(">I", check)

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    body = zlib.compress(rows.tobytes(), 9)
    front = b"\x89PNG\r\n\x1a\n"
    return front + chunk(b"IHDR", header) + chunk(b"IDAT", body) + chunk(b"IEND", b"")


def scene_of(experiment: "Experiment", learner: dict[str, Any]) -> Scene:
    """Of an environment in which the policy has moved the robot, if there is one."""
    from websim.physics.native import NativePhysics
    from websim.policies import Playing
    from websim.training.trainer import policy_of

    env = experiment.make_vec(1)
    try:
        observations, _ = env.reset(seed=0)
        if learner:
            space = env.single_action_space
            policy = Playing(policy_of(experiment, learner, space.low, space.high))
            for step in range(STEPS):
                observations, *_ = env.step(policy(observations, step == 0))
        physics = env.physics
        assert isinstance(physics, NativePhysics)
        data = mujoco.MjData(physics.compiled)
        data.qpos[:] = physics.data.qpos[0]
        mujoco.mj_forward(physics.compiled, data)
        return Scene(physics.compiled, data)
    finally:
        env.close()


def _drawn(run: bytes) -> bytes:
    from websim.experiments.archive import load
    from websim.training import checkpoints

    if (brought := pictures.brought(run)) is not None:
        return brought.data
    if not checkpoints.has_learnt(run):
        return png(scene_of(load(run), {}).picture())
    checkpoint = checkpoints.loads(run, limited.MEMORY_BYTES // 8)
    return png(scene_of(checkpoint.experiment, checkpoint.learner).picture())


if __name__ == "__main__":
    sys.exit(limited.answer(_drawn))
