"""Boards: runs of one contest, ordered by what this server measured. An API, and pages of them."""

from dataclasses import asdict
from html import escape
from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Query
from pydantic import BaseModel
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response

from websim_server.store.boards import Board, Standing
from websim_server.store.errors import NotStored
from websim_server.store.store import Store

MOST = 200
"""Boards, and runs of a board, that are told of at once."""

BESIDE = 4
"""Runs that move side by side at most."""

ROBOTS_OF_EACH = 32

_SOON = {"Cache-Control": "public, max-age=5"}

Most = Annotated[int, Query(ge=1, le=MOST, description="how many at most")]


class Boards(BaseModel):
    """Boards, the fullest first."""

    boards: list[Board]


class BoardOfRuns(BaseModel):
    """A board with its runs, the best first."""

    board: Board
    runs: list[Standing]


def api(store: Store) -> APIRouter:
    """`/boards` and `/boards/KEY`, below the store's API."""
    routes = APIRouter()

    @routes.get("/boards", response_model=Boards)
    def boards(most: Most = MOST) -> Response:
        """The boards that there are."""
        found = store.boards.boards(most)
        return JSONResponse({"boards": [asdict(one) for one in found]}, headers=_SOON)

    @routes.get("/boards/{key}", response_model=BoardOfRuns)
    def board(key: str, most: Most = MOST) -> Response:
        """A board and its runs."""
        found = store.boards.board(key)
        runs = [asdict(run) for run in store.boards.standings(key, most)]
        return JSONResponse({"board": asdict(found), "runs": runs}, headers=_SOON)

    return routes


def router(store: Store | None) -> APIRouter:
    """`/boards` and `/boards/KEY` as pages, and `/boards/KEY/beside`, which leads to the robots."""
    routes = APIRouter()

    @routes.api_route("/boards", methods=["GET", "HEAD"])
    def boards() -> Response:
        found = store.boards.boards(MOST) if store else []
        return _page("Boards", _boards(found))

    @routes.api_route("/boards/{key}", methods=["GET", "HEAD"])
    def board(key: str) -> Response:
        try:
            found, runs = _found(store, key)
        except NotStored as error:
            return _page("Not here", f"<p>{escape(str(error))}</p>", 404)
        return _page(found.name, _board(found, runs))

    @routes.api_route("/boards/{key}/beside", methods=["GET", "HEAD"])
    def side_by_side(key: str, run: Annotated[list[str], Query()]) -> Response:
        return RedirectResponse(beside(run[:BESIDE]), 303, {"Cache-Control": "no-store"})

    return routes


def beside(run_ids: list[str]) -> str:
    """The address at which runs move side by side: the robots and the world are of the first."""
    parts = ",".join(f"{ROBOTS_OF_EACH}:shared-{run_id}" for run_id in run_ids)
    robots = ROBOTS_OF_EACH * len(run_ids)
    asked = {"open": run_ids[0], "envs": robots, "compare": parts}
    return f"/?{urlencode(asked, safe=':,')}"


def _found(store: Store | None, key: str) -> tuple[Board, list[Standing]]:
    if store is None:
        raise NotStored("This server keeps no runs of others.")
    return store.boards.board(key), store.boards.standings(key, MOST)


def _boards(boards: list[Board]) -> str:
    if not boards:
        return "<p>There are none yet: a run that is shared here opens one.</p>"
    rows = "".join(
        f'<li><a href="/boards/{board.key}">{escape(board.name)}</a>'
        f"<small>{escape(board.counts)} {_number(board)}</small></li>"
        for board in boards
    )
    return (
        "<p>Runs that were shared here and have the same robot, task, measure and world compete. "
        f'This server has played each of them itself.</p><ul class="boards">{rows}</ul>'
    )


def _number(board: Board) -> str:
    runs = f"{board.runs:,} run{'' if board.runs == 1 else 's'}"
    return runs + (f", {board.waiting:,} to be measured" if board.waiting else "")


def _board(board: Board, runs: list[Standing]) -> str:
    rows = "".join(map(_row, runs))
    ranked = any(run.rank is not None for run in runs)
    together = (
        f'<p><button class="primary">See them side by side</button> <small>up to {BESIDE}</small>'
        "</p>"
        if ranked
        else ""
    )
    return f"""<p>{escape(board.counts)} More is better. {_number(board)}.</p>
<form action="/boards/{board.key}/beside">{together}
<div class="scrolls"><table>
<thead><tr><th aria-label="Choose"></th><th>#</th><th>Run</th><th>Score</th>
<th>Return</th><th>Steps</th><th>Algorithm</th></tr></thead>
<tbody>{rows}</tbody></table></div></form>
<p><small>Score: mean of the measure over episodes that this server played with the seeds 0, 1, …,
± its standard error. Return: of what the task itself pays.</small></p>
<p><a href="/boards">All boards</a></p>"""


def _row(run: Standing) -> str:
    choice = score = paid = ""
    if run.rank is not None and run.score is not None and run.mean_return is not None:
        checked = " checked" if run.rank <= BESIDE else ""
        label = escape(f"Show {run.title}")
        choice = (
            f'<input type="checkbox" name="run" value="{run.id}" aria-label="{label}"{checked}>'
        )
        score = f"{run.score:,.2f} ± {run.error:,.2f}"
        paid = f"{run.mean_return:,.1f}"
    else:
        reason = f": {run.reason}" if run.reason else ""
        score = f"<small>{escape(run.state + reason)}</small>"
    author = f"<small>{escape(run.author)}</small>" if run.author else ""
    return (
        f"<tr><td>{choice}</td><td>{run.rank or ''}</td>"
        f'<td><a href="/r/{run.id}">{escape(run.title)}</a>{author}</td>'
        f"<td>{score}</td><td>{paid}</td><td>{run.global_step:,}</td>"
        f"<td>{escape(run.algorithm)}</td></tr>"
    )


def _page(title: str, body: str, status: int = 200) -> Response:
    """A page without robots; titles and names are somebody's words, and escaped before."""
    return HTMLResponse(
        f"""<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{escape(title)} · MuJoCo WebSim</title>
<link rel="icon" href="/app/icon.svg" type="image/svg+xml">
<link rel="stylesheet" href="/app/style.css">
<link rel="stylesheet" href="/app/sharing/boards.css">
<script type="module" src="/app/sharing/boards.js"></script>
<body class="page">
<main>
<p class="subtle"><a href="/">MuJoCo WebSim</a></p>
<h1>{escape(title)}</h1>
{body}
</main>
</html>
""",
        status,
        _SOON,
    )
