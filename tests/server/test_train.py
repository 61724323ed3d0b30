"""`websim train`: what it writes, Ctrl-C and going on, and what it says of mistakes."""

import csv
import json
import os
import signal
import subprocess
import sys
import time
import zipfile
from pathlib import Path
from typing import Any

import pytest

from tests.python.test_own_tasks import CODE
from websim import registry
from websim.experiments import decisions
from websim.tasks import own
from websim.training import checkpoints
from websim_server import cli

SMALL = ["--set", "num_envs=4", "num_steps=64", "num_minibatches=4", "update_epochs=2"]


def rows(folder: Path) -> list[dict[str, str]]:
    """The rows of a run's metrics, without what depends on the clock."""
    with (folder / "metrics.csv").open(newline="") as file:
        found = list(csv.DictReader(file))
    for row in found:
        del row["charts/SPS"], row["charts/seconds"]
    return found


def train(*arguments: object) -> int:
    return cli.main(["train", *map(str, arguments)])


def only(folder: Path) -> Path:
    (one,) = folder.iterdir()
    return one


COMMAND = [sys.executable, "-m", "websim_server", "train"]


def wait_for_rows(folder: Path) -> None:
    """Waits until a run in this folder has learnt a little."""
    deadline = time.monotonic() + 180
    while (
        len(list(folder.glob("*/metrics.csv"))) == 0
        or (only(folder) / "metrics.csv").read_text().count("\n") < 3
    ):
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_a_run_from_start_to_end(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    kept = tmp_path / "kept" / "run.websim"
    run = ["--output", tmp_path / "runs", "--keep", f"file://{kept}", *SMALL]
    assert train("Hopper-v5", "--total-timesteps", "1e3", *run) == 0
    folder = only(tmp_path / "runs")
    assert folder.name.startswith("Hopper-v5__ppo__1__")
    assert [row["global_step"] for row in rows(folder)] == ["256", "512", "768"]
    assert float(rows(folder)[0]["charts/learning_rate"]) == pytest.approx(3e-4)
    assert list(folder.glob("events.out.tfevents.*"))
    checkpoint = checkpoints.loads((folder / "checkpoint.websim").read_bytes())
    assert checkpoint.learner["global_step"] == 768
    assert "Done" in capsys.readouterr().err
    assert kept.read_bytes() == (folder / "checkpoint.websim").read_bytes()
    run = ["--output", tmp_path / "on", "--total-timesteps", "1024"]
    assert train("--resume", f"file://{kept}", *run) == 0
    assert rows(only(tmp_path / "on"))[0]["global_step"] == "1024"


def test_events_are_tensorboards(tmp_path: Path) -> None:
    from tensorboardX.proto.event_pb2 import Event

    train("Hopper-v5", "--total-timesteps", "256", "--output", tmp_path, *SMALL)
    (path,) = only(tmp_path).glob("events.out.tfevents.*")
    data, tags = path.read_bytes(), set()
    while data:  # length, its checksum, the event, its checksum
        length = int.from_bytes(data[:8], "little")
        event = Event.FromString(data[12 : 12 + length])
        tags |= {value.tag for value in event.summary.value}
        data = data[16 + length :]
    assert {"charts/SPS", "charts/episodic_return", "losses/approx_kl"} <= tags


def interrupted(options: list[str], output: Path) -> Path:
    """The folder of a run that was ended by Ctrl-C, and said how to go on."""
    process = subprocess.Popen(
        [*COMMAND, *options, "--output", output], stderr=subprocess.PIPE, text=True
    )
    wait_for_rows(output)
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=60)
    folder = only(output)
    assert f"websim train --resume {folder / 'checkpoint.websim'}" in said
    return folder


@pytest.mark.parametrize("ranks", [1, 2])
def test_interrupted_and_resumed_it_gives_the_same_curve(tmp_path: Path, ranks: int) -> None:
    options = ["Hopper-v5", "--total-timesteps", "12e3", *SMALL, "--ranks", str(ranks)]
    assert train(*options, "--output", tmp_path / "whole") == 0

    folder = interrupted(options, tmp_path / "cut")
    cut = rows(folder)
    assert 2 <= len(cut) < 46

    assert train("--resume", folder / "checkpoint.websim") == 0
    assert rows(folder) == rows(only(tmp_path / "whole"))


