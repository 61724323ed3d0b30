"""The author that asks a language model: what is asked, and what is taken of its answers.

Nothing here speaks to a model or waits for one. A `Conversation` says what is to be sent and takes
what was answered; whoever drives it has a connection (`websim_server.llm`, or the page).
"""

from websim.authors.llm.answers import SCHEMA
from websim.authors.llm.author import Ask, LlmAuthor, Reply
from websim.authors.llm.conversation import Conversation, Turn
from websim.authors.llm.prompts import system_prompt

__all__ = ["SCHEMA", "Ask", "Conversation", "LlmAuthor", "Reply", "Turn", "system_prompt"]
