"""Where an experiment comes from: a task id, a file, or a robot that somebody has brought."""

import zipfile
from dataclasses import replace
from pathlib import Path

from websim import mjcf
from websim.errors import ModelError
from websim.experiments.archive import NAME, load
from websim.experiments.experiment import Experiment
from websim.experiments.robot import Robot, read_robot
from websim.registry import task_class
from websim.task import options_of
from websim.tasks import own
from websim.tasks.robot import RobotTask

CONTROL_SECONDS = 0.02
"""How long an action lasts, about, where nobody has said it."""


def experiment_of(source: str | Path | Experiment) -> Experiment:
    """The experiment that is meant.

    Args:
        source: A task id; a path, which begins with ".", "/" or "~" or is a Path: of a run
            (`.websim`) or of a robot (see `websim.experiments.robot.read_robot`); or itself.

    Raises:
        UnknownTask: neither a task nor a path.
        ModelError: the robot cannot be read.
        CheckpointError: the run is damaged.
    """
    if isinstance(source, Experiment):
        return source
    if not isinstance(source, Path) and not str(source).startswith((".", "/", "~")):
        task_class(source)
        return Experiment(task=source)
    path = Path(source).expanduser()
    try:
        if _is_run(path):
            return load(path.read_bytes())
    except OSError as error:
        raise ModelError(f"{source} cannot be read: {error.strerror}.") from None
    return of_robot(read_robot(path))


def whole(experiment: Experiment) -> Experiment:
    """The same, with its task's code and its model's files in it where they are of this machine.

    Raises:
        ModelError: a file cannot be read.
        UnknownTask: there is no such task.
    """
    options, code, robot = dict(experiment.task_options), experiment.task_code, experiment.robot
    file = options.get("xml_file")
    if code is None:
        kind = experiment.task_class()
        code = own.code_of(kind)
        if code is not None and file is None:
            file = options_of(kind)["xml_file"]
    if robot is None and isinstance(file, str) and isinstance(mjcf.find(file), Path):
        robot = replace(read_robot(file), floor=None)  # the task knows its ground
        options.pop("xml_file", None)
    return replace(experiment, robot=robot, task_options=options, task_code=code)


def of_robot(robot: Robot) -> Experiment:
    """A robot that is only observed, and acts about every CONTROL_SECONDS; tried for a step.

    Raises:
        ModelError: it cannot be simulated.
    """
    experiment = Experiment(task=RobotTask.id, robot=robot, title=robot.name)
    env = experiment.make_vec(1)
    try:
        env.reset(seed=0)
        env.step(env.action_space.sample())
        frame_skip = max(1, round(CONTROL_SECONDS / env.physics.model.timestep))
    finally:
        env.close()
    return replace(experiment, task_options={"frame_skip": frame_skip})


def _is_run(path: Path) -> bool:
    """Whether a file is to be read as a run, whatever is wrong with it."""
    if path.suffix.lower() == ".websim":
        return True
    if not zipfile.is_zipfile(path):
        return False
    with zipfile.ZipFile(path) as archive:
        return NAME in archive.namelist()
