"""Tasks by id, and what importing websim costs."""

import subprocess
import sys

import gymnasium
import pytest

import websim
from websim import InvalidArgument, UnknownTask

ELEVEN = (
    "Ant-v5",
    "HalfCheetah-v5",
    "Hopper-v5",
    "Humanoid-v5",
    "HumanoidStandup-v5",
    "InvertedDoublePendulum-v5",
    "InvertedPendulum-v5",
    "Pusher-v5",
    "Reacher-v5",
    "Swimmer-v5",
    "Walker2d-v5",
)


def test_the_eleven() -> None:
    assert websim.task_ids()[:11] == ELEVEN
    for task in ELEVEN:
        assert gymnasium.spec(task).max_episode_steps == (
            websim.make_vec(task).task.max_episode_steps
        )
        assert gymnasium.spec(f"websim/{task}").vector_entry_point == "websim:make_vec"


def test_unknown_task() -> None:
    with pytest.raises(UnknownTask) as error:
        websim.make_vec("Halfcheetah-v5")
    assert "Did you mean 'HalfCheetah-v5'?" in str(error.value)
    assert all(task in str(error.value) for task in ELEVEN)
    with pytest.raises(UnknownTask, match=r"Unknown task 'xyz'\. There are"):
        websim.make_vec("xyz")


@pytest.mark.parametrize("wrong", [object, "Ant-v5", websim.Task])
def test_register_takes_tasks(wrong: object) -> None:
    with pytest.raises(InvalidArgument):
        websim.register(wrong)  # type: ignore[arg-type]


def test_import_is_light() -> None:
    """Pyodide has no mujoco, and every module costs boot time."""
    program = (
        "import sys, websim\n"
        "heavy = {'mujoco', 'gymnasium.envs.mujoco', 'torch', 'matplotlib', 'scipy'}\n"
        "assert not heavy & sys.modules.keys(), heavy & sys.modules.keys()\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True)
