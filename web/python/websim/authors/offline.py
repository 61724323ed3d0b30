"""An author without a language model: a grammar of intents and a library of terms."""

from dataclasses import fields, replace
from typing import Any

import numpy as np

from websim.authors.anatomy import Anatomy, read_anatomy
from websim.authors.candidates import Brief, Candidate
from websim.authors.compose import (
    COMBINATIONS,
    Structure,
    measure_code,
    reward_code,
    structures,
)
from websim.authors.grammar import parse
from websim.authors.lexicon import read_lexicon
from websim.authors.meanings import Meaning, mean
from websim.authors.reflection import reflect, revised
from websim.rewards import Measure, Reward
from websim.task import Task


class OfflineAuthor:
    """Understands what its lexicon has, and writes what its library has.

    Attributes:
        language: Which lexicon it reads words by.
    """

    def __init__(self, language: str = "english") -> None:
        """Takes the name of a file of `websim.authors.lexicon`."""
        self.language = language

    def propose(self, brief: Brief, count: int, seed: int = 0) -> list[Candidate]:
        """See `websim.authors.candidates.Author`; attempts are reflected on."""
        task = brief.experiment.make_task()
        anatomy = read_anatomy(task)
        meaning = mean(parse(brief.words, read_lexicon(self.language)), anatomy)
        options = task_options(task, meaning)
        task = replace(task, **options)
        task.bind(anatomy.model)
        says = _sentence(brief.words)
        measure = measure_code(meaning, task.max_episode_steps, f"How far this is true: {says}")
        Measure(measure).try_out(anatomy.model, task.dt)

        made = [
            self._candidate(meaning, structure, anatomy, task, says, measure, options)
            for structure in _ordered(structures(meaning), seed)
        ]
        made = list({candidate.reward: candidate for candidate in reversed(made)}.values())[::-1]
        if brief.attempts:
            made = _after(brief, made)
        return made[:count]

    def _candidate(
        self,
        meaning: Meaning,
        structure: Structure,
        anatomy: Anatomy,
        task: Task,
        says: str,
        measure: str,
        options: dict[str, Any],
    ) -> Candidate:
        alive = bool(getattr(task, "terminate_when_unhealthy", False))
        reward = reward_code(meaning, structure, anatomy, says, alive=alive)
        Reward(reward).try_out(anatomy.model, task.dt)
        return Candidate(
            name=structure.name,
            reward=reward,
            measure=measure,
            why=why(meaning, structure, options),
            task_options=options,
        )


def why(meaning: Meaning, structure: Structure, options: dict[str, Any]) -> str:
    """A sentence or more on a candidate, for people."""
    paid = [aim.about() for aim in meaning.aims if aim.wish != "less"]
    text = "Pays " + ", ".join(paid)
    if meaning.later:
        text += "; and when that is done " + ", ".join(
            aim.about() for aim in meaning.later if aim.wish != "less"
        )
    text += f": {COMBINATIONS[structure.combination]}."
    if options.get("terminate_when_unhealthy") is False:
        text += " Episodes go on where the task would end them: what is asked for needs it."
    if options.get("exclude_current_positions_from_observation") is False:
        text += " The policy sees where the robot is."
    return " ".join((text, *meaning.notes))


def task_options(task: Task, meaning: Meaning) -> dict[str, Any]:
    """Options of the task without which it contradicts what is asked for."""
    known = {field.name for field in fields(task)}
    options: dict[str, Any] = {}
    if "terminate_when_unhealthy" in known:
        low, high = getattr(task, "healthy_z_range", (-np.inf, np.inf))
        least, greatest = meaning.heights
        tilted = meaning.tilts and "healthy_angle_range" in known
        if least < low or greatest > high or tilted:
            options["terminate_when_unhealthy"] = False
    hidden = "exclude_current_positions_from_observation"
    if meaning.sees_place and getattr(task, hidden, False):
        options[hidden] = False
    return options


def _sentence(words: str) -> str:
    """Words as a docstring may have them, of one line."""
    plain = " ".join(words.replace("\\", " ").replace('"', "'").split())[:80].strip("'")
    return f"{plain[:1].upper()}{plain[1:]}" + ("" if plain.endswith((".", "!")) else ".")


def _ordered(found: list[Structure], seed: int) -> list[Structure]:
    """The two most promising first, the others as drawn; those without costs at the end."""
    if not seed:
        return found
    drawn = [found[i] for i in 2 + np.random.default_rng(seed).permutation(len(found) - 2)]
    return [*found[:2], *sorted(drawn, key=lambda structure: not structure.costs)]


def _after(brief: Brief, made: list[Candidate]) -> list[Candidate]:
    """What follows of the attempts: the better ones repaired, then structures not yet tried."""
    tried = {attempt.candidate.reward for attempt in brief.attempts}
    repaired = [
        candidate
        for attempt, remark in zip(brief.attempts, reflect(brief), strict=True)
        if (candidate := revised(attempt.candidate, remark)) is not None
    ]
    new = [candidate for candidate in made if candidate.reward not in tried]
    return [*repaired, *new] or made
