"""A minute of learning as an animated picture: `python -m bench.animation [--every 1]`.

100 Ants learn from nothing in a headless Chromium, drawn as on a machine without a GPU. The picture
has the page sixty times, once every so many seconds: more of them where other work has the cores.
Writes docs/images/learning.webp, of at most 1.5 MB, and says what the Ants have reached.
"""

import argparse
import io
import time
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from PIL import Image
from tqdm import tqdm

from bench.browser import machine
from bench.tutorial import IMAGES, wait
from websim_server.browser import open_browser

if TYPE_CHECKING:
    from playwright.sync_api import Page

VIEW = {"task": "Ant-v5", "envs": 16, "hp": "num_envs:100", "steps": 100_000_000}
WIDTH, HEIGHT = 1120, 700
SHOWN = (720, 450)
PICTURES = 60
SHOWN_MS = 100
REST_MS = 2000
MOST_BYTES = 1_500_000
QUALITIES = (80, 70, 60, 50, 40, 30)


def watch(page: "Page", address: str, every: float) -> list[Image.Image]:
    """Pictures of robots that learn, one every so many seconds."""
    page.goto(f"{address}/?{urlencode(VIEW)}")
    wait(page, "Boolean(window.websim?.running && websim.stats().environmentSteps > 0)")
    page.get_by_role("button", name="Train", exact=True).click()
    page.keyboard.press("p")
    wait(page, "window.websim?.training?.state === 'running'")
    pictures = []
    began = time.monotonic()
    for i in tqdm(range(PICTURES)):
        page.wait_for_timeout(max(0, 1000 * (began + i * every - time.monotonic())))
        picture = Image.open(io.BytesIO(page.screenshot()))
        pictures.append(picture.convert("RGB").resize(SHOWN, Image.Resampling.LANCZOS))
    steps, value = page.evaluate(
        "(({globalStep, recentReturn}) => [globalStep, recentReturn])(websim.training)"
    )
    passed = time.monotonic() - began
    print(f"{steps:,} steps in {passed:.0f} s: mean return {value:.0f}; {machine()}")
    return pictures


def animated(pictures: list[Image.Image], quality: int) -> bytes:
    """One picture of them all, which begins again after a rest."""
    file = io.BytesIO()
    times = [SHOWN_MS] * (len(pictures) - 1) + [REST_MS]
    first, *others = pictures
    first.save(
        file,
        "WEBP",
        save_all=True,
        append_images=others,
        duration=times,
        loop=0,
        quality=quality,
        method=4,
    )
    return file.getvalue()


def main() -> None:
    """Takes the picture."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--every", type=float, default=1, help="seconds (%(default)s)")
    arguments = parser.parse_args()
    with open_browser() as (browser, address):
        page = browser.new_page(viewport={"width": WIDTH, "height": HEIGHT})
        pictures = watch(page, address, arguments.every)
    for quality in QUALITIES:
        picture = animated(pictures, quality)
        if len(picture) <= MOST_BYTES:
            break
    else:
        raise SystemExit(f"the picture has {len(picture):,} bytes even with quality {quality}")
    (IMAGES / "learning.webp").write_bytes(picture)
    print(f"{len(picture):,} bytes, quality {quality}")


if __name__ == "__main__":
    main()
