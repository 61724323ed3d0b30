"""A run in processes of this machine."""

import os
import secrets
import sys
from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING

from websim_server.train.answers import answers
from websim_server.train.interruptions import interruptions
from websim_server.train.job import Job
from websim_server.train.reporter import Reporter

if TYPE_CHECKING:
    from websim.ranks import Communicator
    from websim.ranks.coordinator import Coordinator
    from websim_server.train.rank import Processes


def train(job: Job, ranks: int, *, reproducible: bool) -> None:
    """Trains with `ranks` processes; the same bits come of it either way.

    Raises:
        WebSimError: the run cannot start, or has failed.
    """
    from websim.ranks.local import run_processes

    run_processes(train_rank, ranks, job)


def train_all(jobs: Sequence[Job], at_once: int | None) -> list[float]:
    """Carries out several runs, a process each; see `several.carry_out`.

    Args:
        jobs: The runs.
        at_once: How many at a time; None: as many as there are cores.

    Raises:
        TrainError: runs have failed.
    """
    from websim.physics import usable_cores
    from websim.ranks.wire import Security
    from websim_server.train.backends.machines import Drive, Meeting
    from websim_server.train.rank import Processes
    from websim_server.train.several import carry_out

    at_once = at_once or usable_cores()
    os.environ["OMP_NUM_THREADS"] = "1"  # which processes inherit: a core each
    meeting = Meeting(("127.0.0.1", 0), Security(secrets.token_urlsafe(24)))

    def launch(job: Job, coordinator: "Coordinator", say: Callable[[str], None]) -> "Processes":
        return Processes(1, coordinator.address, meeting.security, job.experiment.trusted)

    begin = [partial(Drive, job, 1, meeting, partial(launch, job)) for job in jobs]
    return carry_out(begin, at_once)


def train_rank(communicator: "Communicator", job: Job) -> None:
    """What every rank does; the first also reports, saves and listens to Ctrl-C."""
    from websim.adaptation.trainer import AdaptiveTrainer, Wish, make_trainer

    trainer = make_trainer(job.experiment, communicator, job.checkpoint)
    try:
        if communicator.rank > 0:
            while True:
                if trainer.advance().done:
                    return
        if trainer.restarted_environments:
            print(
                "Environments start anew: the number of ranks has changed, or the run has a policy "
                "without a learner.",
                file=sys.stderr,
            )
        algorithm = trainer.algorithm
        asks = isinstance(trainer, AdaptiveTrainer) and trainer.settings.ask
        undo = None if job.undo is None else Wish(undo=job.undo)
        with (
            Reporter(job, algorithm.global_step, algorithm.args.total_timesteps) as reporter,
            interruptions() as interrupted,
            answers(asks) as heard,
        ):
            while True:
                stop, save = interrupted(), reporter.save_is_due()
                if isinstance(trainer, AdaptiveTrainer):
                    answer = heard.take()
                    wish = undo if undo or answer is None else Wish(answer=answer)
                    iteration, undo = trainer.advance(stop=stop, save=save, wish=wish), None
                else:
                    iteration = trainer.advance(stop=stop, save=save)
                if iteration.course is not None and iteration.course.refused:
                    reporter.say(f"Not done: {iteration.course.refused}.")
                reporter.report(iteration)
                if iteration.checkpoint is not None:
                    reporter.save(iteration.checkpoint)
                if iteration.done:
                    return
    finally:
        trainer.close()
