"""`websim train --serve-ranks HOST:PORT`: ranks on this machine and on others that join."""

import secrets
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from websim.algorithms import algorithm_class
from websim.algorithms.base import make_hyperparameters
from websim.browser.messages import read_iteration
from websim.errors import InvalidArgument
from websim.experiments import archive
from websim.experiments.experiment import CODE
from websim.ranks.coordinator import Coordinator, Event, Formed, Lost, Told
from websim.ranks.wire import Security, read_token
from websim.training import checkpoints
from websim_server.train.interruptions import interruptions
from websim_server.train.job import Job, TrainError
from websim_server.train.rank import Address, Processes, take_part
from websim_server.train.reporter import Reporter

POLL_SECONDS = 0.25

MAX_DEATHS = 20
"""So many ranks in a row that are lost without an iteration in between end a run."""


@dataclass(frozen=True)
class Meeting:
    """Where ranks meet, and who may come.

    Attributes:
        address: Where they join; loopback if nothing else is said.
        security: What lets them in.
        least: How many are waited for at the beginning; None: all.
        made: Whether the token was made here, so that nobody knows it yet.
    """

    address: Address
    security: Security
    least: int | None = None
    made: bool = False


def meeting_at(
    address: str, token_file: Path | None, tls: Path | None, least: int | None
) -> Meeting:
    """What the command line says of a meeting; raises TrainError or WebSimError."""
    token = token_of(token_file)
    security = Security(token or secrets.token_urlsafe(24), None if tls is None else str(tls))
    return Meeting(address_of(address), security, least, made=token is None)


def address_of(text: str) -> Address:
    """[HOST:]PORT as a pair; raises TrainError."""
    host, _, port = text.rpartition(":")
    if not port.isdecimal() or int(port) > 65535:
        raise TrainError(f"an address is HOST:PORT, such as 192.168.0.7:7777, not {text!r:.99}")
    if host in ("0.0.0.0", "[::]", "*"):
        raise TrainError(f"{host} is every address: name the one by which others reach this one")
    return host or "127.0.0.1", int(port)


def token_of(file: Path | None) -> str | None:
    """The token of a file or of the environment; raises TrainError where it cannot be read."""
    try:
        return read_token(file)
    except (OSError, UnicodeDecodeError) as error:
        raise TrainError(f"{file} cannot be read: {error}") from None


class Launcher(Protocol):
    """Who starts ranks, and starts them again."""

    def tend(self) -> int:
        """Starts those again that have ended; called again and again; returns how many."""

    def close(self) -> None:
        """Ends them."""


def train(job: Job, ranks: int, meeting: Meeting) -> None:
    """Trains with `ranks` ranks, one of them here; the others join.

    Raises:
        TrainError: the run has failed.
        WebSimError: it cannot start.
    """

    def launch(coordinator: Coordinator, say: Callable[[str], None]) -> Launcher:
        host, port = coordinator.address
        if ranks > 1:
            token = f"WEBSIM_TOKEN={meeting.security.token} " if meeting.made else ""
            tls = f" --tls {meeting.security.tls}" if meeting.security.tls else ""
            say(f"Others join by: {token}websim train --join {host}:{port}{tls}")
        return Processes(1, coordinator.address, meeting.security, job.experiment.trusted)

    drive(job, ranks, meeting, launch)


def drive(
    job: Job,
    ranks: int,
    meeting: Meeting,
    launch: Callable[[Coordinator, Callable[[str], None]], Launcher],
) -> None:
    """Holds a group of ranks together, shows and writes what it tells, and listens to Ctrl-C.

    Args:
        job: What to train, and where to write.
        ranks: How many there are when all are there.
        meeting: Where they meet.
        launch: Starts those that are started from here; what it is given to say something to is the
            terminal.

    Raises:
        TrainError: the run has failed.
        WebSimError: nobody can join there.
    """
    kind: Any = algorithm_class(job.experiment.algorithm)
    total = make_hyperparameters(
        kind.Hyperparameters, job.experiment.hyperparameters
    ).total_timesteps
    first = 0
    if job.checkpoint is not None:
        first = checkpoints.loads(job.checkpoint).learner["global_step"]
    coordinator = Coordinator(
        meeting.address,
        meeting.security,
        ranks,
        job=archive.dump(job.experiment),
        checkpoint=job.checkpoint,
        least=meeting.least,
    )
    with (
        closing(coordinator),
        Reporter(job, first, total) as reporter,
        interruptions() as interrupted,
        closing(launch(coordinator, reporter.say)) as launcher,
    ):
        _Driver(coordinator, reporter, ranks).run(interrupted, launcher)
        coordinator.close()  # who still waits hears of it, and ends


class _Driver:
    """What a driver does between two looks at its ranks."""

    def __init__(self, coordinator: Coordinator, reporter: Reporter, ranks: int) -> None:
        self._coordinator, self._reporter, self._ranks = coordinator, reporter, ranks
        self._deaths = 0
        self._saving = False

    def run(self, interrupted: Callable[[], bool], launcher: Launcher) -> None:
        """Until the run is over."""
        coordinator, stopped = self._coordinator, False
        while not coordinator.over:
            if interrupted() and not stopped:
                if not coordinator.members:
                    return
                stopped = True
                coordinator.wish(stop=True)
            elif self._reporter.save_is_due() and not self._saving:
                self._saving = True
                coordinator.wish(save=True)
            for event in coordinator.poll(POLL_SECONDS):
                self._take(event)
            if not coordinator.over:
                self._count(launcher.tend())

    def _take(self, event: Event) -> None:
        say, everyone = self._reporter.say, self._ranks
        if isinstance(event, Formed):
            where = ", ".join(sorted(set(event.hosts)))
            say(f"{len(event.members)} of {everyone} ranks, on {where}.")
            self._saving = False
        elif isinstance(event, Lost):
            names = ", ".join(map(str, event.ranks))
            say(f"Lost rank {names}; {event.left} of {everyone} go on.")
            self._saving = False
            self._count(len(event.ranks))
        else:
            self._hear(event)

    def _count(self, deaths: int) -> None:
        self._deaths += deaths
        if self._deaths > MAX_DEATHS:
            raise TrainError("ranks end again and again, and nothing is learnt")

    def _hear(self, told: Told) -> None:
        if "failed" in told.values:
            raise TrainError(told.values["failed"])
        iteration = read_iteration(told.values["iteration"])
        if not iteration.lost:  # of which the coordinator tells
            self._deaths = 0
            self._reporter.report(iteration)
        if told.blob:
            self._coordinator.keep(told.blob)
            self._reporter.save(told.blob)
            self._saving = False


def join(
    address: str, processes: int, token_file: Path | None, tls: Path | None, trust: bool
) -> None:
    """`websim train --join`: ranks of this machine, in a run that another one serves.

    Raises:
        TrainError: it has no token, or a process of several has failed.
        WebSimError: see `take_part`.
    """
    token = token_of(token_file)
    if token is None:
        raise TrainError("--join needs the run's token: --token-file FILE, or WEBSIM_TOKEN")
    security = Security(token, None if tls is None else str(tls))
    if processes < 1:
        raise InvalidArgument(f"--ranks must be at least 1, not {processes}.")
    trusted = [*CODE] if trust else []
    if processes == 1:
        take_part(address_of(address), security, trusted, print)
        return
    with closing(Processes(processes, address_of(address), security, trusted)) as ranks:
        if not ranks.wait():
            raise TrainError("not all ranks have come to the run's end")
