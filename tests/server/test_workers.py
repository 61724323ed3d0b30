"""`websim serve --workers N`: several processes answer, and share a store."""

import json
import os
import signal
import time
from pathlib import Path
from urllib.request import urlopen

from tests.server.http_client import fetch
from tests.server.test_store import run
from websim_server import browser


def test_several_processes_answer_share_a_store_and_are_replaced(tmp_path: Path) -> None:
    before = _children(os.getpid())
    store = ("--store", f"sqlite:///{tmp_path / 'runs.db'}", "--store-folder", str(tmp_path))
    with browser.server("--workers", "2", *store, "--no-measuring") as address:
        (main,) = _children(os.getpid()) - before
        with urlopen(f"{address}/api/runs", run("Hop"), timeout=60) as answer:
            shared = json.load(answer)

        def asked() -> object:
            return json.loads(fetch(address, f"/api/runs/{shared['id']}").body)["sha256"]

        first = _workers(main)
        assert len(first) == 2
        # Either of them answers while the other can not.
        for pid in first:
            os.kill(pid, signal.SIGSTOP)
            try:
                assert asked() == shared["sha256"]
            finally:
                os.kill(pid, signal.SIGCONT)
        lost = min(first)
        os.kill(lost, signal.SIGKILL)
        while len(now := _workers(main)) < 2 or lost in now:
            time.sleep(0.1)
        assert asked() == shared["sha256"]
    assert not [pid for pid in now if Path(f"/proc/{pid}").exists()], "they end with the server"


def _workers(main: int) -> set[int]:
    """What answers; of the server's processes another one keeps account of what they share."""
    return {
        pid for pid in _children(main) if b"spawn_main" in Path(f"/proc/{pid}/cmdline").read_bytes()
    }


def _children(pid: int) -> set[int]:
    return {
        int(child)
        for thread in Path(f"/proc/{pid}/task").iterdir()
        for child in (thread / "children").read_text().split()
    }
