"""How well a shared run does: its episodes are played again.

python -m websim_server.store.measuring < FILE
"""

import json
import os
import sys
from dataclasses import dataclass

from websim_server.store import limited

SECONDS = 120
"""Of a processor."""

EPISODES = 32
"""Each in an environment of its own; their seeds begin with 0, so that anybody can play them."""

_NICENESS = 10
"""Visitors do not wait for it."""


@dataclass(frozen=True)
class Score:
    """What a run's episodes came to.

    Attributes:
        score: Mean of the measure; more is better.
        error: Its standard error.
        mean_return: Of what the task itself pays.
        episodes: How many.
        engine: What computed them.
    """

    score: float
    error: float
    mean_return: float
    episodes: int
    engine: str


def measure(data: bytes, started: limited.Started = lambda _: None) -> Score:
    """Plays a run's episodes.

    Args:
        data: Its file.
        started: Told of the process that does it.

    Raises:
        NoRun: it cannot be measured, or that takes too much; the message says why.
    """
    told = limited.ask(__name__, data, seconds=SECONDS, done="measured", started=started)
    return Score(**json.loads(told))


def _measured(data: bytes) -> bytes:
    from websim.errors import InvalidArgument
    from websim.sharing.contest import contender
    from websim.sharing.proof import claim_of
    from websim.training import checkpoints
    from websim.training.evaluation import evaluate

    os.nice(_NICENESS)
    run = checkpoints.policy_alone(checkpoints.loads(data, limited.MEMORY_BYTES // 8))
    found = claim_of(evaluate(contender(run), EPISODES), 0)
    # No number where the measure has failed.
    if found.mean_measure != found.mean_measure:
        raise InvalidArgument("Its measure fails, or gives no finite numbers.")
    score = {
        "score": found.mean_measure,
        "error": found.measure_std / EPISODES**0.5,
        "mean_return": found.mean_return,
        "episodes": found.episodes,
        "engine": found.engine,
    }
    return json.dumps(score).encode()


if __name__ == "__main__":
    sys.exit(limited.answer(_measured, SECONDS))
