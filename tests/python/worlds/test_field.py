"""Terrain as MuJoCo has it: heights against mj_ray, contacts, and what is kept of the plane."""

import hashlib
from dataclasses import replace
from pathlib import Path
from typing import Any

import mujoco
import numpy as np
import pytest

from websim.errors import InvalidArgument
from websim.mjcf import find
from websim.physics import make_physics
from websim.physics.heightfield import HeightField
from websim.physics.native import load_model
from websim.worlds.field import Field
from websim.worlds.terrain import MAX_VERTICES, Scan, Terrain
from websim.worlds.tiles import DEPTH, KINDS

HARD = Terrain(levels=3, difficulty=(0.5, 1.0), seed=3)

DROP = """<mujoco><option timestep="0.001"/><worldbody>
  <geom name="floor" type="plane" size="0 0 1" pos="0 0 {z}" friction="0.7 0.02 0.001" condim="4"
    margin="0.01" solref="0.03 1.1" contype="3" conaffinity="5" rgba="1 0 0 1"/>
  <body name="ball"><freejoint/><geom size="{size}" mass="1" contype="7" conaffinity="7"/></body>
</worldbody></mujoco>"""


def points(field: Field, count: int, seed: int) -> np.ndarray[Any, Any]:
    """Places all over the ground, short of its end [2, count]."""
    rows, columns = (size - 1 for size in field.heights.shape)
    half = np.array([columns - 2, rows - 2]) * field.terrain.resolution / 2
    return np.random.default_rng(seed).uniform(-half, half, (count, 2)).T


@pytest.mark.parametrize("resolution", [0.25, 0.1])
def test_heights_are_those_that_a_ray_meets(resolution: float) -> None:
    field = Field(replace(HARD, resolution=resolution, tile=6.0))
    model = load_model(DROP.format(z=-0.4, size=0.1), field.height_field())
    data = mujoco.MjData(model)
    data.qpos[2] = 99
    mujoco.mj_forward(model, data)
    x, y = points(field, 3000, seed=0)
    # At vertices, and on their lines; but for a hair, because a ray may slip through between two.
    x[:500] = np.round(x[:500] / resolution) * resolution + 1e-9
    y[:400] = np.round(y[:400] / resolution) * resolution + 2e-9
    met, down = np.zeros(1, np.int32), np.array([0, 0, -1.0])
    heights = [
        9 - mujoco.mj_ray(model, data, np.array([a, b, 9.0]), down, None, 1, -1, met, None)
        for a, b in zip(x, y, strict=True)
    ]
    assert met[0] == model.geom("floor").id
    np.testing.assert_allclose(field.at(x, y) - 0.4, heights, rtol=0, atol=1e-12)


def test_bodies_touch_it_where_it_is() -> None:
    """The collision takes the same triangles as the ray."""
    field = Field(replace(HARD, kinds=("rough", "boxes", "gaps")))
    size = 1e-3
    model = load_model(DROP.format(z=0, size=size).replace("0.01", "0"), field.height_field())
    data = mujoco.MjData(model)
    for x, y in points(field, 200, seed=1).T:
        height = float(field.at(np.array(x), np.array(y)))
        touches = []
        for above in (-1e-4, 6 * size):  # on the steepest slope a ball's centre is that far above
            data.qpos[:3] = x, y, height + size + above
            mujoco.mj_fwdPosition(model, data)
            touches.append(data.ncon > 0)
        assert touches == [True, False]


