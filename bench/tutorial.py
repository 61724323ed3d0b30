"""Walks through docs/tutorial.md in a browser as a reader does, and takes its pictures.

    python -m bench.tutorial [--steps 900000] [--seed 1]

The run is of the preset's length; after `--steps` of it the last pictures are taken, and it says
what the Ants have reached. Without a GPU drawing takes its share of the cores, as it does for a
reader without one.
"""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from tqdm import tqdm

from bench.browser import machine
from websim_server.browser import open_browser

if TYPE_CHECKING:
    from playwright.sync_api import Page, ViewportSize

IMAGES = Path(__file__).resolve().parent.parent / "docs" / "images"
SIZE: "ViewportSize" = {"width": 1280, "height": 800}
EARLY_SECONDS = 20
SETTLE_MS = 5000


def picture(page: "Page", name: str) -> None:
    """Takes a picture of the page as it is in a few seconds."""
    page.wait_for_timeout(SETTLE_MS)
    page.screenshot(path=IMAGES / f"tutorial-{name}.jpg", type="jpeg", quality=80)


def wait(page: "Page", condition: str) -> None:
    """Waits until an expression holds; the page's policy forbids Playwright's own way."""
    while not page.evaluate(condition):
        page.wait_for_timeout(500)


def train(page: "Page", steps: int) -> None:
    """Waits until so many steps are done, with a bar; says what has been reached."""
    with tqdm(total=steps, unit=" steps", unit_scale=True, smoothing=0.1) as bar:
        while bar.n < steps:
            page.wait_for_timeout(1000)
            done, seconds, value = page.evaluate(
                "(({globalStep, seconds, recentReturn}) => [globalStep, seconds, recentReturn])"
                "(websim.training)"
            )
            bar.set_postfix_str(f"return {value:.0f}")
            bar.update(done - bar.n)
    print(f"{done:,} steps in {seconds:.0f} s: mean return {value:.0f}; {machine()}")


def walk(page: "Page", address: str, steps: int, seed: int) -> None:
    """The steps of the tutorial."""
    page.goto(f"{address}/?task=Ant-v5&envs=64&trainseed={seed}")
    wait(page, "Boolean(window.websim?.running && websim.stats().environmentSteps > 0)")
    picture(page, "random")
    page.keyboard.press("l")
    wait(page, "window.websim?.training?.state === 'running'")
    page.wait_for_timeout(1000 * EARLY_SECONDS)
    picture(page, "early")
    train(page, steps)
    page.keyboard.press("c")
    picture(page, "curves")
    page.keyboard.press("c")
    page.keyboard.press("b")
    picture(page, "walking")


def main() -> None:
    """Walks through it."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--steps", type=int, default=900_000)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    with open_browser() as (browser, address):
        page = browser.new_page(viewport=SIZE)
        walk(page, address, arguments.steps, arguments.seed)


if __name__ == "__main__":
    main()
