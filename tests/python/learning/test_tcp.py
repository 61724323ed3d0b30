"""Ranks on several machines: the same bits as in one process, whoever comes, goes or is cut off."""

import select
import shutil
import subprocess
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.python.learning.test_ranks import collectives, together
from websim.errors import InvalidArgument, RankLost, RankRefused
from websim.ranks import Communicator
from websim.ranks.coordinator import Coordinator, Event, Formed, Lost
from websim.ranks.tcp import Group, Member, _Failed
from websim.ranks.wire import Security

SECURITY = Security("a secret of this test's")

Work = Callable[[Member, Communicator], Any]


class Gathering:
    """A coordinator that runs beside the test, with what it has told of."""

    def __init__(self, size: int, security: Security = SECURITY, **options: Any) -> None:
        self.coordinator = Coordinator(("127.0.0.1", 0), security, size, **options)
        self.events: list[Event] = []
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _run(self) -> None:
        while not (self._ended.is_set() or self.coordinator.over):
            self.events += self.coordinator.poll(0.02)
        self.coordinator.close()

    def __enter__(self) -> "Gathering":
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join(30)


def over_tcp(work: Work, size: int, **options: Any) -> tuple[list[Any], list[Event]]:
    """Runs ranks as threads; what each gave or raised, by rank, and what was told."""
    results: list[Any] = [None] * size

    def run(address: tuple[str, int], security: Security) -> None:
        member = Member(address, security)
        communicator, _ = member.group()
        try:
            results[communicator.rank] = work(member, communicator)
            member.leave()
        except Exception as error:
            results[communicator.rank] = error
            member.close()

    with Gathering(size, **options) as gathering:
        security = options.get("security", SECURITY)
        threads = [
            threading.Thread(target=run, args=(gathering.coordinator.address, security))
            for _ in range(size)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
            assert not thread.is_alive()
    return results, gathering.events


@pytest.mark.parametrize("size", [1, 2, 9, 20])  # 9 and 20 have branches
def test_threads_and_machines_give_the_same_bits(size: int) -> None:
    by_tcp, events = over_tcp(lambda member, communicator: collectives(communicator), size)
    by_thread = together(collectives, size)
    for one, other in zip(by_tcp, by_thread, strict=True):
        assert not isinstance(one, Exception), one
        for name, value in other.items():
            np.testing.assert_array_equal(one[name], value)
    assert [type(event) for event in events] == [Formed]


@pytest.mark.parametrize("lost", [0, 1, 8, 9])
def test_who_is_lost_is_lost_to_all_at_the_same_call(lost: int) -> None:
    """The first, a leaf, and in ten ranks the first of a branch and its only leaf."""

    def work(member: Member, communicator: Communicator) -> Any:
        value = np.array([2.0**communicator.rank])
        for turn in range(3):
            communicator.sum(value)
            value /= 1023
            if turn == 1 and communicator.rank == lost:
                raise ConnectionAbortedError  # as a process that dies: nothing is said
            value[:] = 2.0**communicator.rank
        raise AssertionError("it was finished without a rank")

    def surviving(member: Member, communicator: Communicator) -> Any:
        try:
            return work(member, communicator)
        except RankLost as error:
            communicator.reform(error.ranks)
            value = np.array([2.0**communicator.rank])
            communicator.sum(value)
            return communicator._exchanges, error.ranks, communicator.members, float(value[0])

    results, events = over_tcp(surviving, 10)
    left = tuple(rank for rank in range(10) if rank != lost)
    assert [type(event) for event in events] == [Formed, Lost]
    for rank in left:
        assert results[rank] == (4, (lost,), left, 1023.0 - 2.0**lost)


def test_who_has_not_got_what_others_have_gets_it() -> None:
    """A rank dies when some have all that they need of it, and others nothing."""
    finished = threading.Event()

    def work(member: Member, communicator: Communicator) -> Any:
        value = np.array([10.0**communicator.rank])
        communicator.barrier()
        if communicator.rank == 2:
            link = member._transport._links[0]  # type: ignore[union-attr]
            link.give(2, value.view(np.uint8))
            finished.wait(30)
            raise ConnectionAbortedError
        communicator.sum(value)
        finished.set()
        with pytest.raises(RankLost, match="Rank 2") as caught:
            communicator.barrier()
        communicator.reform(caught.value.ranks)
        communicator.barrier()
        return float(value[0])

    results, _ = over_tcp(work, 3)
    assert results[:2] == [111.0, 111.0]


def test_who_has_it_is_waited_for_though_another_goes_meanwhile() -> None:
    finished, gone = threading.Event(), threading.Event()

    def work(member: Member, communicator: Communicator) -> Any:
        value = np.array([10.0**communicator.rank])
        communicator.barrier()
        transport = member._transport
        assert transport is not None
        if communicator.rank == 2:
            transport._links[0].give(2, value.view(np.uint8))
            finished.wait(30)
            transport.report(_Failed())
            member.wait("halt")
            gone.set()
            raise ConnectionAbortedError
        if communicator.rank == 0:
            send = member.send

            def slow(kind: str, blob: bytes = b"", **values: Any) -> None:
                if kind == "result":
                    gone.wait(30)
                    time.sleep(0.2)  # the coordinator hears first that rank 2 is gone
                send(kind, blob, **values)

            member.send = slow  # type: ignore[method-assign]
        communicator.sum(value)
        finished.set()
        with pytest.raises(RankLost) as caught:
            communicator.barrier()
        communicator.reform(caught.value.ranks)
        communicator.barrier()
        return float(value[0])

    results, _ = over_tcp(work, 3)
    assert results[:2] == [111.0, 111.0]


def test_what_came_with_other_news_is_heeded() -> None:
    """That somebody has failed is found though nothing more comes from the coordinator."""
    told = threading.Barrier(3)

    def work(member: Member, communicator: Communicator) -> Any:
        communicator.barrier()
        if communicator.rank == 1:
            member._control.close()
            told.wait(30)  # until then its links stay, and tell nothing
            return None
        while not member.has_frames:
            select.select([member], [], [], 30)
            member.heed()
        with pytest.raises(RankLost) as caught:
            communicator.barrier()
        told.wait(30)
        communicator.reform(caught.value.ranks)
        return communicator.members

    results, _ = over_tcp(work, 3)
    assert results[0] == results[2] == (0, 2)


def test_who_says_nothing_is_expelled_and_hears_of_it() -> None:
    asleep = threading.Event()

    def work(member: Member, communicator: Communicator) -> Any:
        if communicator.rank == 1:
            asleep.wait(30)
            with pytest.raises(RankLost) as late:
                communicator.barrier()
            communicator.reform(late.value.ranks)
        with pytest.raises(RankLost, match="Rank 1 did not come within"):
            communicator.barrier()
        communicator.reform([1])
        communicator.barrier()
        asleep.set()
        return communicator.members

    results, _ = over_tcp(work, 3, timeout=0.5)
    assert results[0] == results[2] == (0, 2)
    assert isinstance(results[1], RankLost)
    assert "went on" in str(results[1])


def test_who_comes_later_has_its_share_from_then_on() -> None:
    """Two of three begin; the third comes, and after all have halted it has the free number."""

    def run(address: tuple[str, int], told: list[Any]) -> None:
        member = Member(address, SECURITY)
        while True:
            communicator, checkpoint = member.group()
            told.append((communicator.rank, communicator.members, checkpoint))
            if len(communicator.members) == 3:
                member.leave()
                return
            halt = np.zeros(1, np.bool_)
            while not halt[0]:  # iterations that have nothing to do
                halt[0] = member.wish.regroup
                communicator.broadcast(halt)
            member.regroup(b"what is known" if communicator.is_root else None)

    told: list[list[Any]] = [[], [], []]
    with Gathering(3, job=b"job", checkpoint=b"first", least=2) as gathering:
        threads = [
            threading.Thread(target=run, args=(gathering.coordinator.address, one)) for one in told
        ]
        for thread in threads[:2]:
            thread.start()
        while not told[0] or not told[1]:
            threads[0].join(0.01)
        threads[2].start()
        for thread in threads:
            thread.join(30)
            assert not thread.is_alive()
    for one in told[:2]:
        assert [(members, known) for _, members, known in one] == [
            ((0, 1), b"first"),
            ((0, 1, 2), b"what is known"),
        ]
    assert told[2] == [(2, (0, 1, 2), b"what is known")]
    assert [event.members for event in gathering.events if isinstance(event, Formed)] == [
        [0, 1],
        [0, 1, 2],
    ]


def test_strangers_stay_outside() -> None:
    with Gathering(1) as gathering:
        address = gathering.coordinator.address
        with pytest.raises(RankRefused, match="another one"):
            Member(address, Security("another secret, as long"))
        Member(address, SECURITY).close()
    with pytest.raises(RankRefused, match="cannot be joined"):
        Member(address, SECURITY)
    with pytest.raises(InvalidArgument, match="at least 16 characters"):
        Security("short")
    with pytest.raises(InvalidArgument, match="no PEM file"):
        Security("a secret, long enough", __file__)
    with pytest.raises(InvalidArgument, match="1 to 1024 ranks, not 0"):
        Coordinator(("127.0.0.1", 0), SECURITY, 0)
    with pytest.raises(InvalidArgument, match="begins with 1 to 2, not 3"):
        Coordinator(("127.0.0.1", 0), SECURITY, 2, least=3)


def certificate(file: Path) -> str:
    """A file for `--tls`, as docs/cluster.md makes it."""
    if shutil.which("openssl") is None:
        pytest.skip("there is no openssl to make a certificate with")
    command = "openssl req -x509 -newkey ed25519 -nodes -days 365 -subj /CN=websim"
    made = subprocess.run(
        [*command.split(), "-keyout", file, "-out", file.with_suffix(".crt")],
        capture_output=True,
        check=True,
    )
    assert made.returncode == 0
    file.write_text(file.read_text() + file.with_suffix(".crt").read_text())
    return str(file)


def test_with_tls_the_certificate_is_asked_for(tmp_path: Path) -> None:
    token = SECURITY.token
    security = Security(token, certificate(tmp_path / "ours.pem"))
    results, _ = over_tcp(lambda member, one: collectives(one), 3, security=security)
    for one, other in zip(results, together(collectives, 3), strict=True):
        for name, value in other.items():
            np.testing.assert_array_equal(one[name], value)
    others = Security(token, certificate(tmp_path / "theirs.pem"))
    with Gathering(1, security) as gathering:
        for stranger in (others, SECURITY):
            with pytest.raises(RankRefused, match="cannot be joined"):
                Member(gathering.coordinator.address, stranger)


def test_only_ranks_of_one_machine_share_its_cores() -> None:
    group = Group(1, {0: ("10.0.0.1", 5), 1: ("10.0.0.2", 5), 3: ("10.0.0.1", 6)})
    assert [group.beside(rank) for rank in group.addresses] == [2, 1, 2]
    results, _ = over_tcp(lambda member, communicator: communicator.beside, 3)
    assert results == [3, 3, 3]
