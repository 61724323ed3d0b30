"""`websim clone`: makes a run of recorded episodes, by teaching a policy what they show."""

import argparse
import os
from pathlib import Path

from websim_server.train.given import add_code, define_tasks, source, told, with_tasks
from websim_server.train.runlog import replace_file


def add_command(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Registers the command."""
    parser = commands.add_parser("clone", help="teach a policy what recorded episodes show")
    parser.add_argument(
        "recording", type=Path, help="a file of websim record or of D4RL, or a dataset of Minari's"
    )
    parser.add_argument(
        "--task", help="task id, run or robot that it is of (what the recording says)"
    )
    parser.add_argument("--seed", type=int, default=0, help="of what is drawn (%(default)s)")
    parser.add_argument("--output", type=Path, metavar="RUN", help="(the recording's, .websim)")
    add_code(parser)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> None:
    """Runs the command; raises TrainError for what cannot be learnt from."""
    # Its matrices are so small that threads cost more than they gain.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

    from tqdm import tqdm

    from websim.experiments.sources import experiment_of
    from websim.sharing.links import archive_of
    from websim.trajectories.cloning import UPDATES, Cloning
    from websim.trajectories.reading import read

    with told():
        recording = read(arguments.recording)
        tasks = define_tasks(arguments.tasks)
        task = arguments.task or recording.named_task
        experiment = with_tasks(experiment_of(source(task)), tasks, arguments.trust)
        cloning = Cloning(
            recording, experiment, seed=arguments.seed, title=arguments.recording.stem
        )
        with tqdm(total=UPDATES, unit="update", disable=None) as bar:
            while not cloning.advance(1.0):
                bar.update(cloning.updates - bar.n)
        data = archive_of(cloning.run)
    output = arguments.output or arguments.recording.with_suffix(".websim")
    replace_file(output, data)
    print(
        f"{output}: {cloning.loss:.2%} of what its actions vary is left unexplained; to measure "
        f"it, websim evaluate {output}"
    )
