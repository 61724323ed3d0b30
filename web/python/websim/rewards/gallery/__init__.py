"""Worked rewards to begin with: a file each, with `reward`, `measure` and the tasks that it is for.

The file is the source of both. Its docstring is a title and a sentence.
"""

import inspect
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from websim.rewards.code import Reward


@dataclass(frozen=True)
class Worked:
    """A reward of the gallery.

    Attributes:
        name: The file's, without its ending.
        title: What it is called.
        about: A sentence on it.
        tasks: Ids of tasks whose robots can do it.
        source: Of a file that is a reward and a measure.
    """

    name: str
    title: str
    about: str
    tasks: tuple[str, ...]
    source: str


@cache
def gallery() -> tuple[Worked, ...]:
    """All worked rewards, by name."""
    found = sorted(files(__name__).iterdir(), key=lambda file: file.name)
    names = [f.name for f in found if f.name.endswith(".py") and not f.name.startswith("_")]
    return tuple(_read(name) for name in names)


def _read(name: str) -> Worked:
    source = (files(__name__) / name).read_text("utf-8")
    program = Reward(source, file=name).program
    title, _, about = inspect.cleandoc(program.docstring("reward")).partition("\n\n")
    tasks = tuple(program.constants["tasks"])
    return Worked(
        name.removesuffix(".py"), title.rstrip("."), " ".join(about.split()), tasks, source
    )
