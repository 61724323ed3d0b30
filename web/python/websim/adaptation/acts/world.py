"""Another world: harder or easier levels, and more or less that differs and disturbs."""

from dataclasses import dataclass, replace

import numpy as np

from websim.errors import InvalidArgument
from websim.experiments.experiment import Experiment
from websim.worlds import LevelTerm, Terrain, World
from websim.worlds.levels import TERRAIN, Curriculum


@dataclass(frozen=True, kw_only=True)
class Harder:
    """The difficulty of levels moves, from the first to the last.

    Attributes:
        by: How far, of 0 to 1; below 0: easier.
        of: Name of the levels.
    """

    by: float = 0.2
    of: str = TERRAIN

    def change(self, experiment: Experiment, rng: np.random.Generator) -> Experiment | None:
        """The experiment with other levels; None where there are none, or no more of it."""
        levels = _levels(experiment, self.of)
        if levels is None:
            return None
        low, high = (min(1.0, max(0.0, end + self.by)) for end in levels.difficulty)
        return _with_levels(experiment, self.of, replace(levels, difficulty=(low, high)))


@dataclass(frozen=True, kw_only=True)
class Follow:
    """Levels follow something else from now on.

    Attributes:
        curriculum: What they follow, see `websim.worlds.levels.Levels`.
        of: Name of the levels.
    """

    curriculum: Curriculum = "progress"
    of: str = TERRAIN

    def change(self, experiment: Experiment, rng: np.random.Generator) -> Experiment | None:
        """The experiment with the other rule; None where there are no levels, or it is the same."""
        levels = _levels(experiment, self.of)
        if levels is None:
            return None
        return _with_levels(experiment, self.of, replace(levels, curriculum=self.curriculum))


@dataclass(frozen=True, kw_only=True)
class Widen:
    """What is drawn for each robot differs more from what the model has.

    Ranges grow about what changes nothing, as `EventTerm.range_at` has it.

    Attributes:
        factor: By how much; below 1: they narrow.
    """

    factor: float = 1.5

    def change(self, experiment: Experiment, rng: np.random.Generator) -> Experiment | None:
        """The experiment with other ranges; None where nothing is drawn, or may be wider."""
        world = experiment.world
        if world is None or not world.events:
            return None
        try:
            events = tuple(
                replace(event, range=event.range_at(self.factor)) for event in world.events
            )
        except InvalidArgument:
            return None
        changed: World = replace(world, events=events)
        return None if changed == world else replace(experiment, world=changed)


def _levels(experiment: Experiment, name: str) -> Terrain | LevelTerm | None:
    """Those of that name, if the world has them."""
    world = experiment.world
    if world is None:
        return None
    known = {term.name: term for term in world.level_terms}
    return world.terrain if name == TERRAIN else known.get(name)


def _with_levels(
    experiment: Experiment, name: str, levels: Terrain | LevelTerm
) -> Experiment | None:
    """The experiment with other levels of that name; None where they are as they were."""
    world = experiment.world
    assert world is not None
    if levels == _levels(experiment, name):
        return None
    if isinstance(levels, Terrain):
        return replace(experiment, world=replace(world, terrain=levels))
    terms = tuple(levels if term.name == name else term for term in world.level_terms)
    return replace(experiment, world=replace(world, levels=terms))
