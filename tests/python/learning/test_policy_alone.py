"""A run may have a policy without a learner: it acts, is judged, and can be learnt on from."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import websim
from websim.browser import learner
from websim.browser.policies import Policies
from websim.errors import DamagedCheckpoint
from websim.experiments.experiment import Experiment
from websim.training import checkpoints
from websim.training.checkpoints import Checkpoint, policy_alone
from websim.training.evaluation import evaluate
from websim.training.trainer import Trainer
from websim.training.verification import verify
from websim_server.cli import main

SMALL: dict[str, dict[str, Any]] = {
    "ppo": {"num_envs": 4, "num_steps": 32, "num_minibatches": 2},
    "reinforce": {"num_envs": 2},
    "ars": {"num_envs": 4},
    "es": {"num_envs": 4, "hidden_sizes": [8]},
}


def packed(checkpoint: Checkpoint) -> bytes:
    return checkpoints.dumps(checkpoint.experiment, checkpoints.pack(checkpoint.learner), [])


@pytest.fixture(scope="module", params=SMALL)
def whole(request: pytest.FixtureRequest) -> Checkpoint:
    experiment = Experiment(
        task="InvertedPendulum-v5", algorithm=request.param, hyperparameters=SMALL[request.param]
    )
    trainer = Trainer(experiment)
    trainer.advance()
    data = trainer.advance(stop=True).checkpoint
    trainer.close()
    assert data is not None
    return checkpoints.loads(data)


@pytest.fixture(scope="module")
def alone(whole: Checkpoint) -> Checkpoint:
    return checkpoints.loads(packed(policy_alone(whole)))


def test_it_acts_as_in_the_run(whole: Checkpoint, alone: Checkpoint) -> None:
    assert alone.ranks == []
    assert len(packed(alone)) < len(packed(whole))
    before, after = evaluate(whole, 3), evaluate(alone, 3)
    np.testing.assert_array_equal(before.returns, after.returns)


def test_it_can_be_loaded_and_evaluated(alone: Checkpoint, tmp_path: Path) -> None:
    file = tmp_path / "policy.websim"
    file.write_bytes(packed(alone))
    run = websim.load(file)
    assert (run.iteration, run.global_step) == (2, alone.learner["global_step"])
    assert run.act(np.zeros(4)).shape == (1,)
    assert main(["evaluate", str(file), "--episodes", "2", "--json"]) == 0


def test_the_page_reads_it(alone: Checkpoint) -> None:
    described = learner.describe(packed(alone))
    assert described["hasLearnt"] is True
    assert described["ranks"] == 0
    policies = Policies()
    assert policies.sizes_of(packed(alone))["observationSize"] == 4
    plan = learner.plan(None, packed(alone), 2)
    assert plan["globalStep"] == alone.learner["global_step"]


def test_learning_goes_on_from_it(alone: Checkpoint) -> None:
    verify(alone)
    trainer = Trainer(alone.experiment, checkpoint=alone)
    algorithm = trainer.algorithm
    assert trainer.restarted_environments
    for name, part in algorithm.policy_state().items():
        np.testing.assert_equal(part, alone.learner[name])
    assert algorithm.global_step == alone.learner["global_step"]
    assert algorithm.state().get("gradient_steps", 0) == 0
    saved = trainer.advance(save=True).checkpoint
    after = trainer.advance(stop=True).checkpoint
    trainer.close()
    assert saved is not None
    assert after is not None
    # From here on it is a run as any other: saved and read, it goes on with the same bits.
    again = Trainer(alone.experiment, checkpoint=checkpoints.loads(saved))
    same = again.advance(stop=True).checkpoint
    again.close()
    assert same is not None
    np.testing.assert_equal(checkpoints.loads(same).learner, checkpoints.loads(after).learner)


def test_one_that_does_not_fit_is_refused(alone: Checkpoint) -> None:
    other = Checkpoint(replace(alone.experiment, task="Hopper-v5"), alone.learner, [])
    with pytest.raises(DamagedCheckpoint):
        verify(other)
    for name in ("policy", "normalize_observation", "iteration"):
        rest = {key: value for key, value in alone.learner.items() if key != name}
        with pytest.raises(DamagedCheckpoint):
            verify(Checkpoint(alone.experiment, rest, []))
