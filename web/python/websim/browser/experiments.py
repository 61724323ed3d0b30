"""Experiments on their way between the page and Python: JSON, and archives with a robot's files."""

import json
from collections.abc import Mapping
from dataclasses import MISSING, replace
from typing import Any

from websim.browser.messages import RobotReading, plain
from websim.errors import InvalidArgument
from websim.exchange import sb3
from websim.exchange.tfjs import bundle
from websim.experiments.archive import dump, load
from websim.experiments.experiment import Experiment, as_dict, from_dict
from websim.experiments.files import MissingFiles, SeveralModels
from websim.experiments.robot import make_robot
from websim.experiments.sources import of_robot
from websim.task import options_of
from websim.tasks import own
from websim.training import checkpoints


def parse(document: str, archive: bytes | None = None) -> Experiment:
    """The experiment that the page asks for.

    Args:
        document: Its fields as JSON.
        archive: A run or an experiment with the files of the robot, if it has one.

    Raises:
        InvalidArgument: something in it is not allowed.
        CheckpointError: the archive is damaged.
    """
    values = json.loads(document)
    robot = None if archive is None else load(archive).robot
    return from_dict(values, {} if robot is None else robot.files)


def as_json(experiment: Experiment) -> str:
    """Its fields for JavaScript, whose JSON has no numbers that are not finite."""
    try:
        return json.dumps(as_dict(experiment), allow_nan=False)
    except ValueError:
        raise InvalidArgument(
            "The page cannot hold hyperparameters or options that are infinite or no number."
        ) from None


def of_files(files: Mapping[str, Any], main: str | None = None) -> dict[str, Any]:
    """An experiment with a robot that is only observed.

    Args:
        files: Contents by path, as bytes or views of them.
        main: Which is the model, where there are several.

    Returns:
        A RobotReading.

    Raises:
        ModelError, InvalidArgument: see `websim.experiments.robot.make_robot`.
    """
    contents = {path: bytes(data) for path, data in files.items()}
    if len(contents) == 1:
        (data,) = contents.values()
        if checkpoints.is_run(data):
            return plain(RobotReading(kind="run"))
        if sb3.is_model(data) or bundle.is_bundle(data):
            return plain(RobotReading(kind="policy"))
        from websim.browser.recordings import dataset_in  # no start of a worker needs it

        if dataset_in(data) is not None:
            return plain(RobotReading(kind="recording"))
    try:
        experiment = of_robot(make_robot(contents, main))
    except MissingFiles as error:
        reading = RobotReading(missing=error.names)
    except SeveralModels as error:
        reading = RobotReading(models=error.names)
    else:
        reading = RobotReading(experiment=as_json(experiment), archive=dump(experiment))
    return plain(reading)


def of_tasks(code: str, name: str, present: Experiment | None, trusted: bool) -> list[str]:
    """Experiments with the tasks that Python registers, each tried with two environments.

    Args:
        code: The source.
        name: Of the file that it is, for messages.
        present: Whose robot they have if they have no model of their own, whose reward, measure and
            world, and if they are called as its task its options.
        trusted: Whether somebody has said that it may run.

    Returns:
        Each as JSON.

    Raises:
        UnsafeCode: nobody has said so.
        TaskError: it registers none, or one fails; names the line.
    """
    base = Experiment(task="") if present is None else present
    found = []
    for id, kind in own.tasks_of(code, name, trusted=trusted).items():
        robot = base.robot if options_of(kind)["xml_file"] is MISSING else None
        experiment = replace(
            base,
            task=id,
            task_options=base.task_options if id == base.task else {},
            task_code=code,
            robot=robot,
            title=base.title if robot else id,
        )
        own.try_out(experiment.make_task, name)
        found.append(as_json(experiment))
    return found
