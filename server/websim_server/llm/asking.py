"""Asking a language model: an answer as it comes, within limits, and failures in words."""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import dataclass

from websim.authors.llm import Turn, system_prompt
from websim.errors import AuthorFailed
from websim_server.llm.budget import CHARACTERS, Budget, Usage
from websim_server.llm.services import make_service
from websim_server.llm.settings import LlmSettings

MAX_TRIES = 3

LONGEST_WAIT = 60.0
"""Seconds; a service that wants more is told of instead."""

LONGEST_TOKEN = 16
"""Characters, on average, beyond which a service is taken not to keep to the length."""

MAX_TOLD = 300
"""Characters of what a service says of a failure."""

BUSY = (408, 409, 429, 500, 502, 503, 504, 529)
"""Answers that may be others a little later."""


@dataclass(frozen=True)
class Wrote:
    """More of the answer."""

    text: str


@dataclass(frozen=True)
class Waits:
    """The service is busy, and is asked again in so many seconds."""

    seconds: float
    why: str


@dataclass(frozen=True)
class Ended:
    """The answer is there: whole, or cut off at its greatest length."""

    cut: bool
    usage: Usage


class Failed(AuthorFailed):
    """Raised when there is no answer; `usage` says what it cost all the same."""

    def __init__(self, message: str, usage: Usage) -> None:
        """Takes the message and the usage."""
        super().__init__(message)
        self.usage = usage


async def ask(
    settings: LlmSettings, turns: Sequence[Turn], budget: Budget
) -> AsyncGenerator[Wrote | Waits | Ended, None]:
    """Sends a conversation, and gives the answer as it comes. Closing it hangs up.

    Raises:
        AuthorFailed: the budget does not allow it; or, as Failed, there is no answer: the service
            cannot be reached, is busy for long, refuses, says nothing, or ends in the middle.
    """
    for tries_left in reversed(range(MAX_TRIES)):
        answer = _Answer(settings, turns, budget)
        async with aclosing(answer.pieces()) as pieces:
            async for text in pieces:
                yield Wrote(text)
        if answer.ended is not None:
            yield answer.ended
            return
        wait = answer.wait(MAX_TRIES - tries_left)
        if not tries_left or wait is None:
            raise answer.failed()
        yield Waits(wait, answer.failure)
        await asyncio.sleep(wait)


class _Answer:
    """One try."""

    def __init__(self, settings: LlmSettings, turns: Sequence[Turn], budget: Budget) -> None:
        self._settings, self._turns, self._budget = settings, turns, budget
        self._characters = len(system_prompt()) + sum(len(turn.text) for turn in turns)
        self._retry_after: float | None = None
        self._busy = False
        self._usage: Usage | None = None
        self.ended: Ended | None = None
        self.failure = ""

    async def pieces(self) -> AsyncGenerator[str, None]:
        """Text as it comes; `ended` or `failure` says how it went."""
        settings = self._settings
        tokens, held = self._budget.hold(self._characters)
        read = written = None
        stop = why = ""
        length = 0
        # The first time it imports an SDK, which takes seconds.
        service = await asyncio.to_thread(make_service, settings)
        until = asyncio.get_running_loop().time() + settings.patience
        try:
            async with aclosing(service.answer(self._turns, tokens)) as pieces:
                while True:
                    # Around the wait alone: what is yielded to is not to be interrupted.
                    async with asyncio.timeout_at(until):
                        piece = await anext(pieces, None)
                    if piece is None:
                        break
                    read = piece.read if piece.read is not None else read
                    written = piece.written if piece.written is not None else written
                    stop, why = piece.stop or stop, piece.why or why
                    length += len(piece.text)
                    if length > LONGEST_TOKEN * tokens:
                        self.failure = f"The answer is longer than {tokens:,} tokens."
                        return
                    if piece.text:
                        yield piece.text
            self._judge(stop, why, length)
        except TimeoutError:
            self.failure = f"The answer took longer than {settings.patience:.0f} s."
        except Exception as error:  # of two SDKs and their HTTP library
            self._told(error, begun=length > 0)
        finally:
            # What was hung up on in the middle is paid for as far as it came.
            counted = read is not None and written is not None
            begun = length > 0 or read is not None or written is not None
            guess = int(self._characters / CHARACTERS) if begun else 0
            self._usage = self._budget.charge(
                held,
                guess if read is None else read,
                max(written or 0, 0 if counted else int(length / CHARACTERS)),
                counted,
            )
        if not self.failure:
            self.ended = Ended(stop == "cut", self._usage)

    def wait(self, tried: int) -> float | None:
        """Seconds until it may be asked again; None: it may not."""
        if not self._busy:
            return None
        wait = 2.0**tried if self._retry_after is None else self._retry_after
        if wait > LONGEST_WAIT:
            self.failure += f" It wants to be asked again in {wait:,.0f} s."
            return None
        return wait

    def failed(self) -> Failed:
        assert self._usage is not None
        return Failed(self.failure, self._usage)

    def _judge(self, stop: str, why: str, length: int) -> None:
        name = self._settings.service
        if stop == "refused":
            self.failure = f"The language model refuses to write this. {_line(why)}".strip()
        elif not stop:
            self.failure = f"{name} ended in the middle of its answer."
        elif not length:
            self.failure = f"{name} answered nothing."

    def _told(self, error: Exception, begun: bool) -> None:
        """A failure in words, without the key, whatever the service says."""
        import httpx2

        name, settings = self._settings.service, self._settings
        status = getattr(error, "status_code", None)
        said = _line(str(error))
        if settings.key:
            said = said.replace(settings.key, "(key)")
        said = said[:MAX_TOLD]
        if isinstance(status, int):
            self._busy = status in BUSY and not begun
            self._retry_after = _retry_after(error)
            self.failure = {
                401: f"{name} does not take the key.",
                403: f"{name} does not take the key for {settings.model}.",
                404: f"{name} has no model {settings.model!r}, or the address is wrong.",
                429: f"{name} has had too many requests.",
                529: f"{name} is overloaded.",
            }.get(status, f"{name} answered {status}: {said}")
        elif "timeout" in type(error).__name__.lower() or isinstance(
            error.__cause__, httpx2.TimeoutException
        ):
            self.failure = f"{name} said nothing for {settings.silence:g} s."
        elif begun:
            self.failure = f"{name} ended in the middle of its answer."
        elif isinstance(error, httpx2.HTTPError) or hasattr(error, "request"):
            self.failure = f"{name} cannot be reached: {said}"
        else:
            self.failure = f"{name} answered what cannot be understood: {said}"


def _retry_after(error: Exception) -> float | None:
    headers = getattr(getattr(error, "response", None), "headers", {})
    try:
        return max(0.0, float(headers.get("retry-after", "")))
    except ValueError:
        return None  # a date, or nothing


def _line(text: str) -> str:
    """What others said, on a line."""
    return "".join(c for c in " ".join(text.split()) if c.isprintable())[: 4 * MAX_TOLD]
