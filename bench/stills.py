"""The stills of what there is to try, `web/app/welcome/stills/<card>.jpg`, from the running page.

    python -m bench.stills

Made anew when the stage looks another way, or other policies come with the page.
"""

from urllib.parse import urlencode

from playwright.sync_api import Browser

from bench.tutorial import wait
from websim_server.browser import open_browser
from websim_server.paths import WEB

STILLS = WEB / "app" / "welcome" / "stills"

#: What each card shows.
SCENES: dict[str, dict[str, object]] = {
    "watch": {"task": "Humanoid-v5", "envs": 9, "controller": "trained", "speed": 1},
    "learn": {"task": "Ant-v5", "envs": 100, "speed": 1},
    "push": {"task": "Ant-v5", "envs": 4, "controller": "trained", "speed": 1, "follow": 0},
    "open": {"task": "QuadrupedWalk-v0", "envs": 1, "controller": "zero", "speed": 1, "follow": 0},
    "reward": {"task": "HalfCheetah-v5", "envs": 16, "controller": "trained", "speed": 1},
}

BARE = ".details, .panel, .stage-figures, .notices, .stage-tools { display: none !important; }"

MOVING_MS = 4000
"""How long robots move before a picture."""


def still(browser: Browser, address: str, card: str) -> None:
    """A picture of what a card leads to."""
    page = browser.new_page(
        viewport={"width": 640, "height": 360}, device_scale_factor=0.75, color_scheme="dark"
    )
    page.goto(f"{address}/?{urlencode(SCENES[card])}")
    wait(page, "Boolean(window.websim?.running && websim.stats().environmentSteps > 0)")
    page.keyboard.press("p")
    if card == "reward":
        page.evaluate("() => document.querySelector('#code-open').click()")
        page.locator(".code-sheet .cm-line").first.wait_for()
    page.evaluate(
        "(text) => { const s = new CSSStyleSheet(); s.replaceSync(text); "
        "document.adoptedStyleSheets = [...document.adoptedStyleSheets, s]; }",
        BARE,
    )
    page.wait_for_timeout(MOVING_MS)
    page.screenshot(path=STILLS / f"{card}.jpg", type="jpeg", quality=72)
    page.close()


def main() -> None:
    """Makes them all."""
    STILLS.mkdir(exist_ok=True)
    with open_browser() as (browser, address):
        for card in SCENES:
            still(browser, address, card)


if __name__ == "__main__":
    main()
