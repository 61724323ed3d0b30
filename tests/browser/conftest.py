"""A blank page of the server's to run the JavaScript API in, without the dashboard."""

import contextlib
import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Error, Page

from tests.page_clock import HURRY

BOTH_HOMES = Path(__file__).with_name("both_homes.py")


class Sim:
    """Drives one `WebSim` of a page from Python; `page` can do the rest.

    `errors` are those that went uncaught in the page; a test that provokes some empties the list.
    """

    def __init__(self, page: Page) -> None:
        self.page = page
        self.errors: list[str] = []
        self.page.evaluate(
            """async () => {
              window.WebSim = (await import('/sim/websim.js')).WebSim;
              // What travels to the tests is JSON: no typed arrays, NaN as null.
              window.plain = (value) => JSON.parse(JSON.stringify(value ?? null, (_, v) =>
                ArrayBuffer.isView(v) ? Array.from(v) : v));
            }"""
        )

    def create(self, **options: Any) -> None:
        """Makes `window.sim` in place of one that is there; its events go to `window.seen`."""
        self.page.evaluate(
            """async (options) => {
              window.sim = await WebSim.create({ ...options, replacing: window.sim });
              window.seen = [];
              const names = [
                'episode', 'notice', 'workerRestart', 'badState', 'state', 'hand', 'error',
                'iteration', 'training', 'checkpoint', 'code', 'scene',
              ];
              for (const name of names) {
                sim.on(name, (detail) => seen.push({ event: name, ...detail }));
              }
            }""",
            options,
        )

    def run(self, expression: str, argument: Any = None) -> Any:
        """The awaited value of a JavaScript expression, in which x is the argument."""
        return self.page.evaluate(f"async (x) => plain(await ({expression}))", argument)

    def error(self, expression: str, argument: Any = None) -> tuple[str, str]:
        """Name and message of the error that a JavaScript expression throws."""
        name, message = self.page.evaluate(
            f"""async (x) => {{
              try {{
                await ({expression});
              }} catch (error) {{
                return [error.name, error.message];
              }}
              return ['', 'nothing was thrown'];
            }}""",
            argument,
        )
        return name, message

    def python(self, code: str, worker: int = 0) -> Any:
        """The value of Python code run in a worker."""
        return self.run(
            "sim.runPython(x.code, { worker: x.worker })", {"code": code, "worker": worker}
        )

    def call(self, function: str, *arguments: Any) -> Any:
        """Calls a function of `both_homes.py` in worker 0."""
        values = json.dumps(json.dumps(arguments))
        return json.loads(
            self.python(
                f"{BOTH_HOMES.read_text()}\nimport json\n"
                f"json.dumps({function}(*json.loads({values})))"
            )
        )

    def wait(self, condition: str, seconds: float = 30) -> None:
        """Waits until a JavaScript expression is true."""
        # The page's policy forbids what Playwright's own wait_for_function does (eval).
        deadline = time.monotonic() + seconds
        while not self.page.evaluate(f"() => Boolean({condition})"):
            assert time.monotonic() < deadline, f"not true within {seconds} s: {condition}"
            self.page.wait_for_timeout(50)

    def events(self, name: str) -> list[dict[str, Any]]:
        """The events of one name so far."""
        events: list[dict[str, Any]] = self.run(f"seen.filter(({{ event }}) => event === '{name}')")
        return events

    def lose(self, worker: int) -> None:
        """A worker breaks and says so; one that falls silent is missed after 10 s only."""
        self.page.evaluate(
            "(x) => void sim.workers[x].dispatchEvent(new ErrorEvent('error', { message: 'x' }))",
            worker,
        )

    @contextlib.contextmanager
    def hurrying(self, times: float) -> Iterator[None]:
        """Meanwhile the page's clock runs so many times as fast; that of workers does not."""
        self.page.evaluate(HURRY, times)
        try:
            yield
        finally:
            self.page.evaluate(HURRY, 1 / times)

    def rest(self) -> None:
        """Pauses what goes on: the next test may be another page's."""
        with contextlib.suppress(Error):  # closed, or its training has ended
            self.run("Promise.all([sim.pause(), sim.training?.pause()])")

    def close(self) -> None:
        with contextlib.suppress(Error):  # the page may be gone already
            self.page.evaluate("window.sim?.close()")


def open_blank(page: Page, server: str) -> Sim:
    # Any response of the server's carries its headers; this one starts no simulation.
    page.goto(f"{server}/healthz")
    return Sim(page)


@pytest.fixture(params=["isolated", "messages"], scope="session")
def shared_sim(request: pytest.FixtureRequest, visitor: BrowserContext) -> Iterator[Sim]:
    """One page for all tests: workers need not boot again."""
    isolated = request.param == "isolated"
    page = visitor.new_page()
    sim = open_blank(page, request.getfixturevalue("server" if isolated else "server_plain"))
    page.on("pageerror", lambda error: sim.errors.append(f"{error.message}\n{error.stack}"))
    assert page.evaluate("crossOriginIsolated") == isolated
    yield sim
    sim.close()
    page.close()


#: For tests of what has nothing to do with how pages and workers share memory.
with_shared_memory = pytest.mark.parametrize("shared_sim", ["isolated"], indirect=True)
without_shared_memory = pytest.mark.parametrize("shared_sim", ["messages"], indirect=True)


@pytest.fixture
def sim(shared_sim: Sim) -> Iterator[Sim]:
    """A `Sim` whose workers share memory with the page, and one whose workers cannot.

    The test fails when an error goes uncaught in its page.
    """
    shared_sim.errors.clear()
    yield shared_sim
    shared_sim.rest()
    assert not shared_sim.errors, "uncaught in the page:\n" + "\n".join(shared_sim.errors)


@pytest.fixture(scope="session")
def worker(visitor: BrowserContext, server: str) -> Iterator[Sim]:
    """A small simulation whose worker runs what is compared with this machine's own Python."""
    page = visitor.new_page()
    sim = open_blank(page, server)
    sim.create(task="InvertedPendulum-v5", numEnvs=1, numWorkers=1)
    yield sim
    sim.close()
    page.close()