def test_the_floor_keeps_what_the_plane_said() -> None:
    field = Field(HARD)
    pair = '<contact><pair geom1="floor" geom2="crate" friction="2 2 1 1 1"/></contact></mujoco>'
    xml = DROP.format(z=0.3, size=0.1).replace("<geom size", '<geom name="crate" size')
    plane, ground = (
        load_model(xml.replace("</mujoco>", pair), floor) for floor in (None, field.height_field())
    )
    changed = {"geom_type", "geom_dataid", "geom_pos", "geom_sameframe", "geom_size", "geom_aabb"}
    changed |= {"geom_rbound", "geom_margin", "body_margin"}
    for name in ("condim", "contype", "conaffinity", "friction", "solref", "rgba"):
        assert f"geom_{name}" not in changed
        of_plane, of_ground = getattr(plane, f"geom_{name}"), getattr(ground, f"geom_{name}")
        np.testing.assert_array_equal(of_plane, of_ground)
    assert ground.geom("floor").type == mujoco.mjtGeom.mjGEOM_HFIELD
    assert ground.npair == 1
    assert ground.geom("floor").margin == 0
    for xml_file in ("ant.xml", "humanoid.xml", "half_cheetah.xml", "walker2d_v5.xml"):
        plane, ground = (
            load_model(find(xml_file), floor) for floor in (None, field.height_field())
        )
        for name in dir(plane):
            before = getattr(plane, name)
            if isinstance(before, np.ndarray) and name.startswith(("geom", "body", "dof", "jnt")):
                if name in changed or "bvh" in name:
                    continue
                np.testing.assert_allclose(getattr(ground, name), before, atol=1e-9, err_msg=name)


def test_a_robot_of_files_stands_on_it(tmp_path: Path) -> None:
    (tmp_path / "parts").mkdir()
    (tmp_path / "meshes").mkdir()
    (tmp_path / "meshes" / "box.obj").write_text(
        "v 0 0 0\nv 1 0 0\nv 0 1 0\nv 0 0 1\nf 1 3 2\nf 1 2 4\nf 1 4 3\nf 2 3 4\n"
    )
    (tmp_path / "parts" / "box.xml").write_text(
        '<mujoco><asset><mesh name="box" file="box.obj"/></asset></mujoco>'
    )
    (tmp_path / "robot.xml").write_text(
        '<mujoco><compiler meshdir="meshes"/><include file="parts/box.xml"/><worldbody>'
        '<geom type="plane" size="0 0 1"/><body pos="0 0 1"><freejoint/>'
        '<geom type="mesh" mesh="box"/></body></worldbody></mujoco>'
    )
    field = Field(HARD)
    physics = make_physics(tmp_path / "robot.xml", 1, (), floor=field.height_field())
    assert physics.model.geom_type.tolist() == [1, 7]
    np.testing.assert_array_equal(
        physics.model_array("hfield_data"), field.height_field().data.ravel()
    )
    physics.close()


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("tile", [8.0, 5.25])
def test_tiles_begin_level_and_end_at_nought(kind: str, tile: float) -> None:
    terrain = Terrain(kinds=(kind, kind), levels=5, tile=tile)
    field = Field(terrain)
    cells = terrain.cells
    for row in range(0, field.heights.shape[0], cells):
        assert not field.heights[row].any()
    for column in range(0, field.heights.shape[1], cells):
        assert np.abs(field.heights[:, column]).max() < 1e-6
    spreads = []
    for level in range(terrain.levels):
        for column in range(2):
            middle = field.origins(np.array([level], np.int32), np.array([column], np.int32))[0]
            around = np.linspace(-terrain.platform / 2, terrain.platform / 2, 9)
            x, y = np.meshgrid(middle[0] + around, middle[1] + around)
            np.testing.assert_allclose(field.at(x, y), middle[2], atol=1e-6)
            inside = middle[0] + np.linspace(-tile / 2, tile / 2, 200)
            x, y = np.meshgrid(inside, middle[1] + np.linspace(-tile / 2, tile / 2, 200))
            spreads.append(np.abs(field.at(x, y) - middle[2]).max())
            assert field.walked_at(x, y).min() > middle[2] - 4
            deep = field.walked_at(x, y) - field.at(x, y)
            assert (deep.max() > DEPTH - 1e-6) == (kind in ("gaps", "stepping_stones"))
    if kind == "flat":
        assert max(spreads) == 0
    elif kind not in ("gaps", "stepping_stones"):
        assert spreads[-1] > 2 * spreads[0] > 0, "it does not get harder"


