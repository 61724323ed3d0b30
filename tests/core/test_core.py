"""What must work in every browser: boot, step, learn, keep, resume, survive."""

import contextlib
import json
import re
import threading
import time
from collections.abc import Iterator
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from tests.core.browsers import OTHERS, ChromiumTab, MissingBrowser, Tab, open_chromium
from tests.page_clock import HURRY
from tests.safe_programs import AS_DEEP_AS_MAY_BE, DEEP
from tests.slow_writes import SLOW_WRITES
from websim.experiments.experiment import Experiment
from websim.training.trainer import Trainer
from websim_server import browser
from websim_server.cli import main

#: Of HalfCheetah, which begins below 0, in the episodes that end together.
GOAL = 1000

#: With which one worker is there after 48,000 steps and two after 81,000: few environments, whose
#: first episodes end early, large steps, and few of them.
QUICK = "hp=num_envs:16,num_steps:64,num_minibatches:8,update_epochs:5,learning_rate:0.001"

#: On a busy machine, in the browser with the slowest WebAssembly, with one worker.
LEARNT_S = 240

BOOT_S = 120

ANTS = "task=Ant-v5&envs=100&workers=2&speed=0.5"


class Core:
    """A page of the dashboard."""

    def __init__(self, tab: Tab, server: str) -> None:
        self.tab, self.server = tab, server

    def open(self, query: str) -> None:
        self.tab.goto(f"{self.server}/?{query}")
        self.wait("globalThis.websim?.stats().physicsStepsPerSecond > 0", BOOT_S)

    def show(self, query: str) -> None:
        """Goes there in the page, if one is open: workers need not boot again."""
        if not self.get("Boolean(globalThis.websim)"):
            self.open(query)
            return
        self.get(f"history.pushState(null, '', '/?{query}')")
        self.get("dispatchEvent(new PopStateEvent('popstate'))")
        task = query.partition("task=")[2].partition("&")[0]
        self.wait(f"globalThis.websim?.groups[0].task === '{task}'", BOOT_S)

    def get(self, expression: str) -> Any:
        """The awaited value of an expression, in which `sim` is the simulation."""
        return self.tab.evaluate(
            f"async () => {{ const sim = globalThis.websim; return {expression}; }}"
        )

    def wait(self, expression: str, seconds: float = 30) -> None:
        deadline = time.monotonic() + seconds
        while not self.get(f"Boolean({expression})"):
            if time.monotonic() > deadline:
                shown = self.get("document.body.innerText")
                pytest.fail(f"not true within {seconds} s: {expression}\nthe page says:\n{shown}")
            time.sleep(0.2)

    def click(self, label: str, within: str = "body") -> None:
        """Clicks the button that says so, once it is there and can be clicked."""
        found = (
            f"[...document.querySelectorAll('{within} button:enabled')]"
            f".find((b) => b.innerText.trim() === '{label}')"
        )
        self.wait(found)
        self.get(f"{found}.click()")


@pytest.fixture(scope="module", params=["chromium", *OTHERS])
def core(request: pytest.FixtureRequest) -> Iterator[Core]:
    """One tab for all of this, as of one visitor; skipped where the machine lacks the browser."""
    # A server of its own for each: what is stored belongs to an address.
    with browser.server() as server, contextlib.ExitStack() as stack:
        if request.param == "chromium":
            tab: Tab = stack.enter_context(open_chromium(request.getfixturevalue("playwright")))
        else:
            try:
                tab = stack.enter_context(OTHERS[request.param]())
            except MissingBrowser as error:
                pytest.skip(str(error))
        yield Core(tab, server)


#: A film of each kind that the browser offers: its name, pictures and first bytes.
FILMS = """async () => {
  const { Film } = await import('/app/taking/film.js');
  const { formats } = await import('/app/taking/formats.js');
  const canvas = Object.assign(document.createElement('canvas'), { width: 320, height: 200 });
  const context = canvas.getContext('2d');
  const films = [];
  for (const format of formats('VideoEncoder' in window)) {
    await (await Film.make(format, canvas.width, canvas.height)).end(); // nothing was drawn
    const film = await Film.make(format, canvas.width, canvas.height);
    for (let i = 0; i < 10; i++) {
      context.fillStyle = `rgb(${25 * i}, 100, ${255 - 25 * i})`;
      context.fillRect(0, 0, 320, 200);
      film.add(canvas);
      await new Promise((resolve) => setTimeout(resolve, 40));
    }
    const bytes = new Uint8Array(await (await film.end()).arrayBuffer());
    const beginning = String.fromCharCode(...bytes.slice(0, 8));
    films.push([format.name, film.pictures, bytes.length, beginning]);
  }
  return films;
}"""

