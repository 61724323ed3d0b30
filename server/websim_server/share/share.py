"""`websim share`: makes a link that carries a run."""

import argparse
import json
import sys
from dataclasses import replace

from websim_server.train.given import add_run, read_run, told


def add_command(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Registers the command."""
    parser = commands.add_parser("share", help="make a link that carries a run's policy")
    add_run(parser)
    parser.add_argument(
        "--max-characters", type=int, default=2000, help="chats cut longer ones (%(default)s)"
    )
    parser.add_argument(
        "--policy",
        choices=("auto", "int8", "fp16"),
        default="auto",
        help="precision of the weights; auto: the better that fits",
    )
    parser.add_argument(
        "--distil",
        choices=("32x32", "linear"),
        help="teach a smaller policy what this one does, and share that; says what it costs",
    )
    parser.add_argument(
        "--episodes", type=int, default=20, help="that the claim is made of (%(default)s)"
    )
    parser.add_argument("--seed", type=int, default=0, help="of the first (%(default)s)")
    parser.add_argument("--title", help="what people call it")
    parser.add_argument("--author", help="who made it; nothing is said by default")
    parser.add_argument("--url", metavar="ADDRESS", help="of a page, to print the whole link")
    parser.add_argument("--json", action="store_true", help="for programs")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> None:
    """Runs the command; raises TrainError for what cannot be shared."""
    from websim.documents import as_plain
    from websim.sharing.distillation import distil
    from websim.sharing.links import share
    from websim.training.evaluation import evaluate

    with told():
        checkpoint = read_run(arguments)
        said = {"title": arguments.title, "author": arguments.author}
        checkpoint.experiment = replace(
            checkpoint.experiment,
            **{name: value for name, value in said.items() if value is not None},
        )
        whole = None
        if arguments.distil:
            whole = evaluate(checkpoint, arguments.episodes, arguments.seed).returns.mean()
            checkpoint = distil(checkpoint, arguments.distil)
        link = share(
            checkpoint,
            precision=arguments.policy,
            max_characters=arguments.max_characters,
            episodes=arguments.episodes,
            seed=arguments.seed,
        )
    address = (arguments.url or "").partition("#")[0] + link.fragment
    if arguments.json:
        about = {"link": address, "characters": len(address), "policy": link.precision}
        before = {} if whole is None else {"return_before": whole}
        print(json.dumps({**about, **before, "claim": as_plain(link.run.claim)}))
        return
    if whole is not None and link.run.claim is not None:
        now, episodes = link.run.claim.mean_return, arguments.episodes
        print(
            f"{arguments.distil}: a return of {now:,.1f} in place of {whole:,.1f} "
            f"({(now - whole) / abs(whole):+.1%}) over {episodes} episodes; "
            f"{len(address):,} characters",
            file=sys.stderr,
        )
    print(address)
