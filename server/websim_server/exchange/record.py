"""`websim record`: plays episodes of a run and writes them down."""

import argparse
import os
import sys
from collections.abc import Iterator
from contextlib import closing, nullcontext
from ctypes.util import find_library
from pathlib import Path
from typing import TYPE_CHECKING

from websim_server.train.given import (
    add_run,
    define_tasks,
    read_run,
    source,
    told,
    with_tasks,
)
from websim_server.train.job import TrainError

if TYPE_CHECKING:
    from websim.experiments.experiment import Experiment
    from websim.states import StateDict
    from websim.trajectories.camera import Camera
    from websim.trajectories.recorder import Episode


def add_command(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Registers the command."""
    parser = commands.add_parser("record", help="play episodes and write them down")
    add_run(parser)
    parser.add_argument("--episodes", type=int, default=100, help="how many (%(default)s)")
    parser.add_argument("--seed", type=int, default=0, help="of the first (%(default)s)")
    parser.add_argument(
        "--random",
        type=float,
        default=0.0,
        metavar="SHARE",
        help="of the episodes, with actions at random; 1: a task id will do (%(default)s)",
    )
    parser.add_argument(
        "--format", choices=("npz", "minari", "lerobot"), default="npz", help="(%(default)s)"
    )
    parser.add_argument(
        "--video", action="store_true", help="with what a camera sees (lerobot): slow"
    )
    parser.add_argument("--out", type=Path, required=True, help="a file (npz), or a new folder")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> None:
    """Runs the command; raises TrainError for what cannot be recorded."""
    if arguments.video and arguments.format != "lerobot":
        raise TrainError("--video goes with --format lerobot: the others have no pictures.")
    if arguments.video and sys.platform == "linux":
        # MuJoCo chooses what draws as it is imported; a screen is not needed.
        os.environ.setdefault("MUJOCO_GL", "osmesa" if find_library("OSMesa") else "egl")

    from tqdm import tqdm

    from websim.trajectories import lerobot, minari, npz
    from websim.trajectories.recorder import Recorder

    with told():
        experiment, learner = _played(arguments)
        recorder = Recorder(
            experiment, learner, arguments.episodes, seed=arguments.seed, random=arguments.random
        )
        steps = 0

        def played() -> "Iterator[Episode]":
            nonlocal steps
            episodes = recorder.play()
            for episode in tqdm(episodes, total=recorder.episodes, unit="episode", disable=None):
                steps += len(episode.rewards)
                yield episode

        try:
            about = recorder.about()
            if arguments.format == "minari":
                minari.write(arguments.out, played(), experiment, recorder.spaces, about)
            elif arguments.format == "lerobot":
                with _eye(experiment) if arguments.video else nullcontext() as eye:
                    lerobot.write(arguments.out, played(), experiment, about, eye)
            else:
                npz.write(arguments.out, played(), about)
        finally:
            recorder.close()
    print(f"{arguments.out}: {arguments.episodes:,} episodes, {steps:,} steps")


def _eye(experiment: "Experiment") -> "closing[Camera]":
    from websim.trajectories.camera import Camera

    return closing(Camera(experiment))


def _played(arguments: argparse.Namespace) -> "tuple[Experiment, StateDict | None]":
    """What is played, and whose policy acts; nobody's needs to where all is random."""
    from websim.experiments.sources import experiment_of
    from websim.sharing.envelope import is_link
    from websim.training.verification import verify

    if arguments.random == 1 and not is_link(arguments.run_file):
        tasks = define_tasks(arguments.tasks)
        experiment = experiment_of(source(arguments.run_file)).for_learning()
        return with_tasks(experiment, tasks, arguments.trust), None
    checkpoint = read_run(arguments)
    verify(checkpoint)
    return checkpoint.experiment, checkpoint.learner
