"""What is done with a file that a stranger sent: in a process that may die of it.

Whoever uploads chooses every byte. So that process has its own memory and time, and none of the
server's environment, where keys of language models are; the server takes nothing of it but what it
writes.
"""

import os
import signal
import subprocess
import sys
from collections.abc import Callable

from websim_server.store.errors import NoRun

SECONDS = 20
"""Of a processor, to read a file."""

PATIENCE = 3
"""So many times as long is waited, for processors may be busy."""

MEMORY_BYTES = 2 << 30
"""Of addresses: numpy's and MuJoCo's libraries take most of a gigabyte of them."""

_BAD = 3

_KEPT = ("PATH", "PYTHONPATH", "HOME", "TMPDIR", "XDG_CACHE_HOME", "LANG", "LC_ALL")
"""Of the environment: what Python is found by."""

Started = Callable[["subprocess.Popen[bytes]"], None]


def ask(
    module: str,
    data: bytes,
    *,
    seconds: int = SECONDS,
    done: str = "read",
    started: Started = lambda _: None,
) -> bytes:
    """What a module, which `answer`s, makes of a file.

    Args:
        module: Its name.
        data: The file.
        seconds: Of a processor that it may take.
        done: What is done with the file, as in "This file takes too long to be read."
        started: Told of the process, so that it can be killed.

    Raises:
        NoRun: it is no run, or takes too much; the message says what is wrong.
    """
    kept = {name: os.environ[name] for name in _KEPT if name in os.environ}
    with subprocess.Popen(
        [sys.executable, "-m", module],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        # Each thread would take addresses, which are counted.
        env={**kept, "OPENBLAS_NUM_THREADS": "1"},
    ) as process:
        started(process)
        try:
            told, _ = process.communicate(data, PATIENCE * seconds)
        except subprocess.TimeoutExpired:
            raise NoRun(
                f"This file takes too long to be {done}: more than {PATIENCE * seconds} s."
            ) from None
        finally:
            process.kill()
    if process.returncode == _BAD:
        raise NoRun(told.decode(errors="replace")[:500].strip())
    if process.returncode == -signal.SIGXCPU:
        raise NoRun(f"This file takes too long to be {done}: more than {seconds} s.")
    if process.returncode:
        raise NoRun(
            f"This file takes more memory to be {done} than it may, or cannot be {done} at all."
        )
    return told


def answer(make: Callable[[bytes], bytes], seconds: int = SECONDS) -> int:
    """The other end: writes what is made of the file, or why not; returns the exit status."""
    import resource  # Unix has it; elsewhere nothing can be shared, and all else is served

    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
    data = sys.stdin.buffer.read()
    from websim.errors import WebSimError

    try:
        made = make(data)
    except (WebSimError, NoRun) as error:
        print(error)
        return _BAD
    sys.stdout.buffer.write(made)
    return 0
