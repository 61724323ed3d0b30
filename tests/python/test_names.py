"""What the numbers of a robot are called."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

import websim
from websim import Experiment, InvalidArgument, MujocoVectorEnv
from websim.names import action_names, observation_names
from websim.physics import BatchData, FloatArray, make_physics
from websim.tasks.half_cheetah import HalfCheetah
from websim.worlds import EventTerm, World

ROBOT = """<mujoco>
  <worldbody>
    <body name="ball" pos="0 0 1"><freejoint/><geom size=".1"/></body>
    <body name="arm">
      <joint name="elbow" type="hinge"/><joint type="slide"/><joint name="wrist" type="ball"/>
      <geom size=".1"/><site name="tip"/>
    </body>
  </worldbody>
  <tendon><fixed name="cable"><joint joint="elbow" coef="1"/></fixed></tendon>
  <actuator>
    <motor name="own" joint="elbow" ctrlrange="-1 1"/>
    <motor joint="elbow" ctrlrange="-1 1"/>
    <motor tendon="cable" ctrlrange="-1 1"/>
    <motor site="tip" ctrlrange="-1 1"/>
  </actuator>
</mujoco>"""


@dataclass(kw_only=True)
class Plain(HalfCheetah):
    xml_file: str = ROBOT

    def observation(self, data: BatchData) -> tuple[FloatArray, ...]:
        return data.qpos, data.qvel.clip(-1, 1), data.ctrl[:, :1]


@pytest.mark.parametrize("task", websim.task_ids())
def test_every_number_of_the_built_in_tasks_has_a_name_of_its_own(task: str) -> None:
    env = websim.make_vec(task, 2)
    names = observation_names(env.task, 2)
    assert len(names) == env.observations.shape[1]
    assert all(names)
    assert len(set(names)) == len(names)
    assert all(action_names(env.physics.model))
    env.reset(seed=0)
    # The names are where the numbers are.
    data = env.physics.data
    data.qvel[:] = 0.125 + np.arange(data.qvel.shape[1]) / 1000
    observed = np.concatenate(env.task.observation(data), axis=1)[0]
    model = env.physics.model
    for i, joint in enumerate(model.joint_names):
        if model.nv == model.njnt and f"{joint} angular velocity" in names:
            assert observed[names.index(f"{joint} angular velocity")] == data.qvel[0, i]
    env.close()


@pytest.mark.parametrize(
    ("task", "options", "first"),
    [
        ("Ant-v5", {}, "torso z"),
        ("Ant-v5", {"exclude_current_positions_from_observation": False}, "torso x"),
        ("HalfCheetah-v5", {}, "rootz position"),
        ("Reacher-v5", {}, "cos(joint0 angle)"),
    ],
)
def test_names_follow_the_options(task: str, options: dict[str, Any], first: str) -> None:
    env = websim.make_vec(task, 1, **options)
    names = observation_names(env.task, 1)
    assert names[0] == first
    assert len(names) == env.observations.shape[1]
    env.close()


def test_all_kinds_of_joints_and_motors() -> None:
    env = MujocoVectorEnv(Plain(), 2)
    assert action_names(env.physics.model) == ("own", "elbow", "cable", "tip")
    assert observation_names(env.task, 2) == (
        *(f"ball {part}" for part in ("x", "y", "z", "qw", "qx", "qy", "qz")),
        *("elbow angle", "joint 2 position"),
        *(f"wrist {part}" for part in ("qw", "qx", "qy", "qz")),
        *(f"ball velocity {axis}" for axis in "xyz"),
        *(f"ball angular velocity {axis}" for axis in "xyz"),
        *("elbow angular velocity", "joint 2 velocity"),
        *(f"wrist angular velocity {axis}" for axis in "xyz"),
        "action own",
    )
    env.close()


def test_actuators_without_a_name_are_called_by_what_they_move() -> None:
    xml = """<mujoco><worldbody><body name="arm"><joint name="elbow"/><joint axis="1 0 0"/>
      <geom size=".1"/><site name="hand"/></body></worldbody>
      <actuator><motor joint="elbow"/><velocity joint="elbow"/><motor name="elbow 2" joint="elbow"/>
        <motor joint="elbow"/><general site="hand"/></actuator></mujoco>"""
    model = make_physics(xml, 1, ()).model
    assert model.actuator_labels == ("elbow", "elbow 3", "elbow 2", "elbow 4", "hand")
    assert action_names(model) == model.actuator_labels
    assert model.actuator("hand") == 4
    with pytest.raises(InvalidArgument, match="no actuator named 'knee'; it has: elbow, elbow 3"):
        model.actuator("knee")
    world = World(
        events=(
            EventTerm(
                mode="startup", target="gains", operation="scale", range=(1, 2), names=("hip_1",)
            ),
        )
    )
    env = Experiment(task="Ant-v5", world=world).make_vec(1)
    assert env.world is not None
    assert env.world.names == ("gains hip_1 *",)
    env.close()
    paid = "def reward(now, before, action):\n    return {'one': now.actuator('hip_1').force}\n"
    env = Experiment(task="Ant-v5", reward=paid).make_vec(1)
    assert env.reward_terms == ("one",)
    env.close()


def test_a_task_that_computes_what_has_no_name() -> None:
    class Strange(Plain):
        def observation(self, data: BatchData) -> tuple[FloatArray, ...]:
            self.seen = data.qpos
            return (np.array([np.linalg.det(np.diag(row)) for row in data.qpos]),)

    model = MujocoVectorEnv(Plain(), 1).physics.model
    strange = Strange()
    strange.bind(model)
    assert observation_names(strange, 1) == ()
    assert not hasattr(strange, "seen"), "the task itself stays as it is"
