"""A run goes from page to page as a link, and proves itself where it is opened."""

import re
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest
import zxingcpp
from imageio.v3 import imread
from playwright.sync_api import Page, expect

from tests.app.page import BOOT_MS
from tests.app.training_page import SMALL, TrainingPage
from websim.experiments.experiment import Experiment
from websim.sharing.links import Draft, Link, open_link, share
from websim.training import checkpoints
from websim.training.checkpoints import Checkpoint
from websim.training.trainer import Trainer
from websim_server import browser

UNSAFE = """import os

def reward(now, before, action):
    return {"up": now.body("pole").height}
"""

MARKUP = "<img src=x onerror=alert(1)>A ball"

#: Which controllers the page's robots have had since there are any.
CONTROLLERS_SEEN = """
window.controllersSeen = new Set();
setInterval(() => window.websim && window.controllersSeen.add(window.websim.controller), 5);
"""


@pytest.fixture(scope="module")
def run() -> Checkpoint:
    small = {"num_envs": 8, "num_steps": 64, "num_minibatches": 4, "hidden_sizes": [8]}
    trainer = Trainer(
        Experiment(task="InvertedPendulum-v5", hyperparameters=small, title=MARKUP, author="Ada")
    )
    data = trainer.advance(stop=True).checkpoint
    trainer.close()
    assert data is not None
    return checkpoints.loads(data)


@pytest.fixture(scope="module")
def link(run: Checkpoint) -> Link:
    return share(run, episodes=4)


def follow(dashboard: TrainingPage, fragment: str) -> None:
    """Opens a link in a new page."""
    dashboard.page.goto("about:blank")
    dashboard.page.goto(f"{dashboard.server}/?envs=16&workers=1{fragment}")


def test_a_link_moves_robots_and_is_measured_again(isolated: TrainingPage, link: Link) -> None:
    page = isolated.page
    # One that was cut says so, and shows nothing else.
    follow(isolated, link.fragment[:200])
    expect(page.locator(".boot [role=alert]")).to_contain_text(
        f"The link was cut: 197 of its {len(link.fragment) - 3:,} characters", timeout=BOOT_MS
    )
    assert page.evaluate("() => window.websim ?? null") is None

    page.add_init_script(CONTROLLERS_SEEN)
    follow(isolated, link.fragment)
    isolated.booted()
    card = page.locator(".proof")
    expect(card.get_by_role("heading")).to_have_text(MARKUP)
    expect(card).to_contain_text("by Ada")
    expect(card.get_by_role("status")).to_contain_text("measured here", timeout=BOOT_MS)
    assert card.get_attribute("data-holds") == "true"
    claim = link.run.claim
    assert claim is not None
    assert isolated.sim("sim.groups[0].task") == "InvertedPendulum-v5"
    # From the first step on: at no time does anything else move them.
    isolated.wait("sim.running", 20)
    (controller,) = page.evaluate("() => [...window.controllersSeen]")
    assert controller.startswith("saved-")
    # Another task leaves the link: an address never says one thing and shows another.
    page.select_option("#option-task", "Reacher-v5")
    isolated.wait("sim.groups[0].task === 'Reacher-v5'", 60)
    assert "#r=" not in page.url


def test_a_forged_score_is_told_and_code_is_asked_for_once(
    isolated: TrainingPage, run: Checkpoint, link: Link
) -> None:
    assert link.run.claim is not None
    forged = replace(link.run.claim, mean_return=1e6, return_std=1.0)
    paid = replace(run, experiment=replace(run.experiment, reward=UNSAFE, trusted=["reward"]))
    follow(isolated, Draft(paid, "int8").link(forged).fragment)
    page = isolated.page
    trust = page.get_by_role("button", name="Run it, I trust it")
    trust.click(timeout=BOOT_MS)
    isolated.booted()
    card = page.locator(".proof")
    expect(card.get_by_role("status")).to_contain_text(
        re.compile(r"Claimed 1.00e\+6, measured here .*: it is not what is claimed"),
        timeout=BOOT_MS,
    )
    assert card.get_attribute("data-holds") == "false"
    expect(trust).to_have_count(0)
    isolated.wait("sim.controller.startsWith('saved-')", 20)


@pytest.fixture(scope="module")
def keeping(tmp_path_factory: pytest.TempPathFactory, own_port: str) -> Iterator[str]:
    """The address of a server that keeps runs."""
    folder = tmp_path_factory.mktemp("store")
    store = f"sqlite:///{folder / 'runs.sqlite'}"
    options = ["--store", store, "--store-folder", str(folder)]
    with browser.server("--port", own_port, *options) as address:
        yield address


