"""The tasks that there are, by id."""

import difflib
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

import gymnasium

from websim.errors import InvalidArgument, UnknownTask
from websim.task import Task

_tasks: dict[str, type[Task]] = {}

_apart: ContextVar[dict[str, type[Task]] | None] = ContextVar("apart", default=None)


def register(task: type[Task]) -> type[Task]:
    """Makes a task known by its id; usable as a decorator.

    Gymnasium learns of it too: `gymnasium.make_vec("websim/<id>", num_envs=...)` makes it.
    Registering an id again replaces it, so that a notebook's cell can be run twice.

    Raises:
        InvalidArgument: not a subclass of Task, or without an id.
    """
    if not (isinstance(task, type) and issubclass(task, Task)):
        raise InvalidArgument(f"register() takes a subclass of websim.Task, not {task!r}.")
    if not isinstance(getattr(task, "id", None), str):
        raise InvalidArgument(f"{task.__name__} needs a class variable id, such as 'MyRobot-v0'.")
    beside = _apart.get()
    if beside is not None:
        beside[task.id] = task
        return task
    _tasks[task.id] = task
    gymnasium.registry.pop(f"websim/{task.id}", None)
    gymnasium.register(
        id=f"websim/{task.id}", vector_entry_point="websim:make_vec", kwargs={"id": task.id}
    )
    return task


@contextmanager
def apart() -> Iterator[dict[str, type[Task]]]:
    """Gives the tasks that are registered within it, by id; nobody else gets to know them."""
    tasks: dict[str, type[Task]] = {}
    before = _apart.set(tasks)
    try:
        yield tasks
    finally:
        _apart.reset(before)


def task_ids() -> tuple[str, ...]:
    """The ids of all registered tasks."""
    return tuple(_tasks)


def task_class(id: str) -> type[Task]:
    """The class of a task.

    Raises:
        UnknownTask: not registered; the message lists what is.
    """
    if id not in _tasks:
        close = difflib.get_close_matches(str(id), _tasks, n=1, cutoff=0.5)
        hint = f" Did you mean {close[0]!r}?" if close else ""
        raise UnknownTask(f"Unknown task {id!r}.{hint} There are: {', '.join(_tasks)}.")
    return _tasks[id]
