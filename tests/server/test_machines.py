"""`websim train --serve-ranks` and `--join`: one run on two machines, here two processes."""

import os
import signal
import socket
import subprocess
import time
from dataclasses import replace
from pathlib import Path

import pytest

from tests.python.learning.test_tcp import SECURITY, Gathering
from tests.server.test_train import COMMAND, SMALL, only, rows, train
from websim.errors import UnsafeCode
from websim.experiments import archive
from websim.experiments.experiment import Experiment
from websim.training import checkpoints
from websim_server.train.rank import take_part

ENVIRONMENT = {**os.environ, "WEBSIM_TOKEN": SECURITY.token, "OPENBLAS_NUM_THREADS": "1"}


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as one:
        port: int = one.getsockname()[1]
        return port


class Serving:
    """A run that others join, and what it says."""

    def __init__(self, *options: object) -> None:
        self.port = free_port()
        command = [*COMMAND, *map(str, options), "--serve-ranks", str(self.port)]
        self.process = subprocess.Popen(
            command, env=ENVIRONMENT, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def join(self) -> "subprocess.Popen[bytes]":
        return subprocess.Popen(
            [*COMMAND, "--join", f"127.0.0.1:{self.port}"],
            env=ENVIRONMENT,
            stdout=subprocess.DEVNULL,
        )

    def wait_for(self, words: str) -> None:
        assert self.process.stderr is not None
        while words not in (said := self.process.stderr.readline()):
            assert said, self.process.wait()


def lines(folder: Path) -> int:
    """How many whole lines the only curve in a folder has by now."""
    return sum(file.read_text().count("\n") for file in folder.glob("*/metrics.csv"))


def test_it_learns_as_in_one_process_and_goes_on_without_who_is_lost(tmp_path: Path) -> None:
    options = ["Hopper-v5", *SMALL, "anneal_lr=false", "--ranks", "2", "--total-timesteps"]
    serving = Serving(*options, "1e6", "--output", tmp_path / "served")
    serving.wait_for("Others join by: websim train --join 127.0.0.1")
    first = serving.join()
    serving.wait_for("2 of 2 ranks")
    while lines(tmp_path / "served") < 4:
        assert first.poll() is None
        time.sleep(0.05)
    first.kill()
    serving.wait_for("; 1 of 2 go on.")  # of either number: who comes first is rank 0
    second = serving.join()
    serving.wait_for("2 of 2 ranks")
    serving.process.send_signal(signal.SIGINT)
    serving.wait_for("websim train --resume")
    assert serving.process.wait(60) == 0
    assert second.wait(60) == 0

    folder = only(tmp_path / "served")
    saved = checkpoints.loads((folder / "checkpoint.websim").read_bytes())
    assert [state is not None for state in saved.ranks] == [True, True]
    assert train(*options, "768", "--output", tmp_path / "here") == 0
    assert rows(folder)[:3] == rows(only(tmp_path / "here"))


def test_code_that_is_not_safe_runs_on_no_machine_that_does_not_trust_it() -> None:
    unsafe = Experiment(task="Hopper-v5", reward="import os\n\ndef reward(now): return 0.0\n")
    job = archive.dump(replace(unsafe, trusted=["reward"]))
    with Gathering(1, job=job) as gathering, pytest.raises(UnsafeCode, match="import"):
        take_part(gathering.coordinator.address, SECURITY)
    assert gathering.events == []


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--join", "nowhere"], "an address is HOST:PORT"),
        (["--join", "127.0.0.1:1"], "127.0.0.1:1 cannot be joined"),
        (["Hopper-v5", "--join", "127.0.0.1:1"], "--join knows the run"),
        (["Hopper-v5", "--serve-ranks", "0.0.0.0:7777"], "name the one by which others reach"),
        (["Hopper-v5", "--serve-ranks", "99999"], "an address is HOST:PORT"),
        (["Hopper-v5", "--serve-ranks", "0", "--backend", "browser"], "needs --backend native"),
        (["Hopper-v5", "--serve-ranks", "0", "--least-ranks", "2"], "begins with 1 to 1, not 2"),
        (["Hopper-v5", "--serve-ranks", "0", "--token-file", "none"], "none cannot be read"),
        (["Hopper-v5", "--serve-ranks", "0", "--tls", __file__], "no PEM file"),
    ],
)
def test_mistakes_are_named(
    arguments: list[str],
    says: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("WEBSIM_TOKEN", SECURITY.token)
    assert train(*arguments, "--output", tmp_path) == 1
    assert says in capsys.readouterr().err
    assert not list(tmp_path.iterdir())