def test_what_has_been_learnt_here_is_shared(page: Page, keeping: str, link: Link) -> None:
    training = TrainingPage(page, keeping)
    training.open(SMALL)
    training.start()
    training.wait_for_steps(0)
    training.pause()
    page.get_by_role("button", name="Share…").click()
    sheet = page.get_by_role("dialog", name="Share")
    expect(sheet).to_contain_text("Nothing is sent")
    sheet.get_by_label("Title").fill("Learnt here")
    sheet.get_by_label("Author").fill("Grace")
    sheet.get_by_label("How long it may be").select_option("30000")
    sheet.get_by_role("button", name="Make the link").click()
    linked = sheet.get_by_role("region", name="By a link")
    text = linked.get_by_label("The link", exact=True)
    expect(text).to_be_visible(timeout=BOOT_MS)
    address = text.input_value()
    expect(sheet).to_contain_text(f"{len(address):,} characters")
    opened = open_link(address)
    assert (opened.experiment.title, opened.experiment.author) == ("Learnt here", "Grace")
    assert opened.claim is not None
    assert opened.claim.episodes == 20
    assert "WebAssembly" in opened.claim.engine
    code = sheet.get_by_role("img", name="The link as a QR code")
    expect(code).to_have_count(int(len(address) <= 2953))
    # A linear policy balances no worse; what it does is told before it is taken.
    sheet.get_by_label("How small").select_option("linear")
    sheet.get_by_role("button", name="Make it smaller").click()
    take = sheet.get_by_role("button", name="Take the smaller one")
    expect(take).to_be_visible(timeout=BOOT_MS)
    expect(sheet.locator(".offer")).to_contain_text(f"in place of {len(address):,}")
    assert text.input_value() == address
    take.click()
    assert len(text.input_value()) < len(address) / 10
    scanned = zxingcpp.read_barcodes(imread(code.screenshot()))
    assert [one.text for one in scanned] == [text.input_value()]
    small = open_link(text.input_value())
    assert small.experiment.hyperparameters["hidden_sizes"] == []
    assert small.claim is not None
    # The other way: through the server, whole.
    sheet.get_by_role("button", name="Share on this server").click()
    server = sheet.get_by_role("region", name="On this server")
    expect(server.get_by_label("The link", exact=True)).to_be_visible(timeout=BOOT_MS)
    sent = server.get_by_label("The link", exact=True).input_value()
    assert sent.startswith(f"{keeping}/r/")
    file = page.request.get(sent.replace("/r/", "/api/runs/") + ".websim")
    kept = checkpoints.loads(file.body())
    assert (kept.experiment.title, kept.experiment.author) == ("Learnt here", "Grace")
    assert len(kept.ranks) == 1
    picture = page.request.get(sent.replace("/r/", "/api/runs/") + "/picture")
    assert picture.headers["content-type"] == "image/jpeg"
    assert np.ptp(imread(picture.body())) > 50
    assert kept.claim is not None
    server.get_by_text("Shared from this browser (1)").click()
    server.get_by_role("button", name="Delete: Learnt here").click()
    expect(server.get_by_text("Shared from this browser")).to_be_hidden()
    assert page.request.get(sent).status == 404
    sheet.get_by_role("button", name="Close").click()
    # Of the code alone it walks elsewhere, and the same engine measures the same numbers.
    page.goto("about:blank")
    page.goto(scanned[0].text)
    training.booted()
    card = page.locator(".proof")
    expect(card.get_by_role("status")).to_contain_text("measured here", timeout=BOOT_MS)
    expect(card).to_contain_text("The same numbers.")
    training.wait("sim.controller.startsWith('saved-')", 20)
    own = training.sim("sim.controller")
    # Beside it those of another link.
    page.get_by_text("Compare controllers").click()
    field = page.get_by_label("Link of a run to compare with")
    field.fill(link.fragment[:-1])
    field.press("Enter")
    expect(page.locator(".notice.error", has_text="The link was cut")).to_be_visible()
    field.fill(f"https://example.org/{link.fragment}")
    field.press("Enter")
    beside = "sim.getEnvironmentState(15).controller"
    training.wait(f"{beside} !== '{own}' && {beside}.startsWith('saved-')", 60)
    assert training.sim("sim.getEnvironmentState(16).controller") == own
