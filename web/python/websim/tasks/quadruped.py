"""Quadruped: a robot of 12 kg stands against pushes, or walks as it is told."""

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from websim.errors import InvalidArgument
from websim.physics import BatchData, FloatArray, Model
from websim.task import Actions, Outcome, Range, Task

JOINTS = tuple(
    f"{leg} {joint}" for leg in ("FL", "FR", "RL", "RR") for joint in ("hip", "thigh", "calf")
)

GOAL = 3
"""Numbers of a goal: velocity forward and to the left in m/s, turn to the left in rad/s."""

PUSHES = 5
"""Pushes of an episode that differ; after the last they come again."""

BALANCE_REWARD = '''
STANCE = np.array((0.0, 0.8, -1.6))  # of hip, thigh and calf


def reward(now, before, action):
    """Stand still and level, as it began, with little effort."""
    up = now.body("trunk").up[:, 2]
    bent = now.qpos[:, 7:].reshape(-1, 4, 3) - STANCE
    acceleration = (now.qvel[:, 6:] - before.qvel[:, 6:]) / now.dt
    return {
        "alive": 1.0,
        "still": np.exp(-4 * np.square(now.sensor("velocity").value).sum(axis=1)),
        "level": -2.0 * (1 - up),
        "stance": -0.1 * np.square(bent).sum(axis=(1, 2)),
        "effort": -0.02 * np.square(action.clip(-1, 1)).sum(axis=1),
        "smooth": -1e-6 * np.square(acceleration).sum(axis=1),
    }
'''

BALANCE_MEASURE = '''
"""1 for an episode without a fall, 0 for one with: on average the part of those without."""

reduce = "last"


def measure(now, before):
    up = 1 - 2 * np.square(now.qpos[:, 4:6]).sum(axis=1)
    return 1.0 * ((now.qpos[:, 2] > 0.16) & (up > 0.5))
'''

WALK_REWARD = '''
STANCE = np.array((0.0, 0.8, -1.6))  # of hip, thigh and calf


def reward(now, before, action):
    """Go as it is told, level, near the stance, with little effort."""
    goal = now.userdata[:, :3]
    velocity = now.sensor("velocity").value
    turn = now.qvel[:, 3:6]
    missed = np.square(velocity[:, :2] - goal[:, :2]).sum(axis=1)
    wanted = np.linalg.norm(goal[:, :2], axis=1) + 0.01
    along = (velocity[:, :2] * goal[:, :2]).sum(axis=1) / wanted
    bent = now.qpos[:, 7:].reshape(-1, 4, 3) - STANCE
    acceleration = (now.qvel[:, 6:] - before.qvel[:, 6:]) / now.dt
    return {
        "alive": 0.5,
        "along": 2.0 * np.minimum(along / wanted, 1.0),
        "velocity": 1.0 * np.exp(-missed / 0.1),
        "turn": 0.5 * np.exp(-np.square(turn[:, 2] - goal[:, 2]) / 0.25),
        "bounce": -0.5 * np.square(velocity[:, 2]) - 0.02 * np.square(turn[:, :2]).sum(axis=1),
        "level": -2.0 * (1 - now.body("trunk").up[:, 2]),
        "stance": -0.05 * np.square(bent).sum(axis=(1, 2)),
        "effort": -0.02 * np.square(action.clip(-1, 1)).sum(axis=1),
        "smooth": -1e-6 * np.square(acceleration).sum(axis=1),
    }
'''

WALK_MEASURE = '''
"""How near it is to the speed that is wanted, on average: 1 at that speed, 0 where it stands."""

reduce = "mean"


def measure(now, before):
    goal = now.userdata[:, :2]
    along = np.vecdot(now.sensor("velocity").value[:, :2], goal) / np.vecdot(goal, goal)
    return 1 - np.abs(along - 1)
'''


