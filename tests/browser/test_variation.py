"""Environments with models of their own in a real browser: apart, and as they are natively."""

from typing import Any

import numpy as np
import pytest

import websim
from tests.model_values import fields_of, values
from tests.state_models import NUM_ENVS, OWN, STEPS, inputs
from websim.physics import make_physics
from websim.physics.variation import VARIABLE

from . import both_homes
from .test_parity import TOLERANCE, disagreement
from .test_state import part

NAMES = ("delayed actuator", "two delays", "muscle", "equality switches", "tendon", "cloth")


def given_models(physics: Any, num_envs: int) -> dict[str, Any]:
    """All fields that may differ, by name, as JSON can say them."""
    return {name: values(physics, name, num_envs, seed=1).tolist() for name in fields_of(physics)}


@pytest.mark.parametrize("name", NAMES)
def test_environments_do_not_touch_each_other(worker: Any, name: str) -> None:
    xml = OWN[name]
    physics = make_physics(xml, 1, ())
    given, models = inputs(physics.model), given_models(physics, NUM_ENVS)
    physics.close()
    looks = [1, STEPS]
    together = worker.call("batch", xml, part(given, slice(NUM_ENVS)), looks, models)
    for i in range(NUM_ENVS):
        own = {field: rows[i : i + 1] for field, rows in models.items()}
        alone = worker.call("batch", xml, part(given, slice(i, i + 1)), looks, own)
        for a, b in zip(together, alone, strict=True):
            for array in a:
                np.testing.assert_array_equal(a[array][i], b[array][0], f"{array} of {i}")
    first = both_homes.batch(xml, part(given, slice(NUM_ENVS)), [1], models)[0]
    differences = {array: disagreement(first[array], together[0][array]) for array in first}
    assert max(differences.values()) < TOLERANCE, differences


@pytest.mark.parametrize("task", ["Ant-v5", "HalfCheetah-v5", "Humanoid-v5", "Pusher-v5"])
def test_single_steps(worker: Any, task: str) -> None:
    """Each from a state of its own in a model of its own."""
    states, actions = both_homes.visited_states(task, 100, seed=1)
    env: Any = websim.make_vec(task, 1)
    models = given_models(env.physics, len(actions))
    models["geom_size"] = sizes(env.physics, len(actions)).tolist()
    env.close()
    assert {"geom_friction", "body_mass", "actuator_gear", "opt.viscosity"} < models.keys()
    native = both_homes.single_steps(task, states, actions, models)
    browser = worker.call("single_steps", task, states, actions, models)
    assert browser.keys() == native.keys()
    differences = {name: disagreement(native[name], browser[name]) for name in native}
    assert max(differences.values()) < TOLERANCE, differences
    same = both_homes.single_steps(task, states, actions)
    moved = np.abs(np.asarray(native["qvel"]) - np.asarray(same["qvel"])).max(axis=1)
    assert np.median(moved) > 1e-3, "models make no difference: the comparison proves nothing"


def sizes(physics: Any, count: int) -> Any:
    """Sizes [count, ngeom, 3] of which those of the floor are the model's."""
    compiled = physics.model_array("geom_size")
    scale = np.random.default_rng(0).uniform(0.9, 1.1, (count, len(compiled), 1))
    scale[:, physics.model_array("geom_type") < 2] = 1
    return compiled * scale


def test_what_may_not_differ_is_named(worker: Any) -> None:
    with pytest.raises(Exception, match=r"'geom_pos' cannot differ .* geom_friction"):
        worker.call("batch", OWN["tendon"], {"qpos": [[]]}, [], {"geom_pos": []})
    assert "geom_pos" not in VARIABLE
