"""Ctrl-C, whatever the program is doing."""

import io
import signal
import sys
from typing import Any

import pytest

from websim_server.train.interruptions import interruptions


def test_it_is_interrupted_while_it_says_something(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    class Interrupted(io.RawIOBase):
        def writable(self) -> bool:
            return True

        def write(self, said: Any) -> int:
            if not seen():
                signal.raise_signal(signal.SIGINT)
            return len(said)

    stderr = io.TextIOWrapper(io.BufferedWriter(Interrupted()), line_buffering=True)
    monkeypatch.setattr(sys, "stderr", stderr)
    with interruptions("this") as seen:
        print("something", file=sys.stderr)
        assert seen()
    assert "Stopping after this; Ctrl-C again: at once." in capfd.readouterr().err
