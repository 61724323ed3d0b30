"""Pictures of rewards and what was learnt by them, from the running page.

    python -m bench.gallery --keep FOLDER
    python -m bench.gallery_pictures FOLDER

FOLDER has the runs. A robot of each is followed as it does what it has learnt; docs/images gets
gallery-<name>.jpg, and code-light.jpg and code-phone.jpg of the editors.
"""

import argparse
import base64
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from playwright.sync_api import Browser

from bench.tutorial import IMAGES, wait
from websim.rewards.gallery import gallery
from websim_server.browser import open_browser

if TYPE_CHECKING:
    from playwright.sync_api import Page, ViewportSize

SMALL: "ViewportSize" = {"width": 480, "height": 320}
LARGE: "ViewportSize" = {"width": 1280, "height": 800}
PHONE: "ViewportSize" = {"width": 390, "height": 844}

MOVING_MS = 6000
"""How long robots move before a picture."""

BARE = ".details, .panel, .stage-figures, .stage-curve, .notices { display: none !important; }"
"""Leaves the robots alone."""


def open_page(browser: Browser, address: str, size: "ViewportSize", **options: object) -> "Page":
    """The page once its robots move."""
    page = browser.new_page(viewport=size)
    page.goto(f"{address}/?{urlencode(options)}")
    wait(page, "Boolean(window.websim?.running && websim.stats().environmentSteps > 0)")
    return page


def learnt(browser: Browser, address: str, name: str, task: str, run: bytes) -> None:
    """A picture of a robot that does what it has learnt."""
    page = open_page(browser, address, SMALL, task=task, envs=4, speed=1, follow=0, theme="light")
    page.evaluate(
        """async (text) => {
          const data = Uint8Array.from(atob(text), (c) => c.charCodeAt(0)).buffer;
          await websim.addPolicy('learnt', data);
          websim.setController('learnt');
          await websim.reset({ seed: 0 });
        }""",
        base64.b64encode(run).decode(),
    )
    page.add_style_tag(content=BARE)
    page.keyboard.press("p")
    page.wait_for_timeout(MOVING_MS)
    page.screenshot(path=IMAGES / f"gallery-{name}.jpg", type="jpeg", quality=60)
    page.close()


def editors(browser: Browser, address: str) -> None:
    """Pictures of the sheet, and in the dark on a phone."""
    page = open_page(browser, address, LARGE, task="HalfCheetah-v5", envs=64, speed=1, follow=0)
    page.locator("#code-open").click()
    page.locator("#code-gallery option:has-text('Stand up')").wait_for(state="attached")
    page.select_option("#code-gallery", label="Stand up")
    page.locator("#code-apply").click()
    for name, size in (("light", LARGE), ("phone", PHONE)):
        page.emulate_media(color_scheme="dark" if name == "phone" else "light")
        page.set_viewport_size(size)
        page.wait_for_timeout(MOVING_MS)
        page.screenshot(path=IMAGES / f"code-{name}.jpg", type="jpeg", quality=70)
    page.close()


def main() -> None:
    """Takes them all."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    arguments = parser.parse_args()
    with open_browser() as (browser, address):
        editors(browser, address)
        for worked in gallery():
            run = arguments.folder / f"{worked.name}.websim"
            if run.exists():
                learnt(browser, address, worked.name, worked.tasks[0], run.read_bytes())


if __name__ == "__main__":
    main()
