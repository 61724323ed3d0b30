"""The routes to a language model, for the author `llm` in the page.

The page's own Python writes the conversation and checks the answers; what is here has the key, and
lets through a conversation that begins with the project's own instructions and is answered in their
form, so many times an hour for an address, within a day's money. Nothing that a page or a model
says is run or stored here.
"""

import ipaddress
import json
import time
from collections.abc import AsyncIterator
from contextlib import aclosing
from dataclasses import asdict
from typing import Any
from urllib.parse import urlsplit

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse

from websim import plain
from websim.authors.llm import Turn
from websim.authors.llm.conversation import MAX_RETURNS
from websim.errors import AuthorFailed
from websim_server.llm.asking import Ended, Failed, Waits, Wrote, ask
from websim_server.llm.budget import DailyBudget
from websim_server.llm.settings import LlmSettings, LlmUnavailable

ADDRESS = "/llm"

MAX_BYTES = 1 << 20
"""Of a request."""

MAX_CHARACTERS = 400_000
"""Of a conversation."""

MAX_TURNS = 1 + 2 * MAX_RETURNS

MAX_TOGETHER = 4
"""Answers under way, of all pages."""

NEVER = "no-store"


class Refused(Exception):
    """Raised when a request is not let through."""

    def __init__(self, status: int, message: str, headers: dict[str, str] | None = None) -> None:
        """Takes the status, what is told, and headers besides."""
        super().__init__(message)
        self.status, self.headers = status, headers or {}


class Gate:
    """Counts who asks.

    Attributes:
        together: Answers under way.
    """

    def __init__(self, rate: str) -> None:
        """Takes how often an address may ask, as `limits` writes it."""
        from limits import parse
        from limits.storage import MemoryStorage
        from limits.strategies import MovingWindowRateLimiter

        self._rate, self._limiter = parse(rate), MovingWindowRateLimiter(MemoryStorage())
        self.together = 0

    def let_through(self, address: str) -> None:
        """Counts a request; raises Refused where there are too many."""
        who = network(address)
        if not self._limiter.hit(self._rate, who):
            reset = self._limiter.get_window_stats(self._rate, who).reset_time
            seconds = max(1, round(reset - time.time()))
            message = (
                f"The language model may be asked {self._rate} from an address: "
                f"again in {seconds:,} s."
            )
            raise Refused(429, message, {"Retry-After": str(seconds)})


def network(address: str) -> str:
    """Who an address belongs to: of IPv6 a household has all that begin with the same 64 bits."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return address
    if isinstance(found, ipaddress.IPv6Address):
        if found.ipv4_mapped:
            return str(found.ipv4_mapped)
        return str(ipaddress.ip_network((found, 64), strict=False))
    return str(found)


def router(model: LlmSettings | LlmUnavailable) -> APIRouter:
    """`GET /llm`, what there is, and `POST /llm`, which asks it and streams lines of JSON.

    Args:
        model: The language model, or why there is none.
    """
    routes = APIRouter()
    settings = model if isinstance(model, LlmSettings) else None
    daily = DailyBudget(settings) if settings else None
    gate = Gate(settings.rate) if settings else None

    @routes.api_route(ADDRESS, methods=["GET"])
    def about() -> Response:
        if settings is None or daily is None:
            told: dict[str, Any] = {"available": False, "why": f"{model}"}
        else:
            told = {
                "available": True,
                "model": settings.model,
                "service": settings.service,
                "maxTokens": settings.max_tokens,
                "maxCost": settings.max_cost,
                "spent": daily.today().spent,
                "priced": settings.prices is not None,
            }
        return JSONResponse(told, headers={"Cache-Control": NEVER})

    @routes.api_route(ADDRESS, methods=["POST"])
    async def answer(request: Request) -> Response:
        try:
            if settings is None or daily is None or gate is None:
                raise Refused(503, f"{model}")
            check_origin(request)
            turns = read_turns(await body_of(request))
            gate.let_through(request.client.host if request.client else "")
        except Refused as refused:
            headers = {"Cache-Control": NEVER, **refused.headers}
            return JSONResponse({"message": str(refused)}, refused.status, headers)
        lines = _lines(settings, turns, daily, gate)
        return StreamingResponse(
            lines, media_type="application/x-ndjson", headers={"Cache-Control": NEVER}
        )

    return routes


async def _lines(
    settings: LlmSettings, turns: list[Turn], daily: DailyBudget, gate: Gate
) -> AsyncIterator[str]:
    """What comes, a line of JSON each; ends where nobody listens any longer."""

    def line(kind: str, **told: Any) -> str:
        return json.dumps({"kind": kind, **told}) + "\n"

    if gate.together >= MAX_TOGETHER:
        message = f"{gate.together} answers are being written already: try again in a while."
        yield line("failed", message=message, usage=None)
        return
    gate.together += 1
    try:
        async with aclosing(ask(settings, turns, daily.today())) as events:
            async for event in events:
                if isinstance(event, Wrote):
                    yield line("wrote", text=event.text)
                elif isinstance(event, Waits):
                    yield line("waits", seconds=event.seconds, why=event.why)
                elif isinstance(event, Ended):
                    yield line("ended", cut=event.cut, usage=asdict(event.usage))
    except Failed as error:
        yield line("failed", message=str(error), usage=asdict(error.usage))
    except AuthorFailed as error:
        yield line("failed", message=str(error), usage=None)
    finally:
        gate.together -= 1


def check_origin(request: Request) -> None:
    """Lets through what a page of this server sends, and what is no browser's.

    A page of somebody else's could have its visitor's browser ask here, and spend the money.
    """
    headers = request.headers
    origin = headers.get("origin")
    foreign = headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none")
    if foreign or (origin is not None and urlsplit(origin).netloc != headers.get("host")):
        raise Refused(403, "Only pages of this server may ask the language model.")
    if headers.get("content-type", "").partition(";")[0].strip() != "application/json":
        raise Refused(415, "A conversation is sent as application/json.")


async def body_of(request: Request) -> bytes:
    """The body, as far as it may go."""
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > MAX_BYTES:
            raise Refused(413, f"A conversation may have {MAX_BYTES:,} bytes.")
    return body


def read_turns(body: bytes) -> list[Turn]:
    """The conversation of a request; raises Refused for anything else."""
    try:
        given = plain.loads(body, MAX_BYTES)
    except ValueError as error:
        raise Refused(400, f"This is no JSON: {plain.brief(error)}.") from None
    said = given.get("turns") if isinstance(given, dict) else None
    if not isinstance(said, list) or not 1 <= len(said) <= MAX_TURNS or len(said) % 2 == 0:
        raise Refused(400, f"turns must be an odd number of up to {MAX_TURNS} texts.")
    turns = []
    for i, text in enumerate(said):
        if not isinstance(text, str) or not text.strip():
            raise Refused(400, "Each of the turns must be a text that says something.")
        turns.append(Turn(role="assistant" if i % 2 else "user", text=text))
    characters = sum(len(turn.text) for turn in turns)
    if characters > MAX_CHARACTERS:
        raise Refused(
            413, f"A conversation may have {MAX_CHARACTERS:,} characters, not {characters:,}."
        )
    return turns
