"""To and from other programs, in a worker that is theirs alone.

The Python half of `sim/page/exchange.js`. What a foreign file holds is read here and nowhere else.
"""

import io
import itertools
import math
from collections.abc import Iterator, Mapping
from dataclasses import replace
from time import perf_counter
from typing import IO, Any

import numpy as np

from websim.browser.disk import opened
from websim.browser.messages import (
    Cloned,
    Importing,
    RecordedEpisode,
    RecordedPoses,
    Recording,
    RecordingOrder,
    RecordingRead,
    Taking,
    plain,
    read,
)
from websim.browser.minari import ZippedDataset
from websim.browser.policies import MAX_BYTES
from websim.browser.recordings import recording_of
from websim.errors import ForeignPolicy
from websim.exchange.exports import EXPORTS
from websim.exchange.imports import MEANINGS, READERS, program_of, run_from
from websim.experiments.experiment import CODE, Experiment
from websim.sharing.links import archive_of
from websim.training import checkpoints
from websim.training.checkpoints import Checkpoint
from websim.training.evaluation import Judge
from websim.training.verification import verify
from websim.trajectories.cloning import UPDATES, Cloning
from websim.trajectories.npz import Writer
from websim.trajectories.recorder import Recorder
from websim.trajectories.replay import Replay

UNSEEN = 100_000
"""Seed of the first episode of a policy that was taught by others: hardly any recording has it."""


class Trial:
    """Another program's policy, taken in each way that is possible, with an episode of each."""

    def __init__(
        self, data: bytes, statistics: bytes | None, experiment: Experiment, title: str
    ) -> None:
        """Reads the policy.

        Args:
            data: Its file.
            statistics: A file of those that observations are normalised by.
            experiment: With the robot that it is for.
            title: What people call it.

        Raises:
            ForeignPolicy: it cannot be taken in any way.
            WebSimError: the experiment cannot be simulated.
        """
        found = READERS[program_of(data)](data)
        self._takings: list[Taking] = []
        self._runs: list[tuple[Taking, Checkpoint]] = []
        problems: list[ForeignPolicy] = []
        for actions in MEANINGS[:1] if found.normalized else MEANINGS:
            taking = Taking(actions=actions)
            try:
                run = run_from(
                    found, experiment, statistics=statistics, actions=actions, title=title
                )
            except ForeignPolicy as problem:
                problems.append(problem)
                taking.problem = str(problem)
            else:
                taking.archive = archive_of(run)
                if any(taking.archive == other.archive for other in self._takings):
                    continue  # the bounds are -1 and 1
                self._runs.append((taking, run))
            self._takings.append(taking)
        if not self._runs:
            raise problems[0]
        self._judge: Judge | None = None
        self._steps = 0

    def play(self, seconds: float) -> dict[str, Any]:
        """Goes on for about so many seconds: an Importing."""
        taking, run = self._runs[0]
        if self._judge is None:
            self._judge = Judge(run, episodes=1)
        if self._judge.play(seconds):
            result = self._judge.result
            taking.episode_return = float(result.returns[0])
            taking.length = int(result.lengths[0])
            self._steps += taking.length
            self.close()
            del self._runs[0]
        over = not self._runs
        if over:
            self._takings.sort(key=lambda one: -_worth(one))
        return plain(Importing(over=over, steps=self._steps, takings=self._takings if over else []))

    def close(self) -> None:
        """Frees the environment."""
        if self._judge is not None:
            self._judge.close()
        self._judge = None


def _worth(taking: Taking) -> float:
    known = taking.episode_return
    return -math.inf if known is None else known


def exported(data: bytes, trusted: bool, format: str) -> bytes:
    """A run's policy, as one of EXPORTS writes it; errors as of that."""
    return EXPORTS[format](_read(data, trusted))


