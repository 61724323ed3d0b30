"""The author that asks a language model."""

from collections.abc import Callable

from websim.authors.candidates import Brief, Candidate
from websim.authors.llm.conversation import Conversation

Ask = Callable[[Conversation], tuple[str, bool]]
"""Sends what a conversation has so far; returns the answer, and whether it was cut off at its
greatest length. Raises AuthorFailed."""


class LlmAuthor:
    """Has a model write, checks it, and returns what does not pass."""

    def __init__(self, ask: Ask) -> None:
        """Takes the way to the model."""
        self._ask = ask

    def propose(self, brief: Brief, count: int, seed: int = 0) -> list[Candidate]:
        """See `websim.authors.candidates.Author`; the model draws as it likes, whatever the seed.

        Raises:
            AuthorFailed: the model cannot be asked, or has written nothing that passes.
        """
        conversation = Conversation(brief, count)
        while not conversation.over:
            conversation.take(*self._ask(conversation))
        return conversation.candidates()
