"""websim on native MuJoCo against Gymnasium's own environments, number by number."""

from typing import Any

import numpy as np
import pytest
from gymnasium.vector import AutoresetMode

import websim
from bench.parity import MODES, TASKS, compare
from websim.registry import task_class
from websim.task import options_of

TOLERANCE = 1e-9

OPTIONS: dict[str, dict[str, Any]] = {
    "Ant-v5": {
        "xml_file": "ant.xml",
        "frame_skip": 3,
        "forward_reward_weight": 2.0,
        "ctrl_cost_weight": 0.25,
        "contact_cost_weight": 1e-2,
        "healthy_reward": 0.5,
        "main_body": "torso",
        "terminate_when_unhealthy": False,
        "healthy_z_range": (0.3, 0.8),
        "contact_force_range": (-0.5, 2.0),
        "reset_noise_scale": 0.2,
        "exclude_current_positions_from_observation": False,
        "include_cfrc_ext_in_observation": False,
    },
    "HalfCheetah-v5": {
        "xml_file": "half_cheetah.xml",
        "frame_skip": 2,
        "forward_reward_weight": 0.5,
        "ctrl_cost_weight": 0.3,
        "reset_noise_scale": 0.3,
        "exclude_current_positions_from_observation": False,
    },
    "Hopper-v5": {
        "xml_file": "hopper.xml",
        "frame_skip": 5,
        "forward_reward_weight": 3.0,
        "ctrl_cost_weight": 1e-2,
        "healthy_reward": 2.0,
        "terminate_when_unhealthy": True,
        "healthy_state_range": (-2.0, 2.0),
        "healthy_z_range": (0.9, 1.5),
        "healthy_angle_range": (-0.5, 0.1),
        "reset_noise_scale": 1e-2,
        "exclude_current_positions_from_observation": False,
    },
    "Humanoid-v5": {
        "xml_file": "humanoid.xml",
        "frame_skip": 3,
        "forward_reward_weight": 1.0,
        "ctrl_cost_weight": 0.2,
        "contact_cost_weight": 1e-5,
        "contact_cost_range": (0.01, 1.0),
        "healthy_reward": 3.0,
        "terminate_when_unhealthy": False,
        "healthy_z_range": (1.2, 1.8),
        "reset_noise_scale": 2e-2,
        "exclude_current_positions_from_observation": False,
        "include_cinert_in_observation": False,
        "include_cvel_in_observation": False,
        "include_qfrc_actuator_in_observation": False,
        "include_cfrc_ext_in_observation": False,
    },
    "HumanoidStandup-v5": {
        "xml_file": "humanoidstandup.xml",
        "frame_skip": 3,
        "uph_cost_weight": 2.0,
        "ctrl_cost_weight": 0.2,
        "impact_cost_weight": 1e-5,
        "impact_cost_range": (0.01, 1.0),
        "reset_noise_scale": 2e-2,
        "exclude_current_positions_from_observation": False,
        "include_cinert_in_observation": False,
        "include_cvel_in_observation": False,
        "include_qfrc_actuator_in_observation": False,
        "include_cfrc_ext_in_observation": False,
    },
    "InvertedDoublePendulum-v5": {
        "xml_file": "inverted_double_pendulum.xml",
        "frame_skip": 2,
        "healthy_reward": 5.0,
        "reset_noise_scale": 0.2,
    },
    "InvertedPendulum-v5": {
        "xml_file": "inverted_pendulum.xml",
        "frame_skip": 1,
        "reset_noise_scale": 0.1,
    },
    "Pusher-v5": {
        "xml_file": "pusher_v5.xml",
        "frame_skip": 3,
        "reward_near_weight": 1.5,
        "reward_dist_weight": 0.5,
        "reward_control_weight": 0.3,
    },
    "Reacher-v5": {
        "xml_file": "reacher.xml",
        "frame_skip": 4,
        "reward_dist_weight": 2.0,
        "reward_control_weight": 0.5,
    },
    "Swimmer-v5": {
        "xml_file": "swimmer.xml",
        "frame_skip": 2,
        "forward_reward_weight": 2.0,
        "ctrl_cost_weight": 1e-2,
        "reset_noise_scale": 0.3,
        "exclude_current_positions_from_observation": False,
    },
    "Walker2d-v5": {
        "xml_file": "walker2d.xml",
        "frame_skip": 3,
        "forward_reward_weight": 2.0,
        "ctrl_cost_weight": 1e-2,
        "healthy_reward": 0.5,
        "terminate_when_unhealthy": False,
        "healthy_z_range": (1.0, 1.5),
        "healthy_angle_range": (-0.3, 0.2),
        "reset_noise_scale": 2e-2,
        "exclude_current_positions_from_observation": False,
    },
}
"""Every option of every task, with values that are not the defaults (but for some files)."""


@pytest.mark.parametrize("task", TASKS)
def test_a_thousand_steps(task: str) -> None:
    # 1,010 steps: beyond the time limit, so that every task's autoreset is part of it.
    differences = compare(task, AutoresetMode.NEXT_STEP, num_envs=2, steps=1010)
    assert differences.episodes >= 2
    assert max(differences.values()) <= TOLERANCE, differences


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("task", TASKS)
def test_autoreset_modes(task: str, mode: AutoresetMode) -> None:
    differences = compare(task, mode, num_envs=3, steps=100, seed=7, max_episode_steps=17)
    assert differences.episodes >= 3 * 5
    assert max(differences.values()) <= TOLERANCE, differences


@pytest.mark.parametrize("task", TASKS)
def test_options(task: str) -> None:
    options = OPTIONS[task]
    assert options.keys() == options_of(task_class(task)).keys(), "every option is tried"
    differences = compare(task, AutoresetMode.SAME_STEP, num_envs=3, steps=150, **options)
    assert max(differences.values()) <= TOLERANCE, differences


@pytest.mark.parametrize(
    ("task", "switch"),
    [
        (task, option)
        for task in ("Ant-v5", "Humanoid-v5", "HumanoidStandup-v5")
        for option, default in options_of(task_class(task)).items()
        if isinstance(default, bool)
    ],
)
def test_each_switch_alone(task: str, switch: str) -> None:
    differences = compare(
        task, AutoresetMode.NEXT_STEP, num_envs=2, steps=60, max_episode_steps=40, **{switch: False}
    )
    assert max(differences.values()) <= TOLERANCE, differences


def test_actions_of_double_precision_cost_what_they_cost_gymnasium() -> None:
    import gymnasium

    theirs = gymnasium.make_vec("Ant-v5", num_envs=2, vectorization_mode="sync")
    ours = websim.make_vec("Ant-v5", 2)
    theirs.reset(seed=0)
    ours.reset(seed=0)
    actions = np.random.default_rng(0).uniform(-1, 1, (2, 8))
    expected, actual = theirs.step(actions), ours.step(actions)
    np.testing.assert_array_equal(expected[1], actual[1])
    np.testing.assert_array_equal(expected[0], actual[0])
