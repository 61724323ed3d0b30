"""`websim author`: says what a robot should do, and gets a policy that does it."""

import argparse
import json
import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from websim_server.errors import ServerError
from websim_server.llm import settings as llm
from websim_server.train.job import TrainError

if TYPE_CHECKING:
    from websim.authors.candidates import Author
    from websim.authors.tournament.tournament import Tournament
    from websim.experiments.experiment import Experiment
    from websim_server.author.pool import Pool
    from websim_server.author.ray_pool import RayPool
    from websim_server.author.reporter import Reporter

AUTHORS = ("offline", "llm", "hand")


def add_command(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Registers the command."""
    parser = commands.add_parser("author", help="learn what words say, by a tournament of rewards")
    parser.add_argument("words", nargs="?", help='such as "run backwards"; not with --resume')
    parser.add_argument(
        "--task", default="HalfCheetah-v5", help="task id, run (.websim) or robot (%(default)s)"
    )
    parser.add_argument(
        "--author",
        choices=AUTHORS,
        help="who writes rewards: offline, llm (a language model) or hand (offline; with "
        "--reward: hand)",
    )
    parser.add_argument(
        "--reward", type=Path, nargs="+", default=[], metavar="FILE", help="rewards, by hand"
    )
    parser.add_argument("--measure", type=Path, metavar="FILE", help="their measure, by hand")
    parser.add_argument("--candidates", type=int, default=8, help="that learn (%(default)s)")
    parser.add_argument("--minutes", type=float, help="that it may take (10, or as --steps need)")
    parser.add_argument("--steps", type=float, help="environment steps in all")
    parser.add_argument("--workers", type=int, help="that learn at a time (as there are cores)")
    parser.add_argument(
        "--backend",
        choices=("native", "ray"),
        default="native",
        help="where candidates learn: in processes here, or on a Ray cluster (%(default)s)",
    )
    parser.add_argument(
        "--episodes", type=int, default=16, help="by which a policy is judged (%(default)s)"
    )
    parser.add_argument("--seed", type=int, default=1, help="of everything random (%(default)s)")
    parser.add_argument(
        "--seeds", metavar="1-5", help="a tournament of each, one after another, each its own file"
    )
    parser.add_argument(
        "--control",
        choices=("random-weights", "equal-weights"),
        help="what the search is compared with, at equal cost",
    )
    parser.add_argument("--out", type=Path, metavar="FILE", help="the best run (best.websim)")
    parser.add_argument("--resume", type=Path, metavar="FILE", help="go on from such a file")
    parser.add_argument("--json", action="store_true", help="for programs")
    parser.add_argument(
        "--show-prompt", action="store_true", help="what a language model would be told, and end"
    )
    llm.add_options(parser)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> None:
    """Runs the command; raises TrainError for what cannot begin, or brought nothing."""
    # Before numpy is imported: a process has a core.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    if arguments.backend == "native":
        from websim.physics import usable_cores
        from websim_server.author.pool import Pool

        _hold_all(arguments, Pool, usable_cores)
        return
    from websim_server.author.ray_pool import RayPool
    from websim_server.clusters import cluster, cores

    with cluster():
        _hold_all(arguments, RayPool, cores)


def _hold_all(
    arguments: argparse.Namespace,
    pool_of: "Callable[[int], Pool | RayPool]",
    cores: Callable[[], int],
) -> None:
    """Holds the tournament, or one of each seed; see `_hold`."""
    if not arguments.seeds:
        _hold(arguments, pool_of, cores)
        return
    from websim_server.train.several import seeds_of

    if arguments.resume or arguments.show_prompt:
        raise TrainError("--seeds is of tournaments that begin, without --resume and --show-prompt")
    out = arguments.out or Path("best.websim")
    for seed in seeds_of(arguments.seeds):
        own = {"seed": seed, "out": out.with_stem(f"{out.stem}-{seed}")}
        if not _hold(argparse.Namespace(**{**vars(arguments), **own}), pool_of, cores):
            return  # it was stopped


def _hold(
    arguments: argparse.Namespace,
    pool_of: "Callable[[int], Pool | RayPool]",
    cores: Callable[[], int],
) -> bool:
    """Holds a tournament; says whether it is over. See `run`.

    Args:
        arguments: What the command line says.
        pool_of: See Driver.
        cores: How many learn at a time, if nothing is said of it.
    """
    from websim.authors.tournament import archive
    from websim.authors.tournament.tournament import Tournament
    from websim.errors import WebSimError
    from websim_server.author.driver import Driver
    from websim_server.author.reporter import Reporter
    from websim_server.train.interruptions import interruptions

    runs: dict[int, bytes] = {}
    workers = arguments.workers or cores()
    try:
        if arguments.resume:
            tournament, runs = archive.load(_read(arguments.resume))
            _go_on(tournament, arguments, workers)
        else:
            tournament = Tournament.begin(_experiment(arguments), _settings(arguments, workers))
        if arguments.show_prompt:
            _show_prompt(tournament)
            return False
        out = arguments.out or arguments.resume or Path("best.websim")
        with (
            Reporter(tournament, quiet=arguments.json) as reporter,
            interruptions("saving what there is") as interrupted,
        ):
            author = _author(arguments, tournament, reporter, interrupted)
            Driver(tournament, runs, author, out, reporter, pool_of).run(interrupted)
    except WebSimError as error:
        raise TrainError(str(error)) from None
    _tell(tournament, out, arguments)
    return tournament.over


def _go_on(tournament: "Tournament", arguments: argparse.Namespace, workers: int) -> None:
    """What may be another when it goes on."""
    from websim.authors.tournament.tournament import check

    if arguments.words:
        raise TrainError("--resume knows the words: leave them away")
    if tournament.over:
        raise TrainError("this tournament is over: websim train --resume goes on from its best")
    settings = tournament.state.settings
    settings.workers = workers
    if arguments.minutes is not None:
        settings.seconds = 60 * arguments.minutes
    check(settings)


def _experiment(arguments: argparse.Namespace) -> "Experiment":
    """Where candidates learn."""
    from websim.authors.tournament.learning import settled
    from websim.experiments.experiment import MAX_TITLE
    from websim.experiments.sources import experiment_of, whole
    from websim_server.train.given import source

    given = settled(experiment_of(source(arguments.task)))
    return whole(replace(given, seed=arguments.seed, title=(arguments.words or "")[:MAX_TITLE]))


def _settings(arguments: argparse.Namespace, workers: int) -> Any:
    from websim.authors.tournament.records import Settings

    minutes, steps = arguments.minutes, arguments.steps
    if minutes is None and steps is None:
        minutes = 10.0
    return Settings(
        words=arguments.words or "",
        candidates=arguments.candidates,
        steps=None if steps is None else int(steps),
        seconds=None if minutes is None else 60 * minutes,
        workers=workers,
        episodes=arguments.episodes,
        seed=arguments.seed,
        control=arguments.control or "",
        author=arguments.author or ("hand" if arguments.reward else "offline"),
    )


def _show_prompt(tournament: "Tournament") -> None:
    from websim.authors.llm import Conversation, system_prompt

    count = tournament.state.asking or tournament.state.settings.candidates
    print(system_prompt())
    print(Conversation(tournament.brief, count).turns[0].text)


def _author(
    arguments: argparse.Namespace,
    tournament: "Tournament",
    reporter: "Reporter",
    interrupted: "Callable[[], bool]",
) -> "Author":
    """Who writes; of a tournament that goes on, what was written by hand is in it."""
    from websim.authors import Candidate, make_author

    state = tournament.state
    name = state.settings.author
    if name == "llm":
        from websim_server.llm.native import NativeAsker

        try:
            settings = llm.read_settings(arguments)
        except ServerError as error:
            raise TrainError(f"{error}. The author offline needs none.") from None
        return make_author(name, ask=NativeAsker(settings, reporter.say, interrupted))
    if name != "hand":
        return make_author(name)
    if state.entries:
        return make_author(name, [entry.candidate for entry in state.entries])
    if not arguments.reward or not arguments.measure:
        raise TrainError("--author hand needs files: --reward a.py b.py --measure m.py")
    measure = _read(arguments.measure).decode()
    return make_author(
        name,
        [
            Candidate(name=path.stem, reward=_read(path).decode(), measure=measure, why="By hand.")
            for path in arguments.reward
        ],
    )


def _tell(tournament: "Tournament", out: Path, arguments: argparse.Namespace) -> None:
    """Says what came of it; raises TrainError where nothing did."""
    state, best = tournament.state, tournament.best
    if arguments.json:
        print(json.dumps(_summary(tournament, out)))
    if best is None:
        raise TrainError(state.ending or "it was stopped before anything was judged")
    if arguments.json:
        return
    print(f"{state.settings.words}: {best}, after {tournament.steps:,} steps.")
    print(f"The policy is in {out}" + ("" if tournament.over else "; --resume goes on from it"))


def _summary(tournament: "Tournament", out: Path) -> dict[str, Any]:
    state, best = tournament.state, tournament.best
    return {
        "words": state.settings.words,
        "out": str(out),
        "over": tournament.over,
        "ending": state.ending,
        "steps": tournament.steps,
        "seconds": round(state.seconds, 1),
        "best": None if best is None else best.as_evidence(),
        "candidates": [standing.as_evidence() for standing in tournament.ranking()],
        "out_of_it": {e.candidate.name: e.out for e in state.entries if e.out},
    }


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise TrainError(f"{path} cannot be read: {error.strerror}") from None
