"""From files that are dropped on the running page to the first motion of robots made of them.

    python -m bench.drop [--envs 100 1000] [--rounds 7] [--output docs/results]

The page steps as many Ants, warm. Then an .xml is opened (this project's quadruped), or a folder
with meshes (the hand of `gymnasium-robotics`, where `make test` has put that), by the page's own
fields for files, which do what a drop does. The clock starts with the browser's event, and stops
when the poses of all workers have changed since their first sample. Ants come back between two
rounds. Writes drop.json and drop.md, with where the time goes:

- reading: the files go to a worker, which finds out what they are and tries a robot;
- keeping: the browser's store has them;
- making: both workers make their part, and the page has the new simulation;
- moving: the scene is built, and a step of all has been published.
"""

import argparse
import itertools
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import websim
from bench.browser import head, spread, write
from bench.tutorial import wait
from websim_server.browser import open_browser

if TYPE_CHECKING:
    from playwright.sync_api import Page

MODELS = Path(sys.prefix) / "models"
"""Where `make test` has the models of others."""

PARTS = ("reading", "keeping", "making", "moving")

WATCH = """() => {
  const marks = {};
  const before = window.websim;
  const read = before.readRobot.bind(before);
  before.readRobot = async (...given) => {
    const result = await read(...given);
    marks.read = performance.now();
    return result;
  };
  const began = () => (marks.began = performance.now());
  addEventListener('change', began, { capture: true, once: true });
  window.drop = new Promise((resolve) => {
    let first = null;
    const look = setInterval(() => {
      const { websim: sim } = window;
      if (!sim && !marks.closed) marks.closed = performance.now();
      if (!sim || sim === before) return;
      marks.opened ??= performance.now();
      const poses = sim.poseShards(0).map(({ current }) => Array.from(current));
      first ??= poses;
      if (poses.length !== first.length) return;
      if (!poses.every((shard, i) => shard.some((value, k) => value !== first[i][k]))) return;
      marks.moved = performance.now();
      clearInterval(look);
      resolve(marks);
    }, 5);
  });
}"""


def robots(folder: Path) -> dict[str, Path]:
    """What is opened: files and folders by what they are called; folders are written to one."""
    found = {"quadruped.xml": Path(websim.__file__).parent / "robots" / "quadruped.xml"}
    hand = MODELS / "gymnasium_robotics/envs/assets/hand/reach.xml"
    if hand.exists():
        robot = websim.read_robot(hand)
        for path, content in robot.files.items():
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_bytes(content)
        size = sum(map(len, robot.files.values())) / 1e6
        found[f"a hand in {len(robot.files)} files, {size:.1f} MB"] = folder
    return found


def opened(page: "Page", path: Path) -> dict[str, float]:
    """Opens a file or a folder; seconds of each part, and of all."""
    page.evaluate(WATCH)
    page.set_input_files("#open-folder" if path.is_dir() else "#open-files", path)
    marks = page.evaluate("window.drop")
    names = ("began", "read", "closed", "opened", "moved")
    times = [marks[name] / 1000 for name in names]
    parts = dict(zip(PARTS, (b - a for a, b in itertools.pairwise(times)), strict=True))
    return {**parts, "all": times[-1] - times[0]}


def measure(page: "Page", address: str, path: Path, envs: int, rounds: int) -> dict[str, Any]:
    """Opens it again and again."""
    page.goto(f"{address}/?task=Ant-v5&envs={envs}")
    running = "Boolean(window.websim?.running && websim.stats().environmentSteps > {})"
    wait(page, running.format(5_000))
    found = []
    for _ in range(rounds):
        found.append(opened(page, path))
        page.select_option("#option-task", "Ant-v5")
        wait(page, "window.websim?.groups[0].task === 'Ant-v5'")
        wait(page, running.format(5_000))
    return {name: [one[name] for one in found] for name in found[0]}


def table(figures: dict[str, Any]) -> str:
    """The figures as a table, in seconds."""
    lines = [
        "Seconds: median (lowest to highest).\n",
        f"| | robots | {' | '.join(PARTS)} | **all** |",
        "|" + "---|" * (len(PARTS) + 3),
    ]
    for entry in figures["robots"]:
        cells = [spread(entry[part], ".2f") for part in (*PARTS, "all")]
        lines.append(f"| {entry['robot']} | {entry['envs']:,} | {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def main() -> None:
    """Measures, and writes."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--envs", type=int, nargs="+", default=[100, 1000])
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--output", type=Path, default=Path("docs/results"))
    arguments = parser.parse_args()
    with open_browser() as (browser, address), TemporaryDirectory() as folder:
        page = browser.new_page(viewport={"width": 1280, "height": 800})
        figures: dict[str, Any] = {**head(browser), "robots": []}
        for name, path in robots(Path(folder)).items():
            for envs in arguments.envs:
                found = measure(page, address, path, envs, arguments.rounds)
                figures["robots"].append({"robot": name, "envs": envs, **found})
    write(arguments.output, "drop", figures, table(figures))


if __name__ == "__main__":
    main()
