"""Boards: the server measures again, once, and only what it may run."""

import hashlib
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from starlette.testclient import TestClient

from tests.python.sharing.test_links import learnt
from tests.server import test_store
from websim.experiments.experiment import Experiment
from websim.registry import task_class
from websim.training import checkpoints
from websim.training.evaluation import evaluate
from websim_server.site.app import create_app
from websim_server.store import measuring
from websim_server.store import store as store_module
from websim_server.store.boards import LEASE_SECONDS, MAX_ATTEMPTS, Claimed, State
from websim_server.store.errors import NoRun
from websim_server.store.measurer import Measurer
from websim_server.store.measuring import EPISODES, Score
from websim_server.store.settings import StoreSettings
from websim_server.store.store import Store

postgresql, settings, store = test_store.postgresql, test_store.settings, test_store.store

SMALL = {"num_envs": 8, "num_steps": 64, "num_minibatches": 4, "hidden_sizes": [8]}

PENDULUM = Experiment(task="InvertedPendulum-v5", hyperparameters=SMALL)


def archive(experiment: Experiment) -> bytes:
    """A run of it, as if `experiment` had learnt what the pendulum has."""
    run = learnt(replace(PENDULUM, seed=experiment.seed))
    return checkpoints.dumps(experiment, checkpoints.pack(run.learner), [])


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """A file is its contest: what files say of themselves takes a second, and is tried below."""

    def inspect(data: bytes) -> dict[str, Any]:
        key = data.decode().split()[0]
        contest = {"key": key, "name": key, "counts": "Metres."}
        about = {"title": data.decode(), "task": "Hopper-v5", "author": "", "algorithm": "ppo"}
        return {**about, "global_step": 1, "parent": None, "contest": contest}

    monkeypatch.setattr(store_module, "inspect", inspect)


def scored(value: float) -> Score:
    return Score(score=value, error=0.5, mean_return=value, episodes=EPISODES, engine="here")


def test_each_run_is_measured_once_and_ranked_among_its_own(
    quick: None, store: Store, settings: StoreSettings
) -> None:
    scores = {f"{board} {i}": float(i % 5) for board in ("a", "b") for i in range(8)}
    ids = {store.share(name.encode()).run.id: name for name in scores}
    taken: list[Claimed] = []

    def serve() -> None:
        other = Store(settings)  # another server
        while (claimed := other.boards.claim()) is not None:
            taken.append(claimed)
            other.boards.done(claimed, scored(scores[ids[claimed.run_id]]))
        other.close()

    servers = [threading.Thread(target=serve) for _ in range(4)]
    for server in servers:
        server.start()
    for server in servers:
        server.join()
    assert sorted(claimed.run_id for claimed in taken) == sorted(ids)
    for board in ("a", "b"):
        found = store.boards.standings(board, 100)
        assert [run.score for run in found] == [4, 3, 2, 2, 1, 1, 0, 0]
        assert [run.rank for run in found] == [1, 2, 3, 3, 5, 5, 7, 7]
        assert {run.title.split()[0] for run in found} == {board}
        assert all(store.boards.standing(run.id) == run for run in found)
    assert {(one.key, one.runs, one.waiting) for one in store.boards.boards(9)} == {
        ("a", 8, 0),
        ("b", 8, 0),
    }


