"""`websim author`: what it writes, being stopped and going on, lost processes, mistakes."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from websim.authors.candidates import Candidate
from websim.authors.tournament import archive
from websim.authors.tournament.learning import Order, order_of
from websim.authors.tournament.records import Job, Result
from websim.experiments.experiment import Experiment
from websim.training import checkpoints
from websim_server import cli
from websim_server.author.pool import Pool

if TYPE_CHECKING:
    from websim_server.author.ray_pool import RayPool

REWARD = """
speed_weight = {speed}


def reward(now, before, action):
    return {{"speed": speed_weight * now.qvel[:, 0]}}
"""
MEASURE = "def measure(now, before):\n    return now.qvel[:, 0]\n"

SMALL = {"num_envs": 4, "num_steps": 32, "num_minibatches": 4, "update_epochs": 1}


@pytest.fixture
def files(tmp_path: Path) -> list[str]:
    """The options of two good rewards and a bad one, in a small experiment."""
    from websim.experiments.archive import dump

    for name, speed in (("back", -1.0), ("forth", 1.0)):
        (tmp_path / f"{name}.py").write_text(REWARD.format(speed=speed))
    (tmp_path / "bad.py").write_text("def reward(now, before, action):\n    return {'a': 1.0}\n")
    (tmp_path / "m.py").write_text(MEASURE)
    task = tmp_path / "hopper.websim"
    task.write_bytes(dump(Experiment(task="Hopper-v5", hyperparameters=SMALL)))
    rewards = [str(tmp_path / f"{name}.py") for name in ("back", "forth", "bad")]
    given = [
        "--author",
        "hand",
        "--task",
        task,
        "--reward",
        *rewards,
        "--measure",
        tmp_path / "m.py",
    ]
    return [*map(str, given), "--candidates", "3", "--episodes", "2", "--workers", "2"]


def test_it_is_stopped_goes_on_and_ends(
    files: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "best.websim"
    command = [sys.executable, "-m", "websim_server", "author"]
    first = subprocess.Popen(
        [*command, "go on", *files, "--steps", "30000", "--out", str(out)],
        stderr=subprocess.PIPE,
        text=True,
    )
    assert first.stderr is not None
    deadline = time.monotonic() + 200
    read = ""
    while "bad is out" not in read:
        assert time.monotonic() < deadline
        read += first.stderr.read(1)
    os.kill(first.pid, signal.SIGINT)
    first.communicate(timeout=60)
    assert first.returncode in (0, 1)  # 1: nothing had been judged yet
    half, _ = archive.load(out.read_bytes())
    assert not half.over

    assert cli.main(["author", "--resume", str(out), "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert said["over"]
    assert said["steps"] <= 30_000 + 128 * 20
    assert said["out_of_it"]["bad"].startswith("what it pays is always the same")
    assert [c["measure"] for c in said["candidates"]] == sorted(
        (c["measure"] for c in said["candidates"]), reverse=True
    )
    tournament, runs = archive.load(out.read_bytes())
    assert tournament.over
    assert runs == {} or runs.keys() <= tournament.needed()
    # The file is a run like any other.
    assert cli.main(["evaluate", str(out), "--episodes", "2", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["measure"] is not None
    assert checkpoints.loads(out.read_bytes()).experiment.title == "go on"
    assert cli.main(["author", "--resume", str(out)]) == 1
    assert "is over" in capsys.readouterr().err


def first_of(pool: "Pool | RayPool") -> tuple[int, Result, bytes | None]:
    """The first that comes; pytest ends what waits too long."""
    while True:
        for told in pool.results(30.0):
            return told


def test_a_lost_process_is_told_and_replaced() -> None:
    check_a_pool(Pool, lambda pool: pool._slots[0].process.kill())


def order(number: int, steps: int) -> Order:
    candidate = Candidate(name="a", reward=REWARD.format(speed=1.0), measure=MEASURE, why="A test.")
    job = Job(
        number=number, entry=0, origin=None, steps=steps, seconds=90.0, episodes=2, episode_seed=0
    )
    return order_of(job, candidate, Experiment(task="Hopper-v5", hyperparameters=SMALL), None)


@pytest.mark.skipif(not hasattr(os, "sched_getaffinity"), reason="cores are told apart on Linux")
def test_programs_beside_each_other_need_not_have_the_same_core() -> None:
    with Pool(1) as pool:
        pool.begin(order(0, 1280))
        _, result, _ = first_of(pool)
        assert not result.failure
        process = pool._slots[0].process
        assert process.pid is not None
        assert os.sched_getaffinity(process.pid) == os.sched_getaffinity(0)


def check_a_pool(pool_of: Callable[[int], Any], lose: Callable[[Any], None]) -> None:
    """What a pool does with a job whose process is lost, and with one that is to end."""
    with pool_of(1) as pool:

        def begin(number: int) -> None:
            while not pool.has_room:  # an actor has to begin first
                assert list(pool.results(30.0)) == []
            pool.begin(order(number, 10_000_000))

        begin(0)
        assert not pool.has_room
        assert list(pool.results(0.0)) == []
        lose(pool)
        number, result, _ = first_of(pool)
        assert (number, result.lost) == (0, True)
        begin(1)
        pool.end({1})  # at once, or after some iterations: it is judged as it is
        number, result, run = first_of(pool)
        assert (number, result.failure) == (1, "")
        assert 0 < result.steps < 10_000_000
        assert run is not None


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ([], "words must say"),
        (["go", "--candidates", "0"], "candidates must be 1 to 64"),
        (["go", "--minutes", "-1"], "seconds must be above 0"),
        (["go", "--author", "hand"], "--author hand needs files"),
        (["yodel"], "I do not understand 'yodel'"),
        (["go", "--task", "Nothing-v0"], "Nothing-v0"),
        (
            ["go", "--author", "hand", "--reward", "no.py", "--measure", "no.py"],
            "no.py cannot be read",
        ),
        (["--resume", "no.websim"], "no.websim cannot be read"),
    ],
)
def test_mistakes_are_told(
    options: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["author", *options]) == 1
    assert said in capsys.readouterr().err


def test_where_all_fail_the_reasons_are_told(
    files: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("back", "forth"):
        text = f"def reward(now, before, action):\n    return {{'{name}': 1.0}}\n"
        (tmp_path / f"{name}.py").write_text(text)
    assert (
        cli.main(
            [
                "author",
                "go",
                *files,
                "--workers",
                "1",
                "--steps",
                "1e4",
                "--out",
                str(tmp_path / "b"),
            ]
        )
        == 1
    )
    said = capsys.readouterr().err
    assert "forth is out" in said
    assert "nothing that can be learnt from" in said


def test_the_offline_author_writes_for_words(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from websim.experiments.archive import dump

    task, out = tmp_path / "hopper.websim", tmp_path / "best.websim"
    task.write_bytes(dump(Experiment(task="Hopper-v5", hyperparameters=SMALL)))
    command = ["author", "hop forwards", "--task", str(task), "--candidates", "2", "--steps", "1e4"]
    command += ["--workers", "1"]
    assert cli.main([*command, "--episodes", "2", "--out", str(out), "--json"]) == 0
    assert len(json.loads(capsys.readouterr().out)["candidates"]) >= 2
    assert "hop forwards" in checkpoints.loads(out.read_bytes()).experiment.title
