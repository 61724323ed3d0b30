"""Authors: from what somebody says a robot should do, to rewards and measures as code."""

from collections.abc import Callable, Sequence

from websim.authors.candidates import Attempt, Author, Brief, Candidate, Snapshot, experiment_of
from websim.authors.hand import Hand
from websim.authors.offline import OfflineAuthor
from websim.errors import InvalidArgument

AUTHORS: dict[str, Callable[..., Author]] = {"offline": OfflineAuthor, "hand": Hand}
"""Who writes rewards, by name."""


def make_author(name: str, written: Sequence[Candidate] = ()) -> Author:
    """An author by its name.

    Args:
        name: One of AUTHORS.
        written: What is written already, for the author `hand`.

    Raises:
        InvalidArgument: there is no such author; or nothing is written, or nobody asked for it.
    """
    if name not in AUTHORS:
        raise InvalidArgument(f"There is no author {name!r:.99}; there are: {', '.join(AUTHORS)}.")
    if name == "hand":
        if not written:
            raise InvalidArgument("Rewards by hand are needed, at least one.")
        return Hand(written)
    if written:
        raise InvalidArgument(f"The author {name} writes rewards itself: bring none.")
    return AUTHORS[name]()


__all__ = [
    "AUTHORS",
    "Attempt",
    "Author",
    "Brief",
    "Candidate",
    "Hand",
    "OfflineAuthor",
    "Snapshot",
    "experiment_of",
    "make_author",
]
