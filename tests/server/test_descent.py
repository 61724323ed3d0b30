"""Going on from a run of a store: the same bits, and it is known what came of what."""

import hashlib
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import uvicorn

from tests.server.test_train import only, train
from websim.experiments.experiment import Experiment
from websim.training import checkpoints
from websim.training.checkpoints import Checkpoint
from websim.training.trainer import Trainer
from websim_server import cli
from websim_server.site.app import create_app
from websim_server.store.settings import StoreSettings
from websim_server.store.store import Store

BATCH = 8 * 32

RUN = Experiment(
    task="Hopper-v5",
    title="Hop",
    hyperparameters={
        "num_envs": 8,
        "num_steps": 32,
        "num_minibatches": 4,
        "update_epochs": 2,
        "total_timesteps": 4 * BATCH,
    },
)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    one = Store(StoreSettings(folder=tmp_path / "store"))
    yield one
    one.close()


@pytest.fixture
def address(store: Store) -> Iterator[str]:
    """Of a server with the store."""
    server = uvicorn.Server(uvicorn.Config(create_app(store=store), port=0, log_level="error"))
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        assert thread.is_alive()
        time.sleep(0.01)
    port = server.servers[0].sockets[0].getsockname()[1]
    yield f"http://127.0.0.1:{port}/r/"
    server.should_exit = True
    thread.join()


def newest(folder: Path) -> tuple[bytes, Checkpoint]:
    data = (only(folder) / "checkpoint.websim").read_bytes()
    return data, checkpoints.loads(data)


def test_a_fork_goes_on_bit_by_bit_and_remembers_where_it_came_from(
    store: Store, address: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    trainer = Trainer(RUN)
    half, whole = ([trainer.advance(save=True).checkpoint for _ in range(2)][-1] for _ in range(2))
    trainer.close()
    assert half is not None
    assert whole is not None
    parent = hashlib.sha256(half).hexdigest()
    shared = address + store.share(half).run.id

    uninterrupted = checkpoints.loads(whole)
    file_there = f"{shared.replace('/r/', '/api/runs/')}.websim"
    for name, source in (("file", file_there), ("same", shared)):
        assert train("--resume", source, "--output", tmp_path / name) == 0
        data, same = newest(tmp_path / name)
        np.testing.assert_equal(same.learner, uninterrupted.learner)
        np.testing.assert_equal(same.ranks, uninterrupted.ranks)
        assert same.experiment.parent == parent

    reward = tmp_path / "reward.py"
    reward.write_text("def reward(now, before, action):\n    return {'up': now.qvel[:, 1]}\n")
    other = ["--resume", shared, "--reward", reward, "--output", tmp_path / "other"]
    assert train(*other) == 0
    _, changed = newest(tmp_path / "other")
    assert changed.experiment.parent == parent
    assert changed.experiment.reward == reward.read_text()
    assert [change["iteration"] for change in changed.learner["changes"]] == [2]

    child = store.share(data).run.id
    capsys.readouterr()
    assert cli.main(["descent", address + child]) == 0
    assert capsys.readouterr().out.splitlines() == [
        f"{parent[:12]}  Hop, {2 * BATCH:,} steps",
        f"  {child}  Hop, {4 * BATCH:,} steps",
    ]
    file = tmp_path / "fork.websim"
    file.write_bytes(data)
    assert cli.main(["descent", str(file)]) == 0
    assert capsys.readouterr().out.strip().endswith(f"made of {parent[:12]}")


def test_an_address_that_leads_nowhere_says_so(
    address: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["descent", f"{address}0123456789ab"]) == 1
    assert "There is no run '0123456789ab' here" in capsys.readouterr().err
    assert cli.main(["evaluate", "http://127.0.0.1:9/r/0123456789ab"]) == 1
    assert "cannot be had" in capsys.readouterr().err
