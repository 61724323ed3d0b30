"""The dashboard, used as a person would use it."""

import re
from collections.abc import Iterator

import pytest
from imageio.v3 import imread
from playwright.sync_api import BrowserContext, Page, expect

from tests.app.page import BOOT_MS, FEW, Dashboard
from tests.conftest import watched

ALL_TASKS = [
    "Ant",
    "HalfCheetah",
    "Hopper",
    "Humanoid",
    "HumanoidStandup",
    "InvertedDoublePendulum",
    "InvertedPendulum",
    "Pusher",
    "Reacher",
    "Swimmer",
    "Walker2d",
]

#: A browser without WebGL.
NO_WEBGL = """
const get = HTMLCanvasElement.prototype.getContext;
HTMLCanvasElement.prototype.getContext = function (type, ...rest) {
  return type.startsWith('webgl') ? null : get.call(this, type, ...rest);
};
"""

#: What each painter draws with.
CONTEXTS = {"webgl": "webgl2", "flat": "2d"}

#: What stands where a figure is not known.
NOTHING_YET = "\N{EN DASH}"

#: For tests of what has nothing to do with how pages and workers share memory.
isolated_only = pytest.mark.parametrize("site", ["server"], indirect=True)


def test_boot_shows_stages_and_robots_move_while_python_starts(newcomer: Page, server: str) -> None:
    """They are there with MuJoCo; the boot card steps aside for them."""
    page, dashboard = newcomer, Dashboard(newcomer, server)
    query = "task=Ant-v5&envs=8&workers=1"
    page.goto(f"{dashboard.server}/?{query}")
    expect(page.locator(".boot-stages [data-state=current]")).to_be_visible(timeout=BOOT_MS)
    expect(page.get_by_role("progressbar")).to_be_visible()
    aside = page.locator(".boot[data-aside]")
    expect(aside).to_be_visible(timeout=BOOT_MS)
    expect(aside.get_by_role("progressbar")).to_be_visible()
    assert page.evaluate("() => window.websim ?? null") is None
    dashboard.booted()
    dashboard.wait("sim.stats().physicsStepsPerSecond > 0 && sim.stats().framesPerSecond > 0")
    dashboard.wait("sim.stats().episodes > 0 || sim.getEnvironmentState(0).episodeLength > 0")
    assert dashboard.colors() > 100, "the canvas shows no robots"
    assert "&".join(map("=".join, dashboard.state.items())) == query


def test_what_the_address_gets_wrong_is_told(isolated: Dashboard) -> None:
    """And a file that the server was not asked to open, and WebGL where there is none."""
    page = isolated.page
    page.add_init_script(NO_WEBGL)
    isolated.open(f"{FEW}&draw=many&seed=-1&open=other.xml&renderer=webgl")
    status = page.get_by_role("status")
    expect(status).to_contain_text('draw cannot be "many"')
    expect(status).to_contain_text("0 to 2147483647")
    expect(status).to_contain_text("was not asked to open 'other.xml'")
    expect(status).to_contain_text("The processor draws the robots")
    assert isolated.sim("sim.groups[0].task") == "InvertedPendulum-v5"
    assert "open" not in isolated.state
    isolated.wait("sim.stats().framesPerSecond > 0")
    isolated.drawn()
    page.keyboard.press("f")
    expect(page.get_by_role("region", name="Followed robot")).to_be_visible()


def test_both_painters_show_the_same(with_webgl: Dashboard) -> None:
    """The Ant is where it is, and as large, whoever paints it: it alone is orange."""
    pictures = []
    for renderer in CONTEXTS:
        with_webgl.open(f"task=Ant-v5&envs=1&workers=1&paused=1&renderer={renderer}")
        with_webgl.drawn()
        context = f"document.querySelector('.stage canvas').getContext('{CONTEXTS[renderer]}')"
        assert with_webgl.page.evaluate(f"{context} !== null")
        told = with_webgl.page.get_by_role("status").filter(has_text="The processor draws")
        expect(told).to_have_count(0)
        pixels = with_webgl.picture().astype(int)
        pictures.append(pixels[..., 0] > pixels[..., 2] + 40)
    webgl, flat = pictures
    assert webgl.sum() > 2000
    assert (webgl & flat).sum() > 0.9 * (webgl | flat).sum()


