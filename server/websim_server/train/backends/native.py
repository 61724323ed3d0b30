"""A run in processes of this machine."""

import sys
from typing import TYPE_CHECKING

from websim_server.train.answers import answers
from websim_server.train.interruptions import interruptions
from websim_server.train.job import Job
from websim_server.train.reporter import Reporter

if TYPE_CHECKING:
    from websim.ranks import Communicator


def train(job: Job, ranks: int, *, reproducible: bool) -> None:
    """Trains with `ranks` processes; the same bits come of it either way.

    Raises:
        WebSimError: the run cannot start, or has failed.
    """
    from websim.ranks.local import run_processes

    run_processes(train_rank, ranks, job)


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
