"""A language model writes rewards in the page: what it is told and says, cancel, cost, failures."""

import json
import os
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.app.training_page import TrainingPage
from tests.server.llm_peer import Peer, Say, scripted
from websim.authors.llm import system_prompt
from websim_server import browser

KEY = "sk-very-secret-0123456789"

REWARD = (
    "speed_weight = {speed}\n\n\ndef reward(now, before, action):\n"
    "    return {{'speed': speed_weight * now.qvel[:, 0]}}\n"
)

HOSTILE = "import os\n\ndef reward(now, before, action):\n    return {'a': os.getpid()}\n"

#: Until a worker has compiled a robot and checked code, on a busy machine.
CHECKED_MS = 60_000


def written(*rewards: str) -> str:
    measure = "def measure(now, before):\n    return now.qvel[:, 0]\n"
    candidates = [
        {"name": f"<b>number {i}</b>", "why": "So.", "reward": r} for i, r in enumerate(rewards)
    ]
    options = {"goes_on_when_unhealthy": False, "sees_where_it_is": False}
    return json.dumps({"measure": measure, **options, "candidates": candidates})


@pytest.fixture(scope="module")
def peer() -> Iterator[Peer]:
    with scripted() as one:
        yield one


@pytest.fixture
def dashboard(page: Page, peer: Peer, own_port: str) -> Iterator[TrainingPage]:
    """A page whose server has a language model: the peer."""
    options = ["--llm-url", peer.url, "--llm-model", "some-model", "--llm-prices", "2", "10"]
    environment = {**os.environ, "WEBSIM_LLM_KEY": KEY}
    with browser.server("--port", own_port, *options, environment=environment) as address:
        dashboard = TrainingPage(page, address)
        dashboard.open("task=Hopper-v5&envs=8&workers=1&speed=1")
        yield dashboard
        page.goto("about:blank")


def test_a_language_model_writes(dashboard: TrainingPage, peer: Peer) -> None:
    page = dashboard.page
    page.get_by_label("What robots should do").fill("hop on")
    page.get_by_label("Rewards").fill("2")
    page.get_by_label("Written by").select_option("llm")
    about = page.locator("#author-model")
    expect(about).to_contain_text("some-model (127.0.0.1:")
    expect(about).to_contain_text("$1.00 a day, $0.0000 of it spent")
    page.get_by_text("What it is told").click()
    request = page.get_by_label("Request")
    expect(request).to_contain_text('"hop on"', timeout=CHECKED_MS)
    expect(request).to_contain_text("Write the measure and 2 candidates")
    assert page.get_by_label("Instructions").first.text_content() == system_prompt()
    page.get_by_label("What robots should do").fill("hop higher")
    expect(request).to_contain_text('"hop higher"', timeout=CHECKED_MS)
    shown = request.text_content()
    assert peer.asked == []

    # Cancelled in the middle: it hears of it, and what was said so far can be seen.
    peer.says = [Say(text="Let me think. " * 500, pace=0.02)]
    page.get_by_role("button", name="Learn it").click()
    expect(page.get_by_label("What it writes")).to_contain_text("Let me think", timeout=CHECKED_MS)
    page.get_by_role("button", name="Stop writing").click()
    expect(page.locator(".author .problem")).to_have_text("The language model was interrupted.")
    assert peer.hung_up.wait(60)
    assert peer.asked[0][2]["messages"][1]["content"] == shown

    # It refuses; then its code does not pass once, and learns.
    peer.says = [Say(text="no", refusal="I do not hop.")]
    page.get_by_role("button", name="Learn it").click()
    problem = page.locator(".author .problem")
    expect(problem).to_contain_text("refuses to write this. I do not hop.", timeout=CHECKED_MS)
    expect(page.get_by_role("button", name="Learn it")).to_be_enabled()

    peer.says = [
        Say(text=written(REWARD.format(speed=1.0), HOSTILE)),
        Say(text=written(REWARD.format(speed=-1.0))),
    ]
    page.get_by_role("button", name="Learn it").click()
    rows = page.locator(".contenders li")
    expect(rows).to_have_count(2, timeout=CHECKED_MS)
    expect(rows.first.locator("strong")).to_have_text("<b>number 0</b>")
    expect(page.locator("#author-note")).to_contain_text("It has written 2 that pass")
    expect(page.locator("#author-used")).to_have_text("200 tokens read, 100 written, $0.0014.")
    page.get_by_text("All that was said").click()
    said = page.locator(".authoring section")
    expect(said).to_have_count(5)
    expect(said.nth(3)).to_contain_text("reward.py, line 1, column 1: this import is not allowed")
    assert KEY not in page.content()
