"""Rewards that somebody wrote, as an author like the others."""

from collections.abc import Sequence

from websim.authors.candidates import Brief, Candidate
from websim.errors import InvalidArgument
from websim.rewards import Measure, Reward


class HandAuthor:
    """Gives what it was given.

    Attributes:
        rewards: Sources of rewards, the most promising first.
        measure: Source of the measure; "": the experiment's.
    """

    def __init__(self, rewards: Sequence[str], measure: str = "") -> None:
        """Takes sources; raises InvalidArgument where there is none."""
        if not rewards:
            raise InvalidArgument("At least one reward is needed.")
        self.rewards, self.measure = list(rewards), measure

    def propose(self, brief: Brief, count: int, seed: int = 0) -> list[Candidate]:
        """See `websim.authors.candidates.Author`; it says only what it was given.

        Raises:
            InvalidArgument: there is no measure, neither its own nor the experiment's.
            UnsafeCode, CodeFailed: what it was given is not safe, or does not run.
        """
        measure = self.measure or brief.experiment.measure
        if not measure:
            raise InvalidArgument("A reward that was written by hand needs a measure to judge it.")
        physics = brief.experiment.make_vec(1)
        try:
            model, dt = physics.physics.model, physics.task.dt
            Measure(measure).try_out(model, dt)
            made = []
            for number, source in enumerate(self.rewards[:count], 1):
                reward = Reward(source)
                reward.try_out(model, dt)
                made.append(
                    Candidate(
                        name=f"by hand {number}",
                        reward=source,
                        measure=measure,
                        why=reward.about or "Written by hand.",
                    )
                )
            return made
        finally:
            physics.close()
