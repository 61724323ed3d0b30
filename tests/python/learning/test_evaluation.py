"""A run's policy is judged by whole episodes, whoever counts them."""

import json
from pathlib import Path

import gymnasium
import numpy as np
import pytest

from websim.errors import InvalidArgument
from websim.experiments.experiment import Experiment
from websim.training import checkpoints
from websim.training.checkpoints import Checkpoint
from websim.training.evaluation import evaluate
from websim.training.trainer import Trainer, policy_of
from websim_server.cli import main


@pytest.fixture(scope="module")
def data() -> bytes:
    small = {"num_envs": 4, "num_steps": 64, "num_minibatches": 2}
    trainer = Trainer(Experiment(task="InvertedPendulum-v5", hyperparameters=small))
    trainer.advance()
    written = trainer.advance(stop=True).checkpoint
    trainer.close()
    assert written is not None
    return written


@pytest.fixture(scope="module")
def run(data: bytes) -> Checkpoint:
    return checkpoints.loads(data)


def test_episodes_are_those_of_gymnasium(run: Checkpoint) -> None:
    found = evaluate(run, 5, seed=3)
    for i in range(5):
        env = gymnasium.make("InvertedPendulum-v5")
        box = env.action_space
        assert isinstance(box, gymnasium.spaces.Box)
        policy = policy_of(run.experiment, run.learner, box.low, box.high)
        observation, _ = env.reset(seed=3 + i)
        total, length, over = 0.0, 0, False
        while not over:
            observation, reward, ended, cut, _ = env.step(policy(observation[np.newaxis])[0])
            total, length, over = total + float(reward), length + 1, ended or cut
        assert (found.returns[i], found.lengths[i]) == (total, length)
        env.close()


def test_what_is_paid_does_not_judge(run: Checkpoint) -> None:
    paid = Experiment(
        task=run.experiment.task,
        hyperparameters=run.experiment.hyperparameters,
        reward="def reward(now, before, action):\n    return {'nothing': 0.0}\n",
    )
    found, own = evaluate(Checkpoint(paid, run.learner, run.ranks), 5), evaluate(run, 5)
    assert not found.returns.any()
    np.testing.assert_array_equal(found.measures, own.measures)
    assert np.isfinite(own.measures).all()


@pytest.mark.parametrize("episodes", [0, -1, 10**9, True])
def test_a_wrong_number_of_episodes(run: Checkpoint, episodes: int) -> None:
    with pytest.raises(InvalidArgument, match="episodes must be 1 to"):
        evaluate(run, episodes)


def test_the_command(data: bytes, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "run.websim"
    file.write_bytes(data)
    assert main(["evaluate", str(file), "--episodes", "4", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["return"]["min"] <= told["return"]["mean"] <= told["return"]["max"]
    assert told["episodes"] == 4
    assert main(["evaluate", str(file), "--episodes", "4"]) == 0
    assert "return" in capsys.readouterr().out
    assert main(["evaluate", str(tmp_path / "none.websim")]) == 1
    assert "cannot be read" in capsys.readouterr().err
