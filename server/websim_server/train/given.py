"""What commands are given: runs, tasks, code and JSON from files, and whose word it is."""

import argparse
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from websim_server.train.job import TrainError

if TYPE_CHECKING:
    from websim.experiments.experiment import Experiment
    from websim.training.checkpoints import Checkpoint

T = TypeVar("T")

MAX_BYTES = 1 << 30
"""Of a file that is read whole."""


def add_run(parser: argparse.ArgumentParser) -> None:
    """The argument of a run, with what `read_run` needs besides."""
    parser.add_argument(
        "run_file",
        metavar="FILE|LINK|ADDRESS",
        help="a run: .websim, a link with one, or its address",
    )
    add_code(parser)


def add_code(parser: argparse.ArgumentParser) -> None:
    """The options of code that somebody answers for."""
    parser.add_argument(
        "--trust",
        action="store_true",
        help="run the file's code even if it does more than calculate: it may do anything",
    )
    parser.add_argument(
        "--tasks", type=Path, metavar="FILE", help="Python that registers tasks of your own"
    )


def read_run(arguments: argparse.Namespace) -> "Checkpoint":
    """The run that `add_run` asks for, trusted as was said; raises TrainError or WebSimError."""
    from websim.sharing.links import read_run as read

    checkpoint = read(arguments.run_file)
    tasks = define_tasks(arguments.tasks)
    checkpoint.experiment = with_tasks(checkpoint.experiment, tasks, arguments.trust)
    return checkpoint


@contextmanager
def told() -> Iterator[None]:
    """Raises a TrainError for what websim says is wrong."""
    from websim.errors import UnsafeCode, WebSimError

    try:
        yield
    except UnsafeCode as error:
        trust = "If you know who wrote it, --trust runs it all the same."
        raise TrainError(f"{error}\n{trust}") from None
    except WebSimError as error:
        raise TrainError(str(error)) from None


def define_tasks(file: Path | None) -> str | None:
    """Runs a file of tasks, which is somebody's word for it, and returns its code.

    Raises:
        TrainError: it cannot be read.
        TaskError: it fails, or registers none.
    """
    from websim.tasks import own

    code = text_of(file)
    if file is not None and code is not None:
        own.define(code, file.name)
    return code


def with_tasks(experiment: "Experiment", code: str | None, trust: bool) -> "Experiment":
    """An experiment with the task that a file has for it, if one was given; trusted as was said."""
    from websim.experiments.experiment import CODE
    from websim.experiments.sources import whole

    if code is not None:
        experiment = whole(replace(experiment, task_code=None))
    trusted = ["task_code"] if code is not None and experiment.task_code == code else []
    return replace(experiment, trusted=[*CODE] if trust else trusted)


def source(text: str) -> str | Path:
    """A path where there is a file; what is left is a task id."""
    from websim.registry import task_ids

    return Path(text) if text not in task_ids() and Path(text).exists() else text


def text_of(file: Path | None) -> str | None:
    """The text of a file; raises TrainError where it cannot be read."""
    if file is None:
        return None
    try:
        return file.read_text()
    except (OSError, UnicodeDecodeError) as error:
        raise TrainError(f"{file} cannot be read: {error}") from None


def data_of(file: Path) -> bytes:
    """The bytes of a file; raises TrainError where it cannot be read, or is far too large."""
    try:
        size = file.stat().st_size
        if size > MAX_BYTES:
            raise TrainError(f"{file} has {size:,} bytes, and may have {MAX_BYTES:,}")
        return file.read_bytes()
    except OSError as error:
        raise TrainError(f"{file} cannot be read: {error.strerror}") from None


def made_of(file: Path | None, make: Callable[[Any], T]) -> T | None:
    """What is made of a file's JSON; raises TrainError, which names the file.

    Args:
        file: None: nothing.
        make: Raises ValueError, as InvalidArgument is, for what it cannot be made of.
    """
    from websim import plain

    text = text_of(file)
    if text is None:
        return None
    try:
        return make(plain.loads(text.encode()))
    except ValueError as error:
        raise TrainError(f"{file}: {plain.brief(error)}.") from None
