"""MuJoCo tasks over batches of environments: in CPython and, unchanged, in a browser tab."""

from websim import tasks as tasks
from websim.errors import (
    ClosedEnvironment,
    InvalidArgument,
    ModelError,
    ResetNeeded,
    TaskError,
    UnknownTask,
    WebSimError,
)
from websim.experiments.environments import make_vec
from websim.experiments.experiment import Experiment
from websim.experiments.robot import Robot, read_robot
from websim.registry import register, task_ids
from websim.sharing.loading import Run, load
from websim.tab import connect
from websim.task import Outcome, Range, Task
from websim.vector import MujocoVectorEnv

__version__ = "0.1.0"

__all__ = [
    "ClosedEnvironment",
    "Experiment",
    "InvalidArgument",
    "ModelError",
    "MujocoVectorEnv",
    "Outcome",
    "Range",
    "ResetNeeded",
    "Robot",
    "Run",
    "Task",
    "TaskError",
    "UnknownTask",
    "WebSimError",
    "connect",
    "load",
    "make_vec",
    "read_robot",
    "register",
    "task_ids",
]
