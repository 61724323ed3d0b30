"""MuJoCo tasks over batches of environments: in CPython and, unchanged, in a browser tab."""

from websim import tasks as tasks
from websim.errors import (
    ClosedEnvironment,
    InvalidArgument,
    ModelError,
    ResetNeeded,
    UnknownTask,
    WebSimError,
)
from websim.registry import make_vec, register, task_ids
from websim.task import Outcome, Range, Task
from websim.vector import MujocoVectorEnv

__version__ = "0.1.0"

__all__ = [
    "ClosedEnvironment",
    "InvalidArgument",
    "ModelError",
    "MujocoVectorEnv",
    "Outcome",
    "Range",
    "ResetNeeded",
    "Task",
    "UnknownTask",
    "WebSimError",
    "make_vec",
    "register",
    "task_ids",
]
