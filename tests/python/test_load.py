"""A run's file as others use it: `websim.load`."""

import hashlib
import json
import threading
from collections.abc import Iterator
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

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


@pytest.fixture
def host(run: Path, tmp_path: Path) -> Iterator[str]:
    """A host with the run as a store has it, beside a page, and as a file."""
    data = run.read_bytes()
    sha256 = hashlib.sha256(data).hexdigest()
    for name, content in {
        f"api/runs/{sha256[:12]}.websim": data,
        "api/runs/0123456789ab.websim": data,
        "repo/page/open/walker.json": json.dumps({"sha256": sha256}).encode(),
        f"repo/page/open/{sha256}.websim": data,
        "run.websim": data,
    }.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(content)

    class Quiet(SimpleHTTPRequestHandler):
        def __init__(self, *args: Any) -> None:
            super().__init__(*args, directory=str(tmp_path))

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Quiet) as server:
        threading.Thread(target=server.serve_forever).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def test_an_address_stands_where_a_file_does(run: Path, host: str) -> None:
    sha256 = hashlib.sha256(run.read_bytes()).hexdigest()
    steps = websim.load(run).global_step
    for address in (f"/r/{sha256[:12]}", "/repo/page/?open=walker&embed=1", "/run.websim"):
        assert websim.load(host + address).global_step == steps, address
    with pytest.raises(websim.ModelError, match="cannot be had"):
        websim.load(f"{host}/r/{sha256[:11]}0")
    with pytest.raises(websim.WebSimError, match="Another file came"):
        websim.load(f"{host}/r/0123456789ab")
    with pytest.raises(websim.ModelError, match="cannot be had"):
        websim.load("http://127.0.0.1:1/r/0123456789ab")


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
