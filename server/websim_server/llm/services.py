"""Two ways to speak with a language model: Anthropic's API, and OpenAI's as many servers have it.

Each is an asynchronous generator of pieces of an answer. The SDKs try nothing again here: they wait
as long as a service says, hours too, and ask anew in the middle of what was paid for.
"""

from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol

from websim.authors.llm import SCHEMA, Turn, system_prompt
from websim_server.llm.settings import LlmSettings


@dataclass(frozen=True, kw_only=True)
class Piece:
    """Of an answer, as it comes.

    Attributes:
        text: More of it.
        read: Tokens of what was asked, once they are counted.
        written: Tokens of the answer so far, likewise.
        stop: Why it ends: "whole", "cut" at its greatest length, or "refused"; "": it goes on.
        why: Of a refusal, where the service says so.
    """

    text: str = ""
    read: int | None = None
    written: int | None = None
    stop: str = ""
    why: str = ""


class Service(Protocol):
    """Somebody who answers."""

    def answer(self, turns: Sequence[Turn], max_tokens: int) -> AsyncGenerator[Piece, None]:
        """Sends a conversation; raises errors of the SDK. Closing it hangs up."""
        ...


def make_service(settings: LlmSettings) -> Service:
    """The one that settings name."""
    return OpenAICompatible(settings) if settings.url else Claude(settings)


def _timeout(settings: LlmSettings) -> Any:
    import httpx2

    return httpx2.Timeout(settings.silence, connect=min(10.0, settings.silence))


class Claude:
    """By the `anthropic` SDK; ANTHROPIC_BASE_URL names another address of the same API."""

    STOPS: ClassVar = {
        "refusal": "refused",
        "max_tokens": "cut",
        "model_context_window_exceeded": "cut",
    }

    def __init__(self, settings: LlmSettings) -> None:
        """Takes model, key and times."""
        import anthropic

        self._sdk, self._settings = anthropic, settings

    async def answer(self, turns: Sequence[Turn], max_tokens: int) -> AsyncGenerator[Piece, None]:
        """See Service."""
        settings = self._settings
        async with self._sdk.AsyncAnthropic(
            api_key=settings.key, max_retries=0, timeout=_timeout(settings)
        ) as client:
            create: Any = client.messages.create
            stream = await create(
                model=settings.model,
                max_tokens=max_tokens,
                system=[
                    # It is the same for all: where it is cached it costs a tenth.
                    {
                        "type": "text",
                        "text": system_prompt(),
                        "cache_control": {"type": "ephemeral"},
                    }
                ],
                messages=[{"role": turn.role, "content": turn.text} for turn in turns],
                output_config={"format": {"type": "json_schema", "schema": SCHEMA}},
                stream=True,
            )
            async with stream:
                async for event in stream:
                    if event.type == "message_start":
                        usage = event.message.usage
                        cached = usage.cache_creation_input_tokens, usage.cache_read_input_tokens
                        yield Piece(read=usage.input_tokens + sum(n or 0 for n in cached))
                    elif event.type == "content_block_delta" and event.delta.type == "text_delta":
                        yield Piece(text=event.delta.text)
                    elif event.type == "message_delta":
                        reason = event.delta.stop_reason
                        details = event.delta.stop_details
                        yield Piece(
                            written=event.usage.output_tokens,
                            stop=self.STOPS.get(reason, "whole") if reason else "",
                            why=(details.explanation or "") if details else "",
                        )


class OpenAICompatible:
    """By the `openai` SDK: llama.cpp, Ollama, vLLM, OpenAI's own."""

    STOPS: ClassVar = {"content_filter": "refused", "length": "cut"}

    def __init__(self, settings: LlmSettings) -> None:
        """Takes address, model, key and times."""
        import openai

        self._sdk, self._settings = openai, settings

    async def answer(self, turns: Sequence[Turn], max_tokens: int) -> AsyncGenerator[Piece, None]:
        """See Service."""
        settings = self._settings
        async with self._sdk.AsyncOpenAI(
            api_key=settings.key or "none",
            base_url=settings.url,
            max_retries=0,
            timeout=_timeout(settings),
        ) as client:
            last = self._forms()[-1]
            for form in self._forms():
                try:
                    stream = await self._begin(client, turns, max_tokens, form)
                except self._sdk.APIStatusError as error:
                    # Servers differ in how they want the schema, and in how they refuse it.
                    if form is last or "response_format" not in str(error):
                        raise
                    continue
                async with aclosing(self._pieces(stream)) as pieces, stream:
                    async for piece in pieces:
                        yield piece
                return

    def _forms(self) -> list[dict[str, Any]]:
        named = {"name": "rewards", "strict": True, "schema": SCHEMA}
        return [
            {"type": "json_schema", "json_schema": named},
            {"type": "json_object", "schema": SCHEMA},
            {"type": "text"},
        ]

    async def _begin(
        self, client: Any, turns: Sequence[Turn], max_tokens: int, form: dict[str, Any]
    ) -> Any:
        said = [{"role": turn.role, "content": turn.text} for turn in turns]
        # OpenAI's own models have dropped the name that all others know.
        most = "max_completion_tokens" if "api.openai.com" in self._settings.url else "max_tokens"
        return await client.chat.completions.create(
            model=self._settings.model,
            messages=[{"role": "system", "content": system_prompt()}, *said],
            response_format=form,
            stream=True,
            stream_options={"include_usage": True},
            **{most: max_tokens},
        )

    async def _pieces(self, stream: Any) -> AsyncGenerator[Piece, None]:
        refusal = ""
        async for chunk in stream:
            usage = chunk.usage
            if usage is not None:
                yield Piece(read=usage.prompt_tokens, written=usage.completion_tokens)
            for choice in chunk.choices:
                refusal += getattr(choice.delta, "refusal", None) or ""
                if choice.delta.content:
                    yield Piece(text=choice.delta.content)
                if choice.finish_reason:
                    stop = "refused" if refusal else self.STOPS.get(choice.finish_reason, "whole")
                    yield Piece(stop=stop, why=refusal)
