"""What drawing takes from physics on a machine without a GPU: pairs with drawing and without.

    python -m bench.drawing_pairs [--rounds 6] [--seconds 4] [--output docs/results]

The dashboard with 1,000 robots in two workers, random actions, in a headless Chromium. Every round
has a stretch in which the page draws as it does, and one in which it gets no turn of
requestAnimationFrame, so that it neither draws nor brings its figures up to date; which of them is
first changes from round to round. Both are of the same page and the same workers, seconds apart, so
that a machine whose speed drifts does the same to both: the ratio is what counts. Writes
drawing_pairs.json and drawing_pairs.md.
"""

import argparse
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page
from tqdm import tqdm

from bench.browser import head, spread, write
from websim_server.browser import open_browser

TASKS = ("Ant-v5", "HalfCheetah-v5", "Humanoid-v5")
ENVS = 1000
WORKERS = 2
GOALS = {"frames": 4.0, "ratio": 0.93}
BOOT_SECONDS = 180
WARM_UP_SECONDS = 5.0

#: Keeps the page's turns back while `drawing.held` is true.
SWITCH = """
const request = requestAnimationFrame;
globalThis.drawing = {
  held: false,
  waiting: [],
  frames: 0,
  hold(held) {
    drawing.held = held;
    if (!held) drawing.waiting.splice(0).forEach((callback) => request(callback));
  },
};
globalThis.requestAnimationFrame = (callback) => (
  drawing.held ? drawing.waiting.push(callback) : request(callback)
);
"""

#: Physics steps a second of all workers, and frames a second. Workers count whole batches, which
#: may take long: what counts is the time from one batch's end to another's.
WATCH = """async (seconds) => {
  const pass = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
  const steps = () => websim.stats().workerLoads.map(({ physicsSteps }) => physicsSteps);
  const start = performance.now();
  const { frames } = websim.stats();
  const workers = steps().map((seen) => ({ seen, first: null, last: null }));
  const measured = ({ first, last }) => last && last.time > first.time;
  let time = start;
  while (time - start < 1000 * seconds || !workers.every(measured)) {
    await pass(20);
    time = performance.now();
    steps().forEach((made, i) => {
      if (made === workers[i].seen) return;
      workers[i].seen = made;
      workers[i].last = { time, made };
      workers[i].first ??= workers[i].last;
    });
  }
  const pace = ({ first, last }) => (1000 * (last.made - first.made)) / (last.time - first.time);
  return {
    steps: workers.reduce((sum, worker) => sum + pace(worker), 0),
    frames: (1000 * (websim.stats().frames - frames)) / (time - start),
  };
}"""


def stretch(page: Page, held: bool, seconds: float) -> dict[str, float]:
    """Physics steps and frames a second with drawing, or without."""
    page.evaluate(f"drawing.hold({str(held).lower()})")
    page.wait_for_timeout(500)
    figures: dict[str, float] = page.evaluate(WATCH, seconds)
    return figures


def measure(browser: Browser, address: str, task: str, rounds: int, seconds: float) -> Any:
    """The rounds of one task."""
    page = browser.new_page(viewport={"width": 1280, "height": 800})
    try:
        page.add_init_script(SWITCH)
        page.goto(f"{address}/?task={task}&envs={ENVS}&workers={WORKERS}")
        for _ in range(10 * BOOT_SECONDS):
            if page.evaluate("Boolean(window.websim?.stats().environmentSteps)"):
                break
            page.wait_for_timeout(100)
        else:
            raise SystemExit("the simulation does not start")
        page.wait_for_timeout(1000 * WARM_UP_SECONDS)
        measured = []
        for number in range(rounds):
            order = (False, True) if number % 2 == 0 else (True, False)
            pair = {held: stretch(page, held, seconds) for held in order}
            measured.append({"drawing": pair[False], "without": pair[True]})
        return {"rounds": measured, "drawn": page.locator("#drawing").text_content()}
    finally:
        page.close()


def table(figures: dict[str, Any]) -> str:
    """The figures as Markdown."""
    lines = [
        f"{figures['date']}; {figures['browser']}; {figures['machine']}; {ENVS:,} environments in "
        f"{WORKERS} workers, random actions; {figures['rounds']} pairs of {figures['seconds']:g} s "
        "each, median (lowest to highest).",
        "",
        "| | frames/s | physics steps/s, drawing | without | ratio of a pair | drawn |",
        "|---|---|---|---|---|---|",
    ]
    for task, of in figures["tasks"].items():
        rounds = of["rounds"]
        steps = [[one[kind]["steps"] for one in rounds] for kind in ("drawing", "without")]
        ratios = [a / b for a, b in zip(*steps, strict=True)]
        cells = (
            spread([one["drawing"]["frames"] for one in rounds], ".2f"),
            *(spread(of, ",.0f") for of in steps),
            spread(ratios, ".3f"),
            of["drawn"],
        )
        lines.append(f"| {task} | " + " | ".join(cells) + " |")
    lines += ["", f"The goals are {GOALS['frames']:g} frames/s and a ratio of {GOALS['ratio']:g}."]
    return "\n".join(lines) + "\n"


def main() -> None:
    """Runs the measurement."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=6)
    parser.add_argument("--seconds", type=float, default=4.0, help="of each half of a pair")
    parser.add_argument("--tasks", nargs="+", default=TASKS)
    parser.add_argument(
        "--output", type=Path, default=Path(__file__).parents[1] / "docs" / "results"
    )
    arguments = parser.parse_args()
    bar = tqdm(total=len(arguments.tasks))
    with bar, open_browser() as (browser, address):
        tasks = {}
        for task in arguments.tasks:
            tasks[task] = measure(browser, address, task, arguments.rounds, arguments.seconds)
            bar.update()
        figures = {
            **head(browser),
            "rounds": arguments.rounds,
            "seconds": arguments.seconds,
            "tasks": tasks,
        }
    write(arguments.output, "drawing_pairs", figures, table(figures))


if __name__ == "__main__":
    main()
