"""Learning in a world: gone on with, it gives the same bits; damaged files are refused."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from tests.python.learning.test_ranks import together
from tests.python.worlds.test_running import EVERYTHING
from websim.errors import DamagedCheckpoint
from websim.experiments.experiment import Experiment
from websim.ranks import Communicator
from websim.training import checkpoints
from websim.training.trainer import Trainer
from websim.training.verification import verify
from websim.worlds import World

SPEC = Experiment(
    task="Ant-v5",
    world=EVERYTHING,
    hyperparameters={"num_envs": 4, "num_steps": 32, "num_minibatches": 2, "update_epochs": 2},
    seed=5,
)


def run(communicator: Communicator, stop_at: int | None) -> Any:
    """Metrics and weights of a run that is saved, ended and taken up again after `stop_at`."""
    trainer = Trainer(SPEC, communicator)
    metrics = []
    for iteration in range(4):
        if iteration == stop_at:
            data, *_ = communicator.gather_bytes(trainer.checkpoint() or b"")
            trainer.close()
            loaded = checkpoints.loads(data)
            assert loaded.experiment == SPEC
            trainer = Trainer(loaded.experiment, communicator, loaded)
        metrics.append(trainer.advance().metrics)
    weights = trainer.algorithm.weights.copy()
    trainer.close()
    return metrics, weights


def test_going_on_gives_the_same_bits() -> None:
    straight = together(lambda communicator: run(communicator, None), 2)
    resumed = together(lambda communicator: run(communicator, 2), 2)
    np.testing.assert_equal(resumed, straight)


def test_a_run_without_its_world_is_damaged() -> None:
    trainer = Trainer(SPEC)
    data = trainer.advance(save=True).checkpoint
    trainer.close()
    assert data is not None
    checkpoint = checkpoints.loads(data)
    verify(checkpoint)
    (rank,) = checkpoint.ranks
    assert rank is not None
    del rank["env"]["world"]
    with pytest.raises(DamagedCheckpoint, match="of the world are damaged"):
        verify(checkpoint)
    # Environments of a world that has other things in it do not fit either.
    other = replace(checkpoints.loads(data).experiment, world=World(events=EVERYTHING.events[:2]))
    with pytest.raises(DamagedCheckpoint):
        verify(checkpoints.loads(data), other)
