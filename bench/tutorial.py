"""Walks through a tutorial in a browser as a reader does, and takes its pictures.

    python -m bench.tutorial ant [--steps 900000] [--seed 1]
    python -m bench.tutorial sentence [--minutes 3] [--seed 1]

`ant` is docs/tutorial.md: the run is of the preset's length; after `--steps` of it the last
pictures are taken, and it says what the Ants have reached. `sentence` is docs/tutorial-sentence.md,
from words to a link that somebody else opens. Without a GPU drawing takes its share of the cores,
as it does for a reader without one.
"""

import argparse
import time
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
EARLY_CANDIDATES = 3
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


def visit(page: "Page", address: str) -> None:
    """Opens the page at an address, and waits until robots move."""
    page.goto(address)
    wait(page, "Boolean(window.websim?.running && websim.stats().environmentSteps > 0)")


def ant(page: "Page", address: str, steps: int, seed: int) -> None:
    """The steps of docs/tutorial.md."""
    visit(page, f"{address}/?task=Ant-v5&envs=64&trainseed={seed}")
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


def sentence(page: "Page", address: str, minutes: int, seed: int) -> None:
    """The steps of docs/tutorial-sentence.md."""
    visit(page, f"{address}/?task=HalfCheetah-v5&envs=32&trainseed={seed}")
    page.get_by_label("What robots should do").fill("run backwards")
    page.locator("#author-minutes").fill(str(minutes))
    page.locator("#author-candidates").fill("4")
    page.get_by_role("button", name="Learn it").click()
    rows = page.locator(".contenders li")
    while rows.locator(".value", has_text="±").count() < EARLY_CANDIDATES:
        page.wait_for_timeout(500)
    picture(page, "herds")
    rows.first.get_by_text("Its reward").click()
    rows.first.locator("pre").scroll_into_view_if_needed()
    picture(page, "reward")
    while not page.get_by_text("has won").count():
        page.wait_for_timeout(500)
    print(f"{rows.first.locator('.value').inner_text()}; {machine()}")
    page.get_by_role("button", name="Use the best").click()
    saved = page.locator(".saved")
    saved.get_by_text("run backwards").first.wait_for(timeout=60_000)
    picture(page, "backwards")
    saved.get_by_role("button", name="Share").first.click()
    sheet = page.get_by_role("dialog", name="Share")
    sheet.get_by_role("button", name="Make the link").click()
    link = sheet.get_by_label("The link", exact=True)
    link.wait_for(timeout=120_000)
    picture(page, "link")
    opened = page.context.new_page()
    began = time.monotonic()
    opened.goto(link.input_value())
    opened.get_by_text("measured here").wait_for(timeout=120_000)
    print(f"{len(link.input_value()):,} characters; proven {time.monotonic() - began:.1f} s later")
    picture(opened, "proof")


def main() -> None:
    """Walks through it."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    walks = parser.add_subparsers(required=True, metavar="TUTORIAL")
    for walk, length, default in ((ant, "steps", 900_000), (sentence, "minutes", 3)):
        of_walk = walks.add_parser(walk.__name__, help=walk.__doc__)
        of_walk.add_argument(f"--{length}", dest="length", type=int, default=default)
        of_walk.add_argument("--seed", type=int, default=1)
        of_walk.set_defaults(walk=walk)
    arguments = parser.parse_args()
    with open_browser() as (browser, address):
        page = browser.new_context(viewport=SIZE).new_page()
        arguments.walk(page, address, arguments.length, arguments.seed)


if __name__ == "__main__":
    main()
