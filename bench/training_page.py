"""How the page behaves while robots learn in it: `python -m bench.training_page`.

Opens the dashboard in a headless Chromium, starts training, shows the curves, and counts what the
main thread was busy with for more than 50 ms in one go, after a warm-up. The longest script is that
of frames over 50 ms, which a software renderer makes of most.
"""

import argparse

from bench.browser import machine
from websim_server.bench.command import _WATCH_LONG_TASKS, _wait
from websim_server.browser import open_browser

WARM_UP_SECONDS = 10
WATCH_SCRIPTS = """() => {
  window.scripts = [];
  new PerformanceObserver((list) => {
    for (const { scripts: parts } of list.getEntries())
      scripts.push(...parts.map(({ duration, invoker }) => [duration, invoker]));
  }).observe({ type: 'long-animation-frame' });
}"""


def main() -> None:
    """Prints the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--task", default="Ant-v5", help="task id (%(default)s)")
    parser.add_argument("--seconds", type=float, default=60, help="to watch (%(default)s)")
    arguments = parser.parse_args()
    with open_browser() as (browser, address):
        page = browser.new_page(viewport={"width": 1280, "height": 800})
        page.goto(f"{address}/?task={arguments.task}&envs=16&steps=100000000&compare=16:current")
        _wait(page, "window.websim?.running")
        page.get_by_role("button", name="Train", exact=True).click()
        _wait(page, "window.websim?.training?.iteration > 1")
        page.keyboard.press("c")
        page.evaluate(_WATCH_LONG_TASKS)
        page.wait_for_timeout(1000 * WARM_UP_SECONDS)
        page.evaluate(WATCH_SCRIPTS)
        page.evaluate("longTasks.length = 0")
        counts = """() => ({
          steps: websim.training.globalStep, seconds: websim.training.seconds,
          frames: websim.stats().frames, tasks: longTasks.splice(0),
          scripts: scripts.splice(0),
        })"""
        before = page.evaluate(counts)
        page.wait_for_timeout(1000 * arguments.seconds)
        after = page.evaluate(counts)
        steps, seconds = after["steps"] - before["steps"], after["seconds"] - before["seconds"]
        about = f"Chromium {browser.version}; {machine()}"
        print(f"{arguments.task}, preset fast, 16 robots beside; {about}")
        print(f"environment steps/s of learning      {steps / seconds:12,.0f}")
        frames = (after["frames"] - before["frames"]) / arguments.seconds
        print(f"frames/s drawn                       {frames:12.1f}")
        tasks = after["tasks"]
        print(f"tasks over 50 ms on the main thread  {len(tasks):12d}   in {arguments.seconds:g} s")
        print(f"longest of them, ms                  {max(tasks, default=0):12.0f}")
        duration, invoker = max(after["scripts"], default=(0, ""))
        print(f"longest script, ms                   {duration:12.0f}   {invoker}")


if __name__ == "__main__":
    main()
