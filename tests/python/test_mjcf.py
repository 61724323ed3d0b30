"""Where models come from: Gymnasium's files, text, a path with includes and meshes."""

from pathlib import Path

import numpy as np
import pytest

import websim
from websim import ModelError, mjcf

TETRAHEDRON = "v 0 0 0\nv 1 0 0\nv 0 1 0\nv 0 0 1\nf 1 3 2\nf 1 2 4\nf 1 4 3\nf 2 3 4\n"


def test_a_file_of_gymnasiums() -> None:
    xml, assets = mjcf.load("ant.xml")
    assert '<mujoco model="ant">' in xml
    assert assets == {}
    with pytest.raises(ModelError, match=r"no model 'aunt.xml'; it has ant.xml, half_cheetah.xml"):
        mjcf.load("aunt.xml")


def test_text_and_path(tmp_path: Path) -> None:
    xml, _ = mjcf.load("ant.xml")
    path = tmp_path / "my_ant.xml"
    path.write_text(xml)
    expected = websim.make_vec("Ant-v5", 1).reset(seed=0)[0]
    for xml_file in (xml, str(path)):
        actual = websim.make_vec("Ant-v5", 1, xml_file=xml_file).reset(seed=0)[0]
        np.testing.assert_array_equal(expected, actual)
    with pytest.raises(ModelError, match="does not exist"):
        mjcf.load(str(tmp_path / "none.xml"))


def test_includes_and_meshes(tmp_path: Path) -> None:
    """As a robot of MuJoCo's Menagerie has them: a scene that includes a robot with meshes."""
    (tmp_path / "assets").mkdir()
    (tmp_path / "assets" / "hull.obj").write_text(TETRAHEDRON)
    (tmp_path / "robot.xml").write_text(
        '<mujoco><compiler meshdir="assets"/><asset><mesh name="hull" file="hull.obj"/></asset>'
        '<worldbody><body name="robot" pos="0 0 1"><freejoint/><geom type="mesh" mesh="hull"/>'
        "</body></worldbody></mujoco>"
    )
    scene = tmp_path / "scene.xml"
    scene.write_text('<mujoco><include file="robot.xml"/></mujoco>')
    _, assets = mjcf.load(str(scene))
    assert assets.keys() == {"robot.xml", "assets/hull.obj"}
    env = websim.make_vec("HalfCheetah-v5", 1, xml_file=str(scene))
    assert env.physics.model.body_names == ("world", "robot")


def test_the_models_error_names_the_line() -> None:
    with pytest.raises(ModelError, match=r"(?s)unrecognized attribute.*'geom', line 2"):
        websim.make_vec(
            "Ant-v5", xml_file="<mujoco><worldbody>\n<geom colour='1'/></worldbody></mujoco>"
        )
