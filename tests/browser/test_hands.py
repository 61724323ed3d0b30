"""Hands in a real browser: as they are natively, and through the JavaScript API."""

from typing import Any

import numpy as np
import pytest

from . import both_homes
from .test_parity import TOLERANCE, disagreement, worker

__all__ = ["worker"]


@pytest.mark.parametrize("task", ["Ant-v5", "HalfCheetah-v5", "Humanoid-v5", "Reacher-v5"])
def test_pushes_and_pulls_are_as_natively(worker: Any, task: str) -> None:
    native, browser = both_homes.pushed(task, 5), worker.call("pushed", task, 5)
    assert native[0]["pulls"][1][1] > 0
    assert np.any(native[1]["xfrc_applied"])
    for a, b in zip(native, browser, strict=True):
        differences = {name: disagreement(a[name], b[name]) for name in a}
        assert max(differences.values()) < TOLERANCE, differences
