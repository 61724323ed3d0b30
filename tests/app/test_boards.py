"""Runs of the server's store side by side, and on from one of them."""

import hashlib
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.app.opened import drop
from tests.app.page import BOOT_MS
from tests.app.training_page import TrainingPage
from tests.server.test_boards import RUNS
from websim_server import browser
from websim_server.store.measurer import Measurer
from websim_server.store.settings import StoreSettings
from websim_server.store.store import Store

REWARD = (
    "def reward(now, before, action):\n    return {'still': 0 - now.qvel[:, 0] * now.qvel[:, 0]}\n"
)


@pytest.fixture(scope="module")
def stored(tmp_path_factory: pytest.TempPathFactory, own_port: str) -> Iterator[str]:
    """A server that keeps two runs, which have been measured."""
    folder = tmp_path_factory.mktemp("store")
    store = Store(StoreSettings(folder=folder))
    for data in RUNS[:2]:
        store.share(data)
    measurer = Measurer(store)
    while measurer.measure_next():
        pass
    store.close()
    options = ["--store", "", "--store-folder", str(folder), "--no-measuring"]
    with browser.server("--port", own_port, *options) as address:
        yield address


def test_the_best_of_a_board_move_side_by_side_and_one_is_gone_on_from(
    page: Page, stored: str
) -> None:
    page.goto(f"{stored}/boards")
    page.get_by_role("link", name="InvertedPendulum-v5").click()
    expect(page.get_by_role("checkbox", checked=True)).to_have_count(2)
    page.get_by_role("button", name="See them side by side").click()
    dashboard = TrainingPage(page, stored)
    dashboard.booted()
    first, second = (entry.split("-")[1] for entry in dashboard.state["compare"].split(","))
    assert {first, second} == {hashlib.sha256(data).hexdigest()[:12] for data in RUNS[:2]}
    dashboard.wait(f"sim.getEnvironmentState(0).controller === 'shared-{first}'", 60)
    dashboard.wait(f"sim.getEnvironmentState(63).controller === 'shared-{second}'", 60)
    dashboard.sim("sim.pause()")
    expect(page.locator(".beside li")).to_have_count(2)
    expect(page.locator(".beside")).to_contain_text("<i>plain</i>")
    named = page.get_by_label("Robot", exact=True).locator("option:checked")
    expect(named).to_have_text(page.locator(".beside li a").first.inner_text())

    # A link that is pasted stands for its run.
    page.get_by_label("Remove part 2").click()
    field = page.get_by_label("Link of a run to compare with")
    field.fill(f"{stored}/r/{second}")
    field.press("Enter")
    dashboard.wait(f"sim.getEnvironmentState(32).controller === 'shared-{second}'", 60)

    # On from the one that the address opens.
    card = page.locator(".shared-run")
    card.locator("summary").click()
    expect(card).to_contain_text("number 1")
    expect(card.get_by_role("button", name="Go on with the changed reward")).to_be_hidden()
    drop(page.locator(".stage"), {"reward.py": REWARD})
    card.get_by_role("button", name="Go on with the changed reward").click(timeout=BOOT_MS)
    dashboard.learns()
    learnt = dashboard.sim("sim.training.experiment")
    assert learnt["parent"][:12] == first
    assert learnt["reward"] == REWARD
    assert dashboard.sim("sim.training.iteration") >= 1
