"""The command line: `websim serve`, `train`, `author`, `evaluate`, `share`, ... .

A command is a module with `add_command(commands)`, which adds its argument parser and sets `run` to
a function of the parsed arguments. Heavy imports belong into `run`.
"""

import argparse
import errno
import os
import sys
from collections.abc import Sequence

from websim_server import __version__
from websim_server.author import command as author
from websim_server.bench import command as bench
from websim_server.build import assets
from websim_server.errors import ServerError
from websim_server.exchange import clone, imports, record, replay
from websim_server.exchange import export as export_policy
from websim_server.share import descent, share, verify
from websim_server.site import export, serve
from websim_server.train import command as train
from websim_server.train import decisions, evaluate

COMMANDS = (
    *(serve, export, train, author, evaluate, decisions, share, verify, descent),
    *(export_policy, imports, record, replay, clone),
    *(bench, assets),
)

#: What keeps a command from writing and is not its fault.
_CANNOT_WRITE = {errno.ENOSPC, errno.EDQUOT, errno.EROFS}


def main(argv: Sequence[str] | None = None) -> int:
    """Runs a command and returns the exit status."""
    parser = argparse.ArgumentParser(
        prog="websim", description="A thousand real MuJoCo robots in one browser tab."
    )
    parser.add_argument("--version", action="version", version=f"%(prog)s {__version__}")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    for command in COMMANDS:
        command.add_command(commands)
    arguments = parser.parse_args(argv)
    try:
        arguments.run(arguments)
    except ServerError as error:
        print(f"websim: {error}", file=sys.stderr)
        return 1
    except OSError as error:
        if error.errno not in _CANNOT_WRITE:
            raise
        where = f" ({os.fsdecode(error.filename)})" if error.filename else ""
        print(f"websim: cannot write: {os.strerror(error.errno)}{where}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return 0
