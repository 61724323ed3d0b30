"""Drives a tournament with the processes of this machine, from its beginning or from a file."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from websim.authors.llm import LlmAuthor
from websim.authors.tournament import archive
from websim.authors.tournament.learning import order_of
from websim.errors import WebSimError
from websim_server.author.pool import Pool
from websim_server.train.runlog import replace_file

if TYPE_CHECKING:
    from websim.authors.candidates import Author
    from websim.authors.tournament.records import Result
    from websim.authors.tournament.tournament import Tournament
    from websim_server.author.ray_pool import RayPool
    from websim_server.author.reporter import Reporter

WAIT_SECONDS = 0.25

SAVE_SECONDS = 30.0


class Driver:
    """Does the jobs of a tournament, and keeps its file.

    Attributes:
        tournament: It.
        runs: Checkpoints by number of the job that they are the end of.
    """

    def __init__(
        self,
        tournament: "Tournament",
        runs: dict[int, bytes],
        author: "Author",
        out: Path,
        reporter: "Reporter",
        pool_of: "Callable[[int], Pool | RayPool]" = Pool,
    ) -> None:
        """Takes the tournament with the runs that it goes on from, and where to write.

        Args:
            tournament: It.
            runs: See Driver.
            author: Who writes rewards.
            out: The file.
            reporter: Shows how it goes.
            pool_of: Makes so many of those who do jobs.
        """
        self._pool_of = pool_of
        self.tournament, self.runs = tournament, runs
        self._author, self._out, self._reporter = author, out, reporter
        self._before = tournament.state.seconds
        self._began = self._saved = time.monotonic()

    def run(self, interrupted: Callable[[], bool]) -> None:
        """Goes on until it is over, or interrupted; its file is kept all the time.

        Args:
            interrupted: Asked all the time. Jobs under way are begun anew when it goes on.
        """
        tournament, settings = self.tournament, self.tournament.state.settings
        with self._pool_of(settings.workers) as pool:
            while not tournament.over and not interrupted():
                self._tick()
                if tournament.state.stage == "author":
                    self._ask()
                self._hand_out(pool)
                late = settings.seconds is not None and tournament.state.seconds >= settings.seconds
                if late and not tournament.state.ending:
                    tournament.stop("The time was up.", [*pool.running])
                    pool.end(pool.running)
                for number, result, checkpoint in pool.results(WAIT_SECONDS):
                    self._take(number, result, checkpoint)
                self._reporter.show(tournament)
                if time.monotonic() - self._saved > SAVE_SECONDS:
                    self._save()
        self._save()

    def _tick(self) -> None:
        self.tournament.state.seconds = self._before + time.monotonic() - self._began

    def _ask(self) -> None:
        """Asks the author; one that fails leaves the candidates that there are."""
        tournament = self.tournament
        state = tournament.state
        try:
            answer = self._author.propose(tournament.brief, state.asking, tournament.author_seed)
        except WebSimError as error:
            if not state.entries:
                raise
            tournament.answer([], str(error), self._cost())
        else:
            tournament.answer(answer, cost=self._cost())

    def _cost(self) -> dict[str, float]:
        return self._author.cost if isinstance(self._author, LlmAuthor) else {}

    def _hand_out(self, pool: "Pool | RayPool") -> None:
        tournament = self.tournament
        for job in tournament.jobs():
            if not pool.has_room:
                return
            if job.number not in pool.running and not tournament.state.ending:
                candidate = tournament.entry(job.entry).candidate
                run = None if job.origin is None else self.runs[job.origin]
                pool.begin(order_of(job, candidate, tournament.experiment, run))

    def _take(self, number: int, result: "Result", checkpoint: bytes | None) -> None:
        """What came of a job."""
        self._tick()
        if checkpoint is not None:
            self.runs[number] = checkpoint
        self.tournament.report(number, result)
        self._reporter.tell(self.tournament, number)
        for unneeded in self.runs.keys() - self.tournament.needed():
            del self.runs[unneeded]

    def _save(self) -> None:
        replace_file(self._out, archive.dump(self.tournament, self.runs))
        self._saved = time.monotonic()
