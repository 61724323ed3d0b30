"""Runs that people share: an API to keep and fetch them, and an address to send."""

import asyncio
import hashlib
import json
from dataclasses import asdict
from html import escape
from typing import Annotated, Any
from urllib.parse import quote, urlsplit

from fastapi import APIRouter, FastAPI, Header, Query
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, Field
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response

from websim_server import __version__
from websim_server.errors import ServerError
from websim_server.site import boards
from websim_server.site.visitors import Pages, Rate, Refused, address_of, body_of, refused
from websim_server.store.boards import Standing
from websim_server.store.errors import NoRun, NotAllowed, NotStored, StoreFull
from websim_server.store.store import Relative, Store, Stored
from websim_server.store.tables import ID_LENGTH

API = "/api"

ADDRESS = "/r/"

EMBED_WIDTH, EMBED_HEIGHT = 640, 400

EMBED = "embed=1&envs=64"
"""The small page, and so few robots that a page around it stays quick."""

MAX_TOGETHER = 2
"""Runs that are looked at at the same time: each takes a process."""

_STATUS: dict[type[ServerError], int] = {
    NotStored: 404,
    NotAllowed: 403,
    NoRun: 422,
    StoreFull: 507,
}

_FOR_A_DAY = "public, max-age=86400"
"""An address has always the same content; only who deletes it may wish it gone sooner."""

_SOON = {"Cache-Control": "public, max-age=5"}
"""Others may be made of it, and it is measured."""

_NEVER = {"Cache-Control": "no-store"}


class Shared(BaseModel):
    """A run in the store."""

    id: str = Field(description="the first characters of its sha256")
    sha256: str
    bytes: int
    about: dict[str, Any] = Field(description="what the file says of itself")
    created_at: float = Field(description="seconds since 1970")
    expires_at: float | None


class Known(Shared):
    """A run in the store, and how it stands among others."""

    ancestors: list[Relative] = Field(description="what it was made of, the nearest first")
    children: list[Relative] = Field(description="what was made of it, the oldest first")
    standing: Standing | None = Field(description="on the board of its contest")


class Receipt(Shared):
    """What who shares a run gets."""

    url: str = Field(description="the address to send")
    token: str | None = Field(description="deletes it; null where it was there already")


class Embedding(BaseModel):
    """What oEmbed (oembed.com, 2.3.4.4) says of a run's address."""

    version: str
    type: str
    title: str
    author_name: str | None = None
    provider_name: str
    provider_url: str
    cache_age: int = Field(description="seconds")
    html: str
    width: int
    height: int
    thumbnail_url: str | None = None
    thumbnail_width: int | None = None
    thumbnail_height: int | None = None


class Problem(BaseModel):
    """Why something was not done."""

    message: str


