"""`websim train`: learns a task and writes down how it went."""

import argparse
import ast
import hashlib
import json
import os
import re
import time
from dataclasses import fields, replace
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from websim_server.train.given import (
    add_code,
    define_tasks,
    made_of,
    source,
    text_of,
    told,
    with_tasks,
)
from websim_server.train.job import Job, TrainError

if TYPE_CHECKING:
    from websim.experiments.experiment import Experiment
    from websim_server.train.backends.machines import Meeting


def add_command(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Registers the command."""
    parser = commands.add_parser("train", help="learn a task")
    parser.add_argument(
        "task",
        nargs="?",
        help="task id, or the path of a run (.websim) or of a robot; not with --resume",
    )
    parser.add_argument("--algo", help="algorithm (the file's, or ppo)")
    parser.add_argument("--preset", help="set of hyperparameters (the algorithm's first)")
    parser.add_argument("--total-timesteps", type=float, help="environment steps in all")
    parser.add_argument("--seed", type=int, help="of everything random (the file's, or 1)")
    add_several(parser)
    parser.add_argument(
        "--set",
        nargs="+",
        action="extend",
        default=[],
        metavar="NAME=VALUE",
        help="single hyperparameters",
    )
    parser.add_argument("--task-options", default="{}", metavar="JSON", help="of the task")
    for code, does in (
        ("reward", "pays in place of the task"),
        ("measure", "says what success is"),
    ):
        parser.add_argument(f"--{code}", type=Path, metavar="FILE", help=f"Python that {does}")
    parser.add_argument(
        "--world", type=Path, metavar="FILE", help="JSON of what differs from robot to robot"
    )
    add_code(parser)
    parser.add_argument("--list", action="store_true", help="list the hyperparameters, and end")
    parser.add_argument(
        "--backend",
        choices=("native", "browser", "ray"),
        default="native",
        help="where it runs: here, in a headless Chromium, or on a Ray cluster (%(default)s)",
    )
    parser.add_argument(
        "--ranks",
        type=int,
        help="processes, the browser's workers, or Ray's actors (1; resuming: as before)",
    )
    add_machines(parser)
    parser.add_argument(
        "--reproducible",
        action="store_true",
        help="in the browser: the same bits on every machine, somewhat slower",
    )
    parser.add_argument(
        "--output", type=Path, default=Path("runs"), help="runs go there (%(default)s)"
    )
    parser.add_argument(
        "--adapt",
        nargs="?",
        const=True,
        metavar="FILE",
        help="let the run change its own course, and keep what helps; FILE: JSON of how",
    )
    parser.add_argument(
        "--ask", action="store_true", help="try a change only after a yes at the terminal"
    )
    parser.add_argument(
        "--undo",
        type=int,
        metavar="N",
        help="with --resume: go on with the side that decision N did not take",
    )
    parser.add_argument("--resume", metavar="FILE|LINK|ADDRESS|URL", help="go on from a run")
    parser.add_argument(
        "--keep", metavar="URL", help="keep the last checkpoint there as well, as fsspec writes it"
    )
    parser.add_argument(
        "--checkpoint-seconds", type=float, default=60, help="between two (%(default)s)"
    )
    parser.set_defaults(run=run)


def add_several(parser: argparse.ArgumentParser) -> None:
    """The options of several runs in one command."""
    parser.add_argument("--seeds", metavar="1-5", help="a run of each of these seeds")
    parser.add_argument(
        "--sweep",
        nargs="+",
        action="extend",
        default=[],
        metavar="NAME=VALUE,VALUE",
        help="a run of each of these values, and of each combination of several such",
    )
    parser.add_argument(
        "--workers",
        type=int,
        help="of several runs, so many at a time (as there are cores, or CPUs of the cluster)",
    )


def add_machines(parser: argparse.ArgumentParser) -> None:
    """The options of runs on several machines."""
    parser.add_argument(
        "--serve-ranks",
        metavar="[HOST:]PORT",
        help="let ranks on other machines join there; --ranks is how many there are in all, one of "
        "them here (HOST: the address by which others reach this machine; this machine alone)",
    )
    parser.add_argument(
        "--join", metavar="HOST:PORT", help="be a rank, or --ranks of them, of a run served there"
    )
    parser.add_argument(
        "--least-ranks",
        type=int,
        metavar="N",
        help="begin when so many are there; others take their share when they come (all)",
    )
    parser.add_argument(
        "--rank-resources",
        default="{}",
        metavar="JSON",
        help='what each of Ray\'s actors asks for, such as {"num_cpus": 2} (1 CPU)',
    )
    parser.add_argument(
        "--token-file",
        type=Path,
        metavar="FILE",
        help="the secret that lets ranks in (WEBSIM_TOKEN; serving without one: a new one)",
    )
    parser.add_argument(
        "--tls",
        type=Path,
        metavar="FILE",
        help="PEM with a certificate and its key, the same on all machines: nobody listens",
    )


def run(arguments: argparse.Namespace) -> None:
    """Runs the command."""
    # Before numpy is imported: ranks share the cores, and one rank's products are too small to.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    with told():
        if arguments.list:
            _list(arguments.algo or "ppo")
            return
        if arguments.join:
            _join(arguments)
            return
        if arguments.seeds or arguments.sweep:
            _train_all(arguments)
            return
        job, ranks = _job(arguments)
        if arguments.serve_ranks:
            from websim_server.train.backends import machines

            if arguments.backend != "native" or arguments.ask or arguments.undo is not None:
                raise TrainError("--serve-ranks needs --backend native, without --ask and --undo")
            machines.train(job, ranks, _meeting(arguments, arguments.serve_ranks))
            return
        if arguments.backend == "ray":
            resources = _json_object("--rank-resources", arguments.rank_resources)
            from websim_server.train.backends import ray

            ray.train(job, ranks, _meeting(arguments), resources)
            return
        backend = import_module(f"websim_server.train.backends.{arguments.backend}")
        backend.train(job, ranks, reproducible=arguments.reproducible)


def _train_all(arguments: argparse.Namespace) -> None:
    """Carries out several runs; raises TrainError or WebSimError."""
    from websim_server.train.several import tell, variants

    alone = ("resume", "keep", "serve_ranks", "ask", "reproducible")
    for name in alone:
        if getattr(arguments, name):
            raise TrainError(
                f"--{name.replace('_', '-')} is of one run, without --seeds and --sweep"
            )
    if arguments.ranks not in (None, 1) or arguments.backend == "browser":
        raise TrainError("of several runs each has one rank, and --backend native or ray")
    if arguments.workers is not None and arguments.workers < 1:
        raise TrainError(f"--workers must be at least 1, not {arguments.workers}")
    jobs, settings = [], []
    for setting, one in variants(arguments):
        job, _ = _job(one)
        label = f"{setting} seed={job.experiment.seed}".strip()
        folder = job.folder
        if setting:
            folder = folder.with_name(f"{folder.name}__{_file_name(setting)}")
        jobs.append(replace(job, label=label, folder=folder))
        settings.append(setting)
    if arguments.backend == "ray":
        resources = _json_object("--rank-resources", arguments.rank_resources)
        from websim_server.train.backends import ray

        returns = ray.train_all(jobs, arguments.workers, _meeting(arguments), resources)
    else:
        from websim_server.train.backends import native

        returns = native.train_all(jobs, arguments.workers)
    tell(settings, returns)


def _join(arguments: argparse.Namespace) -> None:
    """Takes part in somebody's run; raises TrainError or WebSimError."""
    from websim_server.train.backends import machines

    if arguments.task or arguments.resume:
        raise TrainError("--join knows the run: leave it away")
    ranks = 1 if arguments.ranks is None else arguments.ranks
    machines.join(arguments.join, ranks, arguments.token_file, arguments.tls, arguments.trust)


def _meeting(arguments: argparse.Namespace, address: str = "0") -> "Meeting":
    """Where ranks meet; raises TrainError or WebSimError."""
    from websim_server.train.backends import machines

    return machines.meeting_at(address, arguments.token_file, arguments.tls, arguments.least_ranks)


def _job(arguments: argparse.Namespace) -> tuple[Job, int]:
    """What to train, and with how many ranks; raises TrainError or WebSimError."""
    from websim.algorithms import learner_class
    from websim.algorithms.base import make_hyperparameters
    from websim.sharing.links import run_bytes
    from websim.training import checkpoints
    from websim.training.verification import verify
    from websim_server.train.kept import Kept

    tasks = define_tasks(arguments.tasks)
    if not arguments.checkpoint_seconds > 0:
        raise TrainError(
            f"--checkpoint-seconds must be above 0, not {arguments.checkpoint_seconds:g}"
        )
    data, checkpoint, ranks = None, None, 1
    if arguments.resume:
        if arguments.task:
            raise TrainError("--resume knows the task: leave it away")
        at_url = _is_url(arguments.resume)
        data = Kept(arguments.resume).read() if at_url else run_bytes(arguments.resume)
        checkpoint = checkpoints.loads(data)
        experiment, folder = _resumed(checkpoint.experiment, data, arguments)
        ranks = max(1, len(checkpoint.ranks))
    else:
        experiment = _new(arguments)
        folder = arguments.output / _run_name(experiment)
    experiment = with_tasks(_adapting(experiment, data, arguments), tasks, arguments.trust)
    args = make_hyperparameters(
        learner_class(experiment.algorithm).Hyperparameters, experiment.hyperparameters
    )
    if arguments.ranks is not None:
        ranks = arguments.ranks
    if ranks < 1 or args.num_envs % ranks:
        raise TrainError(f"--ranks must divide num_envs, which is {args.num_envs}")
    experiment.make_vec(1).close()  # what is wrong is told at once
    if checkpoint is not None:
        verify(checkpoint, experiment)
    if arguments.keep is not None:
        Kept(arguments.keep)  # what is wrong is told at once
    job = Job(
        experiment, data, folder, arguments.checkpoint_seconds, arguments.undo, arguments.keep
    )
    return job, ranks


def _resumed(
    before: "Experiment", data: bytes, arguments: argparse.Namespace
) -> tuple["Experiment", Path]:
    """What goes on, and in which folder.

    What is of somebody else, and what is paid or judged otherwise from now on, is made of the run
    that was given, and says so; of a link or an address it has a folder of its own.
    """
    from websim.sharing.addresses import is_address
    from websim.sharing.envelope import is_link

    experiment = replace(
        before,
        hyperparameters=before.hyperparameters | _changed(arguments),
        reward=text_of(arguments.reward) or before.reward,
        measure=text_of(arguments.measure) or before.measure,
    )
    elsewhere = is_link(arguments.resume) or is_address(arguments.resume)
    changed = (experiment.reward, experiment.measure) != (before.reward, before.measure)
    if elsewhere or changed:
        experiment = replace(experiment, parent=hashlib.sha256(data).hexdigest())
    if elsewhere or _is_url(arguments.resume):
        return experiment, arguments.output / _run_name(experiment)
    return experiment, Path(arguments.resume).parent


def _is_url(text: str) -> bool:
    """Whether it is what `fsspec` reads: no link with a run in it, and no address on the web."""
    from websim.sharing.addresses import is_address
    from websim.sharing.envelope import is_link

    return "://" in text and not is_link(text) and not is_address(text)


def _new(arguments: argparse.Namespace) -> "Experiment":
    """What begins, with all that the command line says of it."""
    from websim.algorithms import learner_class
    from websim.algorithms.presets import PRESETS, preset
    from websim.experiments.sources import experiment_of, whole
    from websim.worlds.world import world_from_dict

    if not arguments.task:
        raise TrainError("name a task, such as Ant-v5, a file, or a checkpoint with --resume")
    given = experiment_of(source(arguments.task))
    algorithm = arguments.algo or given.algorithm
    learner_class(algorithm)
    chosen = given.hyperparameters
    if arguments.preset or arguments.algo or not chosen:
        name = arguments.preset or next(iter(PRESETS[algorithm]))
        chosen = preset(algorithm, name, given.task)
    return whole(
        replace(
            given,
            algorithm=algorithm,
            task_options=given.task_options
            | _json_object("--task-options", arguments.task_options),
            hyperparameters=chosen | _changed(arguments),
            reward=text_of(arguments.reward) or given.reward,
            measure=text_of(arguments.measure) or given.measure,
            world=made_of(arguments.world, world_from_dict) or given.world,
            seed=given.seed if arguments.seed is None else arguments.seed,
        )
    )


def _adapting(
    experiment: "Experiment", data: bytes | None, arguments: argparse.Namespace
) -> "Experiment":
    """The same with how it changes its course; raises TrainError for what cannot be asked of it."""
    from websim.adaptation.settings import adaptation_of
    from websim.adaptation.sides import undoable_of

    how = experiment.adaptation
    if arguments.adapt:
        how = {} if arguments.adapt is True else made_of(Path(arguments.adapt), _object)
    if arguments.ask:
        if how is None:
            raise TrainError("--ask is of a run that adapts: add --adapt")
        how = {**how, "ask": True}
    if how is not None:
        adaptation_of(how)
    asks = (how or {}).get("ask") or arguments.undo is not None
    if asks and arguments.backend != "native":
        raise TrainError("--ask and --undo need --backend native: in the page there are buttons")
    if arguments.undo is not None and (data is None or arguments.undo not in undoable_of(data)):
        raise TrainError(
            f"decision {arguments.undo} cannot be undone: "
            "`websim decisions FILE` lists those that can, and --resume FILE goes on from it"
        )
    return replace(experiment, adaptation=how)


def _run_name(experiment: "Experiment") -> str:
    """Of a new run's folder."""
    name = _file_name(experiment.title) or experiment.task
    return f"{name}__{experiment.algorithm}__{experiment.seed}__{int(time.time())}"


def _file_name(text: str) -> str:
    """What may be part of a file's name everywhere."""
    return re.sub(r"[^\w.=-]+", "-", text).strip(".-")


def _object(given: Any) -> dict[str, Any]:
    """A JSON object; raises ValueError for anything else."""
    if not isinstance(given, dict):
        raise ValueError("it must hold a JSON object")
    return given


def _changed(arguments: argparse.Namespace) -> dict[str, Any]:
    """Hyperparameters that the command line names."""
    changed = dict(_assignment(text) for text in arguments.set)
    if arguments.total_timesteps is not None:
        changed["total_timesteps"] = arguments.total_timesteps
    return changed


def _assignment(text: str) -> tuple[str, Any]:
    """NAME=VALUE as a pair; what is no Python literal is a string, or sizes as 64x64."""
    name, separator, value = text.partition("=")
    if not separator:
        raise TrainError(f"--set takes NAME=VALUE, not {text!r}")
    literal = {"true": "True", "false": "False", "none": "None"}.get(value.lower(), value)
    if re.fullmatch(r"\d+(x\d+)+", value):
        literal = value.replace("x", ",")
    try:
        return name.replace("-", "_"), ast.literal_eval(literal)
    except (ValueError, SyntaxError):
        return name.replace("-", "_"), value


def _json_object(option: str, text: str) -> dict[str, Any]:
    """What an option says in JSON."""
    try:
        found = json.loads(text)
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise TrainError(f"{option} takes a JSON object, not {text!r}")
    return found


def _list(algorithm: str) -> None:
    """Prints hyperparameters with their defaults, ranges and explanations, and the presets."""
    from websim.algorithms import algorithm_class
    from websim.algorithms.presets import PRESETS

    for entry in fields(algorithm_class(algorithm).Hyperparameters):
        low, high = entry.metadata["low"], entry.metadata["high"]
        limits = f"{'' if low is None else f'{low:g}'}..{'' if high is None else f'{high:g}'}"
        limits = "" if limits == ".." else limits
        print(f"{entry.name:18} {entry.default!s:10} {limits:10} {entry.metadata['help']}")
    for name, tasks in PRESETS[algorithm].items():
        for task, values in tasks.items():
            text = " ".join(f"{key}={value}" for key, value in values.items())
            print(f"preset {name}, {'every task' if task == '*' else task}: {text}")