def test_phone(phone: BrowserContext, server: str) -> None:
    with watched(phone, []) as page:
        dashboard = Dashboard(page, server)
        dashboard.open(f"{FEW}&paused=1")
        assert dashboard.sim("sim.stats().environmentSteps") == 0, "they begin before Python is up"
        assert page.evaluate("() => document.documentElement.scrollWidth") == 390
        expect(page.get_by_role("button", name="Play")).to_be_visible()
        expect(page.locator("#option-envs")).to_be_hidden()
        page.get_by_role("button", name="Settings and figures").tap()
        expect(page.locator("#option-envs")).to_be_visible()
        sheet = page.locator(".panel").bounding_box()
        assert sheet is not None
        assert sheet["y"] + sheet["height"] == 844  # nothing shines through below it
        dashboard.unfold("view")
        expect(page.locator(".figures canvas")).to_have_count(5)


def test_an_unknown_task_is_an_error_with_advice(page: Page, server: str) -> None:
    page.emulate_media(color_scheme="dark")
    page.goto(f"{server}/?task=Spider-v5&envs=4")
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")  # the system's at first
    alert = page.get_by_role("alert").filter(has_text="UnknownTask")
    expect(alert).to_contain_text("Ant-v5", timeout=BOOT_MS)
    expect(alert).to_contain_text("Choose one of the tasks")
    expect(alert.get_by_role("link", name="Use the defaults")).to_have_attribute("href", "/")


# From here on a page is shared, which draws and steps until the last of these tests has ended.


@pytest.fixture
def elsewhere(shared: Dashboard) -> Iterator[Dashboard]:
    """The shared page, for a test that goes to another simulation."""
    yield shared
    shared.go(FEW)
    few = "sim.groups.length === 1 && sim.numEnvs === 16 && sim.numWorkers === 1"
    shared.wait(f"{few} && sim.speed === 1 && sim.controller === 'random'", 60)
    shared.booted()


@isolated_only
def test_another_simulation_and_back_and_reload(elsewhere: Dashboard) -> None:
    dashboard, page = elsewhere, elsewhere.page
    dashboard.go(f"{FEW}&controller=sinusoid&follow=3")
    expect(page.get_by_role("heading", name="InvertedPendulum-v5 3")).to_be_visible()
    envs = page.locator("#option-envs")
    envs.fill("8")
    envs.press("Enter")
    dashboard.wait("sim.numEnvs === 8", seconds=60)
    dashboard.booted()
    assert dashboard.state["envs"] == "8"
    assert "follow" not in dashboard.state
    page.go_back()
    dashboard.wait("sim.numEnvs === 16", seconds=60)
    dashboard.booted()
    assert dashboard.sim("sim.controller") == "sinusoid"
    page.reload()
    dashboard.booted()
    assert dashboard.sim("[sim.numEnvs, sim.controller]") == [16, "sinusoid"]
    expect(page.get_by_role("heading", name="InvertedPendulum-v5 3")).to_be_visible()


