"""`websim evaluate`: plays a run's policy and says how good it is."""

import argparse
import json
from typing import TYPE_CHECKING, Any

from websim_server.train.given import add_run, read_run, told

if TYPE_CHECKING:
    from numpy.typing import NDArray


def add_command(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Registers the command."""
    parser = commands.add_parser("evaluate", help="say how good a run's policy is")
    add_run(parser)
    parser.add_argument("--episodes", type=int, default=100, help="how many (%(default)s)")
    parser.add_argument("--seed", type=int, default=0, help="of the first (%(default)s)")
    parser.add_argument("--json", action="store_true", help="for programs")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> None:
    """Runs the command; raises TrainError for what cannot be evaluated."""
    from websim.training.evaluation import evaluate

    with told():
        checkpoint = read_run(arguments)
        found = evaluate(checkpoint, arguments.episodes, arguments.seed)
    experiment = checkpoint.experiment
    about = {
        "experiment": experiment.sha256,
        "task": experiment.task,
        "episodes": arguments.episodes,
        "seed": arguments.seed,
        "return": _spread(found.returns),
        "length": _spread(found.lengths),
        "measure": _spread(found.measures),
    }
    if arguments.json:
        print(json.dumps(about))
        return
    print(f"{experiment.title or experiment.task}, {arguments.episodes} episodes")
    for name in ("return", "length", "measure"):
        spread = about[name]
        if spread is None:
            print(f"{name:8} nobody has said what success is")
        else:
            print(
                f"{name:8} {spread['mean']:.2f} ± {spread['std']:.2f}"
                f"  ({spread['min']:.2f} to {spread['max']:.2f})"
            )


def _spread(values: "NDArray[Any]") -> dict[str, float] | None:
    """Mean, standard deviation and range; None where there are no numbers."""
    if values.dtype.kind == "f" and values[values != values].size:
        return None
    kinds = ("mean", "std", "min", "max")
    return {kind: float(getattr(values, kind)()) for kind in kinds}
