"""A new task is one short file: the one of docs/tasks.md."""

import importlib.util
import re
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import ClassVar

import gymnasium
import numpy as np
import pytest
from gymnasium.vector import AutoresetMode

import websim
from websim import InvalidArgument, MujocoVectorEnv, registry
from websim.physics import FIELDS, BatchData, FloatArray
from websim.registry import task_class
from websim.task import options_of
from websim.tasks.inverted_pendulum import InvertedPendulum

DOCS = Path(__file__).parents[2] / "docs"


@pytest.fixture
def swing_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.setattr(registry, "_tasks", dict(registry._tasks))
    blocks = re.findall(r"```python\n(.*?)```", (DOCS / "tasks.md").read_text(), re.DOTALL)
    assert len(blocks) == 1
    file = tmp_path / "swing_up.py"
    file.write_text(blocks[0])
    spec = importlib.util.spec_from_file_location("swing_up", file)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_guides_task_runs(swing_up: ModuleType) -> None:
    assert "SwingUp-v0" in websim.task_ids()
    env = websim.make_vec("SwingUp-v0", 16, autoreset_mode=AutoresetMode.SAME_STEP)
    env.reset(seed=0)
    assert env.observation_space.shape == (16, 3)
    env.action_space.seed(0)
    episodes = 0
    for _ in range(250):
        observations, rewards, _, truncations, infos = env.step(env.action_space.sample())
        assert observations in env.observation_space
        episodes += int(truncations.sum())
        terms = env.reward_term_values
        np.testing.assert_allclose(terms.sum(axis=1), rewards, atol=1e-12)
        assert {"reward_upright", "reward_ctrl"} <= infos.keys() | infos.get(
            "final_info", {}
        ).keys()
    assert episodes == 16
    hanging = websim.make_vec("SwingUp-v0", 2, ctrl_cost_weight=0.0)
    hanging.reset(seed=0)
    assert (hanging.step(np.zeros((2, 1), np.float32))[1] < 0.01).all()
    assert gymnasium.make_vec("websim/SwingUp-v0", num_envs=3).num_envs == 3


def test_registering_again_replaces(swing_up: ModuleType) -> None:
    first = task_class("SwingUp-v0")
    assert websim.register(first) is first
    assert websim.task_ids().count("SwingUp-v0") == 1


def test_the_guides_table() -> None:
    """The tables say what the code says."""
    text = (DOCS / "tasks.md").read_text()
    rows = re.findall(
        r"^\| `(.+?)` \| (\d+) \| (\d+) \| (\d) x (\d+) ms \| ([\d,]+) \| (.+?) \|$", text, re.M
    )
    assert [row[0] for row in rows] == list(websim.task_ids())
    for task_id, observation, action, frame_skip, milliseconds, length, _ in rows:
        env = websim.make_vec(task_id)
        assert env.single_observation_space.shape == (int(observation),)
        assert env.single_action_space.shape == (int(action),)
        assert env.task.frame_skip == int(frame_skip)
        assert env.physics.model.timestep == pytest.approx(int(milliseconds) / 1000)
        assert env.task.max_episode_steps == int(length.replace(",", ""))


@pytest.mark.parametrize("task_id", websim.task_ids()[:11])
def test_definitions_are_consistent(task_id: str) -> None:
    env = websim.make_vec(task_id, 3)
    env.reset(seed=0)
    data, task = env.physics.data, env.task
    assert set(task.fields) <= FIELDS.keys()
    outcome = task.outcome(data, task.before(data), np.zeros_like(env.action_space.sample()))
    assert tuple(outcome.terms) == task.reward_terms
    rows = data.rows(np.array([2]))
    for part, whole in zip(task.observation(rows), task.observation(data), strict=True):
        np.testing.assert_array_equal(part, whole[2:])


def test_options_that_json_brings() -> None:
    """Lists for ranges, integers for numbers."""
    env = websim.make_vec("Ant-v5", healthy_z_range=[0, 2], healthy_reward=2)
    env.reset(seed=0)
    assert env.step(np.zeros((1, 8), np.float32))[4]["reward_survive"] == 2
    assert options_of(task_class("Ant-v5"))["healthy_reward"] == 1.0


@dataclass(kw_only=True)
class Flawed(InvertedPendulum):
    reward_terms: ClassVar[tuple[str, ...]] = ("reward_alive",)


@dataclass(kw_only=True)
class FlawedObservation(InvertedPendulum):
    def observation(self, data: BatchData) -> tuple[FloatArray, ...]:
        return data.qpos, data.time


def test_flawed_tasks_are_told_apart() -> None:
    env = MujocoVectorEnv(Flawed(), 2)
    env.reset()
    with pytest.raises(InvalidArgument, match="term 'reward_alive', but its outcome has only rewa"):
        env.step(np.zeros((2, 1), np.float32))
    with pytest.raises(InvalidArgument, match=r"shapes \(2, k\); those .* have \(2, 2\), \(2,\)"):
        MujocoVectorEnv(FlawedObservation(), 2)