BEGINNINGS = {"WebM": "\x1a\x45\xdf\xa3", "GIF": "GIF89a", "MP4": "ftyp"}


def test_a_hundred_ants_step(core: Core) -> None:
    core.open(ANTS)
    assert core.get("sim.numEnvs") == 100
    core.wait("sim.stats().environmentSteps > 500")
    assert core.get("sim.stats().badStates") == 0
    core.wait("sim.stats().frames > 1")
    shares = core.get("typeof SharedArrayBuffer === 'function' && crossOriginIsolated")
    assert core.get("sim.isolated") == shares
    core.get("sim.pause()")
    films = core.tab.evaluate(FILMS)
    assert {"GIF"} < {name for name, *_ in films} <= set(BEGINNINGS)
    for name, pictures, size, beginning in films:
        assert BEGINNINGS[name] in beginning
        assert pictures > 1
        assert size > 500
    core.get("(await sim.stepOnce(), 1)")  # answered when the steps before it are done
    before = core.get("sim.getEnvironmentState(99).time")
    core.get("(await sim.stepOnce(), 1)")
    assert core.get("sim.getEnvironmentState(99).time") == pytest.approx(before + 0.05)


def test_deep_code_does_not_end_python(core: Core) -> None:
    """The stack of a worker differs between browsers."""
    core.show(ANTS)
    refused = f"""
from websim.errors import UnsafeCode
from websim.safecode import Program
refused = 0
for code in {[*DEEP.values(), *AS_DEEP_AS_MAY_BE]!r}:
    try:
        Program(code, {{}}, file="reward.py")
    except UnsafeCode:
        refused += 1
refused
"""
    assert core.get(f"sim.runPython({json.dumps(refused)})") == len(DEEP) + len(AS_DEEP_AS_MAY_BE)


def test_a_lost_worker_is_replaced(core: Core) -> None:
    core.show(ANTS)
    core.get("sim.setSpeed(0.1)")
    core.get("sim.play()")
    core.get("sim.workers[1].terminate()")
    core.tab.evaluate(HURRY, 3)  # one that does not answer is given up after 10 s
    core.wait("sim.stats().workerRestarts === 1", BOOT_S)
    core.tab.evaluate(HURRY, 1 / 3)
    core.wait("sim.stats().workerLoads.every(({ state }) => state === 'running')", BOOT_S)
    core.wait("sim.getEnvironmentState(99).time > 0")


def test_learnt_kept_and_resumed(core: Core) -> None:
    core.show(f"task=HalfCheetah-v5&envs=16&workers=2&{QUICK}")
    core.get("(globalThis.best = -Infinity, 1)")
    core.click("Train")
    core.wait("sim?.training?.state === 'running'", BOOT_S)
    told = "best = Math.max(best, metrics?.['charts/episodic_return'] || best);"
    core.get(f"(sim.on('iteration', ({{ metrics }}) => {{ {told} }}), 1)")
    core.wait(f"best > {GOAL} || sim.training?.state === 'failed'", LEARNT_S)
    assert core.get("best") > GOAL
    core.click("Pause", ".transport")
    core.wait("sim.training.state === 'paused'", 60)
    steps = core.get("sim.training.globalStep")
    core.wait("document.querySelectorAll('.saved tbody tr').length > 0")

    core.tab.goto(core.get("location.href"))
    core.wait("globalThis.websim?.stats().environments > 0", BOOT_S)
    core.click("Resume", ".offer")
    core.wait(f"sim?.training?.globalStep > {steps}", BOOT_S)
    core.wait("sim.training.recentReturn > 500", 60)


