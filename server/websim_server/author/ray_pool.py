"""Actors of a Ray cluster that do the jobs of a tournament, one each at a time."""

import os
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from websim.authors.tournament.records import Result
from websim_server.author.pool import PATIENCE
from websim_server.clusters import ray
from websim_server.train.backends.machines import MAX_DEATHS
from websim_server.train.job import TrainError

if TYPE_CHECKING:
    from websim.authors.tournament.learning import Order


@dataclass
class _Slot:
    """An actor, and what it is at.

    Attributes:
        actor: It.
        call: What it was asked for last: to begin, or a job.
        order: The job; None: it begins, or has begun.
        began: When it began with that, by the monotonic clock.
    """

    actor: Any
    call: Any
    order: "Order | None" = None
    began: float = 0.0


class RayPool:
    """See `Pool`. An actor that dies is replaced, on another node perhaps, when there is room."""

    def __init__(self, size: int) -> None:
        """Asks Ray for them."""
        self._slots = [_begun() for _ in range(size)]
        self._deaths = 0

    def __enter__(self) -> "RayPool":
        """Returns itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Ends all, whatever they are at."""
        for slot in self._slots:
            ray.kill(slot.actor)

    @property
    def running(self) -> set[int]:
        """Numbers of the jobs under way."""
        return {slot.order.job.number for slot in self._slots if slot.order is not None}

    @property
    def has_room(self) -> bool:
        """Whether an actor has begun and has nothing to do."""
        return any(slot.call is None for slot in self._slots)

    def begin(self, order: "Order") -> None:
        """Has an actor without anything to do begin a job."""
        slot = next(slot for slot in self._slots if slot.call is None)
        slot.order, slot.began = order, time.monotonic()
        slot.call = slot.actor.work.remote(order)

    def end(self, numbers: set[int]) -> None:
        """Has jobs come to their end as they are."""
        for slot in self._slots:
            if slot.order is not None and slot.order.job.number in numbers:
                slot.actor.end.remote(slot.order.job.number)

    def results(self, seconds: float) -> Iterator[tuple[int, Result, bytes | None]]:
        """What has come of jobs; waits so long for something to happen. See `Pool`.

        Raises:
            TrainError: actors end again and again, or cannot begin at all.
        """
        calls = [slot.call for slot in self._slots if slot.call is not None]
        if not calls:
            return
        ended, _ = ray.wait(calls, timeout=seconds)
        for index, slot in enumerate(self._slots):
            job = None if slot.order is None else slot.order.job
            if slot.call in ended:
                try:
                    told = ray.get(slot.call)
                    self._deaths = 0
                    slot.order = slot.call = None
                except ray.exceptions.RayError as error:
                    self._count(error)
                    told = Result(lost=True), None
                    self._replace(index)
            elif job is not None and time.monotonic() - slot.began > job.seconds + PATIENCE:
                why = f"it did not end within {job.seconds + PATIENCE:.0f} s"
                told = Result(failure=why), None
                self._replace(index)
            else:
                continue
            if job is not None:
                yield (job.number, *told)

    def _replace(self, index: int) -> None:
        ray.kill(self._slots[index].actor)
        self._slots[index] = _begun()

    def _count(self, error: Exception) -> None:
        self._deaths += 1
        if self._deaths > MAX_DEATHS:
            raise TrainError(f"actors end again and again, and nothing is learnt: {error}")


def _begun() -> _Slot:
    # A job is done in one thread, and another one hears that it shall come to its end.
    actor = ray.remote(_Worker).options(num_cpus=1, max_concurrency=2).remote()
    return _Slot(actor, actor.pid.remote())


class _Worker:
    """An actor."""

    def __init__(self) -> None:
        self._ended: set[int] = set()

    def work(self, order: "Order") -> tuple[Result, bytes | None]:
        """See `carry_out`."""
        from websim.authors.tournament.learning import carry_out

        return carry_out(order, lambda: order.job.number in self._ended)

    def end(self, number: int) -> None:
        """Has a job come to its end as it is."""
        self._ended.add(number)

    def pid(self) -> int:
        """Of its process."""
        return os.getpid()
