"""Pick what you like: the weights of a reward's terms, from which of some scenes move well."""

from websim.authors.picks.memory import picks_of, reason_of
from websim.authors.picks.preference import Pick, Preference, fit
from websim.authors.picks.scenes import Scenes, record

__all__ = ["Pick", "Preference", "Scenes", "fit", "picks_of", "reason_of", "record"]
