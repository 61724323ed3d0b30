"""`websim export`, `import`, `record`, `replay`: the commands of docs/exchange.md, mistakes."""

import re
import shlex
import shutil
from pathlib import Path

import pytest

from websim.experiments.experiment import Experiment
from websim.training.trainer import Trainer
from websim.trajectories import cloning
from websim_server import cli

MODELS = Path(__file__).resolve().parents[1] / "python" / "exchange" / "models"

DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "exchange.md"

COMMANDS = re.findall(r"`websim ([^`]+)` \|", DOCUMENT.read_text())


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with what the commands read."""
    folder = tmp_path_factory.mktemp("exchange")
    small = {"num_envs": 2, "num_steps": 32, "num_minibatches": 2}
    trainer = Trainer(Experiment(task="Hopper-v5", hyperparameters=small))
    trainer.advance()
    data = trainer.checkpoint()
    trainer.close()
    assert data is not None
    (folder / "run.websim").write_bytes(data)
    for theirs, name in (
        ("ppo.zip", "model.zip"),
        ("ppo.pkl", "vecnormalize.pkl"),
        ("agent.cleanrl_model", "agent.cleanrl_model"),
    ):
        shutil.copy(MODELS / theirs, folder / name)
    return folder


def test_the_commands_of_the_table(files: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(files)
    monkeypatch.setattr(cloning, "UPDATES", 50)
    assert len(COMMANDS) > 1
    for command in COMMANDS:
        assert cli.main(shlex.split(command)) == 0, command
    assert cli.main(["evaluate", "imported.websim", "--episodes", "1"]) == 0


@pytest.mark.parametrize(
    ("command", "said"),
    [
        ("export nowhere.websim --onnx a.onnx", "nowhere.websim cannot be read"),
        ("import onnx nowhere.onnx --task Hopper-v5", "nowhere.onnx cannot be read"),
        ("import onnx run.websim --task Hopper-v5", "no ONNX"),
        ("import onnx run.websim --task Nothing-v5", "Nothing-v5"),
        ("replay run.websim", "lacks lengths"),
        ("record run.websim --episodes 0 --out a.npz", "episodes must be 1 to"),
        ("record Hopper-v5 --out a.npz", "Hopper-v5 cannot be read"),
        ("record Hopper-v5 --random 1 --episodes 1 --format minari --out .", "dataset's id"),
        ("record Hopper-v5 --random 1 --episodes 1 --format lerobot --out .", "there already"),
        ("record Hopper-v5 --random 1 --episodes 1 --video --out a.npz", "--video goes with"),
    ],
)
def test_mistakes_are_named_and_nothing_is_written(
    command: str,
    said: str,
    files: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(files)
    before = sorted(files.iterdir())
    assert cli.main(shlex.split(command)) == 1
    assert said in capsys.readouterr().err
    assert sorted(files.iterdir()) == before
