"""`websim descent`: which runs were made of which."""

import argparse
import hashlib
import json
from dataclasses import asdict, dataclass

from websim_server.train.given import told


@dataclass(frozen=True)
class Member:
    """A run of a family.

    Attributes:
        id: The first characters of its file's sha256.
        title: What people call it, or its task; empty where it is not there.
        global_step: Environment steps that it had learnt for.
        parent: Id of what it was made of; None: of nothing, as far as is known.
    """

    id: str
    title: str
    global_step: int
    parent: str | None


ID_LENGTH = 12


def add_command(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Registers the command."""
    parser = commands.add_parser("descent", help="show which runs were made of which")
    parser.add_argument(
        "run_files",
        nargs="+",
        metavar="FILE|LINK|ADDRESS",
        help="runs; of a store's it is told what their server knows of them besides",
    )
    parser.add_argument("--json", action="store_true", help="for programs")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> None:
    """Runs the command; raises TrainError for what cannot be read."""
    found: dict[str, Member] = {}
    with told():
        for source in arguments.run_files:
            for member in _family(source):
                # What was read itself says more than what others say of it.
                if member.id not in found or not found[member.id].title:
                    found[member.id] = member
    if arguments.json:
        print(json.dumps([asdict(member) for member in found.values()]))
    else:
        print("\n".join(tree(list(found.values()))))


def tree(members: list[Member]) -> list[str]:
    """A line of each, below what it was made of."""
    there = {member.id for member in members}
    lines: list[str] = []

    def write(member: Member, depth: int) -> None:
        made_of = f", made of {member.parent}" if not depth and member.parent else ""
        title = member.title or "not here"
        lines.append(f"{'  ' * depth}{member.id}  {title}, {member.global_step:,} steps{made_of}")
        for child in members:
            if child.parent == member.id and child.id != member.id:
                write(child, depth + 1)

    for member in members:
        if member.parent not in there:
            write(member, 0)
    return lines


def _family(source: str) -> list[Member]:
    """A run, and of a store's what came before and after it."""
    from websim.sharing import stores
    from websim.sharing.links import run_bytes
    from websim.training import checkpoints

    if not stores.is_address(source):
        data = run_bytes(source)
        read = checkpoints.loads(data)
        experiment = read.experiment
        parent = experiment.parent and experiment.parent[:ID_LENGTH]
        own = hashlib.sha256(data).hexdigest()[:ID_LENGTH]
        steps = int(read.learner["global_step"])
        return [Member(own, experiment.title or experiment.task, steps, parent)]
    known = stores.about(source)
    about, before, after = known["about"], known["ancestors"], known["children"]
    line = [{**about, "id": known["id"], "title": about["title"] or about["task"]}, *before]
    parents = [one["id"] for one in before] + [None]
    family = [
        Member(one["id"], one["title"], one["global_step"], parent)
        for one, parent in zip(line, parents, strict=True)
    ]
    return family + [
        Member(one["id"], one["title"], one["global_step"], known["id"]) for one in after
    ]
