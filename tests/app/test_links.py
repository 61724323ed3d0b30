"""A run goes from page to page as a link, and proves itself where it is opened."""

import re
from dataclasses import replace

import pytest
from playwright.sync_api import expect

from tests.app.page import BOOT_MS
from tests.app.training_page import TrainingPage
from websim.experiments.experiment import Experiment
from websim.sharing.links import Draft, Link, open_link, share
from websim.training import checkpoints
from websim.training.checkpoints import Checkpoint
from websim.training.trainer import Trainer

MARKUP = "<img src=x onerror=alert(1)>A ball"


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
    follow(isolated, link.fragment)
    isolated.booted()
    page = isolated.page
    card = page.locator(".proof")
    expect(card.get_by_role("heading")).to_have_text(MARKUP)
    expect(card).to_contain_text("by Ada")
    expect(card.get_by_role("status")).to_contain_text("measured here", timeout=BOOT_MS)
    assert card.get_attribute("data-holds") == "true"
    claim = link.run.claim
    assert claim is not None
    assert isolated.sim("sim.groups[0].task") == "InvertedPendulum-v5"
    isolated.wait("sim.controller.startsWith('saved-')", 20)
    # Another task leaves the link: an address never says one thing and shows another.
    page.select_option("#option-task", "Reacher-v5")
    isolated.wait("sim.groups[0].task === 'Reacher-v5'", 60)
    assert "#r=" not in page.url


def test_a_forged_score_is_told(isolated: TrainingPage, run: Checkpoint, link: Link) -> None:
    assert link.run.claim is not None
    forged = replace(link.run.claim, mean_return=1e6, return_std=1.0)
    follow(isolated, Draft(run, "int8").link(forged).fragment)
    isolated.booted()
    card = isolated.page.locator(".proof")
    expect(card.get_by_role("status")).to_contain_text(
        re.compile(r"Claimed 1.00e\+6, measured here .*: it is not what is claimed"),
        timeout=BOOT_MS,
    )
    assert card.get_attribute("data-holds") == "false"


def test_a_cut_link_says_so_and_shows_nothing_else(isolated: TrainingPage, link: Link) -> None:
    follow(isolated, link.fragment[:200])
    failure = isolated.page.locator(".boot [role=alert]")
    expect(failure).to_contain_text(
        f"The link was cut: 197 of its {len(link.fragment) - 3:,} characters", timeout=BOOT_MS
    )
    assert isolated.page.evaluate("() => window.websim ?? null") is None


def test_what_has_been_learnt_here_is_shared(training: TrainingPage) -> None:
    page = training.page
    training.wait_for_steps(0)
    page.get_by_role("button", name="Share…").click()
    sheet = page.get_by_role("dialog", name="Share")
    expect(sheet).to_contain_text("Nothing is sent")
    sheet.get_by_label("Title").fill("Learnt here")
    sheet.get_by_label("Author").fill("Grace")
    sheet.get_by_label("How long it may be").select_option("30000")
    sheet.get_by_role("button", name="Make the link").click()
    text = sheet.get_by_label("The link", exact=True)
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
    sheet.get_by_role("button", name="Close").click()
    # The same engine measures the same numbers.
    follow(training, address[address.index("#") :])
    training.booted()
    card = page.locator(".proof")
    expect(card.get_by_role("status")).to_contain_text("measured here", timeout=BOOT_MS)
    expect(card).to_contain_text("The same numbers.")
