"""What a file says of itself.

python -m websim_server.store.inspection < FILE
"""

import json
import sys
from typing import TYPE_CHECKING, Any

from websim_server.store import limited, pictures

if TYPE_CHECKING:
    from websim.experiments.experiment import Experiment


VERSION = 1
"""Of what `inspect` returns: greater where that changes, so that stores read their files again."""


def inspect(data: bytes) -> dict[str, Any]:
    """What a run is.

    Returns:
        `experiment` (sha256), `document` (it as the page reads it), `task`, `title`, `author`,
        `algorithm`, `parent` (or None), `iteration`, `global_step`, `has_learnt`, `has_learner`,
        `own_robot`, `calculates`: whether its code does nothing else, `claim`: `mean_return` over
        so many `episodes`, or None, and `contest`: what it takes part in (`key`, `name`, `counts`),
        or None, and then `no_contest`: why.

    Raises:
        NoRun: it is none, or takes too much to read; the message says what is wrong.
    """
    about: dict[str, Any] = json.loads(limited.ask(__name__, data))
    return about


def _about(data: bytes) -> bytes:
    from websim.browser.experiments import as_json
    from websim.errors import UnsafeCode
    from websim.experiments.archive import load
    from websim.training import checkpoints

    has_learnt = checkpoints.has_learnt(data)
    if has_learnt:
        checkpoint = checkpoints.loads(data, limited.MEMORY_BYTES // 8)
    else:
        checkpoint = checkpoints.Checkpoint(load(data), {}, [])
    pictures.brought(data)
    experiment, learner, claim = checkpoint.experiment, checkpoint.learner, checkpoint.claim
    try:
        experiment.make_code()
        calculates = experiment.task_code is None
    except UnsafeCode:
        calculates = False
    about = {
        "experiment": experiment.sha256,
        "document": as_json(experiment),
        "task": experiment.task,
        "title": experiment.title,
        "author": experiment.author,
        "algorithm": experiment.algorithm,
        "parent": experiment.parent,
        "iteration": int(learner.get("iteration", 0)),
        "global_step": int(learner.get("global_step", 0)),
        "has_learnt": has_learnt,
        "has_learner": bool(checkpoint.ranks),
        "own_robot": experiment.robot is not None,
        "calculates": calculates,
        "claim": claim and {"mean_return": claim.mean_return, "episodes": claim.episodes},
    }
    about |= _contest(experiment, calculates, has_learnt)
    return json.dumps(about).encode()


def _contest(experiment: "Experiment", calculates: bool, has_learnt: bool) -> dict[str, Any]:
    """What the run takes part in, or why in nothing."""
    from websim.errors import WebSimError
    from websim.sharing.contest import contest_of, counts, name_of

    why = "" if has_learnt else "Nothing has been learnt yet."
    if not calculates:
        why = "Its code does more than calculate, so it is not run by this server."
    if not why:
        try:
            contest = contest_of(experiment)
            told = {"name": name_of(contest), "counts": counts(contest)}
            return {"contest": {"key": contest.sha256, **told}, "no_contest": ""}
        except WebSimError as error:
            why = str(error)
    return {"contest": None, "no_contest": why}


if __name__ == "__main__":
    sys.exit(limited.answer(_about))