def test_left_while_another_write_is_open(core: Core) -> None:
    """The page is given no time, and its database is busy."""
    core.get("(globalThis.newest = 0, sim.on('checkpoint', (e) => { newest = e.globalStep; }), 1)")
    core.tab.evaluate(SLOW_WRITES)
    core.wait("newest > 0")
    newest = core.get("newest")
    core.wait(f"newest > {newest}")
    newest = core.get("newest")
    core.tab.goto(core.get("location.href"))
    core.wait("globalThis.websim?.stats().environments > 0", BOOT_S)
    core.wait("document.querySelector('.offer p')", BOOT_S)
    told = core.get("document.querySelector('.offer p').innerText")
    found = re.search(r"([\d,]+) of", told)
    assert found
    assert int(found[1].replace(",", "")) >= newest


def test_a_page_that_is_left_may_come_back(core: Core) -> None:
    """As it was, where the browser has a cache for it; meanwhile another page may have its run."""
    core.click("Resume", ".offer")
    core.wait("sim?.training?.state === 'running'", BOOT_S)
    here, steps = core.get("location.href"), core.get("sim.training.globalStep")
    core.wait(f"sim.training.globalStep > {steps}", 60)
    core.get("(globalThis.before = true, 1)")
    core.tab.goto(f"{core.server}/healthz")
    core.tab.goto(here)
    core.wait("document.querySelector('.offer')", BOOT_S)
    core.tab.back()
    core.wait("location.pathname === '/healthz'")
    core.tab.back()
    core.wait("location.pathname === '/'")
    core.wait("globalThis.websim?.stats().environments > 0", BOOT_S)
    if core.get("globalThis.before !== true"):
        assert not isinstance(core.tab, ChromiumTab), "Chromium has such a cache"
        core.click("Resume", ".offer")
    core.wait(f"sim?.training?.globalStep > {steps}", BOOT_S)
    steps = core.get("sim.training.globalStep")
    core.wait(f"sim.training.globalStep > {steps}", 60)
    assert core.get("sim.stats().workerRestarts") == 0
    core.get("sim.training.pause()")  # else it takes the cores from what is made for the next test


class Host:
    """A host of files without headers of its own, and a site on it, in a folder of somebody's."""

    def __init__(self, folder: Path) -> None:
        host = self
        self.missing: list[str] = []

        class Plain(SimpleHTTPRequestHandler):
            def __init__(self, *args: Any) -> None:
                super().__init__(*args, directory=str(folder))

            def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
                if int(code) >= 400:
                    host.missing.append(self.path)

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Plain)
        threading.Thread(target=self.server.serve_forever).start()
        self.site = f"http://127.0.0.1:{self.server.server_port}/user/repo/"


@pytest.fixture(scope="module")
def host(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Host]:
    folder = tmp_path_factory.mktemp("host")
    small = {"num_envs": 8, "num_steps": 64, "num_minibatches": 4, "hidden_sizes": [8]}
    trainer = Trainer(
        Experiment(task="InvertedPendulum-v5", hyperparameters=small, title="<i>Balance</i>")
    )
    data = trainer.advance(stop=True).checkpoint
    trainer.close()
    assert data is not None
    (folder / "run.websim").write_bytes(data)
    command = ["export-site", str(folder / "user/repo"), "--run", str(folder / "run.websim")]
    assert main(command) == 0
    assert (folder / "user/repo/page/docs/index.html").is_file()
    one = Host(folder)
    yield one
    one.server.shutdown()
    one.server.server_close()


def test_a_site_of_files_on_any_host(core: Core, host: Host) -> None:
    """Its service worker isolates it, so it begins twice; without shared memory it is slower."""
    core.tab.goto(host.site)
    assert core.get("document.querySelector('li strong').innerText") == "<i>Balance</i>"
    address = core.get("document.querySelector('li a').href")
    assert address.startswith(f"{host.site}page/?open=")
    core.tab.goto(f"{address}&envs=16&workers=1&speed=1")
    deadline = time.monotonic() + BOOT_S
    plays = "Boolean(sim?.getEnvironmentState(0).controller.startsWith('saved-'))"
    while True:
        with contextlib.suppress(Exception):  # the page leaves for itself, isolated
            if core.get(plays):
                break
        assert time.monotonic() < deadline, core.get("document.body.innerText")
        time.sleep(0.2)
    core.wait("sim.stats().environmentSteps > 100")
    webkit = core.get("/AppleWebKit/.test(navigator.userAgent) && !globalThis.chrome")
    assert core.get("sim.isolated") is not webkit
    assert [path for path in host.missing if path != "/favicon.ico"] == []
