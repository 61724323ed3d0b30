"""Where models come from: Gymnasium's files, text, a path with includes and meshes."""

from pathlib import Path

import mujoco
import numpy as np
import pytest

import websim
from tests import model_files
from websim import ModelError, mjcf


def test_a_file_of_gymnasiums() -> None:
    xml = mjcf.find("ant.xml")
    assert isinstance(xml, str)
    assert '<mujoco model="ant">' in xml
    with pytest.raises(ModelError, match=r"no model 'aunt.xml'; there are ant.xml, half_cheetah"):
        mjcf.find("aunt.xml")


def test_text_and_path(tmp_path: Path) -> None:
    xml = mjcf.find("ant.xml")
    assert isinstance(xml, str)
    path = tmp_path / "my_ant.xml"
    path.write_text(xml)
    expected = websim.make_vec("Ant-v5", 1).reset(seed=0)[0]
    for xml_file in (xml, str(path)):
        actual = websim.make_vec("Ant-v5", 1, xml_file=xml_file).reset(seed=0)[0]
        np.testing.assert_array_equal(expected, actual)
    with pytest.raises(ModelError, match="does not exist"):
        mjcf.find(str(tmp_path / "none.xml"))


@pytest.mark.parametrize("layout", model_files.LAYOUTS)
def test_files_are_found_where_mujoco_finds_them(tmp_path: Path, layout: str) -> None:
    path = model_files.write(tmp_path, layout)
    model = mujoco.MjModel.from_xml_path(str(path))
    env = websim.make_vec("HalfCheetah-v5", 1, xml_file=str(path))
    assert env.physics.model.body_names == ("world", "robot")
    np.testing.assert_array_equal(env.physics.model.body_mass, model.body_mass)
    env.close()


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    path = model_files.write(tmp_path, "above")
    (tmp_path / "meshes" / "hull.obj").unlink()
    with pytest.raises(ModelError, match=r"meshes/hull\.obj"):
        websim.make_vec("HalfCheetah-v5", 1, xml_file=str(path))


def test_the_models_error_names_the_line() -> None:
    with pytest.raises(ModelError, match=r"(?s)unrecognized attribute.*'geom', line 2"):
        websim.make_vec(
            "Ant-v5", xml_file="<mujoco><worldbody>\n<geom colour='1'/></worldbody></mujoco>"
        )
