"""What a form has to know of runs that change their own course, as the manifest says."""

from collections.abc import Iterator
from dataclasses import MISSING, Field, fields
from typing import Any, get_type_hints

from websim.adaptation.rules import RULES
from websim.adaptation.settings import DEFAULT, Adaptation
from websim.browser.messages import Threshold
from websim_server.build.messages import helps

NUMBERS = ("trial_steps", "episodes", "standard_errors")
"""Of the settings themselves."""


def describe() -> list[Threshold]:
    """Of the rules that have acts by default, and of the trials."""
    rules = [one for name in DEFAULT["acts"] for one in _thresholds(RULES[name], f"{name}.")]
    trials = [one for one in _thresholds(Adaptation, "") if one.name in NUMBERS]
    return [*rules, *trials]


def _thresholds(kind: type, before: str) -> Iterator[Threshold]:
    said, hints = helps(kind), get_type_hints(kind)
    entries: tuple[Field[Any], ...] = fields(kind)
    for entry in entries:
        default = None if entry.default is MISSING else entry.default
        yield Threshold(
            name=before + entry.name,
            default=default,
            whole=hints[entry.name] is int,
            help=said[entry.name],
        )
