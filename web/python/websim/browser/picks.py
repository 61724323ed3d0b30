"""Pick what you like, in a tab: any worker plays scenes, and tells what picks among them mean.

The page keeps the scenes and the picks; a worker may die in between.
"""

import json
from typing import Any

import numpy as np

from websim.authors.picks import Pick, fit, picks_of, reason_of, record
from websim.authors.weights import with_weights
from websim.browser.messages import PicksStanding, ScenePool, plain
from websim.experiments.experiment import Experiment
from websim.training import checkpoints


def play(experiment: Experiment, data: bytes | None, seed: int) -> dict[str, Any]:
    """Plays scenes of a run: a ScenePool.

    Args:
        experiment: What is learnt.
        data: Its newest checkpoint; None: there is none yet.
        seed: Of the scenes.

    Raises:
        InvalidArgument, UnsafeCode, CodeFailed, CheckpointError: see `record`.
    """
    checkpoint = None if data is None else checkpoints.loads(data)
    scenes = record(experiment, checkpoint, seed=seed)
    earlier = [] if checkpoint is None else picks_of(checkpoint.decisions, scenes.terms)
    told = {
        "reward": scenes.reward,
        "terms": scenes.terms,
        "weights": scenes.weights.tolist(),
        "sums": scenes.sums.tolist(),
        "earlier": [{"sums": one.sums.tolist(), "chosen": one.chosen} for one in earlier],
    }
    pool = ScenePool(
        known=json.dumps(told),
        sums=scenes.sums.tolist(),
        ways=[*scenes.ways],
        frames=scenes.frames.tolist(),
        most_frames=scenes.poses.shape[1],
        frame_seconds=scenes.frame_seconds,
        poses=scenes.poses.tobytes(),
    )
    return plain(pool)


def judge(known: str, picks: str, count: int, seed: int) -> dict[str, Any]:
    """What picks say so far, and what is to be asked next: a PicksStanding.

    Args:
        known: Of the ScenePool.
        picks: Those that the run does not tell of, as JSON: `sums` of the scenes that were shown,
            and the places of those `chosen` among them.
        count: Scenes to be shown next.
        seed: Of their order.

    Raises:
        InvalidArgument: a pick of other scenes.
    """
    pool = json.loads(known)
    terms = pool["terms"]
    sums = np.array(pool["sums"], np.float64).reshape(-1, len(terms))
    earlier = [_pick(one["sums"], one["chosen"]) for one in pool["earlier"]]
    new = [_pick(one["sums"], one["chosen"]) for one in json.loads(picks)]
    preference = fit([*earlier, *new], pool["weights"], sums)
    weights = dict(zip(terms, preference.weights.tolist(), strict=True))
    standing = PicksStanding(
        terms=terms,
        before=preference.before.tolist(),
        after=preference.weights.tolist(),
        errors=preference.errors.tolist(),
        picks=len(earlier) + len(new),
        certainty=preference.certainty(sums),
        next=preference.ask(sums, count, np.random.default_rng([seed, len(new)])),
        reward=with_weights(pool["reward"], weights),
        why=json.dumps(reason_of(terms, new, preference), allow_nan=False),
    )
    return plain(standing)


def _pick(sums: Any, chosen: list[int]) -> Pick:
    return Pick(np.asarray(sums, np.float64), tuple(chosen))
