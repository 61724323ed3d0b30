"""From words to what they ask for: actions with manner, direction, numbers and parts, in order.

The grammar knows no language: words and their concepts come from a lexicon (`lexicon/*.toml`). It
goes once through the words: the longest expressions that the lexicon has become concepts; words of
order part them into clauses; what stands near each other belongs together, such as a number and
its unit, sides and a part of the body, a part and whether it is lifted.
"""

import difflib
import re
from dataclasses import dataclass, field
from itertools import product
from math import radians

from websim.authors.lexicon import Concept, Lexicon, read_lexicon
from websim.errors import NotUnderstood

_TOKEN = re.compile(
    r"\d+(?:[.,]\d+)?|m/s|cm/s|km/h|ft/s|rad/s|deg/s|°/s|[^\W\d_]+(?:['-][^\W\d_]+)*|[°,;.!?]",
    re.UNICODE,
)

MAX_WORDS = 200


@dataclass(frozen=True)
class Part:
    """Limbs that are meant, or the torso.

    Attributes:
        kind: "leg", "arm", "torso", "head", "tail", or "all" limbs.
        sides: Of "left", "right", "front", "back", "middle".
        one: Whether one of them is meant.
    """

    kind: str
    sides: frozenset[str] = frozenset()
    one: bool = False


@dataclass
class Clause:
    """What is to be done at one time.

    Attributes:
        actions: Names of actions.
        avoided: Actions that must not be.
        manners: Names of manners.
        direction: One of "forward", "backward", "left", "right", "up", "down", or "".
        spot: Whether it must stay where it is.
        numbers: By what they measure ("speed", "angle", "length", "rate", "time"), in our units.
        count: How many times; 0: nothing is said.
        claims: Parts with "lifted", "grounded", "support", or "" where nothing is said of them.
    """

    actions: list[str] = field(default_factory=list)
    avoided: list[str] = field(default_factory=list)
    manners: list[str] = field(default_factory=list)
    direction: str = ""
    spot: bool = False
    numbers: dict[str, float] = field(default_factory=dict)
    count: float = 0.0
    claims: list[tuple[Part, str]] = field(default_factory=list)

    def __bool__(self) -> bool:
        return bool(
            self.actions or self.avoided or self.manners or self.direction or self.spot
        ) or bool(self.claims)


@dataclass
class Request:
    """What words ask for.

    Attributes:
        clauses: One after the other.
        left_out: Words that are not in the lexicon.
        vague: Words of the lexicon from which nothing follows.
    """

    clauses: list[Clause]
    left_out: list[str]
    vague: list[str] = field(default_factory=list)


OPPOSITE = {
    "fast": "slow",
    "slow": "fast",
    "low": "high",
    "high": "low",
    "effort": "efficient",
    "jerky": "smooth",
}
"""What "not" makes of a manner."""

COMPLETE = {"spin", "flip", "roll"}
"""Actions that end of themselves, so that what comes after "and" comes later."""

AFTERWARDS = {"stand", "still", "sit", "lie", "crouch"}
"""Actions that something can end in."""


def parse(words: str, lexicon: Lexicon | None = None) -> Request:
    """Reads a sentence.

    Raises:
        NotUnderstood: nothing in it says what is to be done.
    """
    lexicon = lexicon or read_lexicon()
    reader = _Reader(lexicon)
    request = reader.read(words)
    if not request.clauses:
        raise not_understood(request.left_out, lexicon)
    return request


def not_understood(left_out: list[str], lexicon: Lexicon) -> NotUnderstood:
    """Says which words, and what is understood."""
    known = lexicon.words()
    parts = []
    for word in left_out:
        close = difflib.get_close_matches(word, known, n=3)
        parts.append(f"{word!r}" + (f" (near it: {', '.join(close)})" if close else ""))
    what = f"I do not understand {', '.join(parts)}. " if parts else "This asks for nothing. "
    actions, manners = (", ".join(lexicon.examples[kind]) for kind in ("action", "manner"))
    return NotUnderstood(
        f"{what}What a robot can be told to do: {actions}. How: {manners}.", left_out
    )


