"""What runs compete in: the same robot, task, measure and world, however each of them has learnt.

A contest is an experiment of which only that is said. So its sha256 is the key under which runs
meet, and two measures never share one.
"""

from dataclasses import replace

from websim.errors import InvalidArgument
from websim.experiments.experiment import Experiment
from websim.rewards import Measure
from websim.training.checkpoints import Checkpoint


def contest_of(experiment: Experiment) -> Experiment:
    """The contest that a run of the experiment takes part in.

    Reward, learning, seed and title are not of it. Where the experiment has no measure, its task's
    own judges.

    Raises:
        InvalidArgument: nothing says what is better.
        UnsafeCode, UnknownTask: its task cannot be looked at.
    """
    measure = experiment.measure or experiment.task_class().measure_code
    if not measure:
        raise InvalidArgument("Nothing says what is better: the run has no measure.")
    return Experiment(
        task=experiment.task,
        task_options=experiment.task_options,
        task_code=experiment.task_code,
        robot=experiment.robot,
        measure=measure,
        world=experiment.world,
    )


def contender(run: Checkpoint) -> Checkpoint:
    """A run as it is judged in its contest: paid by the task itself, and touched by nobody.

    Raises:
        InvalidArgument, UnsafeCode, UnknownTask: see `contest_of`.
    """
    contest = contest_of(run.experiment)
    judged = replace(
        run.experiment.for_learning(), reward=None, measure=contest.measure, hands=None
    )
    return replace(run, experiment=judged)


def name_of(contest: Experiment) -> str:
    """Whose contest it is: the robot or the task, and what is special about it."""
    parts = [contest.task if contest.robot is None else contest.robot.name]
    parts += [f"{name}={value}" for name, value in sorted(contest.task_options.items())]
    if contest.world is not None:
        parts.append("a world of its own")
    return ", ".join(parts)


def counts(contest: Experiment) -> str:
    """What counts in it, as its measure says first; empty where it says nothing."""
    assert contest.measure is not None
    return Measure(contest.measure).about
