"""Robots are read by their structure: Gymnasium's, ours, and ones that nobody here has seen."""

import sys
from pathlib import Path

import mujoco
import numpy as np
import pytest

from websim import mjcf
from websim.authors.anatomy import Anatomy, read_anatomy
from websim.physics.native import load_model
from websim.registry import task_class
from websim.tasks.robot import RobotTask

SUITE = Path(sys.prefix) / "models" / "dm_control" / "suite"

FOUR = ["left front leg", "right front leg", "left back leg", "right back leg"]
TWO = ["left leg", "right leg"]
LIMBS = {
    "Ant-v5": FOUR,
    "HalfCheetah-v5": ["front leg", "back leg"],
    "Hopper-v5": ["leg"],
    "Walker2d-v5": TWO,
    "Humanoid-v5": [*TWO, "left arm", "right arm"],
    "QuadrupedWalk-v0": FOUR,
    "Swimmer-v5": ["limb"],
    "Reacher-v5": ["limb"],
    "Pusher-v5": ["right arm"],
}
FOREIGN = {
    "walker": TWO,
    "cheetah": ["front leg", "back leg"],
    "hopper": ["leg"],
    "humanoid": [*TWO, "left arm", "right arm"],
    "quadruped": FOUR,
    "dog": [*FOUR, "head", "tail"],
}


def of_task(task: str) -> Anatomy:
    return read_anatomy(task_class(task)())  # type: ignore[call-arg]


@pytest.mark.parametrize("task", LIMBS)
def test_limbs_of_gymnasiums_robots(task: str) -> None:
    assert [limb.name for limb in of_task(task).limbs] == LIMBS[task]


@pytest.mark.parametrize("name", FOREIGN)
def test_limbs_of_foreign_robots(name: str) -> None:
    anatomy = read_anatomy(RobotTask(xml_file=str(SUITE / f"{name}.xml")))
    assert [limb.name for limb in anatomy.limbs] == FOREIGN[name]


def test_an_urdf_is_read_too(tmp_path: Path) -> None:
    urdf = tmp_path / "robot.urdf"
    urdf.write_text(
        """<robot name="r"><mujoco><compiler fusestatic="false"/></mujoco>
        <link name="base"><inertial><mass value="4"/><inertia ixx=".1" iyy=".1" izz=".1" ixy="0"
        ixz="0" iyz="0"/></inertial><collision><geometry><box size=".4 .2 .1"/></geometry>
        </collision></link>"""
        + "".join(
            f"""<link name="{n}"><inertial><origin xyz="0 0 -.1"/><mass value=".5"/>
            <inertia ixx=".01" iyy=".01" izz=".01" ixy="0" ixz="0" iyz="0"/></inertial><collision>
            <origin xyz="0 0 -.1"/><geometry><box size=".04 .04 .2"/></geometry></collision></link>
            <joint name="j{n}" type="revolute"><parent link="base"/><child link="{n}"/>
            <origin xyz="{x} {y} -.05"/><axis xyz="0 1 0"/>
            <limit lower="-1" upper="1" effort="9" velocity="9"/></joint>"""
            for n, x, y in (("a", 0.2, 0.1), ("b", 0.2, -0.1), ("c", -0.2, 0.1), ("d", -0.2, -0.1))
        )
        + "</robot>"
    )
    anatomy = read_anatomy(RobotTask(xml_file=str(urdf)))
    # A URDF without a floating base is fixed to the world, and then nothing of it is a leg.
    assert anatomy.freedom == "fixed"
    assert "cannot go anywhere" in anatomy.describe()


@pytest.mark.parametrize("task", ["HalfCheetah-v5", "Humanoid-v5", "Walker2d-v5", "Hopper-v5"])
def test_heights_are_those_of_mujocos_own_geometry(task: str) -> None:
    """The lowest point of all geoms, by rays of MuJoCo's from far below."""
    anatomy = of_task(task)
    made = task_class(task)()  # type: ignore[call-arg]
    model = load_model(mjcf.find(made.xml_file))
    data = mujoco.MjData(model)
    limited = model.jnt_limited.astype(bool) & (model.jnt_type >= int(mujoco.mjtJoint.mjJNT_SLIDE))
    address = model.jnt_qposadr[limited]
    data.qpos[address] = data.qpos[address].clip(*model.jnt_range[limited].T)
    mujoco.mj_forward(model, data)
    tips = [limb.tip for limb in anatomy.legs]
    lowest = np.inf
    for tip in tips:
        center = data.geom_xpos[tip]
        for dx in np.linspace(-0.3, 0.3, 121):
            start = np.array([center[0] + dx, center[1], -5.0])
            found = np.zeros(1, np.int32)
            up = np.array([0.0, 0.0, 1.0])
            far = mujoco.mj_ray(model, data, start, up, None, 0, -1, found)
            if far >= 0:
                lowest = min(lowest, -5.0 + far)
    torso = data.xpos[anatomy.torso, 2]
    assert anatomy.height == pytest.approx(torso - lowest, abs=2e-3)


def test_names_decide_where_places_cannot() -> None:
    left, right = of_task("Walker2d-v5").legs
    assert "foot_left" in {of_task("Walker2d-v5").model.body_names[b] for b in left.bodies}
    assert right.side == "right"


def test_what_cannot_be_told_is_said() -> None:
    assert any("lies" in line for line in of_task("HumanoidStandup-v5").unclear)
    assert any("fixed" in line for line in of_task("Reacher-v5").unclear)
    cmu = read_anatomy(RobotTask(xml_file=str(SUITE / "humanoid_CMU.xml")))
    assert any("along y" in line for line in cmu.unclear)


def test_joints_from_hip_to_ankle() -> None:
    model = of_task("Humanoid-v5").model
    hip, knee = of_task("Humanoid-v5").legs[0].joints
    assert {model.joint_names[j] for j in hip} == {"left_hip_x", "left_hip_y", "left_hip_z"}
    assert [model.joint_names[j] for j in knee] == ["left_knee"]
