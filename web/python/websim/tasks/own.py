"""Tasks of the user's own: Python that registers them, from a file, the page or a document."""

import ast
import inspect
import linecache
import sys
import traceback
from collections.abc import Callable, Mapping
from types import ModuleType

from websim.errors import InvalidArgument, TaskError, UnsafeCode
from websim.registry import apart, register
from websim.safecode.checker import check
from websim.task import Task
from websim.vector import MujocoVectorEnv

FILE = "task.py"
"""What code is called that has no file."""

MOST_TOLD = 5
"""So many of the reasons for which code is not safe are told."""

_known: dict[str, dict[str, type[Task]]] = {}
"""By code, what it has registered: it has run in this process, on somebody's word."""


def define(code: str, name: str) -> list[str]:
    """Runs Python that registers tasks, as a module of its own, on the word of who calls it.

    Args:
        code: The source.
        name: Of the file that it is, for messages.

    Returns:
        The ids of the tasks that it registers; those that there were are replaced.

    Raises:
        TaskError: it fails, or registers nothing; the message names the line.
    """
    tasks = tasks_of(code, name, trusted=True)
    for task in tasks.values():
        register(task)
    return [*tasks]


def tasks_of(code: str, name: str = FILE, *, trusted: bool = False) -> Mapping[str, type[Task]]:
    """The tasks that Python registers, by id; others in this process do not see them.

    A task is a class, which may do anything, so its code runs on somebody's word alone. What has
    run in this process already needs no other.

    Args:
        code: The source.
        name: Of the file that it is, for messages.
        trusted: Whether somebody has given that word.

    Raises:
        UnsafeCode: nobody has.
        TaskError: it fails, or registers nothing; the message names the line.
    """
    if code not in _known:
        if not trusted:
            _refuse(code, name)
        _known[code] = _run(code, name)
    return _known[code]


def chosen(code: str, id: str, *, trusted: bool = False) -> type[Task]:
    """One of them; raises InvalidArgument where it is not among them, and what `tasks_of` does."""
    tasks = tasks_of(code, trusted=trusted)
    if id not in tasks:
        raise InvalidArgument(f"{FILE} registers {', '.join(tasks)}, not {id!r:.99}.")
    return tasks[id]


def code_of(task: type[Task]) -> str | None:
    """The code that has registered a task; None of one of the package's, or of a notebook's."""
    return next((code for code, tasks in _known.items() if task in tasks.values()), None)


def text_of(task: type[Task]) -> str:
    """The file of a task, as one to begin with: it registers that one task, under the same id."""
    own = code_of(task)
    if own is not None:
        return own
    module = inspect.getmodule(task)
    if module is None:
        return ""
    lines = inspect.getsource(module).splitlines()
    tree = ast.parse("\n".join(lines))
    (at,) = (
        min(node.lineno, *(decorator.lineno for decorator in node.decorator_list))
        for node in tree.body
        if isinstance(node, ast.ClassDef) and node.name == task.__name__
    )
    imports = max(
        node.end_lineno or 0
        for node in tree.body
        if isinstance(node, ast.ImportFrom) and str(node.module).startswith("websim")
    )
    lines.insert(at - 1, "@register")
    lines.insert(imports, "from websim.registry import register")
    return "\n".join(lines) + "\n"


def try_out(make: Callable[[], Task], name: str = FILE) -> None:
    """Makes two environments of a task and steps them; raises TaskError, which names the line."""
    id = ""
    try:
        task = make()
        id = f"{task.id}: "
        env = MujocoVectorEnv(task, 2)
        try:
            env.reset(seed=0)
            env.step(env.action_space.sample())
        finally:
            env.close()
    except Exception as error:
        raise TaskError(f"{id}{_told(error, name)}") from error


def _refuse(code: str, name: str) -> None:
    """Says why code cannot run on nobody's word."""
    try:
        check(code, {}, name)
    except UnsafeCode as error:
        raise UnsafeCode(name, error.problems[:MOST_TOLD]) from None
    raise _nothing(name)


def _run(code: str, name: str) -> dict[str, type[Task]]:
    module = ModuleType(f"own {name}")
    module.__file__ = name
    linecache.cache[name] = len(code), None, code.splitlines(keepends=True), name
    sys.modules[module.__name__] = module  # dataclasses look there for their names
    try:
        with apart() as tasks:
            exec(compile(code, name, "exec"), module.__dict__)
    except Exception as error:
        raise TaskError(_told(error, name)) from error
    if not tasks:
        raise _nothing(name)
    return tasks


def _nothing(name: str) -> TaskError:
    return TaskError(f"{name} registers no task: put @websim.register above its class.")


def _told(error: Exception, name: str) -> str:
    """What is wrong, and where in the file."""
    if isinstance(error, SyntaxError) and error.filename == name:
        return f"{name}, line {error.lineno}: SyntaxError: {error.msg}."
    lines = [at.lineno for at in traceback.extract_tb(error.__traceback__) if at.filename == name]
    where = f"{name}, line {lines[-1]}" if lines else name
    return f"{where}: {type(error).__name__}: {error}"
