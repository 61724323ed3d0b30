"""What the page weighs, how soon robots move in it, and what its main thread is busy with.

    python -m bench.page [--rounds 5] [--seconds 60] [--output docs/results]

Writes page.json and page.md:

- weight: what a first visit fetches until robots move, by kind, as it lies on the server, before
  any compression; the service worker has not begun to store things then;
- first motion: from the navigation on, cold and warm (`websim bench --boot` has every stage of it);
- a card: from a click on the first card, trained Humanoids, until the first of them that the policy
  moves has moved, warm;
- learning: tasks over 50 ms of the main thread in a minute in which Ants learn, with curves,
  everything shown and a robot followed, after a warm-up; and the scripts that took longest.
"""

import argparse
import math
import posixpath
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode, urlsplit

from tqdm import tqdm

from bench.browser import head, spread, write
from bench.tutorial import wait
from websim_server.bench.boot import STORED
from websim_server.bench.command import WATCH_LONG_TASKS
from websim_server.browser import open_browser
from websim_server.paths import WEB

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Page

WARM_UP_SECONDS = 10
FIRST_MOTION = """Math.min(...performance.getEntriesByType('measure')
  .filter(({ name }) => name.endsWith(': first motion'))
  .map(({ startTime, duration }) => startTime + duration)) / 1000"""

KINDS = {".js": "JavaScript", ".mjs": "JavaScript", ".css": "styles", ".wasm": "WebAssembly"}
"""By the end of a name; all else is data, but the page itself."""

EVERYTHING = {
    "task": "Ant-v5",
    "envs": 16,
    "steps": 100_000_000,
    "compare": "16:current",
    "show": "tendons,sites,joints,mass,contacts,forces,trail",
    "hp": "num_envs:100",
}

CARD = """() => new Promise((resolve) => {
  const button = document.querySelector('[data-deed="watch"]');
  const began = performance.now();
  let first = null;
  const look = setInterval(() => {
    const { websim: sim } = window;
    if (sim?.groups[0].task !== 'Humanoid-v5') return;
    if (!sim.controllers.some((name) => name.startsWith('trained-'))) return;
    const poses = sim.poseShards(0).map(({ current }) => Array.from(current));
    first ??= poses;
    if (!poses.some((shard, i) => shard.some((value, k) => value !== first[i]?.[k]))) return;
    clearInterval(look);
    resolve((performance.now() - began) / 1000);
  }, 5);
  button.click();
})"""

WATCH_SCRIPTS = """() => {
  window.scripts = [];
  new PerformanceObserver((list) => {
    for (const { scripts: parts } of list.getEntries())
      for (const { duration, invoker, sourceURL, sourceFunctionName: name } of parts)
        scripts.push([duration, [invoker, sourceURL.split('/').pop(), name].join(' ')]);
  }).observe({ type: 'long-animation-frame' });
}"""

COUNTS = """() => ({
  steps: websim.training.globalStep, seconds: websim.training.seconds,
  frames: websim.stats().frames, tasks: longTasks.splice(0), scripts: scripts.splice(0),
})"""


def kind_of(path: str) -> str:
    """What a file of the page is, and who needs it."""
    end = posixpath.splitext(path)[1]
    kind = KINDS.get(end, "data" if end else "the page")
    if kind != "JavaScript":
        return kind
    if "/sim/worker/" in path or "/mujoco-" in path or "/pyodide-" in path or path == "/sw.js":
        return "JavaScript of workers"
    return (
        "JavaScript of the page, ours"
        if "/vendor/" not in path
        else "JavaScript of the page, vendored"
    )


def first_visit(context: "BrowserContext", address: str) -> tuple[float, dict[str, int]]:
    """The first visit: seconds to the first motion, and bytes of each file until then."""
    page = context.new_page()
    sizes: dict[str, int] = {}

    def note(response: Any) -> None:
        if response.ok:
            sizes.setdefault(urlsplit(response.url).path, -1)

    context.on("response", note)
    page.goto(address)
    seconds = first_motion(page)
    context.remove_listener("response", note)
    for path in list(sizes):
        # As it lies on the server: how it is compressed on its way is another matter.
        file = WEB / (path.removeprefix("/") or "index.html")
        if file.is_file():
            sizes[path] = file.stat().st_size
        else:
            del sizes[path]  # it is made by the server, of a few kB
    wait(page, f"({STORED})()")
    page.close()
    return seconds, sizes


