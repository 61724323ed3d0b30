"""Words and what they mean: a file for each language, read as data."""

import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any, NamedTuple

KINDS = (
    "action",
    "manner",
    "place",
    "direction",
    "part",
    "side",
    "quantifier",
    "relation",
    "order",
)


class Concept(NamedTuple):
    """What a word may mean: "action" and "walk", say."""

    kind: str
    name: str


@dataclass(frozen=True)
class Lexicon:
    """The words of a language.

    Attributes:
        language: Its name.
        articles: Words that are left out of expressions.
        filler: Words that say nothing of what is to be done.
        vague: Words that would, but from which nothing follows.
        same: Words that stand for others.
        endings: What may be taken off a word, and put in its place.
        entries: Of each expression, as a tuple of words, what it may mean.
        longest: Words of the longest expression.
        examples: Of each kind one expression for each of its concepts.
    """

    language: str
    articles: frozenset[str]
    filler: frozenset[str]
    vague: frozenset[str]
    same: dict[str, str]
    endings: tuple[tuple[str, str], ...]
    entries: dict[tuple[str, ...], tuple[Concept, ...]]
    longest: int
    examples: dict[str, tuple[str, ...]]

    def forms(self, word: str) -> list[str]:
        """A word as it is, and the plain forms that it may be of."""
        found = [word]
        for ending, instead in self.endings:
            if word.endswith(ending) and len(word) - len(ending) >= 2:
                stem = word[: -len(ending)]
                found.append(stem + instead)
                if not instead and len(stem) > 2 and stem[-1] == stem[-2]:
                    found.append(stem[:-1])
        return [self.same.get(form, form) for form in dict.fromkeys(found)]

    def words(self) -> list[str]:
        """All single words that mean something."""
        single = {words[0] for words in self.entries if len(words) == 1}
        return sorted(single | set(self.same))


@cache
def read_lexicon(language: str = "english") -> Lexicon:
    """Reads the words of a language."""
    data: dict[str, Any] = tomllib.loads((files(__name__) / f"{language}.toml").read_text("utf-8"))
    same = {word: meant for meant, words in data["same"].items() for word in words}
    entries: dict[tuple[str, ...], list[Concept]] = {}

    def add(expression: str, *concepts: Concept) -> None:
        words = tuple(same.get(word, word) for word in expression.split())
        known = entries.setdefault(words, [])
        known.extend(concept for concept in concepts if concept not in known)

    for kind in KINDS:
        for name, expressions in data[kind].items():
            for expression in expressions:
                add(expression, Concept(kind, name))
    for names, expressions in data["compound"].items():
        several = Concept("compound", names)
        for expression in expressions:
            add(expression, several)
    for value, expressions in data["numbers"].items():
        for expression in expressions:
            add(expression, Concept("number", value))
    for value, expressions in data["counts"].items():
        for expression in expressions:
            add(expression, Concept("count", value))
    for quantity, units in data["units"].items():
        for factor, expressions in units.items():
            for expression in expressions:
                add(expression, Concept(f"unit {quantity}", factor))
    for expression in data["negation"]:
        add(expression, Concept("negation", "not"))
    for expression in data["separators"]:
        add(expression, Concept("separator", expression))
    return Lexicon(
        data["language"],
        frozenset(data["articles"].split()),
        frozenset(data["filler"].split()),
        frozenset(data["vague"].split()),
        same,
        tuple((ending, instead) for ending, instead in data["endings"]),
        {words: tuple(concepts) for words, concepts in entries.items()},
        max(map(len, entries)),
        {kind: tuple(words[0] for words in data[kind].values()) for kind in KINDS},
    )
