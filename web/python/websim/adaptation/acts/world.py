"""Another world: harder or easier ground, and more or less that differs and disturbs."""

from dataclasses import dataclass, replace

import numpy as np

from websim.errors import InvalidArgument
from websim.experiments.experiment import Experiment
from websim.worlds import EventTerm, World


@dataclass(frozen=True, kw_only=True)
class Harder:
    """The difficulty of the terrain moves, from its first row to its last.

    Attributes:
        by: How far, of 0 to 1; below 0: easier.
    """

    by: float = 0.2

    def change(self, experiment: Experiment, rng: np.random.Generator) -> Experiment | None:
        """The experiment on other ground; None where there is none, or no more of it."""
        world = experiment.world
        if world is None or world.terrain is None:
            return None
        low, high = (min(1.0, max(0.0, end + self.by)) for end in world.terrain.difficulty)
        if (low, high) == tuple(world.terrain.difficulty):
            return None
        terrain = replace(world.terrain, difficulty=(low, high))
        return replace(experiment, world=replace(world, terrain=terrain))


@dataclass(frozen=True, kw_only=True)
class Widen:
    """What is drawn for each robot differs more from what the model has.

    Ranges grow about what changes nothing: 1 for a factor, 0 for a summand, and about their own
    middle where they take the value's place. So do the deviations of gaussians.

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
            events = tuple(self._widened(event) for event in world.events)
        except InvalidArgument:
            return None
        changed: World = replace(world, events=events)
        return None if changed == world else replace(experiment, world=changed)

    def _widened(self, event: EventTerm) -> EventTerm:
        low, high = event.range
        factor = self.factor
        if event.distribution == "gaussian":
            return replace(event, range=(low, high * factor))
        if event.operation == "scale" and low > 0:
            return replace(event, range=(low**factor, high**factor))
        middle = {"scale": 1.0, "add": 0.0, "abs": (low + high) / 2}[event.operation]
        return replace(
            event, range=(middle + (low - middle) * factor, middle + (high - middle) * factor)
        )
