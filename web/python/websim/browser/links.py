"""Links in a worker that is theirs alone: read, made, and what they claim measured, bit by bit.

The Python half of `sim/page/links.js`. What lies in a link is parsed here and nowhere else.
"""

import hashlib
import io
from dataclasses import dataclass, replace
from typing import Any

from websim.browser.experiments import as_json
from websim.browser.messages import LinkReading, Measuring, SharedFile, SharedLink, plain
from websim.browser.policies import MAX_BYTES
from websim.experiments.experiment import CODE
from websim.experiments.zips import ZipFile
from websim.sharing import envelope
from websim.sharing.distillation import Distillation, Size
from websim.sharing.links import Draft, archive_of, open_link
from websim.sharing.network import Precision
from websim.sharing.proof import claim_of, claimed, compare
from websim.training import checkpoints
from websim.training.checkpoints import Checkpoint
from websim.training.claims import Claim
from websim.training.evaluation import Judge

PICTURE = "picture.jpg"
"""What a store shows of a run."""


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


@dataclass(frozen=True)
class LinkWish:
    """How a link is to be made.

    Attributes:
        most: Characters that it is to have, for the choice of a precision.
        precision: Of weights; None takes fp16 where it fits, else int8.
    """

    most: int
    precision: Precision | None

    def draft(self, run: Checkpoint) -> Draft:
        """A run as a link that claims nothing yet."""
        draft = Draft(run, self.precision or "fp16")
        if self.precision is None and len(draft.link().fragment) > self.most - _CLAIM:
            return Draft(run, "int8")
        return draft


class Work:
    """Episodes that are played to prove a claim, or for one, a little at a time."""

    def __init__(self, run: Checkpoint, episodes: int, seed: int) -> None:
        """Makes the environments; see `Judge`."""
        self._run, self._seed = run, seed
        self._judge = Judge(run, episodes, seed)

    def play(self, seconds: float) -> dict[str, Any]:
        """Goes on for so many seconds: a Measuring, with what came of it when it is over."""
        judge = self._judge
        done = judge.play(seconds)
        told = measuring(len(judge.running), int((~judge.running).sum()))
        if done:
            told.over = True
            self.finish(told, claim_of(judge.result, self._seed))
        return plain(told)

    def finish(self, told: Measuring, found: Claim) -> None:
        """Adds what came of it: here, whether the run's claim holds."""
        told.proof = compare(claimed(self._run), found)

    def close(self) -> None:
        """Frees the environments."""
        self._judge.close()


class Packing(Work):
    """Makes a file for others."""

    def __init__(self, run: Checkpoint, episodes: int, picture: bytes | None) -> None:
        """Takes a JPEG of the robots besides; see Work."""
        super().__init__(run, episodes, 0)
        self._picture = picture

    def finish(self, told: Measuring, found: Claim) -> None:
        """See Work."""
        file = io.BytesIO(archive_of(replace(self._run, claim=found)))
        if self._picture is not None:
            with ZipFile(file, "a") as archive:
                archive.writestr(PICTURE, self._picture)
        told.file = SharedFile(archive=file.getvalue(), claim=found)


class Linking(Work):
    """Makes a link."""

    def __init__(self, run: Checkpoint, episodes: int, wish: LinkWish) -> None:
        """Makes the environments of the rounded policy."""
        self._draft = wish.draft(run)
        super().__init__(self._draft.run, episodes, 0)

    def finish(self, told: Measuring, found: Claim) -> None:
        """See Work."""
        link = self._draft.link(found)
        told.link = SharedLink(fragment=link.fragment, precision=link.precision, claim=found)


class Shrinking:
    """Teaches a smaller policy what a run's does, and makes a link of that."""

    def __init__(self, run: Checkpoint, episodes: int, wish: LinkWish, size: Size) -> None:
        """Makes the environments; see `Distillation`."""
        self._episodes, self._wish = episodes, wish
        self._teaching = Distillation(run, size)
        self._linking: Linking | None = None

    def play(self, seconds: float) -> dict[str, Any]:
        """See Work."""
        if self._linking is not None:
            return self._linking.play(seconds)
        taught = self._teaching.advance(seconds)
        if taught:
            self._teaching.close()
            self._linking = Linking(self._teaching.run, self._episodes, self._wish)
        return plain(measuring(self._episodes, 0, self._teaching.progress))

    def close(self) -> None:
        """Frees the environments."""
        (self._linking or self._teaching).close()


def measuring(of: int, episodes: int, taught: float = 1.0) -> Measuring:
    """How far the work is, without anything that came of it."""
    return Measuring(
        over=False, taught=taught, episodes=episodes, of=of, proof=None, link=None, file=None
    )


def proof(data: bytes, trusted: bool) -> Work:
    """Begins to measure again what a run claims.

    Raises:
        InvalidArgument: it claims nothing.
        UnsafeCode: its code does more than calculate.
    """
    run = _read(data, trusted)
    claim = claimed(run)
    return Work(run, claim.episodes, claim.seed)


def packing(
    data: bytes, trusted: bool, title: str, author: str, episodes: int, picture: bytes | None
) -> Packing:
    """Begins to make a file of a run for others; arguments and errors as of `sharing`."""
    return Packing(_titled(data, trusted, title, author), episodes, picture)


def sharing(
    data: bytes,
    trusted: bool,
    title: str,
    author: str,
    episodes: int,
    most: int,
    precision: Precision | None,
    size: Size | None,
) -> Linking | Shrinking:
    """Begins to make a link of a run: measures what it will claim.

    Args:
        data: The run.
        trusted: Whether its code may do anything.
        title: What people call it; empty: as before.
        author: Who made it; empty: nobody says.
        episodes: That are played for the claim.
        most: See LinkWish.
        precision: Likewise.
        size: Of a smaller policy that is to be taught, and shared in place of the run's own.

    Raises:
        InvalidArgument: a link cannot carry it, or its policy is as small already.
        UnsafeCode: its code does more than calculate.
    """
    run, wish = _titled(data, trusted, title, author), LinkWish(most, precision)
    return Linking(run, episodes, wish) if size is None else Shrinking(run, episodes, wish, size)


_CLAIM = 150
"""Characters that a claim takes, about."""


def _titled(data: bytes, trusted: bool, title: str, author: str) -> Checkpoint:
    run = _read(data, trusted)
    own = run.experiment
    run.experiment = replace(own, title=title or own.title, author=author or None)
    return run


def _read(data: bytes, trusted: bool) -> Checkpoint:
    run = checkpoints.loads(data, MAX_BYTES)
    run.experiment.trusted = [*CODE] if trusted else []
    return run
