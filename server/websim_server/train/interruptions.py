"""Ctrl-C, which ends a run after what is under way."""

import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


@contextmanager
def interruptions(after: str = "this iteration") -> "Iterator[Any]":
    """Gives a function that tells whether Ctrl-C was pressed; a second one interrupts at once.

    Args:
        after: What is still done.
    """
    seen = False

    def on_signal(number: int, frame: object) -> None:
        nonlocal seen
        if seen:
            raise KeyboardInterrupt
        seen = True
        print(f"\nStopping after {after}; Ctrl-C again: at once.", file=sys.stderr)

    before = signal.signal(signal.SIGINT, on_signal)
    try:
        yield lambda: seen
    finally:
        signal.signal(signal.SIGINT, before)
