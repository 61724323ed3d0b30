"""What an editor has to know: what code may say of a robot, and what is wrong with some."""

import ast
import builtins
import symtable
from collections.abc import Iterator
from dataclasses import fields
from typing import Any

from websim.browser.messages import CodeProblem, Vocabulary, WorkedReward, plain
from websim.errors import CodeFailed, InvalidArgument, UnsafeCode
from websim.physics import FIELDS, STATE
from websim.rewards import Measure, Reward, State
from websim.rewards.gallery import gallery
from websim.safecode import Accessor
from websim.safecode.language import (
    ARRAY_ATTRIBUTES,
    ARRAY_METHODS,
    BUILTINS,
    NUMPY,
    NUMPY_CONSTANTS,
)
from websim.task import Task
from websim.tasks import own
from websim.vector import MujocoVectorEnv

KINDS: dict[str, type[Reward] | type[Measure]] = {"reward": Reward, "measure": Measure}


def vocabulary(env: MujocoVectorEnv) -> dict[str, Any]:
    """What code may say of the robots of some environments: a Vocabulary."""
    model, task = env.physics.model, env.task
    found = Vocabulary(
        names={
            **{kind: [*filter(None, getattr(model, f"{kind}_names"))] for kind in State.methods},
            "actuator": list(model.actuator_labels),
        },
        attributes={
            "now": _attributes(State),
            **{kind: _attributes(accessor) for kind, accessor in State.methods.items()},
            "data": dict.fromkeys((*STATE, *FIELDS), "MuJoCo's, of all environments."),
            "self": _public(task),
            "model": {name: "" for name in dir(model) if name[0] != "_"},
        },
        array=sorted((*ARRAY_ATTRIBUTES, *ARRAY_METHODS)),
        numpy=sorted((*NUMPY, *NUMPY_CONSTANTS)),
        builtins=sorted(BUILTINS),
        own={
            "reward": task.reward_code,
            "measure": task.measure_code,
            "task_code": own.text_of(type(task)),
        },
        gallery=[
            WorkedReward(
                name=one.name,
                title=one.title,
                about=one.about,
                reward=one.source,
                measure=one.source,
            )
            for one in gallery()
            if task.id in one.tasks
        ],
    )
    return plain(found)


def _attributes(kind: type[Accessor]) -> dict[str, str]:
    """By attribute the first line of what is said of it."""
    return {
        name: (getattr(kind, name, None).__doc__ or "").split("\n")[0] for name in kind.attributes
    }


def _public(task: Task) -> dict[str, str]:
    """What the methods of a task may ask of it."""
    names = {*dir(type(task)), *(entry.name for entry in fields(task)), "model", "dt"}
    return {name: _first_line(type(task), name) for name in sorted(names) if name[0] != "_"}


def _first_line(kind: type, name: str) -> str:
    found = getattr(kind, name, None)
    return (found.__doc__ or "").split("\n")[0] if callable(found) else ""


def check(env: MujocoVectorEnv, kind: str, source: str) -> list[dict[str, Any]]:
    """What is wrong with code: CodeProblems.

    Args:
        env: With such robots it is tried, at rest.
        kind: "reward", "measure", or "task_code", which is read but not run.
        source: The code.
    """
    if kind == "task_code":
        return [plain(problem) for problem in _misread(source)]
    try:
        KINDS[kind](source).try_out(env.physics.model, env.task.dt)
    except UnsafeCode as error:
        problems = [
            CodeProblem(line=line, column=column, refused=refused, allowed=allowed)
            for line, column, refused, allowed in error.problems
        ]
    except CodeFailed as error:
        message = str(error).partition(": ")[2]
        problems = [
            CodeProblem(line=max(1, error.line), column=max(1, error.column), refused=message)
        ]
    except InvalidArgument as error:
        problems = [CodeProblem(line=1, column=1, refused=str(error))]
    else:
        problems = []
    return [plain(problem) for problem in problems]


def _misread(source: str) -> list[CodeProblem]:
    """What is wrong with Python that is not to run yet: its syntax, and names from nowhere."""
    try:
        tree = ast.parse(source, own.FILE)
        table = symtable.symtable(source, own.FILE, "exec")
    except (SyntaxError, ValueError, RecursionError) as error:
        line, column = getattr(error, "lineno", 0) or 1, getattr(error, "offset", 0) or 1
        told = getattr(error, "msg", None) or str(error)
        return [CodeProblem(line=line, column=column, refused=f"This is no Python: {told}")]
    known = {symbol.get_name() for symbol in table.get_symbols() if symbol.is_assigned()}
    known |= {symbol.get_name() for symbol in table.get_symbols() if symbol.is_imported()}
    unknown = set(_globals(table)) - known - {*dir(builtins), "__name__", "__file__", "__class__"}
    return [
        CodeProblem(
            line=node.lineno, column=node.col_offset + 1, refused=f"There is no {node.id} here"
        )
        for node in ast.walk(tree)
        if isinstance(node, ast.Name) and node.id in unknown
    ]


def _globals(table: symtable.SymbolTable) -> Iterator[str]:
    """The names that are asked of the file, in it and in all that it defines."""
    for symbol in table.get_symbols():
        if symbol.is_referenced() and (table.get_type() == "module" or symbol.is_global()):
            yield symbol.get_name()
    for inner in table.get_children():
        yield from _globals(inner)
