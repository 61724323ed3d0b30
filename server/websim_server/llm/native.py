"""How a command asks: it waits for the answer, and may be interrupted."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from websim.authors.llm import Conversation, Reply
from websim.errors import AuthorFailed
from websim_server.llm.asking import Ended, Failed, Waits, Wrote, ask
from websim_server.llm.budget import Budget
from websim_server.llm.settings import LlmSettings

LOOK_SECONDS = 0.2


class NativeAsker:
    """Asks for `websim.authors.LlmAuthor`.

    Attributes:
        budget: What was used.
    """

    def __init__(
        self,
        settings: LlmSettings,
        tell: Callable[[str], None],
        interrupted: Callable[[], bool] = lambda: False,
    ) -> None:
        """Takes the model, who is told of it, and what says that nobody wants the answer."""
        self._settings, self._tell, self._interrupted = settings, tell, interrupted
        self.budget = Budget(settings)

    def __call__(self, conversation: Conversation) -> Reply:
        """See `websim.authors.llm.Ask`."""
        if conversation.problems:
            self._tell("Did not pass: " + " ".join(conversation.problems))
        # A loop of its own, whatever this thread has.
        with ThreadPoolExecutor(1) as thread:
            return thread.submit(lambda: asyncio.run(self._ask(conversation))).result()

    async def _ask(self, conversation: Conversation) -> Reply:
        asking = asyncio.ensure_future(self._listen(conversation))
        while not asking.done():
            await asyncio.wait([asking], timeout=LOOK_SECONDS)
            if self._interrupted():
                asking.cancel()
                await asyncio.wait([asking])
                raise AuthorFailed("The language model was interrupted.")
        return asking.result()

    async def _listen(self, conversation: Conversation) -> Reply:
        settings = self._settings
        text: list[str] = []
        self._tell(f"{settings.model} is asked for rewards.")
        try:
            async for event in ask(settings, conversation.turns, self.budget):
                if isinstance(event, Wrote):
                    text.append(event.text)
                elif isinstance(event, Waits):
                    self._tell(f"{event.why} It is asked again in {event.seconds:g} s.")
                elif isinstance(event, Ended):
                    self._tell_usage(event)
                    return Reply(text="".join(text), cut=event.cut, cost=event.usage.as_cost())
        except Failed as error:
            self._tell(str(error))
            raise
        raise AssertionError  # it ends with Ended, or raises

    def _tell_usage(self, event: Ended) -> None:
        usage = event.usage
        cost = "" if usage.cost is None else f", ${usage.cost:.4f}"
        self._tell(f"It read {usage.read:,} tokens and wrote {usage.written:,}{cost}.")
