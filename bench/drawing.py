"""What a frame of the dashboard costs the main thread of a page with a GPU, with a thousand robots.

    python -m bench.drawing [--seconds 8] [--output docs/results]

The dashboard with all its robots drawn, in a headless Chromium, one worker, random actions. There
is no GPU where this is measured, and a software renderer would take the processor from the page; so
`drawing.js` makes the page believe that there is one, and takes the renderer out: draw calls end in
the page, other calls of WebGL are made and their time is told apart. What is left of a turn of
requestAnimationFrame is the page's JavaScript: taking in poses, choosing robots, camera, lights,
three.js, and the panel. Frames that take in new poses are told from those that only move between
two samples: they upload a texture. Turns are timed by the clock, so a processor that others use
shows in the upper percentiles.

Allocation comes from Chromium's sampling allocation profiler, garbage included, in a run of its
own; the way of the poses is that of the files `poses.js`. Writes drawing.json and drawing.md.
"""

import argparse
import statistics
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page
from tqdm import tqdm

from bench.browser import head, write
from bench.devtools import allocation
from websim_server.browser import open_browser
from websim_server.chromium import SOFTWARE_WEBGL

SCENES = {"1,000 Ants": ("Ant-v5", 1000), "300 Humanoids": ("Humanoid-v5", 300)}
GOAL_MS = 4.0
SCRIPT = Path(__file__).with_name("drawing.js")
BOOT_SECONDS = 120
WARM_UP_SECONDS = 4.0


def measure(browser: Browser, address: str, task: str, envs: int, seconds: float) -> dict[str, Any]:
    """The frames of one scene, and what they allocated."""
    page = browser.new_page(viewport={"width": 1280, "height": 800})
    try:
        page.add_init_script(path=SCRIPT)
        page.goto(f"{address}/?task={task}&envs={envs}&workers=1&draw={envs}&fps=60&renderer=webgl")
        page.evaluate("drawing.start()")
        _until_drawn(page)
        page.wait_for_timeout(1000 * WARM_UP_SECONDS)
        page.evaluate("drawing.start()")
        page.wait_for_timeout(1000 * seconds)
        frames = page.evaluate("drawing.stop()")
        thread = page.context.new_cdp_session(page)
        with allocation(thread) as javascript:
            page.evaluate("drawing.start()")
            page.wait_for_timeout(1000 * seconds)
            profiled = len(page.evaluate("drawing.stop()"))
    finally:
        page.close()
    poses = sum(size for url, size in javascript.allocated.items() if url.endswith("/poses.js"))
    return {
        "frames": frames,
        "allocation_frames": profiled,
        "allocated_bytes": sum(javascript.allocated.values()) / profiled,
        "allocated_by": {
            url.removeprefix(address): size / profiled
            for url, size in sorted(javascript.allocated.items(), key=lambda item: -item[1])
        },
        "poses_bytes": poses / profiled,
        "kept_bytes": javascript.kept,
    }


def _until_drawn(page: Page) -> None:
    """Waits for the first frames."""
    for _ in range(10 * BOOT_SECONDS):
        if page.evaluate("drawing.frames.length") > 2:
            return
        page.wait_for_timeout(100)
    raise SystemExit("the dashboard draws nothing")


def percentiles(values: list[float]) -> str:
    """Median and 95th percentile."""
    if len(values) < 2:
        return "too few"
    middle = statistics.median(values)
    return f"{middle:.2f}; {statistics.quantiles(values, n=20)[-1]:.2f}"


def table(figures: dict[str, Any]) -> str:
    """The figures as Markdown."""
    scenes = figures["scenes"]
    columns: dict[str, list[str]] = {}
    for name, scene in scenes.items():
        frames = scene["frames"]
        fresh = [frame for frame in frames if frame["samples"]]
        columns[name] = [
            percentiles([frame["ms"] for frame in frames]),
            percentiles([frame["ms"] for frame in fresh]),
            percentiles([frame["glMs"] for frame in frames]),
            f"{len(frames)} ({len(fresh)})",
            f"{statistics.median(frame['draws'] for frame in frames):.0f}; "
            f"{statistics.median(frame['instances'] for frame in frames):,.0f}",
            f"{scene['allocated_bytes']:,.0f}",
            f"{scene['poses_bytes']:,.0f}",
            f"{scene['kept_bytes']:,} after {scene['allocation_frames']}",
        ]
    labels = [
        "JavaScript, ms a frame: median; 95th percentile",
        "likewise, frames with new poses",
        "calls of WebGL, ms a frame: median; 95th percentile",
        "frames counted (with new poses)",
        "draw calls a frame; instances in them",
        "JavaScript allocated, bytes a frame",
        "of them on the way of the poses",
        "JavaScript kept, bytes after so many frames",
    ]
    worst = max(
        statistics.median(frame["ms"] for frame in scene["frames"]) for scene in scenes.values()
    )
    lines = [
        f"{figures['date']}; {figures['browser']}; {figures['machine']}; one worker, random "
        f"actions, {figures['seconds']:g} s.",
        "",
        "| | " + " | ".join(columns) + " |",
        "|---" * (len(columns) + 1) + "|",
        *(
            f"| {label} | " + " | ".join(cells) + " |"
            for label, cells in zip(labels, zip(*columns.values(), strict=True), strict=True)
        ),
        "",
        f"The goal is at most {GOAL_MS:g} ms of JavaScript a frame; the greater median is "
        f"{worst:.2f}.",
    ]
    return "\n".join(lines) + "\n"


def main() -> None:
    """Runs the measurement."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=8.0, help="of each figure")
    parser.add_argument(
        "--output", type=Path, default=Path(__file__).parents[1] / "docs" / "results"
    )
    arguments = parser.parse_args()
    bar = tqdm(total=len(SCENES))
    with bar, open_browser(*SOFTWARE_WEBGL) as (browser, address):
        scenes = {}
        for name, (task, envs) in SCENES.items():
            scenes[name] = measure(browser, address, task, envs, arguments.seconds)
            bar.update()
        figures = {**head(browser), "seconds": arguments.seconds, "scenes": scenes}
    write(arguments.output, "drawing", figures, table(figures))


if __name__ == "__main__":
    main()
