"""A sample of what `python -m tests.fuzz` makes."""

import random
from types import ModuleType

import pytest

from tests.fuzz import documents, links, models, programs


@pytest.mark.parametrize("kind", [documents, links, models, programs], ids=lambda kind: kind.KIND)
def test_made_by_chance(kind: ModuleType) -> None:
    outcomes = {kind.attempt(random.Random(seed)) for seed in range(-300, 0)}
    assert len(outcomes) > 1  # some pass and some do not
