"""Environments of a batch in a real browser against batches of one, bit by bit."""

from typing import Any

import numpy as np
import pytest

from tests.state_models import NUM_ENVS, OWN, REFUSED, STEPS, inputs
from websim.physics import make_physics

from . import both_homes
from .test_parity import TOLERANCE, disagreement


def part(given: dict[str, Any], rows: slice) -> dict[str, Any]:
    """The inputs of some environments, as JSON can say them."""
    return {
        name: (values[:, rows] if name == "ctrl" else values[rows]).tolist()
        for name, values in given.items()
    }


@pytest.mark.parametrize("name", OWN)
def test_environments_do_not_touch_each_other(worker: Any, name: str) -> None:
    xml = OWN[name]
    physics = make_physics(xml, 1, ())
    given = inputs(physics.model)
    physics.close()
    looks = [1, STEPS]
    together = worker.call("batch", xml, part(given, slice(NUM_ENVS)), looks)
    for i in range(NUM_ENVS):
        alone = worker.call("batch", xml, part(given, slice(i, i + 1)), looks)
        for a, b in zip(together, alone, strict=True):
            for array in a:
                np.testing.assert_array_equal(a[array][i], b[array][0], f"{array} of {i}")
    first = both_homes.batch(xml, part(given, slice(NUM_ENVS)), [1])[0]
    differences = {array: disagreement(first[array], together[0][array]) for array in first}
    assert max(differences.values()) < TOLERANCE, differences


@pytest.mark.parametrize("why", REFUSED)
def test_a_model_that_cannot_be_swapped_is_refused(worker: Any, why: str) -> None:
    with pytest.raises(Exception, match=f"The model {why}"):
        worker.call("batch", REFUSED[why], {"qpos": [[]]}, [])
