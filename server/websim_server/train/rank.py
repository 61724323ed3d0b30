"""A rank of a run that other machines take part in: `websim train --join HOST:PORT`."""

import multiprocessing
import signal
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from multiprocessing.process import BaseProcess

import numpy as np

from websim.adaptation.trainer import AdaptiveTrainer, make_trainer
from websim.browser.messages import plain
from websim.errors import RankLost, WebSimError
from websim.experiments import archive
from websim.ranks.tcp import Member
from websim.ranks.wire import Security
from websim.training import checkpoints
from websim.training.trainer import Trainer

Address = tuple[str, int]


def take_part(
    address: Address,
    security: Security,
    trusted: Sequence[str] = (),
    say: Callable[[str], None] = lambda text: None,
) -> None:
    """Learns as a rank of a run until that is over.

    Args:
        address: Of the run's coordinator.
        security: What lets ranks in.
        trusted: Which of the experiment's code may be code that is not safe.
        say: Told what happens.

    Raises:
        RankRefused: the run cannot be joined.
        UnsafeCode: its code is not safe, and not trusted here.
        GroupEnded: its coordinator is gone.
        RankLost: the others have given this rank up.
        WebSimError: the run cannot go on.
    """
    member = Member(address, security)
    trainer: Trainer | AdaptiveTrainer | None = None
    try:
        experiment = replace(archive.load(member.job), trusted=[*trusted])
        experiment.make_vec(1).close()  # what is wrong here is told before others rely on it
        say(f"{experiment.task}, {experiment.algorithm}: waiting for a place")
        while True:
            communicator, data = member.group()
            say(f"rank {communicator.rank} of {member.size}, {len(communicator.members)} are there")
            if trainer is None:
                trainer = make_trainer(experiment, communicator, data)
            elif isinstance(trainer, AdaptiveTrainer):
                trainer.rejoin(communicator, data)
            else:
                trainer.rejoin(communicator, None if data is None else checkpoints.loads(data))
            if not _learn(member, trainer):
                member.leave()
                return
            member.regroup(trainer.checkpoint())
    except RankLost:
        raise
    except WebSimError as error:
        if trainer is not None and trainer.communicator.is_root:
            member.tell(failed=str(error))
        raise
    finally:
        member.close()
        if trainer is not None:
            trainer.close()


def _learn(member: Member, trainer: Trainer | AdaptiveTrainer) -> bool:
    """Goes on until the run is over (False), or all have halted since others have come (True)."""
    while True:
        member.heed()
        wish, member.wish = member.wish, replace(member.wish, save=False)
        iteration = trainer.advance(stop=wish.stop, save=wish.save)
        if iteration.root:
            told = plain(replace(iteration, checkpoint=None))
            member.tell(iteration.checkpoint or b"", iteration=told)
        if iteration.done:
            return False
        halt = np.array([wish.regroup])
        while True:
            try:
                trainer.communicator.broadcast(halt)
                break
            except RankLost as error:
                trainer.communicator.reform(error.ranks)
        if halt[0]:
            return True


class Processes:
    """Ranks in processes of this machine."""

    def __init__(
        self, count: int, address: Address, security: Security, trusted: Sequence[str]
    ) -> None:
        """Starts them; see `take_part`."""
        self._arguments = address, security.token, security.tls, [*trusted]
        self._processes = [self._start() for _ in range(count)]

    def tend(self) -> int:
        """Starts those again that have ended; returns how many."""
        ended = [i for i, process in enumerate(self._processes) if not process.is_alive()]
        for i in ended:
            self._processes[i] = self._start()
        return len(ended)

    def wait(self) -> bool:
        """Waits until all have ended; says whether all have come to the run's end."""
        for process in self._processes:
            process.join()
        return not any(process.exitcode for process in self._processes)

    def close(self) -> None:
        """Waits a little, then ends them."""
        until = time.monotonic() + 5
        for process in self._processes:
            process.join(max(0.0, until - time.monotonic()))
            process.kill()

    def _start(self) -> BaseProcess:
        context = multiprocessing.get_context("spawn")
        process = context.Process(target=_take_part, args=self._arguments, daemon=True)
        process.start()
        return process


def _take_part(address: Address, token: str, tls: str | None, trusted: list[str]) -> None:
    # Ctrl-C in a terminal reaches every process; the driver decides.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        take_part(address, Security(token, tls), trusted)
    except WebSimError as error:
        print(f"websim: {error}", file=sys.stderr)
        sys.exit(1)
