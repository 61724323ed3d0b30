"""What the browser fetches, and what it can do without the server."""

import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

import pytest
from playwright.sync_api import BrowserContext, Page

#: A server that tells of each request: address and status. It takes the folder of the page.
SERVER = """
import sys
from pathlib import Path

import uvicorn

from websim_server.site import serve
from websim_server.site.app import create_app

port, web, isolated = int(sys.argv[1]), Path(sys.argv[2]), sys.argv[3] == "isolated"
app = create_app(web=web, vendor=web / "vendor", isolated=isolated)

async def telling(scope, receive, send):
    async def tell(message):
        if message["type"] == "http.response.start":
            print(scope["path"], message["status"], flush=True)
        await send(message)
    await app(scope, receive, tell)

with serve.listen("127.0.0.1", port) as listener:
    print(listener.getsockname()[1], flush=True)
    uvicorn.Server(uvicorn.Config(telling, log_level="warning")).run(sockets=[listener])
"""

FEW = "task=InvertedPendulum-v5&envs=16&workers=2"
BOOT_SECONDS = 120
WEB = Path(__file__).parents[2] / "web"


class Served:
    """A running server and what it was asked for."""

    def __init__(self, process: "subprocess.Popen[str]", log: Path) -> None:
        self._process, self._log = process, log
        deadline = time.monotonic() + 30
        while not log.read_text():
            assert time.monotonic() < deadline, "the server did not start"
            time.sleep(0.05)
        self.port = int(log.read_text().split()[0])

    @property
    def requests(self) -> Counter[str]:
        """How often each address was answered with its content; a 304 has none."""
        lines = (line.split() for line in self._log.read_text().splitlines()[1:])
        return Counter(path for path, status in lines if status == "200")

    def stop(self) -> None:
        self._process.terminate()
        self._process.wait()


@contextmanager
def serving(log: Path, port: int = 0, web: Path = WEB, mode: str = "isolated") -> Iterator[Served]:
    with log.open("w") as out:
        command = [sys.executable, "-c", SERVER, str(port), str(web), mode]
        with subprocess.Popen(command, stdout=out, text=True) as process:
            try:
                yield Served(process, log)
            finally:
                process.terminate()


def wait(page: Page, condition: str, seconds: float = BOOT_SECONDS) -> None:
    deadline = time.monotonic() + seconds
    while not page.evaluate(f"async () => Boolean({condition})"):
        assert time.monotonic() < deadline, f"not true within {seconds} s: {condition}"
        page.wait_for_timeout(100)


def open_page(context: BrowserContext, port: int) -> Page:
    """Opens the dashboard and waits until its robots move."""
    page = context.new_page()
    page.goto(f"http://127.0.0.1:{port}/?{FEW}")
    wait(page, "window.websim?.stats().environmentSteps > 0")
    return page


#: The version whose sources are stored completely, if it is the only one.
STORED = """(await (async () => {
  const names = (await caches.keys()).filter((name) => name.startsWith('websim-sources-'));
  if (names.length !== 1) return null;
  return await (await caches.open(names[0])).match('/manifest.json') ? names[0] : null;
})())"""


@pytest.fixture
def context(newcomer: Page) -> BrowserContext:
    return newcomer.context


def test_nothing_is_fetched_twice(context: BrowserContext, tmp_path: Path) -> None:
    with serving(tmp_path / "log") as server:
        page = open_page(context, server.port)
        first = server.requests
        assert first["/manifest.json"] == 1
        assert {path for path, count in first.items() if count > 1} == set()
        assert page.evaluate("performance.getEntriesByName('boot: ask server').length") == 1
        wait(page, STORED)
        stored = server.requests
        # Storing asks again for what may have changed (and gets 304s), never for what cannot.
        again = {path for path, count in stored.items() if count > 1}
        assert not [path for path in again if path.startswith(("/vendor", "/python", "/image"))]
        page.close()
        open_page(context, server.port).close()
        later = server.requests - stored
        assert not [path for path in later if path.startswith(("/vendor", "/python", "/image"))]


@pytest.mark.parametrize("mode", ["isolated", "messages"])
def test_a_second_visit_works_without_the_server(
    context: BrowserContext, tmp_path: Path, mode: str
) -> None:
    with serving(tmp_path / "log", mode=mode) as server:
        page = open_page(context, server.port)
        wait(page, STORED)
        page.close()
        server.stop()
        with pytest.raises(URLError):
            urlopen(f"http://127.0.0.1:{server.port}/healthz", timeout=5)
        page = open_page(context, server.port)
        assert page.evaluate("crossOriginIsolated") == (mode == "isolated")
        assert page.evaluate("websim.runPython('import websim; len(websim.task_ids())')") >= 11
        page.close()


def test_a_new_version_replaces_the_old_one(context: BrowserContext, tmp_path: Path) -> None:
    web = tmp_path / "web"
    web.mkdir()
    for path in WEB.iterdir():
        if path.name in ("app", "sim"):
            subprocess.run(["cp", "-r", str(path), str(web)], check=True)
        elif path.name in ("index.html", "sw.js"):
            (web / path.name).write_bytes(path.read_bytes())
        else:
            (web / path.name).symlink_to(path)
    with serving(tmp_path / "log", web=web) as server:
        port = server.port
        page = open_page(context, port)
        wait(page, STORED)
        old = page.evaluate(f"async () => {STORED}")
        page.close()
    index = web / "index.html"
    index.write_text(index.read_text().replace("<title>", "<title>Newer "))
    # The other mode is another version too: the headers of the first are not those of the second.
    with serving(tmp_path / "log2", port=port, web=web, mode="messages") as server:
        page = open_page(context, port)
        assert page.title().startswith("Newer")
        assert page.evaluate("crossOriginIsolated") is False
        wait(page, f"{STORED} && {STORED} !== '{old}'")
        page.close()
    page = open_page(context, port)
    assert page.title().startswith("Newer")
    assert page.evaluate("crossOriginIsolated") is False
    page.close()


def test_stages_are_measured(context: BrowserContext, tmp_path: Path) -> None:
    with serving(tmp_path / "log") as server:
        page = open_page(context, server.port)
        wait(page, "performance.getEntriesByName('boot: worker 1: first motion').length")
        names = page.evaluate("performance.getEntriesByType('measure').map(({ name }) => name)")
        for worker in (0, 1):
            for stage in ("mujoco", "pyodide", "packages", "environments", "first motion"):
                assert f"boot: worker {worker}: {stage}" in names
        page.close()
