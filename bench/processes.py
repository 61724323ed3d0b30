"""Contenders of a measurement, each in a process that waits while others are measured."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any


class ContenderError(Exception):
    """What a contender could not do; the message is its own."""


class Contender:
    """A process that makes environments and steps them when told to (`bench/contenders.py`)."""

    def __init__(self, name: str, command: list[str], greets: bool = False) -> None:
        """Starts the process; `greets`: it says first who it is, or raises ContenderError."""
        self.name = name
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        self.about: dict[str, Any] = self._reply() if greets else {}

    def make(self, task: str, num_envs: int, cores: int) -> None:
        """Makes environments in place of those before; raises ContenderError."""
        self._ask(task=task, num_envs=num_envs, cores=cores)

    def rate(self, seconds: float) -> float:
        """Environment steps a second, over so many seconds; raises ContenderError."""
        reply = self._ask(seconds=seconds)
        return float(reply["steps"] / reply["seconds"])

    def close(self) -> None:
        """Ends the process."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        try:
            self._process.wait(20)
        except subprocess.TimeoutExpired:
            self._process.kill()

    def _ask(self, **request: Any) -> dict[str, Any]:
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(json.dumps(request) + "\n")
            self._process.stdin.flush()
        except BrokenPipeError:
            raise ContenderError("its process has ended") from None
        return self._reply()

    def _reply(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        reply: dict[str, Any] = json.loads(line) if line else {"error": "its process has ended"}
        if "error" in reply:
            raise ContenderError(reply["error"])
        return reply


def native_command(name: str, python: str = sys.executable) -> list[str]:
    """What starts one of the contenders of `bench/contenders.py`."""
    return [python, str(Path(__file__).with_name("contenders.py")), name]
