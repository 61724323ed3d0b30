"""MuJoCo WASM in a real browser against native MuJoCo, through the whole task code."""

from typing import Any

import numpy as np
import pytest

import websim

from . import both_homes

STATES = 200
TOLERANCE = 1e-9  # relative, and absolute below 1

# Steps of one long episode over which both homes agree to 1e-6 under the same random actions.
# docs/architecture.md has what `python bench/divergence.py` measured; here half of it at most.
AGREED_STEPS = {
    "Ant-v5": 50,
    "HalfCheetah-v5": 25,
    "Humanoid-v5": 25,
    "HumanoidStandup-v5": 25,
    "Hopper-v5": 100,
    "Walker2d-v5": 25,
    "InvertedDoublePendulum-v5": 500,
    "InvertedPendulum-v5": 500,
    "Pusher-v5": 100,
    "QuadrupedBalance-v0": 25,
    "QuadrupedWalk-v0": 25,
    "Reacher-v5": 500,
    "Swimmer-v5": 200,
}


def disagreement(native: Any, browser: Any) -> float:
    a, b = np.asarray(native, dtype=float), np.asarray(browser, dtype=float)
    assert a.shape == b.shape
    return float((np.abs(a - b) / np.maximum(1, np.abs(a))).max(initial=0))


@pytest.mark.parametrize("task", websim.task_ids())
def test_single_steps(worker: Any, task: str) -> None:
    states, actions = both_homes.visited_states(task, STATES, seed=1)
    native = both_homes.single_steps(task, states, actions)
    browser = worker.call("single_steps", task, states, actions)
    assert browser.keys() == native.keys()
    differences = {name: disagreement(native[name], browser[name]) for name in native}
    assert max(differences.values()) < TOLERANCE, differences
    moved = np.abs(np.asarray(native["qpos"]) - np.asarray(states["qpos"])).max()
    assert moved > 1e-4, "the states do not move: the comparison would prove nothing"


@pytest.mark.parametrize("task", websim.task_ids())
def test_trajectories(worker: Any, task: str) -> None:
    steps = AGREED_STEPS[task]
    native = both_homes.trajectory(task, steps, 0, {})
    browser = worker.call("trajectory", task, steps, 0, {})
    for name in native:
        assert disagreement(native[name], browser[name]) < 1e-6


def test_models_are_described_alike(worker: Any) -> None:
    task = "Humanoid-v5"
    native = both_homes.described(task)
    assert worker.call("described", task) == native