def test_what_a_dead_server_was_measuring_is_taken_up_again(
    quick: None, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.share(b"a run")
    now = 1e9
    monkeypatch.setattr(time, "time", lambda: now)
    claims = []
    for _ in range(MAX_ATTEMPTS):
        dead = store.boards.claim()
        assert dead is not None
        claims.append(dead)
        now += LEASE_SECONDS - 1
        assert store.boards.claim() is None
        now += 2
    assert store.boards.claim() is None
    (run,) = store.boards.standings("a", 9)
    assert (run.state, run.rank) == (State.FAILED, None)
    assert "servers ended" in run.reason
    store.boards.done(claims[-1], scored(99))  # it was not dead after all, but late
    assert store.boards.standings("a", 9) == [run]


def test_a_run_that_is_deleted_leaves_its_board(quick: None, store: Store) -> None:
    receipt = store.share(b"a run")
    claimed = store.boards.claim()
    assert claimed is not None
    store.boards.release(claimed)
    (waiting,) = store.boards.standings("a", 9)
    assert waiting.state == State.WAITING
    store.remove(receipt.run.id, receipt.token or "")
    assert store.boards.boards(9) == []
    assert store.boards.claim() is None


@pytest.fixture(scope="module")
def local(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """A store with three runs on a board, and one on none."""
    one = Store(StoreSettings(folder=tmp_path_factory.mktemp("store")))
    for run in RUNS:
        one.share(run)
    measurer = Measurer(one)
    while measurer.measure_next():
        pass
    yield one
    one.close()


GREEDY = "def reward(now, before, action):\n    return {'much': now.time * 0 + 1e6}\n"

PLAIN = archive(replace(PENDULUM, title="<i>plain</i>", author="Ada"))

PARENT = hashlib.sha256(PLAIN).hexdigest()

RUNS = [
    PLAIN,
    archive(replace(PENDULUM, reward=GREEDY, seed=2, parent=PARENT)),
    archive(replace(PENDULUM, reward="import os\n", seed=3)),
]


def test_what_a_server_measures_is_what_anybody_would(local: Store) -> None:
    """A reward of one's own moves nothing, and nobody is asked what the score is."""
    (board,) = local.boards.boards(9)
    assert (board.name, board.runs, board.waiting) == ("InvertedPendulum-v5", 2, 0)
    measured = task_class(PENDULUM.task).measure_code
    for data in RUNS[:2]:
        standing = local.boards.standing(hashlib.sha256(data).hexdigest()[:12])
        assert standing is not None
        run = checkpoints.loads(data)
        run.experiment = replace(run.experiment, reward=None, measure=measured)
        found = evaluate(run, EPISODES, 0)
        assert standing.score == pytest.approx(found.measures.mean(), rel=1e-6)
        assert standing.mean_return == pytest.approx(found.returns.mean(), rel=1e-6)
        assert standing.error == pytest.approx(found.measures.std() / EPISODES**0.5, rel=1e-5)


def test_what_cannot_be_measured_says_why(local: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    fails = "def measure(now, before):\n    return now.qpos[:, 0] / 0\n"
    receipt = local.share(archive(replace(PENDULUM, measure=fails)))
    with Measurer(local):  # ends at once: the run goes back
        pass
    standing = local.boards.standing(receipt.run.id)
    assert standing is not None
    assert standing.state == State.WAITING
    with monkeypatch.context() as hasty:
        hasty.setattr(measuring, "SECONDS", 0)
        with pytest.raises(NoRun, match="too long to be measured"):
            measuring.measure(RUNS[0])
    assert Measurer(local).measure_next()
    standing = local.boards.standing(receipt.run.id)
    assert standing is not None
    assert (standing.state, standing.reason) == (
        State.FAILED,
        "Its measure fails, or gives no finite numbers.",
    )
    local.remove(receipt.run.id, receipt.token or "")


def test_boards_are_told_and_shown(local: Store) -> None:
    client = TestClient(create_app(store=local))
    (board,) = client.get("/api/boards").json()["boards"]
    told = client.get(f"/api/boards/{board['key']}").json()
    assert told["board"] == board
    assert [run["rank"] for run in told["runs"]] == sorted(run["rank"] for run in told["runs"])
    plain, forked, unsafe = (hashlib.sha256(data).hexdigest()[:12] for data in RUNS)
    assert client.get("/api/boards/nothing").status_code == 404
    page = client.get(f"/boards/{board['key']}").text
    assert "&lt;i&gt;plain&lt;/i&gt;" in page
    assert "<i>" not in page
    assert f'href="/boards/{board["key"]}"' in client.get("/boards").text
    assert client.get("/boards/nothing").status_code == 404
    runs = {"run": [run["id"] for run in told["runs"]]}
    leads = client.get(f"/boards/{board['key']}/beside", params=runs, follow_redirects=False)
    first, second = runs["run"]
    assert leads.headers["location"] == (
        f"/?open={first}&envs=64&compare=32:shared-{first},32:shared-{second}"
    )
    # Who came of whom.
    about = client.get(f"/api/runs/{plain}").json()
    assert [child["id"] for child in about["children"]] == [forked]
    assert about["standing"]["board"] == board["key"]
    (parent,) = client.get(f"/api/runs/{forked}").json()["ancestors"]
    assert (parent["id"], parent["shared"]) == (plain, True)
    alone = client.get(f"/api/runs/{unsafe}").json()
    assert alone["standing"] is None
    assert "does more than calculate" in alone["about"]["no_contest"]
    assert TestClient(create_app()).get("/boards").status_code == 200
