"""`websim import`: makes a run of a policy that another program learnt."""

import argparse
from functools import partial
from pathlib import Path

from websim_server.train.given import (
    add_code,
    data_of,
    define_tasks,
    source,
    told,
    with_tasks,
)
from websim_server.train.runlog import replace_file

PROGRAMS = {
    "onnx": "a perceptron in ONNX, of any program",
    "sb3": "a model of Stable-Baselines3 (.zip)",
    "cleanrl": "an agent of CleanRL's (.cleanrl_model), or its state dict",
    "tfjs": "a perceptron in TensorFlow.js: model.json, weights beside it, or a .zip of them",
}


def add_command(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Registers the command."""
    parser = commands.add_parser("import", help="make a run of another program's policy")
    programs = parser.add_subparsers(required=True, metavar="PROGRAM", dest="program")
    for name, what in PROGRAMS.items():
        one = programs.add_parser(name, help=what)
        one.add_argument("file", type=Path, help=what)
        one.add_argument(
            "--task", required=True, help="task id, or the path of a run (.websim) or of a robot"
        )
        one.add_argument(
            "--output", type=Path, metavar="RUN", help="the run (FILE's name with .websim)"
        )
        one.add_argument(
            "--normalizer",
            "--vecnormalize",
            type=Path,
            metavar="FILE",
            help="statistics of observations: VecNormalize's .pkl, .npz or JSON",
        )
        one.add_argument(
            "--actions",
            choices=("as-is", "normalized", "squashed"),
            default="as-is",
            help="normalized: -1 and 1 mean the task's bounds; squashed: the same, after a tanh "
            "that the file lacks (%(default)s)",
        )
        if name == "onnx":
            one.add_argument("--output-name", help="of the graph's output with the actions")
        one.add_argument("--title", help="what people call it (FILE's name)")
        add_code(one)
        one.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> None:
    """Runs the command; raises TrainError for what cannot be imported."""
    from websim.exchange.imports import READERS, run_from
    from websim.exchange.tfjs.bundle import packed
    from websim.experiments.sources import experiment_of
    from websim.sharing.links import archive_of

    file = arguments.file
    read = READERS[arguments.program]
    if arguments.program == "onnx":
        read = partial(read, output=arguments.output_name)
    with told():
        data = packed(file) if file.suffix == ".json" else data_of(file)
        tasks = define_tasks(arguments.tasks)
        experiment = with_tasks(experiment_of(source(arguments.task)), tasks, arguments.trust)
        made = run_from(
            read(data),
            experiment,
            statistics=data_of(arguments.normalizer) if arguments.normalizer else None,
            actions=arguments.actions,
            title=file.stem if arguments.title is None else arguments.title,
        )
        archive = archive_of(made)
    output = arguments.output or file.with_suffix(".websim")
    replace_file(output, archive)
    print(f"{output}: to go on from it, websim train --resume {output}")
