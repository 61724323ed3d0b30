"""What a file says of itself: read in a process that may die of it.

    python -m websim_server.store.inspection < FILE

Whoever uploads chooses every byte. So this process has its own memory and time, and the server
takes nothing of it but a line of JSON.
"""

import json
import subprocess
import sys
from typing import Any

from websim_server.store.errors import NoRun

SECONDS = 20

MEMORY_BYTES = 2 << 30
"""Of addresses: numpy's and MuJoCo's libraries take most of a gigabyte of them."""

_BAD = 3


def inspect(data: bytes) -> dict[str, Any]:
    """What a run is.

    Returns:
        `experiment` (sha256), `document` (it as the page reads it), `task`, `title`, `iteration`,
        `global_step`, `has_learnt`, `has_learner`, `own_robot`, and `calculates`: whether its code
        does nothing else.

    Raises:
        NoRun: it is none, or takes too much to read; the message says what is wrong.
    """
    try:
        done = subprocess.run(
            [sys.executable, "-m", __name__],
            input=data,
            capture_output=True,
            timeout=SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise NoRun(f"This file takes more than {SECONDS} s to read.") from None
    if done.returncode == _BAD:
        raise NoRun(done.stdout.decode(errors="replace")[:500])
    if done.returncode:
        raise NoRun("This file takes more memory to read than it may, or cannot be read at all.")
    about: dict[str, Any] = json.loads(done.stdout)
    return about


def _about(data: bytes) -> dict[str, Any]:
    from websim.browser.experiments import as_json
    from websim.errors import UnsafeCode
    from websim.experiments.archive import load
    from websim.training import checkpoints

    has_learnt = checkpoints.has_learnt(data)
    if has_learnt:
        checkpoint = checkpoints.loads(data, MEMORY_BYTES // 8)
    else:
        checkpoint = checkpoints.Checkpoint(load(data), {}, [])
    experiment, learner = checkpoint.experiment, checkpoint.learner
    try:
        experiment.make_code()
        calculates = experiment.task_code is None
    except UnsafeCode:
        calculates = False
    return {
        "experiment": experiment.sha256,
        "document": as_json(experiment),
        "task": experiment.task,
        "title": experiment.title,
        "iteration": int(learner.get("iteration", 0)),
        "global_step": int(learner.get("global_step", 0)),
        "has_learnt": has_learnt,
        "has_learner": bool(checkpoint.ranks),
        "own_robot": experiment.robot is not None,
        "calculates": calculates,
    }


def _main() -> int:
    import resource  # Unix has it; elsewhere nothing can be shared, and all else is served

    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
    data = sys.stdin.buffer.read()
    from websim.errors import WebSimError

    try:
        print(json.dumps(_about(data)))
    except WebSimError as error:
        print(error)
        return _BAD
    return 0


if __name__ == "__main__":
    sys.exit(_main())
