"""A run's file as others use it: `websim.load`."""

from pathlib import Path

import numpy as np
import pytest

import websim
from websim.experiments.archive import dump
from websim.experiments.robot import make_robot
from websim.experiments.sources import of_robot
from websim.training.trainer import Trainer

BALL = (
    b"<mujoco><worldbody><body name='ball' pos='0 0 1'><freejoint/><geom size='.1'/>"
    b"<body pos='0 0 .2'><joint name='elbow' axis='0 1 0'/><geom size='.05'/></body></body>"
    b"</worldbody><actuator><motor joint='elbow'/></actuator></mujoco>"
)

REWARD = "def reward(now, before, action):\n    return {'height': now.body('ball').height}\n"


@pytest.fixture(scope="module", params=["ppo", "ars"])
def run(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of a robot of one's own that has learnt a little."""
    experiment = of_robot(make_robot({"ball.xml": BALL}))
    experiment.reward = REWARD
    experiment.algorithm = request.param
    experiment.hyperparameters = {"num_envs": 4} if request.param == "ppo" else {}
    trainer = Trainer(experiment)
    trainer.advance()
    data = trainer.checkpoint()
    trainer.close()
    assert data is not None
    path = tmp_path_factory.mktemp("runs") / "run.websim"
    path.write_bytes(data)
    return path


def test_a_policy_acts_as_in_its_environments(run: Path) -> None:
    loaded = websim.load(run)
    assert loaded.experiment.reward == REWARD
    assert loaded.iteration == 1
    env = websim.make_vec(loaded.experiment, num_envs=3)
    observations, _ = env.reset(seed=0)
    actions = loaded.act(observations)
    assert actions.shape == env.action_space.shape
    assert env.action_space.contains(actions)
    np.testing.assert_array_equal(actions, loaded.policy(observations))
    for i in range(3):  # alone as among others, but for the order in which sums are taken
        np.testing.assert_allclose(loaded.act(observations[i]), actions[i], rtol=1e-5, atol=1e-6)
    kept = actions.copy()
    loaded.act(observations + 1)
    np.testing.assert_array_equal(actions, kept)
    env.step(actions)
    env.close()


def test_what_cannot_be_acted_on_is_named(run: Path) -> None:
    loaded = websim.load(run)
    size = websim.make_vec(loaded.experiment).observations.shape[1]
    for wrong in (np.zeros(size + 1), np.zeros((2, 3, size)), 1.0):
        with pytest.raises(websim.InvalidArgument, match=rf"\[{size}\] or \[n, {size}\]"):
            loaded.act(wrong)
    with pytest.raises(websim.InvalidArgument, match="finite"):
        loaded.act(np.full(size, np.nan))


def test_what_is_no_run_is_told(tmp_path: Path) -> None:
    with pytest.raises(websim.ModelError, match="cannot be read"):
        websim.load(tmp_path / "gone.websim")
    foreign = tmp_path / "foreign.websim"
    foreign.write_bytes(b"nothing")
    with pytest.raises(websim.WebSimError, match="no checkpoint"):
        websim.load(foreign)
    begun = tmp_path / "begun.websim"
    begun.write_bytes(dump(websim.Experiment(task="Ant-v5")))
    with pytest.raises(websim.WebSimError, match="nothing has been learnt"):
        websim.load(begun)