def test_a_seed_says_all_of_it() -> None:
    def digest(terrain: Terrain) -> str:
        return hashlib.sha256(Field(terrain).heights.tobytes()).hexdigest()

    assert digest(Terrain()) == digest(Terrain())
    assert digest(Terrain(seed=1)) != digest(Terrain())
    # A column is the same whatever stands beside it.
    alone, beside = Field(Terrain(kinds=("rough",))), Field(Terrain(kinds=("rough", "flat")))
    cells = Terrain().cells
    tiles = [field.height_field().data[cells : 2 * cells + 1] for field in (alone, beside)]
    np.testing.assert_array_equal(tiles[0], tiles[1])


def test_beyond_the_ground() -> None:
    field = Field(HARD)
    far = np.array([1e9, -1e9, np.inf, -np.inf, np.nan])
    assert not field.holds(far, np.zeros(5)).any()
    assert not field.holds(np.zeros(5), far).any()
    np.testing.assert_array_equal(field.at(far, far), 0.0)


def test_heights_of_mujoco() -> None:
    """A height field of one's own."""
    data = np.array([[0, 0.5, 1], [0.25, 0.75, 0]], np.float32)
    floor = HeightField(data, spacing=0.5, elevation=2.0, lowest=-1.0)
    model = load_model(DROP.format(z=0.0, size=0.1), floor)
    np.testing.assert_array_equal(model.hfield_data, data.ravel())
    np.testing.assert_array_equal(model.hfield_size[0], [0.5, 0.25, 2.0, 1.0])
    assert model.geom("floor").pos[2] == -1.0


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"seed": -1}, "seed must be an integer from 0"),
        ({"seed": 1.5}, "seed must be"),
        ({"kinds": ()}, "kinds must be a list of 1 to 100"),
        ({"kinds": "flat"}, "kinds must be a list"),
        ({"kinds": ("flat", "lava")}, r"kinds\[1\] must be one of flat, rough, .* not 'lava'"),
        ({"kinds": ([],)}, r"kinds\[0\] must be one of"),
        ({"levels": 0}, "levels must be an integer from 1 to 100"),
        ({"levels": True}, "levels must be"),
        ({"levels": 10**9, "kinds": ("flat",) * 100}, "levels must be an integer from 1 to 100"),
        ({"difficulty": (0.5,)}, "difficulty must be two numbers"),
        ({"difficulty": (0.5, 0.1)}, r"difficulty must be two numbers \(low, high\)"),
        ({"difficulty": (0.5, 1.1)}, "difficulty must be two numbers from 0 to 1"),
        ({"tile": float("nan")}, "tile must be a number from 1 to 100"),
        ({"tile": 1e9}, "tile must be a number from 1 to 100"),
        ({"tile": 8.1}, "tile must be a whole number of resolutions of 0.25 m"),
        ({"resolution": 0}, "resolution must be a number from 0.01 to 10"),
        ({"resolution": 1e-300}, "resolution must be a number"),
        ({"platform": 7.5}, "platform must leave four resolutions .* may have 7 m, not 7.5"),
        ({"curriculum": True}, "curriculum must be one of none, robots, progress"),
        ({"speed": "fast"}, "speed must be a number"),
        ({"scan": {}}, "scan must be a Scan"),
        ({"levels": 100, "kinds": ("flat",) * 100}, f"may have {MAX_VERTICES:,} heights"),
        ({"tile": 100.0, "resolution": 0.01}, f"may have {MAX_VERTICES:,} heights"),
    ],
)
def test_what_a_terrain_may_not_be(given: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidArgument, match=message):
        Terrain(**given)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"size": (1,)}, "size must be two numbers from 0 to 20"),
        ({"size": (1, 21)}, "size must be two numbers from 0 to 20"),
        ({"spacing": 0.0}, "spacing must be a number from 0.01"),
        ({"size": (20, 20), "spacing": 0.1}, "a scan may have 1024 points, not 201 x 201"),
    ],
)
def test_what_a_scan_may_not_be(given: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidArgument, match=message):
        Scan(**given)