@dataclass(kw_only=True)
class Quadruped(Task):
    """Base of what the quadruped does.

    It observes 37 numbers: its orientation as a quaternion, relative to where it is to face; its
    velocity and angular velocity in its own frame; angles and velocities of its joints; its goal.
    Goals and pushes are MuJoCo's userdata, drawn when an episode begins: they belong to an
    environment's state.
    """

    fields: ClassVar[tuple[str, ...]] = ("sensordata",)
    observation_names: ClassVar[tuple[str, ...]] = (
        *(f"orientation {part}" for part in ("w", "x", "y", "z")),
        *(f"velocity {axis}" for axis in "xyz"),
        *(f"angular velocity {axis}" for axis in "xyz"),
        *(f"{joint} angle" for joint in JOINTS),
        *(f"{joint} velocity" for joint in JOINTS),
        *("goal velocity x", "goal velocity y", "goal turn"),
    )
    max_episode_steps: ClassVar[int] = 500

    xml_file: str = "quadruped.xml"
    frame_skip: int = 4
    fallen_height: float = 0.16
    fallen_up: float = 0.5
    reset_noise_scale: float = 0.1

    def bind(self, model: Model) -> None:
        super().bind(model)
        if model.nkey == 0 or model.nuserdata < GOAL + 3 * PUSHES:
            raise InvalidArgument(
                f"{self.id} needs a model with a keyframe to begin in, and "
                f'<size nuserdata="{GOAL + 3 * PUSHES}"/>.'
            )

    def initial_state(self, rng: np.random.Generator) -> tuple[FloatArray, FloatArray]:
        scale = self.reset_noise_scale
        qpos = self.model.key_qpos[0].copy()
        qpos[7:] += rng.uniform(-scale, scale, self.model.nq - 7)
        return qpos, scale * rng.standard_normal(self.model.nv)

    def observation(self, data: BatchData) -> tuple[FloatArray, ...]:
        w, x, y, z = data.qpos[:, 3:7].T
        half = data.userdata[:, 2] * data.time / 2  # of the angle where it is to face
        cos, sin = np.cos(half), np.sin(half)
        orientation = np.stack(
            [cos * w + sin * z, cos * x + sin * y, cos * y - sin * x, cos * z - sin * w], axis=1
        )
        goal = data.userdata[:, :GOAL]
        return (
            orientation,
            data.sensordata,
            data.qvel[:, 3:6],
            data.qpos[:, 7:],
            data.qvel[:, 6:],
            goal,
        )

    def outcome(self, data: BatchData, before: None, actions: Actions) -> Outcome:
        up = 1 - 2 * np.square(data.qpos[:, 4:6]).sum(axis=1)
        fallen = (data.qpos[:, 2] <= self.fallen_height) | (up <= self.fallen_up)
        return Outcome(np.zeros(len(actions)), {}, fallen)


@dataclass(kw_only=True)
class QuadrupedBalance(Quadruped):
    """It stands against pushes: at a push the trunk's velocity changes at once.

    Pushes come in any direction, after intervals of `push_interval` seconds, `push_velocity` m/s
    each.
    """

    id: ClassVar[str] = "QuadrupedBalance-v0"
    reward_code: ClassVar[str] = BALANCE_REWARD
    measure_code: ClassVar[str] = BALANCE_MEASURE

    push_interval: Range = (2.0, 4.0)
    push_velocity: Range = (0.5, 1.1)

    def initial_userdata(self, rng: np.random.Generator) -> FloatArray:
        times = rng.uniform(*self.push_interval, PUSHES).cumsum()
        speed, angle = rng.uniform(*self.push_velocity, PUSHES), rng.uniform(0, 2 * np.pi, PUSHES)
        pushes = np.stack([times, speed * np.cos(angle), speed * np.sin(angle)], axis=1)
        return np.concatenate([np.zeros(GOAL), pushes.ravel()])

    def before(self, data: BatchData) -> None:
        pushes = data.userdata[:, GOAL:].reshape(-1, PUSHES, 3)
        times = pushes[:, :, 0]
        since = data.time[:, np.newaxis] - times
        with np.errstate(invalid="ignore"):  # x % 0 where no pushes have been drawn
            due: NDArray[Any] = (since >= 0) & (since % times[:, -1:] < self.dt)
        data.qvel[:, :2] += (due[:, :, np.newaxis] * pushes[:, :, 1:]).sum(axis=1)


@dataclass(kw_only=True)
class QuadrupedWalk(Quadruped):
    """It walks as it is told: forward, aside, turning."""

    id: ClassVar[str] = "QuadrupedWalk-v0"
    commands: ClassVar[tuple[str, ...]] = ("forward", "aside", "turn")
    reward_code: ClassVar[str] = WALK_REWARD
    measure_code: ClassVar[str] = WALK_MEASURE

    forward_velocity: Range = (0.5, 0.9)
    aside_velocity: Range = (-0.2, 0.2)
    turn_velocity: Range = (-0.5, 0.5)

    def initial_userdata(self, rng: np.random.Generator) -> FloatArray:
        ranges = self.forward_velocity, self.aside_velocity, self.turn_velocity
        goal = [rng.uniform(*limits) for limits in ranges]
        return np.concatenate([goal, np.zeros(3 * PUSHES)])
