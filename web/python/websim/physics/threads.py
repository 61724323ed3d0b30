"""Threads that step a batch together, for `NativePhysics`."""

import os
import statistics
import threading
import weakref
from collections.abc import Callable, Sequence
from queue import SimpleQueue
from typing import Any

_Work = tuple[Callable[..., object], tuple[Any, ...]]


class Threads:
    """Runs a function in threads, or in this one alone where that is faster.

    Threads cost what it takes to hand work over. With few or light environments that is more than
    they save; where that begins depends on robot and machine, so both are tried now and then, and
    the faster goes on.

    Attributes:
        best: How many threads were faster.
    """

    TRIALS = 5  # batches each way
    PERIOD = 1000  # batches between trials

    def __init__(self, most: int) -> None:
        """Takes how many threads there may be, this one included."""
        self._most = most
        self.best = 1
        self._batch = 0
        self._seconds: dict[int, list[float]] = {1: [], most: []}
        self._helpers: _Helpers | None = None

    def choose(self) -> int:
        """With how many threads the next batch is to run."""
        place = self._batch % self.PERIOD
        self._batch += 1
        if place < 2 * self.TRIALS:
            return (1, self._most)[place % 2]
        if place == 2 * self.TRIALS and all(self._seconds.values()):
            medians = {number: statistics.median(s) for number, s in self._seconds.items()}
            self.best = min(medians, key=medians.__getitem__)
            for seconds in self._seconds.values():
                seconds.clear()
        return self.best

    def judge(self, number: int, seconds: float) -> None:
        """Takes how long the batch took with that number of threads."""
        if self._batch % self.PERIOD <= 2 * self.TRIALS:
            self._seconds[number].append(seconds)

    def run(self, function: Callable[..., object], arguments: Sequence[tuple[Any, ...]]) -> None:
        """Calls the function with each of the arguments, and returns when all are done.

        Raises:
            Exception: what one of them raised.
        """
        own, *others = arguments
        if not others:
            function(*own)
            return
        if self._helpers is None or self._helpers.process != os.getpid():
            self._helpers = _Helpers(self._most - 1)  # threads do not survive a fork
        self._helpers.begin(function, others)
        try:
            function(*own)
        finally:
            # Also when this thread was interrupted: nobody may go on writing then.
            errors = self._helpers.finish(len(others))
        for error in errors:
            raise error

    def close(self) -> None:
        """Ends the threads."""
        if self._helpers is not None:
            self._helpers.close()


class _Helpers:
    """Threads that wait for work.

    A ThreadPoolExecutor would do, but it makes a future with locks of its own for each call: a good
    part of the time of a batch of eight robots.
    """

    def __init__(self, number: int) -> None:
        """Starts so many threads; they end with this object, or with the process."""
        self.process = os.getpid()
        self._work: SimpleQueue[_Work | None] = SimpleQueue()
        self._done: SimpleQueue[BaseException | None] = SimpleQueue()
        for _ in range(number):
            queues = (self._work, self._done)
            threading.Thread(target=_help, args=queues, name="websim-physics", daemon=True).start()
        self.close = weakref.finalize(self, _dismiss, self._work, number)

    def begin(self, function: Callable[..., object], arguments: Sequence[tuple[Any, ...]]) -> None:
        """Hands calls over, one for each of the arguments."""
        for each in arguments:
            self._work.put((function, each))

    def finish(self, number: int) -> list[BaseException]:
        """Waits until so many calls are done; what they raised."""
        results = [self._done.get() for _ in range(number)]
        return [result for result in results if result is not None]


def _help(work: "SimpleQueue[_Work | None]", done: "SimpleQueue[BaseException | None]") -> None:
    """What such a thread does."""
    while (each := work.get()) is not None:
        function, arguments = each
        try:
            function(*arguments)
        except BaseException as error:
            done.put(error)
        else:
            done.put(None)


def _dismiss(work: "SimpleQueue[_Work | None]", number: int) -> None:
    for _ in range(number):
        work.put(None)