@isolated_only
def test_double_click_follows_the_robot_under_the_pointer(elsewhere: Dashboard) -> None:
    dashboard, page = elsewhere, elsewhere.page
    dashboard.go("task=Ant-v5&envs=1&workers=1&controller=zero&speed=1")
    dashboard.wait("sim.groups[0].task === 'Ant-v5'", 60)
    dashboard.booted()
    dashboard.drawn()
    box = page.locator(".stage").bounding_box()
    assert box is not None
    page.mouse.dblclick(box["width"] / 2, box["height"] / 2)
    expect(page.get_by_role("heading", name="Ant-v5 0")).to_be_visible()
    # The Ant's actuators have no names: they go by those of their joints.
    expect(page.locator(".bars span").first).to_have_text("hip_4")
    expect(page.locator(".bars div").first).to_have_attribute(
        "title", "-1.000 to 1.000 (ctrlrange)"
    )
    observation = page.locator(".details .observation")
    observation.hover(position={"x": 1, "y": 10})
    expect(page.locator(".details .heading")).to_contain_text("torso z = ")
    page.get_by_role("button", name="Back to the overview").click()
    page.mouse.dblclick(20, 20)
    assert "follow" not in dashboard.state, "there is no robot in the sky"


@isolated_only
def test_all_tasks_side_by_side(elsewhere: Dashboard) -> None:
    """One simulation of all robots: each of them is drawn without an error."""
    complaints: list[str] = []
    elsewhere.page.on("console", lambda m: complaints.append(m.text) if m.type == "error" else None)
    query = "workers=1&speed=1&task=" + ",".join(f"{task}-v5:2" for task in ALL_TASKS)
    elsewhere.go(query)
    elsewhere.wait(f"sim.groups.length === {len(ALL_TASKS)}", 60)
    elsewhere.booted()
    expect(elsewhere.page.locator("#drawing")).to_contain_text("22")
    expect(elsewhere.page.locator("#option-task")).to_have_value("several")
    for index in range(1, 22, 2):
        elsewhere.go(f"{query}&follow={index}")
        expect(elsewhere.page.locator(".details h2")).to_have_text(f"{ALL_TASKS[index // 2]}-v5 1")
        elsewhere.drawn()
    assert not complaints


@isolated_only
def test_cards_do_what_they_say(elsewhere: Dashboard) -> None:
    dashboard, page = elsewhere, elsewhere.page

    def click(card: str) -> None:
        page.get_by_role("button", name="What there is to try").click()
        page.locator(".welcome").get_by_role("button", name=card).click()
        expect(page.locator(".welcome")).to_be_hidden()

    def moves(task: str, robots: int, controller: str) -> None:
        there = f"sim.groups[0].title === '{task}' && sim.numEnvs === {robots}"
        dashboard.wait(f"{there} && sim.controllerOf({robots - 1}) === '{controller}'", 60)
        dashboard.booted()

    click("Watch trained Humanoids")
    moves("Humanoid-v5", 36, "trained-Humanoid-v5")
    # Under random actions all have fallen after 100 steps.
    lengths = "[...Array(36).keys()].map((i) => sim.getEnvironmentState(i).episodeLength)"
    dashboard.wait(f"Math.max(...{lengths}) > 120", 60)
    click("Push a walking robot")
    moves("Ant-v5", 4, "trained-Ant-v5")
    expect(page.get_by_role("button", name="Pull", exact=True)).to_have_attribute(
        "aria-pressed", "true"
    )
    expect(page.get_by_role("heading", name="Ant-v5 0")).to_be_visible()
    page.get_by_role("button", name="Pull", exact=True).click()
    click("Write a reward")
    moves("HalfCheetah-v5", 16, "trained-HalfCheetah-v5")
    expect(page.locator(".code-sheet .cm-content").first).to_be_visible(timeout=BOOT_MS)
    with page.expect_file_chooser():
        click("Bring your own robot")
    expect(page.locator(".code-sheet")).to_be_hidden()
    click("None at hand? A desk lamp")
    moves("desk lamp", 16, "random")
    click("Watch 100 Ants learn from nothing")
    dashboard.wait("sim.training?.state === 'running' && sim.groups[0].numEnvs === 100", 60)
    dashboard.booted()
    page.get_by_role("group", name="Training").get_by_role("button", name="Reset").click()
    dashboard.wait("sim.training === null", 60)
    dashboard.booted()


