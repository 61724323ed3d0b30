"""`websim verify`: measures again what a run claims."""

import argparse
import json

from websim_server.errors import ServerError
from websim_server.train.command import add_tasks, define_tasks, with_tasks
from websim_server.train.job import UNTRUSTED, TrainError


class NotProven(ServerError):
    """Raised when what was measured is not what was claimed."""


def add_command(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Registers the command."""
    parser = commands.add_parser("verify", help="measure again what a run claims")
    parser.add_argument("run_file", metavar="FILE|LINK", help="a run: .websim, or a link with one")
    parser.add_argument(
        "--trust",
        action="store_true",
        help="run its code even if it does more than calculate: it may do anything",
    )
    add_tasks(parser)
    parser.add_argument("--json", action="store_true", help="for programs")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> None:
    """Runs the command.

    Raises:
        TrainError: it cannot be measured.
        NotProven: it is not what is claimed.
    """
    from websim.documents import as_plain
    from websim.errors import UnsafeCode, WebSimError
    from websim.sharing.links import read_run
    from websim.sharing.proof import verify_claim

    try:
        checkpoint = read_run(arguments.run_file)
        tasks = define_tasks(arguments.tasks)
        checkpoint.experiment = with_tasks(checkpoint.experiment, tasks, arguments.trust)
        proof = verify_claim(checkpoint)
    except UnsafeCode as error:
        raise TrainError(f"{error}\n{UNTRUSTED}") from None
    except WebSimError as error:
        raise TrainError(str(error)) from None
    claim, measured = proof.claim, proof.measured
    if arguments.json:
        print(json.dumps(as_plain(proof)))
    else:
        print(
            f"claimed {claim.mean_return:,.2f}, measured here {measured.mean_return:,.2f} "
            f"({claim.episodes} episodes)\n{proof.why}"
        )
    if not proof.holds:
        raise NotProven("what is claimed is not what was measured")
