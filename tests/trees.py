"""Trees of arrays and numbers, compared."""

from typing import Any

import numpy as np


def leaves(a: Any, b: Any) -> None:
    """Raises AssertionError where two trees differ in a single bit."""
    if isinstance(a, dict):
        assert a.keys() == b.keys()
        for key in a:
            leaves(a[key], b[key])
    else:
        np.testing.assert_array_equal(a, b)