class _Reader:
    def __init__(self, lexicon: Lexicon) -> None:
        self.lexicon = lexicon
        self.left_out: list[str] = []
        self.vague: list[str] = []
        self.clauses: list[Clause] = [Clause()]
        self.segment: list[tuple[Concept, int]] = []
        self.negated = False
        self.back_to_front = False

    def read(self, words: str) -> Request:
        tokens = self.tokens(words)
        concepts = self.concepts(tokens)
        for place, options in enumerate(concepts):
            self.take(self.choose(options, concepts, place), place)
        self.end_segment()
        clauses = self.ordered([clause for clause in self.clauses if clause])
        return Request(clauses, [*dict.fromkeys(self.left_out)], [*dict.fromkeys(self.vague)])

    def tokens(self, words: str) -> list[str]:
        plain = words.lower().replace("\N{RIGHT SINGLE QUOTATION MARK}", "'")
        found = _TOKEN.findall(plain)
        if len(found) > MAX_WORDS:
            raise NotUnderstood(f"Say it in up to {MAX_WORDS} words.")
        whole = [part for token in found for part in self.split(token)]
        return [token for token in whole if token not in self.lexicon.articles]

    def split(self, token: str) -> list[str]:
        """A word with hyphens, in its parts where the lexicon does not have it."""
        if "-" not in token or self.look_up([self.lexicon.forms(token)]):
            return [token]
        return token.split("-")

    def concepts(self, tokens: list[str]) -> list[tuple[Concept, ...]]:
        """The longest expressions first; words that are none are fillers or left out."""
        found: list[tuple[Concept, ...]] = []
        forms = [self.lexicon.forms(token) for token in tokens]
        place = 0
        while place < len(tokens):
            number = re.fullmatch(r"\d+(?:[.,]\d+)?", tokens[place])
            if number:
                found.append((Concept("number", tokens[place].replace(",", ".")),))
                place += 1
                continue
            for size in range(min(self.lexicon.longest, len(tokens) - place), 0, -1):
                if options := self.look_up(forms[place : place + size]):
                    found.append(options)
                    place += size
                    break
            else:
                self.unknown(tokens[place])
                place += 1
        return found

    def look_up(self, forms: list[list[str]]) -> tuple[Concept, ...]:
        if len(forms) > 1:
            forms = [options[:4] for options in forms]
        for words in product(*forms):
            if words in self.lexicon.entries:
                return self.lexicon.entries[words]
        return ()

    def unknown(self, token: str) -> None:
        forms = (token, *self.lexicon.forms(token))
        if token in ".,;!?'" or self.lexicon.filler.intersection(forms):
            return
        (self.vague if self.lexicon.vague.intersection(forms) else self.left_out).append(token)

    def choose(
        self, options: tuple[Concept, ...], all_options: list[tuple[Concept, ...]], place: int
    ) -> Concept:
        """Which of its meanings a word has, by what stands beside it."""
        if len(options) == 1:
            return options[0]

        def kinds(at: int) -> set[str]:
            return {c.kind for c in all_options[at]} if 0 <= at < len(all_options) else set()

        by_kind = {concept.kind: concept for concept in options}
        after, before = kinds(place + 1), kinds(place - 1)
        unit = next((c for c in options if c.kind.startswith("unit")), None)
        if unit and before & {"number", "count"}:
            return unit
        if "side" in by_kind:
            ahead = place + 1
            while kinds(ahead) & {"side", "quantifier"}:
                ahead += 1
            if kinds(ahead) & {"part"}:
                return by_kind["side"]
        if "quantifier" in by_kind and after & {"part", "side"}:
            return by_kind["quantifier"]
        if "relation" in by_kind and (
            (by_kind["relation"].name == "support" and after & {"side", "part", "quantifier"})
            or (by_kind["relation"].name != "support" and self.has_part(place, all_options))
        ):
            return by_kind["relation"]
        order = ("number", "compound", "action", "direction", "manner", "place", "order")
        for kind in (*order, "separator", "side", "relation", "count"):
            if kind in by_kind:
                return by_kind[kind]
        return options[0]

    @staticmethod
    def has_part(place: int, all_options: list[tuple[Concept, ...]]) -> bool:
        """Whether a part of the body stands near."""
        near = all_options[max(place - 3, 0) : place + 4]
        return any(concept.kind == "part" for options in near for concept in options)

    # Concepts, one after the other.

    def take(self, concept: Concept, place: int) -> None:
        if concept.kind == "compound":
            for single in concept.name.split():
                kind, _, name = single.partition(":")
                self.segment.append((Concept(kind, name), place))
        elif concept.kind == "separator":
            self.end_segment()
            self.negated = False
        elif concept.kind == "negation":
            self.end_segment()
            self.negated = True
        elif concept.kind == "order":
            self.end_segment()
            self.negated = False
            if concept.name in ("then", "before"):
                self.clauses.append(Clause())
            elif concept.name == "after":
                self.back_to_front = bool(self.clauses[-1])
                self.clauses.append(Clause())
        else:
            self.segment.append((concept, place))

    def end_segment(self) -> None:
        """Puts what stands together into the clause."""
        segment, self.segment = [concept for concept, _ in self.segment], []
        if not segment:
            return
        clause = self.clauses[-1]
        if not self.negated:
            actions = [c.name for c in segment if c.kind == "action"]
            done = set(clause.actions) & COMPLETE
            if done and actions and set(actions) <= AFTERWARDS:
                clause = Clause()
                self.clauses.append(clause)
        _fill(clause, segment, self.negated)

    def ordered(self, clauses: list[Clause]) -> list[Clause]:
        return clauses[::-1] if self.back_to_front else clauses


