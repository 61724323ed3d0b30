"""What an editor has to know: what code may say of a robot, and what is wrong with some."""

from typing import Any

from websim.browser.messages import CodeProblem, Vocabulary, WorkedReward, plain
from websim.errors import CodeFailed, InvalidArgument, UnsafeCode
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
from websim.vector import MujocoVectorEnv

KINDS: dict[str, type[Reward] | type[Measure]] = {"reward": Reward, "measure": Measure}


def vocabulary(env: MujocoVectorEnv) -> dict[str, Any]:
    """What code may say of the robots of some environments: a Vocabulary."""
    model, task = env.physics.model, env.task
    found = Vocabulary(
        names={kind: [*filter(None, getattr(model, f"{kind}_names"))] for kind in State.methods},
        attributes={
            "now": _attributes(State),
            **{kind: _attributes(accessor) for kind, accessor in State.methods.items()},
        },
        array=sorted((*ARRAY_ATTRIBUTES, *ARRAY_METHODS)),
        numpy=sorted((*NUMPY, *NUMPY_CONSTANTS)),
        builtins=sorted(BUILTINS),
        own={"reward": task.reward_code, "measure": task.measure_code},
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


def check(env: MujocoVectorEnv, kind: str, source: str) -> list[dict[str, Any]]:
    """What is wrong with code: CodeProblems.

    Args:
        env: With such robots it is tried, at rest.
        kind: "reward" or "measure".
        source: The code.
    """
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
