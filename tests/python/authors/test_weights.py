"""Weights are read from a reward and written into it, and nothing else of it changes."""

import pytest

from websim.authors.weights import weights_of, with_weights
from websim.errors import InvalidArgument

SOURCE = '''"""Läuft."""  # a file with letters of more than one byte

import numpy as np

forward_weight = 1.0  # per metre a second
effort_weight = -0.1
target = 2.0


def reward(now, before, action):
    side_weight = 3.0
    return {"forward": forward_weight * now.qvel[:, 0], "effort": effort_weight + side_weight}
'''


def test_weights_are_the_constants_of_the_file_that_are_called_so() -> None:
    assert weights_of(SOURCE) == {"forward": 1.0, "effort": -0.1}


def test_setting_them_changes_nothing_else() -> None:
    changed = with_weights(SOURCE, {"effort": -2.5, "forward": 1e-7})
    assert weights_of(changed) == {"forward": 1e-7, "effort": -2.5}
    assert changed == SOURCE.replace("= 1.0  #", "= 1e-07  #").replace("= -0.1", "= -2.5")


def test_a_weight_written_twice_on_one_line_is_set_where_it_stands() -> None:
    assert with_weights("a_weight = 1; b_weight = 2\n", {"a": 10, "b": 20}) == (
        "a_weight = 10; b_weight = 20\n"
    )


@pytest.mark.parametrize(("term", "value"), [("jump", 1.0), ("forward", float("nan"))])
def test_what_cannot_be_set_is_named(term: str, value: float) -> None:
    with pytest.raises(InvalidArgument, match=term):
        with_weights(SOURCE, {term: value})
