"""`websim export`: writes a run's policy as other programs read it."""

import argparse
from pathlib import Path

from websim_server.train.given import add_run, read_run, told
from websim_server.train.job import TrainError
from websim_server.train.runlog import replace_file


def add_command(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Registers the command."""
    parser = commands.add_parser("export", help="write a run's policy for other programs")
    add_run(parser)
    parser.add_argument("--onnx", type=Path, metavar="FILE", help="as ONNX")
    parser.add_argument(
        "--safetensors", type=Path, metavar="FILE", help="with the names of CleanRL's PPO agent"
    )
    parser.add_argument(
        "--tfjs", type=Path, metavar="FILE", help="as a layers model of TensorFlow.js, in a .zip"
    )
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> None:
    """Runs the command; raises TrainError for what cannot be exported."""
    from websim.exchange.exports import EXPORTS

    wanted = {getattr(arguments, format): export for format, export in EXPORTS.items()}
    wanted.pop(None, None)
    if not wanted:
        raise TrainError("say what to write: --onnx, --safetensors or --tfjs FILE")
    with told():
        run = read_run(arguments)
        made = {file: write(run) for file, write in wanted.items()}
    for file, data in made.items():
        replace_file(file, data)
        print(f"{file}: {len(data):,} bytes")
