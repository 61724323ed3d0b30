"""Tasks of the user's own: code that a run carries, and that runs on somebody's word alone."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import websim
from tests.server.test_opened import TASKS
from websim import registry
from websim.browser.code import check, vocabulary
from websim.browser.policies import Policies
from websim.errors import InvalidArgument, TaskError, UnknownTask, UnsafeCode
from websim.experiments.archive import dump, load
from websim.experiments.experiment import Experiment, document, from_dict
from websim.experiments.robot import make_robot
from websim.experiments.sources import whole
from websim.registry import task_class
from websim.tasks import own
from websim.training import checkpoints
from websim.training.evaluation import evaluate
from websim.training.trainer import Trainer
from websim.training.verification import verify

#: Without the preset that comes with it, which would stay when the test has ended.
CODE = TASKS.partition("\n\nPRESETS[")[0] + "\n"

DROP = Experiment(task="Drop-v0", task_code=CODE, trusted=["task_code"])

SMALL = {"num_envs": 4, "num_steps": 16, "num_minibatches": 2, "total_timesteps": 128}


@pytest.fixture(autouse=True)
def nothing_known(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody has given their word for any code yet."""
    monkeypatch.setattr(own, "_known", {})


def test_a_task_of_ones_own_runs_on_somebodys_word_alone() -> None:
    stranger = load(dump(DROP))
    assert stranger == DROP
    assert stranger.trusted == []
    with pytest.raises(UnsafeCode, match=r"task.py, line 2, column 1: this import is not allowed"):
        stranger.make_vec(1)
    assert DROP.make_task().id == "Drop-v0"
    assert "Drop-v0" not in websim.task_ids(), "others do not see it"
    assert stranger.make_task().id == "Drop-v0", "the same code needs no other word"


def test_code_and_task_belong_together() -> None:
    with pytest.raises(InvalidArgument, match=r"task\.py registers Drop-v0, not 'Ant-v5'"):
        replace(DROP, task="Ant-v5").make_task()
    with pytest.raises(TaskError, match="registers no task"):
        Experiment(task="x", task_code="x = 1", trusted=["task_code"]).make_task()
    with pytest.raises(TaskError, match=r"task.py, line 2: NameError"):
        Experiment(task="x", task_code="\nwebsim", trusted=["task_code"]).make_task()
    with pytest.raises(InvalidArgument, match="task_code must be a text, not 7"):
        from_dict({"task": "x", "task_code": 7}, {})


def test_a_built_in_task_is_not_replaced_by_a_documents() -> None:
    code = own.text_of(task_class("Ant-v5")).replace('"healthy_reward"', '"survived"')
    ant = Experiment(task="Ant-v5", task_code=code, trusted=["task_code"])
    assert ant.task_class() is not task_class("Ant-v5")
    assert ant.sha256 != Experiment(task="Ant-v5").sha256
    assert ant.task_class().__module__ != "websim.tasks.ant"
    assert task_class("Ant-v5").__module__ == "websim.tasks.ant"


@pytest.mark.parametrize("id", websim.task_ids())
def test_the_text_of_a_task_is_the_task(id: str) -> None:
    text = own.text_of(task_class(id))
    edited = Experiment(task=id, task_code=text, trusted=["task_code"])
    here, there = edited.make_vec(2), websim.make_vec(id, 2)
    try:
        for env in (here, there):
            env.action_space.seed(0)
            env.reset(seed=0)
            env.step(env.action_space.sample())
        np.testing.assert_array_equal(here.observations, there.observations)
        np.testing.assert_array_equal(here.rewards, there.rewards)
        assert check(there, "task_code", text) == []
    finally:
        here.close()
        there.close()


def test_a_run_carries_its_task_and_goes_on(tmp_path: Path) -> None:
    trainer = Trainer(replace(DROP, hyperparameters=SMALL))
    data = trainer.advance(save=True).checkpoint
    trainer.close()
    assert data is not None
    own._known.clear()  # another process
    read = checkpoints.loads(data)
    assert read.experiment.task_code == CODE
    for refused in (
        lambda: verify(read),
        lambda: evaluate(read, 2),
        lambda: Policies().sizes_of(data),
    ):
        with pytest.raises(UnsafeCode):
            refused()
    read.experiment.trusted = ["task_code"]
    verify(read)
    again = Trainer(read.experiment, checkpoint=read)
    assert again.advance().iteration == 2
    again.close()
    assert evaluate(read, 2).lengths.tolist() == [50, 50]


def test_what_a_file_has_registered_here_gets_into_the_document(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With the model that the task names on this machine."""
    robot = tmp_path / "pole.xml"
    robot.write_text(
        "<mujoco><worldbody><body><joint/><geom size='.1'/></body></worldbody></mujoco>"
    )
    monkeypatch.setattr(registry, "_tasks", dict(registry._tasks))
    code = CODE.replace("Drop-v0", "OwnPole-v0")
    at, to = code.index("xml_file: str = ("), code.index("    frame_skip")
    code = f"{code[:at]}xml_file: str = {str(robot)!r}\n{code[to:]}"
    assert own.define(code, "my_tasks.py") == ["OwnPole-v0"]
    found = whole(Experiment(task="OwnPole-v0"))
    assert found.task_code == code
    assert found.robot is not None
    assert [*found.robot.files] == ["pole.xml"]
    robot.unlink()
    found.make_vec(2).close()
    with pytest.raises(UnknownTask):
        whole(Experiment(task="Nowhere-v0"))


def test_trust_is_in_code_not_in_what_takes_its_place() -> None:
    both = replace(
        DROP, reward="def reward(now, before, action): ...", trusted=["task_code", "reward"]
    )
    assert both.with_code(measure="x").trusted == ["task_code", "reward"]
    assert both.with_code(reward="x").trusted == ["task_code"]
    assert both.with_code(reward=both.reward, measure=None).trusted == ["task_code", "reward"]
    assert "trusted" not in document(both)


def test_a_robot_of_ones_own_may_have_a_task_of_ones_own() -> None:
    model = b"<mujoco><worldbody><body><joint/><geom size='.1'/></body></worldbody></mujoco>"
    robot = make_robot({"robot.xml": model})
    code = own.text_of(Experiment(task="Robot-v0", robot=robot).task_class())
    code = code.replace("np.zeros(len(actions)), {}", "np.ones(len(actions)), {}")
    env = Experiment(task="Robot-v0", robot=robot, task_code=code, trusted=["task_code"]).make_vec(
        2
    )
    env.reset(seed=0)
    env.step(env.action_space.sample())
    assert env.rewards.tolist() == [1, 1]
    assert vocabulary(env)["own"]["task_code"] == code
    env.close()


def test_what_is_wrong_with_a_task_is_told_without_running_it() -> None:
    env = websim.make_vec("InvertedPendulum-v5", 1)
    problem = {"line": 3, "column": 5, "refused": "There is no nothing here", "allowed": ""}
    assert check(env, "task_code", "import os\n\nx = nothing\n") == [problem]
    (syntax,) = check(env, "task_code", "import os\nos.remove('/nowhere')\nclass A\n")
    assert syntax["line"] == 3
    assert "no Python" in str(syntax["refused"])
    env.close()