def first_motion(page: "Page") -> float:
    """Waits for it; seconds since the navigation."""
    while math.isinf(seconds := page.evaluate(FIRST_MOTION)):
        page.wait_for_timeout(10)
    return float(seconds)


def visits(browser: "Browser", address: str, rounds: int) -> dict[str, Any]:
    """Visits cold and warm, and clicks the card."""
    found: dict[str, Any] = {"cold": [], "warm": [], "card": []}
    for _ in tqdm(range(rounds), desc="visits"):
        with browser.new_context(viewport={"width": 1280, "height": 800}) as context:
            seconds, sizes = first_visit(context, address)
            found["cold"].append(seconds)
            found["files"] = sizes
            page = context.new_page()
            page.goto(address)
            found["warm"].append(first_motion(page))
            wait(page, "Boolean(window.websim?.running && document.querySelector('[data-deed]'))")
            found["card"].append(page.evaluate(CARD))
    return found


def learning(page: "Page", address: str, seconds: float) -> dict[str, Any]:
    """Watches the main thread while robots learn."""
    page.goto(f"{address}/?{urlencode(EVERYTHING)}")
    wait(page, "Boolean(window.websim?.running)")
    page.get_by_role("button", name="Train", exact=True).click()
    wait(page, "window.websim?.training?.iteration > 1")
    page.keyboard.press("b")
    page.evaluate(WATCH_LONG_TASKS)
    page.wait_for_timeout(1000 * WARM_UP_SECONDS)
    page.evaluate(WATCH_SCRIPTS)
    page.evaluate("longTasks.length = 0")
    before = page.evaluate(COUNTS)
    page.wait_for_timeout(1000 * seconds)
    after = page.evaluate(COUNTS)
    steps, passed = (after[name] - before[name] for name in ("steps", "seconds"))
    return {
        "steps/s": steps / passed,
        "frames/s": (after["frames"] - before["frames"]) / seconds,
        "tasks": sorted(after["tasks"], reverse=True),
        "scripts": sorted(after["scripts"], reverse=True)[:5],
    }


def text(figures: dict[str, Any]) -> str:
    """The figures as tables."""
    weights: Counter[str] = Counter()
    numbers: Counter[str] = Counter()
    for path, size in figures["files"].items():
        weights[kind_of(path)] += size
        numbers[kind_of(path)] += 1
    lines = ["| until the first motion | files | kB |", "|---|---|---|"]
    lines += [f"| {kind} | {numbers[kind]} | {size / 1e3:,.0f} |" for kind, size in weights.items()]
    lines += ["", "| seconds, median (lowest to highest) | |", "|---|---|"]
    for name, what in (("cold", "first motion, cold"), ("warm", "first motion, warm")):
        lines.append(f"| {what} | {spread(figures[name], '.2f')} |")
    lines.append(
        f"| from the card to the first walking robot, warm | {spread(figures['card'], '.2f')} |"
    )
    watched = figures["learning"]
    tasks = watched["tasks"]
    lines += ["", "| a minute of learning | |", "|---|---|"]
    lines.append(f"| tasks over 50 ms | {len(tasks)}, the longest {max(tasks, default=0):.0f} ms |")
    lines.append(f"| environment steps/s | {watched['steps/s']:,.0f} |")
    lines.append(f"| frames/s | {watched['frames/s']:.1f} |")
    lines += ["", "Longest scripts of frames over 50 ms:", ""]
    lines += [f"- {duration:.0f} ms: {what}" for duration, what in watched["scripts"]]
    return "\n".join(lines) + "\n"


def main() -> None:
    """Measures, and writes."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=60, help="of learning (%(default)s)")
    parser.add_argument("--output", type=Path, default=Path("docs/results"))
    arguments = parser.parse_args()
    with open_browser() as (browser, address):
        figures = {**head(browser), **visits(browser, address, arguments.rounds)}
        page = browser.new_page(viewport={"width": 1280, "height": 800})
        figures["learning"] = learning(page, address, arguments.seconds)
    write(arguments.output, "page", figures, text(figures))


if __name__ == "__main__":
    main()
