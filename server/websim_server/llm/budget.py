"""What was asked, what it cost, and what is left."""

from dataclasses import dataclass
from datetime import UTC, datetime

from websim.errors import AuthorFailed
from websim_server.llm.settings import LlmSettings

CHARACTERS = 3.0
"""Of a token, where nobody has counted: rather too few than too many."""

FEWEST_TOKENS = 256
"""Of an answer: less is not worth asking for."""


@dataclass(frozen=True, kw_only=True)
class Usage:
    """Of an answer.

    Attributes:
        read: Tokens of what was asked.
        written: Tokens of the answer, thoughts included.
        cost: Dollars; None: no price is known.
        counted: Whether the service has counted them; else they are estimates.
    """

    read: int
    written: int
    cost: float | None
    counted: bool

    def as_cost(self) -> dict[str, float]:
        """As decisions are told of it."""
        dollars = {} if self.cost is None else {"dollars": self.cost}
        return {"tokens_read": self.read, "tokens_written": self.written} | dollars


class Budget:
    """Money that may be spent; what is under way counts as if it became as long as it may.

    Attributes:
        read: Tokens so far.
        written: Likewise.
        spent: Dollars so far; 0 where no price is known.
    """

    def __init__(self, settings: LlmSettings) -> None:
        """Takes prices and limits."""
        self._settings = settings
        self._held = 0.0
        self.read = self.written = 0
        self.spent = 0.0

    def hold(self, characters: int) -> tuple[int, float]:
        """Sets aside what an answer to so many characters may cost.

        Returns:
            Tokens that it may have, and dollars that `charge` gives back.

        Raises:
            AuthorFailed: there is not enough left.
        """
        settings = self._settings
        if settings.prices is None:
            return settings.max_tokens, 0.0
        to_read, to_write = (price / 1e6 for price in settings.prices)
        asking = characters / CHARACTERS * to_read
        left = settings.max_cost - self.spent - self._held - asking
        tokens = settings.max_tokens
        if to_write:
            tokens = min(tokens, int(left / to_write))
        if left < 0 or tokens < FEWEST_TOKENS:
            raise AuthorFailed(
                f"The cost limit of ${settings.max_cost:.2f} is reached: ${self.spent:.4f} are "
                "spent, and another answer could cost more than what is left."
            )
        held = asking + tokens * to_write
        self._held += held
        return tokens, held

    def charge(self, held: float, read: int, written: int, counted: bool) -> Usage:
        """Counts an answer, whole or not."""
        prices = self._settings.prices
        cost = None if prices is None else (read * prices[0] + written * prices[1]) / 1e6
        self._held -= held
        self.read, self.written = self.read + read, self.written + written
        self.spent += cost or 0.0
        return Usage(read=read, written=written, cost=cost, counted=counted)


class DailyBudget:
    """A budget a day, by UTC."""

    def __init__(self, settings: LlmSettings) -> None:
        """Takes prices and limits."""
        self._settings = settings
        self._day, self._budget = "", Budget(settings)

    def today(self) -> Budget:
        """That of now."""
        day = datetime.now(UTC).date().isoformat()
        if day != self._day:
            self._day, self._budget = day, Budget(self._settings)
        return self._budget