class Session:
    """Episodes that are played and written down."""

    def __init__(
        self,
        data: bytes | None,
        experiment: Experiment | None,
        trusted: bool,
        order: Mapping[str, Any],
        handles: Any,
        hdf5: Any,
    ) -> None:
        """Makes the environments.

        Args:
            data: A run, whose policy plays; None: chance alone does.
            experiment: What is played where there is no run.
            trusted: Whether a run's code may do anything.
            order: A RecordingOrder.
            handles: Two files on disk, for what is written meanwhile and for what comes of it
                (FileSystemSyncAccessHandle); None: both are in memory.
            hdf5: For Minari the first of them, as `sim/worker/hdf5.js` writes it.

        Raises:
            InvalidArgument: an argument that is not allowed.
            UnsafeCode: the run's code does more than calculate.
            WebSimError: it cannot be played.
        """
        learner = None
        if data is not None:
            run = _read(data, trusted)
            verify(run)
            experiment, learner = run.experiment, run.learner
        assert experiment is not None
        wanted = read(RecordingOrder, order)
        self._recorder = Recorder(
            experiment, learner, wanted.episodes, seed=wanted.seed, random=wanted.random
        )
        self._handles = handles
        self._out: IO[bytes] = io.BytesIO()
        scratch: IO[bytes] = io.BytesIO()
        if handles is not None:
            scratch, self._out = (opened(handle) for handle in handles)
        self._writer: Writer | ZippedDataset = Writer(scratch)
        if wanted.format == "minari":
            self._writer = ZippedDataset(hdf5, scratch, experiment, self._recorder.spaces)
        self._episodes = self._steps = 0
        self._finishing: Iterator[None] | None = None

    def play(self, seconds: float) -> dict[str, Any]:
        """Goes on for about so many seconds: a Recording."""
        until = perf_counter() + seconds
        over = False
        while not over and perf_counter() < until:
            over = self._go_on()
        told = Recording(
            over=over,
            episodes=self._episodes,
            of=self._recorder.episodes,
            steps=self._steps,
            size=self._writer.bytes,
            file=None,
        )
        if over:
            self._out.flush()
            if isinstance(self._out, io.BytesIO):
                told.file = self._out.getvalue()
        return plain(told)

    def _go_on(self) -> bool:
        """One step, or a piece of the file; whether that was the last."""
        if self._finishing is not None:
            return next(self._finishing, self) is self
        for episode in self._recorder.step():
            self._writer.add(episode)
            self._episodes += 1
            self._steps += len(episode.rewards)
        if not self._recorder.running:
            self._finishing = self._writer.finish(self._out, self._recorder.about())
        return False

    def close(self) -> None:
        """Frees the environments, and lets go of the files."""
        self._recorder.close()
        for handle in self._handles or ():
            handle.close()


class Player:
    """Recorded episodes that somebody looks at."""

    def __init__(self, data: bytes, experiment: Experiment) -> None:
        """Reads a recording; see `recording_of` and `Replay`."""
        self._recording = recording_of(data)
        self._replay = Replay(experiment)

    def read(self) -> dict[str, Any]:
        """What is in it: a RecordingRead."""
        episodes = [
            RecordedEpisode(
                steps=len(one.rewards), episode_return=float(one.rewards.sum()), seed=one.seed
            )
            for one in self._recording.episodes
        ]
        return plain(
            RecordingRead(
                task=self._recording.task,
                episodes=episodes,
                frame_seconds=self._replay.frame_seconds,
            )
        )

    def poses(self, number: int) -> dict[str, Any]:
        """What an episode looks like: a RecordedPoses; raises InvalidRecording."""
        episode = self._recording.episodes[number]
        returns = list(itertools.accumulate(episode.rewards.tolist(), initial=0.0))
        return plain(RecordedPoses(poses=self._replay.poses(episode).tobytes(), returns=returns))

    def close(self) -> None:
        """Frees the robots."""
        self._replay.close()


class Pupil:
    """A policy that is taught what a recording shows, and plays episodes of its own then."""

    def __init__(
        self, data: bytes, experiment: Experiment, title: str, seed: int, episodes: int
    ) -> None:
        """Reads a recording.

        Args:
            data: A file; see `recording_of`.
            experiment: With the robot that it is of.
            title: What people call the run.
            seed: Of the first weights, and of the batches.
            episodes: That the policy plays.

        Raises:
            InvalidRecording, MissingLibrary, ForeignPolicy: see `recording_of` and `Cloning`.
            WebSimError: the experiment cannot be simulated.
        """
        recording = recording_of(data)
        self._recorded = float(np.mean([one.rewards.sum() for one in recording.episodes]))
        self._cloning = Cloning(recording, experiment, seed=seed, title=title)
        self._episodes = episodes
        self._judge: Judge | None = None

    def play(self, seconds: float) -> dict[str, Any]:
        """Goes on for about so many seconds: a Cloned."""
        cloning, judge = self._cloning, self._judge
        told = Cloned(
            over=False,
            updates=cloning.updates,
            of=UPDATES,
            episodes=0,
            of_episodes=self._episodes,
            recorded_return=self._recorded,
            episode_return=None,
            loss=None,
            archive=None,
        )
        if judge is None:
            if cloning.advance(seconds):
                self._judge = Judge(cloning.run, self._episodes, UNSEEN)
            told.updates = cloning.updates
        else:
            told.over = judge.play(seconds)
            told.episodes = int((~judge.running).sum())
            if told.over:
                told.episode_return = float(judge.result.returns.mean())
                told.loss, told.archive = cloning.loss, archive_of(cloning.run)
        return plain(told)

    def close(self) -> None:
        """Frees the environments."""
        if self._judge is not None:
            self._judge.close()


def _read(data: bytes, trusted: bool) -> Checkpoint:
    run = checkpoints.loads(data, MAX_BYTES)
    return replace(run, experiment=replace(run.experiment, trusted=[*CODE] if trusted else []))
