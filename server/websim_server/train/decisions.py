"""`websim decisions`: what a run has decided of its own course."""

import argparse
import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from websim_server.train.job import TrainError

if TYPE_CHECKING:
    from websim.experiments.decisions import Decision


def add_command(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Registers the command."""
    parser = commands.add_parser("decisions", help="list what a run has decided by itself")
    parser.add_argument("run_file", type=Path, metavar="FILE", help="a run (.websim)")
    parser.add_argument("--json", action="store_true", help="for programs, a decision a line")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> None:
    """Runs the command; raises TrainError for what is no run."""
    from websim.adaptation.sides import undoable_of
    from websim.errors import WebSimError
    from websim.experiments.decisions import decisions_of

    try:
        data = arguments.run_file.read_bytes()
        found, undoable = decisions_of(data), undoable_of(data)
    except OSError as error:
        raise TrainError(f"{arguments.run_file} cannot be read: {error.strerror}") from None
    except WebSimError as error:
        raise TrainError(str(error)) from None
    for number, one in enumerate(found):
        if arguments.json:
            print(json.dumps({**asdict(one), "number": number, "undoable": number in undoable}))
        else:
            print(_line(number, one, number in undoable))
    if not found and not arguments.json:
        print("It has decided nothing.")


def _line(number: int, one: "Decision", undoable: bool) -> str:
    step = f"step {one.when['steps']:,.0f}" if "steps" in one.when else ""
    cost = f"{one.cost['steps']:,.0f} steps" if "steps" in one.cost else ""
    parts = [f"{number:3}", step, f"{one.what}.", one.outcome, f"It cost {cost}." if cost else ""]
    undo = f"To go back: websim train --resume FILE --undo {number}" if undoable else ""
    return " ".join(part for part in (*parts, undo) if part)
