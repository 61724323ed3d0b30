"""Links in a worker that is theirs alone: read, made, and what they claim measured, bit by bit.

The Python half of `sim/page/links.js`. What lies in a link is parsed here and nowhere else.
"""

import hashlib
from dataclasses import replace
from typing import Any

from websim.browser.experiments import as_json
from websim.browser.learner import MAX_BYTES
from websim.browser.messages import LinkReading, Measuring, SharedLink, plain
from websim.experiments.experiment import CODE
from websim.sharing import envelope
from websim.sharing.links import Draft, archive_of, open_link
from websim.sharing.network import Precision
from websim.sharing.proof import claim_of, claimed, compare
from websim.training import checkpoints
from websim.training.checkpoints import Checkpoint
from websim.training.evaluation import Judge


def read(link: str) -> dict[str, Any]:
    """What a link carries: a LinkReading. Nothing of it has run yet.

    Raises:
        CheckpointError: see `websim.sharing.links.open_link`.
    """
    run = open_link(link)
    return plain(
        LinkReading(
            id=hashlib.sha256(envelope.decode(link)).hexdigest()[:16],
            archive=archive_of(run),
            experiment=as_json(run.experiment),
            title=run.experiment.title or run.experiment.task,
            author=run.experiment.author or "",
            claim=run.claim,
        )
    )


class Work:
    """Episodes that are played for a claim, or to prove one, a little at a time."""

    def __init__(self, run: Checkpoint, episodes: int, seed: int, draft: Draft | None) -> None:
        """Makes the environments; see `Judge`."""
        self._run, self._seed, self._draft = run, seed, draft
        self._judge = Judge(run, episodes, seed)

    def play(self, seconds: float) -> dict[str, Any]:
        """Goes on for so many seconds: a Measuring, with what came of it when it is over."""
        judge = self._judge
        done = judge.play(seconds)
        told = Measuring(
            episodes=int((~judge.running).sum()), of=len(judge.running), proof=None, link=None
        )
        if not done:
            return plain(told)
        found = claim_of(judge.result, self._seed)
        if self._draft is None:
            told.proof = compare(claimed(self._run), found)
        else:
            link = self._draft.link(found)
            told.link = SharedLink(fragment=link.fragment, precision=link.precision, claim=found)
        return plain(told)

    def close(self) -> None:
        """Frees the environments."""
        self._judge.close()


def proof(data: bytes, trusted: bool) -> Work:
    """Begins to measure again what a run claims.

    Raises:
        InvalidArgument: it claims nothing.
        UnsafeCode: its code does more than calculate.
    """
    run = _read(data, trusted)
    claim = claimed(run)
    return Work(run, claim.episodes, claim.seed, None)


def sharing(
    data: bytes,
    trusted: bool,
    title: str,
    author: str,
    precision: Precision | None,
    most: int,
    episodes: int,
) -> Work:
    """Begins to make a link of a run: measures what it will claim.

    Args:
        data: The run.
        trusted: Whether its code may do anything.
        title: What people call it; empty: as before.
        author: Who made it; empty: nobody says.
        precision: Of weights; None takes fp16 where it fits, else int8.
        most: Characters that the link is to have, for that.
        episodes: That are played for the claim.

    Raises:
        InvalidArgument: a link cannot carry it.
        UnsafeCode: its code does more than calculate.
    """
    run = _read(data, trusted)
    own = run.experiment
    run.experiment = replace(own, title=title or own.title, author=author or None)
    draft = Draft(run, precision or "fp16")
    if precision is None and len(draft.link().fragment) > most - _CLAIM:
        draft = Draft(run, "int8")
    return Work(draft.run, episodes, 0, draft)


_CLAIM = 150
"""Characters that a claim takes, about."""


def _read(data: bytes, trusted: bool) -> Checkpoint:
    run = checkpoints.loads(data, MAX_BYTES)
    run.experiment.trusted = [*CODE] if trusted else []
    return run
