"""`websim replay`: steps recorded episodes again, from each of their states."""

import argparse
from pathlib import Path

from websim_server.train.given import add_code, define_tasks, source, told, with_tasks


def add_command(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Registers the command."""
    parser = commands.add_parser("replay", help="step recorded episodes again, and compare")
    parser.add_argument(
        "recording", type=Path, help="a file of websim record or of D4RL, or a dataset of Minari's"
    )
    parser.add_argument(
        "--task", help="task id, run or robot that it is of (what the recording says)"
    )
    add_code(parser)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> None:
    """Runs the command; raises TrainError for what cannot be replayed."""
    from websim.experiments.sources import experiment_of
    from websim.trajectories.reading import read
    from websim.trajectories.replay import Replay

    with told():
        recording = read(arguments.recording)
        task = arguments.task or recording.named_task
        tasks = define_tasks(arguments.tasks)
        experiment = with_tasks(experiment_of(source(task)), tasks, arguments.trust)
        replay = Replay(experiment)
        try:
            most = max(replay.difference(episode) for episode in recording.episodes)
        finally:
            replay.close()
    steps = sum(len(episode.rewards) for episode in recording.episodes)
    print(
        f"{arguments.recording}: {len(recording.episodes):,} episodes of {task}, {steps:,} steps; "
        f"stepped again they end within {most:.1e} of what is recorded"
    )
