"""What MuJoCo's compiler makes of the sizes of geoms, by which pairs are found that may touch."""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from websim.errors import InvalidArgument
from websim.physics import FloatArray

BOUNDS = ("geom_rbound", "geom_aabb", "bvh_aabb")
"""A sphere and a box around each geom, and boxes around geoms of a body, as trees."""

_SPHERE, _CAPSULE, _ELLIPSOID, _CYLINDER, _BOX = range(2, 7)  # mjtGeom


def scalable(array: Callable[[str], NDArray[Any]]) -> NDArray[np.bool_]:
    """Which geoms [ngeom] of a model may have another size; `array` gives an array of MjModel."""
    kinds = array("geom_type")
    found: NDArray[np.bool_] = (
        (kinds >= _SPHERE) & (kinds <= _BOX) & (array("geom_fluid")[:, 0] == 0)
    )
    return found


class Bounds:
    """Bounds of geoms of other sizes: called with sizes [k, ngeom, 3], gives BOUNDS [k, ...]."""

    def __init__(self, array: Callable[[str], NDArray[Any]]) -> None:
        """Takes from a compiled model what it needs; `array` gives an array of MjModel."""
        self._size = array("geom_size")
        self._type = array("geom_type")
        self._scalable = scalable(array)
        self._compiled = {name: array(name) for name in BOUNDS}
        bodies = array("geom_bodyid")
        inertial = array("body_iquat")[bodies]
        # Of each geom in its body's inertial frame, that of the trees.
        offset = array("geom_pos") - array("body_ipos")[bodies]
        self._centre = _rotate(_inverse(inertial), offset)
        self._axes = np.abs(_matrix(_product(_inverse(inertial), array("geom_quat"))))
        self._leaves: list[tuple[int, int]] = []  # node, geom
        self._parents: list[tuple[int, int, int]] = []  # node and its two children, from below
        child, geom = array("bvh_child"), array("bvh_nodeid")
        for first, count in zip(array("body_bvhadr"), array("body_bvhnum"), strict=True):
            for node in range(first + count - 1, first - 1, -1):
                if geom[node] >= 0:
                    self._leaves.append((node, int(geom[node])))
                else:
                    left, right = (int(first + k) for k in child[node])
                    self._parents.append((node, left, right))

    def __call__(self, size: FloatArray) -> dict[str, FloatArray]:
        """The bounds.

        Raises:
            InvalidArgument: a geom has another size of which there is more than these bounds.
        """
        other = ((size != self._size) & ~self._scalable[:, None]).any(axis=(0, 2))
        if other.any():
            raise InvalidArgument(
                "geom_size can differ of spheres, capsules, ellipsoids, cylinders and boxes that "
                "have no fluid model of their own, and not of the geoms "
                f"{np.flatnonzero(other).tolist()}."
            )
        x, y, z = np.moveaxis(size, -1, 0)
        kinds = [self._type == kind for kind in range(_SPHERE, _BOX + 1)]
        radius = np.select(
            kinds, [x, x + y, size.max(-1), np.hypot(x, y), np.sqrt((size**2).sum(-1))]
        )
        lengths = [(x, x, x), (x, x, x + y), (x, y, z), (x, x, y), (x, y, z)]
        half = np.stack([np.select(kinds, [of[k] for of in lengths]) for k in range(3)], -1)
        count, changed = len(size), (size != self._size).any(-1)
        bounds = {
            name: np.tile(array, (count,) + (1,) * array.ndim)
            for name, array in self._compiled.items()
        }
        bounds["geom_rbound"][changed] = radius[changed]
        bounds["geom_aabb"][changed, 3:] = half[changed]
        boxes = bounds["bvh_aabb"]
        for node, geom in self._leaves:
            rows = changed[:, geom]
            boxes[rows, node, :3] = self._centre[geom]
            boxes[rows, node, 3:] = half[rows, geom] @ self._axes[geom].T
        if changed.any():
            for node, left, right in self._parents:
                low, high = (
                    extreme(
                        boxes[:, left, :3] + sign * boxes[:, left, 3:],
                        boxes[:, right, :3] + sign * boxes[:, right, 3:],
                    )
                    for extreme, sign in ((np.minimum, -1), (np.maximum, 1))
                )
                boxes[:, node] = np.concatenate([(low + high) / 2, (high - low) / 2], -1)
        return bounds


def _inverse(quat: FloatArray) -> FloatArray:
    return quat * [1, -1, -1, -1]


def _product(a: FloatArray, b: FloatArray) -> FloatArray:
    """Products of quaternions [k, 4]."""
    w = a[:, :1] * b[:, :1] - (a[:, 1:] * b[:, 1:]).sum(-1, keepdims=True)
    v = a[:, :1] * b[:, 1:] + b[:, :1] * a[:, 1:] + np.cross(a[:, 1:], b[:, 1:])
    return np.concatenate([w, v], -1)


def _matrix(quat: FloatArray) -> FloatArray:
    """Rotation matrices [k, 3, 3] of quaternions [k, 4]: their columns are the turned axes."""
    axes = [_rotate(quat, np.broadcast_to(axis, (len(quat), 3))) for axis in np.eye(3)]
    return np.stack(axes, -1)


def _rotate(quat: FloatArray, vector: FloatArray) -> FloatArray:
    """Vectors [k, 3] turned by quaternions [k, 4]."""
    twice = 2 * np.cross(quat[:, 1:], vector)
    turned: FloatArray = vector + quat[:, :1] * twice + np.cross(quat[:, 1:], twice)
    return turned
