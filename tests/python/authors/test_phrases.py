"""What sentences ask for, of which the lexicon has single words."""

import tomllib
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from websim.authors.anatomy import Anatomy, read_anatomy
from websim.authors.grammar import parse
from websim.authors.lexicon import read_lexicon
from websim.authors.meanings import Meaning, mean
from websim.errors import NotUnderstood
from websim.registry import task_class

GROUPS = tomllib.loads(Path(__file__).with_name("phrases.toml").read_text("utf-8"))["group"]
PHRASES = [(group, phrase) for group in GROUPS for phrase in group["phrases"]]


@cache
def robot(task: str) -> Anatomy:
    return read_anatomy(task_class(task)())  # type: ignore[call-arg]


def meant(task: str, words: str) -> Meaning:
    return mean(parse(words), robot(task))


@pytest.mark.parametrize(("group", "phrase"), PHRASES, ids=[phrase for _, phrase in PHRASES])
def test_phrase(group: dict[str, Any], phrase: str) -> None:
    request = parse(phrase)
    assert request.left_out == []
    meaning = mean(request, robot(group["robot"]))
    asked = {aim.name: aim for aim in meaning.aims if aim.judged}
    asked |= {f"then {aim.name}": aim for aim in meaning.later if aim.judged}
    assert set(group["asks"]) <= set(asked)
    assert not set(group.get("never", ())) & set(asked)
    for name, value in group.get("value", {}).items():
        assert asked[name].target == pytest.approx(value, rel=1e-3)


def test_no_entry_is_a_sentence() -> None:
    """An entry has up to five words, and none of the phrases of more than two is one."""
    entries = set(read_lexicon().entries)
    assert max(map(len, entries)) <= 6
    for _, phrase in PHRASES:
        words = tuple(phrase.lower().split())
        assert len(words) < 3 or words not in entries


@pytest.mark.parametrize(
    ("words", "named"),
    [("yodel", "yodel"), ("", "asks for nothing"), ("the of and", "asks for nothing")],
)
def test_what_is_not_understood_is_named(words: str, named: str) -> None:
    with pytest.raises(NotUnderstood, match=named):
        parse(words)


def test_near_words_are_offered() -> None:
    with pytest.raises(NotUnderstood, match="crawl") as caught:
        parse("crawwl")
    assert caught.value.words == ("crawwl",)


def test_words_that_are_left_out_are_told() -> None:
    assert any("'bananas'" in note for note in meant("Ant-v5", "walk and sell bananas").notes)


@pytest.mark.parametrize(
    ("task", "words", "says"),
    [
        ("HalfCheetah-v5", "turn once", "cannot turn"),
        ("HalfCheetah-v5", "walk sideways", "plane"),
        ("Hopper-v5", "raise the left arm", "no left arm"),
        ("Reacher-v5", "walk", "fixed"),
        ("Ant-v5", "turn five times and then stop", "1.25 turns"),
        ("Ant-v5", "walk and then lie down", "distance in metres"),
        ("Hopper-v5", "hold a plank", "takes arms"),
    ],
)
def test_what_a_robot_cannot_do_is_said(task: str, words: str, says: str) -> None:
    with pytest.raises(NotUnderstood, match=says):
        meant(task, words)


def test_how_long_is_how_far_where_something_else_comes_after() -> None:
    """The end can be seen then: at 0.5 m/s, 5 s are 2.5 m."""
    meaning = meant("Ant-v5", "walk at 0.5 m/s for 5 seconds, then stand still")
    assert meaning.ended is not None
    assert meaning.ended.name == "forward_distance"
    assert meaning.ended.target == pytest.approx(2.5)
    assert any("2.5 m, at 0.5 m/s" in note for note in meaning.notes)
    short = meant("Ant-v5", "walk at 0.5 m/s for 2 seconds, then stand still")
    assert short.ended is not None
    assert short.ended.target == pytest.approx(1.0)
    turns = meant("Ant-v5", "spin at 1 rad/s for 3 s and then stop")
    assert turns.ended is not None
    assert turns.ended.name == "yaw_angle"
    assert turns.ended.target == pytest.approx(3.0)


