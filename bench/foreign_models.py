"""Models of others, drawn by MuJoCo's own renderer and by the page: pictures side by side.

    pip download --no-deps dm_control && unzip dm_control-*.whl 'dm_control/suite/*'
    MUJOCO_GL=osmesa python -m bench.foreign_models dm_control/suite

A row for each model, one with a skin among them, as it begins: MuJoCo's renderer, the page with
WebGL, the page on the processor. Writes docs/images/foreign-models.jpg. MuJoCo's renderer needs
OSMesa or EGL.
"""

import argparse
import tempfile
import zipfile
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import imageio.v3 as imageio
import mujoco
import numpy as np
from playwright.sync_api import Browser
from tqdm import tqdm

from bench.gallery_pictures import BARE, STYLE
from bench.tutorial import IMAGES, wait
from websim_server.browser import open_browser
from websim_server.chromium import SOFTWARE_WEBGL

MODELS = (
    "ball_in_cup",
    "cartpole",
    "dog",
    "finger",
    "fish",
    "hopper",
    "humanoid",
    "humanoid_CMU",
    "manipulator",
    "walker",
)
WIDTH, HEIGHT = 288, 200
SETTLED_MS = 1500
QUALITY = 80

#: Where the page looks from, as MuJoCo says it.
AZIMUTH, ELEVATION = 81, -20.5
DISTANCE = 1.5
"""Of MuJoCo's camera, in multiples of the model's extent."""


def native(model: mujoco.MjModel) -> Any:
    """MuJoCo's picture, [height, width, 3]."""
    data = mujoco.MjData(model)
    mujoco.mj_forward(model, data)
    camera = mujoco.MjvCamera()
    camera.lookat = model.stat.center
    camera.distance = DISTANCE * model.stat.extent
    camera.azimuth, camera.elevation = AZIMUTH, ELEVATION
    with mujoco.Renderer(model, HEIGHT, WIDTH) as renderer:
        renderer.update_scene(data, camera)
        return renderer.render().copy()


def pack(folder: Path, name: str, archive: Path) -> None:
    """Packs a model with all that it may name."""
    text = (folder / f"{name}.xml").read_text("utf-8")
    # Another model beside it would have to be chosen from.
    included = [file for file in folder.glob("common/*.xml") if file.name in text]
    assets = [*included, *folder.glob(f"{name}_assets/*")]
    with zipfile.ZipFile(archive, "w") as packed:
        for file in (folder / f"{name}.xml", *assets):
            packed.write(file, file.relative_to(folder))


def drawn(browser: Browser, address: str, paths: list[Path], renderer: str) -> list[Any]:
    """The page's pictures, [height, width, 3] each."""
    page = browser.new_page(viewport={"width": WIDTH, "height": HEIGHT})
    page.emulate_media(color_scheme="light")
    page.goto(f"{address}/?{urlencode({'envs': 1, 'paused': 1, 'renderer': renderer})}")
    wait(page, "Boolean(window.websim)")
    page.evaluate(STYLE, f"{BARE} .boot {{ display: none; }}")
    pictures = []
    for path in tqdm(paths, desc=renderer):
        page.evaluate("() => { window.before = window.websim; }")
        page.locator("input[type=file]").first.set_input_files(path)
        wait(page, "Boolean(window.websim && window.websim !== window.before)")
        page.wait_for_timeout(SETTLED_MS)
        pictures.append(imageio.imread(page.screenshot())[..., :3])
    page.close()
    return pictures


def main() -> None:
    """Takes all pictures."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    arguments = parser.parse_args()
    with (
        tempfile.TemporaryDirectory() as folder,
        open_browser(*SOFTWARE_WEBGL) as (browser, address),
    ):
        models, paths = [], []
        for name in MODELS:
            models.append(mujoco.MjModel.from_xml_path(str(arguments.folder / f"{name}.xml")))
            paths.append(Path(folder) / f"{name}.zip")
            pack(arguments.folder, name, paths[-1])
        columns = [[native(model) for model in models]]
        columns += [drawn(browser, address, paths, renderer) for renderer in ("webgl", "flat")]
    rows = [np.hstack(row) for row in zip(*columns, strict=True)]
    imageio.imwrite(IMAGES / "foreign-models.jpg", np.vstack(rows), quality=QUALITY)


if __name__ == "__main__":
    main()
