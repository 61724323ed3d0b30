"""What a language model answers: JSON of a fixed form, of which nothing is believed."""

from dataclasses import dataclass, field
from typing import Any

from websim import plain

MAX_ANSWER = 200_000
"""Characters of an answer."""

MAX_NAME = 80

MAX_WHY = 600

_TEXT = {"type": "string"}
_TRUTH = {"type": "boolean"}


def _object(properties: dict[str, Any]) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


SCHEMA = _object(
    {
        "measure": _TEXT,
        "goes_on_when_unhealthy": _TRUTH,
        "sees_where_it_is": _TRUTH,
        "candidates": {
            "type": "array",
            "minItems": 1,
            "items": _object({"name": _TEXT, "why": _TEXT, "reward": _TEXT}),
        },
    }
)
"""JSON schema of an answer, of what all services understand."""


@dataclass(frozen=True)
class Draft:
    """A candidate as a model wrote it, not checked."""

    name: str
    why: str
    reward: str


@dataclass(frozen=True)
class Answer:
    """An answer of the right form.

    Attributes:
        measure: Source; "" where there is none.
        turned_off: Names of answers that turn an option of the task off.
        drafts: Candidates, in their order.
        problems: What was left out of it, and why.
    """

    measure: str
    turned_off: tuple[str, ...]
    drafts: tuple[Draft, ...]
    problems: tuple[str, ...] = field(default=())


def read_answer(text: str) -> Answer:
    """Reads an answer; text around the JSON object, as some models write it, is left away.

    Raises:
        ValueError: it is no such JSON; says what is wrong, for the model.
    """
    if len(text) > MAX_ANSWER:
        raise ValueError(f"the answer has {len(text):,} characters, and may have {MAX_ANSWER:,}")
    begin, end = text.find("{"), text.rfind("}")
    if begin < 0 or end < begin:
        raise ValueError("the answer has no JSON object")
    try:
        given = plain.loads(text[begin : end + 1].encode(errors="replace"))
    except ValueError as error:
        raise ValueError(f"the answer is no JSON: {plain.brief(error)}") from None
    if not isinstance(given, dict) or not isinstance(given.get("candidates", []), list):
        raise ValueError("the answer has no list of candidates")
    measure = given.get("measure") or ""
    if not isinstance(measure, str):
        raise ValueError("measure is no text")
    drafts: list[Draft] = []
    problems: list[str] = []
    for i, one in enumerate(given.get("candidates", []), 1):
        parts = [one.get(key) for key in ("name", "why", "reward")] if isinstance(one, dict) else []
        texts = [part for part in parts if isinstance(part, str)]
        if len(texts) == 3:
            name, why, reward = texts
            name = _line(name, MAX_NAME) or f"candidate {i}"
            drafts.append(Draft(name, _line(why, MAX_WHY), _code(reward)))
        else:
            problems.append(f"candidate {i}: name, why and reward must be texts")
    turned_off = tuple(key for key, kind in SCHEMA["properties"].items()
                       if kind is _TRUTH and given.get(key) is True)  # fmt: skip
    return Answer(_code(measure), turned_off, tuple(drafts), tuple(problems))


def _line(text: str, most: int) -> str:
    """A line for people: what cannot be seen is left out."""
    return "".join(c for c in " ".join(text.split()) if c.isprintable())[:most].strip()


def _code(text: str) -> str:
    """A file's text, out of the fence that some models put around it."""
    lines = text.strip().splitlines()
    if lines and lines[0].startswith("```"):
        lines = lines[1 : -1 if lines[-1].startswith("```") else None]
    return "\n".join(lines) + "\n" if lines else ""
