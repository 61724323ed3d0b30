"""Picks in a run's `decisions.jsonl`: why its weights are what they are, and what to go on from."""

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from websim.authors.picks.preference import Pick, Preference
from websim.errors import InvalidArgument
from websim.experiments.decisions import Decision

KIND = "picks"
"""The evidence's name."""

DIGITS = 6
"""Significant ones of what is written down."""


def reason_of(
    terms: Sequence[str], picks: Sequence[Pick], preference: Preference
) -> dict[str, Any]:
    """What a Decision says of weights that picks have set, besides when.

    Args:
        terms: Names of the terms.
        picks: Those that no decision has told yet.
        preference: What all picks come to.
    """
    weights = ", ".join(
        f"{term} {before:.3g} → {after:.3g}"
        for term, before, after in zip(terms, preference.before, preference.weights, strict=True)
    )
    count = len(picks)
    return {
        "what": f"weights by {count} pick{'' if count == 1 else 's'} among scenes: {weights}",
        "evidence": {
            KIND: {
                "terms": [*terms],
                "before": _rounded(preference.before),
                "after": _rounded(preference.weights),
                "standard_deviations": _rounded(preference.errors),
                "picks": [
                    {"sums": _rounded(pick.sums), "chosen": [*pick.chosen]} for pick in picks
                ],
            }
        },
        "outcome": "The robots learn on with them.",
    }


def picks_of(decisions: Iterable[Decision], terms: Sequence[str]) -> list[Pick]:
    """The picks that decisions tell of, among scenes of these terms.

    Raises:
        InvalidArgument: there are some that cannot be read.
    """
    picks: list[Pick] = []
    for decision in decisions:
        told = decision.evidence.get(KIND)
        if not isinstance(told, dict) or told.get("terms") != [*terms]:
            continue
        try:
            picks += [
                Pick(np.array(one["sums"], np.float64), tuple(map(int, one["chosen"])))
                for one in told["picks"]
            ]
        except (KeyError, TypeError, ValueError) as error:
            raise InvalidArgument(f"Picks in the run cannot be read: {error!r:.99}.") from None
    return picks


def _rounded(values: Any) -> Any:
    flat = [float(f"{value:.{DIGITS}g}") for value in np.ravel(values)]
    return np.reshape(flat, np.shape(values)).tolist()
