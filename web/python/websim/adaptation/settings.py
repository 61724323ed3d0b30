"""How a run adapts, as its document says it."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from websim import plain
from websim.adaptation import wishes
from websim.adaptation.acts import ACTS, Act
from websim.adaptation.rules import RULES, Rule
from websim.documents import from_plain
from websim.errors import InvalidArgument

MAX_EPISODES = 4096

MAX_ERRORS = 100

DEFAULT: dict[str, Any] = {
    "rules": {"plateau": {}, "collapse": {}},
    "acts": {
        "plateau": [
            {"act": "rescale", "hyperparameter": "learning_rate", "factor": 0.3},
            {"act": "rescale", "hyperparameter": "ent_coef", "factor": 3.0, "from_zero": 0.003},
            {"act": "reweigh"},
            {"act": "rescale", "hyperparameter": "learning_rate", "factor": 3.0},
            {"act": "widen", "factor": 0.5},
        ],
        "collapse": [
            {"act": "rescale", "hyperparameter": "learning_rate", "factor": 0.3},
            {"act": "rescale", "hyperparameter": "clip_coef", "factor": 0.5},
        ],
        "mastery": [{"act": "harder"}, {"act": "widen", "factor": 1.5}],
    },
}
"""What a document that says nothing of it means."""


@dataclass(frozen=True, kw_only=True)
class Adaptation:
    """When a run acts, what it does, and how it finds out whether that was good.

    Attributes:
        rules: That are looked at after each iteration, by name.
        acts: Of each rule what may be done, in this order, one at a time, and then again.
        trial_steps: Environment steps for which both go on, with the change and without. More of
            them where what helps at once does harm later.
        episodes: By how many each is judged then. More of them where small gains count.
        standard_errors: By how many of the mean difference, episode by episode, the change has to
            be better to go on. More of them where changes go on by chance; at 0 whatever looks
            better goes on.
        wishes: What is asked for in words, first what is learnt now (`websim.adaptation.wishes`).
        ask: Whether a change is tried only after somebody has said yes; learning goes on meanwhile.
    """

    rules: Mapping[str, Rule]
    acts: Mapping[str, tuple[Act, ...]]
    trial_steps: int = 100_000
    episodes: int = 64
    standard_errors: float = 2.0
    wishes: tuple[str, ...] = ()
    ask: bool = False


def adaptation_of(given: Any) -> Adaptation:
    """Reads what a document says.

    Args:
        given: An object with any of the fields of `Adaptation`; what is left out is
            as DEFAULT and `Adaptation` have it.

    Raises:
        InvalidArgument: a value that is not allowed; the message begins with its path.
    """
    known = [entry.name for entry in fields(Adaptation)]
    if not isinstance(given, Mapping):
        raise InvalidArgument(f"adaptation must be an object, not {given!r:.99}.")
    if unknown := [name for name in given if name not in known]:
        raise InvalidArgument(
            f"adaptation.{unknown[0]!s:.99} is unknown; there are: {', '.join(known)}."
        )
    values = {**DEFAULT, **given}
    for name in ("rules", "acts"):
        if not isinstance(values[name], Mapping):
            raise InvalidArgument(f"adaptation.{name} must be an object.")
        for rule in values[name]:
            _check_name(f"adaptation.{name}", rule, RULES)
    rules: dict[str, Rule] = {
        name: from_plain(RULES[name], thresholds, f"adaptation.rules.{name}")
        for name, thresholds in values["rules"].items()
    }
    acts: dict[str, tuple[Act, ...]] = {}
    for rule, list_of_acts in values["acts"].items():
        path = f"adaptation.acts.{rule}"
        if not isinstance(list_of_acts, list | tuple):
            raise InvalidArgument(f"{path} must be a list.")
        acts[rule] = tuple(_act(f"{path}[{i}]", one) for i, one in enumerate(list_of_acts))
    numbers = {name: values[name] for name in ("trial_steps", "episodes") if name in values}
    for name, value in numbers.items():
        high = MAX_EPISODES if name == "episodes" else plain.MAX_INTEGER
        if not plain.is_count(value, 1, high):
            raise InvalidArgument(
                f"adaptation.{name} must be an integer from 1 to {high}, not {value!r:.99}."
            )
    errors = values.get("standard_errors", Adaptation.standard_errors)
    if type(errors) not in (int, float) or not 0 <= errors <= MAX_ERRORS:
        raise InvalidArgument(
            f"adaptation.standard_errors must be a number from 0 to {MAX_ERRORS}, not "
            f"{errors!r:.99}."
        )
    wished = values.get("wishes", ())
    if "wishes" in values:
        wishes.check("adaptation.wishes", wished)
    ask = values.get("ask", False)
    if not isinstance(ask, bool):
        raise InvalidArgument(f"adaptation.ask must be true or false, not {ask!r:.99}.")
    return Adaptation(
        rules=rules, acts=acts, standard_errors=errors, wishes=tuple(wished), ask=ask, **numbers
    )


def _act(path: str, given: Any) -> Act:
    if not isinstance(given, Mapping) or "act" not in given:
        raise InvalidArgument(f"{path} must be an object with an act, not {given!r:.99}.")
    _check_name(f"{path}.act", given["act"], ACTS)
    values = {name: value for name, value in given.items() if name != "act"}
    made: Act = from_plain(ACTS[given["act"]], values, path)
    return made


def _check_name(path: str, name: Any, known: Mapping[str, Any]) -> None:
    if name not in known:
        raise InvalidArgument(f"{path} knows no {name!r:.99}; there are: {', '.join(known)}.")
