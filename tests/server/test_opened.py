"""`websim serve --open FILE` and `--tasks FILE`: what the page gets, and what is told instead."""

import io
import json
import zipfile
from pathlib import Path

import pytest

from tests.model_files import write
from tests.server.http_client import fetch
from tests.server.test_serve import websim
from websim.experiments import archive
from websim.experiments.experiment import Experiment, as_dict, document
from websim.experiments.sources import experiment_of
from websim_server import browser, cli

ANT = Experiment(task="Ant-v5")

TASKS = """
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

import websim
from websim.algorithms.presets import PRESETS


@websim.register
@dataclass(kw_only=True)
class Drop(websim.Task):
    id: ClassVar[str] = "Drop-v0"
    max_episode_steps: ClassVar[int] = 50
    reward_terms: ClassVar[tuple[str, ...]] = ("height",)

    xml_file: str = (
        "<mujoco><worldbody><body pos='0 0 1'><joint name='up' type='slide' axis='0 0 1'/>"
        "<geom size='.1'/></body></worldbody><actuator><motor joint='up'/></actuator></mujoco>"
    )
    frame_skip: int = 4

    def initial_state(self, rng):
        return self.uniform_noise(rng, 0.1)

    def observation(self, data):
        return data.qpos, data.qvel

    def outcome(self, data, before, actions):
        height = data.qpos[:, 0]
        return websim.Outcome(rewards=height, terms={"height": height})


PRESETS["ppo"]["fast"]["Drop-v0"] = {"total_timesteps": 12_345}
"""


@pytest.fixture(autouse=True)
def no_browser(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BROWSER", "true")


def test_a_robot_is_sent_with_all_of_its_files(tmp_path: Path) -> None:
    path = write(tmp_path, "a folder set in one file and used in another")
    with browser.server("--open", str(path)) as address:
        site, query = address.split("/?")
        assert query == "open=main.xml"
        answer = fetch(site, "/open/main.xml.json")
        assert answer["cross-origin-embedder-policy"] == "require-corp"
        about = json.loads(answer.body)
        experiment = experiment_of(path)
        assert about["experiment"] == as_dict(experiment)
        assert about["hasLearnt"] is False
        sent = fetch(site, f"/open/{about['sha256']}.websim")
        assert archive.load(sent.body) == experiment
        for lies in ("/open/main.xml.json", f"/open/{about['sha256']}.websim"):
            stranger = fetch(site, lies, host="made-to-lead-here.example")
            assert stranger.status == 403
            assert "--allowed-hosts" in json.loads(stranger.body)["message"]

        path.write_text(path.read_text().replace("size='5 5 1'", "size='6 6 1'"))
        newer = json.loads(fetch(site, "/open/main.xml.json").body)
        assert newer["experiment"]["robot"] != about["experiment"]["robot"]
        assert fetch(site, f"/open/{about['sha256']}.websim").status == 404
        assert fetch(site, f"/open/{newer['sha256']}.websim").status == 200
        path.write_text("<mujoco><wheel/></mujoco>")
        broken = fetch(site, "/open/main.xml.json")
        assert broken.status == 422
        assert "wheel" in json.loads(broken.body)["message"]
        other = fetch(site, "/open/other.xml.json")
        assert other.status == 404
        assert "was not asked to open" in json.loads(other.body)["message"]


def test_nothing_is_opened_unasked(server: str) -> None:
    assert fetch(server, "/open/robot.xml.json").status == 404
    assert fetch(server, f"/open/{'0' * 64}.websim").status == 404


def of_a_newer_websim() -> bytes:
    """An experiment in a version that is not known yet."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as written:
        written.writestr(archive.NAME, json.dumps({**document(ANT), "version": 999}))
    return file.getvalue()


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("gone.xml", None, "There is no file"),
        ("bad.xml", b"<mujoco><wheel/></mujoco>", "wheel"),
        ("bad.websim", b"nothing", "bad.websim: "),
        ("future.websim", of_a_newer_websim(), "newer one"),
    ],
)
def test_what_cannot_be_opened_is_told(
    tmp_path: Path,
    name: str,
    content: bytes | None,
    said: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    path = tmp_path / name
    if content is not None:
        path.write_bytes(content)
    assert cli.main(["serve", "--port", "0", "--open", str(path)]) == 1
    assert said in capsys.readouterr().err


def test_tasks_of_a_file_are_listed_with_their_presets(tmp_path: Path) -> None:
    path = tmp_path / "my_tasks.py"
    path.write_text(TASKS)
    with browser.server("--tasks", str(path)) as address:
        manifest = json.loads(fetch(address, "/manifest.json").body)
        assert fetch(address, "/manifest.json", host="made-to-lead-here.example").status == 403
        assert manifest["tasks"][-1] == "Drop-v0"
        assert manifest["taskFiles"] == [{"name": "my_tasks.py", "code": TASKS}]
        presets = manifest["algorithms"]["ppo"]["presets"]["fast"]
        assert presets["Drop-v0"] == {"total_timesteps": 12_345}
        assert fetch(address, f"{manifest['openings']}Drop-v0.json").body == b"null"
        path.write_text(TASKS.replace("Drop-v0", "Drop-v1"))
        newer = json.loads(fetch(address, "/manifest.json").body)
        assert newer["tasks"][-1] == "Drop-v1"


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("import websim\n\nclass Drop(:\n", "my_tasks.py, line 3: SyntaxError"),
        ("import websim\n\nwebsim.register(int)\n", "my_tasks.py, line 3: InvalidArgument"),
        ("import numpy\n", "my_tasks.py registers no task"),
        (TASKS.replace("data.qpos[:, 0]", "data.qpos[:, 7]"), "my_tasks.py, line 31: IndexError"),
        (TASKS.replace("<geom", "<wheel"), "Drop-v0: my_tasks.py: ModelError"),
    ],
)
def test_what_is_wrong_with_a_task_is_told_by_line(tmp_path: Path, code: str, said: str) -> None:
    path = tmp_path / "my_tasks.py"
    path.write_text(code)
    result = websim("serve", "--port", "0", "--tasks", str(path))
    assert result.returncode == 1
    assert said in result.stderr
    assert "Traceback" not in result.stderr
