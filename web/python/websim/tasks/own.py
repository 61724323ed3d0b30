"""Tasks of the user's own: Python that registers them, from a file or from the page."""

import linecache
import sys
import traceback
from types import ModuleType

from websim.errors import TaskError
from websim.registry import task_class, task_ids
from websim.task import make_task
from websim.vector import MujocoVectorEnv


def define(code: str, name: str) -> list[str]:
    """Runs Python that registers tasks, as a module of its own.

    Args:
        code: The source.
        name: Of the file that it is, for messages.

    Returns:
        The ids of the tasks that it registers; those that there were are replaced.

    Raises:
        TaskError: it fails, or registers nothing; the message names the line.
    """
    before = {id: task_class(id) for id in task_ids()}
    module = ModuleType(f"own {name}")
    module.__file__ = name
    linecache.cache[name] = len(code), None, code.splitlines(keepends=True), name
    sys.modules[module.__name__] = module  # dataclasses look there for their names
    try:
        exec(compile(code, name, "exec"), module.__dict__)
    except Exception as error:
        raise TaskError(_told(error, name)) from error
    ids = [id for id in task_ids() if before.get(id) is not task_class(id)]
    if not ids:
        raise TaskError(f"{name} registers no task: put @websim.register above its class.")
    return ids


def try_out(id: str, name: str) -> None:
    """Makes two environments of a task and steps them; raises TaskError, which names the line."""
    try:
        env = MujocoVectorEnv(make_task(task_class(id), {}), 2)
        try:
            env.reset(seed=0)
            env.step(env.action_space.sample())
        finally:
            env.close()
    except Exception as error:
        raise TaskError(f"{id}: {_told(error, name)}") from error


def _told(error: Exception, name: str) -> str:
    """What is wrong, and where in the file."""
    if isinstance(error, SyntaxError) and error.filename == name:
        return f"{name}, line {error.lineno}: SyntaxError: {error.msg}."
    lines = [at.lineno for at in traceback.extract_tb(error.__traceback__) if at.filename == name]
    where = f"{name}, line {lines[-1]}" if lines else name
    return f"{where}: {type(error).__name__}: {error}"
