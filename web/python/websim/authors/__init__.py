"""Authors: from what somebody says a robot should do, to rewards and measures as code."""

from collections.abc import Callable, Sequence

from websim.authors.candidates import Attempt, Author, Brief, Candidate, Snapshot, experiment_of
from websim.authors.hand import Hand
from websim.authors.llm import Ask, LlmAuthor
from websim.authors.offline import OfflineAuthor
from websim.errors import InvalidArgument

AUTHORS: dict[str, Callable[..., Author]] = {
    "offline": OfflineAuthor,
    "llm": LlmAuthor,
    "hand": Hand,
}
"""Who writes rewards, by name."""


def make_author(name: str, written: Sequence[Candidate] = (), ask: Ask | None = None) -> Author:
    """An author by its name.

    Args:
        name: One of AUTHORS.
        written: What is written already, for the author `hand`.
        ask: The way to a language model, for the author `llm`.

    Raises:
        InvalidArgument: there is no such author; or nothing is written, or nobody asked for it; or
            there is no way to a model.
    """
    if name not in AUTHORS:
        raise InvalidArgument(f"There is no author {name!r:.99}; there are: {', '.join(AUTHORS)}.")
    if name == "hand":
        if not written:
            raise InvalidArgument("Rewards by hand are needed, at least one.")
        return Hand(written)
    if written:
        raise InvalidArgument(f"The author {name} writes rewards itself: bring none.")
    if name == "llm":
        if ask is None:
            raise InvalidArgument("No language model can be asked from here.")
        return LlmAuthor(ask)
    return AUTHORS[name]()


__all__ = [
    "AUTHORS",
    "Attempt",
    "Author",
    "Brief",
    "Candidate",
    "Hand",
    "LlmAuthor",
    "OfflineAuthor",
    "Snapshot",
    "experiment_of",
    "make_author",
]
