"""A headless Chromium with pages of the server's that show nothing, for measurements."""

import json
import platform
import statistics
from datetime import date
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser

from websim.physics import usable_cores

RATE = Path(__file__).with_name("rate.js")


class Blank:
    """A page in a renderer of its own, and what its one `WebSim`, `window.sim`, is asked for.

    Attributes:
        browser: The browser.
        page: The page.
    """

    def __init__(self, browser: Browser, address: str) -> None:
        """Opens the page and loads the JavaScript API into it."""
        self.browser = browser
        before = renderer_sizes(browser)
        # A context of its own makes it a process of its own.
        self.page = browser.new_context().new_page()
        # Any response of the server's carries its headers; this one starts no simulation.
        self.page.goto(f"{address}/healthz")
        self.page.evaluate(
            "async () => { window.WebSim = (await import('/sim/websim.js')).WebSim; }"
        )
        self._processes = renderer_sizes(browser).keys() - before.keys()

    def create(self, **options: Any) -> None:
        """Makes a `WebSim`, closing the one before."""
        self.page.evaluate(
            """async (options) => {
              await window.sim?.close();
              window.sim = await WebSim.create(options);
            }""",
            options,
        )

    def run(self, expression: str, argument: Any = None) -> Any:
        """The awaited value of a JavaScript expression, in which x is the argument."""
        return self.page.evaluate(f"async (x) => await ({expression})", argument)

    def python(self, code: str, workers: list[int]) -> list[Any]:
        """The values of Python code run in some workers at once."""
        values: list[Any] = self.run(
            "Promise.all(x.workers.map((worker) => sim.runPython(x.code, { worker })))",
            {"code": code, "workers": workers},
        )
        return values

    def paces(self, seconds: float, settle: float = 0.3) -> list[dict[str, float]]:
        """Runs freely; for each worker "environments" and "pace", a second of each of them."""
        expression = RATE.read_text().split("*/", 1)[1]
        paces: list[dict[str, float]] = self.page.evaluate(
            expression.strip().removesuffix(";"), {"seconds": seconds, "settle": settle}
        )
        return paces

    def pass_time(self, seconds: float) -> None:
        """Lets the page run."""
        self.page.wait_for_timeout(seconds * 1000)

    def megabytes(self) -> float:
        """Proportional set size of the page's renderer."""
        sizes = renderer_sizes(self.browser)
        return max(sizes.get(process, 0.0) for process in self._processes)

    def close(self) -> None:
        """Ends the page."""
        self.page.context.close()


def renderer_sizes(browser: Browser) -> dict[int, float]:
    """Proportional set sizes of the renderers by process, in MB."""
    session = browser.new_browser_cdp_session()
    processes = session.send("SystemInfo.getProcessInfo")["processInfo"]
    session.detach()
    sizes = {}
    for process in processes:
        if process["type"] == "renderer":
            rollup = Path(f"/proc/{process['id']}/smaps_rollup").read_text()
            pss = next(line for line in rollup.splitlines() if line.startswith("Pss:"))
            sizes[int(process["id"])] = int(pss.split()[1]) * 1024 / 1e6
    return sizes


def machine() -> str:
    """Kind of machine, and the cores that may be used."""
    return f"{platform.system()} {platform.machine()}, {usable_cores()} cores"


def head(browser: Browser) -> dict[str, str]:
    """What figures begin with: when and where they were measured."""
    return {
        "date": date.today().isoformat(),
        "browser": f"Chromium {browser.version}",
        "machine": machine(),
    }


def spread(values: list[float], form: str) -> str:
    """Median, lowest and highest, in a form of format strings."""
    return f"{statistics.median(values):{form}} ({min(values):{form}} to {max(values):{form}})"


def write(folder: Path, name: str, figures: dict[str, Any], text: str) -> None:
    """Writes figures as NAME.json and their text as NAME.md, and prints the text."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{name}.json").write_text(json.dumps(figures, indent=1) + "\n")
    (folder / f"{name}.md").write_text(text)
    print(text)
