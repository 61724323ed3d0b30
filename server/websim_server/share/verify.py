"""`websim verify`: measures again what a run claims."""

import argparse
import json

from websim_server.errors import ServerError
from websim_server.train.given import add_run, read_run, told


class NotProven(ServerError):
    """Raised when what was measured is not what was claimed."""


def add_command(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Registers the command."""
    parser = commands.add_parser("verify", help="measure again what a run claims")
    add_run(parser)
    parser.add_argument("--json", action="store_true", help="for programs")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> None:
    """Runs the command.

    Raises:
        TrainError: it cannot be measured.
        NotProven: it is not what is claimed.
    """
    from websim.documents import as_plain
    from websim.sharing.proof import verify_claim

    with told():
        checkpoint = read_run(arguments)
        proof = verify_claim(checkpoint)
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
