"""`websim bench --boot`: how long the start of the page takes, stage by stage.

The stages are what the page itself measures (`web/sim/shared/stages.js`). A cold visit is the first
one of a browser that has nothing stored; a warm one is the next, when the service worker has stored
all.
"""

import json
import statistics
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from websim_server.browser import BrowserError

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

ROUNDS = 5
VISITS = ("cold", "warm")
PATIENCE_SECONDS = 300

_STAGES = """async () => (await import('/sim/shared/stages.js')).stages()"""

STORED = """async () => {
  for (const name of await caches.keys()) {
    if (!name.startsWith('websim-sources-')) continue;
    if (await (await caches.open(name)).match('/manifest.json')) return true;
  }
  return false;
}"""


def measure(browser: "Browser", url: str, workers: int, bar: Any) -> list[dict[str, Any]]:
    """Visits the page; for each visit its kind and when each stage was over, in seconds."""
    visits = []
    for _ in range(ROUNDS):
        with browser.new_context(viewport={"width": 1280, "height": 800}) as context:
            for kind in VISITS:
                bar.set_description(f"{kind} visit")
                page = context.new_page()
                page.goto(url)
                visits.append({"visit": kind, **_stages(page, workers)})
                if kind == "cold":
                    _until(page, STORED)
                page.close()
                bar.update()
    return visits


def _stages(page: "Page", workers: int) -> dict[str, float]:
    names = ["motion on screen", *(f"worker {i}: environments" for i in range(workers))]
    done = f"() => {names}.every((name) => performance.getEntriesByName(`boot: ${{name}}`).length)"
    _until(page, done)
    ends: dict[str, float] = {}
    for stage in page.evaluate(_STAGES):
        # Of several workers the last one counts, and for motion the first one.
        _, _, name = stage["name"].rpartition(": ")
        end = stage["end"] / 1000
        choose = min if name == "first motion" else max
        ends[name] = choose(ends.get(name, end), end)
    return ends


def _until(page: "Page", condition: str) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not page.evaluate(condition):
        if time.monotonic() > deadline:
            raise BrowserError(f"the page did not start within {PATIENCE_SECONDS} s")
        page.wait_for_timeout(50)


def table(visits: list[dict[str, Any]], about: str) -> str:
    """When each stage was over, in seconds since the navigation."""
    lines = [about, f"{'over after (s): mean, lowest to highest':40}{'cold':>22}{'warm':>22}"]
    names = sorted(
        {name for visit in visits for name in visit if name != "visit"},
        key=lambda name: statistics.mean(v[name] for v in visits if name in v),
    )
    for name in names:
        cells = []
        for kind in VISITS:
            ends = [v[name] for v in visits if v["visit"] == kind and name in v]
            cells.append(
                f"{statistics.mean(ends):8.2f}  {min(ends):.2f} to {max(ends):.2f}" if ends else "-"
            )
        lines.append(f"{name:40}{cells[0]:>22}{cells[1]:>22}")
    return "\n".join(lines)


def write_json(path: Path, visits: list[dict[str, Any]], about: str) -> None:
    """Writes all figures."""
    path.write_text(json.dumps({"about": about, "visits": visits}, indent=2) + "\n")
