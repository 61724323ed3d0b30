"""Ctrl-C, which ends a run after what is under way."""

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

STDERR = 2


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
        # Not by sys.stderr: the signal may have come while that was being written to.
        with suppress(OSError):  # nobody reads it any longer
            os.write(STDERR, f"\nStopping after {after}; Ctrl-C again: at once.\n".encode())

    before = signal.signal(signal.SIGINT, on_signal)
    try:
        yield lambda: seen
    finally:
        signal.signal(signal.SIGINT, before)