def test_rows_after_the_checkpoint_are_dropped(tmp_path: Path) -> None:
    """A crash comes between two checkpoints: what was logged since is learnt again."""
    train("Hopper-v5", "--total-timesteps", "512", "--output", tmp_path, *SMALL)
    folder = only(tmp_path)
    lines = (folder / "metrics.csv").read_text().splitlines()
    after = lines[-1].replace("512,", "768,", 1)
    (folder / "metrics.csv").write_text("\n".join([*lines, after, "1024,1.2"]))
    assert train("--resume", folder / "checkpoint.websim", "--total-timesteps", "1024") == 0
    assert [row["global_step"] for row in rows(folder)] == ["256", "512", "768", "1024"]


def test_seeds_and_values_have_a_run_each(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    options = ["InvertedPendulum-v5", "--total-timesteps", "512", *SMALL]
    several = ["--seeds", "2", "--sweep", "gamma=0.9,0.99", "--output", tmp_path / "several"]
    assert train(*options, *several) == 0
    said = capsys.readouterr()
    assert {line.split(":")[0] for line in said.out.splitlines()[-2:]} == {
        "gamma=0.9",
        "gamma=0.99",
    }
    assert said.err.count("Done. The policy is in") == 2
    assert train(*options, "gamma=0.99", "--seed", "2", "--output", tmp_path / "one") == 0
    low, high = sorted((tmp_path / "several").iterdir())
    assert rows(low) != rows(high) == rows(only(tmp_path / "one"))
    found = checkpoints.loads((low / "checkpoint.websim").read_bytes()).experiment
    assert (found.seed, found.hyperparameters["gamma"]) == (2, 0.9)


def decisions_of(file: Path) -> list[decisions.Decision]:
    with zipfile.ZipFile(file) as archive:
        return decisions.load(archive.read(decisions.NAME))


def test_a_run_that_adapts_says_what_it_decides(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    how = {
        "rules": {"schedule": {"every": 256}},
        "acts": {"schedule": [{"act": "rescale", "hyperparameter": "gamma", "factor": 0.9}]},
        "trial_steps": 256,
        "episodes": 2,
    }
    (tmp_path / "how.json").write_text(json.dumps(how))
    run = ["--output", tmp_path / "runs", "--adapt", tmp_path / "how.json", *SMALL]
    assert train("InvertedPendulum-v5", "--total-timesteps", "1024", *run) == 0
    folder = only(tmp_path / "runs")
    file = folder / "checkpoint.websim"
    written = decisions_of(file)
    told = capsys.readouterr().err
    assert written
    assert [told.count(f"{one.what}. {one.outcome}") for one in written] == [1] * len(written)
    assert checkpoints.loads(file.read_bytes()).experiment.adaptation == how
    assert train("--resume", file, "--total-timesteps", "1536") == 0
    later = decisions_of(file)
    assert later[: len(written)] == written
    assert capsys.readouterr().err.count("schedule: ") == len(later) - len(written)

    assert cli.main(["decisions", str(file)]) == 0
    listed = capsys.readouterr().out.splitlines()
    assert len(listed) == len(later)
    assert "schedule: act rescale, hyperparameter gamma" in listed[0]
    number = len(later) - 1
    assert f"--undo {number}" in listed[-1]
    assert train("--resume", file, "--total-timesteps", "2048", "--undo", str(number)) == 0
    capsys.readouterr()
    assert cli.main(["decisions", str(file), "--json"]) == 0
    told_again = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert told_again[number + 1]["event"] == "undo"
    assert told_again[number]["undoable"] is False
    steps = [int(row["global_step"]) for row in rows(folder)]
    assert steps == sorted(set(steps))  # what came after it has been dropped


def test_it_asks_at_the_terminal(tmp_path: Path) -> None:
    how: dict[str, Any] = {
        "rules": {"schedule": {"every": 256}},
        "acts": {"schedule": [{"act": "rescale", "hyperparameter": "gamma", "factor": 0.9}]},
        "trial_steps": 256,
        "episodes": 2,
    }
    (tmp_path / "how.json").write_text(json.dumps(how))
    options = ["--output", tmp_path / "runs", "--adapt", tmp_path / "how.json", "--ask", *SMALL]
    steps = ["--total-timesteps", "100000"]
    process = subprocess.Popen(
        [*COMMAND, "InvertedPendulum-v5", *steps, *map(str, options)],
        stdin=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    heard, said_of = process.stdin, process.stderr
    assert heard is not None
    assert said_of is not None

    def wait_for(words: str) -> None:
        while words not in (said := said_of.readline()):
            assert said, process.wait()

    for answer, outcome in (("perhaps\nn", "Not tried: somebody said no."), ("y", " without")):
        wait_for("Try it? y or n")
        heard.write(f"{answer}\n")
        heard.flush()
        wait_for(outcome)
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=60)
    assert process.returncode == 0, said[-2000:]


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ([], "name a task"),
        (["Hopper-v9"], "Did you mean 'Hopper-v5'?"),
        (["Hopper-v5", "--algo", "dqn"], "Unknown algorithm 'dqn'"),
        (["Hopper-v5", "--preset", "slow"], "no preset 'slow'; it has: cleanrl, fast"),
        (["Hopper-v5", "--set", "gamma"], "--set takes NAME=VALUE"),
        (["Hopper-v5", "--set", "gamma=2"], "gamma must be a number from 0 to 1, not 2.0"),
        (["Hopper-v5", "--set", "gamma=2", "--set", "gae_lambda=0.9"], "gamma must be a number"),
        (["Hopper-v5", "--set", "gamma=nan"], "gamma must be a number from 0 to 1, not 'nan'"),
        (["Hopper-v5", "--set", "num_envs=1,000"], "a whole number from 1 to 65536, not (1, 0)"),
        (["Hopper-v5", "--set", "hidden_sizes=99999x99999"], "from 1 to 4096, not (99999, 99999)"),
        (["Hopper-v5", "--set", "=3"], "no hyperparameter ''; there are: total_timesteps, "),
        (["Hopper-v5", "--total-timesteps", "inf"], "total_timesteps must be a whole number from"),
        (["Hopper-v5", "--checkpoint-seconds", "nan"], "--checkpoint-seconds must be above 0"),
        (["Hopper-v5", "--task-options", '{"legs": 3}'], "no option 'legs'"),
        (["Hopper-v5", "--task-options", "legs=3"], "takes a JSON object, not 'legs=3'"),
        (["Hopper-v5", "--task-options", "[3]"], "takes a JSON object, not '[3]'"),
        (["Hopper-v5", "--ranks", "0"], "--ranks must divide num_envs, which is"),
        (["Hopper-v5", "--ranks", "3"], "--ranks must divide num_envs, which is"),
        (
            ["Ant-v5", "--backend=browser", "--task-options", json.dumps({"xml_file": __file__})],
            "XML_ERROR_PARSING",
        ),
        (["--resume", "nowhere.zip"], "nowhere.zip cannot be read"),
        (["Hopper-v5", "--reward", "nowhere.py"], "nowhere.py cannot be read"),
        (["Hopper-v5", "--reward", cli.__file__], "import"),
        (["Hopper-v5", "--adapt", "nowhere.json"], "nowhere.json cannot be read"),
        (["Hopper-v5", "--adapt", __file__], "test_train.py: Extra data"),
        (["Hopper-v5", "--ask"], "--ask is of a run that adapts: add --adapt"),
        (["Hopper-v5", "--adapt", "--ask", "--backend", "browser"], "need --backend native"),
        (["Hopper-v5", "--adapt", "--undo", "0"], "decision 0 cannot be undone"),
        (["Hopper-v5", "--world", "nowhere.json"], "nowhere.json cannot be read"),
        (["Hopper-v5", "--world", __file__], "test_train.py: Extra data"),
        (["--resume", __file__], "no checkpoint of websim's"),
        (["--resume", "file:///nowhere"], "file:///nowhere cannot be read"),
        (["Hopper-v5", "--keep", "nowhere://x"], "no place that fsspec knows"),
        (["Hopper-v5", "--backend", "ray", "--rank-resources", "2"], "takes a JSON object"),
        (["Hopper-v5", "--seeds", "3-1"], "must name 1 to 1000 seeds"),
        (["Hopper-v5", "--seeds", "one"], "such as 1-5 or 1,7, not 'one'"),
        (["Hopper-v5", "--sweep", "gamma"], "takes NAME=VALUE,VALUE, not 'gamma'"),
        (["Hopper-v5", "--sweep", "gamma=0.9,2"], "gamma must be"),
        (["Hopper-v5", "--seeds", "1-2", "--ranks", "2"], "each has one rank"),
        (["Hopper-v5", "--seeds", "1-2", "--keep", "file:///x"], "--keep is of one run"),
    ],
)
def test_mistakes_are_named(
    arguments: list[str], says: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert train(*arguments, "--output", tmp_path) == 1
    assert says in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


def test_the_hyperparameters_are_listed(capsys: pytest.CaptureFixture[Any]) -> None:
    assert train("--list") == 0
    listed = capsys.readouterr().out
    assert "gae_lambda" in listed
    assert "preset fast" in listed


BROWSER = ["--backend", "browser", "--reproducible"]


def test_in_the_browser_it_is_the_same_command(tmp_path: Path) -> None:
    """Interrupted and resumed there, with two workers, it gives the curve of a whole run."""
    options = ["Hopper-v5", "--total-timesteps", "3e3", *SMALL, "--ranks", "2", *BROWSER]
    # In processes of their own: this one may have a browser of other tests already.
    subprocess.run([*COMMAND, *options, "--output", tmp_path / "whole"], check=True)
    whole = only(tmp_path / "whole")
    checkpoint = checkpoints.loads((whole / "checkpoint.websim").read_bytes())
    assert len(checkpoint.ranks) == 2
    assert checkpoint.learner["global_step"] == 2816
    assert list(whole.glob("events.out.tfevents.*"))

    folder = interrupted(options, tmp_path / "cut")
    assert 2 <= len(rows(folder)) < 11
    subprocess.run([*COMMAND, "--resume", folder / "checkpoint.websim", *BROWSER], check=True)
    assert rows(folder) == rows(whole)


def test_a_browser_that_dies_is_named(tmp_path: Path) -> None:
    options = ["Hopper-v5", "--total-timesteps", "1e6", *SMALL, *BROWSER, "--ranks", "1"]
    process = subprocess.Popen(
        [*COMMAND, *options, "--output", tmp_path], stderr=subprocess.PIPE, text=True
    )
    wait_for_rows(tmp_path)
    children = subprocess.run(
        ["ps", "-e", "-o", "pid,ppid,args"], capture_output=True, text=True, check=True
    )
    table = [line.split(None, 2) for line in children.stdout.splitlines()[1:]]
    family, grown = {str(process.pid)}, True
    while grown:
        more = {pid for pid, parent, *_ in table if parent in family} - family
        family, grown = family | more, bool(more)
    chromium = [pid for pid, _, *args in table if pid in family and "--type=renderer" in str(args)]
    assert chromium
    for pid in chromium:
        os.kill(int(pid), signal.SIGKILL)
    _, said = process.communicate(timeout=60)
    assert process.returncode == 1
    assert "the browser failed" in said
    assert f"websim train --resume {only(tmp_path) / 'checkpoint.websim'}" in said


def test_a_robot_with_a_reward_is_a_run(tmp_path: Path) -> None:
    """What a path named is in the run's file: it goes on, and is judged, without the path."""
    robot, reward = tmp_path / "robot.xml", tmp_path / "reward.py"
    robot.write_text(
        "<mujoco><worldbody><body><joint name='rail' type='slide'/><geom size='.1'/></body>"
        "</worldbody><actuator><motor joint='rail'/></actuator></mujoco>"
    )
    reward.write_text(
        "def reward(now, before, action):\n    return {'speed': now.joint('rail').velocity}\n"
    )
    steps = ("--total-timesteps", "4096", "--output", tmp_path / "runs")
    assert train(robot, "--reward", reward, *steps) == 0
    folder = only(tmp_path / "runs")
    robot.unlink()
    reward.unlink()
    assert train("--resume", folder / "checkpoint.websim", "--total-timesteps", "6144") == 0
    assert "rewards/speed" in (folder / "metrics.csv").read_text()


def test_a_world_is_in_the_run_and_goes_on(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    world = tmp_path / "world.json"
    event = {"mode": "reset", "target": "mass", "operation": "scale", "range": [0.5, 2]}
    world.write_text(json.dumps({"events": [event], "action_delay": [0, 2]}))
    steps = ("--total-timesteps", "512", *SMALL)
    assert train("Hopper-v5", "--world", world, *steps, "--output", tmp_path / "runs") == 0
    file = only(tmp_path / "runs") / "checkpoint.websim"
    world.write_text(json.dumps({"events": [{**event, "range": [2, 1]}]}))
    assert train("Hopper-v5", "--world", world, *steps, "--output", tmp_path / "others") == 1
    assert "world.json: world.events[0].range must be two numbers" in capsys.readouterr().err
    world.unlink()
    saved = checkpoints.loads(file.read_bytes())
    assert saved.experiment.world is not None
    assert saved.experiment.world.action_delay == (0, 2)
    assert train("--resume", file, "--total-timesteps", "768") == 0
    assert cli.main(["evaluate", str(file), "--episodes", "4"]) == 0
    assert "4 episodes" in capsys.readouterr().out


def test_code_that_is_not_safe_needs_somebody_s_word(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    reward = tmp_path / "reward.py"
    reward.write_text(
        "import math\n"
        "def reward(now, before, action):\n"
        "    return {'up': math.pi * now.body('pole').up[:, 2]}\n"
    )
    start = ("InvertedPendulum-v5", "--reward", reward, "--output", tmp_path / "runs", *SMALL)
    assert train(*start, "--total-timesteps", "256") == 1
    said = capsys.readouterr().err
    assert "reward.py, line 1, column 1: this import is not allowed" in said
    assert "--trust" in said
    assert train(*start, "--trust", "--ranks", "2", "--total-timesteps", "256") == 0
    run = only(tmp_path / "runs") / "checkpoint.websim"
    resumed = ("--resume", run, "--total-timesteps", "512")
    assert train(*resumed) == 1  # the file does not say that it is trusted
    assert train(*resumed, "--trust") == 0
    evaluated = ["evaluate", str(run), "--episodes", "2"]
    assert cli.main(evaluated) == 1
    assert "--trust" in capsys.readouterr().err
    assert cli.main([*evaluated, "--trust"]) == 0


def test_a_task_of_ones_own_is_learnt_and_carried(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    tasks = tmp_path / "my_tasks.py"
    tasks.write_text(CODE)
    runs = tmp_path / "runs"
    start = ("Drop-v0", "--output", runs, *SMALL, "--total-timesteps", "256")
    assert train(*start) == 1
    assert "Unknown task 'Drop-v0'" in capsys.readouterr().err
    assert train(*start, "--tasks", tasks, "--ranks", "2") == 0
    run = only(runs) / "checkpoint.websim"
    assert checkpoints.loads(run.read_bytes()).experiment.task_code == CODE
    registry._tasks.pop("Drop-v0")

    monkeypatch.setattr(own, "_known", {})  # another process
    resumed = ("--resume", run, "--total-timesteps", "512")
    evaluated = ["evaluate", str(run), "--episodes", "2"]
    assert train(*resumed) == 1
    said = capsys.readouterr().err
    assert "task.py, line 2, column 1" in said
    assert "--trust" in said
    assert cli.main(evaluated) == 1
    assert train(*resumed, "--trust") == 0
    monkeypatch.setattr(own, "_known", {})
    assert cli.main([*evaluated, "--tasks", str(tasks)]) == 0
    tasks.write_text(CODE.replace("height = data", "height = 1 + data"))
    assert train("--resume", run, "--total-timesteps", "768", "--tasks", tasks, "--ranks", "2") == 0
    assert "1 + data" in str(checkpoints.loads(run.read_bytes()).experiment.task_code)
    tasks.write_text("import websim\nwebsim.register(7)\n")
    assert train(*start, "--tasks", tasks) == 1
    assert "my_tasks.py, line 2" in capsys.readouterr().err
    registry._tasks.pop("Drop-v0")
