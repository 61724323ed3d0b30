"""An author who has written already: rewards by hand, judged by a measure by hand."""

from collections.abc import Sequence

from websim.authors.candidates import Brief, Candidate


class Hand:
    """Proposes what somebody has written, once."""

    def __init__(self, candidates: Sequence[Candidate]) -> None:
        """Takes what was written."""
        self._candidates = list(candidates)

    def propose(self, brief: Brief, count: int, seed: int = 0) -> list[Candidate]:
        """See Author; none of it has been tried yet, or there is nothing new."""
        tried = [attempt.candidate for attempt in brief.attempts]
        return [one for one in self._candidates if one not in tried][:count]
