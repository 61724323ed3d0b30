"""What a terminal shows of a run, and the run's folder."""

import math
import sys
import time
from typing import TYPE_CHECKING

from websim_server.train.job import Job
from websim_server.train.kept import Kept
from websim_server.train.runlog import RunLog

if TYPE_CHECKING:
    from websim.experiments.decisions import Course, Decision
    from websim.training.trainer import Iteration


class Reporter:
    """Shows progress and writes the run's folder.

    Attributes:
        recent_return: The run's newest mean return; NaN before the first episode has ended.
    """

    def __init__(self, job: Job, global_step: int, total_timesteps: int) -> None:
        """Starts the bar and the clock."""
        from tqdm import tqdm

        from websim.experiments.decisions import decisions_of

        self._job = job
        self._kept = None if job.keep is None else Kept(job.keep)
        self._log = RunLog(job.folder, global_step)
        self._first_step = self._step = global_step
        self._finished = self._unpaid = False
        self._told = len(decisions_of(job.checkpoint)) if job.checkpoint else 0
        self._proposed: Decision | None = None
        self._started = self._saved = time.monotonic()
        self.recent_return = math.nan
        self._bar = tqdm(
            desc=job.label or None,
            total=total_timesteps,
            initial=global_step,
            unit="step",
            unit_scale=True,
        )
        self._bar.write(f"{job.experiment.task}, {job.experiment.algorithm}: {job.folder}")

    def __enter__(self) -> "Reporter":
        """Returns itself."""
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        """Closes the files and says how to go on where the run is not over."""
        self._bar.close()
        self._log.close()
        saved = self._log.checkpoint.is_file()
        if self._finished:
            self.say(f"Done. The policy is in {self._log.checkpoint}")
        elif saved:
            self.say(f"Saved. To go on: websim train --resume {self._log.checkpoint}")

    def save_is_due(self) -> bool:
        """Whether the last checkpoint is old enough."""
        return time.monotonic() - self._saved >= self._job.checkpoint_seconds

    def report(self, iteration: "Iteration") -> None:
        """Shows and logs an iteration."""
        self._bar.update(iteration.global_step - self._step)
        if iteration.global_step < self._step:  # it has gone back
            self._log.close()
            self._log = RunLog(self._job.folder, iteration.global_step - 1)
        self._step = iteration.global_step
        if iteration.lost:
            self.say(f"Lost rank {', '.join(map(str, iteration.lost))}; the others go on.")
            return
        if iteration.course is not None:
            self._tell(iteration.course)
        if iteration.changed is not None and iteration.changed.failure:
            self.say(f"{iteration.changed.failure}. What paid before pays again.")
        if iteration.unpaid and not self._unpaid:
            self.say(f"{iteration.unpaid} This is told once.")
        self._unpaid |= bool(iteration.unpaid)
        seconds = time.monotonic() - self._started
        sps = int((iteration.global_step - self._first_step) / seconds)
        metrics = {**iteration.metrics, "charts/SPS": float(sps), "charts/seconds": seconds}
        self._log.write(iteration.global_step, metrics)
        self.recent_return = iteration.recent_return
        if not math.isnan(iteration.recent_return):
            self._bar.set_postfix_str(f"return {iteration.recent_return:.1f}", refresh=False)
        self._finished = iteration.finished

    def save(self, checkpoint: bytes) -> None:
        """Keeps a checkpoint."""
        self._log.save(checkpoint)
        self._saved = time.monotonic()
        if self._kept is not None:
            try:
                self._kept.write(checkpoint)
            except Exception as error:  # each service has its own, and the run goes on
                self.say(f"{self._kept.url} cannot be written, the next time perhaps: {error}")

    def _tell(self, course: "Course") -> None:
        """Says what has been decided or proposed since the last time."""
        decisions = course.decisions or []
        for one in decisions[self._told :]:
            self.say(f"{one.what}. {one.outcome}")
        self._told = max(self._told, len(decisions))
        if course.proposed is not None and course.proposed != self._proposed:
            self.say(f"Proposed: {course.proposed.what}. Try it? y or n, and Enter")
        self._proposed = course.proposed

    def say(self, text: str) -> None:
        """Says something beside the bars."""
        label = f"{self._job.label}: " if self._job.label else ""
        self._bar.write(label + text, file=sys.stderr)