def _fill(clause: Clause, segment: list[Concept], negated: bool) -> None:
    sides: set[str] = set()
    one = False
    parts: list[Part] = []
    claim = ""
    number: float | None = None
    for concept in segment:
        kind, name = concept
        if kind == "number":
            number = float(name) * (number if number is not None and number < 1 else 1.0)
        elif kind.startswith("unit"):
            quantity = kind.removeprefix("unit ")
            if number is None and clause.count:
                number, clause.count = clause.count, 0.0
            if number is not None:
                if quantity in COMPLETE:
                    clause.actions += [quantity] if quantity not in clause.actions else []
                    quantity = "angle"
                clause.numbers[quantity] = number * float(name)
                number = None
        elif kind == "count":
            clause.count = float(name)
        elif kind == "side":
            sides.add(name)
        elif kind == "quantifier":
            one = name == "one"
        elif kind == "part":
            parts.append(_part(name, sides, one))
            sides, one = set(), False
        elif kind == "relation":
            claim = name if not claim or claim == "support" else claim
        elif kind == "place":
            clause.spot = clause.spot or not negated
        elif kind == "direction":
            if not (parts and name in ("up", "down")):
                clause.direction = clause.direction if negated else name
            else:
                claim = claim or ("lifted" if name == "up" else "grounded")
        elif kind == "manner":
            if negated:
                name = OPPOSITE.get(name, "")
            if name and name not in clause.manners:
                clause.manners.append(name)
        elif kind == "action":
            if name == "lift":
                claim = "lifted"
            elif name == "touch":
                claim = claim or "grounded"
            elif negated:
                clause.avoided.append(name)
            elif name not in clause.actions:
                clause.actions.append(name)
    if sides and not negated and not clause.direction:
        # "turn left", "go back": a side that no part follows.
        side = next(iter(sorted(sides)))
        towards = {"front": "forward", "back": "backward", "left": "left", "right": "right"}
        clause.direction = towards.get(side, "")
    if number is not None:
        _bare_number(clause, number)
    if negated and claim in ("lifted", "grounded"):
        claim = {"lifted": "grounded", "grounded": "lifted"}[claim]
    if claim and not parts and claim != "support":
        if claim == "lifted" and not negated:
            parts = [Part("leg")]
        elif claim == "grounded" and negated is False:
            claim = ""
    for part in parts:
        _claim(clause, part, claim)


def _bare_number(clause: Clause, number: float) -> None:
    """A number without a unit: of turns, or of degrees where it is a corner's."""
    if number >= 45 and number % 45 == 0:
        clause.numbers["angle"] = radians(number)
        if not clause.actions:
            clause.actions.append("spin")
    elif set(clause.actions) & COMPLETE:
        clause.count = number


def _part(name: str, sides: set[str], one: bool) -> Part:
    kind = {"foot": "leg", "hand": "arm", "knee": "knee"}.get(name, name)
    return Part(kind, frozenset(sides), one)


def _claim(clause: Clause, part: Part, claim: str) -> None:
    if part.kind == "torso" and claim == "grounded":
        clause.manners.append("low")
        return
    clause.claims.append((part, claim))
