"""`websim export`: writes a run's policy as other programs read it."""

import argparse
from pathlib import Path

from websim_server.train.given import add_run, read_run, told
from websim_server.train.runlog import replace_file


def add_command(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Registers the command."""
    parser = commands.add_parser("export", help="write a run's policy for other programs")
    add_run(parser)
    parser.add_argument("--onnx", type=Path, required=True, metavar="FILE", help="as ONNX")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> None:
    """Runs the command; raises TrainError for what cannot be exported."""
    from websim.exchange.onnx.export import export

    with told():
        data = export(read_run(arguments))
    replace_file(arguments.onnx, data)
    print(f"{arguments.onnx}: {len(data):,} bytes")
