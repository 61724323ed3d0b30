"""Terrain in a real browser: the same ground, and robots on it as they are natively."""

from typing import Any

import numpy as np
import pytest

from websim.mjcf import find
from websim.physics import make_physics
from websim.worlds.field import Field
from websim.worlds.terrain import Terrain

from . import both_homes
from .test_parity import TOLERANCE, disagreement

HARD: dict[str, Any] = {"levels": 3, "difficulty": [0.5, 1.0], "seed": 7}


@pytest.mark.parametrize("terrain", [{}, HARD, {"resolution": 0.1, "tile": 6.0, "seed": 2**53 - 1}])
def test_the_ground_is_the_same_to_the_last_bit(worker: Any, terrain: dict[str, Any]) -> None:
    assert worker.call("heights", terrain) == both_homes.heights(terrain)


@pytest.mark.parametrize("xml_file", ["ant.xml", "humanoid.xml", "half_cheetah.xml"])
def test_physics_over_it(worker: Any, xml_file: str) -> None:
    """A few steps from the height of the ground: contacts of all kinds of it, none chaotic yet."""
    field = Field(Terrain(**HARD))
    physics = make_physics(find(xml_file), 1, ())
    model = physics.model
    physics.close()
    rng = np.random.default_rng(0)
    planar = xml_file == "half_cheetah.xml"
    qpos = np.tile(model.qpos0, (60, 1))
    qpos[:, 0] = rng.uniform(-12, 12, 60)
    y = np.zeros(60) if planar else rng.uniform(-36, 36, 60)
    height = field.at(qpos[:, 0], y)
    if planar:
        qpos[:, 1] += height - 0.1
    else:
        qpos[:, 1], qpos[:, 2] = y, height + 0.3
    given = (xml_file, HARD, qpos.tolist(), 4)
    native, browser = both_homes.over_terrain(*given), worker.call("over_terrain", *given)
    differences = {name: disagreement(native[name], browser[name]) for name in native}
    assert max(differences.values()) < TOLERANCE, differences
    touched = np.abs(np.asarray(native["cfrc_ext"])).sum(axis=(1, 2)) > 0
    assert touched.mean() > 0.4, "few of them touch the ground: the comparison proves nothing"
