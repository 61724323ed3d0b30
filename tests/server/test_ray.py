"""`websim train --backend ray`, on a real cluster of two nodes of this machine."""

import os
import signal
import subprocess
from pathlib import Path

import pytest

from tests.server.test_train import COMMAND, SMALL, only, rows, train, wait_for_rows
from websim.training import checkpoints

pytest.importorskip("ray", reason="Ray is not installed: make ray")

NODE = {"num_cpus": 1, "object_store_memory": 80_000_000, "include_dashboard": False}


def test_a_node_that_dies_is_lost_and_replaced(tmp_path: Path) -> None:
    from ray.cluster_utils import Cluster

    cluster = Cluster(initialize_head=True, head_node_args=NODE)
    try:
        node = cluster.add_node(**NODE)
        kept = f"file://{tmp_path}/kept/run.websim"
        options = ["Hopper-v5", *SMALL, "anneal_lr=false", "--ranks", "2", "--total-timesteps"]
        where = ["--backend", "ray", "--output", str(tmp_path / "ray")]
        process = subprocess.Popen(
            [*COMMAND, *options, "1e6", *where, "--keep", kept],
            env={**os.environ, "RAY_ADDRESS": cluster.address},
            stderr=subprocess.PIPE,
            text=True,
        )

        def wait_for(words: str) -> None:
            assert process.stderr is not None
            while words not in (said := process.stderr.readline()):
                assert said, process.wait()

        wait_for("2 of 2 ranks")
        wait_for_rows(tmp_path / "ray")
        cluster.remove_node(node, allow_graceful=False)
        wait_for("1 of 2 go on.")
        cluster.add_node(**NODE)
        wait_for("2 of 2 ranks")
        process.send_signal(signal.SIGINT)
        wait_for("websim train --resume")
        assert process.wait(60) == 0
    finally:
        cluster.shutdown()
    folder = only(tmp_path / "ray")
    data = (folder / "checkpoint.websim").read_bytes()
    assert [state is not None for state in checkpoints.loads(data).ranks] == [True, True]
    assert (tmp_path / "kept" / "run.websim").read_bytes() == data
    assert train(*options, "512", "--output", tmp_path / "here") == 0
    assert rows(folder)[:2] == rows(only(tmp_path / "here"))
    assert train("--resume", kept, "--total-timesteps", "1", "--output", tmp_path / "on") == 0
