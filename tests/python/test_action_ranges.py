"""The bounds of actions: what an actuator says itself, what it moves, or -1 to 1."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pytest
from gymnasium.spaces import Box

import websim
from websim import InvalidArgument, registry
from websim.action_ranges import ActionRanges
from websim.physics import BatchData, FloatArray
from websim.task import Actions

MODEL = """
<mujoco>
  <worldbody>
    <body pos="0 0 1">
      <joint name="free hinge" axis="0 1 0" damping="0.1"/>
      <geom type="capsule" fromto="0 0 0 0 0 -.3" size=".03"/>
      <body pos="0 0 -.3">
        <joint name="hinge" axis="0 1 0" range="-90 45" damping="0.1"/>
        <geom type="capsule" fromto="0 0 0 0 0 -.3" size=".03"/>
        <site name="tip"/>
        <body pos="0 0 -.3">
          <joint name="weak" axis="0 1 0" actuatorfrcrange="-6 9" damping="0.1"/>
          <geom type="capsule" fromto="0 0 0 0 0 -.3" size=".03"/>
        </body>
      </body>
    </body>
  </worldbody>
  <tendon>
    <fixed name="cord" range="0 2"><joint joint="hinge" coef="1"/></fixed>
    <fixed name="loose"><joint joint="hinge" coef="1"/></fixed>
  </tendon>
  <actuator>%s</actuator>
</mujoco>
"""

QUARTER = np.pi / 2

CASES = {
    '<motor joint="hinge"/>': (-1, 1, "default"),
    '<motor joint="hinge" ctrlrange="-.4 .3"/>': (-0.4, 0.3, "ctrlrange"),
    '<motor joint="hinge" ctrlrange="-2 2" ctrllimited="false"/>': (-2, 2, "ctrlrange"),
    '<motor joint="hinge" ctrlrange="-2 2" forcerange="-1 1"/>': (-2, 2, "ctrlrange"),
    '<motor joint="hinge" forcerange="-3 5"/>': (-3, 5, "forcerange"),
    '<motor joint="hinge" forcerange="-3 5" gear="40"/>': (-3, 5, "forcerange"),
    '<motor joint="hinge" forcerange="-3 5" forcelimited="false"/>': (-1, 1, "default"),
    '<general joint="hinge" gainprm="-2" forcerange="-3 5"/>': (-2.5, 1.5, "forcerange"),
    '<general joint="hinge" dyntype="filter" dynprm=".1" gainprm="5" forcerange="-5 5"/>': (
        -1,
        1,
        "forcerange",
    ),
    '<motor joint="weak"/>': (-6, 9, "actuatorfrcrange"),
    '<motor joint="weak" gear="-3"/>': (-3, 2, "actuatorfrcrange"),
    '<position joint="hinge" kp="20"/>': (-QUARTER, QUARTER / 2, "joint range"),
    '<position joint="hinge" kp="20" forcerange="-3 5"/>': (-QUARTER, QUARTER / 2, "joint range"),
    '<position joint="hinge" kp="20" kv="2" timeconst=".1"/>': (
        -QUARTER,
        QUARTER / 2,
        "joint range",
    ),
    '<position joint="hinge" kp="20" gear="-2"/>': (-QUARTER, 2 * QUARTER, "joint range"),
    '<position joint="free hinge" kp="20"/>': (-1, 1, "default"),
    '<position tendon="cord" kp="20"/>': (0, 2, "tendon range"),
    '<position tendon="loose" kp="20"/>': (-1, 1, "default"),
    '<position site="tip" kp="20"/>': (-1, 1, "default"),
    '<velocity joint="hinge" kv="20" forcerange="-3 5"/>': (-1, 1, "default"),
    '<intvelocity joint="hinge" kp="20" actrange="-1 1"/>': (-1, 1, "default"),
    '<muscle joint="hinge"/>': (0, 1, "muscle"),
    '<damper joint="hinge" ctrlrange="0 2"/>': (0, 2, "ctrlrange"),
}


@dataclass(kw_only=True)
class Move(websim.Task):
    """A point for each radian that the robot moves."""

    id: ClassVar[str] = "Move-v0"
    reward_terms: ClassVar[tuple[str, ...]] = ("moved",)

    xml_file: str = MODEL % ""

    def initial_state(self, rng: np.random.Generator) -> tuple[FloatArray, FloatArray]:
        """At rest."""
        return self.model.qpos0, np.zeros(self.model.nv)

    def observation(self, data: BatchData) -> tuple[FloatArray, ...]:
        """All positions."""
        return (data.qpos,)

    def outcome(self, data: BatchData, before: None, actions: Actions) -> websim.Outcome:
        """Where it is."""
        moved = np.abs(data.qpos).sum(axis=1)
        return websim.Outcome(rewards=moved, terms={"moved": moved})


@dataclass(kw_only=True)
class MoveFar(Move):
    """With bounds of its own."""

    id: ClassVar[str] = "MoveFar-v0"
    bound: float = 7.0

    def action_ranges(self) -> ActionRanges:
        """Those of an option."""
        bound = np.full(self.model.nu, self.bound)
        return ActionRanges(-bound, bound, ("task",) * self.model.nu)


@pytest.fixture(autouse=True)
def registered(monkeypatch: pytest.MonkeyPatch) -> None:
    """Both are known to these tests only."""
    monkeypatch.setattr(registry, "_tasks", dict(registry._tasks))
    websim.register(Move)
    websim.register(MoveFar)


@pytest.mark.parametrize("actuator", CASES)
def test_bounds(actuator: str) -> None:
    env = websim.make_vec("Move-v0", 2, xml_file=MODEL % actuator)
    low, high, source = CASES[actuator]
    space = env.single_action_space
    np.testing.assert_allclose([*space.low, *space.high], [low, high], rtol=1e-6)
    assert env.action_sources == (source,)


def test_a_motor_without_a_range_moves() -> None:
    env = websim.make_vec("Move-v0", 4, xml_file=MODEL % '<motor joint="hinge"/>')
    env.reset(seed=0)
    env.action_space.seed(0)
    for _ in range(10):
        _, rewards, *_ = env.step(env.action_space.sample())
    assert (rewards > 0.001).all()


def test_each_actuator_has_its_own() -> None:
    env = websim.make_vec("Move-v0", 1, xml_file=MODEL % "".join(CASES))
    expected = np.array([bounds[:2] for bounds in CASES.values()])
    space = env.single_action_space
    np.testing.assert_allclose(np.transpose([space.low, space.high]), expected, rtol=1e-6)
    assert env.action_sources == tuple(source for *_, source in CASES.values())


def test_a_task_may_set_others() -> None:
    xml = MODEL % '<motor joint="hinge" ctrlrange="-1 1"/>'
    env = websim.make_vec("MoveFar-v0", 1, xml_file=xml)
    assert env.single_action_space == Box(-7, 7, (1,), np.float32)
    assert env.action_sources == ("task",)
    for bound in (0.0, float("inf")):
        with pytest.raises(InvalidArgument, match=r"action_ranges.* must give 1 finite bounds"):
            websim.make_vec("MoveFar-v0", 1, xml_file=xml, bound=bound)


def test_gymnasiums_tasks_keep_the_range_of_their_models() -> None:
    for task in websim.task_ids():
        if registry.task_class(task).__module__.startswith("websim.tasks."):
            env = websim.make_vec(task, 1)
            expected = env.physics.model.actuator_ctrlrange.astype(np.float32)
            space = env.single_action_space
            np.testing.assert_array_equal(np.transpose([space.low, space.high]), expected)
            assert set(env.action_sources) == {"ctrlrange"}
