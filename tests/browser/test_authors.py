"""The offline author writes the same code in a worker's Python as natively."""

import json
from typing import Any

import pytest

from websim.authors import Brief, OfflineAuthor
from websim.experiments.experiment import Experiment

CODE = """
import json
from websim.authors import Brief, OfflineAuthor
from websim.experiments.experiment import Experiment
made = OfflineAuthor().propose(Brief(words={words!r}, experiment=Experiment(task={task!r})), 4, 1)
json.dumps([[one.name, one.reward, one.measure, one.why] for one in made])
"""


@pytest.mark.parametrize(
    ("task", "words"),
    [("Ant-v5", "turn once and then stand still"), ("Humanoid-v5", "hold a lunge")],
)
def test_the_same_candidates_in_both_homes(worker: Any, task: str, words: str) -> None:
    made = OfflineAuthor().propose(Brief(words=words, experiment=Experiment(task=task)), 4, 1)
    natively = [[one.name, one.reward, one.measure, one.why] for one in made]
    assert json.loads(worker.python(CODE.format(task=task, words=words))) == natively
