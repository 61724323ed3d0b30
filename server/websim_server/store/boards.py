"""Boards: runs of one contest, ordered by what servers measured; and the queue of those to come."""

import json
import secrets
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Engine,
    Row,
    and_,
    delete,
    func,
    insert,
    or_,
    select,
    update,
)

from websim_server.store.errors import NotStored
from websim_server.store.inspection import VERSION
from websim_server.store.limited import PATIENCE
from websim_server.store.measuring import SECONDS, Score
from websim_server.store.tables import measurements, runs

LEASE_SECONDS = PATIENCE * SECONDS + 60.0
"""So long a run belongs to the server that measures it. Then that one is taken for dead."""

MAX_ATTEMPTS = 3
"""What has ended so many servers is not tried again."""


class State(StrEnum):
    """How far a run has come."""

    WAITING = "waiting"
    MEASURING = "measuring"
    DONE = "done"
    FAILED = "failed"


@dataclass(frozen=True)
class Board:
    """Runs that compete.

    Attributes:
        key: sha256 of the contest (`websim.sharing.contest`).
        name: Whose contest it is.
        counts: What counts.
        runs: How many are ranked.
        waiting: How many are not measured yet.
    """

    key: str
    name: str
    counts: str
    runs: int
    waiting: int


@dataclass(frozen=True)
class Standing:
    """A run on a board.

    Attributes:
        id: The run's.
        title: What people call it; or its task.
        author: Who made it, if that is said.
        algorithm: By which it was learnt.
        global_step: Environment steps that it learnt for.
        board: Key of the board.
        state: How far it has come.
        reason: Why it failed; else empty.
        rank: Among those that are measured; None before.
        score: Mean of the measure over the episodes; None before it is measured, as all below.
        error: Its standard error.
        mean_return: Of what the task itself pays.
        episodes: How many were played.
        engine: What computed them.
    """

    id: str
    title: str
    author: str
    algorithm: str
    global_step: int
    board: str
    state: State
    reason: str
    rank: int | None
    score: float | None
    error: float | None
    mean_return: float | None
    episodes: int | None
    engine: str | None


@dataclass(frozen=True)
class Claimed:
    """A run that this server is to measure.

    Attributes:
        run_id: Which.
        claim: By which the server is known that does.
    """

    run_id: str
    claim: str


