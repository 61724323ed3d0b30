"""`websim train --backend ray`, on a real cluster of two nodes of this machine."""

import os
import signal
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.server.test_author import check_a_pool
from tests.server.test_train import COMMAND, SMALL, only, rows, train, wait_for_rows
from websim.training import checkpoints

pytest.importorskip("ray", reason="Ray is not installed: make ray")

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ray.cluster_utils import Cluster

NODE = {"num_cpus": 1, "object_store_memory": 80_000_000, "include_dashboard": False}


@pytest.fixture(scope="module")
def ray_cluster() -> "Iterator[Cluster]":
    """One node; tests may add others."""
    from ray.cluster_utils import Cluster

    cluster = Cluster(initialize_head=True, head_node_args=NODE)
    yield cluster
    cluster.shutdown()


def test_a_node_that_dies_is_lost_and_replaced(ray_cluster: "Cluster", tmp_path: Path) -> None:
    node = ray_cluster.add_node(**NODE)
    try:
        kept = f"file://{tmp_path}/kept/run.websim"
        options = ["Hopper-v5", *SMALL, "anneal_lr=false", "--ranks", "2", "--total-timesteps"]
        where = ["--backend", "ray", "--output", str(tmp_path / "ray")]
        process = subprocess.Popen(
            [*COMMAND, *options, "1e6", *where, "--keep", kept],
            env={**os.environ, "RAY_ADDRESS": ray_cluster.address},
            stderr=subprocess.PIPE,
            text=True,
        )

        def wait_for(words: str) -> None:
            assert process.stderr is not None
            while words not in (said := process.stderr.readline()):
                assert said, process.wait()

        wait_for("2 of 2 ranks")
        wait_for_rows(tmp_path / "ray")
        ray_cluster.remove_node(node, allow_graceful=False)
        wait_for("1 of 2 go on.")
        node = ray_cluster.add_node(**NODE)
        wait_for("2 of 2 ranks")
        process.send_signal(signal.SIGINT)
        wait_for("websim train --resume")
        assert process.wait(60) == 0
    finally:
        ray_cluster.remove_node(node)
    folder = only(tmp_path / "ray")
    data = (folder / "checkpoint.websim").read_bytes()
    assert [state is not None for state in checkpoints.loads(data).ranks] == [True, True]
    assert (tmp_path / "kept" / "run.websim").read_bytes() == data
    assert train(*options, "512", "--output", tmp_path / "here") == 0
    assert rows(folder)[:2] == rows(only(tmp_path / "here"))
    assert train("--resume", kept, "--total-timesteps", "1", "--output", tmp_path / "on") == 0


def test_candidates_and_seeds_learn_on_actors(
    ray_cluster: "Cluster", tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from websim_server.author.ray_pool import RayPool
    from websim_server.clusters import cluster, ray

    def lose(pool: RayPool) -> None:
        os.kill(ray.get(pool._slots[0].actor.pid.remote()), signal.SIGKILL)

    monkeypatch.setenv("RAY_ADDRESS", ray_cluster.address)
    with cluster():
        check_a_pool(RayPool, lose)
    options = ["Hopper-v5", *SMALL, "--total-timesteps", "512"]
    several = ["--seeds", "1-2", "--workers", "2", "--backend", "ray"]
    assert train(*options, *several, "--output", tmp_path / "ray") == 0
    assert train(*options, "--seed", "2", "--output", tmp_path / "here") == 0
    first, second = sorted((tmp_path / "ray").iterdir())
    assert rows(second) == rows(only(tmp_path / "here"))
    assert rows(first) != rows(second)
    assert checkpoints.loads((first / "checkpoint.websim").read_bytes()).experiment.seed == 1
