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