def api(store: Store, pages: Pages) -> FastAPI:
    """The API of a store, with its schema at `openapi.json`; `pages` may share and delete."""
    problems: dict[int | str, dict[str, Any]] = {
        status: {"model": Problem} for status in (403, 404, 413, 422, 429, 501, 507)
    }
    # No pages about it: they load scripts from elsewhere, which the policy forbids.
    app = FastAPI(
        title="MuJoCo WebSim: shared runs",
        version=__version__,
        docs_url=None,
        redoc_url=None,
        responses=problems,
    )
    rate = Rate(store.settings.rate, "Runs may be shared", store.admit)
    together = asyncio.Semaphore(MAX_TOGETHER)

    @app.exception_handler(ServerError)
    def told(request: Request, error: ServerError) -> Response:
        status = _STATUS.get(type(error), 500)
        return JSONResponse({"message": str(error)}, status, _NEVER)

    app.exception_handler(HTTPException)(elsewhere)

    @app.exception_handler(RequestValidationError)
    def invalid(request: Request, error: RequestValidationError) -> Response:
        where, why = error.errors()[0]["loc"], error.errors()[0]["msg"]
        return JSONResponse({"message": f"{'.'.join(map(str, where))}: {why}."}, 422, _NEVER)

    app.exception_handler(Refused)(refused)

    @app.post(
        "/runs",
        status_code=201,
        response_model=Receipt,
        responses={200: {"model": Receipt}},
        openapi_extra={
            "requestBody": {
                "required": True,
                "content": {
                    "application/octet-stream": {"schema": {"type": "string", "format": "binary"}}
                },
            }
        },
    )
    async def share(request: Request) -> Response:
        """Keeps a run (.websim); the same file has the same address."""
        pages.check(request, "Only pages of this server may share runs here.")
        await run_in_threadpool(rate.count, address_of(request))
        data = await body_of(request, store.settings.max_bytes, "A run")
        async with together:
            receipt = await run_in_threadpool(store.share, data)
        answer = {
            **asdict(receipt.run),
            "url": f"{ADDRESS}{receipt.run.id}",
            "token": receipt.token,
        }
        return JSONResponse(answer, 201 if receipt.token else 200, _NEVER)

    @app.get("/runs/{run_id}.websim", response_class=Response)
    def file(run_id: str, request: Request) -> Response:
        """The file."""
        run = store.about(run_id)
        headers = {"Cache-Control": _FOR_A_DAY, "ETag": f'"{run.sha256}"'}
        if request.headers.get("if-none-match") == headers["ETag"]:
            return Response(status_code=304, headers=headers)
        return Response(store.read(run_id), media_type="application/zip", headers=headers)

    @app.get("/runs/{run_id}/picture", response_class=Response)
    def picture(run_id: str) -> Response:
        """What a preview shows of it: a PNG or a JPEG."""
        shown = store.picture(run_id)
        # Blogs show it, too.
        headers = {"Cache-Control": _FOR_A_DAY, "Cross-Origin-Resource-Policy": "cross-origin"}
        return Response(shown.data, media_type=shown.media_type, headers=headers)

    @app.get("/oembed", response_model=Embedding, response_model_exclude_none=True)
    def oembed(
        request: Request,
        url: str,
        format: str = "json",
        maxwidth: Annotated[int, Query(ge=1)] = EMBED_WIDTH,
        maxheight: Annotated[int, Query(ge=1)] = EMBED_HEIGHT,
    ) -> Response:
        """What to show in place of an address: `/r/ID` on this server."""
        if format != "json":
            raise HTTPException(501, "There is oEmbed as json only.")
        asked = urlsplit(url)
        if asked.netloc != request.url.netloc or not asked.path.startswith(ADDRESS):
            raise NotStored("That is no address of a run on this server.")
        run = store.about(asked.path.removeprefix(ADDRESS))
        size = min(maxwidth, EMBED_WIDTH), min(maxheight, EMBED_HEIGHT)
        answer = _embedding(run, _origin(request), *size)
        return JSONResponse(answer, headers={"Cache-Control": _FOR_A_DAY})

    @app.get("/runs/{run_id}", response_model=Known)
    def about(run_id: str) -> Response:
        """What is known of it."""
        told = {**asdict(store.about(run_id)), **asdict(store.family(run_id))}
        return JSONResponse(told, headers=_SOON)

    @app.delete("/runs/{run_id}", status_code=204, response_class=Response)
    def remove(run_id: str, request: Request, token: str = Header(alias="X-Token")) -> Response:
        """Deletes it, with the token that who shared it got."""
        pages.check(request, "Only pages of this server may delete runs here.")
        store.remove(run_id, token)
        return Response(status_code=204)

    app.include_router(boards.api(store))
    return app


def elsewhere(request: Request, error: HTTPException) -> Response:
    """Says what no route answers, as the API says all problems."""
    headers = {**_NEVER, **(error.headers or {})}
    if error.status_code == 405:  # Starlette names the methods of the address's first route alone
        found = [route for route in request.app.routes if route.matches(request.scope)[0].value]
        methods = set().union(*(route.methods for route in found)) or {"GET", "HEAD"}  # a file's
        headers["Allow"] = ", ".join(sorted(methods))
    return JSONResponse({"message": error.detail}, error.status_code, headers)


def router(store: Store | None) -> APIRouter:
    """`/r/ID`: an address to send; whoever opens it is led to the page, which opens the run."""
    routes = APIRouter()

    @routes.api_route(ADDRESS + "{run_id}", methods=["GET", "HEAD"])
    def page(run_id: str, request: Request) -> Response:
        try:
            if store is None:
                raise NotStored("This server keeps no runs of others.")
            run = store.about(run_id)
        except NotStored as error:
            return HTMLResponse(_page("Not here", str(error), "/", waits=True), 404, _NEVER)
        title, said = titles(run.about)
        head = _head(run, _origin(request))
        return HTMLResponse(_page(title, said, f"/?open={run.id}", head), headers=_NEVER)

    return routes


