"""Who chooses the ground of a robot's next episode: controls of bench/adaptation.py."""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bench.alp_gmm import AlpGmm
from websim.vector import MujocoVectorEnv
from websim.worlds.ground import Ground

Ended = NDArray[np.bool_]


class Curriculum:
    """Takes the place of the rule by which environments go up and down levels."""

    def __init__(self, rng: np.random.Generator, budget: int) -> None:
        """Takes what draws, and environment steps in all."""
        self.rng, self.budget = rng, budget

    def begin(self, env: MujocoVectorEnv) -> None:
        """Before the first step: where the first episodes are."""

    def move(self, env: MujocoVectorEnv, ground: Ground, ended: Ended, share: float) -> None:
        """Sets levels (and columns) of environments whose episodes have just ended [n].

        Args:
            env: The environments.
            ground: Theirs.
            ended: Whose episode ended, and counts.
            share: Of the budget that is spent.
        """
        raise NotImplementedError

    def teach(self, env: MujocoVectorEnv, spent: Callable[[], int]) -> None:
        """Takes over environments, new ones or those of a run that goes on."""
        ground = env.ground
        assert ground is not None

        def judge(ended: Ended, seconds: Any, measures: Any) -> None:
            if ended.any():
                self.move(env, ground, ended, spent() / self.budget)

        vars(ground)["judge"] = judge

    def state(self) -> dict[str, Any]:
        """What `load` needs: plain data."""
        return {"rng": self.rng.bit_generator.state}

    def load(self, state: dict[str, Any]) -> None:
        """Goes on from what `state` gave."""
        self.rng.bit_generator.state = state["rng"]


class RandomLevels(Curriculum):
    """One up or down, by chance."""

    def begin(self, env: MujocoVectorEnv) -> None:
        """See Curriculum."""
        assert env.ground is not None
        env.ground.levels[:] = 0
        env.reset()

    def move(self, env: MujocoVectorEnv, ground: Ground, ended: Ended, share: float) -> None:
        """See Curriculum."""
        steps = self.rng.choice((-1, 1), ended.sum()).astype(np.int32)
        moved = ground.levels[ended] + steps
        ground.levels[ended] = np.clip(moved, 0, ground.terrain.levels - 1)


class EvenLevels(Curriculum):
    """Any, equally likely."""

    def move(self, env: MujocoVectorEnv, ground: Ground, ended: Ended, share: float) -> None:
        """See Curriculum."""
        ground.levels[ended] = self.rng.integers(0, ground.terrain.levels, ended.sum())


class RisingLevels(Curriculum):
    """Even up to a level that rises with what is spent."""

    def __init__(self, rng: np.random.Generator, budget: int, until: float) -> None:
        """Takes which share of the budget is spent when all levels are there."""
        super().__init__(rng, budget)
        self._until = until

    def begin(self, env: MujocoVectorEnv) -> None:
        """See Curriculum."""
        assert env.ground is not None
        env.ground.levels[:] = 0
        env.reset()

    def move(self, env: MujocoVectorEnv, ground: Ground, ended: Ended, share: float) -> None:
        """See Curriculum."""
        highest = round((ground.terrain.levels - 1) * min(1.0, share / self._until))
        ground.levels[ended] = self.rng.integers(0, highest + 1, ended.sum())


class AlpGmmLevels(Curriculum):
    """Level and kind are the numbers of a task; what came of it is the measure.

    Robots keep their kind, as with the other methods: of what ALP-GMM draws, what is of another
    kind is left away.
    """

    DRAWS = 100

    def __init__(self, rng: np.random.Generator, budget: int) -> None:
        super().__init__(rng, budget)
        self.teacher = AlpGmm(2, rng)

    def begin(self, env: MujocoVectorEnv) -> None:
        """See Curriculum."""
        assert env.ground is not None
        self._draw(env.ground, np.arange(env.num_envs))
        env.reset()

    def move(self, env: MujocoVectorEnv, ground: Ground, ended: Ended, share: float) -> None:
        """See Curriculum."""
        outcomes = env.final_measures
        sizes = np.array([ground.terrain.levels, len(ground.terrain.kinds)])
        over = np.flatnonzero(ended)
        for i in over:
            task = (np.array([ground.levels[i], ground.columns[i]]) + 0.5) / sizes
            self.teacher.learn(task, float(outcomes[i]))
        self._draw(ground, over)

    def _draw(self, ground: Ground, indices: NDArray[np.intp]) -> None:
        sizes = np.array([ground.terrain.levels, len(ground.terrain.kinds)])
        for i in indices:
            for _ in range(self.DRAWS):
                level, kind = np.minimum(self.teacher.draw() * sizes, sizes - 1).astype(np.int32)
                if kind == ground.columns[i]:
                    break
            ground.levels[i] = level

    def state(self) -> dict[str, Any]:
        """See Curriculum."""
        return self.teacher.state()

    def load(self, state: dict[str, Any]) -> None:
        """See Curriculum."""
        self.teacher.load(state)
