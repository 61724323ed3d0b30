"""The routes to a language model, for the author `llm` in the page.

The page's own Python writes the conversation and checks the answers; what is here has the key, and
lets through a conversation that begins with the project's own instructions and is answered in their
form, so many times an hour for an address, within a day's money. Nothing that a page or a model
says is run or stored here.
"""

import json
from collections.abc import AsyncIterator
from contextlib import aclosing
from dataclasses import asdict, dataclass
from typing import Any

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
from websim_server.site.visitors import Pages, Rate, Refused, address_of, body_of

ADDRESS = "/llm"

MAX_BYTES = 1 << 20
"""Of a request."""

MAX_CHARACTERS = 400_000
"""Of a conversation."""

MAX_TURNS = 1 + 2 * MAX_RETURNS

JSON = "application/json"

MAX_TOGETHER = 4
"""Answers under way, of all pages."""

NEVER = "no-store"


@dataclass
class Together:
    """Answers under way, of all pages."""

    count: int = 0


def router(model: LlmSettings | LlmUnavailable, pages: Pages) -> APIRouter:
    """`GET /llm`, what there is, and `POST /llm`, which asks it and streams lines of JSON.

    Args:
        model: The language model, or why there is none.
        pages: Whose pages may ask.
    """
    routes = APIRouter()
    settings = model if isinstance(model, LlmSettings) else None
    daily = DailyBudget(settings) if settings else None
    rate = Rate(settings.rate, "The language model may be asked") if settings else None
    together = Together()

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
        if settings is None or daily is None or rate is None:
            raise Refused(503, f"{model}")
        pages.check(request, "Only pages of this server may ask the language model.")
        if request.headers.get("content-type", "").partition(";")[0].strip() != JSON:
            raise Refused(415, f"A conversation is sent as {JSON}.")
        turns = read_turns(await body_of(request, MAX_BYTES, "A conversation"))
        rate.count(address_of(request))
        lines = _lines(settings, turns, daily, together)
        return StreamingResponse(
            lines, media_type="application/x-ndjson", headers={"Cache-Control": NEVER}
        )

    return routes


async def _lines(
    settings: LlmSettings, turns: list[Turn], daily: DailyBudget, together: Together
) -> AsyncIterator[str]:
    """What comes, a line of JSON each; ends where nobody listens any longer."""

    def line(kind: str, **told: Any) -> str:
        return json.dumps({"kind": kind, **told}) + "\n"

    if together.count >= MAX_TOGETHER:
        message = f"{together.count} answers are being written already: try again in a while."
        yield line("failed", message=message, usage=None)
        return
    together.count += 1
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
        together.count -= 1


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
