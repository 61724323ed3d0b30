"""`websim train --serve-ranks HOST:PORT`: ranks on this machine and on others that join."""

import secrets
from collections.abc import Callable
from contextlib import ExitStack, closing
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


Launch = Callable[[Coordinator, Callable[[str], None]], Launcher]
"""Starts the ranks that are started from here; the second says something at the terminal."""


def drive(job: Job, ranks: int, meeting: Meeting, launch: Launch) -> None:
    """Drives a run until it is over, and listens to Ctrl-C.

    Raises:
        TrainError: the run has failed.
        WebSimError: nobody can join there.
    """
    with Drive(job, ranks, meeting, launch) as run, interruptions() as interrupted:
        while not run.over:
            run.advance(POLL_SECONDS, interrupted())


class Drive:
    """A run whose ranks are held together from here: what it tells is shown and written.

    Attributes:
        reporter: Who shows it.
        over: Whether all has come to the end.
    """

    def __init__(self, job: Job, ranks: int, meeting: Meeting, launch: Launch) -> None:
        """Begins.

        Args:
            job: What to train, and where to write.
            ranks: How many there are when all are there.
            meeting: Where they meet.
            launch: See Launch.

        Raises:
            TrainError: the ranks cannot be started.
            WebSimError: nobody can join there.
        """
        kind: Any = algorithm_class(job.experiment.algorithm)
        total = make_hyperparameters(
            kind.Hyperparameters, job.experiment.hyperparameters
        ).total_timesteps
        first = 0
        if job.checkpoint is not None:
            first = checkpoints.loads(job.checkpoint).learner["global_step"]
        self._ranks = ranks
        self._deaths = 0
        self._saving = self._stopped = False
        self.over = False
        with ExitStack() as stack:
            self._coordinator = stack.enter_context(
                closing(
                    Coordinator(
                        meeting.address,
                        meeting.security,
                        ranks,
                        job=archive.dump(job.experiment),
                        checkpoint=job.checkpoint,
                        least=meeting.least,
                    )
                )
            )
            self.reporter = stack.enter_context(Reporter(job, first, total))
            self._launcher = launch(self._coordinator, self.reporter.say)
            stack.callback(self._launcher.close)
            stack.callback(self._coordinator.close)  # who still waits hears of it, and ends
            self._ends = stack.pop_all()

    def __enter__(self) -> "Drive":
        """Returns itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """See `close`."""
        self.close()

    def close(self) -> None:
        """Ends the ranks, and says how to go on."""
        self._ends.close()

    def advance(self, seconds: float, stop: bool) -> None:
        """Does what is to be done, for so long at most.

        Args:
            seconds: How long it waits for something to happen.
            stop: The run is to end after the iteration that is under way.

        Raises:
            TrainError: the run has failed.
        """
        coordinator = self._coordinator
        if stop and not self._stopped:
            if not coordinator.members:
                self.over = True
                return
            self._stopped = True
            coordinator.wish(stop=True)
        elif self.reporter.save_is_due() and not self._saving:
            self._saving = True
            coordinator.wish(save=True)
        for event in coordinator.poll(seconds):
            self._take(event)
        self.over = coordinator.over
        if not self.over:
            self._count(self._launcher.tend())

    def _take(self, event: Event) -> None:
        say, everyone = self.reporter.say, self._ranks
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
            self.reporter.report(iteration)
        if told.blob:
            self._coordinator.keep(told.blob)
            self.reporter.save(told.blob)
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
