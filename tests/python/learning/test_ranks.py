"""Ranks agree, in a fixed order, and go on without one that is lost."""

import threading
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from websim.errors import InvalidArgument, RankLost
from websim.ranks import Communicator
from websim.ranks.local import run_processes, thread_communicators


def together(function: Callable[[Communicator], Any], size: int, **options: Any) -> list[Any]:
    """Runs a function as threads, one a rank; returns what each gave or raised."""
    results: list[Any] = [None] * size

    def run(communicator: Communicator) -> None:
        try:
            results[communicator.rank] = function(communicator)
        except Exception as error:
            results[communicator.rank] = error

    threads = [
        threading.Thread(target=run, args=(one,)) for one in thread_communicators(size, **options)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
        assert not thread.is_alive()
    return results


def collectives(communicator: Communicator) -> dict[str, Any]:
    rank = communicator.rank
    numbers = np.random.default_rng(rank).standard_normal(1001).astype(np.float32)
    total, mean, told = numbers.copy(), numbers.copy(), numbers.reshape(7, 143).copy()
    communicator.sum(total)
    communicator.average(mean)
    communicator.broadcast(told, root=communicator.size - 1)
    communicator.barrier()
    return {
        "numbers": numbers,
        "sum": total,
        "mean": mean,
        "told": told,
        "gathered": communicator.gather(numbers),
        "bytes": communicator.gather_bytes(b"x" * rank),
    }


@pytest.mark.parametrize("size", [1, 2, 3])
@pytest.mark.parametrize("slot_bytes", [64, 1 << 20])  # in many pieces, in one
def test_collectives(size: int, slot_bytes: int) -> None:
    results = together(collectives, size, slot_bytes=slot_bytes)
    numbers = [result["numbers"] for result in results]
    expected = numbers[0].copy()
    for other in numbers[1:]:
        expected += other  # in the order of ranks
    for result in results:
        np.testing.assert_array_equal(result["sum"], expected)
        np.testing.assert_array_equal(result["mean"], expected / np.float32(size))
        np.testing.assert_array_equal(result["told"].ravel(), numbers[-1])
        np.testing.assert_array_equal(result["gathered"], numbers)
        assert result["bytes"] == [b"x" * rank for rank in range(size)]


def test_processes_give_what_threads_give() -> None:
    by_process = run_processes(collectives, 2)
    by_thread = together(collectives, 2)[0]
    for name, value in by_thread.items():
        np.testing.assert_array_equal(by_process[name], value)


def test_many_meetings_in_a_row() -> None:
    def count(communicator: Communicator) -> float:
        value = np.array([float(communicator.rank)])
        for _ in range(300):
            communicator.average(value)
        return float(value[0])

    assert together(count, 3) == [1.0, 1.0, 1.0]


def test_a_lost_rank_is_named_and_the_others_go_on() -> None:
    def run(communicator: Communicator) -> Any:
        value = np.array([10.0**communicator.rank])
        communicator.sum(value)
        if communicator.rank == 1:
            return None  # dies here
        with pytest.raises(RankLost, match="Rank 1") as caught:
            communicator.sum(value)
        assert caught.value.ranks == (1,)
        assert value[0] == 111  # what could not be combined is as it was
        communicator.reform(caught.value.ranks)
        value[:] = 10.0**communicator.rank
        communicator.average(value)
        return communicator.members, float(value[0])

    results = together(run, 3, timeout=0.3)
    assert results == [((0, 2), 50.5), None, ((0, 2), 50.5)]


def test_a_rank_that_comes_too_late_is_told() -> None:
    late = threading.Event()

    def run(communicator: Communicator) -> None:
        if communicator.rank == 1:
            late.wait(20)
        try:
            communicator.barrier()
        except RankLost as error:
            late.set()
            communicator.reform(error.ranks)

    first, second = together(run, 2, timeout=0.3)
    assert first is None
    assert isinstance(second, RankLost)
    assert "went on" in str(second)


def dies(communicator: Communicator) -> tuple[int, ...]:
    if communicator.rank == 1:
        import os

        os._exit(1)
    with pytest.raises(RankLost):
        communicator.barrier()
    return communicator.rank, communicator.size


def test_a_dead_process_is_noticed_before_the_time_out() -> None:
    assert run_processes(dies, 2, timeout=1000) == (0, 2)


def test_wrong_arguments() -> None:
    with pytest.raises(InvalidArgument, match="transport"):
        Communicator(0, 2)
    with pytest.raises(InvalidArgument, match="There is no rank 3"):
        Communicator().broadcast(np.zeros(1), root=3)
    one, _ = thread_communicators(2)
    with pytest.raises(InvalidArgument, match="contiguous"):
        one.sum(np.zeros((4, 4))[:, ::2])