class Boards:
    """The boards of a store."""

    def __init__(self, engine: Engine) -> None:
        """Takes the store's database."""
        self._engine = engine

    def enter(self, connection: Connection, run_id: str, about: dict[str, Any]) -> None:
        """Puts a run into the queue if it takes part in a contest, unless it is on that board.

        Part of a transaction.
        """
        contest = about["contest"]
        own = measurements.c.run_id == run_id
        key = contest and contest["key"]
        if key == connection.execute(select(measurements.c.board).where(own)).scalar():
            return
        connection.execute(delete(measurements).where(own))
        if contest is not None:
            row = {"run_id": run_id, "board": key, "state": State.WAITING}
            connection.execute(insert(measurements).values(**row, asked_at=time.time()))

    def leave(self, connection: Connection, run_ids: Sequence[str]) -> None:
        """Forgets runs; part of a transaction."""
        connection.execute(delete(measurements).where(measurements.c.run_id.in_(run_ids)))

    def boards(self, most: int) -> list[Board]:
        """Those that there are, the fullest first."""
        return self._boards(most)

    def board(self, key: str) -> Board:
        """One of them; raises NotStored."""
        found = self._boards(1, measurements.c.board == key)
        if not found:
            raise NotStored(f"There is no board {key!r:.70} here, or no longer.")
        return found[0]

    def standings(self, key: str, most: int) -> list[Standing]:
        """The runs of a board: the best first, and behind them those that are not measured."""
        return self._standings(most, key)

    def standing(self, run_id: str) -> Standing | None:
        """Where a run stands; None: on no board."""
        own = select(measurements.c.board).where(measurements.c.run_id == run_id)
        return next(iter(self._standings(1, own.scalar_subquery(), run_id)), None)

    def claim(self) -> Claimed | None:
        """Takes a run to be measured, which no other server gets meanwhile; None: there is none."""
        while True:
            now, claim = time.time(), secrets.token_hex(16)
            left = and_(
                measurements.c.state == State.MEASURING, measurements.c.claimed_until <= now
            )
            # One statement, so that SQLite, which has no locks of rows, writes before it looks.
            free = (
                select(measurements.c.run_id)
                .where(or_(measurements.c.state == State.WAITING, left))
                .order_by(measurements.c.asked_at)
                .limit(1)
                .with_for_update(skip_locked=True)
                .scalar_subquery()
            )
            taken = (
                update(measurements)
                .where(measurements.c.run_id == free)
                .values(
                    state=State.MEASURING,
                    claim=claim,
                    claimed_until=now + LEASE_SECONDS,
                    attempts=measurements.c.attempts + 1,
                )
                .returning(measurements.c.run_id, measurements.c.attempts)
            )
            with self._engine.begin() as connection:
                row = connection.execute(taken).one_or_none()
            if row is None:
                return None
            claimed = Claimed(row.run_id, claim)
            if row.attempts <= MAX_ATTEMPTS:
                return claimed
            self.fail(claimed, f"{MAX_ATTEMPTS} servers ended while they measured it.")

    def done(self, claimed: Claimed, score: Score) -> None:
        """Ranks a run."""
        self._end(claimed, state=State.DONE, **asdict(score))

    def fail(self, claimed: Claimed, reason: str) -> None:
        """Says why a run cannot be ranked."""
        self._end(claimed, state=State.FAILED, reason=reason)

    def release(self, claimed: Claimed) -> None:
        """Gives a run back, which this server had no time to measure."""
        self._end(claimed, state=State.WAITING, attempts=measurements.c.attempts - 1)

    def _end(self, claimed: Claimed, **values: Any) -> None:
        """Ends a claim, unless it has been over: then another server has the run."""
        own = and_(measurements.c.run_id == claimed.run_id, measurements.c.claim == claimed.claim)
        values |= {"claim": None, "claimed_until": None}
        with self._engine.begin() as connection:
            connection.execute(update(measurements).where(own).values(values))

    def _boards(self, most: int, *where: ColumnElement[bool]) -> list[Board]:
        waits = measurements.c.state.in_((State.WAITING, State.MEASURING))
        counted = (
            select(
                func.min(measurements.c.run_id).label("example"),
                func.count().filter(measurements.c.state == State.DONE).label("runs"),
                func.count().filter(waits).label("waiting"),
            )
            .join(runs, runs.c.id == measurements.c.run_id)
            .where(shown(), *where)
            .group_by(measurements.c.board)
            .subquery()
        )
        found = (
            select(runs.c.about, counted.c.runs, counted.c.waiting)
            .join(counted, runs.c.id == counted.c.example)
            .order_by(counted.c.runs.desc(), counted.c.example)
            .limit(most)
        )
        with self._engine.connect() as connection:
            rows = connection.execute(found).all()
        return [Board(**json.loads(about)["contest"], runs=n, waiting=w) for about, n, w in rows]

    def _standings(self, most: int, key: Any, run_id: str | None = None) -> list[Standing]:
        """Of a board, each with its rank among all of it; who has the same score shares one."""
        order = measurements.c.score.desc().nulls_last()
        ranked = (
            select(measurements, runs.c.about, func.rank().over(order_by=order).label("rank"))
            .join(runs, runs.c.id == measurements.c.run_id)
            .where(shown(), measurements.c.board == key)
            .subquery()
        )
        found = select(ranked).order_by(ranked.c.rank, ranked.c.asked_at, ranked.c.run_id)
        if run_id is not None:
            found = found.where(ranked.c.run_id == run_id)
        with self._engine.connect() as connection:
            return [_standing(row) for row in connection.execute(found.limit(most))]


def _standing(row: Row[Any]) -> Standing:
    about, state = json.loads(row.about), State(row.state)
    return Standing(
        id=row.run_id,
        title=about["title"] or about["task"],
        author=about["author"] or "",
        algorithm=about["algorithm"],
        global_step=about["global_step"],
        board=row.board,
        state=state,
        rank=row.rank if state == State.DONE else None,
        **{
            name: getattr(row, name)
            for name in ("reason", "score", "error", "mean_return", "episodes", "engine")
        },
    )


def shown() -> ColumnElement[bool]:
    """What has not expired, and has been read by this version."""
    lives = or_(runs.c.expires_at.is_(None), runs.c.expires_at > time.time())
    return and_(lives, runs.c.version == VERSION)
