"""Authors: from what somebody says a robot should do, to rewards and measures as code."""

from websim.authors.by_hand import HandAuthor
from websim.authors.candidates import Attempt, Author, Brief, Candidate, Snapshot, experiment_of
from websim.authors.offline import OfflineAuthor

AUTHORS = {"offline": OfflineAuthor, "hand": HandAuthor}
"""Who writes rewards, by name."""

__all__ = [
    "AUTHORS",
    "Attempt",
    "Author",
    "Brief",
    "Candidate",
    "HandAuthor",
    "OfflineAuthor",
    "Snapshot",
    "experiment_of",
]