def titles(about: dict[str, Any]) -> tuple[str, str]:
    """What a run is called, and a sentence about it, of what its file says of itself."""
    said = [about["task"]]
    said += [f"after {about['global_step']:,} steps" if about["iteration"] else "not learnt yet"]
    if (claim := about["claim"]) is not None:
        said += [f"claimed return {claim['mean_return']:,.0f} over {claim['episodes']:,} episodes"]
    return about["title"] or about["task"], f"{', '.join(said)}, in MuJoCo WebSim"


def opened(store: Store, run_id: str) -> dict[str, Any]:
    """What the page needs to open a run; raises NotStored."""
    run = store.about(run_id)
    return {
        "name": titles(run.about)[0],
        "experiment": json.loads(run.about["document"]),
        "sha256": run.sha256,
        "hasLearnt": run.about["has_learnt"],
        "stored": True,
    }


def archive(store: Store, sha256: str) -> bytes | None:
    """The file with such a sum, if it is in the store."""
    try:
        data = store.read(sha256[:ID_LENGTH])
    except NotStored:
        return None
    return data if hashlib.sha256(data).hexdigest() == sha256 else None


def _origin(request: Request) -> str:
    return f"{request.url.scheme}://{request.url.netloc}"


def _picture_url(run: Stored, origin: str) -> str:
    return f"{origin}{API}/runs/{run.id}/picture"


def _embedding(run: Stored, origin: str, width: int, height: int) -> dict[str, Any]:
    title, _ = titles(run.about)
    shown, author = run.about["picture"], run.about["author"]
    address = f"{origin}/?open={run.id}&{EMBED}"
    frame = (
        f'<iframe src="{escape(address)}" width="{width}" height="{height}" '
        f'title="{escape(title)}" allow="cross-origin-isolated; fullscreen" '
        'style="border: 0" loading="lazy"></iframe>'
    )
    return {
        "version": "1.0",
        "type": "rich",
        "title": title,
        **({"author_name": author} if author else {}),
        "provider_name": "MuJoCo WebSim",
        "provider_url": f"{origin}/",
        "cache_age": 86_400,
        "html": frame,
        "width": width,
        "height": height,
        **(
            {
                "thumbnail_url": _picture_url(run, origin),
                "thumbnail_width": shown["width"],
                "thumbnail_height": shown["height"],
            }
            if shown
            else {}
        ),
    }


def _head(run: Stored, origin: str) -> str:
    """The picture of a preview, and where oEmbed is."""
    address = f"{origin}{ADDRESS}{run.id}"
    oembed = f"{origin}{API}/oembed?url={quote(address, safe='')}"
    lines = [
        f'<meta property="og:url" content="{escape(address)}">',
        f'<link rel="alternate" type="application/json+oembed" href="{escape(oembed)}">',
    ]
    if shown := run.about["picture"]:
        lines += [
            f'<meta property="og:image" content="{escape(_picture_url(run, origin))}">',
            f'<meta property="og:image:type" content="{shown["media_type"]}">',
            f'<meta property="og:image:width" content="{shown["width"]}">',
            f'<meta property="og:image:height" content="{shown["height"]}">',
            '<meta name="twitter:card" content="summary_large_image">',
        ]
    return "\n".join(lines)


def _page(title: str, said: str, goes_on: str, head: str = "", *, waits: bool = False) -> str:
    """What a preview of the address shows; titles are somebody's words."""
    link = "Simulate something else" if waits else "Open it"
    leads = "" if waits else f'<meta http-equiv="refresh" content="0; url={escape(goes_on)}">'
    return f"""<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>{escape(title)}</title>
<meta property="og:type" content="website">
<meta property="og:site_name" content="MuJoCo WebSim">
<meta property="og:title" content="{escape(title)}">
<meta property="og:description" content="{escape(said)}">
{head}
{leads}
<p>{escape(said)} <a href="{escape(goes_on)}">{link}</a>
</html>
"""
