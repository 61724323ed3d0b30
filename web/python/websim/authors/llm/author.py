"""The author that asks a language model."""

from collections.abc import Callable
from dataclasses import dataclass, field

from websim.authors.candidates import Brief, Candidate
from websim.authors.llm.conversation import Conversation


@dataclass(frozen=True, kw_only=True)
class Reply:
    """An answer.

    Attributes:
        text: It.
        cut: Whether it ends because it may not be longer.
        cost: What it cost, as decisions are told of it: "tokens_read", "dollars", ...
    """

    text: str
    cut: bool = False
    cost: dict[str, float] = field(default_factory=dict)


Ask = Callable[[Conversation], Reply]
"""Sends what a conversation has so far, and waits for the answer; raises AuthorFailed."""


class LlmAuthor:
    """Has a model write, checks it, and returns what does not pass.

    Attributes:
        cost: Of the newest proposal, all its answers together.
    """

    def __init__(self, ask: Ask) -> None:
        """Takes the way to the model."""
        self._ask = ask
        self.cost: dict[str, float] = {}

    def propose(self, brief: Brief, count: int, seed: int = 0) -> list[Candidate]:
        """See `websim.authors.candidates.Author`; the model draws as it likes, whatever the seed.

        Raises:
            AuthorFailed: the model cannot be asked, or has written nothing that passes.
        """
        self.cost = {}
        conversation = Conversation(brief, count)
        while not conversation.over:
            reply = self._ask(conversation)
            for name, value in reply.cost.items():
                self.cost[name] = self.cost.get(name, 0.0) + value
            conversation.take(reply.text, reply.cut)
        return conversation.candidates()