@pytest.mark.parametrize(
    ("words", "idle"),
    [
        ("stand still for 5 seconds", "5 s. A policy has no clock"),
        ("walk for 2 minutes", "120 s. A policy has no clock"),
        ("walk forward a little", "'little'"),
        ("hop forward three times", "3 times"),
        ("jump 2 metres high", "2 m"),
    ],
)
def test_words_that_change_nothing_are_told(words: str, idle: str) -> None:
    notes = meant("Ant-v5", words).notes
    assert any(note.startswith("Changes nothing here: ") and idle in note for note in notes), notes


def test_what_counts_is_not_called_idle() -> None:
    for words in ("walk forward at 0.5 m/s", "turn left 90 degrees and then stop", "walk low"):
        assert not any("Changes nothing" in note for note in meant("Ant-v5", words).notes), words


ROBOTS = ("Ant-v5", "Humanoid-v5", "HalfCheetah-v5")

#: Around a word of each kind, what gives it something to be about; the word goes where {} is.
CARRIERS = {
    "action": ("{}", "walk without {}", "{} your legs"),
    "compound": ("{}",),
    "manner": ("walk {}", "walk not {}", "stand {}", "{}", "run {}", "walk without {}"),
    "place": ("spin fast {}", "jump {}", "walk {}", "{}"),
    "direction": ("walk {}", "jump {}", "flip {}", "{}"),
    "part": ("lift one {}", "stand on the right {}", "wave the {}", "keep the {} low", "{} down"),
    "side": ("lift the {} leg", "stand on the {} leg", "go {}", "lift the {} arm"),
    "quantifier": ("lift {} leg", "lift {} right leg", "lift {} front leg"),
    "relation": ("keep the front legs {}", "keep one leg {}", "stand {} one leg"),
    "order": ("turn once {} walk", "walk {} turn once"),
    "number": ("walk {} metres and then stop", "turn {} degrees and then stop"),
    "count": ("turn {} and then stop", "spin {}"),
    "negation": ("walk {} jumping", "{} walk, stand"),
    "unit": (
        *("walk at 2 {}", "walk 2 {} and then stop", "turn 2 {}, then stop", "flip 2 {}"),
        *("roll 2 {}", "spin at 2 {}", "walk for 2 {} and then stop", "do 1 {}"),
    ),
}

#: That say what goes without saying: one that they were left out of would mean the same.
PLAIN = {("order", "first"), ("side", "middle"), ("quantifier", "all")}


def outcome(task: str, words: str) -> object:
    """What is paid and judged, or what is told instead."""
    try:
        meaning = meant(task, words)
    except NotUnderstood as error:
        return str(error)
    return meaning.aims, meaning.ended, meaning.later, meaning.notes


def test_each_word_of_the_lexicon_changes_something_or_is_told() -> None:
    lexicon = read_lexicon()
    bare: dict[tuple[str, str], object] = {}
    idle = []
    seen: set[tuple[str, str]] = set()
    # Words of one meaning first: what others mean depends on what stands beside them.
    for words, concepts in sorted(lexicon.entries.items(), key=lambda entry: len(entry[1])):
        for kind, name in concepts:
            # All words of a concept mean the same: one of each is tried.
            if (kind, name) in seen or (kind, name) in PLAIN or kind == "separator":
                continue
            seen.add((kind, name))
            word = " ".join(words)
            for task in ROBOTS:
                for carrier in CARRIERS[kind.split()[0]]:
                    without = " ".join(carrier.replace("{}", "").split())
                    if (task, without) not in bare:
                        bare[task, without] = outcome(task, without)
                    if outcome(task, carrier.replace("{}", word)) != bare[task, without]:
                        break
                else:
                    continue
                break
            else:
                idle.append((kind, name, word))
    assert idle == []


def test_fillers_say_nothing_and_vague_words_are_told() -> None:
    lexicon = read_lexicon()
    assert not lexicon.filler & lexicon.vague
    plain = outcome("Ant-v5", "walk forward")
    for word in sorted(lexicon.vague):
        told = meant("Ant-v5", f"walk forward {word}")
        if (word,) not in lexicon.entries:
            assert any(repr(word) in note for note in told.notes), word
            assert (told.aims, told.ended, told.later) == plain[:3]  # type: ignore[index]
