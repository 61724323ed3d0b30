"""Robots, runs and rewards of one's own on the page: dropped, chosen, kept, learnt."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect

from tests.app.opened import drop
from tests.app.page import Dashboard
from tests.model_files import LAYOUTS

BALL = (
    "<mujoco><worldbody><body name='ball' pos='0 0 1'><freejoint/><geom size='.1'/>"
    "<body pos='0 0 .2'><joint name='elbow' axis='0 1 0'/><geom size='.05' fromto='0 0 0 0 0 .2' "
    "type='capsule'/></body></body></worldbody>"
    "<actuator><motor joint='elbow'/></actuator></mujoco>"
)

REWARD = "def reward(now, before, action):\n    return {'height': now.body('ball').height}\n"


@pytest.fixture(scope="module")
def open_page(chromium: Browser, server: str) -> Iterator[Dashboard]:
    """One page for the tests of this file."""
    errors: list[str] = []
    with chromium.new_context() as context:
        page = context.new_page()
        page.on("pageerror", lambda error: errors.append(f"{error.message}\n{error.stack}"))
        dashboard = Dashboard(page, server)
        dashboard.open()
        yield dashboard
    assert not errors, "uncaught in the page:\n" + "\n".join(errors)


@pytest.fixture
def opened(open_page: Dashboard) -> Dashboard:
    """The page with pendulums in it and no notices."""
    page = open_page.page
    for close in page.locator(".notice button").all():
        close.click()
    page.select_option("#option-task", "InvertedPendulum-v5")
    open_page.booted()
    open_page.wait("sim.groups[0].task === 'InvertedPendulum-v5'")
    return open_page


def stands(dashboard: Dashboard, title: str) -> None:
    """Waits until robots of one's own stand there."""
    dashboard.wait(f"sim.groups[0].task === 'Robot-v0' && sim.groups[0].title === '{title}'", 30)
    dashboard.booted()
    expect(dashboard.page.locator("#option-task option:checked")).to_have_text(title)


def test_a_robot_is_dropped_and_comes_back(opened: Dashboard) -> None:
    page = opened.page
    before = page.url
    drop(page.locator(".stage"), {"ball.xml": BALL})
    stands(opened, "ball")
    assert page.url == before, "a robot of this browser's is no part of a link"
    assert opened.sim("sim.numEnvs") == 16
    opened.drawn()
    page.reload()
    opened.booted()
    stands(opened, "ball")
    page.select_option("#option-task", "InvertedPendulum-v5")
    opened.wait("sim.groups[0].task === 'InvertedPendulum-v5'")
    page.go_back()
    stands(opened, "ball")


@pytest.mark.parametrize("layout", LAYOUTS)
def test_folders_are_dropped(opened: Dashboard, layout: str) -> None:
    main, files = LAYOUTS[layout]
    dropped = {f"my robot/{path}": content for path, content in files.items()}
    drop(opened.page.locator(".stage"), dropped, folder=True)
    stands(opened, main.rpartition("/")[2].removesuffix(".xml"))


def test_missing_files_are_asked_for(opened: Dashboard) -> None:
    _, files = LAYOUTS["single quotes"]
    page = opened.page
    drop(page.locator(".stage"), {"main.xml": files["main.xml"]})
    dialog = page.get_by_role("dialog", name="Files are missing")
    expect(dialog.locator("li")).to_have_text(["hull.obj"])
    drop(dialog, {"notes.txt": "not this one"})
    expect(dialog).to_have_count(1)
    expect(dialog.locator("li")).to_have_text(["hull.obj"])
    drop(dialog, {"hull.obj": files["assets/hull.obj"]})
    stands(opened, "main")


def test_one_of_several_models_is_chosen(opened: Dashboard) -> None:
    page = opened.page
    drop(page.locator(".stage"), {"ball.xml": BALL, "other.xml": BALL})
    dialog = page.get_by_role("dialog", name="Which one is the robot?")
    dialog.get_by_role("button", name="Cancel").click()
    expect(dialog).to_be_hidden()
    assert opened.sim("sim.groups[0].task") == "InvertedPendulum-v5"
    drop(page.locator(".stage"), {"ball.xml": BALL, "other.xml": BALL})
    dialog.get_by_role("button", name="other.xml").click()
    stands(opened, "other")


@pytest.mark.parametrize(
    ("files", "says"),
    [
        ({"bad.xml": "<mujoco>\n<worldbody>\n<wheel/>\n</worldbody></mujoco>"}, "wheel.*line 3"),
        ({"bad.xml": "<mujoco><worldbody>"}, "bad.xml is no XML.*line 1"),
        ({"notes.txt": "nothing"}, "no MJCF or URDF"),
        ({"bad.zip": b"PK nothing"}, "zip archive is damaged"),
        ({"big.xml": b" " * ((64 << 20) + 1)}, "65 MB; up to 64 MB"),
        ({"bad.websim": b"PK nothing"}, "not|damaged"),
        ({"bad.py": "print('hello')"}, "must define either"),
        ({"bad.py": "def reward(now, before, action):\n    return open('x')\n"}, "open"),
    ],
)
def test_what_cannot_be_opened_is_told(
    opened: Dashboard, files: dict[str, bytes | str], says: str
) -> None:
    page = opened.page
    drop(page.locator(".stage"), files)
    expect(page.locator(".notice.error")).to_contain_text(re.compile(says, re.DOTALL))
    assert opened.sim("sim.groups[0].task") == "InvertedPendulum-v5"
    assert opened.sim("sim.stats().workerRestarts") == 0
