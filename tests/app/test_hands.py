"""Hands on the robots of the dashboard: pulled with the mouse and by touch, moved by sliders."""

import itertools
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from imageio.v3 import imread
from playwright.sync_api import BrowserContext, FilePayload, FloatRect, Page, expect

from tests.app.conftest import staying
from tests.app.page import BOOT_MS, Dashboard
from tests.conftest import watched
from websim.experiments.archive import load
from websim.experiments.experiment import Simulation

#: One robot, where the middle of the picture is; it stands still but for gravity and hands.
ONE = "task=HalfCheetah-v5&envs=1&workers=1&speed=1&controller=zero"


@pytest.fixture(scope="module")
def one_page(resident: BrowserContext, server: str) -> Iterator[Dashboard]:
    """One page for the tests of this file."""
    with staying(resident, server, ONE) as dashboard:
        yield dashboard


def show(dashboard: Dashboard, query: str, task: str, num_envs: int) -> Dashboard:
    """Goes to robots that are pulled next."""
    dashboard.go(query)
    dashboard.wait(f"sim.groups[0].task === '{task}' && sim.numEnvs === {num_envs}", 60)
    dashboard.booted()
    dashboard.drawn()
    return dashboard


@pytest.fixture
def cheetah(one_page: Dashboard) -> Dashboard:
    """The page with one robot in it."""
    return show(one_page, ONE, "HalfCheetah-v5", 1)


def middle(page: Page) -> tuple[float, float]:
    box = page.locator(".stage").bounding_box()
    assert box is not None
    return box["width"] / 2, box["height"] / 2


def qpos(dashboard: Dashboard) -> list[float]:
    return [float(x) for x in dashboard.sim("[...sim.getEnvironmentState(0).qpos]")]


def picture(page: Page) -> Any:
    box = page.locator(".stage").bounding_box()
    assert box is not None
    # The middle: what lies over the stage changes by itself.
    x, y = box["width"] / 4, box["height"] / 4
    clip: FloatRect = {"x": x, "y": y, "width": 2 * x, "height": 2 * y}
    return imread(page.screenshot(clip=clip))[..., :3]


def still(page: Page) -> Any:
    """The picture when it no longer changes; what stands still is drawn once more, finer."""
    before = picture(page)
    for _ in range(60):
        page.wait_for_timeout(400)
        now = picture(page)
        if np.array_equal(now, before):
            return now
        before = now
    pytest.fail("the picture goes on changing")


def pause(dashboard: Dashboard, paused: bool) -> None:
    dashboard.sim("sim.pause()" if paused else "sim.play()")
    dashboard.wait("!sim.running" if paused else "sim.running")


def difference(a: Any, b: Any) -> float:
    """Of two pictures; one that is drawn coarser differs a little at its edges."""
    return float(np.abs(a.astype(int) - b).mean())


def grab(page: Page, aside: int = 0) -> tuple[float, float]:
    """Presses the button on a robot, which is somewhere about the middle; gives the place."""
    x, y = middle(page)
    line = page.locator(".pull-line")
    for dx, dy in itertools.product(range(-aside, aside + 1, 20), range(-60, 121, 20)):
        page.mouse.move(x + dx, y + dy)
        page.mouse.down()
        if line.is_visible():
            return x + dx, y + dy
        page.mouse.up()
    pytest.fail("there is no robot in the middle")


def test_control_and_a_drag_pull_the_robot(cheetah: Dashboard) -> None:
    page = cheetah.page
    before = qpos(cheetah)[0]
    page.keyboard.down("Control")
    x, y = grab(page)
    page.mouse.move(x + 150, y, steps=5)
    cheetah.wait(f"sim.getEnvironmentState(0).qpos[0] > {before + 0.1}", 20)
    page.mouse.up()
    page.keyboard.up("Control")
    expect(page.locator(".pull-line")).to_be_hidden()


def test_the_camera_stands_still_meanwhile(cheetah: Dashboard) -> None:
    page = cheetah.page
    pause(cheetah, True)
    rest = still(page)

    def drag() -> float:
        x, y = grab(page) if control else middle(page)
        page.mouse.move(x, y)
        page.mouse.down()
        page.mouse.move(x - 150, y + 60, steps=5)
        page.mouse.up()
        return difference(still(page), rest)

    control = True
    page.keyboard.down("Control")
    pulled = drag()
    page.keyboard.up("Control")
    control = False
    turned = drag()
    assert pulled < 0.2 * turned
    page.keyboard.press("h")
    pause(cheetah, False)


def test_what_is_held_by_hand_stays_until_it_is_let_go(cheetah: Dashboard) -> None:
    page = cheetah.page
    pause(cheetah, False)
    page.keyboard.press("f")
    page.locator(".by-hand summary").click()
    motor = page.locator(".by-hand .sliders").first.locator("input").first
    motor.fill("0.5")
    cheetah.wait("sim.getEnvironmentState(0).action[0] === 0.5")
    page.get_by_role("button", name="Let go").click()
    cheetah.wait("sim.getEnvironmentState(0).action[0] === 0")
    pause(cheetah, True)
    joint = page.get_by_label("bthigh", exact=True).last
    joint.fill("0.3")
    place = cheetah.sim("sim.groups[0].joints.find(({ name }) => name === 'bthigh').address")
    cheetah.wait(f"Math.abs(sim.getEnvironmentState(0).qpos[{place}] - 0.3) < 0.01")
    pause(cheetah, False)
    page.keyboard.press("Escape")