def test_figures_are_live(shared: Dashboard) -> None:
    page = shared.page
    shared.unfold("view")
    figure = page.locator(".figures dd").first
    shared.wait("sim.stats().physicsStepsPerSecond > 0")
    expect(figure).not_to_have_text("0")
    expect(figure).not_to_have_text(NOTHING_YET)
    expect(page.locator(".figures canvas")).to_have_count(5)
    expect(page.locator(".workers li")).to_have_count(1)
    expect(page.locator("#drawing")).to_contain_text("16")
    key = page.locator(".stage-figures dd")
    expect(key.first).to_have_text("16")
    steps, best = key.nth(1), key.nth(3)
    expect(steps).to_have_text(re.compile(r"^\d+\.\d\d M$"))
    expect(best).not_to_have_text(NOTHING_YET)
    expect(page.locator(".stage-curve")).to_be_hidden()
    line = page.locator(".group[data-group='robots'] .group-line")
    expect(line).to_have_text("InvertedPendulum-v5 · 16 · random")
    slower = page.locator(".mode").filter(has_text="Slower mode")
    expect(slower).to_be_visible(visible=not shared.sim("sim.isolated"))


@isolated_only
def test_an_empty_picture_says_so_and_offers_the_way_back(shared: Dashboard) -> None:
    page = shared.page
    empty = page.locator(".empty")
    expect(empty).to_be_hidden()
    stage = page.locator(".stage")
    box = stage.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    for _ in range(4):  # the field is pulled out of the picture
        page.mouse.down(button="right")
        page.mouse.move(box["x"] + 5, box["y"] + box["height"] / 2, steps=3)
        page.mouse.up(button="right")
        page.mouse.move(box["x"] + box["width"] - 5, box["y"] + box["height"] / 2)
    expect(empty).to_be_visible()
    empty.get_by_role("button").click()
    expect(empty).to_be_hidden()


@isolated_only
@pytest.mark.parametrize(
    ("option", "text", "allowed"),
    [
        ("envs", "0", "1 to 4096"),
        ("envs", "5000", "1 to 4096"),
        ("envs", "many", "1 to 4096"),
        ("workers", "65", "auto, or 1 to 64"),
        ("seed", "-1", "0 to 2147483647"),
        ("draw", "0", "auto, or 1 to 4096"),
    ],
)
def test_invalid_values_name_the_allowed_ones(
    shared: Dashboard, option: str, text: str, allowed: str
) -> None:
    field = shared.page.locator(f"#option-{option}")
    before, state = field.input_value(), shared.state
    field.fill(text)
    field.press("Enter")
    expect(field.locator("~ .problem")).to_contain_text(allowed)
    assert field.input_value() == before
    assert shared.state == state
    assert shared.sim("sim.numEnvs") == 16
    field.fill(before)  # mended
    expect(field.locator("~ .problem")).to_be_empty()
    field.blur()  # keys are the page's again


def test_controller_and_speed_change_the_running_simulation(shared: Dashboard) -> None:
    page = shared.page
    page.evaluate("() => { window.before = window.websim; }")
    page.select_option("#option-controller", "zero")
    page.select_option("#option-speed", "unlimited")
    shared.wait("sim.controller === 'zero' && sim.speed === Infinity && sim === window.before")
    assert shared.state["controller"] == "zero"
    assert "speed" not in shared.state
    page.go_back()
    page.go_back()
    shared.wait("sim.controller === 'random' && sim.speed === 1")
    expect(page.locator("#option-speed")).to_have_value("1")


def test_play_pause_step_and_reset(shared: Dashboard) -> None:
    page = shared.page
    page.keyboard.press("Space")
    shared.wait("!sim.running")
    expect(page.get_by_role("button", name="Play")).to_be_visible()
    assert shared.state["paused"] == "1"
    page.evaluate("websim.stepOnce()")  # answered when the steps before it are done
    steps = shared.sim("sim.stats().environmentSteps")
    page.keyboard.press("s")
    shared.wait(f"sim.stats().environmentSteps === {steps} + sim.numEnvs")
    page.keyboard.press("r")
    shared.wait("sim.getEnvironmentState(3).episodeLength === 0")
    page.get_by_role("button", name="Play").click()
    shared.wait("sim.running")
    assert "paused" not in shared.state


