"""A person's yes or no at the terminal, while a run goes on."""

import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

WORDS = {"y": True, "yes": True, "n": False, "no": False}


class Answers:
    """What was typed since it was asked for."""

    def __init__(self) -> None:
        """Nothing yet."""
        self._answers: list[bool] = []

    def hear(self, line: str) -> None:
        """Takes a line; what is neither yes nor no is told so."""
        answer = WORDS.get(line.strip().lower())
        if answer is not None:
            self._answers.append(answer)
        elif line.strip():
            print(f"y or n, not {line.strip()!r:.99}.", file=sys.stderr)

    def take(self) -> bool | None:
        """The first that was typed; None: nothing was."""
        return self._answers.pop(0) if self._answers else None


@contextmanager
def answers(wanted: bool) -> "Iterator[Answers]":
    """Reads standard input beside what else is done, if it is wanted."""
    heard = Answers()

    def read() -> None:
        for line in sys.stdin:
            heard.hear(line)

    if wanted:
        # Nobody waits for it: a line that never comes ends with the process.
        threading.Thread(target=read, daemon=True).start()
    yield heard