def test_a_paused_robot_that_floats_goes_with_the_pointer(one_page: Dashboard) -> None:
    query = ONE.replace("HalfCheetah", "Ant").replace("envs=1", "envs=2")
    dashboard, page = show(one_page, query, "Ant-v5", 2), one_page.page
    pause(dashboard, True)
    places = "[0, 1].map((i) => [...sim.getEnvironmentState(i).qpos])"
    before = dashboard.sim(places)
    page.keyboard.down("Control")
    x, y = grab(page, 200)
    page.mouse.move(x + 60, y, steps=3)
    dashboard.wait(f"Math.max(...{places}.map((q, i) => q[0] - {before}[i][0])) > 0.1", 20)
    page.mouse.up()
    page.keyboard.up("Control")
    after = dashboard.sim(places)
    (moved,) = (i for i in (0, 1) if after[i][:3] != before[i][:3])
    assert after[moved][3:] == before[moved][3:]
    time = dashboard.sim("sim.getEnvironmentState(0).time")
    pause(dashboard, False)
    dashboard.wait(f"sim.getEnvironmentState(0).time > {time}")


def test_a_paused_robot_on_joints_is_pulled_when_it_goes_on(cheetah: Dashboard) -> None:
    dashboard, page = cheetah, cheetah.page
    pause(dashboard, True)
    before = qpos(dashboard)
    page.keyboard.down("Control")
    x, y = grab(page)
    page.mouse.move(x + 150, y, steps=5)
    expect(page.get_by_text("pulled when it goes on")).to_be_visible()
    assert qpos(dashboard) == before
    pause(dashboard, False)
    dashboard.wait(f"sim.getEnvironmentState(0).qpos[0] > {before[0] + 0.1}", 20)
    page.mouse.up()
    page.keyboard.up("Control")


def test_what_hands_did_is_saved_and_done_again_when_it_is_opened(one_page: Dashboard) -> None:
    query = ONE.replace("envs=1", "envs=2") + "&seed=5&paused=1"
    dashboard, page = show(one_page, query, "HalfCheetah-v5", 2), one_page.page
    save = page.get_by_role("group", name="Hands").get_by_role("button", name="Save")
    expect(save).to_be_hidden()
    dashboard.sim("sim.push(1, 'torso', [300, 0, 0], 0.1).then(() => null)")
    with page.expect_download() as download:
        save.click()
    path = download.value.path()
    experiment = load(path.read_bytes())
    assert experiment.simulation == Simulation(num_envs=2, seed=5, controller="zero", workers=1)
    assert [(e["do"], e["environments"]) for e in experiment.hands or ()] == [("push", [[1, 1]])]

    show(dashboard, ONE.replace("zero", "random") + "&paused=1", "HalfCheetah-v5", 1)
    file: FilePayload = {"name": "again.websim", "mimeType": "", "buffer": path.read_bytes()}
    page.locator("#open-files").set_input_files(files=[file])
    dashboard.wait("sim?.numEnvs === 2 && sim.seed === 5 && sim.controller === 'zero'", 60)
    for _ in range(4):
        dashboard.sim("sim.stepOnce().then(() => null)")
    velocities = dashboard.sim("[0, 1].map((i) => sim.getEnvironmentState(i).qvel[0])")
    assert velocities[1] - velocities[0] > 0.5


def test_with_shift_all_robots_of_the_kind_are_pulled(one_page: Dashboard) -> None:
    query = ONE.replace("envs=1&workers=1", "envs=4&workers=2")
    dashboard, page = show(one_page, query, "HalfCheetah-v5", 4), one_page.page
    places = "[0, 1, 2, 3].map((i) => sim.getEnvironmentState(i).qpos[0])"
    dashboard.sim("sim.pause()")
    before = dashboard.sim(places)
    dashboard.sim("sim.play()")
    page.keyboard.down("Control")
    page.keyboard.down("Shift")
    x, y = grab(page, 120)
    page.mouse.move(x + 100, y, steps=5)
    dashboard.wait(f"{places}.every((x, i) => x - {before}[i] > 0.1)", 20)
    page.mouse.up()
    page.keyboard.up("Shift")
    page.keyboard.up("Control")


def test_a_finger_pulls_while_the_mode_is_on(phone: BrowserContext, server: str) -> None:
    with watched(phone, []) as page:
        dashboard = Dashboard(page, server)
        dashboard.open(ONE)
        dashboard.drawn()
        page.get_by_role("button", name="Pull").tap()
        expect(page.get_by_role("button", name="All")).to_be_visible(timeout=BOOT_MS)
        before = qpos(dashboard)[0]
        x, y = middle(page)
        touch = phone.new_cdp_session(page)

        def send(kind: str, *points: tuple[float, float]) -> None:
            touch.send(
                "Input.dispatchTouchEvent",
                {"type": kind, "touchPoints": [{"x": px, "y": py} for px, py in points]},
            )

        send("touchStart", (x, y))
        expect(page.locator(".pull-line")).to_be_visible()
        send("touchMove", (x + 100, y))
        dashboard.wait(f"sim.getEnvironmentState(0).qpos[0] > {before + 0.1}", 20)
        send("touchEnd")
        expect(page.locator(".pull-line")).to_be_hidden()
