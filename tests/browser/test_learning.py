"""Learning in a worker of the browser: it runs, repeats itself bit by bit, and goes on."""

import json
from typing import Any

from tests.browser.conftest import with_shared_memory, without_shared_memory

CODE = """
import hashlib, json
import numpy as np
from websim.experiments.experiment import Experiment
from websim.training import checkpoints
from websim.training.trainer import Trainer

experiment = Experiment(
    task="Hopper-v5",
    hyperparameters={"num_envs": 4, "num_steps": 32, "num_minibatches": 4, "update_epochs": 2},
)

def run(stop_at=None):
    trainer = Trainer(experiment)
    for iteration in range(7):
        if iteration == stop_at:
            saved = checkpoints.loads(trainer.checkpoint() or b"")
            trainer.close()
            trainer = Trainer(saved.experiment, checkpoint=saved)
        metrics = trainer.advance().metrics
    weights = trainer.algorithm.weights
    trainer.close()
    return {
        "updates": trainer.algorithm.optimizer.steps,
        "finite": bool(np.isfinite(weights).all()),
        "weights": hashlib.sha256(weights.tobytes()).hexdigest(),
        "metrics": repr(metrics),
    }

json.dumps([run(), run(), run(stop_at=3)])
"""


@with_shared_memory
def test_learning_repeats_itself_bit_by_bit(sim: Any) -> None:
    sim.create(task="Hopper-v5", numEnvs=1, numWorkers=1)
    first, again, resumed = json.loads(sim.python(CODE))
    assert first["updates"] >= 50
    assert first["finite"]
    assert again == first
    assert resumed == first


RANK_CODE = """
import hashlib
from websim.experiments.experiment import Experiment
from websim.browser.transport import worker_communicator
from websim.training.trainer import Trainer

communicator = worker_communicator()
trainer = Trainer(
    Experiment(
        task="Hopper-v5",
        hyperparameters={"num_envs": 8, "num_steps": 32, "num_minibatches": 4, "update_epochs": 2},
    ),
    communicator,
)
for _ in range(7):
    progress = trainer.advance()
trainer.close()
metrics = {tag: repr(value) for tag, value in progress.metrics.items()}
[communicator.rank, communicator.size, progress.global_step, metrics,
 hashlib.sha256(trainer.algorithm.weights.tobytes()).hexdigest()]
"""


@without_shared_memory
def test_ranks_need_shared_memory(sim: Any) -> None:
    sim.create(task="Hopper-v5", numEnvs=2, numWorkers=2)
    name, message = sim.error("sim.joinRanks()")
    assert (name, "shared memory" in message) == ("WorkerError", True)


@with_shared_memory
def test_two_workers_learn_together_and_repeat_themselves(sim: Any) -> None:
    sim.create(task="Hopper-v5", numEnvs=2, numWorkers=2)
    runs = []
    for _ in range(2):
        sim.run("sim.joinRanks()")
        runs.append(
            sim.run("Promise.all([0, 1].map((worker) => sim.runPython(x, { worker })))", RANK_CODE)
        )
    first, second = runs[0]
    assert first[:3] == [0, 2, 7 * 256]
    assert second[:3] == [1, 2, 7 * 256]
    assert first[3:] == second[3:]  # the same metrics and weights in both
    assert runs[1] == runs[0]
