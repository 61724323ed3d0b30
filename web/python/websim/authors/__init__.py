"""Authors: from what somebody says a robot should do, to rewards and measures as code."""

from websim.authors.candidates import Attempt, Author, Brief, Candidate, Snapshot, experiment_of
from websim.authors.hand import Hand
from websim.authors.offline import OfflineAuthor

AUTHORS = {"offline": OfflineAuthor, "hand": Hand}
"""Who writes rewards, by name."""

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
]
