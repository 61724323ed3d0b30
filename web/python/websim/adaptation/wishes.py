"""What is asked for, in words, one after the other; authors make rewards and measures of it.

`adaptation.wishes` of a document begins with what is learnt now. When a run goes on to the next one
the document that it goes on with has one wish less.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from websim.authors import AUTHORS, Brief, Candidate, experiment_of
from websim.errors import InvalidArgument, WebSimError
from websim.experiments.experiment import MAX_TITLE, Experiment

MAX_WISHES = 100

MAX_WORDS = 400
"""Characters of a wish."""

CANDIDATES = 16
"""That are asked of an author at once."""


def wishes_of(experiment: Experiment) -> list[str]:
    """What is asked for: first what is learnt now."""
    return list((experiment.adaptation or {}).get("wishes", ()))


def check(path: str, given: Any) -> None:
    """Raises InvalidArgument where these are no wishes."""
    if not isinstance(given, list | tuple) or not 0 < len(given) <= MAX_WISHES:
        raise InvalidArgument(f"{path} must be a list of 1 to {MAX_WISHES} texts.")
    for i, words in enumerate(given):
        if not isinstance(words, str) or not 0 < len(words) <= MAX_WORDS:
            raise InvalidArgument(
                f"{path}[{i}] must be a text of 1 to {MAX_WORDS} characters, not {words!r:.99}."
            )


def candidates(words: str, experiment: Experiment) -> list[Candidate]:
    """What an author makes of words, the most promising first.

    Raises:
        NotUnderstood: the words say nothing that it knows.
    """
    plain = replace(experiment, reward=None, measure=None)
    return AUTHORS["offline"]().propose(Brief(words=words, experiment=plain), CANDIDATES)


def asked(experiment: Experiment, wishes: Sequence[str]) -> Experiment:
    """The experiment with what an author makes of the first of the wishes.

    Raises:
        NotUnderstood: see `candidates`.
    """
    best = candidates(wishes[0], experiment)[0]
    return experiment_of(
        best,
        experiment,
        title=wishes[0][:MAX_TITLE],
        adaptation={**(experiment.adaptation or {}), "wishes": list(wishes)},
    )


def begun(experiment: Experiment) -> Experiment:
    """An experiment that has only said what it wishes, with a reward and a measure for the first.

    All others are the same.

    Raises:
        InvalidArgument: a wish that its author cannot make anything of; the message begins with its
            path.
    """
    wishes = wishes_of(experiment)
    if not wishes or experiment.reward is not None:
        return experiment
    for i, words in enumerate(wishes):
        try:
            candidates(words, experiment)
        except WebSimError as error:
            raise InvalidArgument(f"adaptation.wishes[{i}]: {error}") from None
    return asked(experiment, wishes)