def test_following_a_robot_opens_its_details(shared: Dashboard) -> None:
    page = shared.page
    details = page.get_by_role("region", name="Followed robot")
    page.keyboard.press("f")
    expect(details.get_by_role("heading", name="InvertedPendulum-v5 0")).to_be_visible()
    expect(details).to_contain_text("slide")
    expect(details).to_contain_text("Observation (4)")
    expect(details.locator(".tiles dd").nth(1)).not_to_have_text(NOTHING_YET)
    assert shared.state["follow"] == "0"
    page.keyboard.press("f")
    assert shared.state["follow"] == "1"
    page.keyboard.press("ArrowLeft")
    assert shared.state["follow"] == "0"
    page.keyboard.press("ArrowUp")
    assert int(shared.state["follow"]) > 1
    page.keyboard.press("Escape")
    expect(details).to_be_hidden()
    assert "follow" not in shared.state


@isolated_only
def test_the_followed_robot_is_seen_again(shared: Dashboard) -> None:
    """What it did is looked at picture by picture, and the rest of the page goes on."""
    page = shared.page
    page.keyboard.press("f")
    rewind = page.get_by_role("group", name="Last 10 seconds")
    expect(rewind).to_contain_text("now")
    for _ in range(100):
        if int(page.locator(".rewind input").get_attribute("max") or 0) > 5:
            break
        page.wait_for_timeout(50)
    for _ in range(4):
        page.keyboard.press(",")
    expect(rewind).to_contain_text(re.compile(r"\u2212\d+\.\d s"))
    steps = shared.sim("sim.stats().environmentSteps")
    shared.wait(f"sim.stats().environmentSteps > {steps}")
    page.keyboard.press(".")
    rewind.get_by_role("button", name="Now").click()
    expect(rewind).to_contain_text("now")
    page.keyboard.press("Escape")


