"""Pictures of rewards and what was learnt by them, from the running page.

    python -m bench.gallery --keep FOLDER
    python -m bench.gallery_pictures FOLDER

FOLDER has the runs. A robot of each is followed as it does what it has learnt; one without a run
stands as it begins. The page's gallery gets <name>.jpg; docs/images gets code-light.jpg and
code-phone.jpg of the editors, and dashboard.png of Humanoids that run.
"""

import argparse
import base64
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from playwright.sync_api import Browser

from bench.tutorial import IMAGES, wait
from websim.rewards.gallery import Worked, gallery
from websim_server.browser import open_browser
from websim_server.paths import WEB

if TYPE_CHECKING:
    from playwright.sync_api import FloatRect, Page, ViewportSize

GALLERY = WEB / "app" / "code" / "gallery"

SMALL: "ViewportSize" = {"width": 480, "height": 320}
MIDDLE: "FloatRect" = {"x": 120, "y": 105, "width": 240, "height": 160}
LARGE: "ViewportSize" = {"width": 1280, "height": 800}
PHONE: "ViewportSize" = {"width": 390, "height": 844}

MOVING_MS = 6000
"""How long robots move before a picture."""

STANDING_MS = 300

LEARNT = """async (text) => {
  const data = Uint8Array.from(atob(text), (c) => c.charCodeAt(0)).buffer;
  await websim.addPolicy('learnt', data);
  websim.setController('learnt');
  await websim.reset({ seed: 0 });
}"""

STYLE = """(text) => {
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(text);
  document.adoptedStyleSheets = [sheet];
}"""

BARE = ".details, .panel, .stage-figures, .notices, .stage-tools { display: none !important; }"
"""Leaves the robots alone."""


def open_page(browser: Browser, address: str, size: "ViewportSize", **options: object) -> "Page":
    """The page once its robots move."""
    page = browser.new_page(viewport=size)
    page.emulate_media(color_scheme="light")
    page.goto(f"{address}/?{urlencode(options)}")
    wait(page, "Boolean(window.websim?.running && websim.stats().environmentSteps > 0)")
    return page


def robot(browser: Browser, address: str, worked: Worked, run: bytes | None) -> None:
    """A picture of a robot that does what it has learnt, or stands as it begins."""
    page = open_page(browser, address, SMALL, task=worked.tasks[0], envs=1, speed=1, follow=0)
    if run is None:
        page.evaluate("() => { websim.setController('zero'); return websim.reset({ seed: 0 }); }")
    else:
        page.evaluate(LEARNT, base64.b64encode(run).decode())
    page.evaluate(STYLE, BARE)
    page.keyboard.press("p")
    page.wait_for_timeout(MOVING_MS if run else STANDING_MS)
    path = GALLERY / f"{worked.name}.jpg"
    page.screenshot(path=path, type="jpeg", quality=70, clip=MIDDLE)
    page.close()


def editors(browser: Browser, address: str) -> None:
    """Pictures of the sheet, and in the dark on a phone."""
    page = open_page(browser, address, LARGE, task="HalfCheetah-v5", envs=64, speed=1, follow=0)
    page.locator("#code-open").click()
    page.get_by_text("Worked rewards to begin with").click()
    page.locator("#code-gallery button", has_text="Stand up").click()
    page.locator("#code-apply").click()
    for name, size in (("light", LARGE), ("phone", PHONE)):
        page.emulate_media(color_scheme="dark" if name == "phone" else "light")
        page.set_viewport_size(size)
        page.wait_for_timeout(MOVING_MS)
        page.screenshot(path=IMAGES / f"code-{name}.jpg", type="jpeg", quality=70)
    page.close()


def dashboard(browser: Browser, address: str) -> None:
    """Humanoids that run."""
    page = open_page(
        browser, address, LARGE, task="Humanoid-v5", envs=64, controller="trained", speed=1
    )
    page.wait_for_timeout(3 * MOVING_MS)
    page.screenshot(path=IMAGES / "dashboard.png")
    page.close()


def main() -> None:
    """Takes them all."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    arguments = parser.parse_args()
    with open_browser() as (browser, address):
        GALLERY.mkdir(exist_ok=True)
        for worked in gallery():
            run = arguments.folder / f"{worked.name}.websim"
            robot(browser, address, worked, run.read_bytes() if run.exists() else None)
        editors(browser, address)
        dashboard(browser, address)


if __name__ == "__main__":
    main()
