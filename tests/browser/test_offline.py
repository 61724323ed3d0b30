"""What the browser fetches, and what it can do without the server."""

import shutil
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

import pytest
from playwright.sync_api import Browser, BrowserContext, Page

from tests.conftest import watched
from websim_server.build import lock

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

#: Of those that are fetched only when they are needed.
LIBRARY = next(one.address(one.files[0]) for one in lock.read() if one.name == "onnxruntime-web")

FEW = "task=InvertedPendulum-v5&envs=16&speed=1"
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


@contextmanager
def visit(context: BrowserContext, port: int, workers: int = 1) -> Iterator[Page]:
    """The dashboard, in which robots move."""
    with watched(context, []) as page:
        page.goto(f"http://127.0.0.1:{port}/?{FEW}&workers={workers}")
        wait(page, "window.websim?.stats().environmentSteps > 0")
        yield page


#: The version whose sources are stored completely, if it is the only one.
STORED = """(await (async () => {
  const names = (await caches.keys()).filter((name) => name.startsWith('websim-sources-'));
  if (names.length !== 1) return null;
  return await (await caches.open(names[0])).match('/manifest.json') ? names[0] : null;
})())"""


@dataclass
class FirstVisit:
    """One that ended when everything was stored.

    `fetched` is what had been asked for when the robots moved, and `stored` when it ended.
    """

    context: BrowserContext
    server: Served
    fetched: Counter[str]
    stored: Counter[str]
    measures: list[str]
    version: str


@pytest.fixture(scope="module")
def first(chromium: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[FirstVisit]:
    log = tmp_path_factory.mktemp("first") / "log"
    with serving(log) as server, chromium.new_context() as context:
        with visit(context, server.port, workers=2) as page:
            fetched = server.requests
            wait(page, "performance.getEntriesByName('boot: worker 1: first motion').length")
            measures = page.evaluate(
                "performance.getEntriesByType('measure').map(({ name }) => name)"
            )
            wait(page, STORED)
            version = page.evaluate(f"async () => {STORED}")
            assert server.requests[LIBRARY] == 0
            page.goto(f"http://127.0.0.1:{server.port}/manifest.json")  # the service worker's now
            wait(page, f"await fetch('{LIBRARY}').then(({{ ok }}) => ok)")
            wait(page, f"await caches.match('{LIBRARY}')")
        yield FirstVisit(context, server, fetched, server.requests, measures, version)


def test_stages_are_measured(first: FirstVisit) -> None:
    assert first.measures.count("boot: ask server") == 1
    for worker in (0, 1):
        for stage in ("mujoco", "pyodide", "packages", "environments", "first motion"):
            assert f"boot: worker {worker}: {stage}" in first.measures


def never_change(paths: Iterable[str]) -> list[str]:
    """Those of them that are fetched once for all."""
    return [path for path in paths if path.startswith(("/vendor", "/python", "/image"))]


def test_nothing_is_fetched_twice(first: FirstVisit) -> None:
    assert first.fetched["/manifest.json"] == 1
    assert {path for path, count in first.fetched.items() if count > 1} == set()
    # Storing asks again for what may have changed (and gets 304s), never for what cannot.
    assert not never_change(path for path, count in first.stored.items() if count > 1)


def test_a_second_visit_works_without_the_server(first: FirstVisit) -> None:
    first.server.stop()
    with pytest.raises(URLError):
        urlopen(f"http://127.0.0.1:{first.server.port}/healthz", timeout=5)
    with visit(first.context, first.server.port) as page:
        assert page.evaluate(f"fetch('{LIBRARY}').then(({{ ok }}) => ok)")
        assert page.evaluate("crossOriginIsolated")
        assert page.evaluate("websim.runPython('import websim; len(websim.task_ids())')") >= 11


def test_a_new_version_replaces_the_old_one(first: FirstVisit, tmp_path: Path) -> None:
    """And it too works without the server, in the other mode."""
    web = tmp_path / "web"
    web.mkdir()
    for path in WEB.iterdir():
        if path.name in ("app", "sim"):
            shutil.copytree(path, web / path.name)
        elif path.is_file():
            shutil.copy(path, web)
        else:
            (web / path.name).symlink_to(path)
    index = web / "index.html"
    index.write_text(index.read_text().replace("<title>", "<title>Newer "))
    first.server.stop()
    port = first.server.port
    # The other mode is another version too: the headers of the first are not those of the second.
    with (
        serving(tmp_path / "log", port=port, web=web, mode="messages") as newer,
        visit(first.context, port) as page,
    ):
        assert page.title().startswith("Newer")
        assert page.evaluate("crossOriginIsolated") is False
        wait(page, f"{STORED} && {STORED} !== '{first.version}'")
        assert newer.requests["/"] > 0
        assert not never_change(newer.requests), "fetched by an earlier visit"
    with pytest.raises(URLError):
        urlopen(f"http://127.0.0.1:{port}/healthz", timeout=5)
    with visit(first.context, port) as page:
        assert page.title().startswith("Newer")
        assert page.evaluate("crossOriginIsolated") is False
        assert page.evaluate("websim.runPython('import websim; len(websim.task_ids())')") >= 11