@isolated_only
def test_the_stage_can_be_taken_along(shared: Dashboard) -> None:
    """Pictures and films, read by others than the page."""
    page = shared.page

    def saved(button: str) -> bytes:
        with page.expect_download() as download:
            page.get_by_role("button", name=button).click()
        return download.value.path().read_bytes()

    page.keyboard.press("g")
    card = page.get_by_role("group", name="Picture or film")
    size = card.get_by_label("Picture, pixels")
    size.fill("320")
    card.get_by_role("button", name="Save picture").click()
    expect(card).to_contain_text("Allowed: width x height")
    size.fill("320x200")
    opaque = imread(saved("Save picture"))
    assert opaque.shape[:2] == (200, 320)
    card.get_by_label("Robots alone").check()
    alone = imread(saved("Save picture"))
    assert alone.shape == (200, 320, 4)
    robots = alone[..., 3] == 255
    assert 20 < robots.sum() < 0.5 * robots.size
    assert (alone[0, :, 3] == 0).all()
    # The robots have moved meanwhile: their colours are the same.
    assert set(map(tuple, alone[robots][..., :3] // 64)) & set(
        map(tuple, opaque[robots][..., :3] // 64)
    )
    for name, magic in (("GIF", b"GIF89a"), ("WebM", b"\x1a\x45\xdf\xa3")):
        card.get_by_label("Film of what is shown").select_option(name)
        card.get_by_role("button", name="Record").click()
        frames = shared.sim("sim.stats().frames")
        shared.wait(f"sim.stats().frames > {frames} + 2")
        film = saved("Stop (")
        assert film.startswith(magic)
        assert len(film) > 500
        if name == "GIF":
            pictures = imread(film, index=None, extension=".gif")
            assert len(pictures) > 1
            assert (pictures[0] != pictures[-1]).any()
        expect(card.get_by_role("button", name="Record")).to_be_enabled()
    page.keyboard.press("g")
    expect(card).to_be_hidden()
    for full in ("true", "false"):
        page.keyboard.press("x")
        shared.wait(f"Boolean(document.fullscreenElement) === {full}")
    page.keyboard.press("o")
    expect(page.locator(".panel")).to_be_hidden()
    assert shared.state["present"] == "1"
    page.keyboard.press("Escape")
    expect(page.locator(".panel")).to_be_visible()


@isolated_only
def test_shortcuts_have_a_sheet(shared: Dashboard) -> None:
    page = shared.page
    sheet = page.get_by_role("dialog", name="Help")
    page.keyboard.press("f")
    page.keyboard.press("?")
    expect(sheet).to_be_visible()
    expect(sheet).to_contain_text("Play or pause")
    page.keyboard.press("Escape")
    expect(sheet).to_be_hidden()
    assert "follow" in shared.state, "Escape was meant for the sheet alone"
    page.keyboard.press("Escape")
    assert "follow" not in shared.state


@isolated_only
def test_a_setting_is_found_by_its_name(shared: Dashboard) -> None:
    page = shared.page
    page.keyboard.press("/")
    page.keyboard.type("learning rate")
    expect(page.get_by_role("option").first).to_contain_text("learning_rate")
    page.keyboard.press("Enter")
    expect(page.locator("#hyperparameter-learning_rate")).to_be_focused()
    expect(page.locator("#hyperparameter-learning_rate")).to_be_in_viewport()
    page.keyboard.press("Escape")


@isolated_only
def test_the_tour_is_left_and_found_again(shared: Dashboard) -> None:
    page = shared.page
    page.get_by_role("button", name="What there is to try").click()
    cards = page.get_by_role("region", name="What would you like to see?")
    expect(cards.get_by_role("listitem")).to_have_count(5)
    cards.get_by_role("button", name="Take the tour").click()
    tour = page.get_by_role("dialog", name="Robots")
    expect(cards).to_be_hidden()
    for _ in range(3):
        page.get_by_role("button", name="Next").click()
    expect(page.locator(".group[data-group='learn']")).to_contain_class("toured")
    page.keyboard.press("Escape")
    expect(page.locator(".tour")).to_be_hidden()
    page.get_by_role("button", name="What there is to try").click()
    page.get_by_role("button", name="Go on with the tour (4 of 6)").click()
    for _ in range(3):
        page.locator(".tour .primary").click()
    expect(tour).to_be_hidden()
    expect(page.locator(".toured")).to_have_count(0)


@isolated_only
def test_keys_in_a_field_are_for_the_field(shared: Dashboard) -> None:
    field = shared.page.locator("#option-seed")
    field.press("f")
    assert "follow" not in shared.state
    field.fill("0")
    field.press("Enter")


@isolated_only
def test_the_theme_is_remembered_and_focus_is_seen_when_it_came_by_key(shared: Dashboard) -> None:
    page = shared.page
    root = page.locator("html")
    expect(root).to_have_attribute("data-theme", "light")
    page.keyboard.press("t")
    expect(root).to_have_attribute("data-theme", "dark")
    assert page.evaluate("() => localStorage.getItem('websim-theme')") == "dark"
    button = page.get_by_role("button", name="Dark or light")
    button.click()
    expect(root).to_have_attribute("data-theme", "light")
    outline = "() => getComputedStyle(document.activeElement).outlineStyle"
    expect(button).to_be_focused()
    assert page.evaluate(outline) == "none"
    page.keyboard.press("Tab")
    expect(button).not_to_be_focused()
    assert page.evaluate(outline) == "solid"
    page.keyboard.press("Shift+Tab")
    expect(button).to_be_focused()
    assert page.evaluate(outline) == "solid"
